# SPDX-License-Identifier: GPL-2.0-or-later
"""With a key a node is home where its home agent has shown that it has it, and nowhere else (ADR 58)."""

from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.engine.events import AddressSettled, DatapathChosen
from mnclient.engine.mobile_node.answers import DOUBT_INTERVAL
from mnclient.model.network_state import DuplicateDetection
from mnclient.model.problems import ProblemCode
from mnclient.model.status import HomeAddressState as State
from tests.mnclient.engine.associations import KINDS, association
from tests.mnclient.engine.mobile_node.script import (
    AGENT,
    AGENT_LOCAL,
    AGENT_MAC,
    HOME,
    HOME_PREFIX,
    MAC_A,
    MAC_B,
    NET_A,
    NET_B,
    ROUTER_A,
    ROUTER_B,
    Script,
    ack,
    advertisement,
    binding_error,
    binding_update,
    config,
    home,
    link,
    only,
    policy,
    prefix,
    ra_a,
    ra_b,
    ra_home,
    settle,
    updates,
)

MINE = association(HOME, AGENT)
SILENCE = 4.0  # seconds until two Binding Updates are unanswered, and no more than that
BOTH = (prefix(NET_A), prefix(HOME_PREFIX, router=AGENT))


def keyed(found=MINE, **rest):
    script = Script(config(allow=False))
    script.configure(None)
    script.give(DatapathChosen(route_optimization=True, protections=KINDS))
    script.configure(config(replace(home(), association=found), allow=False, **rest))
    script.give(link())
    return script


def under_key(event):
    return replace(event, protection=MINE.protection)


def arrive(script, event=None):
    """Plug in at what says it is home, until duplicate detection is over."""
    script.give(event or ra_home())
    return script.give(AddressSettled(interface="eth0", address=HOME))


def registered(script, event=None):
    update = only(updates(script.give(event or ra_a())))
    script.give(under_key(ack(update)))
    assert script.where is State.REGISTERED
    script.pass_time(5.0)
    return script


def leaves_for_the_link(script):
    """Destinations that packets of the home address reach over the interface, without a tunnel."""
    table = next(each.table for each in script.state.rules if each.source and each.source.network_address == HOME)
    return {str(each.destination) for each in script.state.routes if each.table == table and each.interface == "eth0"}


def test_a_start_at_home_asks_for_proof():
    script = keyed()
    question = only(updates(arrive(script)))
    assert script.where is State.RETURNING
    assert (binding_update(question).lifetime, question.protection) == (0, MINE.protection)
    assert (question.packet.source, question.interface) == (HOME, "eth0")
    script.give(ack(question))
    script.give(ack(question, 133))
    assert script.where is State.RETURNING, "nobody has shown the key"
    script.give(under_key(ack(question, 133)))
    assert script.where is State.AT_HOME


def test_the_address_is_detected_as_ever_before():
    script = keyed()
    script.give(ra_home())
    assert script.where is State.DETECTING and not updates(script.actions)
    (mine,) = {each for each in script.state.addresses if (each.interface, each.address) == ("eth0", HOME)}
    assert mine.duplicate_detection is DuplicateDetection.NORMAL
    arrive(script)
    assert mine in script.state.addresses, "and is not taken anew for the question"


@pytest.mark.parametrize("answer", [0, 133])
def test_until_the_answer_nothing_but_the_question_leaves(answer):
    script = registered(keyed())
    script.give(link(interrupted=True))
    question = only(updates(script.give(ra_home())))
    assert script.where is State.RETURNING
    assert leaves_for_the_link(script) == {f"{AGENT}/128"}
    script.give(under_key(ack(question, answer)))
    assert script.where is State.AT_HOME
    assert leaves_for_the_link(script) == {str(HOME_PREFIX), "::/0"}


def test_where_nobody_answers_the_next_best_place_is_taken():
    script = keyed()
    arrive(script, advertisement(AGENT_LOCAL, AGENT_MAC, *BOTH, home_agent=True))
    assert script.where is State.RETURNING
    script.pass_time(SILENCE)
    assert script.where is State.REGISTERING and script.care_of in NET_A
    assert ProblemCode.HOME_NOT_PROVED in script.problems()
    assert script.node.counters()["home.disbelieved"] == 1
    update = updates(script.actions)[-1]
    script.give(under_key(ack(update)))
    script.give(advertisement(AGENT_LOCAL, AGENT_MAC, *BOTH, home_agent=True))
    assert script.where is State.REGISTERED, "and said again it is no truer"


