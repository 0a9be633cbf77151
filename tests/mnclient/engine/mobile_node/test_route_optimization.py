# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole procedure with one correspondent, as a script (RFC 6275 sections 5.2, 11.6 and 11.7)."""

from dataclasses import replace
from ipaddress import IPv6Address

import pytest

from mnclient.constants import MAX_TOKEN_LIFETIME
from mnclient.engine.actions import AskRouteUse, SetNetworkState
from mnclient.engine.events import DatapathChosen, NetworkStateFailed, PayloadReceived, Stopping
from mnclient.engine.mobile_node.mobile_node import OWNER
from mnclient.model.handover import Outcome, Stage
from mnclient.model.problems import ProblemCode
from mnclient.model.status import CorrespondentState as State
from mnclient.units import Seconds
from mnclient.wire.binding import BindingUpdate
from mnclient.wire.mobility_options import BindingAuthorizationData, NonceIndices
from tests.mnclient.engine.mobile_node.peer import (
    CARE_OF_NONCE,
    HOME_NONCE,
    PEER,
    Abroad,
    care_of_inits,
    home_inits,
    open_config,
    questions,
    told,
    told_home,
)
from tests.mnclient.engine.mobile_node.script import (
    HOME,
    ack,
    config,
    home,
    kinds,
    link,
    only,
    ra_a,
    ra_b,
    ra_home,
    sent,
)

OTHER_HOME = home(IPv6Address("2001:db8:1::200"))


@pytest.mark.requirement("MN-5.2.5-01", "MN-11.6.1-01", "MN-11.3.3-03", "MN-5.2.3-01", "MN-11.1-01", "MN-11.7.2-02")
def test_payload_through_the_tunnel_begins_both_tests_at_once():
    script = Abroad()
    actions = script.give(script.peer.heard())
    home, care_of = only(home_inits(actions)).packet, only(care_of_inits(actions)).packet
    assert (home.source, home.destination) == (HOME, PEER)
    assert (care_of.source, care_of.destination) == (script.care_of, PEER)
    assert home.message.cookie != care_of.message.cookie
    assert script.talks is State.TESTING
    assert script.route is None
    assert script.give(script.peer.heard()) == []


@pytest.mark.requirement("MN-11.7.2-11", "MN-11.7.2-10", "MN-11.6.2-04", "MN-11.6.2-03", "MN-11.7.2-06")
def test_with_both_tokens_it_registers():
    script = Abroad()
    update = only(told(script.test()))
    message = update.packet.message
    assert isinstance(message, BindingUpdate)
    assert (update.packet.source, update.packet.destination) == (script.care_of, PEER)
    assert update.packet.home_address == HOME
    assert (message.acknowledge, message.home_registration, message.lifetime) == (True, False, 420.0)
    indices, data = message.options
    assert indices == NonceIndices(home=HOME_NONCE, care_of=CARE_OF_NONCE)
    assert isinstance(data, BindingAuthorizationData)
    assert script.peer.accepts(update)
    assert script.talks is State.REGISTERING
    assert script.route is not None
    assert (script.route.incoming, script.route.outgoing) == (True, False)


@pytest.mark.requirement("MN-11.3.1-02", "MN-11.3.1-06", "MN-11.7.3-04", "MN-11.1-01")
def test_acknowledged_the_packets_go_directly():
    script = Abroad()
    script.bind()
    assert script.route is not None
    assert (script.route.care_of_address, script.route.outgoing) == (script.care_of, True)
    assert script.status.expires == script.now + 420.0
    entry = only(each for each in script.node.binding_update_list(script.now) if not each.home_registration)
    assert (entry.destination, entry.acknowledged) == (PEER, True)
    assert told([action for _, action in script.timeline(30.0)]) == []


