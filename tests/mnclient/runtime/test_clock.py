# SPDX-License-Identifier: GPL-2.0-or-later
"""The boot-time clock and its alarm."""

import asyncio
import errno
import time

import pytest

from mnclient.runtime.clock import ASLEEP, Alarm, SleepMeter, WakeUp, boottime, wall_clock_of_boot
from mnclient.units import Instant, Seconds, after


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


def test_a_sleep_shows_in_the_difference_of_the_clocks_once() -> None:
    clocks = {"boot": 100.0, "awake": 90.0}
    meter = SleepMeter(lambda: Instant(clocks["boot"]), lambda: clocks["awake"])
    clocks.update(boot=200.0, awake=190.0)
    assert not meter.slept(), "time went on, and the machine with it"
    clocks.update(boot=200.0 + ASLEEP / 2)
    assert not meter.slept(), "too short to matter"
    clocks.update(boot=3800.0, awake=200.0)
    assert meter.slept()
    assert not meter.slept()


class Interrupted:
    """Two clocks, and pauses before the readings with these numbers: the system lets others run."""

    def __init__(self, pauses: dict[int, float]) -> None:
        self.pauses = pauses
        self.readings = 0
        self.asleep = 0.0
        self._now = 0.0

    def boot(self) -> Instant:
        return Instant(5000.0 + self._read() + self.asleep)

    def other(self) -> float:
        return 1000.0 + self._read()

    def _read(self) -> float:
        self._now += self.pauses.get(self.readings, 0.0)
        self.readings += 1
        return self._now


@pytest.mark.parametrize(
    "pauses, readings",
    [
        ({}, 3),
        ({1: 0.2}, 6),
        ({2: 0.2}, 6),
        ({1: 0.2, 4: 0.2, 8: 0.2}, 12),
        ({1: 0.2, 4: 0.2, 7: 0.002, 10: 0.2, 13: 0.2}, 15),  # never at the same moment
    ],
)
def test_clocks_that_are_not_read_at_the_same_moment_are_not_believed(pauses: dict[int, float], readings: int) -> None:
    clocks = Interrupted(pauses)
    assert wall_clock_of_boot(clocks.boot, clocks.other) == pytest.approx(-4000.0, abs=0.0011)
    assert clocks.readings == readings


def test_a_pause_between_the_clocks_is_no_sleep() -> None:
    clocks = Interrupted({1: 1.0, 7: 1.0, 14: 1.0})
    meter = SleepMeter(clocks.boot, clocks.other)
    assert not meter.slept()
    assert not meter.slept()
    assert clocks.readings == 18, "in each of them was a pause"


def test_a_pause_between_the_clocks_hides_no_sleep() -> None:
    clocks = Interrupted({4: 1.0})
    meter = SleepMeter(clocks.boot, clocks.other)
    clocks.asleep = 0.6
    assert meter.slept()


def test_the_real_clocks_say_that_the_machine_is_awake() -> None:
    meter = SleepMeter()
    assert not meter.slept()


async def test_the_wake_up_is_quiet_while_nobody_sets_the_clock() -> None:
    called: list[str] = []
    wake_up, other = WakeUp(lambda: called.append("jumped")), asyncio.Event()
    alarm = Alarm(other.set)
    alarm.set(after(boottime(), Seconds(0.01)))
    await asyncio.wait_for(other.wait(), 5)
    assert not called
    alarm.close()
    wake_up.close()
    wake_up.close()


async def test_a_jump_of_the_wall_clock_wakes(monkeypatch) -> None:
    """The kernel says so by ECANCELED; the clock of the machine that runs the tests is left alone."""
    called = asyncio.Event()
    wake_up = WakeUp(called.set)
    descriptor = wake_up._fd

    def cancelled(fd: int, count: int) -> bytes:
        assert (fd, count) == (descriptor, 8)
        raise OSError(errno.ECANCELED, "cancelled")

    with monkeypatch.context() as patched:
        patched.setattr("mnclient.runtime.clock.os.read", cancelled)
        wake_up._jumped()
    assert called.is_set()
    wake_up.close()
