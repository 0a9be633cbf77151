# SPDX-License-Identifier: GPL-2.0-or-later
"""The tray app on a real screen (Xvfb): all times are taken from the pixels, and begin where the person's time does.

The service is played by a fake core on a real bus, so that a change begins when we say so.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from mnclient.model.service_status import ServiceStatus
from tests.benchmarks.context import Context
from tests.benchmarks.process_figures import processor_seconds, resident_mebibytes, wake_ups
from tests.benchmarks.report import Figure, percentile, spread
from tests.ui import samples
from tests.ui.desktop import Desktop, desktop
from tests.ui.served import Served, served

TITLE = "The tray app"
FIRST_PAINT = 1.0
CHANGE = 100.0
QUIET_AT_START = 20.0
"""Seconds after which the tray has told all that it has to tell after its start, and waits for nothing."""
LOOK_EVERY = 0.0005
PATIENCE = 30.0


@dataclass(frozen=True)
class Place:
    """A part of the screen."""

    x: int
    y: int
    width: int
    height: int


WHOLE = Place(0, 0, 1280, 770)
MIDDLE = Place(400, 200, 480, 300)
TRAY = Place(0, 776, 24, 24)
LETTERS = 40
"""Different colours; what has fewer has no smooth letters."""


def measure(context: Context) -> list[Figure]:
    """Cold starts with the window; changes on icon and window; memory and wake-ups without a window."""
    rounds, changes, seconds = (2, 10, 3.0) if context.quick else (7, 100, 20.0)
    with desktop() as here, served() as service:
        here.start_tray("xembed")
        interpreter = [_interpreter() for _ in range(rounds)]
        starts = [_start(here, service) for _ in range(rounds)]
        idle = _idle(context, here, service, seconds)
        icon = _changes(here, service, TRAY, changes, "--hidden")
        window = _changes(here, service, WHOLE, changes)
    own = sorted(interpreter)[len(interpreter) // 2]
    return [
        spread(
            "start to first paint, without the interpreter's own", [took - own for took, _ in starts], "s", FIRST_PAINT
        ),
        spread("the interpreter's own start", interpreter, "s"),
        spread("start to first paint: processor time", [processor for _, processor in starts], "s"),
        _slowest("change of the service to the icon, 95th percentile", icon),
        _slowest("change of the service to the window, 95th percentile", window),
        *idle,
    ]


def _interpreter() -> float:
    begin = time.monotonic()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return time.monotonic() - begin


def _start(here: Desktop, service: Served) -> tuple[float, float]:
    """From the start of the process until there are letters in its window (the frame alone is not its paint); and the
    processor time of that."""
    empty = _pixels(here, WHOLE)
    begin = time.monotonic()
    app = here.start_app("--bus", service.address)
    _until(lambda: _pixels(here, WHOLE) != empty and len(here.screen.colours(*_values(MIDDLE))) > LETTERS, "a window")
    took, processor = time.monotonic() - begin, processor_seconds(app.pid)
    here.stop(app)
    _until(lambda: _pixels(here, WHOLE) == empty, "an empty screen")
    return took, processor


def _changes(here: Desktop, service: Served, place: Place, count: int, *options: str) -> list[float]:
    """Milliseconds from each change of the service to the first pixel that differs."""
    app = here.start_app(*options, "--bus", service.address)
    service.show(samples.AWAY)
    here.until(lambda: len(here.screen.colours(*_values(place))) > 8, "the app on the screen")
    took = []
    for number in range(count):
        before = here.settled(*_values(place))
        begin = time.monotonic()
        service.show(_next(number))
        _until(lambda before=before: _pixels(here, place) != before, "a change")
        took.append((time.monotonic() - begin) * 1000)
    here.stop(app)
    return took


def _next(number: int) -> ServiceStatus:
    return (samples.PROBLEM, samples.AWAY)[number % 2]


def _idle(context: Context, here: Desktop, service: Served, seconds: float) -> list[Figure]:
    app = here.start_app("--hidden", "--bus", service.address)
    here.until(lambda: len(here.screen.colours(*_values(TRAY))) > 8, "the icon")
    _let_pass(QUIET_AT_START)
    processor, woken = processor_seconds(app.pid), wake_ups(app.pid)
    _let_pass(seconds)
    figures = [
        Figure("resident memory, no window", round(resident_mebibytes(app.pid), 1), "MiB"),
        Figure("idle, no window: wake-ups", round((wake_ups(app.pid) - woken) / seconds, 2), "/s"),
        Figure("idle, no window: processor", round((processor_seconds(app.pid) - processor) / seconds * 100, 2), "%"),
    ]
    here.stop(app)
    return figures


def _slowest(name: str, took: list[float]) -> Figure:
    details = {"median": round(percentile(took, 0.5), 2), "worst": round(max(took), 2)}
    return Figure(name, round(percentile(took, 0.95), 2), "ms", CHANGE, samples=len(took), details=details)


def _pixels(here: Desktop, place: Place) -> bytes:
    assert here.screen is not None
    return here.screen.part(*_values(place))


def _values(place: Place) -> tuple[int, int, int, int]:
    return place.x, place.y, place.width, place.height


def _until(seen: Callable[[], bool], what: str) -> None:
    """Looks much more often than a test needs to."""
    end = time.monotonic() + PATIENCE
    while not seen():
        assert time.monotonic() < end, f"{what} did not come within {PATIENCE:g} s"
        time.sleep(LOOK_EVERY)


def _let_pass(seconds: float) -> None:
    time.sleep(seconds)  # nothing is waited for: what happens meanwhile is measured
