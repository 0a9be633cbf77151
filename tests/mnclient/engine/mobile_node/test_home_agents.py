# SPDX-License-Identifier: GPL-2.0-or-later
"""Home agents found by the home prefix alone, and tried one after the other (RFC 6275 sections 6.5 and 11.4.1)."""

from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.constants import DHAAD_RETRIES, INITIAL_DHAAD_TIMEOUT, INITIAL_SOLICIT_TIMER, MAX_HOME_AGENTS_KEPT
from mnclient.engine.actions import SendPacket
from mnclient.engine.events import DatapathChosen, PacketReceived, Stopping
from mnclient.model.config import DiscoveryUse
from mnclient.model.problems import ProblemCode
from mnclient.model.status import HomeAddressState as State
from mnclient.model.status import HomeAgentSource, Phase
from mnclient.model.stored_binding import Stored
from mnclient.wire.home_agent_discovery import HomeAgentAddressDiscoveryReply, HomeAgentAddressDiscoveryRequest
from mnclient.wire.packet import Packet
from tests.mnclient.engine.associations import KINDS, association
from tests.mnclient.engine.mobile_node.script import (
    AGENT,
    HOME,
    HOME_PREFIX,
    Script,
    ack,
    binding_update,
    config,
    home,
    link,
    only,
    ra_a,
    ra_b,
    ra_home,
    sent,
    updates,
)

FIRST, SECOND, THIRD = AGENT, IPv6Address("2001:db8:1::2"), IPv6Address("2001:db8:1::3")
ANYCAST = IPv6Address("2001:db8:1:0:fdff:ffff:ffff:fffe")
UNKNOWN = home(agent=None)


def requests(actions) -> list[SendPacket]:
    return sent(actions, HomeAgentAddressDiscoveryRequest)


def reply(asked: SendPacket, *agents: IPv6Address, identifier: int | None = None, **changes) -> PacketReceived:
    request = asked.packet.message
    assert isinstance(request, HomeAgentAddressDiscoveryRequest)
    message = HomeAgentAddressDiscoveryReply(
        identifier=request.identifier if identifier is None else identifier, home_agents=agents
    )
    packet = Packet(source=agents[0] if agents else FIRST, destination=asked.packet.source, message=message)
    return PacketReceived(interface="eth0", **{"packet": packet, **changes})


def abroad(**rest) -> tuple[Script, SendPacket]:
    """Without a home agent, in a visited network; the request that went out."""
    script = Script(config(UNKNOWN, **rest))
    script.give(link())
    return script, only(requests(script.give(ra_a())))


def found(*agents: IPv6Address) -> Script:
    script, asked = abroad()
    script.give(reply(asked, *agents))
    return script


def registered(*agents: IPv6Address) -> Script:
    """With the first of these, the others being known."""
    script, asked = abroad()
    script.give(ack(only(updates(script.give(reply(asked, *agents)))), source=agents[0]))
    assert script.where is State.REGISTERED
    return script


def targets(actions) -> list[IPv6Address]:
    """Whom registrations went to; deletions left out."""
    return [each.packet.destination for each in updates(actions) if binding_update(each).lifetime > 0]


@pytest.mark.requirement("MN-6.5-02", "MN-8.5-02", "MN-11.4.1-01", "MN-11.5.2-02")
def test_the_anycast_address_of_the_home_prefix_is_asked_from_the_care_of_address():
    script, asked = abroad()
    assert (asked.packet.source, asked.packet.destination) == (script.care_of, ANYCAST)
    assert asked.packet.home_address is None
    assert script.where is State.SEARCHING
    assert ProblemCode.NO_HOME_AGENT in script.problems()
    update = only(updates(script.give(reply(asked, FIRST))))
    assert update.packet.destination == FIRST
    script.give(ack(update))
    status = script.home_address()
    assert (status.state, status.home_agent) == (State.REGISTERED, FIRST)
    assert (status.home_agent_source, status.discovered_home_agents) == (HomeAgentSource.DISCOVERED, (FIRST,))
    assert script.node.phase(script.now) is Phase.REGISTERED


@pytest.mark.requirement("MN-11.4.1-07", "MN-12-01")
def test_requests_are_repeated_four_times_each_time_later():
    assert (DHAAD_RETRIES, INITIAL_DHAAD_TIMEOUT, INITIAL_SOLICIT_TIMER) == (4, 3.0, 3.0)
    script, first = abroad()
    line = script.timeline(100.0)
    again = [(at, action) for at, action in line if requests([action])]
    assert [at for at, _ in again] == [3.0, 9.0, 21.0, 45.0]
    assert {action.packet.message for _, action in again} == {first.packet.message}, "any of the answers will do"
    assert script.node.counters()["dhaad.given-up"] == 1


