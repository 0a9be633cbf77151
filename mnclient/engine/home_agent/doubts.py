# SPDX-License-Identifier: GPL-2.0-or-later
"""Home addresses that somebody has tried to register lately without being believed: for people, who may know why.

A stranger decides how often that is. So it is kept for home addresses that have a key only, what was wrong first stays,
and nobody is told again before it is forgotten: ten minutes after the last time, or when its owner was believed.
"""

from ipaddress import IPv6Address
from typing import Final

from mnclient.engine.actions import Action, PublishStatus
from mnclient.engine.events import IntegrityFailed
from mnclient.engine.timers import Timer, TimerTable
from mnclient.model.problems import Problem, ProblemCode
from mnclient.units import Instant, Seconds, after

FORGOTTEN_AFTER: Final = Seconds(600.0)
MAX_SHOWN: Final = 8  # with hundreds the first few tell

OTHER_FORM: Final = "its proof is not in the right form"
WORDS: Final = {
    "unprotected": "it comes without a key",
    "spi": "it names a key (SPI) that is not there",
    "authentication": "it comes under another key",
    "integrity": "what comes under IPsec (ESP) is under another key",
    "no-timestamp": "it does not say when it was made",
    "timestamp-out-of-window": "the clocks differ, or it is an old one played again",
    "timestamp-not-newer": "it is an old one played again",
}
"""What is told for each reason of `authentication.Disbelief`, and for what the kernel did not believe."""


class Doubts:
    """What was wrong, by home address."""

    def __init__(self, timers: TimerTable) -> None:
        self._timers = timers
        self._problems: dict[IPv6Address, Problem] = {}
        self._guests: frozenset[IPv6Address] = frozenset()  # the home addresses that have a key
        self._believed: dict[IPv6Address, Instant] = {}  # when it was last, of guests

    def note(self, home_address: IPv6Address, reason: str, now: Instant) -> list[Action]:
        """A registration of a home address with a key was not believed."""
        self._timers.set(Timer.DOUBT_FORGOTTEN, home_address, after(now, FORGOTTEN_AFTER))
        if home_address in self._problems:
            return []
        self._problems[home_address] = Problem(
            code=ProblemCode.REGISTRATION_DISBELIEVED,
            subject=str(home_address),
            detail=WORDS.get(reason, OTHER_FORM),
            since=now,
        )
        return [PublishStatus()]

    def note_late(self, event: IntegrityFailed, now: Instant) -> list[Action]:
        """The kernel has dropped packets lately. Those from before its owner was believed are no news."""
        believed = self._believed.get(event.home_address)
        if believed is not None and believed >= now - event.within:
            return []
        return self.note(event.home_address, "integrity", now)

    def end(self, home_address: IPv6Address, now: Instant) -> list[Action]:
        """Its owner was believed."""
        if home_address in self._guests:
            self._believed[home_address] = now
        return self.forget(home_address)

    def forget(self, home_address: IPv6Address) -> list[Action]:
        """It is long ago, or of no account any more."""
        if self._problems.pop(home_address, None) is None:
            return []
        self._timers.stop(Timer.DOUBT_FORGOTTEN, home_address)
        return [PublishStatus()]

    def keep_only(self, home_addresses: frozenset[IPv6Address]) -> None:
        """Those that have a key now."""
        self._guests = home_addresses
        for each in self._problems.keys() - home_addresses:
            self.forget(each)
        for each in self._believed.keys() - home_addresses:
            del self._believed[each]

    def problems(self) -> list[Problem]:
        """The first few."""
        return list(self._problems.values())[:MAX_SHOWN]
