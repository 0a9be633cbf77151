# SPDX-License-Identifier: GPL-2.0-or-later
"""The boot-time clock and its alarm."""

import asyncio
import time

from mnclient.runtime.clock import Alarm, boottime, wall_clock_of_boot
from mnclient.units import Seconds, after


def test_boottime_goes_on() -> None:
    first = boottime()
    assert boottime() >= first > 0


def test_wall_clock_of_boot_and_boottime_make_the_wall_clock() -> None:
    assert abs(wall_clock_of_boot() + boottime() - time.time()) < 1.0


async def test_alarm_calls_back_once_and_not_early() -> None:
    fired: asyncio.Queue[float] = asyncio.Queue()
    alarm = Alarm(lambda: fired.put_nowait(boottime()))
    at = after(boottime(), Seconds(0.03))
    alarm.set(at)
    assert await asyncio.wait_for(fired.get(), 5) >= at
    assert fired.empty()
    alarm.close()


async def test_alarm_in_the_past_fires_at_once() -> None:
    fired = asyncio.Event()
    alarm = Alarm(fired.set)
    alarm.set(after(boottime(), Seconds(-100)))
    await asyncio.wait_for(fired.wait(), 5)
    alarm.close()


async def test_alarm_set_anew_forgets_the_old_instant() -> None:
    fired: list[float] = []
    done = asyncio.Event()

    def callback() -> None:
        fired.append(boottime())
        done.set()

    alarm = Alarm(callback)
    alarm.set(after(boottime(), Seconds(0.01)))
    later = after(boottime(), Seconds(0.08))
    alarm.set(later)
    await asyncio.wait_for(done.wait(), 5)
    assert len(fired) == 1 and fired[0] >= later
    alarm.close()


async def test_alarm_disarmed_does_not_fire() -> None:
    fired: list[str] = []
    alarm, witness_fired = Alarm(lambda: fired.append("disarmed")), asyncio.Event()
    witness = Alarm(witness_fired.set)
    alarm.set(after(boottime(), Seconds(0.01)))
    alarm.set(None)
    witness.set(after(boottime(), Seconds(0.05)))
    await asyncio.wait_for(witness_fired.wait(), 5)
    assert fired == []
    alarm.close()
    witness.close()