@pytest.mark.requirement("MN-11.7.2-01", "MN-5.2.7-01", "MN-11.7.2-05")
def test_after_a_move_only_the_care_of_test_is_needed():
    script = Abroad()
    script.bind()
    script.pass_time(100.0)
    old = script.care_of
    arrival, acknowledged = script.move(ra_b())
    assert script.care_of != old
    assert (home_inits(arrival), told(arrival)) == ([], [])
    answer = script.peer.care_of_test(only(care_of_inits(arrival)))
    assert home_inits(acknowledged) == []
    update = only(told(script.give(answer)))
    assert update.packet.source == script.care_of
    assert script.peer.accepts(update)
    script.give(script.peer.acknowledge(update))
    assert script.talks is State.DIRECT
    assert script.route is not None
    assert (script.route.care_of_address, script.route.outgoing) == (script.care_of, True)


def states(actions) -> list[SetNetworkState]:
    return [each for each in actions if isinstance(each, SetNetworkState)]


def test_on_a_move_the_direct_way_out_ends_before_anything_else():
    script = Abroad()
    script.bind()
    route, role, *_ = states(script.give(link(interrupted=True)))
    assert (route.owner, route.state.is_empty()) == (f"{OWNER}:route:{HOME}:{PEER}", True)
    assert role.owner == OWNER
    order = kinds(script.give(ra_b()))
    first = order.index("SetNetworkState")
    assert order[first : first + 3] == ["SetNetworkState", "BindingUpdate", "CareOfTestInit"]


def test_where_the_link_stays_up_the_direct_way_out_ends_with_the_move():
    script = Abroad()
    script.bind()
    script.give(ra_b())
    arrival = script.give(ra_a(lifetime=0.0))
    route, role, *_ = states(arrival)
    (left,) = route.state.route_optimizations
    assert (left.outgoing, left.incoming, role.owner) == (False, True, OWNER)
    assert kinds(arrival).index("BindingUpdate") < kinds(arrival).index("CareOfTestInit")


def test_packets_to_the_old_care_of_address_are_taken_as_long_as_the_tunnel_takes_them():
    script = Abroad()
    script.bind()
    old = script.care_of
    script.give(ra_b())
    script.give(ra_a(lifetime=0.0))  # another router of the same link
    new = script.care_of
    assert new != old
    assert script.route is not None
    assert (script.route.care_of_address, script.route.incoming, script.route.outgoing) == (old, True, False)
    script.give(ack(only(told_home(script.actions)[-1:])))
    update = only(told(script.give(script.peer.care_of_test(care_of_inits(script.actions)[-1]))))
    script.give(script.peer.acknowledge(update))
    assert script.route is not None
    assert (script.route.care_of_address, script.route.accept_local) == (new, (old,))
    script.pass_time(5.0)
    assert script.route is not None
    assert script.route.accept_local == ()


@pytest.mark.requirement("MN-5.2.7-02")
def test_an_old_home_token_is_not_used_after_a_move():
    script = Abroad()
    script.bind()
    script.give(script.peer.use(None))
    script.pass_time(MAX_TOKEN_LIFETIME + 1.0)
    arrival, acknowledged = script.move(ra_b())
    assert home_inits(arrival) == [], "nothing passes the tunnel before the home agent knows"
    script.give(script.peer.care_of_test(only(care_of_inits(arrival))))
    update = only(told(script.give(script.peer.home_test(only(home_inits(acknowledged))))))
    assert script.peer.accepts(update)


@pytest.mark.requirement("MN-11.7.3-06", "MN-11.7.3-05")
def test_a_route_in_use_is_renewed_before_its_tokens_end():
    script = Abroad()
    script.bind()
    question = only(each for at, each in script.timeline(195.0) if isinstance(each, AskRouteUse))
    assert (question.home_address, question.correspondent) == (HOME, PEER)
    actions = script.give(script.peer.use(script.now - 1.0))
    assert script.talks is State.DIRECT
    script.give(script.peer.home_test(only(home_inits(actions))))
    update = only(told(script.give(script.peer.care_of_test(only(care_of_inits(actions))))))
    assert script.peer.accepts(update)
    script.give(script.peer.acknowledge(update, lifetime=200.0))
    assert script.status.expires == script.now + 200.0
    assert script.talks is State.DIRECT


