# SPDX-License-Identifier: GPL-2.0-or-later
import time

import pytest

from ui.widgets.local_time import full, precise, when


def test_today_is_the_time_alone():
    now = time.time()
    assert when(now) == time.strftime("%H:%M:%S", time.localtime(now))
    assert when(now - 3 * 86400).endswith(when(now)) and len(when(now - 3 * 86400)) > 8


def test_milliseconds():
    assert precise(1_790_000_000.25).endswith(".250")
    assert full(1_790_000_000.25).endswith(precise(1_790_000_000.25))


@pytest.mark.parametrize("damaged", [-1e30, 1e300, float("inf")])
def test_a_damaged_time_is_no_error(damaged):
    assert when(damaged) and full(damaged)
