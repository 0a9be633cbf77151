# SPDX-License-Identifier: GPL-2.0-or-later
"""Our one nftables table: it keeps the kernel from answering what only we understand.

A kernel without Mobile IPv6 answers a Home Address option and a type 2 routing header with ICMPv6 Parameter Problem.
The packet socket sees packets before this table drops them. Only what is addressed to this host is dropped, and only
with the Home Address option in its canonical place: everything else of these headers is not ours.

A kernel that knows of tunnels (any program may have made it load them) answers each packet in a tunnel of the portable
datapath with Port Unreachable, because it has no device for it, although a socket of ours takes the packet as well. A
far end that is a kernel's passes that on to whoever sent the inner packet, and a connection fails. Such answers do not
leave this host.

Where the kernel carries the tunnels, the table is what tells a packet of ours from one that somebody made up.

The table is also where settings are remembered that were changed under /proc/sys: a chain without rules for each, its
comment the setting and the value found before. So they can be put back after a crash, and are gone with the namespace.
"""

import asyncio
import os
import re
import shutil
from typing import Final

from mnclient.constants import (
    CORRESPONDENT_HEARD_INTERVAL,
    IPV6_HEADER_LENGTH,
    LOG_GROUP,
    MAX_HOME_ADDRESSES,
    NFTABLES_TABLE,
    PACKET_MARK,
    PROTOCOL_MOBILITY,
    TUNNEL_DEVICE_KERNEL,
)

_CHAIN: Final = "prerouting"
_LEAVING: Final = "output"
_PRIORITY: Final = -450  # before the defragmentation and the connection tracking of others
_SETTING: Final = "setting_"  # chains whose names begin so remember
_REMEMBERED: Final = re.compile(rf'chain {_SETTING}\w+ \{{\s*comment "([^"=]+)=([^"]*)"')

_SETUP: Final = f"""
table ip6 {NFTABLES_TABLE} {{
    chain {_CHAIN} {{
        type filter hook prerouting priority {_PRIORITY}; policy accept;
    }}
}}
flush chain ip6 {NFTABLES_TABLE} {_CHAIN}
"""
_LEAVING_SETUP: Final = f"""
table ip6 {NFTABLES_TABLE} {{
    chain {_LEAVING} {{
        type filter hook output priority {_PRIORITY}; policy accept;
    }}
}}
flush chain ip6 {NFTABLES_TABLE} {_LEAVING}
"""
_HOME_ADDRESS: Final = "ip6 nexthdr 60 @nh,368,8 201"  # the first option, behind a PadN of 4 octets
_RULES: Final = (
    f"{_HOME_ADDRESS} counter drop",
    "ip6 nexthdr 43 @nh,336,8 2 counter drop",  # the routing header's type
)
_TO_US: Final = "fib daddr type local "
# Port Unreachable about IPv6 in IPv6, plain or behind the tunnel encapsulation limit that other ends may add.
_PORT_UNREACHABLE: Final = "ip6 nexthdr 58 @nh,320,16 0x0104"
_ANSWERS: Final = (
    f"{_PORT_UNREACHABLE} @nh,432,8 41 counter drop",
    f"{_PORT_UNREACHABLE} @nh,432,8 60 @nh,704,16 0x2900 counter drop",
)

TUNNELS: Final = "tunnels"  # set: outer source and inner destination of what a mobile node takes
BINDINGS: Final = "bindings"  # set: outer source and inner source of what a home agent takes
ARRIVED: Final = "arrived"  # set: home addresses that had a packet since their tunnel moved
STRANGERS: Final = "strangers"  # counter: what came by a tunnel that is none of ours
FIRST: Final = "first"  # what the packets are logged with
HEARD: Final = "heard"
HEARD_OCTETS: Final = IPV6_HEADER_LENGTH + 24  # of a packet, when a Home Address option says whose it is
_INNER: Final = "decapsulated"
_LIMIT: Final = "limit rate 200/second burst 100 packets"  # a flood of made-up correspondents costs no more
_SOURCE: Final = "@nh,64,128"
# Offsets of the inner addresses, in bits from the outer header: behind it, or behind the tunnel encapsulation limit
# (RFC 2473 section 4.1.1) that other home agents add, or behind the fragment header of a first fragment, whose mark the
# whole packet has after reassembly.
_PLAIN: Final = "ip6 nexthdr 41"
_LIMITED: Final = "ip6 nexthdr 60 @nh,320,16 0x2900"
_FRAGMENT: Final = "ip6 nexthdr 44 @nh,320,8 41 @nh,336,13 0"
_LOOK: Final = (
    (_PLAIN, "@nh,512,128", TUNNELS),
    (_PLAIN, "@nh,384,128", BINDINGS),
    (_LIMITED, "@nh,576,128", TUNNELS),
    (_LIMITED, "@nh,448,128", BINDINGS),
    (_FRAGMENT, "@nh,576,128", TUNNELS),
    (_FRAGMENT, "@nh,448,128", BINDINGS),
)
_CORRESPONDENTS: Final = "correspondents"

