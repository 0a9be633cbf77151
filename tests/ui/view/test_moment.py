# SPDX-License-Identifier: GPL-2.0-or-later
from mnclient.units import Instant
from tests.ui import samples
from ui.view.moment import moment_of


def test_now_goes_on_from_the_status():
    moment = moment_of(samples.AWAY, elapsed=5)
    assert moment.instant == samples.NOW + 5
    assert moment.time == samples.BOOT_TIME + samples.NOW + 5
    assert moment.since(Instant(samples.NOW - 10)) == 15
    assert moment.since_time(samples.BOOT_TIME) == samples.NOW + 5
    assert moment.time_of(Instant(1.0)) == samples.BOOT_TIME + 1


def test_a_clock_that_went_back_does_not_take_us_back():
    assert moment_of(samples.AWAY, elapsed=-100).instant == samples.NOW