def test_where_there_is_no_other_place_the_question_goes_on():
    script = keyed()
    arrive(script)
    script.pass_time(SILENCE)
    assert script.where is State.RETURNING and ProblemCode.HOME_NOT_PROVED in script.problems()
    assert ProblemCode.HOME_AGENT_SILENT not in script.problems()
    questions = updates(script.pass_time(60.0))
    assert questions
    script.give(under_key(ack(questions[-1], 133)))
    assert script.where is State.AT_HOME and not script.problems()


def test_the_binding_outlives_a_network_that_only_says_it_is_home():
    script = registered(keyed())
    care_of = script.care_of
    script.give(link(interrupted=True))
    script.give(ra_home())
    script.pass_time(SILENCE)
    assert script.where is State.RETURNING
    script.give(link(interrupted=True))
    update = updates(script.give(ra_a()))[-1]
    assert binding_update(update).lifetime > 0 and script.care_of == care_of
    script.give(under_key(ack(update)))
    assert script.where is State.REGISTERED
    assert ProblemCode.HOME_NOT_PROVED not in script.problems()


def test_another_interface_is_another_place():
    script = keyed(interfaces=(policy("eth0", 10), policy("wlan0", 20)))
    arrive(script)
    script.give(link("wlan0"))
    script.give(ra_b(interface="wlan0"))
    settle(script, "wlan0")
    script.pass_time(SILENCE)
    assert script.home_address().interface == "wlan0"
    assert ProblemCode.HOME_NOT_PROVED in script.problems()


def disbelieved():
    """Registered by way of wlan0, because nobody answered on eth0, which said that it was home."""
    script = keyed()
    arrive(script)
    script.give(link("wlan0"))
    script.give(ra_b(interface="wlan0"))
    script.pass_time(SILENCE)
    script.give(under_key(ack(updates(script.actions)[-1])))
    assert script.where is State.REGISTERED and script.care_of in NET_B
    script.give(ra_home())
    assert script.where is State.REGISTERED
    return script


def test_where_no_other_place_is_left_the_question_is_put_again():
    """Where the cable led without a sign was perhaps not home, when nobody answered, and is home now."""
    script = disbelieved()
    question = only(updates(script.give(link("wlan0", up=False))))
    assert script.where is State.RETURNING and script.home_address().interface == "eth0"
    assert (binding_update(question).lifetime, leaves_for_the_link(script)) == (0, {f"{AGENT}/128"})
    script.pass_time(SILENCE)
    assert script.where is State.RETURNING, "and goes on"
    script.give(under_key(ack(updates(script.actions)[-1])))
    assert script.where is State.AT_HOME and ProblemCode.HOME_NOT_PROVED not in script.problems()


def test_another_router_of_the_link_is_another_place():
    script = disbelieved()
    for event in (ra_a(), ra_b(), ra_home()):
        script.give(event)
    script.give(link("wlan0", up=False))
    assert script.where is State.REGISTERING and script.care_of in NET_A
    update = updates(script.give(ra_a(lifetime=0.0)))[-1]
    assert binding_update(update).lifetime > 0
    assert script.where is State.REGISTERING and script.care_of in NET_B, "although who says it is home was heard later"


def test_where_every_place_is_in_question_each_is_asked():
    script = keyed()
    both = (prefix(NET_A, valid=600.0, preferred=300.0), prefix(HOME_PREFIX, router=AGENT))
    arrive(script, advertisement(AGENT_LOCAL, AGENT_MAC, *both, home_agent=True))
    script.pass_time(SILENCE)
    script.give(link("wlan0"))
    script.give(advertisement(AGENT_LOCAL, AGENT_MAC, *both, home_agent=True, interface="wlan0"))
    assert script.where is State.REGISTERING
    script.pass_time(600.0)
    assert script.where is State.RETURNING, "the other prefix has ended, and with it the binding will"
    for interface in ("eth0", "wlan0"):
        script.pass_time(SILENCE)
        assert (script.where, script.home_address().interface) == (State.DETECTING, interface)
        question = only(updates(script.give(AddressSettled(interface=interface, address=HOME))))
        assert question.interface == interface
    script.give(under_key(ack(question, 133)))
    assert script.where is State.AT_HOME


