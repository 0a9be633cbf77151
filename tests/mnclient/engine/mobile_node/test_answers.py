# SPDX-License-Identifier: GPL-2.0-or-later
"""Which answers of home agents count, and what every status leads to."""

from ipaddress import IPv6Address

import pytest

from mnclient.engine.events import PacketReceived
from mnclient.engine.sequence_numbers import SEQUENCE_MODULUS
from mnclient.model.problems import ProblemCode
from mnclient.model.status import HomeAddressState as State
from mnclient.model.status import Phase
from mnclient.wire.binding import describe_status
from mnclient.wire.packet import Packet
from tests.mnclient.engine.mobile_node.script import (
    AGENT,
    HOME,
    NET_A,
    Script,
    ack,
    binding_error,
    binding_update,
    config,
    home,
    link,
    only,
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


# --- which answers count ---------------------------------------------------------------------------------------------


@pytest.mark.requirement("MN-11.7.3-02")
@pytest.mark.parametrize(
    "change, reason",
    [
        ({"sequence": 12345}, "sequence"),
        ({"source": IPv6Address("2001:db8:1::2")}, "source"),
        ({"home_address": IPv6Address("2001:db8:1::999")}, "home-address"),
    ],
)
def test_answers_to_something_else_are_ignored_and_counted(abroad, change, reason):
    update = only(updates(abroad.give(ra_a())))
    abroad.give(ack(update, **change))
    assert abroad.where is State.REGISTERING
    assert abroad.node.counters()[f"ba.ignored.{reason}"] == 1


def test_answers_through_the_tunnel_or_without_routing_header_are_ignored(abroad):
    update = only(updates(abroad.give(ra_a())))
    good = ack(update)
    abroad.give(PacketReceived(interface="eth0", packet=good.packet, through_tunnel=True))
    bare = Packet(source=AGENT, destination=HOME, message=good.packet.message)
    abroad.give(PacketReceived(interface="eth0", packet=bare))
    assert abroad.where is State.REGISTERING
    assert abroad.node.counters()["ba.ignored.tunnel"] == 1
    assert abroad.node.counters()["ba.ignored.home-address"] == 1


def test_the_answer_to_any_transmission_of_the_same_address_counts_once(abroad):
    first = only(updates(abroad.give(ra_a())))
    abroad.pass_time(2.0)
    abroad.give(ack(first))
    assert abroad.where is State.REGISTERED
    abroad.give(ack(first, status=129))
    assert abroad.where is State.REGISTERED
    assert abroad.node.counters()["ba.ignored.sequence"] == 1


@pytest.mark.requirement("MN-11.7.3-02")
def test_the_answer_for_an_older_address_does_not_count(abroad):
    old = only(updates(abroad.give(ra_a())))
    abroad.give(link(interrupted=True))
    new = only(updates(abroad.give(ra_b())))
    abroad.give(ack(old))
    assert abroad.where is State.REGISTERING
    abroad.give(ack(new))
    assert abroad.where is State.REGISTERED


# --- every status ----------------------------------------------------------------------------------------------------


@pytest.mark.requirement("MN-6.1.8-01", "MN-11.7.3-04")
@pytest.mark.parametrize("status", [0, 1, 2, 77, 127])
def test_every_status_below_128_accepts(abroad, status):
    abroad.give(ack(only(updates(abroad.give(ra_a()))), status))
    assert abroad.where is State.REGISTERED
    assert abroad.home_address().last_status == status


@pytest.mark.requirement("MN-6.1.8-01")
@pytest.mark.parametrize("status", [128, 129, 131, 136, 139, 140, 255])
def test_refusals_are_shown_and_retried_rarely(abroad, status):
    abroad.give(ack(only(updates(abroad.give(ra_a(lifetime=9000.0)))), status, lifetime=600.0))
    assert abroad.where is State.REFUSED
    assert abroad.node.phase(abroad.now) is Phase.PROBLEM
    problem = only(p for p in abroad.node.problems(abroad.now) if p.code is ProblemCode.REGISTRATION_REFUSED)
    assert problem.detail == describe_status(status)
    tries = []
    for _ in range(7):
        start = abroad.now
        while not (again := updates(abroad.pass_time(1.0))):
            assert abroad.now - start < 700
        tries.append(abroad.now - start)
        abroad.give(ack(only(again), status))
    assert tries == pytest.approx([30, 60, 120, 240, 480, 600, 600], abs=1.1)


def test_lack_of_room_is_asked_about_sooner(abroad):
    abroad.give(ack(only(updates(abroad.give(ra_a()))), 130))
    assert times_of_updates(abroad, 11.0) == [pytest.approx(10.0)]


def test_a_refused_address_is_registered_at_once_in_another_network(abroad):
    abroad.give(ack(only(updates(abroad.give(ra_a()))), 129))
    abroad.give(link(interrupted=True))
    abroad.give(ack(only(updates(abroad.give(ra_b())))))
    assert abroad.where is State.REGISTERED
    assert ProblemCode.REGISTRATION_REFUSED not in abroad.problems()


def test_not_home_subnet_is_a_problem_of_its_own(abroad):
    abroad.give(ack(only(updates(abroad.give(ra_a()))), 132))
    assert abroad.where is State.REFUSED
    assert ProblemCode.NOT_HOME_SUBNET in abroad.problems()
    assert ProblemCode.REGISTRATION_REFUSED not in abroad.problems()


@pytest.mark.requirement("MN-11.7.1-18")
def test_a_duplicate_home_address_is_not_used_while_the_others_are():
    other = home(IPv6Address("2001:db8:1::200"))
    script = Script(config(home(), other))
    script.give(link())
    first = next(each for each in updates(script.give(ra_a())) if each.packet.home_address == HOME)
    script.give(ack(first, 134))
    assert script.where is State.DUPLICATE
    assert ProblemCode.HOME_ADDRESS_DUPLICATE in script.problems()
    assert not any(each.address == HOME for each in script.state.addresses)
    later = updates(script.pass_time(29.0))
    assert {each.packet.home_address for each in later} == {other.address}
    script.give(link(interrupted=True))
    again = next(each for each in updates(script.give(ra_b())) if each.packet.home_address == HOME)
    script.give(ack(again, 134))
    assert script.where is State.DUPLICATE
    assert not any(each.address == HOME for each in script.state.addresses)


@pytest.mark.requirement("MN-11.7.1-15", "MN-11.7.3-07")
def test_a_sequence_number_out_of_window_is_corrected_at_once(abroad):
    update = only(updates(abroad.give(ra_a())))
    accepted = (binding_update(update).sequence + 30_000) % SEQUENCE_MODULUS
    again = only(updates(abroad.give(ack(update, 135, sequence=accepted))))
    assert binding_update(again).sequence == (accepted + 1) % SEQUENCE_MODULUS
    abroad.give(ack(again))
    assert abroad.where is State.REGISTERED


def test_a_refusal_that_came_late_does_not_have_a_number_used_twice(abroad):
    """It was for a copy of an earlier transmission, and names a number that was accepted before that."""
    update = only(updates(abroad.give(ra_a())))
    later = only(updates(abroad.pass_time(1.6)))
    used = binding_update(later).sequence
    assert used == (binding_update(update).sequence + 1) % SEQUENCE_MODULUS
    again = only(updates(abroad.give(ack(update, 135, sequence=binding_update(update).sequence - 1))))
    assert binding_update(again).sequence == (used + 1) % SEQUENCE_MODULUS


def test_it_is_corrected_a_few_times_and_then_refused(abroad):
    update = only(updates(abroad.give(ra_a())))
    tries = 1
    while abroad.where is State.REGISTERING and tries < 20:
        again = updates(abroad.give(ack(update, 135, sequence=7)) + abroad.pass_time(0.5))
        update = again[-1] if again else update
        tries += len(again)
    assert abroad.where is State.REFUSED
    assert tries <= 5


def test_135_without_anything_unanswered_is_ignored(registered):
    message = only(registered.node.binding_update_list(registered.now))
    forged = ack(binding_update(only(updates(registered.actions))), 135, sequence=message.sequence + 9)
    assert not updates(registered.give(forged))
    assert registered.where is State.REGISTERED
    assert registered.node.counters()["ba.ignored.not-awaited"] == 1


def test_an_invalid_care_of_address_is_replaced(abroad):
    update = only(updates(abroad.give(ra_a())))
    again = only(updates(abroad.give(ack(update, 174))))
    assert again.packet.source in NET_A
    assert again.packet.source != update.packet.source
    assert not abroad.has_address("eth0", update.packet.source)


# --- binding errors ---------------------------------------------------------------------------------------------------


@pytest.mark.requirement("MN-11.3.6-02")
def test_a_binding_error_of_the_home_agent_registers_again(registered):
    registered.pass_time(2.0)
    assert len(updates(registered.give(binding_error()))) == 1
    assert registered.where is State.REGISTERING


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(binding_error(source=IPv6Address("2001:db8::bad")), marks=pytest.mark.requirement("MN-11.3.6-01")),
        binding_error(IPv6Address("2001:db8::7")),
        pytest.param(binding_error(status=2), marks=pytest.mark.requirement("MN-11.3.6-05")),
    ],
)
def test_other_binding_errors_are_ignored(registered, event):
    registered.pass_time(2.0)
    assert not updates(registered.give(event))
    assert registered.node.counters()["be.ignored"] == 1


def test_a_flood_of_binding_errors_keeps_the_rate(registered):
    moments = []
    for step in range(100):
        actions = registered.give(binding_error())
        for update in updates(actions):
            moments.append(step * 0.05)
            registered.give(ack(update))
        moments += [step * 0.05 + time for time, action in registered.timeline(0.05) if updates([action])]
    assert all(later - earlier >= 1.0 - 1e-6 for earlier, later in zip(moments, moments[3:], strict=False))
