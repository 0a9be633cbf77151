# SPDX-License-Identifier: GPL-2.0-or-later
"""IPsec policies of others, read from the text of `ip xfrm policy` (iproute2 has no JSON for them)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network
from typing import Final

from mnclient.constants import (
    PROTOCOL_MOBILITY,
    XFRM_PRIORITY,
    XFRM_PRIORITY_PAYLOAD,
    XFRM_PRIORITY_PROTECTED,
    XFRM_PRIORITY_PROTECTED_TUNNEL,
    XFRM_REQID,
)

_SELECTOR: Final = re.compile(r"^src (\S+) dst (\S+)(?: proto (\S+))?")
_DIRECTION: Final = re.compile(r"^\s+dir (\w+)(?: action (\w+))?.*? priority (\d+)")
_REQID: Final = re.compile(r"\breqid (\d+)")
_OURS: Final = frozenset(
    (
        XFRM_PRIORITY,
        XFRM_PRIORITY - 1,
        XFRM_PRIORITY_PROTECTED,
        XFRM_PRIORITY_PROTECTED_TUNNEL,
        XFRM_PRIORITY_PAYLOAD,
    )
)
_MOBILITY: Final = (str(PROTOCOL_MOBILITY), "mobility-header", "mh")


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignPolicy:
    """A policy that is not ours. `protocol` as printed, "" for all; `blocks`: what it matches is dropped."""

    source: IPv6Network
    destination: IPv6Network
    protocol: str
    direction: str
    blocks: bool

    def concerns(self, address: IPv6Address) -> bool:
        """Whether packets from or to this address go by it, in either direction; signalling or everything."""
        if self.protocol and self.protocol not in _MOBILITY:
            return False
        return address in self.source or address in self.destination

    def words(self) -> str:
        """It, in one line."""
        what = f" protocol {self.protocol}" if self.protocol else ""
        return f"{self.source} to {self.destination}{what}, {self.direction}"


def foreign_policies(text: str) -> Iterator[ForeignPolicy]:
    """All IPv6 policies for packets in that text which are not ours; those of single sockets are left out."""
    for block in re.split(r"\n(?=src )", text.strip()):
        lines = block.splitlines()
        selector = _SELECTOR.match(lines[0]) if lines else None
        direction = next((found for line in lines[1:2] if (found := _DIRECTION.match(line))), None)
        if selector is None or direction is None or ":" not in selector[1]:
            continue
        reqids = {int(number) for number in _REQID.findall(block)}
        if XFRM_REQID in reqids or (not reqids and int(direction[3]) in _OURS):
            continue
        try:
            source, destination = (IPv6Network(each, strict=False) for each in selector.group(1, 2))
        except ValueError:
            continue
        yield ForeignPolicy(
            source=source,
            destination=destination,
            protocol=selector[3] or "",
            direction=direction[1],
            blocks=direction[2] == "block",
        )