def test_after_a_pause_it_begins_again_with_another_identifier():
    script, first = abroad()
    script.pass_time(93.0)
    later = script.timeline(70.0)
    again = [(at, action) for at, action in later if requests([action])]
    assert again[0][0] == 60.0
    assert again[0][1].packet.message != first.packet.message


def test_from_another_network_it_is_asked_at_once():
    script, first = abroad()
    script.pass_time(50.0)
    script.give(link(interrupted=True))
    again = only(requests(script.give(ra_b())))
    assert again.packet.source != first.packet.source
    assert targets(script.give(reply(first, FIRST))) == [], "the old request is no more"
    assert targets(script.give(reply(again, FIRST))) == [FIRST]


@pytest.mark.requirement("MN-11.4.1-08")
@pytest.mark.parametrize(
    "changes",
    [{"identifier": 0xBEEF}, {"through_tunnel": True}],
    ids=["identifier", "tunnel"],
)
def test_what_answers_no_request_of_ours_is_ignored(changes):
    script, asked = abroad()
    assert updates(script.give(reply(asked, FIRST, **changes))) == []
    assert script.home_address().home_agent is None
    assert updates(script.give(reply(asked, FIRST))) != []


def test_one_answer_is_enough():
    script, asked = abroad()
    script.give(reply(asked, FIRST))
    script.give(reply(asked, SECOND, THIRD))
    assert script.home_address().discovered_home_agents == (FIRST,)


@pytest.mark.requirement("MN-6.1.7-01")
@pytest.mark.parametrize(
    "agent",
    ["2001:db8:9::1", "fe80::1", "ff02::1", "::", "::1", str(ANYCAST), str(HOME)],
)
def test_nobody_outside_the_home_prefix_is_registered_with(agent: str):
    script, asked = abroad()
    assert updates(script.give(reply(asked, IPv6Address(agent)))) == []
    actions = script.give(reply(asked, IPv6Address(agent), SECOND))
    if agent != str(HOME):  # it is in the prefix, and only afterwards passed over
        assert targets(actions) == [SECOND]
    assert script.home_address().home_agent in (None, SECOND)


def test_a_long_list_is_cut():
    many = tuple(IPv6Address(int(FIRST) + number) for number in range(77))
    assert found(*many).home_address().discovered_home_agents == many[:MAX_HOME_AGENTS_KEPT]


@pytest.mark.requirement("MN-11.4.1-02", "MN-11.4.1-03")
def test_they_are_tried_in_the_order_of_the_reply():
    script, asked = abroad()
    assert targets(script.give(reply(asked, SECOND, FIRST, THIRD))) == [SECOND]
    line = [(at, each) for at, action in script.timeline(3.0) for each in targets([action])]
    firsts = {each: at for at, each in reversed(line)}
    assert firsts[FIRST] == 1.5, "InitialBindackTimeoutFirstReg, and not sooner"
    assert firsts[THIRD] == 3.0


@pytest.mark.requirement("MN-11.4.1-06")
def test_one_that_refuses_is_followed_by_the_next():
    script, asked = abroad()
    update = only(updates(script.give(reply(asked, FIRST, SECOND))))
    assert targets(script.give(ack(update, 130))) == [SECOND]


@pytest.mark.requirement("MN-11.4.1-04", "MN-11.4.1-06", "MN-11.7.1-12")
def test_when_the_one_in_use_falls_silent_the_next_takes_over():
    script = registered(FIRST, SECOND)
    assert script.home_address().discovered_home_agents == (FIRST, SECOND), "kept for later"
    line = script.timeline(454.0)
    tried = [(at, target) for at, action in line for target in targets([action])]
    assert tried[0] == (450.0, FIRST), "the refresh"
    assert next(at for at, target in tried if target == SECOND) == 453.0, "two timeouts: it had answered before"
    assert not requests(action for _, action in line)


@pytest.mark.requirement("MN-11.4.1-06")
def test_when_none_is_left_the_home_link_is_asked_again():
    script = registered(FIRST)
    actions = script.pass_time(454.0)
    asked = only(requests(actions))
    assert targets(script.give(reply(asked, FIRST, THIRD))) == [THIRD], "the one that has just failed is passed over"


@pytest.mark.requirement("MN-11.4.1-05")
def test_after_a_move_the_one_with_the_binding_comes_first():
    script, asked = abroad()
    script.give(reply(asked, FIRST, SECOND))
    script.pass_time(1.5)
    script.give(ack(updates(script.actions)[-1], source=SECOND))
    assert script.home_address().home_agent == SECOND
    script.give(link(interrupted=True))
    assert targets(script.give(ra_b())) == [SECOND]


@pytest.mark.requirement("MN-11.7.1-10")
def test_a_binding_is_deleted_before_its_home_agent_is_forgotten():
    script = registered(FIRST, SECOND)
    line = script.pass_time(454.0)
    deleted = [each.packet.destination for each in updates(line) if binding_update(each).lifetime == 0]
    assert deleted == [FIRST], "it may be silent in one direction only"
    script.give(ack(updates(script.actions)[-1], source=SECOND))
    gone = script.configure(None)
    assert [(each.packet.destination, binding_update(each).lifetime) for each in updates(gone)] == [(SECOND, 0)]


