# SPDX-License-Identifier: GPL-2.0-or-later
"""What the last run of the service told its home agents, until the home address it is about is configured again."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from mnclient.engine.mobile_node.registration import Registration
from mnclient.model.stored_binding import StoredRegistration
from mnclient.units import Instant, after, between


class Kept:
    """Restored registrations by home address, each with the instant at which its binding ends."""

    def __init__(self) -> None:
        self._waiting: dict[object, tuple[StoredRegistration, Instant]] = {}

    def restore(self, stored: Iterable[StoredRegistration], now: Instant) -> None:
        """Take what a snapshot said, with the time since then taken off."""
        self._waiting = {each.home_address: (each, after(now, each.remaining)) for each in stored}

    def hand_over(self, registration: Registration, now: Instant, *, may_find: bool) -> None:
        """Let a new registration go on where it was; what was told to another home agent is of no use to it.

        `may_find`: where none was chosen, the one that was found in the last run is taken up (RFC 6275 section 11.4.1).
        """
        home = registration.home
        stored, until = self._waiting.pop(home.address, (None, now))
        if stored is not None and may_find and home.home_agent is None and stored.home_agent in home.prefix:
            registration.adopt_agent(stored.home_agent)
        if stored is not None and stored.home_agent == registration.home.home_agent:
            registration.resume(stored, until, now)

    def snapshot(self, registrations: Iterable[Registration], now: Instant) -> Iterator[StoredRegistration]:
        """What the next run needs: what is known now, and what nobody has asked for yet."""
        for registration in registrations:
            known = registration.stored(now)
            if known is not None:
                yield known
        for stored, until in self._waiting.values():
            if until > now:
                yield replace(stored, remaining=between(now, until))
