# SPDX-License-Identifier: GPL-2.0-or-later
"""ICMPv6 errors about packets in the tunnel, passed on to whoever sent the packet inside (RFC 2473 section 8).

Only at the home agent (RFC 6275 section 9.3.4). On the laptop the sender is a program of its own, which is to notice a
pause at most: the tunnel has no far end for a moment, and its packets are held.

Packets that are too big have answers of their own, see `path_mtu`.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Final

from mnclient.constants import IPV6_HEADER_LENGTH, IPV6_MINIMUM_MTU, PROTOCOL_ICMPV6
from mnclient.model.network_state import Tunnel
from mnclient.network.buckets import Bucket
from mnclient.wire.addresses import is_unicast_routable
from mnclient.wire.icmpv6 import DestinationUnreachable
from mnclient.wire.packet import Packet, encode_packet

_ANSWERS: Final = 100.0  # a second, for all tunnels: RFC 4443 section 2.4 f asks for a limit
_QUOTED: Final = IPV6_MINIMUM_MTU - IPV6_HEADER_LENGTH - 8  # octets of the packet in question
_ADDRESS_UNREACHABLE: Final = 3  # RFC 4443 section 3.1; whatever happened inside, it is all that the sender can know
_UNREACHABLE, _TIME_EXCEEDED, _PARAMETER_PROBLEM = 1, 3, 4
_FIRST_INFORMATION: Final = 128  # ICMPv6 types below are errors


@dataclass(frozen=True, slots=True)
class PathError:
    """What the path said of an outer packet: the type of the ICMPv6 error, and the inner packet as far as it came."""

    kind: int
    inner: bytes


class RelayedErrors:
    """Makes the errors for the senders of inner packets."""

    def __init__(self, counters: Counter[str]) -> None:
        self._counters = counters
        self._bucket = Bucket(rate=_ANSWERS, burst=_ANSWERS)

    def answer(self, error: PathError, tunnel: Tunnel) -> bytes | None:
        """The Destination Unreachable for the sender of the inner packet; None when there is to be none."""
        inner = error.inner
        if error.kind not in (_UNREACHABLE, _TIME_EXCEEDED, _PARAMETER_PROBLEM) or len(inner) < IPV6_HEADER_LENGTH:
            return None
        source = IPv6Address(inner[8:24])
        if not is_unicast_routable(source) or inner[24] == 0xFF or _is_error(inner):
            return None
        if not self._bucket.permits(asyncio.get_running_loop().time()):
            self._counters["tunnel.errors.limited"] += 1
            return None
        self._counters["tunnel.errors.relayed"] += 1
        message = DestinationUnreachable(code=_ADDRESS_UNREACHABLE, packet=inner[:_QUOTED])
        return encode_packet(Packet(source=tunnel.local, destination=source, message=message))


def _is_error(inner: bytes) -> bool:
    """An error is never answered with another (RFC 4443 section 2.4 e); one cut too short to tell might be."""
    if inner[6] != PROTOCOL_ICMPV6:
        return False
    return len(inner) <= IPV6_HEADER_LENGTH or inner[IPV6_HEADER_LENGTH] < _FIRST_INFORMATION
