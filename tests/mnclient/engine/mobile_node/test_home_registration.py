# SPDX-License-Identifier: GPL-2.0-or-later
"""Registration from abroad: what is sent, which answers count, and what every status leads to."""

from ipaddress import IPv6Address, IPv6Network
from itertools import pairwise

import pytest

from mnclient.constants import INITIAL_BINDACK_TIMEOUT, REFRESH_FRACTION
from mnclient.engine.actions import ReportHomeAddress
from mnclient.engine.mobile_node.home_registration import TABLE, Input
from mnclient.model.problems import ProblemCode
from mnclient.model.status import HomeAddressState as State
from mnclient.model.status import Phase
from mnclient.units import Seconds
from tests.mnclient.engine.mobile_node.script import (
    AGENT,
    HOME,
    HOME_PREFIX,
    MAC_A,
    NET_A,
    NET_B,
    ROUTER_A,
    Script,
    ack,
    advertisement,
    binding_update,
    config,
    home,
    link,
    only,
    prefix,
    ra_a,
    ra_b,
    updates,
)


@pytest.fixture
def abroad() -> Script:
    """On eth0, nothing heard yet."""
    script = Script()
    script.give(link())
    return script


@pytest.fixture
def registered(abroad) -> Script:
    abroad.register()
    return abroad


def times_of_updates(script: Script, seconds: float) -> list[float]:
    return [time for time, action in script.timeline(seconds) if updates([action])]


# --- what is sent ----------------------------------------------------------------------------------------------------


@pytest.mark.requirement(
    "MN-11.7.1-04", "MN-11.7.1-05", "MN-11.5.4-02", "MN-11.7.1-01", "MN-11.7.1-13", "MN-6.1.7-02", "MN-6.1.7-03"
)
def test_the_update_has_the_form_of_a_home_registration(abroad):
    action = only(updates(abroad.give(ra_a())))
    packet, message = action.packet, binding_update(action)
    assert packet.source == abroad.care_of
    assert packet.source in NET_A
    assert (packet.destination, packet.home_address, packet.routing_home_address) == (AGENT, HOME, None)
    assert (message.acknowledge, message.home_registration, message.key_management_mobility) == (True, True, False)
    assert message.alternate_care_of_address == packet.source
    assert message.lifetime == 600.0
    assert abroad.where is State.REGISTERING


@pytest.mark.requirement("MN-11.7.1-06")
def test_L_is_set_when_the_home_address_has_the_identifier_of_the_hardware():
    own = IPv6Address("2001:db8:1::ff:fe00:42")
    for address, expected in ((own, True), (HOME, False)):
        script = Script(config(home(address)))
        script.give(link())
        assert binding_update(only(updates(script.give(ra_a())))).link_local_compatibility is expected


@pytest.mark.requirement("MN-11.7.1-07")
@pytest.mark.parametrize("identifier", ["a1b2:c3d4:e5f6:789", "e1b2:c3ff:fed4:e5f6", "0:0:0:100"])
def test_L_is_clear_when_the_identifier_is_a_random_one(identifier):
    """Also when the link-local address has the same: nobody on the home link has to answer for that one."""
    script = Script(config(home(IPv6Address(f"2001:db8:1:0:{identifier}"))))
    script.give(link(link_local_address=IPv6Address(f"fe80::{identifier}")))
    assert not binding_update(only(updates(script.give(ra_a())))).link_local_compatibility


@pytest.mark.requirement("MN-11.7.1-09")
@pytest.mark.parametrize(
    "wanted, valid, expected",
    [(600.0, 86400.0, 600.0), (600.0, 100.0, 100.0), (602.0, 8000.0, 600.0), (0.0, 8000.0, 4.0), (1e9, 1e9, 262140.0)],
)
def test_the_lifetime_is_bounded_and_never_zero(wanted, valid, expected):
    script = Script(config(registration_lifetime=Seconds(wanted)))
    script.give(link())
    event = advertisement(ROUTER_A, MAC_A, prefix(NET_A, valid=valid, preferred=min(valid, 50.0)))
    assert binding_update(only(updates(script.give(event)))).lifetime == expected


@pytest.mark.requirement("MN-11.1-01", "MN-11.1-02", "MN-11.7.1-14")
def test_the_binding_update_list_knows_it(abroad):
    message = binding_update(only(updates(abroad.give(ra_a()))))
    entry = only(abroad.node.binding_update_list(abroad.now))
    assert (entry.destination, entry.home_address, entry.care_of_address) == (AGENT, HOME, abroad.care_of)
    assert (entry.sequence, entry.lifetime, entry.acknowledged) == (message.sequence, 600.0, False)
    assert entry.expires == abroad.now + 600.0
    abroad.give(ack(message))
    assert only(abroad.node.binding_update_list(abroad.now)).acknowledged


# --- retransmission --------------------------------------------------------------------------------------------------