@pytest.mark.requirement("MN-11.7.1-10", "MN-11.4.1-04")
def test_a_restart_goes_on_with_the_home_agent_that_was_found():
    script = registered(SECOND)
    kept = script.node.snapshot(script.now)
    script.give(Stopping())
    assert only(kept.registrations).home_agent == SECOND
    again = Script()
    again.configure(None)
    again.node.restore(Stored(registrations=kept.registrations), again.now)
    again.configure(config(UNKNOWN))
    again.give(link())
    actions = again.give(ra_a())
    assert targets(actions) == [SECOND]
    assert requests(actions) == []


def test_home_with_a_binding_of_one_that_was_found_is_deleted():
    script = registered(FIRST)
    script.give(link(interrupted=True))
    deletion = only(updates(script.give(ra_home())))
    assert (deletion.packet.destination, binding_update(deletion).lifetime) == (FIRST, 0)
    script.give(ack(deletion))
    assert script.where is State.AT_HOME


@pytest.mark.requirement("MN-15.5-01")
def test_a_reply_alone_makes_nobody_a_home_agent_that_is_trusted():
    script = found(SECOND)
    assert script.where is State.REGISTERING
    assert script.home_address().registered is False
    script = Script(config(UNKNOWN, allow=False))
    script.give(link())
    assert requests(script.give(ra_a())) == [], "nobody is asked while nobody may be told anything"


@pytest.mark.requirement("MN-15.5-01")
@pytest.mark.parametrize("use", list(DiscoveryUse))
def test_a_chosen_home_agent_is_replaced_only_where_that_was_allowed(use: DiscoveryUse):
    script = Script(config(home_agent_discovery=use))
    script.register()
    actions = script.pass_time(460.0)
    asked = requests(actions)
    assert bool(asked) is (use is DiscoveryUse.ALWAYS)
    if asked:
        assert targets(script.give(reply(asked[0], THIRD))) == [THIRD]
        assert script.home_address().home_agent_source is HomeAgentSource.DISCOVERED
        script.give(ack(updates(script.actions)[-1], source=THIRD))
        script.configure(config(home_agent_discovery=use, registration_lifetime=300.0))
        assert script.home_address().home_agent == THIRD, "other settings are no reason to begin anew"
    else:
        assert script.home_address().home_agent_source is HomeAgentSource.CONFIGURED


def test_without_permission_nobody_is_asked():
    script = Script(config(UNKNOWN, home_agent_discovery=DiscoveryUse.NEVER))
    script.give(link())
    assert requests(script.give(ra_a())) == []
    assert script.where is State.SEARCHING


def test_at_home_nobody_is_asked():
    script = Script(config(UNKNOWN))
    script.give(link())
    assert requests(script.give(ra_home())) == []


def test_a_prefix_without_room_for_anycast_addresses_is_not_asked():
    script = Script(config(home(prefix=IPv6Network("2001:db8:1::100/124"), agent=None)))
    script.give(link())
    assert requests(script.give(ra_a())) == []


def test_home_addresses_of_one_prefix_share_what_was_found():
    other = IPv6Address("2001:db8:1::200")
    script = Script(config(UNKNOWN, home(other, agent=None)))
    script.give(link())
    asked = only(requests(script.give(ra_a())))
    script.give(reply(asked, FIRST))
    assert {each.home_agent for each in script.node.home_addresses(script.now)} == {FIRST}


def test_an_empty_list_is_no_answer():
    script, asked = abroad()
    script.give(reply(asked))
    assert script.node.counters()["dhaad.ignored.empty"] == 1
    assert requests(script.pass_time(3.0)) != []


def test_a_home_address_that_is_given_up_asks_no_more():
    script, _ = abroad()
    script.configure(config(home(IPv6Address("2001:db8:5::1"), IPv6Network("2001:db8:5::/64"))))
    assert requests(script.pass_time(200.0)) == []
    assert HOME_PREFIX not in script.node._whereabouts.home_agents._searches


@pytest.mark.requirement("MN-15.5-01")
def test_with_a_key_only_who_shares_it_is_tried():
    script = Script(None)
    script.give(DatapathChosen(route_optimization=False, protections=KINDS))
    script.configure(config(replace(UNKNOWN, association=association(HOME, SECOND)), allow=False))
    script.give(link())
    asked = only(requests(script.give(ra_a())))
    update = only(updates(script.give(reply(asked, FIRST, SECOND, THIRD))))
    assert update.packet.destination == SECOND
    assert update.protection is not None
    script.give(ack(update, source=SECOND))
    assert script.where is State.REGISTERING, "an answer without protection is none"
