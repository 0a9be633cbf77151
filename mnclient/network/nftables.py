# SPDX-License-Identifier: GPL-2.0-or-later
"""Our one nftables table: it keeps the kernel from answering what only we understand.

A kernel without Mobile IPv6 answers a Home Address option and a type 2 routing header with ICMPv6 Parameter Problem.
The packet socket sees packets before this table drops them. Only what is addressed to this host is dropped, and only
with the Home Address option in its canonical place: everything else of these headers is not ours.

The table is also where settings are remembered that were changed under /proc/sys: a chain without rules for each, its
comment the setting and the value found before. So they can be put back after a crash, and are gone with the namespace.
"""

import asyncio
import os
import re
import shutil
from typing import Final

from mnclient.constants import NFTABLES_TABLE

_CHAIN: Final = "prerouting"
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
_RULES: Final = (
    "ip6 nexthdr 60 @nh,368,8 201 counter drop",  # the first option, behind a PadN of 4 octets: Home Address
    "ip6 nexthdr 43 @nh,336,8 2 counter drop",  # the routing header's type
)
_TO_US: Final = "fib daddr type local "


async def install_table() -> str:
    """Make the table, or make it right. "" when it is there, otherwise why not."""
    reason = ""
    for condition in (_TO_US, ""):  # without the fib expression in the kernel it drops what passes through as well
        rules = "".join(f"add rule ip6 {NFTABLES_TABLE} {_CHAIN} {condition}{rule}\n" for rule in _RULES)
        reason, _ = await _nft(_SETUP + rules)
        if not reason:
            return ""
    return reason


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
