# SPDX-License-Identifier: GPL-2.0-or-later
"""What the engine puts down to the networks, although this host has no IPv6: it sees only that no address is there."""

from collections.abc import Callable
from dataclasses import replace

from mnclient.model.problems import Problem, ProblemCode
from mnclient.model.status import Status


def blamed_on_this_host(status: Status, why_no_ipv6: Callable[[], str]) -> Status:
    """The status with one problem of this host in place of those of all home addresses that have no network.

    `why_no_ipv6` says why there is none, "" where there is; it is asked only when somebody has no network.
    """
    without = [each for each in status.problems if each.code is ProblemCode.NO_CARE_OF_ADDRESS]
    if not without or not (reason := why_no_ipv6()):
        return status
    others = [each for each in status.problems if each.code is not ProblemCode.NO_CARE_OF_ADDRESS]
    since = min(each.since for each in without)
    return replace(status, problems=(*others, Problem(code=ProblemCode.NO_IPV6, detail=reason, since=since)))
