# SPDX-License-Identifier: GPL-2.0-or-later
"""Networks visited before (RFC 6059): asked for at once, and usable with the first answer, whoever advertises when."""

from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.constants import MAX_UNICAST_SOLICIT, ROUTER_PROBE_INTERVAL
from mnclient.engine.events import DeadlineReached, LinkRemoved, Resumed
from mnclient.engine.mobile_node.link import ANSWER_TIMES, QUICKEST_PROBE
from mnclient.engine.mobile_node.router_discovery import MAX_CANDIDATES_PROBED
from mnclient.units import Seconds, after
from tests.mnclient.engine.mobile_node.script import (
    LINK_LOCAL,
    MAC_A,
    MAC_B,
    NET_A,
    NET_B,
    ROUTER_A,
    ROUTER_B,
    Script,
    ack,
    advertisement,
    answer,
    config,
    kinds,
    link,
    only,
    policy,
    prefix,
    probes,
    ra_a,
    ra_b,
    solicitations,
    updates,
)

EVERYBODY = IPv6Address("fe80::1")


def visited(*events) -> Script:
    """On eth0, one network after the other; now the cable hangs."""
    script = Script()
    for event in events:
        script.give(link())
        for update in updates(script.give(event)):
            script.give(ack(update))
        script.pass_time(2.0)
        script.give(link(up=False))
    return script


def asked(actions) -> list[tuple[IPv6Address, bytes]]:
    return [(each.packet.destination, each.link_layer_destination) for each in probes(actions)]


@pytest.mark.requirement("RFC6059-MN-5.5.3-01", "RFC6059-MN-5.5.1-01")
def test_all_networks_visited_before_are_asked_for_beside_the_solicitation():
    script = visited(ra_a(), ra_b())
    actions = script.give(link())
    assert len(solicitations(actions)) == 1
    assert asked(actions) == [(ROUTER_B, MAC_B), (ROUTER_A, MAC_A)], "the last one first"


def test_the_answer_is_enough_for_the_same_care_of_address_and_the_binding_update_in_one_turn():
    script = Script()
    script.register()
    before = script.care_of
    script.give(link(up=False))
    script.pass_time(60.0)
    script.give(link())
    actions = script.give(answer(ROUTER_A, MAC_A))
    assert script.care_of == before
    order = kinds(actions)
    assert order.index("SetNetworkState") < order.index("BindingUpdate")
    assert only(updates(actions)).packet.source == before


@pytest.mark.requirement("RFC4429-MN-1-01")
def test_a_new_care_of_address_and_its_binding_update_come_in_one_turn_too():
    script = Script()
    script.give(link())
    order = kinds(script.give(ra_a()))
    assert order.index("SetNetworkState") < order.index("BindingUpdate")


@pytest.mark.requirement("RFC6059-MN-5.7.1-01")
def test_of_two_routers_of_one_name_the_one_that_answers_is_there():
    """Everybody may be fe80::1: only the hardware address tells."""
    one = advertisement(EVERYBODY, MAC_A, NET_A)
    other = advertisement(EVERYBODY, MAC_B, NET_B)
    script = visited(one, other)
    assert sorted(asked(script.give(link()))) == [(EVERYBODY, MAC_A), (EVERYBODY, MAC_B)]
    stranger = bytes.fromhex("0200000000cc")
    assert not updates(script.give(answer(EVERYBODY, stranger)))
    update = only(updates(script.give(answer(EVERYBODY, MAC_A))))
    assert update.packet.source in NET_A


@pytest.mark.requirement("RFC6059-MN-5.7.1-01")
def test_a_router_whose_hardware_address_was_never_known_is_not_recognised():
    script = visited(advertisement(EVERYBODY, b"", NET_A))
    assert not asked(script.give(link()))
    assert not updates(script.give(answer(EVERYBODY, MAC_A)))