# Not as concatenations of ip6 saddr and @th: some versions of nft cannot list what they have added that way.
_KERNEL_SETUP: Final = f"""
table ip6 {NFTABLES_TABLE} {{
    set {TUNNELS} {{ typeof {_SOURCE} . @nh,512,128; }}
    set {BINDINGS} {{ typeof {_SOURCE} . @nh,384,128; }}
    set {ARRIVED} {{ type ipv6_addr; size {MAX_HOME_ADDRESSES}; flags dynamic; }}
    set {_CORRESPONDENTS} {{
        type ipv6_addr . ipv6_addr; size 4096; flags dynamic,timeout; timeout {CORRESPONDENT_HEARD_INTERVAL:.0f}s;
    }}
    counter {STRANGERS} {{ }}
    chain {_INNER} {{ }}
}}
flush chain ip6 {NFTABLES_TABLE} {_INNER}
add rule ip6 {NFTABLES_TABLE} {_INNER} meta mark != {PACKET_MARK:#x} counter name {STRANGERS} drop
add rule ip6 {NFTABLES_TABLE} {_INNER} meta mark set 0
add rule ip6 {NFTABLES_TABLE} {_INNER} fib daddr type != local accept
add rule ip6 {NFTABLES_TABLE} {_INNER} fib saddr type local accept comment "our own probe"
add rule ip6 {NFTABLES_TABLE} {_INNER} ip6 daddr != @{ARRIVED} add @{ARRIVED} {{ ip6 daddr }} \
    log prefix "{FIRST}" group {LOG_GROUP} snaplen {IPV6_HEADER_LENGTH}
add rule ip6 {NFTABLES_TABLE} {_INNER} meta l4proto {PROTOCOL_MOBILITY} accept comment "who signals is no correspondent"
add rule ip6 {NFTABLES_TABLE} {_INNER} {_HOME_ADDRESS} ip6 daddr . ip6 saddr != @{_CORRESPONDENTS} {_LIMIT} \
    add @{_CORRESPONDENTS} {{ ip6 daddr . ip6 saddr }} \
    log prefix "{HEARD}" group {LOG_GROUP} snaplen {HEARD_OCTETS}
add rule ip6 {NFTABLES_TABLE} {_INNER} ip6 daddr . ip6 saddr != @{_CORRESPONDENTS} {_LIMIT} \
    add @{_CORRESPONDENTS} {{ ip6 daddr . ip6 saddr }} \
    log prefix "{HEARD}" group {LOG_GROUP} snaplen {IPV6_HEADER_LENGTH}
add rule ip6 {NFTABLES_TABLE} {_CHAIN} iifname "{TUNNEL_DEVICE_KERNEL}" jump {_INNER}
"""


async def install_table() -> str:
    """Make the table of the portable datapath, or make it right. "" when it is there, otherwise why not."""
    reason = ""
    leaving = _LEAVING_SETUP + "".join(_rule(rule, _LEAVING) for rule in _ANSWERS)
    for condition in (_TO_US, ""):  # without the fib expression in the kernel it drops what passes through as well
        reason, _ = await _nft(_SETUP + leaving + "".join(_rule(condition + rule) for rule in _RULES))
        if not reason:
            return ""
    return reason


async def install_kernel_table() -> str:
    """Make the table of the kernel datapath, or make it right: it is the kernel that understands the headers then.

    A packet that is about to be decapsulated is looked up, and marked when its ends are those of one of our tunnels;
    what comes out of our device without the mark is dropped. Tunnels of others are left alone.
    """
    looks = [_rule(f"{kind} {_SOURCE} . {inner} @{name} meta mark set {PACKET_MARK:#x}") for kind, inner, name in _LOOK]
    # An earlier run may have been portable: its chain is there after the first line, and not after the second.
    nothing_leaving = f"{_LEAVING_SETUP}delete chain ip6 {NFTABLES_TABLE} {_LEAVING}\n"
    reason, _ = await _nft(_SETUP + nothing_leaving + _KERNEL_SETUP + "".join(looks))
    return reason


def _rule(rule: str, chain: str = _CHAIN) -> str:
    return f"add rule ip6 {NFTABLES_TABLE} {chain} {rule}\n"


async def remove_table() -> bool:
    """Remove the table; False when there was none, or it cannot be removed."""
    reason, _ = await _nft(f"delete table ip6 {NFTABLES_TABLE}\n")
    return not reason


async def remember_setting(key: str, value: str | None) -> str:
    """Keep the value found of a setting, or with None forget it. "" or why not."""
    name = _SETTING + "".join(each if each.isalnum() else "_" for each in key)
    if value is None:
        reason, _ = await _nft(f"delete chain ip6 {NFTABLES_TABLE} {name}\n")
    else:
        chain = f'chain {name} {{\n        comment "{key}={value}"\n    }}'
        reason, _ = await _nft(f"table ip6 {NFTABLES_TABLE} {{\n    {chain}\n}}\n")
    return reason


async def remembered_settings() -> dict[str, str]:
    """The settings that an earlier run has changed, with the values found then."""
    # Not as JSON: older versions of nft leave the comments out there.
    reason, text = await _nft("", "list", "table", "ip6", NFTABLES_TABLE)
    return {} if reason else dict(_REMEMBERED.findall(text))


async def _nft(script: str, *command: str) -> tuple[str, str]:
    """Run nft on a script, or with a command. Why it failed, and what it printed."""
    program = shutil.which("nft", path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin")
    if program is None:
        return "the program nft is not installed", ""
    try:
        process = await asyncio.create_subprocess_exec(
            program,
            *(command or ("-f", "-")),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await process.communicate(script.encode())
    except OSError as error:
        return error.strerror or str(error), ""
    if process.returncode == 0:
        return "", output.decode(errors="replace")
    lines = errors.decode(errors="replace").strip().splitlines()
    return lines[0] if lines else f"nft ended with {process.returncode}", ""