@pytest.mark.requirement("MN-11.1-04")
def test_a_route_that_nobody_uses_lapses():
    script = Abroad()
    script.bind()
    for _ in range(60):
        script.pass_time(7.0)
        if script.talks is not State.DIRECT:
            break
        if questions(script.actions):
            script.give(script.peer.use(script.now - 500.0))
    assert script.talks is State.TUNNELLED
    assert script.route is None
    assert all(each.home_registration for each in script.node.binding_update_list(script.now))
    assert len(told(script.actions)) == 1
    assert 1 < len(questions(script.actions)) < 8
    script.test()
    assert script.talks is State.REGISTERING


@pytest.mark.requirement("MN-11.7.4-01", "MN-11.7.4-02")
def test_a_refresh_request_is_answered_when_the_route_is_in_use():
    script = Abroad()
    assert script.give(script.peer.refresh_request()) == []
    script.bind()
    script.pass_time(20.0)
    assert questions(script.give(script.peer.refresh_request()))
    assert questions(script.give(script.peer.refresh_request())) == [], "not for each of many"
    update = only(told(script.give(script.peer.use(script.now))))
    script.give(script.peer.acknowledge(update))
    assert script.status.expires == script.now + 420.0


@pytest.mark.requirement("MN-11.7.4-01")
def test_a_refresh_request_begins_return_routability_when_the_tokens_are_old():
    script = Abroad()
    script.bind()
    script.pass_time(MAX_TOKEN_LIFETIME)
    assert questions(script.give(script.peer.refresh_request()))
    update = only(told(script.test(script.give(script.peer.use(script.now)))))
    assert script.peer.accepts(update)
    assert update.packet.message.lifetime == 388.0, "as long as the home registration, in units of 4 s"


@pytest.mark.requirement("MN-11.7.4-03")
def test_a_refresh_request_is_ignored_when_the_route_is_not_in_use():
    script = Abroad()
    script.bind()
    script.pass_time(350.0)
    assert questions(script.give(script.peer.refresh_request()))
    assert sent(script.give(script.peer.use(None)), object) == []
    later = script.pass_time(80.0)
    assert (told(later), home_inits(later)) == ([], [])
    assert script.talks is State.TUNNELLED


@pytest.mark.requirement("MN-11.7.2-07", "MN-11.4.2-03")
def test_the_lifetime_is_within_that_of_the_home_registration():
    script = Abroad(open_config(registration_lifetime=Seconds(300.0)))
    script.pass_time(100.0)
    update = only(told(script.test()))
    assert update.packet.message.lifetime == 200.0


@pytest.mark.requirement("MN-11.7.2-08", "MN-11.7.2-09", "MN-11.6.1-02", "ALL-6.2.7-03")
def test_at_home_the_binding_is_deleted():
    script = Abroad()
    script.bind()
    script.give(link(interrupted=True))
    returning = only(told_home(script.give(ra_home())))
    assert script.route is None or not script.route.outgoing
    assert told(script.actions)[1:] == [], "not before the home agent has answered"
    deletion = only(told(script.give(ack(returning))))
    packet = deletion.packet
    assert (packet.source, packet.destination, packet.home_address) == (HOME, PEER, None)
    assert (packet.message.lifetime, packet.message.nonce_indices.care_of) == (0.0, 0)
    assert script.peer.accepts(deletion)
    assert script.talks is State.LEAVING
    script.give(script.peer.acknowledge(deletion))
    assert script.node.correspondents(script.now) == ()
    assert not script.routes


@pytest.mark.requirement("MN-11.6.1-02")
def test_at_home_with_an_old_token_only_the_home_test_is_needed():
    script = Abroad()
    script.bind()
    script.give(script.peer.use(None))
    script.pass_time(MAX_TOKEN_LIFETIME + 1.0)
    script.give(link(interrupted=True))
    actions = script.give(ack(only(told_home(script.give(ra_home())))))
    assert (care_of_inits(actions), told(actions)) == ([], [])
    answer = replace(script.peer.home_test(only(home_inits(actions))), through_tunnel=False)
    deletion = only(told(script.give(answer)))
    assert script.peer.accepts(deletion)


def test_away_again_before_a_correspondent_has_answered_the_deletion():
    script = Abroad()
    script.bind()
    script.give(link(interrupted=True))
    script.give(ack(only(told_home(script.give(ra_home())))))
    assert script.talks is State.LEAVING
    arrival, _ = script.move(ra_b())
    update = only(told(script.give(script.peer.care_of_test(only(care_of_inits(arrival))))))
    script.give(script.peer.acknowledge(update))
    assert script.talks is State.DIRECT


