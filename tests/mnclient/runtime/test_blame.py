# SPDX-License-Identifier: GPL-2.0-or-later
"""No network is blamed for what is missing on this host."""

import pytest

from mnclient.model.problems import Problem, ProblemCode
from mnclient.model.status import Phase, Status
from mnclient.runtime.blame import blamed_on_this_host
from mnclient.units import Instant

OFF = "net.ipv6.conf.all.disable_ipv6 is 1"
SILENT = Problem(code=ProblemCode.HOME_AGENT_SILENT, subject="2001:db8::7", since=Instant(1.0))
HOMELESS = [
    Problem(code=ProblemCode.NO_CARE_OF_ADDRESS, subject=f"2001:db8::{number}", since=Instant(10.0 - number))
    for number in (1, 2)
]


def status(*problems: Problem) -> Status:
    return Status(now=Instant(20.0), phase=Phase.NO_NETWORK, problems=problems)


def test_without_ipv6_there_is_one_problem_and_it_is_as_old_as_the_oldest() -> None:
    found = blamed_on_this_host(status(HOMELESS[0], SILENT, HOMELESS[1]), lambda: OFF)
    assert found.problems == (SILENT, Problem(code=ProblemCode.NO_IPV6, detail=OFF, since=Instant(8.0)))
    assert OFF in found.problems[1].text()


def test_where_there_is_ipv6_the_network_is_to_blame() -> None:
    assert blamed_on_this_host(status(*HOMELESS), lambda: "").problems == tuple(HOMELESS)


def test_nobody_looks_at_the_host_while_every_home_address_has_a_network() -> None:
    assert blamed_on_this_host(status(SILENT), lambda: pytest.fail("looked")).problems == (SILENT,)
