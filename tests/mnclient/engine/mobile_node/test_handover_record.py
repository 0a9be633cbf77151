# SPDX-License-Identifier: GPL-2.0-or-later
"""The record of every move."""

import pytest

from mnclient.constants import MAX_HANDOVERS
from mnclient.engine.actions import ReportHandover
from mnclient.engine.events import AddressSettled, PayloadReceived
from mnclient.engine.mobile_node.handover_record import CLOSES_AFTER, FAILS_AFTER
from mnclient.model.handover import Handover, Outcome, Stage
from tests.mnclient.engine.mobile_node.script import (
    HOME,
    MAC_A,
    NET_A,
    NET_B,
    ROUTER_A,
    Script,
    ack,
    answer,
    config,
    link,
    only,
    policy,
    prove,
    ra_a,
    ra_b,
    ra_home,
    updates,
)


@pytest.fixture
def abroad() -> Script:
    script = Script()
    script.register()
    script.pass_time(5.0)
    return script


def newest(script: Script) -> Handover:
    return script.node.handovers()[-1]


def names(handover: Handover) -> list[str]:
    return [stage.value for stage, _ in handover.stages]


def test_the_first_registration_is_no_move(abroad):
    assert abroad.node.handovers() == ()


def test_a_move_with_the_cable_pulled(abroad):
    start = abroad.now
    abroad.give(link(up=False))
    abroad.pass_time(1.0)
    abroad.give(link())
    abroad.pass_time(0.1)
    update = only(updates(abroad.give(ra_b())))
    assert newest(abroad).outcome is Outcome.UNDER_WAY
    abroad.pass_time(0.02)
    abroad.give(ack(update))
    assert newest(abroad).outcome is Outcome.COMPLETED, "whether there is any traffic or not"
    abroad.pass_time(0.03)
    actions = abroad.give(PayloadReceived(home_address=HOME))
    record = newest(abroad)
    assert only(each for each in actions if isinstance(each, ReportHandover)).handover == record
    assert (record.from_network, record.to_network, record.interface) == (str(NET_A), str(NET_B), "eth0")
    assert (record.number, record.started, record.outcome) == (1, start, Outcome.COMPLETED)
    assert {stage.value: round(offset, 3) for stage, offset in record.offsets().items()} == {
        "link_down": 0.0,
        "link_up": 1.0,
        "router_solicited": 1.0,
        "router_heard": 1.1,
        "care_of_address": 1.1,
        "binding_update": 1.1,
        "binding_acknowledged": 1.12,
        "first_payload": 1.15,
    }
    assert record.duration() == pytest.approx(1.12)


def test_a_move_on_a_link_that_stays_begins_with_the_new_router(abroad):
    start = abroad.now
    abroad.give(ra_b())
    assert abroad.node.handovers() == ()
    update = only(updates(abroad.pass_time(1.0)))
    abroad.give(ack(update))
    record = newest(abroad)
    assert record.started == start
    assert names(record) == [
        "router_heard",
        "router_solicited",
        "care_of_address",
        "binding_update",
        "binding_acknowledged",
    ]


def test_a_router_that_answers_makes_no_move(abroad):
    for _ in range(3):
        abroad.give(ra_b())
        abroad.give(answer(ROUTER_A, MAC_A))
        abroad.pass_time(3.0)
    assert abroad.node.handovers() == ()


def test_a_move_after_a_false_alarm_begins_with_its_own_first_sign(abroad):
    abroad.give(ra_b())
    abroad.give(answer(ROUTER_A, MAC_A))
    abroad.pass_time(30.0)
    start = abroad.now
    abroad.give(link(up=False))
    abroad.give(link())
    abroad.give(ra_b())
    assert newest(abroad).started == start
    assert names(newest(abroad))[0] == "link_down"


def test_home_is_reached_with_the_answer(abroad):
    abroad.give(link(interrupted=True))
    abroad.give(ack(only(updates(abroad.give(ra_home())))))
    record = newest(abroad)
    assert (record.from_network, record.to_network, record.outcome) == (str(NET_A), "home", Outcome.COMPLETED)
    assert Stage.CARE_OF_ADDRESS not in record.offsets()
    assert names(record)[-2:] == ["binding_update", "binding_acknowledged"]


def test_leaving_home_and_being_home_again():
    script = Script()
    script.give(link())
    script.give(ra_home())
    script.give(AddressSettled(interface="eth0", address=HOME))
    script.give(link(interrupted=True))
    script.give(ack(only(updates(script.give(ra_a())))))
    assert (newest(script).from_network, newest(script).to_network) == ("home", str(NET_A))


def test_a_move_overtaken_by_the_next_one(abroad):
    abroad.give(link(interrupted=True))
    abroad.give(ra_b())
    abroad.pass_time(0.2)
    abroad.give(link(interrupted=True))
    abroad.give(ra_a())
    assert [each.outcome for each in abroad.node.handovers()] == [Outcome.SUPERSEDED, Outcome.UNDER_WAY]
    assert [each.number for each in abroad.node.handovers()] == [1, 2]


def test_a_refused_move_failed(abroad):
    abroad.give(link(interrupted=True))
    abroad.give(ack(only(updates(abroad.give(ra_b()))), 129))
    assert newest(abroad).outcome is Outcome.FAILED


def test_without_traffic_a_move_is_closed_in_the_end(abroad):
    abroad.give(link(interrupted=True))
    abroad.give(ack(only(updates(abroad.give(ra_b())))))
    abroad.pass_time(CLOSES_AFTER + 0.1)
    assert newest(abroad).outcome is Outcome.COMPLETED


def test_without_an_answer_it_failed(abroad):
    abroad.give(link(interrupted=True))
    abroad.give(ra_b())
    abroad.pass_time(FAILS_AFTER + 0.1)
    assert newest(abroad).outcome is Outcome.FAILED


def test_switching_to_a_better_interface_is_a_move_too():
    script = Script(config(interfaces=(policy("wlan0", 200),)))
    script.give(link("wlan0"))
    script.give(ack(only(updates(script.give(ra_b(interface="wlan0"))))))
    script.give(link())
    script.give(ra_a())
    prove(script, "eth0")
    record = newest(script)
    assert (record.from_network, record.to_network, record.interface) == (str(NET_B), str(NET_A), "eth0")
    assert Stage.LINK_DOWN not in record.offsets()


def test_only_so_many_are_kept(abroad):
    for number in range(MAX_HANDOVERS + 20):
        abroad.give(link(interrupted=True))
        abroad.give((ra_a, ra_b)[number % 2]())
    assert len(abroad.node.handovers()) == MAX_HANDOVERS
    assert newest(abroad).number == MAX_HANDOVERS + 20