@pytest.mark.requirement("RFC6059-MN-5.5.2-02")
@pytest.mark.parametrize(
    "event",
    [
        ra_a(lifetime=50.0),
        advertisement(ROUTER_A, MAC_A, prefix(NET_A, valid=50.0, preferred=50.0)),
        advertisement(ROUTER_A, MAC_A, prefix(NET_A, autonomous=False)),
    ],
)
def test_what_has_ended_or_gives_no_address_is_not_asked(event):
    script = visited(event)
    script.pass_time(60.0)
    assert not asked(script.give(link()))
    assert not updates(script.give(answer(ROUTER_A, MAC_A)))


@pytest.mark.requirement("RFC6059-MN-5.5.3-01")
def test_no_more_than_six_are_asked_the_most_recent_ones():
    events = [
        advertisement(
            IPv6Address(f"fe80::{number}"), bytes([2, 0, 0, 0, 0, number]), IPv6Network(f"2001:db8:{number}0::/64")
        )
        for number in range(1, 10)
    ]
    script = visited(*events)
    found = asked(script.give(link()))
    assert len(found) == MAX_CANDIDATES_PROBED
    assert [destination for destination, _ in found] == [IPv6Address(f"fe80::{number}") for number in range(9, 3, -1)]


def asked_at(script: Script, seconds: float) -> list[tuple[float, IPv6Address]]:
    return [(time, action.packet.destination) for time, action in script.timeline(seconds) if probes([action])]


def test_the_question_may_be_lost_so_it_is_asked_as_often_as_of_any_neighbor():
    """A router that advertises seldom would else be found by the answer to a solicitation alone, seconds later."""
    script = visited(ra_a(), ra_b())
    assert len(asked(script.give(link()))) == 2
    again = asked_at(script, 3600.0)
    assert [each for _, each in again] == [ROUTER_B, ROUTER_A] * (MAX_UNICAST_SOLICIT - 1)
    assert [time for time, _ in again] == pytest.approx([0.5, 0.5, 1.5, 1.5]), "beside the solicitations"


def test_a_question_that_was_slept_through_is_not_asked_twice_at_waking_up():
    script = visited(ra_a(), ra_b())
    script.give(link())
    script.now = after(script.now, Seconds(5.0))
    actions = [*script.give(DeadlineReached()), *script.give(Resumed())]
    assert asked(actions) == [(ROUTER_B, MAC_B), (ROUTER_A, MAC_A)]


def test_the_answer_to_the_second_question_is_as_good():
    script = visited(ra_a(), ra_b())
    script.give(link())
    script.pass_time(0.6)
    assert only(updates(script.give(answer(ROUTER_A, MAC_A)))).packet.source in NET_A
    assert not [each for _, each in asked_at(script, 3.0) if each == ROUTER_B], "a router is found"


def test_a_network_known_from_another_interface_is_asked_for_again_too():
    script = Script()
    script.register()
    script.give(link("wlan0", mac=bytes.fromhex("020000000043")))
    script.give(link(up=False))
    assert asked_at(script, 1.0) == [(0.5, ROUTER_A)]
    assert updates(script.give(answer(ROUTER_A, MAC_A, interface="wlan0")))


@pytest.mark.requirement("RFC6059-MN-5.5.2-02")
def test_what_ends_between_two_questions_is_not_asked_again():
    script = visited(ra_a(lifetime=50.0))
    script.pass_time(47.0)
    assert asked(script.give(link())) == [(ROUTER_A, MAC_A)]
    assert [time for time, _ in asked_at(script, 10.0)] == [0.5], "a second later it serves no longer"


def test_what_the_advertisement_says_is_believed_rather_than_what_was_remembered():
    script = Script()
    script.register()
    script.give(link(interrupted=True))
    script.give(answer(ROUTER_A, MAC_A))
    script.give(ra_b())
    script.pass_time(2.0)
    assert script.care_of in NET_B, "the one that was remembered answers no more"


