# SPDX-License-Identifier: GPL-2.0-or-later
"""Network interfaces as rtnetlink describes them, and which of them can be the link of a mobile node."""

import struct
from dataclasses import dataclass
from typing import Final

from mnclient.constants import INTERFACE_PREFIX
from mnclient.network.messages import LINK, RTM_GETLINK, RTM_NEWLINK
from mnclient.network.rtnetlink import Message, attribute, attributes

_ARPHRD_ETHER: Final = 1
_IFF_UP: Final = 0x1
_IFF_LOWER_UP: Final = 0x10000
_IFF_DORMANT: Final = 0x20000  # a radio that is not associated yet
_AF_INET6: Final = 10
_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_MTU, _IFLA_TXQLEN, _IFLA_LINKINFO, _IFLA_AF_SPEC = 1, 3, 4, 13, 18, 26
_IFLA_CARRIER_DOWN_COUNT, _IFLA_PERM_ADDRESS = 48, 54
_IFLA_INFO_KIND, _IFLA_INFO_SLAVE_KIND = 1, 4
_IFLA_INET6_ADDR_GEN_MODE: Final = 8
_IN6_ADDR_GEN_MODE_NONE: Final = 1

_OUR_KINDS: Final = frozenset({"tun", "ip6tnl"})
_NO_LINKS: Final = frozenset({"vxlan", "gretap", "ip6gretap", "geneve", "erspan", "ip6erspan"})  # tunnels
_NO_LINKS_OF: Final = frozenset({"bridge", "bond", "team"})  # ports: the address lives on the device above them


@dataclass(frozen=True, slots=True)
class Link:
    """One interface. `carrier_losses` counts how often the carrier went, so that a short loss is not missed."""

    index: int
    name: str
    is_ours: bool
    is_reported: bool
    is_administratively_up: bool
    is_up: bool
    link_layer_address: bytes
    permanent_link_layer_address: bytes
    mtu: int
    carrier_losses: int
    kind: str = ""
    """The kernel's name for the kind of device, "" for hardware."""


def read_link(body: bytes) -> Link | None:
    """An RTM_NEWLINK or RTM_DELLINK; None for those of another family (the bridge's own)."""
    family, kind, index, flags, _ = LINK.unpack_from(body)
    if family != 0:
        return None
    found = attributes(body, LINK.size)
    name = found.get(_IFLA_IFNAME, b"").rstrip(b"\0").decode(errors="replace")
    information = attributes(found.get(_IFLA_LINKINFO, b""), 0)
    driver, port_of = (
        information.get(each, b"").rstrip(b"\0").decode(errors="replace")
        for each in (_IFLA_INFO_KIND, _IFLA_INFO_SLAVE_KIND)
    )
    address = found.get(_IFLA_ADDRESS, b"")
    is_ours = name.startswith(INTERFACE_PREFIX) and driver in _OUR_KINDS
    return Link(
        index=index,
        name=name,
        is_ours=is_ours,
        is_reported=kind == _ARPHRD_ETHER and not is_ours and driver not in _NO_LINKS and port_of not in _NO_LINKS_OF,
        is_administratively_up=bool(flags & _IFF_UP),
        is_up=bool(flags & _IFF_UP and flags & _IFF_LOWER_UP and not flags & _IFF_DORMANT),
        link_layer_address=address,
        permanent_link_layer_address=found.get(_IFLA_PERM_ADDRESS, b""),
        mtu=_number(found.get(_IFLA_MTU), 1500),
        carrier_losses=_number(found.get(_IFLA_CARRIER_DOWN_COUNT), 0),
        kind=driver,
    )


def _number(value: bytes | None, default: int) -> int:
    return default if value is None or len(value) != 4 else int(struct.unpack("=I", value)[0])


def link_dump() -> Message:
    """Asks for all interfaces."""
    return Message(RTM_GETLINK, 0, LINK.pack(0, 0, 0, 0, 0))


def bring_up(index: int, *, mtu: int, queue_length: int = 1000) -> tuple[Message, Message]:
    """Prepares a device of ours: no link-local address of the kernel's making, then up."""
    mode = attribute(_IFLA_INET6_ADDR_GEN_MODE, bytes((_IN6_ADDR_GEN_MODE_NONE,)))
    settings = attribute(_IFLA_MTU, struct.pack("=I", mtu)) + attribute(_IFLA_TXQLEN, struct.pack("=I", queue_length))
    settings += attribute(_IFLA_AF_SPEC, attribute(_AF_INET6, mode))
    return (
        Message(RTM_NEWLINK, 0, LINK.pack(0, 0, index, 0, 0) + settings),
        Message(RTM_NEWLINK, 0, LINK.pack(0, 0, index, _IFF_UP, _IFF_UP)),
    )
