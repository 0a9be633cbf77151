# SPDX-License-Identifier: GPL-2.0-or-later
"""Errors from inside the tunnel reach whoever sent the inner packet (RFC 2473 section 8, RFC 6275 section 9.3.4)."""

import asyncio
from collections import Counter
from ipaddress import IPv6Address

import pytest

from mnclient.network.portable.relayed_errors import PathError, RelayedErrors
from mnclient.wire.icmpv6 import DestinationUnreachable, EchoReply, PacketTooBig
from mnclient.wire.ipv6_extension import Ipv6Headers, encode_ipv6
from mnclient.wire.packet import Packet, decode_packet, encode_packet
from tests.mnclient.network.lab import Lab
from tests.mnclient.network.tunnel_hosts import AGENT, AT_AGENT, CORRESPONDENT, HOME, Hosts

UDP = 17


def inner(source: IPv6Address = CORRESPONDENT, destination: IPv6Address = HOME, octets: int = 40) -> bytes:
    return encode_ipv6(Ipv6Headers(source=source, destination=destination, next_header=UDP, payload=bytes(octets)))


def answers(*errors: PathError) -> list[bytes | None]:
    async def ask() -> list[bytes | None]:
        relayed = RelayedErrors(Counter())
        with pytest.MonkeyPatch.context() as patched:  # all at one moment, however long it takes
            patched.setattr(asyncio.get_running_loop(), "time", lambda: 1000.0)
            return [relayed.answer(each, AT_AGENT) for each in errors]

    return asyncio.run(ask())


@pytest.mark.requirement("HA-9.3.4-01")
@pytest.mark.parametrize("kind", [1, 3, 4])
def test_the_sender_is_told_what_became_of_its_packet(kind):
    (answer,) = answers(PathError(kind, inner()))
    assert answer is not None
    packet = decode_packet(answer)
    assert (packet.source, packet.destination) == (AGENT, CORRESPONDENT)
    assert packet.message == DestinationUnreachable(code=3, packet=inner())


def test_a_long_packet_is_quoted_as_far_as_fits():
    (answer,) = answers(PathError(1, inner(octets=1400)))
    assert answer is not None and len(answer) == 1280


def icmp(message) -> bytes:
    return encode_packet(Packet(source=CORRESPONDENT, destination=HOME, message=message))


@pytest.mark.parametrize(
    "error",
    [
        PathError(2, inner()),  # too big: has an answer of its own
        PathError(0, inner()),
        PathError(128, inner()),
        PathError(1, inner()[:39]),
        PathError(1, b""),
        PathError(1, inner(source=IPv6Address("fe80::1"))),
        PathError(1, inner(source=IPv6Address("::"))),
        PathError(1, inner(destination=IPv6Address("ff0e::1"))),
        PathError(1, icmp(PacketTooBig(mtu=1300, packet=bytes(40)))),
        PathError(1, icmp(DestinationUnreachable(code=0, packet=bytes(40)))),
        PathError(1, icmp(DestinationUnreachable(code=0, packet=bytes(40)))[:40]),
    ],
)
def test_who_is_not_told(error):
    assert answers(error) == [None]


def test_who_pings_is_told():
    assert answers(PathError(1, icmp(EchoReply(identifier=1, sequence=1, data=b""))))[0] is not None


def test_there_is_a_limit():
    told = [each for each in answers(*[PathError(1, inner())] * 1000) if each is not None]
    assert len(told) == 100


@pytest.mark.lab
@pytest.mark.requirement("HA-9.3.4-01")
def test_a_correspondent_hears_that_the_care_of_address_is_unreachable(lab: Lab):
    """The router behind which nobody answers says so to the home agent, and the home agent to the correspondent."""
    hosts = Hosts.build(lab, "portable")
    hosts.correspondent_hears_that_nobody_is_there()
    assert hosts.agent_node.counters()["tunnel.errors.relayed"] >= 1