# --- other interfaces ------------------------------------------------------------------------------------------------


def test_a_network_known_from_another_interface_is_asked_for_too():
    """The cable and the radio of one home: what was learned on one is known on the other."""
    script = Script()
    script.register()
    found = asked(script.give(link("wlan0", mac=bytes.fromhex("020000000043"))))
    assert found == [(ROUTER_A, MAC_A)]
    script.give(link(up=False))
    update = only(updates(script.give(answer(ROUTER_A, MAC_A, interface="wlan0"))))
    assert update.packet.source in NET_A
    script.give(ra_a(interface="wlan0", lifetime=20.0))
    script.give(link("wlan0", up=False))
    assert asked(script.give(link())) == [(ROUTER_A, MAC_A)], "each interface remembers for itself"


def test_on_the_other_interface_both_names_must_be_right():
    script = Script()
    script.register()
    script.give(link("wlan0"))
    script.give(link(up=False))
    assert not updates(script.give(answer(ROUTER_A, MAC_B, interface="wlan0")))
    assert not updates(script.give(answer(ROUTER_B, MAC_A, interface="wlan0")))
    assert not updates(script.give(answer(ROUTER_A, MAC_A, interface="wlan0", solicited=False)))
    assert updates(script.give(answer(ROUTER_A, MAC_A, interface="wlan0")))


def test_an_interface_that_has_a_router_takes_no_other():
    script = Script()
    script.register()
    script.give(link("wlan0"))
    script.give(ra_b(interface="wlan0"))
    script.give(answer(ROUTER_A, MAC_A, interface="wlan0"))
    status = only(each for each in script.node.interfaces(script.now) if each.name == "wlan0")
    assert [each.address for each in status.routers] == [ROUTER_B]


def test_an_interface_that_is_gone_is_not_remembered():
    script = Script()
    script.register()
    script.give(LinkRemoved(interface="eth0"))
    assert not asked(script.give(link("wlan0")))


def test_a_disabled_interface_does_not_ask():
    script = Script(config(interfaces=(policy("wlan0", enabled=False),)))
    script.register()
    assert not asked(script.give(link("wlan0")))


def test_a_link_without_a_link_local_address_asks_as_soon_as_it_has_one():
    script = visited(ra_a())
    actions = script.give(link(link_local_address=None))
    assert not asked(actions)
    assert len(solicitations(actions)) == 1
    assert asked(script.give(link(link_local_address=LINK_LOCAL))) == [(ROUTER_A, MAC_A)]
    assert not asked(script.give(link(link_local_address=LINK_LOCAL)))


# --- how long an answer is waited for --------------------------------------------------------------------------------


def doubted(answer_after: float | None) -> float:
    """How long it takes to leave a router that does not answer, if it always answered in that time."""
    script = Script()
    script.give(link())
    script.give(ack(only(updates(script.give(ra_a())))))
    if answer_after is not None:
        script.pass_time(answer_after)
        script.give(answer(ROUTER_A, MAC_A))
    script.pass_time(2.0)
    script.give(ra_b())
    return next(time for time, action in script.timeline(5.0) if updates([action]))


def test_a_router_that_answers_at_once_is_not_waited_for_as_if_it_were_far_away():
    assert doubted(None) == pytest.approx(MAX_UNICAST_SOLICIT * ROUTER_PROBE_INTERVAL)
    assert doubted(0.001) == pytest.approx(MAX_UNICAST_SOLICIT * QUICKEST_PROBE)
    assert doubted(0.03) == pytest.approx(MAX_UNICAST_SOLICIT * ANSWER_TIMES * 0.03)
    assert doubted(0.4) == pytest.approx(MAX_UNICAST_SOLICIT * ROUTER_PROBE_INTERVAL)
    assert Seconds(doubted(0.0)) == pytest.approx(MAX_UNICAST_SOLICIT * QUICKEST_PROBE)
