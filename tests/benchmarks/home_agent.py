# SPDX-License-Identifier: GPL-2.0-or-later
"""The home agent with 20,000 bindings: Binding Updates a second, and memory per binding, in process and for real."""

import gc
import os
import time

from mnclient.engine.events import PacketReceived
from mnclient.units import Instant
from mnclient.wire.packet import decode_packet, encode_packet
from tests.benchmarks.context import Context
from tests.benchmarks.engines import binding_update, home_address, home_agent_engine
from tests.benchmarks.process_figures import processor_seconds, resident_mebibytes
from tests.benchmarks.registrar import CARE_OF_PREFIX, Registrar
from tests.benchmarks.report import Figure

TITLE = "Home agent"
BINDINGS = 20_000


def measure(context: Context) -> list[Figure]:
    """First the engine alone, then the running service with its tunnels, routes and proxies."""
    bindings = 1_000 if context.quick else BINDINGS
    return [*_engine_alone(bindings), *_service(context, bindings)]


def _engine_alone(bindings: int) -> list[Figure]:
    gc.collect()
    before = resident_mebibytes(os.getpid())
    begin = time.perf_counter()
    engine, now = home_agent_engine(bindings=bindings)
    first = bindings / (time.perf_counter() - begin)
    gc.collect()
    memory = (resident_mebibytes(os.getpid()) - before) * 1024 / bindings
    wire = [encode_packet(binding_update(home_address(number), sequence=2)) for number in range(bindings)]
    begin = time.perf_counter()
    for number, octets in enumerate(wire):
        event = PacketReceived(interface="core0", packet=decode_packet(octets))
        engine.handle(event, Instant(now + number * 0.0005))
    refreshed = bindings / (time.perf_counter() - begin)
    return [
        Figure("engine alone: first registrations", round(first), "/s", samples=bindings),
        Figure("engine alone: refreshes, decoding included", round(refreshed), "/s", 2000, True, samples=bindings),
        Figure("engine alone: memory for a binding", round(memory, 2), "KiB", samples=bindings),
    ]


def _service(context: Context, bindings: int) -> list[Figure]:
    """Binding Updates come from the correspondent's place in the core, for home addresses nobody else uses."""
    roaming = context.roaming()
    service = roaming.home_agent
    roaming.lab.nodes["r"].ip(f"route replace {CARE_OF_PREFIX} via 2001:db8:ffff:0:2::2")
    before = resident_mebibytes(service.pid)
    with Registrar(roaming.lab.correspondent.namespace) as registrar:
        first = registrar.register(bindings, sequence=1, within=180.0)
        memory = (resident_mebibytes(service.pid) - before) * 1024 / max(first.accepted, 1)
        cpu = processor_seconds(service.pid)
        refresh = registrar.register(bindings, sequence=2, within=120.0)
        cpu = processor_seconds(service.pid) - cpu
        gone = registrar.register(bindings, sequence=3, within=180.0, lifetime=0.0)
    return [
        Figure("service: first registrations", round(first.per_second), "/s", samples=first.accepted),
        Figure("service: refreshes", round(refresh.per_second), "/s", 2000, True, samples=refresh.accepted),
        Figure("service: refreshes for a second of processor", round(refresh.accepted / max(cpu, 0.01)), "/s"),
        Figure("service: de-registrations", round(gone.per_second), "/s", samples=gone.accepted),
        Figure("service: memory for a binding", round(memory, 2), "KiB", samples=first.accepted),
        Figure("service: bindings asked for", bindings, ""),
    ]
