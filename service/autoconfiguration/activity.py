# SPDX-License-Identifier: GPL-2.0-or-later
"""Which home addresses are *active*: acknowledged by their home agent within a given time.

Acknowledged means registered, or at home with duplicate detection passed and the home agent heard. A home address that
was acknowledged stays active for the activation time after that has ended, so that no move makes it inactive.

One that is not active, but whose home agent still has time to answer, is *awaited*: it holds its place, or the next
advertisement would bring a second home address while the first one registers. That clock stands still while there is no
network, starts when a registration begins or another home agent is heard, and is as long as the activation time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address

from mnclient.model.status import HomeAddressState
from mnclient.units import Seconds

_WITHOUT_NETWORK = frozenset({HomeAddressState.WAITING, HomeAddressState.SEARCHING})
_REFUSED = frozenset({HomeAddressState.REFUSED, HomeAddressState.DUPLICATE, HomeAddressState.UNPROTECTED})


@dataclass(slots=True)
class _Activity:
    state: HomeAddressState = HomeAddressState.WAITING
    acknowledged_time: float | None = None
    """When it was last known to be acknowledged; None when never, or when it was refused since."""
    waiting_since: float | None = None
    """When its home agent's time to answer began; None while the clock stands still."""


class ActivityTable:
    """The home addresses and their activity. All times are wall-clock seconds handed in."""

    def __init__(self, agent_is_present: Callable[[IPv6Address, float], bool]) -> None:
        """`agent_is_present(home_address, now)`: a home agent for this address was heard within its lifetime."""
        self._entries: dict[IPv6Address, _Activity] = {}
        self._agent_is_present = agent_is_present

    def keep_only(self, addresses: tuple[IPv6Address, ...]) -> None:
        """These are the home addresses now; what is known of those that stay is kept."""
        self._entries = {address: self._entries.get(address) or _Activity() for address in addresses}

    def report(self, address: IPv6Address, state: HomeAddressState, now: float) -> None:
        """The engine says how it stands; unknown addresses (just removed) are ignored."""
        entry = self._entries.get(address)
        if entry is None:
            return
        if self._is_acknowledged(address, now):
            entry.acknowledged_time = now
        before, entry.state = entry.state, state
        if state in _REFUSED:
            entry.acknowledged_time = None
        if state in _WITHOUT_NETWORK:
            entry.waiting_since = None
        elif before in _WITHOUT_NETWORK or self._acknowledges(before) or entry.waiting_since is None:
            entry.waiting_since = now

    def home_agent_heard(self, now: float) -> None:
        """Somebody offers a home here: those without a network get the activation time to find theirs."""
        for entry in self._entries.values():
            if entry.waiting_since is None:
                entry.waiting_since = now

    def is_active(self, address: IPv6Address, now: float, activation_time: Seconds) -> bool:
        """Acknowledged, now or less than the activation time ago."""
        if self._is_acknowledged(address, now):
            return True
        entry = self._entries.get(address)
        return entry is not None and _is_within(entry.acknowledged_time, now, activation_time)

    def is_awaited(self, address: IPv6Address, now: float, activation_time: Seconds) -> bool:
        """Not active, but it may still become so."""
        entry = self._entries.get(address)
        if entry is None or self.is_active(address, now, activation_time):
            return False
        return entry.waiting_since is None or _is_within(entry.waiting_since, now, activation_time)

    def occupied(self, now: float, activation_time: Seconds) -> int:
        """How many hold a place: the active and the awaited."""
        return sum(
            self.is_active(address, now, activation_time) or self.is_awaited(address, now, activation_time)
            for address in self._entries
        )

    def next_change(self, now: float, activation_time: Seconds) -> float | None:
        """When the first one may lose its place by time alone; None when none will."""
        moments = [
            start + activation_time
            for address, entry in self._entries.items()
            if not self._is_acknowledged(address, now)
            for start in (entry.acknowledged_time, entry.waiting_since)
            if start is not None
        ]
        return min((moment for moment in moments if moment > now), default=None)

    def _is_acknowledged(self, address: IPv6Address, now: float) -> bool:
        entry = self._entries.get(address)
        if entry is None:
            return False
        if entry.state is HomeAddressState.AT_HOME:
            return self._agent_is_present(address, now)
        return entry.state is HomeAddressState.REGISTERED

    @staticmethod
    def _acknowledges(state: HomeAddressState) -> bool:
        return state in (HomeAddressState.REGISTERED, HomeAddressState.AT_HOME)


def _is_within(start: float | None, now: float, duration: Seconds) -> bool:
    """Whether `now` is less than `duration` after `start`. A clock set back gives the benefit of the doubt."""
    return start is not None and now < start + duration
