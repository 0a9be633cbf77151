# SPDX-License-Identifier: GPL-2.0-or-later
"""Codec and engine: microseconds for one signalling message, in this process."""

import time
from collections.abc import Callable
from ipaddress import IPv6Address

from mnclient.engine.events import PacketReceived
from mnclient.units import Instant
from mnclient.wire.packet import decode_packet, encode_packet
from tests.benchmarks.context import Context
from tests.benchmarks.engines import (
    binding_update,
    home_agent_engine,
    mobile_node_engine,
    router_advertisement,
)
from tests.benchmarks.report import Figure, spread

TITLE = "One signalling message, in process"
BUDGET = 60.0
ROUNDS = 7


def measure(context: Context) -> list[Figure]:
    """Decode, encode, and what the engines do with what was decoded."""
    count = 300 if context.quick else 3000
    packet = binding_update(IPv6Address("2001:db8:1::100"), sequence=1)
    octets = encode_packet(packet)
    return [
        _per_message("encode a Binding Update", lambda _: encode_packet(packet), count),
        _per_message("decode a Binding Update", lambda _: decode_packet(octets), count),
        _home_agent(count),
        _mobile_node(count),
    ]


def _per_message(name: str, action: Callable[[int], object], count: int, budget: float | None = None) -> Figure:
    """The median of several rounds; the counter goes on, so that no message is the same as the one before."""
    values, number = [], 0
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        for _ in range(count):
            number += 1
            action(number)
        values.append((time.perf_counter() - begin) / count * 1e6)
    return spread(name, values, "us", budget)


def _home_agent(count: int) -> Figure:
    engine, now = home_agent_engine(bindings=1)
    home_address = IPv6Address("2001:db8:1::1:1")
    wire = [encode_packet(binding_update(home_address, sequence=n % 65536)) for n in range(2, count * ROUNDS + 2)]

    def refresh(number: int) -> None:
        at = Instant(now + number * 0.4)  # refreshes of one node come seldom; a second holds three at most
        actions = engine.handle(PacketReceived(interface="core0", packet=decode_packet(wire[number - 1])), at)
        assert actions, "the refresh was not even answered: this measures nothing"

    return _per_message("decode a refresh and let the home agent answer it", refresh, count, BUDGET)


def _mobile_node(count: int) -> Figure:
    engine, now = mobile_node_engine()
    octets = encode_packet(router_advertisement())
    hardware = bytes.fromhex("020000000201")

    def hear(number: int) -> None:
        at = Instant(now + number * 0.05)
        packet = decode_packet(octets)
        engine.handle(PacketReceived(interface="eth0", packet=packet, link_layer_source=hardware), at)

    return _per_message("decode a Router Advertisement and let the mobile node hear it", hear, count, BUDGET)
