# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's tunnel device: ip6tnl without fixed ends, for IPv6 in IPv6 only."""

import errno
import struct
from collections.abc import Iterator
from typing import Final

from mnclient.constants import PROTOCOL_IPV6
from mnclient.network.datapath import PAYLOAD_RECEIVED, PAYLOAD_SENT
from mnclient.network.links import Link, link_dump, read_link
from mnclient.network.messages import LINK, RTM_DELLINK, RTM_NEWLINK
from mnclient.network.rtnetlink import NLM_F_CREATE, NLM_F_EXCL, Message, RouteSocket, attribute, attributes

KIND: Final = "ip6tnl"
_IFLA_IFNAME, _IFLA_LINKINFO, _IFLA_STATS64 = 3, 18, 23
_IFLA_INFO_KIND, _IFLA_INFO_DATA = 1, 2
_IFLA_IPTUN_PROTO, _IFLA_IPTUN_COLLECT_METADATA = 9, 19
_NO_PROTOCOL: Final = 255
_STATISTICS: Final = struct.Struct("=QQQQQQQQ")  # packets in and out, octets, errors and drops


class Odometer:
    """Adds up the octets of devices that follow each other under one name, each of which begins at zero."""

    def __init__(self) -> None:
        self._before = {PAYLOAD_RECEIVED: 0, PAYLOAD_SENT: 0}
        self._last = {PAYLOAD_RECEIVED: 0, PAYLOAD_SENT: 0}

    def read(self, carried: dict[str, int]) -> None:
        """Take note of the `statistics` of the present device, which are empty when there is none."""
        for name, last in self._last.items():
            now = carried.get(name, 0)
            if now < last:
                self._before[name] += last
            self._last[name] = now

    def totals(self) -> dict[str, int]:
        """The octets of all devices so far."""
        return {name: self._before[name] + last for name, last in self._last.items()}


def make(netlink: RouteSocket, name: str) -> None:
    """Make the device, or take over the one of a run before. OSError, with the reason, when that is refused."""
    if reason := why_taken(netlink, name):
        raise OSError(errno.EEXIST, reason)
    there = find(netlink, name)
    if there is not None and there.kind == KIND:
        return
    if there is not None:
        remove(netlink, there.index)
    answer = netlink.request([Message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, _body(name, PROTOCOL_IPV6))])[0]
    if answer.errno:
        raise OSError(answer.errno, answer.reason)


def why_taken(netlink: RouteSocket, name: str) -> str:
    """Why the device cannot be ours because of another program, "" when it can. OSError when the kernel is mute.

    A TUN device of our name is a leftover of ours. A namespace has room for one tunnel without fixed ends.
    """
    for link, body in _links(netlink):
        if link.name == name and link.kind not in (KIND, "tun"):
            return f"somebody else's device has the name {name}"
        if link.name != name and _is_external(body):
            return f"another program has the one tunnel device without fixed ends (ip6tnl external): {link.name}"
    return ""


def remove(netlink: RouteSocket, index: int) -> None:
    """Remove a device. OSError when that is refused."""
    answer = netlink.request([Message(RTM_DELLINK, 0, LINK.pack(0, 0, index, 0, 0))])[0]
    if answer.errno:
        raise OSError(answer.errno, answer.reason)


def find(netlink: RouteSocket, name: str) -> Link | None:
    """The device of this name. OSError when the kernel cannot be asked."""
    return next((link for link, _ in _links(netlink) if link.name == name), None)


def statistics(netlink: RouteSocket, name: str) -> dict[str, int]:
    """What the device has carried, as counters; empty when there is none."""
    for link, body in _links(netlink):
        found = attributes(body, LINK.size).get(_IFLA_STATS64, b"")
        if link.name == name and len(found) >= _STATISTICS.size:
            packets_in, packets_out, octets_in, octets_out, errors_in, errors_out, dropped_in, dropped_out = (
                _STATISTICS.unpack_from(found)
            )
            return {
                PAYLOAD_RECEIVED: octets_in,
                PAYLOAD_SENT: octets_out,
                "tunnel.in.packets": packets_in,
                "tunnel.out.packets": packets_out,
                "tunnel.in.refused": errors_in + dropped_in,
                "tunnel.out.refused": max(errors_out, dropped_out),  # the kernel counts one loss as both
            }
    return {}


def why_not(netlink: RouteSocket) -> str:
    """Why the kernel makes no such devices, "" when it does. Asks for an impossible one, so nothing is made."""
    answer = netlink.request([Message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, _body("", _NO_PROTOCOL))])[0]
    return "kernel lacks ip6_tunnel" if answer.errno == errno.EOPNOTSUPP else _refused(answer.errno, answer.reason)


def _is_external(body: bytes) -> bool:
    information = attributes(attributes(body, LINK.size).get(_IFLA_LINKINFO, b""), 0)
    if information.get(_IFLA_INFO_KIND, b"").rstrip(b"\0") != KIND.encode():
        return False
    return _IFLA_IPTUN_COLLECT_METADATA in attributes(information.get(_IFLA_INFO_DATA, b""), 0)


def _refused(code: int, reason: str) -> str:
    return "" if code in (errno.EINVAL, 0) else f"the kernel refuses tunnels: {reason}"


def _body(name: str, protocol: int) -> bytes:
    data = attribute(_IFLA_IPTUN_PROTO, bytes((protocol,))) + attribute(_IFLA_IPTUN_COLLECT_METADATA, b"")
    information = attribute(_IFLA_INFO_KIND, KIND.encode()) + attribute(_IFLA_INFO_DATA, data)
    names = attribute(_IFLA_IFNAME, name.encode() + b"\0") if name else b""
    return LINK.pack(0, 0, 0, 0, 0) + names + attribute(_IFLA_LINKINFO, information)


def _links(netlink: RouteSocket) -> Iterator[tuple[Link, bytes]]:
    for _, body in netlink.dump(link_dump()):
        if (link := read_link(body)) is not None:
            yield link, body
