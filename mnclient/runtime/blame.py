# SPDX-License-Identifier: GPL-2.0-or-later
"""A host without IPv6, which the engine does not see: to it the network gives no address, or answers no more."""

from collections.abc import Callable
from dataclasses import replace

from mnclient.model.problems import Problem, ProblemCode
from mnclient.model.status import Phase, Status
from mnclient.units import Instant


class Blame:
    """Puts down to this host what is no network's fault. `why_no_ipv6` says why it has no IPv6 now, "" when it has."""

    def __init__(self, why_no_ipv6: Callable[[], str]) -> None:
        self._why_no_ipv6 = why_no_ipv6
        self._since: Instant | None = None

    def blamed(self, status: Status) -> Status:
        """The status; without IPv6 with that problem, in place of those of home addresses that have no network.

        A host in no role needs no IPv6.
        """
        is_idle = status.phase is Phase.OFF and status.home_agent is None
        if is_idle or not (reason := self._why_no_ipv6()):
            self._since = None
            return status
        without = [each for each in status.problems if each.code is ProblemCode.NO_CARE_OF_ADDRESS]
        if self._since is None:
            self._since = min([status.now, *(each.since for each in without)])
        others = [each for each in status.problems if each not in without]
        problem = Problem(code=ProblemCode.NO_IPV6, detail=reason, since=self._since)
        return replace(status, problems=(problem, *others))
