# SPDX-License-Identifier: GPL-2.0-or-later
"""What is not as it should be, now or even after some waiting."""

import time
from collections.abc import Callable

from tests.lab.patience import patient


class Failed(AssertionError):
    """Something is not as it should be; the message says what."""


def until(condition: Callable[[], object], what: str, within: float = 60.0, pause: float = 0.02) -> None:
    """Waits for it, with so many seconds between two looks; Failed when it does not come true in time."""
    end = time.monotonic() + patient(within)
    while not condition():
        if time.monotonic() > end:
            raise Failed(f"{what}: not within {within:.0f} s")
        time.sleep(pause)
