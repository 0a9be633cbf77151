# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace

import pytest

from mnclient.model.problems import ProblemCode
from mnclient.model.status import HomeAddressState, Phase
from mnclient.units import Instant
from tests.ui import samples
from ui.view.tray_view import (
    ROLES,
    Snapshot,
    TrayState,
    current_network,
    next_change,
    question,
    tray_state,
    tray_view,
    visible_problems,
)

EXPECTED = {
    "off": (TrayState.OFF, "Switched off"),
    "at home": (TrayState.HOME, "At home, reachable at 2001:db8:1::10"),
    "away verified": (TrayState.AWAY, "Away, reachable at 2001:db8:1::10"),
    "away registered": (TrayState.UNVERIFIED, "Away, registered as 2001:db8:1::10, not tested yet"),
    "working": (TrayState.WORKING, "Moving 2001:db8:1::10 to this network"),
    "no network": (TrayState.NO_NETWORK, "No network: 2001:db8:1::10 cannot be reached"),
    "problem": (TrayState.PROBLEM, "The home agent refused the registration"),
    "question": (TrayState.QUESTION, "1 home address waits for your answer"),
}


def view(status, now=None):
    return tray_view(Snapshot("ready", status), now)


@pytest.mark.parametrize("name", samples.STATES)
def test_each_state_has_its_shape_and_sentence(name):
    shown = view(samples.STATES[name])
    assert (shown.state, shown.title) == EXPECTED[name]


def test_every_state_can_be_reached_and_has_a_colour():
    assert {state for state, _ in EXPECTED.values()} == set(TrayState) == set(ROLES)


def test_the_tooltip_says_the_home_address_and_the_network():
    assert view(samples.AWAY).tooltip == "Away, reachable at 2001:db8:1::10\nNetwork 2001:db8:2::/64 on wlan0"
    assert view(samples.AT_HOME).tooltip.endswith("Home network on wlan0")


def test_registered_is_not_enough_for_green():
    failed = samples.with_address(verified=False)
    assert view(failed).state is TrayState.UNVERIFIED
    assert "a test did not come back" in view(failed).title


def test_two_addresses_are_green_only_together():
    second = samples.TWO_ADDRESSES
    assert tray_state(second) is TrayState.UNVERIFIED


def test_a_problem_is_work_until_it_has_lasted():
    started = samples.problem(ProblemCode.HOME_AGENT_SILENT, since=samples.NOW)
    status = samples.with_engine(phase=Phase.PROBLEM, problems=(started,))
    assert view(status).state is TrayState.WORKING
    assert next_change(status, samples.NOW) == 5.0
    assert view(status, Instant(samples.NOW + 5)).state is TrayState.PROBLEM
    assert next_change(status, Instant(samples.NOW + 5)) is None


def test_a_warning_is_a_problem_only_where_nothing_works():
    warned = samples.with_engine(problems=(samples.problem(ProblemCode.UNPROTECTED_SIGNALLING),))
    assert tray_state(warned) is TrayState.AWAY
    stuck = samples.with_engine(phase=Phase.PROBLEM, problems=(samples.problem(ProblemCode.NO_HOME_AGENT),))
    assert view(stuck).title == "No home agent is known"
    assert tray_state(samples.with_engine(phase=Phase.PROBLEM)) is TrayState.PROBLEM


def test_a_problem_says_what_it_is_about():
    assert view(samples.PROBLEM).detail == (
        "The home agent answered for 2001:db8:1::10: not allowed by the administrator."
    )


def test_the_worst_problem_is_first():
    assert visible_problems(samples.CROWDED)[0].declaration.severity.value == "error"
    assert len(visible_problems(samples.CROWDED)) == len(ProblemCode)


def test_a_problem_outranks_a_question():
    assert tray_state(replace(samples.PROBLEM, proposals=(samples.PROPOSAL,))) is TrayState.PROBLEM


def test_the_oldest_question_is_asked_first():
    older = replace(samples.PROPOSAL, address=samples.SECOND_ADDRESS, proposed_time=samples.BOOT_TIME)
    asked = question(replace(samples.AWAY, proposals=(samples.PROPOSAL, older)))
    assert asked.address == samples.SECOND_ADDRESS
    assert asked.text == "Use 2001:db8:7::10 as a home address?"
    assert asked.detail == "Heard 13 times on this network; home agent 2001:db8:1::1"


def test_home_addresses_can_be_copied_also_while_switched_off():
    assert [each.address for each in view(samples.OFF).addresses] == ["2001:db8:1::10"]
    assert [each.label for each in view(samples.TWO_ADDRESSES).addresses] == [
        "2001:db8:1::10 (reachable)",
        "2001:db8:7::10 (moving)",
    ]


def test_what_can_be_switched():
    assert view(samples.OFF).can_connect and not view(samples.OFF).can_disconnect
    assert view(samples.AWAY).can_disconnect and not view(samples.AWAY).can_connect
    lost = tray_view(Snapshot("absent", None, "The mnclient service is not running", "start it"))
    assert not lost.can_connect and not lost.can_disconnect


@pytest.mark.parametrize("reach", ["absent", "denied", "incompatible"])
def test_without_the_service_the_reason_is_said(reach):
    shown = tray_view(Snapshot(reach, None, "It is not there", "Start it"))
    assert (shown.state, shown.title, shown.detail) == (TrayState.PROBLEM, "It is not there", "Start it")


def test_while_the_service_is_looked_for():
    assert tray_view(Snapshot("connecting")).state is TrayState.WORKING


def test_nothing_set_up_yet():
    assert view(samples.FIRST_RUN).title == "No home address yet"


def test_every_state_of_an_address_has_words():
    for phase in Phase:
        for state in HomeAddressState:
            shown = view(samples.with_address(phase=phase, state=state, registered=False, verified=None))
            assert shown.title and shown.addresses[0].label
            assert view(samples.with_engine(phase=phase, home_addresses=())).title


def test_a_network_without_a_known_prefix():
    wireless = replace(samples.WIRELESS, routers=())
    assert current_network(samples.with_engine(interfaces=(wireless,))) == f"Network {samples.CARE_OF} on wlan0"
    bare = replace(wireless, care_of_address=None)
    assert current_network(samples.with_engine(interfaces=(bare,))) == "Network on wlan0"
    assert current_network(samples.NO_NETWORK) == ""
