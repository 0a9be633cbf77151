# SPDX-License-Identifier: GPL-2.0-or-later
"""5,000 forged Router Advertisements a second on the laptop's link: does the service still answer, does it grow?"""

import asyncio
import time

from service.client import Client
from tests.benchmarks.context import Context
from tests.benchmarks.process_figures import processor_seconds, resident_mebibytes
from tests.benchmarks.report import Figure, percentile
from tests.lab.service import Service
from tests.lab.topology import VISITED_A

TITLE = "5,000 forged Router Advertisements a second on the link"
RATE = 5000


def measure(context: Context) -> list[Figure]:
    """Answer times over D-Bus before and during the flood; memory before and after."""
    roaming = context.roaming()
    context.lab.move(VISITED_A)
    roaming.registered_at(VISITED_A)
    service, questions = roaming.laptop, 50 if context.quick else 300
    quiet = asyncio.run(_answer_times(service, questions))
    before = resident_mebibytes(service.pid)
    sender = context.lab.nodes["ar-a"].python("tests.benchmarks.flood_sender", "lan0", str(RATE), log="flood-sender")
    context.lab.adopt(sender)
    context.lab.eventually(lambda: "flooding" in sender.last_words(), within=15.0)
    try:
        context.let_pass(1.0)
        begin, cpu = time.monotonic(), processor_seconds(service.pid)
        flooded = asyncio.run(_answer_times(service, questions))
        share = (processor_seconds(service.pid) - cpu) / (time.monotonic() - begin) * 100
        assert sender.is_running(), sender.last_words()
    finally:
        sender.stop()
    after = resident_mebibytes(service.pid)
    return [
        Figure("D-Bus answer, quiet link: median", round(percentile(quiet, 0.5), 2), "ms", samples=questions),
        Figure("D-Bus answer, flooded: median", round(percentile(flooded, 0.5), 2), "ms", 50.0, samples=questions),
        Figure("D-Bus answer, flooded: 95 of 100", round(percentile(flooded, 0.95), 2), "ms", 50.0, samples=questions),
        Figure("D-Bus answer, flooded: worst", round(max(flooded), 2), "ms", samples=questions),
        Figure("processor while flooded", round(share, 1), "%"),
        Figure("resident memory before", round(before, 1), "MiB"),
        Figure("resident memory after", round(after, 1), "MiB", 45.0),
    ]


async def _answer_times(service: Service, count: int) -> list[float]:
    """Milliseconds of `count` questions, one after the other, with a little time between them."""
    times = []
    async with Client.connect(service.bus.address) as client:
        await client.status()
        for _ in range(count):
            begin = time.perf_counter()
            await client.status()
            times.append((time.perf_counter() - begin) * 1000)
            await asyncio.sleep(0.01)
    return times