@pytest.mark.requirement("MN-11.8-02", "MN-11.8-04", "MN-11.8-05", "MN-11.7.1-11", "MN-11.7.1-12", "MN-11.7.1-17")
def test_the_first_registration_is_repeated_from_one_and_a_half_seconds_on(abroad):
    abroad.give(ra_a())
    times = [0.0, *times_of_updates(abroad, 200.0)]
    gaps = [round(later - earlier, 3) for earlier, later in pairwise(times)]
    assert gaps == [1.5, 3, 6, 12, 24, 32, 32, 32, 32]


@pytest.mark.requirement("MN-13-01")
def test_the_first_timeout_is_configurable():
    script = Script(config(initial_bindack_timeout_first_reg=Seconds(5.0)))
    script.give(link())
    script.give(ra_a())
    assert times_of_updates(script, 6.0) == [5.0]


@pytest.mark.requirement("MN-11.8-03")
def test_later_registrations_are_repeated_from_one_second_on(registered):
    registered.pass_time(5.0)
    registered.give(link(interrupted=True))
    assert updates(registered.give(ra_b()))
    assert times_of_updates(registered, 3.5) == [INITIAL_BINDACK_TIMEOUT, 3 * INITIAL_BINDACK_TIMEOUT]


@pytest.mark.requirement("MN-11.8-08")
def test_every_transmission_has_the_next_sequence_number(abroad):
    actions = abroad.give(ra_a()) + abroad.pass_time(60.0)
    numbers = [binding_update(each).sequence for each in updates(actions)]
    assert len(numbers) > 4
    assert numbers == [(numbers[0] + step) % 65536 for step in range(len(numbers))]


def test_sequence_numbers_wrap():
    script = Script()
    script.node._updates._sequences[(AGENT, HOME)] = 65535
    script.give(link())
    assert binding_update(only(updates(script.give(ra_a())))).sequence == 0


@pytest.mark.requirement("MN-11.7.3-04")
def test_an_acknowledgement_ends_the_repetition(registered):
    assert registered.where is State.REGISTERED
    assert registered.node.phase(registered.now) is Phase.REGISTERED
    assert times_of_updates(registered, 100.0) == []


@pytest.mark.requirement("MN-11.5.3-02", "MN-11.8-07")
def test_moving_fast_sends_three_a_second_and_then_the_newest_address(abroad):
    moments = []
    for step in range(8):
        abroad.give(link(interrupted=True))
        event = (ra_a, ra_b)[step % 2]()
        moments += [step * 0.05] * len(updates(abroad.give(event)))
        moments += [step * 0.05 + time for time, action in abroad.timeline(0.05) if updates([action])]
    assert moments == pytest.approx([0.0, 0.05, 0.1])
    late = [(0.4 + time, action) for time, action in abroad.timeline(1.0) if updates([action])]
    assert late[0][0] == pytest.approx(1.0)
    assert late[0][1].packet.source == abroad.care_of
    assert abroad.care_of in NET_B


def test_a_transmission_held_back_is_no_timeout(abroad):
    for step in range(5):
        abroad.give(link(interrupted=True))
        abroad.give((ra_a, ra_b)[step % 2]())
    assert abroad.node.counters()["bu.held-back"] == 2
    assert updates(abroad.pass_time(1.0))
    assert "bu.timeouts" not in abroad.node.counters()


# --- lifetimes -------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("MN-11.7.1-02", "MN-11.7.3-06")
def test_the_binding_is_refreshed_in_good_time(registered):
    assert times_of_updates(registered, 452.0)[0] == pytest.approx(600.0 * REFRESH_FRACTION)
    assert registered.where is State.REGISTERED


@pytest.mark.requirement("MN-11.7.3-05")
def test_a_shorter_lifetime_counts_from_the_update(abroad):
    update = only(updates(abroad.give(ra_a())))
    abroad.pass_time(1.0)
    abroad.give(ack(update, lifetime=100.0))
    # L_remain 599, L_update 600, L_ack 100
    assert abroad.home_address().registered_until == pytest.approx(abroad.now + 99.0)
    assert only(abroad.node.binding_update_list(abroad.now)).expires == pytest.approx(abroad.now + 99.0)
    assert times_of_updates(abroad, 75.0) == [pytest.approx(99.0 * REFRESH_FRACTION)]


def test_a_longer_lifetime_than_asked_for_means_nothing(abroad):
    abroad.give(ack(only(updates(abroad.give(ra_a()))), lifetime=5000.0))
    assert abroad.home_address().registered_until == pytest.approx(abroad.now + 600.0)


@pytest.mark.requirement("MN-11.7.3-12")
@pytest.mark.parametrize("advice, expected", [(40.0, 40.0), (0.0, 450.0), (599.0, 450.0)])
def test_refresh_advice_is_followed_when_it_is_sooner(abroad, advice, expected):
    abroad.give(ack(only(updates(abroad.give(ra_a()))), advice=advice))
    assert times_of_updates(abroad, expected + 0.5) == [pytest.approx(expected)]


@pytest.mark.requirement("MN-11.1-04")
def test_a_binding_that_ends_starts_like_the_first(registered):
    registered.pass_time(599.0)
    assert registered.where is State.REGISTERED
    gaps = times_of_updates(registered, 3.0)
    assert gaps == [pytest.approx(1.0), pytest.approx(2.5)]
    assert registered.where is State.REGISTERING


