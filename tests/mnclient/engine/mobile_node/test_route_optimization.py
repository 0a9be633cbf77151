# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole procedure with one correspondent, as a script (RFC 6275 sections 5.2, 11.6 and 11.7)."""

import pytest

from mnclient.model.status import CorrespondentState as State
from mnclient.wire.binding import BindingUpdate
from mnclient.wire.mobility_options import BindingAuthorizationData, NonceIndices
from tests.mnclient.engine.mobile_node.peer import (
    CARE_OF_NONCE,
    HOME_NONCE,
    PEER,
    Abroad,
    care_of_inits,
    home_inits,
    told,
)
from tests.mnclient.engine.mobile_node.script import HOME, only, ra_b


@pytest.mark.requirement("MN-5.2.5-01", "MN-11.6.1-01", "MN-11.3.3-03", "MN-5.2.3-01")
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


@pytest.mark.requirement("MN-11.7.2-11", "MN-11.7.2-10", "MN-11.6.2-04", "MN-11.7.2-06")
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


@pytest.mark.requirement("MN-11.3.1-02", "MN-11.3.1-06", "MN-11.7.3-04")
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
