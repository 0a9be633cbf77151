# SPDX-License-Identifier: GPL-2.0-or-later
"""The one place that reads a clock, and the one alarm that waits for it.

The boot-time clock goes on while the machine sleeps, so that a lifetime that ended in between is known to have ended
(docs/adr has the record). asyncio's own timers run on the monotonic clock, which stops; hence a timerfd.
"""

import asyncio
import ctypes
import errno
import math
import os
import time
from collections.abc import Callable

from mnclient.units import Instant, Seconds

_TFD_NONBLOCK = os.O_NONBLOCK
_TFD_CLOEXEC = os.O_CLOEXEC
_TFD_TIMER_ABSTIME = 1
_TFD_TIMER_CANCEL_ON_SET = 2
_FAR_AWAY = 1 << 40  # seconds since 1970
ASLEEP = Seconds(0.5)  # a shorter sleep loses nothing
_AT_ONCE = Seconds(0.001)  # two clocks read within this are read at the same moment
_READINGS = 5


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _Itimerspec(ctypes.Structure):
    _fields_ = (("interval", _Timespec), ("value", _Timespec))


def boottime() -> Instant:
    """The present instant of CLOCK_BOOTTIME."""
    return Instant(time.clock_gettime(time.CLOCK_BOOTTIME))


def wall_clock() -> float:
    """The wall-clock time, in seconds since 1970."""
    return time.time()


def wall_clock_of_boot(boot: Callable[[], Instant] = boottime, wall: Callable[[], float] = wall_clock) -> float:
    """The wall-clock time (seconds since 1970) of instant 0 of the boot-time clock."""
    return -_boot_ahead_of(wall, boot)


def _boot_ahead_of(other: Callable[[], float], boot: Callable[[], Instant]) -> float:
    """How far the boot-time clock is ahead of another one.

    Between the readings of two clocks the system may let others run for long: the quickest of a few is believed.
    """
    quickest, ahead = math.inf, 0.0
    for _ in range(_READINGS):
        before, reading, later = boot(), other(), boot()
        if later - before < quickest:
            quickest, ahead = later - before, (before + later) / 2 - reading
        if quickest < _AT_ONCE:
            break
    return ahead


class Alarm:
    """Calls back once when an instant of the boot-time clock has come, even if the machine slept through it."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self._callback = callback
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd: int = self._libc.timerfd_create(time.CLOCK_BOOTTIME, _TFD_NONBLOCK | _TFD_CLOEXEC)
        if self._fd < 0:
            number = ctypes.get_errno()
            raise OSError(number, f"timerfd_create: {os.strerror(number)}")
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._fd, self._fire)
        self._set_to: Instant | None = None

    def set(self, at: Instant | None) -> None:
        """Wake at `at` instead of whatever was set; None: do not wake."""
        if at == self._set_to:
            return
        self._set_to = at
        value = 0.0 if at is None else max(at, 1e-9)  # all zero would disarm
        seconds = int(value)
        spec = _Itimerspec(_Timespec(0, 0), _Timespec(seconds, int((value - seconds) * 1e9)))
        if self._libc.timerfd_settime(self._fd, _TFD_TIMER_ABSTIME, ctypes.byref(spec), None) != 0:
            number = ctypes.get_errno()
            raise OSError(number, f"timerfd_settime: {os.strerror(number)}")

    def close(self) -> None:
        """Give the timer back; no call follows."""
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1

    def _fire(self) -> None:
        try:
            os.read(self._fd, 8)
        except BlockingIOError:  # set anew between the wake-up and this call
            return
        self._set_to = None
        self._callback()


def monotonic() -> float:
    """CLOCK_MONOTONIC, which stands still while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_MONOTONIC)


class SleepMeter:
    """Notices that the machine slept: the boot-time clock has run ahead of the monotonic one."""

    def __init__(self, boot: Callable[[], Instant] = boottime, awake: Callable[[], float] = monotonic) -> None:
        self._boot, self._awake = boot, awake
        self._asleep = _boot_ahead_of(awake, boot)

    def slept(self) -> bool:
        """Whether it slept since the last call."""
        asleep = _boot_ahead_of(self._awake, self._boot)
        longer = asleep - self._asleep >= ASLEEP
        if longer:
            self._asleep = asleep
        return longer


class WakeUp:
    """Calls back when the wall clock jumps, which it does when the machine wakes up: somebody should look at once.

    A timer that waits for ever, but is cancelled by such a jump (timerfd_create(2), TFD_TIMER_CANCEL_ON_SET).
    """

    def __init__(self, callback: Callable[[], None]) -> None:
        self._callback = callback
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd: int = self._libc.timerfd_create(time.CLOCK_REALTIME, _TFD_NONBLOCK | _TFD_CLOEXEC)
        if self._fd < 0:
            number = ctypes.get_errno()
            raise OSError(number, f"timerfd_create: {os.strerror(number)}")
        self._loop = asyncio.get_running_loop()
        self._arm()
        self._loop.add_reader(self._fd, self._jumped)

    def close(self) -> None:
        """Give the timer back; no call follows."""
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1

    def _arm(self) -> None:
        spec = _Itimerspec(_Timespec(0, 0), _Timespec(_FAR_AWAY, 0))
        flags = _TFD_TIMER_ABSTIME | _TFD_TIMER_CANCEL_ON_SET
        if self._libc.timerfd_settime(self._fd, flags, ctypes.byref(spec), None) != 0:
            number = ctypes.get_errno()
            if number != errno.ECANCELED:  # it jumped just now, and the timer is armed all the same
                raise OSError(number, f"timerfd_settime: {os.strerror(number)}")

    def _jumped(self) -> None:
        try:
            os.read(self._fd, 8)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno != errno.ECANCELED:
                raise
        self._arm()
        self._callback()
