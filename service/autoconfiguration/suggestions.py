# SPDX-License-Identifier: GPL-2.0-or-later
"""Addresses that could be home addresses: the one of the hardware, and one for each interface identifier in use.

Where this machine has a key to generate addresses with (RFC 3972), the one made with it comes before all others.

The EUI-64 address is made from the *permanent* hardware address, even where the present one is randomised. That address
is remembered for each interface (`remember`), so that the same machine is offered the same home address for good.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network
from typing import Final

from mnclient.model.generated_address import GeneratedAddress, GeneratingKey
from mnclient.model.service_status import KnownHomeAgent, Suggestion
from mnclient.security.cga import CollisionError, after_collision
from mnclient.security.generated_addresses import address_in
from mnclient.wire.addresses import address_from, eui64_identifier

GENERATED: Final = "generated from a key of this machine"
_NOT_AN_IDENTIFIER: Final = frozenset({bytes(6), b"\xff" * 6, bytes(8), b"\xff" * 8})
_RESERVED_ANYCAST: Final = range(0xFDFF_FFFF_FFFF_FF80, 0x1_0000_0000_0000_0000)  # RFC 2526, RFC 5453
_RESERVED_ETHERNET: Final = range(0x0200_5EFF_FE00_0000, 0x0200_5EFF_FE00_5213)  # RFC 5453


@dataclass(frozen=True, slots=True, kw_only=True)
class HostInterface:
    """An interface of this host.

    `permanent_link_layer_address` is what the driver names as burnt in, empty when it names none. `identifiers` are the
    interface identifiers (8 octets) of its settled addresses, without those of temporary ones (RFC 8981).
    """

    name: str
    link_layer_address: bytes
    permanent_link_layer_address: bytes = b""
    identifiers: tuple[bytes, ...] = ()


def remember(remembered: Mapping[str, bytes], interfaces: Iterable[HostInterface]) -> dict[str, bytes]:
    """The hardware address by which each interface is known from now on.

    A permanent address is the truth. Where the driver names none, the address remembered stays, so that one that is
    randomised at each start cannot change anything; only an interface never seen before gives its present address.
    """
    result = dict(remembered)
    for interface in interfaces:
        if _is_usable(interface.permanent_link_layer_address):
            result[interface.name] = interface.permanent_link_layer_address
        elif interface.name not in result and _is_usable(interface.link_layer_address):
            result[interface.name] = interface.link_layer_address
    return result


def suggestions(
    home_agents: Iterable[KnownHomeAgent],
    interfaces: Iterable[HostInterface],
    remembered: Mapping[str, bytes],
    generating: GeneratingKey | None = None,
    taken: Collection[IPv6Address] = (),
) -> tuple[Suggestion, ...]:
    """What could be had at each home agent: hardware addresses first, then the identifiers in use; no address twice.

    `taken` are addresses that other machines were found to have.
    """
    hosts = tuple(interfaces)
    found: dict[tuple[IPv6Address, IPv6Address], Suggestion] = {}
    for agent in home_agents:
        generated = None if generating is None else _generated(agent.prefix, generating, taken)
        made = [] if generated is None else [(agent.interface, GENERATED, generated.address.packed[8:])]
        for interface, reason, identifier in (*made, *_identifiers(agent, hosts, remembered)):
            address = _usable_address(agent.prefix, identifier, agent.address)
            if address is not None:
                suggestion = Suggestion(
                    address=address,
                    prefix=agent.prefix,
                    home_agent=agent.address,
                    interface=interface,
                    reason=reason,
                )
                found.setdefault((agent.address, address), suggestion)
    return tuple(found.values())


def home_address_for(
    agent: KnownHomeAgent,
    interfaces: Iterable[HostInterface],
    remembered: Mapping[str, bytes],
    generating: GeneratingKey | None = None,
) -> IPv6Address | None:
    """The address to take by itself: the first suggestion, or None on a host that has nothing to make one from."""
    offered = suggestions((agent,), interfaces, remembered, generating)
    return offered[0].address if offered else None


def _generated(prefix: IPv6Network, key: GeneratingKey, taken: Collection[IPv6Address]) -> GeneratedAddress | None:
    """The address of the key; behind each that somebody else has the next one, and none after three (RFC 3972 4)."""
    found = address_in(prefix, key)
    try:
        while found is not None and found.address in taken:
            found = address_in(prefix, key, after_collision(found.parameters).collision_count)
    except CollisionError:
        return None
    return found


def _identifiers(
    agent: KnownHomeAgent, interfaces: tuple[HostInterface, ...], remembered: Mapping[str, bytes]
) -> list[tuple[str, str, bytes]]:
    """Interface, reason and identifier; the interface on which the home agent was heard comes first."""
    ordered = sorted(interfaces, key=lambda each: (each.name != agent.interface, each.name))
    hardware = [
        (each.name, f"hardware address of {each.name} (EUI-64)", eui64_identifier(remembered[each.name]))
        for each in ordered
        if each.name in remembered
    ]
    in_use = [
        (each.name, f"interface identifier in use on {each.name}", identifier)
        for each in ordered
        for identifier in each.identifiers
    ]
    return hardware + in_use


def _usable_address(prefix: IPv6Network, identifier: bytes, home_agent: IPv6Address) -> IPv6Address | None:
    number = int.from_bytes(identifier)
    if prefix.prefixlen != 64 or number == 0 or number in _RESERVED_ANYCAST or number in _RESERVED_ETHERNET:
        return None
    address = address_from(prefix, identifier)
    return None if address == home_agent else address


def _is_usable(link_layer_address: bytes) -> bool:
    if len(link_layer_address) not in (6, 8) or link_layer_address in _NOT_AN_IDENTIFIER:
        return False
    return not link_layer_address[0] & 0x01  # a group address is nobody's own
