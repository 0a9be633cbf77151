# SPDX-License-Identifier: GPL-2.0-or-later
"""What this host can do, found out by trying."""

import socket
from dataclasses import dataclass, field
from pathlib import Path
from platform import release
from typing import Final

from mnclient.model.service_status import Datapath

_IPV6_SETTINGS: Final = Path("/proc/sys/net/ipv6/conf")
_ADDRESS_PROTOCOL_SINCE: Final = (5, 18)  # Linux: IFA_PROTO

NO_ROUTE_OPTIMIZATION: Final = Datapath(name="none", reason="packets cannot go directly on the portable datapath")


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What was found. `reasons` says why something is missing, by its name here; "signalling" means the raw sockets."""

    datapath: Datapath
    ipv6: bool
    nftables: bool
    optimistic_dad: bool
    address_protocol: bool
    route_optimization: Datapath = NO_ROUTE_OPTIMIZATION
    """How packets can go directly: the name is "none" where they cannot."""
    reasons: dict[str, str] = field(default_factory=dict)


PORTABLE: Final = Datapath(name="portable", reason="tunnels through the kernel are not part of this version")
ASKED_FOR: Final = Datapath(name="portable", reason="the settings ask for it")


def probe(wish: str = "auto") -> Capabilities:
    """Look, without changing anything. nftables are tried when the table is made.

    `wish` is "auto", "kernel" or "portable".
    """
    reasons: dict[str, str] = {}
    ipv6_reason = _why_no_ipv6()
    if ipv6_reason:
        reasons["ipv6"] = ipv6_reason
    optimistic = (_IPV6_SETTINGS / "default/optimistic_dad").exists()
    if not optimistic:
        reasons["optimistic_dad"] = "the kernel was built without it"
    marks = _kernel_version() >= _ADDRESS_PROTOCOL_SINCE
    if not marks:
        reasons["address_protocol"] = "the kernel is older than 5.18: addresses cannot be marked"
    return Capabilities(
        datapath=ASKED_FOR if wish == "portable" else PORTABLE,
        ipv6=not ipv6_reason,
        nftables=False,
        optimistic_dad=optimistic,
        address_protocol=marks,
        reasons=reasons,
    )


def _why_no_ipv6() -> str:
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
