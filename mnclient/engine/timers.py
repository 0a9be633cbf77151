# SPDX-License-Identifier: GPL-2.0-or-later
"""Every timer of the protocol in one table: what it is for, and where the text asks for it."""

import heapq
from collections.abc import Hashable
from enum import auto

from mnclient.model.named import Named
from mnclient.units import Instant


class Timer(Named):
    """The kinds of timer."""

    # mobile node
    ROUTER_EXPIRES = auto()  # RFC 4861 section 6.3.5: a default router's lifetime ends
    PREFIX_EXPIRES = auto()  # RFC 4862 section 5.5.4
    ROUTER_IN_DOUBT = auto()  # RFC 6275 section 11.5.1: Advertisement Intervals passed without an RA
    PROBE_ROUTER = auto()  # RFC 4861 section 7.3.3: next unicast probe
    PROBE_BETTER_ROUTERS = auto()  # RFC 4191 section 3.5: a more preferred router that did not answer
    SOLICIT_ROUTERS = auto()  # RFC 7559 section 2: next Router Solicitation
    RETRANSMIT_BINDING_UPDATE = auto()  # RFC 6275 section 11.8
    REFRESH_BINDING = auto()  # RFC 6275 section 11.7.1
    BINDING_EXPIRES = auto()  # RFC 6275 section 11.1
    REPEAT_ADVERTISEMENT = auto()  # RFC 6275 section 11.5.5: Neighbor Advertisements after returning home
    REGENERATE_IDENTIFIER = auto()  # RFC 8981 section 3.4
    RETRY_REFUSED = auto()  # RFC 6275 section 11.7.3: try a refused registration again
    DEFAULT_ROUTE_GRACE = auto()  # ours: new connections stop waiting for a silent home agent
    HANDOVER_CLOSES = auto()  # ours: a move whose first payload never comes is closed
    RETRANSMIT_HOME_TEST_INIT = auto()  # RFC 6275 section 11.8; these five by home address and correspondent
    RETRANSMIT_CARE_OF_TEST_INIT = auto()  # RFC 6275 section 11.8
    RETRANSMIT_CORRESPONDENT_UPDATE = auto()  # RFC 6275 section 11.8
    REFRESH_CORRESPONDENT = auto()  # RFC 6275 sections 5.2.7 and 11.7.3: before tokens or the binding expire
    CORRESPONDENT_EXPIRES = auto()  # RFC 6275 section 11.1
    PROBE_HOME_AGENT = auto()  # ours: next Echo Request to the home agent from an interface, by its name
    INTERFACE_PROVED = auto()  # ours: an interface has lasted long enough to be trusted, by its name
    DISCOVER_HOME_AGENTS = auto()  # RFC 6275 sections 11.4.1 and 11.8, by home prefix
    SOLICIT_PREFIXES = auto()  # RFC 6275 sections 11.4.2 and 11.8, by home address
    HOME_PREFIX_EXPIRES = auto()  # RFC 6275 section 11.4.3, RFC 4862 section 5.5.4, by home address
    VERIFY = auto()  # ours: next Echo Request to a home address of our own
    ANSWER_LISTENER_QUERY = auto()  # RFC 3810 section 6.2, by home address
    # home agent
    DUPLICATE_DETECTION = auto()  # RFC 6275 section 10.3.1, RFC 4862 section 5.4
    CACHE_ENTRY_EXPIRES = auto()  # RFC 6275 section 9.6, 10.3.1
    PREVIOUS_CARE_OF_ENDS = auto()  # ours: tunnelled packets from the care-of address of before are refused again
    DELETED_ENTRY_EXPIRES = auto()  # RFC 6275 section 10.3.2: MAX_DELETE_BCE_TIMEOUT
    REPEAT_PROXY_ADVERTISEMENT = auto()  # RFC 6275 section 10.4.1
    SEND_ROUTER_ADVERTISEMENT = auto()  # RFC 4861 section 6.2.4
    QUERY_LISTENER = auto()  # RFC 3810 section 9.2, by home address
    GROUP_EXPIRES = auto()  # RFC 3810 section 9.4, by home address and group
    LISTED_HOME_AGENT_EXPIRES = auto()  # RFC 6275 section 10.1
    SEND_PREFIX_ADVERTISEMENT = auto()  # RFC 6275 section 10.6.2, by home address
    DOUBT_FORGOTTEN = auto()  # ours: nobody has lately failed to prove that a home address is his
    # correspondent node; its bindings expire by the timers of the home agent's
    REQUEST_REFRESH = auto()  # RFC 6275 section 9.5.5


class TimerTable:
    """Deadlines by kind and subject. Setting again replaces; all operations are O(log n) amortised."""

    def __init__(self) -> None:
        self._deadlines: dict[tuple[Timer, Hashable], Instant] = {}
        self._heap: list[tuple[Instant, int, Timer, Hashable]] = []
        self._serial = 0
        self._is_clean = True
        """Nothing has changed since the first of the heap was seen to be valid."""

    def set(self, timer: Timer, subject: Hashable, at: Instant) -> None:
        """Let `timer` for `subject` fire at `at`, whatever it was set to before."""
        if self._deadlines.get((timer, subject)) == at:
            return
        self._deadlines[(timer, subject)] = at
        self._is_clean = False
        self._serial += 1
        heapq.heappush(self._heap, (at, self._serial, timer, subject))
        if len(self._heap) > 64 + 4 * len(self._deadlines):
            self._compact()

    def stop(self, timer: Timer, subject: Hashable) -> None:
        """Forget it; harmless when it is not set."""
        if self._deadlines.pop((timer, subject), None) is not None:
            self._is_clean = False

    def deadline(self, timer: Timer, subject: Hashable) -> Instant | None:
        """When it fires, None when it is not set."""
        return self._deadlines.get((timer, subject))

    def earliest(self) -> Instant | None:
        """The next deadline of all."""
        self._drop_stale()
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now: Instant) -> list[tuple[Timer, Hashable]]:
        """Take out all timers that are due, the earliest first."""
        due: list[tuple[Timer, Hashable]] = []
        if not self._heap or self._heap[0][0] > now:
            return due
        self._drop_stale()
        while self._heap and self._heap[0][0] <= now:
            _, _, timer, subject = heapq.heappop(self._heap)
            del self._deadlines[(timer, subject)]
            self._is_clean = False
            due.append((timer, subject))
            self._drop_stale()
        return due

    def _drop_stale(self) -> None:
        if self._is_clean:
            return
        while self._heap and self._deadlines.get((self._heap[0][2], self._heap[0][3])) != self._heap[0][0]:
            heapq.heappop(self._heap)
        self._is_clean = True

    def _compact(self) -> None:
        self._heap = [
            (at, number, timer, subject) for number, ((timer, subject), at) in enumerate(self._deadlines.items())
        ]
        self._serial = len(self._heap)
        heapq.heapify(self._heap)
