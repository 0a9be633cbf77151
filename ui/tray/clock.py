# SPDX-License-Identifier: GPL-2.0-or-later
"""The service's clock, continued between two statuses."""

import time

from mnclient.model.service_status import ServiceStatus
from mnclient.units import Instant, Seconds
from ui.view.notices import Moment


class ServiceClock:
    """Tells the time in the service's instants, also while the service says nothing."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def heard(self, status: ServiceStatus) -> None:
        """The service said what time it is."""
        self._ahead = status.engine.now - time.clock_gettime(time.CLOCK_BOOTTIME)

    def moment(self) -> Moment:
        """Now, and for how long the machine has slept."""
        since_boot = time.clock_gettime(time.CLOCK_BOOTTIME)
        return Moment(Instant(since_boot), Seconds(since_boot - time.monotonic()), Seconds(self._ahead))
