# SPDX-License-Identifier: GPL-2.0-or-later
"""What the wizard offers: the home agents that are known, and addresses that could be had, each with its reason."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network
from typing import Final

from mnclient.model.service_status import KnownHomeAgent, Origin, ServiceStatus, Suggestion
from ui.texts import tr
from ui.view.wording import ago

RANDOM_BITS: Final = 62
"""Of an address that is made up: the universal and the group bit stay 0, as no hardware made it."""

_HARDWARE: Final = re.compile(r"hardware address of (\S+) \(EUI-64\)")
_GENERATED: Final = "generated from a key of this machine"
_IN_USE: Final = re.compile(r"interface identifier in use on (\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRow:
    """A home agent as it is offered. `warning` is said of one that was merely heard."""

    address: IPv6Address
    prefix: IPv6Network
    title: str
    text: str
    badge: str = ""
    warning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRow:
    """An address as it is offered."""

    address: IPv6Address
    text: str


def agent_rows(status: ServiceStatus) -> tuple[AgentRow, ...]:
    """The known home agents, the best first."""
    now = status.boot_time + status.engine.now
    ranked = sorted(status.known_home_agents, key=lambda each: -each.rank)
    return tuple(
        AgentRow(
            address=each.address,
            prefix=each.prefix,
            title=str(each.address),
            text=_agent_text(each, now),
            badge=_badge(each, number == 0 and len(ranked) > 1),
            warning=tr("Heard on this network only. Anybody here could claim to be this home agent.")
            if is_untrusted(each)
            else "",
        )
        for number, each in enumerate(ranked)
    )


def is_untrusted(agent: KnownHomeAgent) -> bool:
    """Merely heard: nobody has vouched for it."""
    return agent.origin is Origin.LEARNED and not agent.pinned


def address_rows(
    suggestions: Iterable[Suggestion],
    prefix: IPv6Network,
    status: ServiceStatus | None,
    agent: IPv6Address | None,
    identifier: int,
) -> tuple[AddressRow, ...]:
    """What could be had in this prefix, the best first; the last one is made up from `identifier`, a random number.

    Suggestions for another prefix give their ends: a home agent that the service does not know yet gets the same ones.
    """
    found: dict[IPv6Address, str] = {}
    for each in suggestions:
        if each.address in prefix:
            found.setdefault(each.address, _reason(each.reason))
        elif prefix.prefixlen == 64 and each.reason != _GENERATED:  # which ends otherwise in each prefix
            found.setdefault(_with_end(prefix, int(each.address)), _reason(each.reason))
    made_up = _with_end(prefix, identifier)
    found.setdefault(made_up, tr("Made up just now. It tells nothing about this computer."))
    taken = {each.address for each in status.home_addresses if not each.trial} if status else set()
    unsuitable = {*taken, agent, prefix.network_address}
    return tuple(AddressRow(address=each, text=why) for each, why in found.items() if each not in unsuitable)


def _with_end(prefix: IPv6Network, number: int) -> IPv6Address:
    return IPv6Address(int(prefix.network_address) | number & int(prefix.hostmask))


def _reason(reason: str) -> str:
    if reason == _GENERATED:
        return tr("Made from a key of this computer, which can prove with it that the address is its own.")
    if found := _HARDWARE.fullmatch(reason):
        return tr("Made from the hardware of {interface}. It is always the same on this computer.", interface=found[1])
    if found := _IN_USE.fullmatch(reason):
        return tr("Ends like the address this computer has on {interface} now.", interface=found[1])
    return tr(reason)


def _badge(agent: KnownHomeAgent, is_first: bool) -> str:
    if agent.pinned:
        return tr("Trusted")
    if agent.origin is Origin.ADMINISTRATOR:
        return tr("From your administrator")
    return tr("Best") if is_first else ""


def _agent_text(agent: KnownHomeAgent, now: float) -> str:
    network = tr("Home network {prefix}", prefix=agent.prefix)
    if agent.last_heard_time is None:
        return network
    heard = ago(now - agent.last_heard_time)
    if agent.interface:
        return tr("{network}, heard on {interface} {ago}", network=network, interface=agent.interface, ago=heard)
    return tr("{network}, heard {ago}", network=network, ago=heard)