@pytest.mark.requirement("MN-11.1-04")
@pytest.mark.parametrize("is_answered", [True, False])
def test_its_entry_in_the_list_ends_with_the_lifetime_that_was_asked_for(abroad, is_answered):
    update = only(updates(abroad.give(ra_a())))
    if is_answered:
        abroad.give(ack(update))
    abroad.give(link(up=False))  # so that no other one is sent
    abroad.pass_time(599.9)
    assert only(abroad.node.binding_update_list(abroad.now)).sequence == binding_update(update).sequence
    abroad.pass_time(0.1)
    assert abroad.node.binding_update_list(abroad.now) == ()


def test_sleeping_past_the_end_registers_once(registered):
    updates(registered.sleep(8 * 3600.0))
    registered.give(link(interrupted=True))
    assert registered.where is State.SEARCHING
    assert len(updates(registered.pass_time(1.0) + registered.give(ra_a()))) == 1


def test_a_lifetime_of_zero_in_an_acceptance_is_no_binding(abroad):
    abroad.give(ack(only(updates(abroad.give(ra_a()))), lifetime=0.0))
    assert abroad.where is State.REFUSED
    assert times_of_updates(abroad, 29.0) == []


# --- other things ----------------------------------------------------------------------------------------------------


def test_a_silent_home_agent_is_a_problem_until_it_answers(abroad):
    update = only(updates(abroad.give(ra_a())))
    abroad.pass_time(2.0)
    assert ProblemCode.HOME_AGENT_SILENT not in abroad.problems()
    abroad.pass_time(3.0)
    assert ProblemCode.HOME_AGENT_SILENT in abroad.problems()
    assert abroad.node.phase(abroad.now) is Phase.PROBLEM
    since = {problem.code: problem.since for problem in abroad.node.problems(abroad.now)}
    abroad.pass_time(100.0)
    assert {problem.code: problem.since for problem in abroad.node.problems(abroad.now)} == since
    abroad.give(ack(update))
    assert abroad.problems() == {ProblemCode.UNPROTECTED_SIGNALLING}


def test_without_protection_nothing_is_sent_unless_that_is_allowed():
    script = Script(config(allow=False))
    script.give(link())
    assert not updates(script.give(ra_a()) + script.pass_time(100.0))
    assert script.where is State.UNPROTECTED
    assert script.problems() == {ProblemCode.PROTECTION_MISSING}
    assert updates(script.configure(config()))
    assert ProblemCode.UNPROTECTED_SIGNALLING in script.problems()


def test_without_a_home_agent_there_is_nothing_to_register_with():
    script = Script(config(home(agent=None)))
    script.give(link())
    assert not updates(script.give(ra_a()) + script.pass_time(100.0))
    assert script.where is State.SEARCHING
    assert script.problems() == {ProblemCode.NO_HOME_AGENT}
    assert updates(script.configure(config()))


@pytest.mark.requirement("MN-11.7.1-16")
def test_several_home_addresses_register_each_on_its_own():
    second = home(IPv6Address("2001:db8:2::5"), IPv6Network("2001:db8:2::/64"), IPv6Address("2001:db8:2::1"))
    script = Script(config(home(), second))
    script.give(link())
    sent = {each.packet.home_address: each for each in updates(script.give(ra_a()))}
    assert {address: each.packet.destination for address, each in sent.items()} == {
        HOME: AGENT,
        second.address: second.home_agent,
    }
    script.give(ack(sent[HOME]))
    assert script.home_address().state is State.REGISTERED
    assert script.home_address(second.address).state is State.REGISTERING


def test_every_change_of_state_is_reported(abroad):
    actions = abroad.give(ra_a())
    actions += abroad.give(ack(only(updates(actions))))
    reports = [each for each in actions if isinstance(each, ReportHomeAddress)]
    assert [(each.state, each.status, each.home_agent) for each in reports] == [
        (State.REGISTERING, None, AGENT),
        (State.REGISTERED, 0, AGENT),
    ]


def test_a_duplicate_ends_with_another_detection_only():
    ends = {event for (state, event), (then, _) in TABLE.items() if state is State.DUPLICATE is not then}
    assert ends == {Input.HOME, Input.HOME_BOUND, Input.ABROAD}


def test_every_state_can_be_left_for_wherever_the_node_is():
    for state in State:
        for event in (Input.HOME, Input.HOME_BOUND, Input.ABROAD, Input.NO_AGENT, Input.UNPROTECTED, Input.DETACHED):
            assert (state, event) in TABLE


def test_taking_the_home_address_away_deletes_the_binding(registered):
    registered.pass_time(2.0)
    actions = registered.configure(config(home(IPv6Address("2001:db8:1::200"))))
    gone = next(each for each in updates(actions) if each.packet.home_address == HOME)
    assert binding_update(gone).lifetime == 0
    assert HOME_PREFIX not in [each.destination for each in registered.state.routes]
