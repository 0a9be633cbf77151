# SPDX-License-Identifier: GPL-2.0-or-later
"""The steps to the home agent: the first that fails says what to do, the others are not reached."""

from dataclasses import replace

import pytest

from mnclient.model.problems import Problem, ProblemCode
from mnclient.model.status import HomeAddressState
from service.doctor.examine import examine
from service.doctor.home_agent import NOT_REACHED, STEPS
from service.doctor.verdict import Verdict
from tests.service.doctor.samples import DEAD, ENTRY, HEALTHY, WELL, found, with_entry, with_status, with_way
from tests.service.fake_core import ADDRESS, HOME_AGENT

OK, WARNING, FAILED, NOT_APPLICABLE = Verdict.OK, Verdict.WARNING, Verdict.FAILED, Verdict.NOT_APPLICABLE


def steps(facts):
    checks = [each for each in examine(facts) if each.group == f"home address {ADDRESS}"]
    assert tuple(each.name for each in checks) == STEPS
    return checks


def without_agent(facts):
    (home,) = facts.homes
    return replace(facts, homes=(replace(home, home_agent=None, way=None),))


def lost(facts, **changes):
    """The same, not registered."""
    status = facts.service.status
    entry = replace(ENTRY, registered=False, verified=None, state=HomeAddressState.REGISTERING, **changes)
    status = replace(status, engine=replace(status.engine, home_addresses=(entry,)))
    return replace(facts, service=replace(facts.service, status=status))


def searching(interfaces):
    return lost(with_status(interfaces=interfaces), care_of_address=None)


UP = WELL.engine.interfaces[0]
SILENT = Problem(code=ProblemCode.HOME_AGENT_SILENT, subject=str(ADDRESS), detail=str(HOME_AGENT))


@pytest.mark.parametrize(
    "facts, failing, words",
    [
        (without_agent(HEALTHY), "home agent", "None is chosen"),
        (searching((replace(UP, is_up=False),)), "network", "has a link"),
        (searching((replace(UP, enabled=False),)), "network", "has a link"),
        (searching(()), "network", "has a link"),
        (searching((replace(UP, routers=()),)), "network", "No router was heard on wlan0"),
        (searching((UP,)), "network", "no care-of address yet"),
        (with_way(no_route="Network is unreachable"), "route", "Network is unreachable"),
        (lost(with_way(is_answered=False, neighbor="FAILED")), "next hop", "fe80::1 does not answer on wlan0"),
        (lost(with_way(is_answered=False, neighbor="INCOMPLETE", next_hop=None)), "next hop", "The home agent"),
        (lost(with_way(is_answered=False)), "answers", "echo request"),
        (lost(HEALTHY), "registered", "registering"),
        (lost(with_status(problems=(SILENT,))), "registered", "get no answer"),
        (with_entry(verified=False), "verified", "did not come back"),
        (DEAD, "registered", "does not run"),
    ],
)
def test_the_first_step_that_fails(facts, failing, words):
    checks = steps(facts)
    place = STEPS.index(failing)
    assert all(check.verdict in (OK, NOT_APPLICABLE, WARNING) for check in checks[:place]), checks
    assert checks[place].verdict is FAILED and words in checks[place].reason and checks[place].remedy
    assert all((check.verdict, check.reason) == (NOT_APPLICABLE, NOT_REACHED) for check in checks[place + 1 :])


def test_of_several_problems_that_of_this_address_is_told():
    other = replace(SILENT, subject="2001:db8:9::9")
    assert "registering" in found(lost(with_status(problems=(other,))), "registered").reason


def test_an_echo_that_is_not_answered_is_no_failure_where_registrations_are():
    facts = with_way(is_answered=False)
    assert found(facts, "answers").verdict is WARNING
    assert found(facts, "registered").verdict is OK
    assert found(facts, "verified").verdict is OK


def test_an_echo_that_cannot_be_sent_is_no_failure():
    facts = with_way(
        is_answered=None, echo_unknown="An echo request cannot be sent: Operation not permitted", neighbor=""
    )
    assert [check.verdict for check in steps(facts)][3:] == [NOT_APPLICABLE, NOT_APPLICABLE, OK, OK]


def test_a_kernel_that_cannot_be_asked_is_no_failure():
    facts = with_way(unseen="the program ip is not installed", interface="", neighbor="", next_hop=None)
    assert [check.verdict for check in steps(facts)][2:5] == [NOT_APPLICABLE, OK, OK]


def test_at_home_nothing_has_to_be_registered():
    facts = with_entry(state=HomeAddressState.AT_HOME, registered=False, verified=None, care_of_address=None)
    assert [check.verdict for check in steps(facts)] == [OK] * 6 + [NOT_APPLICABLE]
    assert [check.verdict for check in steps(without_agent(facts))][:3] == [OK, OK, NOT_APPLICABLE]


@pytest.mark.parametrize("state", [HomeAddressState.DETECTING, HomeAddressState.RETURNING])
def test_coming_home_is_no_failure(state):
    facts = with_entry(state=state, verified=None, care_of_address=None)
    assert [check.verdict for check in steps(facts)][5:] == [WARNING, NOT_APPLICABLE]


def test_what_is_not_tried_cannot_fail():
    facts = with_entry(verified=None)
    assert found(facts, "verified").verdict is WARNING
    facts = replace(facts, service=replace(facts.service, verifies=False))
    assert found(facts, "verified").verdict is NOT_APPLICABLE


def test_an_address_that_the_service_does_not_use_is_not_registered():
    assert "does not use this address" in found(with_status(home_addresses=()), "registered").reason
