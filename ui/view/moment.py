# SPDX-License-Identifier: GPL-2.0-or-later
"""What "now" means to a view: it is handed in, as an instant of the service's clock and as the time of day."""

from dataclasses import dataclass

from mnclient.model.service_status import ServiceStatus
from mnclient.units import Instant, Seconds, after, between


@dataclass(frozen=True, slots=True)
class Moment:
    """`instant` is of the boot-time clock, `time` are wall-clock seconds since 1970: the same moment on both clocks."""

    instant: Instant
    time: float

    def since(self, instant: Instant) -> Seconds:
        """How long ago that was; negative when it is still to come."""
        return between(instant, self.instant)

    def since_time(self, time: float) -> Seconds:
        """The same for a time of day. Negative, too, when the clock was set back since."""
        return Seconds(self.time - time)

    def time_of(self, instant: Instant) -> float:
        """The time of day of an instant."""
        return self.time - self.since(instant)


def moment_of(status: ServiceStatus, elapsed: float = 0.0) -> Moment:
    """Now, when the status was received `elapsed` seconds ago."""
    instant = after(status.engine.now, Seconds(max(elapsed, 0.0)))
    return Moment(instant, status.boot_time + instant)