def test_where_only_another_home_address_is_at_home_is_no_other_place():
    other = home(IPv6Address("2001:db8:b::100"), NET_B, None)
    script = keyed()
    script.configure(config(replace(home(), association=MINE), other, allow=False))
    arrive(script)
    script.give(link("wlan0"))
    script.give(advertisement(ROUTER_B, MAC_B, prefix(NET_B, autonomous=False), interface="wlan0"))
    script.pass_time(SILENCE)
    assert script.where is State.RETURNING and script.home_address().interface == "eth0"


@pytest.mark.parametrize("hardware", [AGENT_MAC, MAC_A])
def test_where_a_registration_stands_nobody_can_talk_it_home(hardware):
    """The present router says so, and the home agent with its own hardware address besides: all of that is forged."""
    script = registered(keyed())
    told = list(script.actions)
    script.give(advertisement(AGENT_LOCAL, hardware, prefix(HOME_PREFIX, router=AGENT), home_agent=True))
    script.give(advertisement(ROUTER_A, MAC_A, *BOTH, home_agent=True))
    assert script.where is State.REGISTERED
    assert not updates(script.actions[len(told) :])
    assert ProblemCode.HOME_NOT_PROVED in script.problems()
    script.give(link(interrupted=True))
    question = only(updates(script.give(ra_home())))
    script.give(under_key(ack(question)))
    assert script.where is State.AT_HOME, "plugged in anew it may be home after all"


def test_without_the_secret_it_is_not_home_either():
    script = keyed(replace(MINE, secret=b""))
    script.give(ra_home())
    assert script.where is State.UNPROTECTED and ProblemCode.KEY_NOT_AVAILABLE in script.problems()
    assert not script.has_address("eth0", HOME) and not updates(script.actions)
    script.configure(config(replace(home(), association=MINE), allow=False))
    assert script.where is State.DETECTING
    question = only(updates(script.give(AddressSettled(interface="eth0", address=HOME))))
    script.give(under_key(ack(question, 133)))
    assert script.where is State.AT_HOME


def test_who_wants_it_otherwise_is_believed():
    script = keyed(return_home_unauthenticated=True)
    assert not updates(arrive(script))
    assert script.where is State.AT_HOME


def test_without_a_key_nothing_can_be_proved():
    script = Script(config())
    script.give(link())
    assert not updates(arrive(script))
    assert script.where is State.AT_HOME


def test_a_binding_error_is_a_question_and_no_news():
    """Nothing protects it. Where there is a key, nothing is given up for it."""
    script = registered(keyed())
    (update,) = updates(script.give(binding_error()))
    assert script.where is State.REGISTERED and binding_update(update).lifetime > 0
    assert script.state.tunnels
    assert not updates(script.give(binding_error())), "it is asked already"
    script.give(under_key(ack(update)))
    assert script.where is State.REGISTERED
    assert not updates(script.give(binding_error())), "it has answered just now"
    script.pass_time(DOUBT_INTERVAL)
    assert len(updates(script.give(binding_error()))) == 1


@pytest.mark.parametrize("claimed", ["2001:db8:1::/64", "2001:db8::/32", "2001:db8:1::1/128"])
def test_nobody_makes_the_home_agent_a_neighbour(claimed):
    """A forged prefix would be believed for as long as it says, and send the tunnel into nowhere."""
    script = registered(keyed())
    script.give(AddressSettled(interface="eth0", address=script.care_of))
    script.give(advertisement(ROUTER_A, MAC_A, NET_A, IPv6Network(claimed), IPv6Network("2001:db8:77::/64")))
    care_of_routes = {str(each.destination) for each in script.state.routes if each.gateway is None}
    assert claimed not in care_of_routes
    assert {str(NET_A), "2001:db8:77::/64"} <= care_of_routes, "others are believed"
