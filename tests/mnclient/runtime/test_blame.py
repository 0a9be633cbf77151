# SPDX-License-Identifier: GPL-2.0-or-later
"""No network is blamed for what is missing on this host."""

import pytest

from mnclient.model.problems import Problem, ProblemCode
from mnclient.model.status import HomeAgentStatus, Phase, Status
from mnclient.runtime.blame import Blame
from mnclient.units import Instant

OFF = "net.ipv6.conf.all.disable_ipv6 is 1"
SILENT = Problem(code=ProblemCode.HOME_AGENT_SILENT, subject="2001:db8::7", since=Instant(1.0))
HOMELESS = [
    Problem(code=ProblemCode.NO_CARE_OF_ADDRESS, subject=f"2001:db8::{number}", since=Instant(10.0 - number))
    for number in (1, 2)
]


def status(*problems: Problem, now: float = 20.0) -> Status:
    return Status(now=Instant(now), phase=Phase.NO_NETWORK, problems=problems)


def no_ipv6(since: float) -> Problem:
    return Problem(code=ProblemCode.NO_IPV6, detail=OFF, since=Instant(since))


def test_without_ipv6_there_is_one_problem_and_it_is_as_old_as_the_oldest() -> None:
    found = Blame(lambda: OFF).blamed(status(HOMELESS[0], SILENT, HOMELESS[1]))
    assert found.problems == (no_ipv6(8.0), SILENT)
    assert OFF in found.problems[0].text()


def test_it_began_when_it_was_seen_first_and_anew_after_it_was_gone() -> None:
    reasons = [OFF, OFF, "", OFF]
    blame = Blame(lambda: reasons.pop(0))
    seen = [blame.blamed(status(now=now)).problems for now in (20.0, 21.0, 22.0, 23.0)]
    assert seen == [(no_ipv6(20.0),), (no_ipv6(20.0),), (), (no_ipv6(23.0),)]


def test_where_there_is_ipv6_the_network_is_to_blame() -> None:
    assert Blame(lambda: "").blamed(status(*HOMELESS)).problems == tuple(HOMELESS)


@pytest.mark.parametrize("role, told", [(None, ()), (HomeAgentStatus(), (no_ipv6(5.0),))])
def test_only_who_has_a_role_needs_ipv6(role: HomeAgentStatus | None, told: tuple[Problem, ...]) -> None:
    idle = Status(now=Instant(5.0), phase=Phase.OFF, home_agent=role)
    assert Blame(lambda: OFF).blamed(idle).problems == told
