# SPDX-License-Identifier: GPL-2.0-or-later
"""The service itself: how long it takes to start, what it weighs, and what it does when there is nothing to do."""

import asyncio
import time

from dbus_fast import BusType, Message, MessageType
from dbus_fast.aio import MessageBus

from tests.benchmarks.context import Context
from tests.benchmarks.process_figures import processor_seconds, resident_mebibytes, wake_ups
from tests.benchmarks.report import Figure, spread
from tests.lab.service import BUS_NAME, Service
from tests.lab.topology import HOME

TITLE = "The laptop's service"


def measure(context: Context) -> list[Figure]:
    """Start it several times; then watch it with the cable hanging, and at home with 20 advertisements a second."""
    roaming = context.roaming()
    service = roaming.laptop
    starts = [asyncio.run(_start(service)) for _ in range(2 if context.quick else 5)]
    roaming.go_home()
    seconds = 3.0 if context.quick else 20.0
    at_home = _watch(context, service, seconds, "at home, 20 advertisements a second")
    roaming.lab.unplug()
    context.let_pass(5.0)  # what follows from the pulled cable is not idleness
    hanging = _watch(context, service, seconds, "idle, cable hanging")
    roaming.lab.plug(HOME)
    return [
        spread("start: processor time until its name is on the bus", [cpu for cpu, _ in starts], "s", 0.5),
        spread("start: wall clock until its name is on the bus", [wall for _, wall in starts], "s"),
        Figure("resident memory", round(resident_mebibytes(service.pid), 1), "MiB", 45.0),
        *at_home,
        *hanging,
    ]


async def _start(service: Service) -> tuple[float, float]:
    """Stop it and start it; processor time and wall clock until its name is on the bus."""
    await asyncio.to_thread(service.stop)
    bus = await MessageBus(bus_address=service.bus.address, bus_type=BusType.SYSTEM).connect()
    try:
        begin = time.monotonic()
        service.start()
        while not await _is_there(bus):
            assert service.is_running(), service.log()
            assert time.monotonic() < begin + 30, "the service did not come to the bus"
            await asyncio.sleep(0.005)
        return processor_seconds(service.pid), time.monotonic() - begin
    finally:
        bus.disconnect()


async def _is_there(bus: MessageBus) -> bool:
    names = "org.freedesktop.DBus"
    question = Message(
        destination=names, path="/org/freedesktop/DBus", interface=names, member="NameHasOwner",
        signature="s", body=[BUS_NAME],
    )  # fmt: skip
    answer = await bus.call(question)
    return answer is not None and answer.message_type is MessageType.METHOD_RETURN and bool(answer.body[0])


def _watch(context: Context, service: Service, seconds: float, when: str) -> list[Figure]:
    cpu, woken = processor_seconds(service.pid), wake_ups(service.pid)
    context.let_pass(seconds)
    share = (processor_seconds(service.pid) - cpu) / seconds * 100
    return [
        Figure(f"{when}: processor", round(share, 2), "%"),
        Figure(f"{when}: wake-ups", round((wake_ups(service.pid) - woken) / seconds, 2), "/s"),
    ]