def test_a_handover_says_when_the_last_correspondent_is_direct_again():
    script = Abroad()
    script.bind()
    arrival, _ = script.move(ra_b())
    script.give(PayloadReceived(home_address=HOME))
    assert Stage.CORRESPONDENTS not in script.node.handovers()[-1].offsets()
    script.pass_time(0.5)
    update = only(told(script.give(script.peer.care_of_test(only(care_of_inits(arrival))))))
    script.give(script.peer.acknowledge(update))
    record = script.node.handovers()[-1]
    assert record.offsets()[Stage.CORRESPONDENTS] == 0.5
    assert record.outcome is Outcome.COMPLETED


# --- what may not be, or not any more ---------------------------------------------------------------------------------


@pytest.mark.requirement("MN-11.7.2-04")
def test_location_privacy_is_the_default():
    script = Abroad(config())
    assert script.give(script.peer.heard()) == []
    assert script.node.correspondents(script.now) == ()


def test_nothing_is_tried_where_the_system_cannot():
    script = Abroad()
    script.give(DatapathChosen(route_optimization=False))
    assert script.give(script.peer.heard()) == []


@pytest.mark.requirement("MN-11.7.2-04", "MN-11.7.2-09", "ALL-6.2.7-03")
def test_privacy_switched_on_deletes_what_can_be_deleted_and_uses_nothing():
    script = Abroad()
    script.bind()
    deletion = only(told(script.configure(config())))
    assert (deletion.packet.source, deletion.packet.home_address) == (script.care_of, HOME)
    assert script.peer.accepts(deletion)
    assert script.route is not None
    assert not script.route.outgoing
    script.give(script.peer.acknowledge(deletion))
    assert script.route is None
    assert (script.talks, script.status.reason) == (State.TUNNELLED, "location privacy is on")
    assert script.give(script.peer.heard()) == []


def test_privacy_switched_on_when_the_tokens_are_old_leaves_the_binding_to_its_end():
    script = Abroad()
    script.bind()
    script.give(script.peer.use(None))
    script.pass_time(MAX_TOKEN_LIFETIME + 1.0)
    assert told(script.configure(config())) == []
    assert script.talks is State.TUNNELLED
    assert script.route is not None
    assert not script.route.outgoing
    script.pass_time(420.0)
    assert script.route is None
    arrival, _ = script.move(ra_b())
    assert care_of_inits(arrival) == []


def test_privacy_switched_on_after_a_move_tells_nobody_of_the_new_place():
    script = Abroad()
    script.bind()
    script.give(link(interrupted=True))
    script.give(ra_b())
    assert script.talks is State.TESTING
    assert told(script.configure(config())) == []


def test_a_home_address_given_up_takes_its_bindings_with_it():
    for chosen in (None, open_config(OTHER_HOME)):
        script = Abroad()
        script.bind()
        actions = script.configure(chosen)
        deletion = only(told(actions))
        states = [position for position, each in enumerate(actions) if isinstance(each, SetNetworkState)]
        assert script.peer.accepts(deletion)
        assert actions.index(deletion) < states[0], "while the care-of address is still there"
        assert not script.routes
        assert script.node.correspondents(script.now) == ()


def test_the_end_of_the_service_leaves_no_correspondent_sending_to_nobody():
    script = Abroad()
    script.bind()
    assert script.peer.accepts(only(told(script.give(Stopping()))))
    assert not script.routes


def test_what_the_system_refuses_is_not_used_and_tried_much_later():
    script = Abroad()
    script.bind()
    owner = f"{OWNER}:route:{HOME}:{PEER}"
    deletion = only(told(script.give(NetworkStateFailed(owner=owner, item="optimization", reason="no"))))
    script.give(script.peer.acknowledge(deletion))
    assert script.talks is State.TUNNELLED
    assert script.give(script.peer.heard()) == []
    assert not script.problems() & {ProblemCode.NETWORK_REFUSED}
