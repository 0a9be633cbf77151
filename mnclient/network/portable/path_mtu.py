# SPDX-License-Identifier: GPL-2.0-or-later
"""What to do with an inner packet that the path does not take in one piece (RFC 2473 section 7).

Bigger than the minimum MTU of IPv6: its sender is told, with an ICMPv6 Packet Too Big that comes out of the tunnel
device. Up to the minimum MTU: no sender has to go below that, so the outer packet is fragmented.
"""

import asyncio
from collections import Counter
from ipaddress import IPv6Address
from typing import Final

from mnclient.constants import IPV6_HEADER_LENGTH, IPV6_MINIMUM_MTU
from mnclient.model.network_state import Tunnel
from mnclient.network.buckets import Bucket
from mnclient.network.portable.encapsulation import path_mtu
from mnclient.wire.icmpv6 import PacketTooBig
from mnclient.wire.packet import Packet, encode_packet

_ANSWERS: Final = 200.0  # a second, for all tunnels: RFC 4443 section 2.4 f asks for a limit
_QUOTED: Final = IPV6_MINIMUM_MTU - IPV6_HEADER_LENGTH - 8  # octets of the packet in question


class TooBig:
    """Answers to packets that are too big for their tunnel."""

    def __init__(self, counters: Counter[str]) -> None:
        self._counters = counters
        self._bucket = Bucket(rate=_ANSWERS, burst=_ANSWERS)

    def answer(self, packet: bytes, tunnel: Tunnel) -> bytes | None:
        """The Packet Too Big for the sender of `packet`; None when the packet is to be sent in fragments.

        Also None, if rarely, when answers are limited: fragments are slow, but a sender that hears nothing is stuck.
        """
        mtu = max(IPV6_MINIMUM_MTU, path_mtu(str(tunnel.local), str(tunnel.remote)) - IPV6_HEADER_LENGTH)
        source = IPv6Address(packet[8:24])
        if len(packet) <= mtu or source.is_multicast or source.is_unspecified:
            return None
        if not self._bucket.permits(asyncio.get_running_loop().time()):
            return None
        self._counters["tunnel.out.too-big"] += 1
        message = PacketTooBig(mtu=mtu, packet=packet[:_QUOTED])
        return encode_packet(Packet(source=tunnel.local, destination=source, message=message))
