# SPDX-License-Identifier: GPL-2.0-or-later
"""What this host can do, found out by trying."""

import errno
import socket
from dataclasses import dataclass, field
from pathlib import Path
from platform import release
from typing import Final

from mnclient.constants import TUNNEL_DEVICE_KERNEL
from mnclient.model.keys import KeyKind
from mnclient.model.service_status import Datapath
from mnclient.network.kernel import device, direct
from mnclient.network.messages import impossible_route
from mnclient.network.rtnetlink import RouteSocket

_IPV6_SETTINGS: Final = Path("/proc/sys/net/ipv6/conf")
_ADDRESS_PROTOCOL_SINCE: Final = (5, 18)  # Linux: IFA_PROTO


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What was found. `reasons` says why something is missing, by its name here; "signalling" means the raw sockets.

    `datapath` is what carries tunnels, `route_optimization` what lets packets go directly, `esp`
    what encrypts: the kernel, or nothing.
    """

    datapath: Datapath
    route_optimization: Datapath
    esp: Datapath
    ipv6: bool
    nftables: bool
    optimistic_dad: bool
    address_protocol: bool
    reasons: dict[str, str] = field(default_factory=dict)

    @property
    def protections(self) -> frozenset[KeyKind]:
        """The kinds of keys that the system can use for signalling."""
        return frozenset((KeyKind.ESP,)) if self.esp == KERNEL else frozenset()


KERNEL: Final = Datapath(name="kernel", reason="")
WISHES: Final = ("auto", "kernel", "portable")  # what the settings may ask for


def portable(reason: str) -> Datapath:
    """The datapath that works everywhere, and why it is this one."""
    return Datapath(name="portable", reason=reason)


def not_direct(reason: str) -> Datapath:
    """That packets cannot go directly, and why."""
    return Datapath(name="none", reason=reason)


def probe(wish: str = "auto") -> Capabilities:
    """Look, without changing anything. nftables are tried when the table is made, and may still change the datapath.

    `wish` is one of WISHES. "kernel" is no more than "auto": what the kernel lacks cannot be wished for.
    """
    reasons: dict[str, str] = {}
    reason = "chosen in the settings" if wish == "portable" else _why_no_kernel_tunnels()
    direct_reason = "packets go directly only on the kernel datapath" if reason else direct.why_not()
    ipv6_reason = why_no_ipv6()
    if ipv6_reason:
        reasons["ipv6"] = ipv6_reason
    optimistic = (_IPV6_SETTINGS / "default/optimistic_dad").exists()
    if not optimistic:
        reasons["optimistic_dad"] = "the kernel was built without it"
    esp_reason = f"without Mobile IPv6 in the kernel: {direct_reason}" if direct_reason else direct.why_not_protected()
    marks = _kernel_version() >= _ADDRESS_PROTOCOL_SINCE
    if not marks:
        reasons["address_protocol"] = "the kernel is older than 5.18: addresses cannot be marked"
    return Capabilities(
        datapath=portable(reason) if reason else KERNEL,
        route_optimization=not_direct(direct_reason) if direct_reason else KERNEL,
        esp=not_direct(esp_reason) if esp_reason else KERNEL,
        ipv6=not ipv6_reason,
        nftables=False,
        optimistic_dad=optimistic,
        address_protocol=marks,
        reasons=reasons,
    )


def _why_no_kernel_tunnels() -> str:
    try:
        netlink = RouteSocket()
    except OSError as error:
        return f"netlink: {error.strerror}"
    try:
        return (
            device.why_not(netlink)
            or _why_no_encapsulating_routes(netlink)
            or device.why_taken(netlink, TUNNEL_DEVICE_KERNEL)
        )
    except OSError as error:
        return f"the kernel cannot be asked: {error.strerror}"
    finally:
        netlink.close()


def _why_no_encapsulating_routes(netlink: RouteSocket) -> str:
    """Asks for a route to an interface that cannot be: the kernel looks at the encapsulation first."""
    answer = netlink.request([impossible_route()])[0]
    return "kernel lacks encapsulating routes (CONFIG_LWTUNNEL)" if answer.errno == errno.EOPNOTSUPP else ""


def why_no_ipv6() -> str:
    """Why this host has no IPv6 now, for a sentence; "" when it has."""
    if not _IPV6_SETTINGS.exists():
        return "the kernel has no IPv6, or was started with ipv6.disable=1"
    try:
        if (_IPV6_SETTINGS / "all/disable_ipv6").read_text().strip() == "1":
            return "net.ipv6.conf.all.disable_ipv6 is 1"
        socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).close()
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _kernel_version() -> tuple[int, int]:
    major, minor, *_ = (*release().split("."), "0", "0")
    digits = "".join(character for character in minor if character.isdigit())
    return (int(major), int(digits or 0)) if major.isdigit() else (0, 0)
