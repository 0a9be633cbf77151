# SPDX-License-Identifier: GPL-2.0-or-later
"""Bindings as an honest mobile node makes, renews and deletes them."""

from dataclasses import replace

import pytest

from mnclient.engine.actions import SendPacket, SetNetworkState
from mnclient.model.config import CorrespondentNodeConfig
from mnclient.model.network_state import EMPTY, NetworkState, OptimizationEnd, RouteOptimization
from mnclient.model.status import BindingCacheStatus
from mnclient.security.binding_keys import is_authorized
from mnclient.units import Seconds
from mnclient.wire.addresses import is_link_local
from mnclient.wire.mobility_options import NonceIndices, UnknownMobilityOption
from tests.mnclient.engine.correspondent_node.script import (
    CARE_OF,
    CARE_OF_2,
    HOME,
    HOME_2,
    ON,
    OURS,
    OURS_2,
    Mobile,
    Script,
    acks,
    sent_packets,
    statuses,
)

OWNER = f"correspondent-node:{HOME},{OURS}"


def optimized(care_of=CARE_OF, ours=OURS, home=HOME) -> NetworkState:
    item = RouteOptimization(
        end=OptimizationEnd.CORRESPONDENT, home_address=home, correspondent=ours, care_of_address=care_of
    )
    return NetworkState(route_optimizations=frozenset((item,)))


@pytest.mark.requirement("CN-9.5.2-01", "CN-9.1-02", "ALL-9.5.1-08", "ALL-9.5.4-02")
def test_a_binding_is_made():
    script = Script()
    mobile = Mobile(script, sequence=41)
    actions = mobile.register(400.0)
    (entry,) = script.role.binding_cache()
    assert entry == BindingCacheStatus(
        home_address=HOME,
        care_of_address=CARE_OF,
        sequence=42,
        lifetime=Seconds(400.0),
        expires=script.now + 400.0,
        home_registration=False,
        interface="wan",
    )
    assert script.desired[OWNER] == optimized()
    assert script.role.status().bindings == 1
    kinds = [type(each) for each in actions if isinstance(each, SetNetworkState | SendPacket)]
    assert kinds == [SetNetworkState, SendPacket]


@pytest.mark.requirement("CN-9.5.4-03", "ALL-9.5.4-03", "ALL-9.5.4-04", "CN-6.1.8-01", "HA-6.2.4-01")
def test_the_acknowledgement_is_signed_and_takes_the_way_back():
    script = Script()
    mobile = Mobile(script)
    (packet,) = sent_packets(mobile.register(420.0))
    assert (packet.source, packet.destination, packet.home_address) == (OURS, CARE_OF, None)
    assert packet.routing_home_address == HOME
    message = packet.message
    assert (message.status, message.sequence, message.lifetime) == (0, mobile.sequence, 420.0)
    assert not message.key_management_mobility
    assert is_authorized(message, mobile.key(), CARE_OF, OURS)
    assert message.refresh_advice is None, "that is for home registrations"


@pytest.mark.requirement("ALL-5.2.6-01", "CN-9.5.2-02")
@pytest.mark.parametrize(
    ("asked", "limit", "given"),
    [
        (420.0, 420.0, 420.0),
        (4.0, 420.0, 4.0),
        (262140.0, 420.0, 420.0),
        (420.0, 9000.0, 420.0),
        (9000.0, 9000.0, 420.0),
        (420.0, 62.0, 60.0),
        (400.0, 1.0, 4.0),
    ],
)
def test_the_lifetime_granted(asked, limit, given):
    script = Script(CorrespondentNodeConfig(max_lifetime=Seconds(limit)))
    (ack,) = acks(Mobile(script).register(asked))
    assert ack.lifetime == given
    script.advance(given - 0.5)
    assert script.bound() == {HOME: CARE_OF}
    script.advance(0.5)
    assert script.bound() == {}
    assert OWNER not in script.desired


@pytest.mark.requirement("CN-9.5.4-02")
def test_what_is_accepted_is_acknowledged_only_on_request():
    script = Script()
    assert acks(Mobile(script).test().update(acknowledge=False)) == []
    assert script.bound() == {HOME: CARE_OF}


@pytest.mark.requirement("CN-6.1.7-01")
def test_bits_for_home_agents_are_ignored():
    script = Script()
    actions = Mobile(script).test().update(key_management_mobility=True, link_local_compatibility=True)
    (ack,) = acks(actions)
    assert (ack.status, ack.key_management_mobility) == (0, False)


def test_an_option_nobody_knows_does_no_harm():
    script = Script()
    assert statuses(Mobile(script).test().update(more=(UnknownMobilityOption(type=200, data=b"?"),))) == [0]


def test_a_refresh_costs_no_kernel_state():
    script = Script()
    mobile = Mobile(script)
    mobile.register()
    script.advance(100.0)
    actions = mobile.test().update()
    assert statuses(actions) == [0]
    assert not [each for each in actions if isinstance(each, SetNetworkState)]
    script.advance(400.0)
    assert script.bound() == {HOME: CARE_OF}


@pytest.mark.requirement("CN-9.1-01")
def test_a_move_changes_the_kernel_state():
    script = Script()
    mobile = Mobile(script)
    mobile.register()
    mobile.care_of = CARE_OF_2
    mobile.register()
    assert script.bound() == {HOME: CARE_OF_2}
    assert script.role.status().bindings == 1
    assert script.desired[OWNER] == optimized(CARE_OF_2)


@pytest.mark.requirement("ALL-9.5.1-09", "CN-9.5.1-03", "ALL-6.2.7-03")
def test_the_alternate_care_of_address_is_what_counts():
    script = Script()
    mobile = Mobile(script, care_of=CARE_OF_2).test()
    actions = mobile.update(source=CARE_OF, alternate=CARE_OF_2)
    (packet,) = sent_packets(actions)
    assert packet.destination == CARE_OF  # where the Binding Update came from
    assert is_authorized(packet.message, mobile.key(), CARE_OF_2, OURS)
    assert script.bound() == {HOME: CARE_OF_2}


def test_a_token_of_the_source_does_not_do_for_an_alternate_care_of_address():
    script = Script()
    assert Mobile(script).test().update(alternate=CARE_OF_2) == []
    assert Mobile(script).test().update(alternate=CARE_OF_2, signed=CARE_OF) == []
    assert script.bound() == {}


@pytest.mark.requirement("CN-9.1-01")
def test_each_address_of_ours_has_its_own_bindings():
    script = Script()
    Mobile(script).register()
    Mobile(script, ours=OURS_2, care_of=CARE_OF_2, sequence=7).register()
    assert script.desired[OWNER] == optimized()
    assert script.desired[f"correspondent-node:{HOME},{OURS_2}"] == optimized(CARE_OF_2, OURS_2)
    assert script.role.status().bindings == 2


def test_several_mobile_nodes():
    script = Script()
    Mobile(script).register()
    Mobile(script, home=HOME_2, care_of=CARE_OF_2).register()
    assert script.bound() == {HOME: CARE_OF, HOME_2: CARE_OF_2}


@pytest.mark.requirement("CN-9.5.3-01", "ALL-6.1.7-02")
def test_a_mobile_node_at_home_deletes_its_binding():
    script = Script()
    mobile = Mobile(script)
    mobile.register()
    mobile.test_home()
    actions = mobile.update(0.0, source=HOME, home_option=False)
    (packet,) = sent_packets(actions)
    assert (packet.source, packet.destination, packet.routing_home_address) == (OURS, HOME, None)
    assert (packet.message.status, packet.message.lifetime) == (0, 0.0)
    assert is_authorized(packet.message, mobile.key(0.0), HOME, OURS)
    assert script.bound() == {}
    assert OWNER not in script.desired
    first = next(each for each in actions if isinstance(each, SetNetworkState | SendPacket))
    assert first == SetNetworkState(owner=OWNER, state=EMPTY)


@pytest.mark.requirement("CN-9.5.1-04")
@pytest.mark.parametrize("signed", [HOME, CARE_OF])
@pytest.mark.parametrize("care_of_index", [0, 77])
def test_a_deletion_from_abroad(signed, care_of_index):
    """It needs the home token only, whatever care-of nonce is named, and is signed with either address."""
    script = Script()
    mobile = Mobile(script)
    mobile.register()
    indices = NonceIndices(home=mobile.home_test.nonce_index, care_of=care_of_index)
    (packet,) = sent_packets(mobile.update(0.0, signed=signed, indices=indices))
    assert (packet.message.status, packet.routing_home_address) == (0, HOME)
    assert is_authorized(packet.message, mobile.key(0.0), signed, OURS)
    assert script.bound() == {}


@pytest.mark.requirement("CN-9.5.3-01")
def test_a_deletion_of_nothing_makes_nothing():
    script = Script()
    actions = Mobile(script).test_home().update(0.0)
    assert statuses(actions) == [0]
    assert not [each for each in actions if isinstance(each, SetNetworkState)]
    assert script.bound() == {}


@pytest.mark.requirement("ALL-9.5.1-03")
@pytest.mark.parametrize("sequence", [0, 1, 32768, 65535])
def test_any_sequence_number_will_do_at_first(sequence):
    script = Script()
    assert statuses(Mobile(script).test().update(sequence=sequence)) == [0]
    assert script.role.binding_cache()[0].sequence == sequence


@pytest.mark.requirement("ALL-9.5.1-02")
def test_sequence_numbers_go_round():
    script = Script()
    mobile = Mobile(script, sequence=65534)
    mobile.register()
    for expected in (0, 1):
        assert statuses(mobile.update()) == [0]
        assert script.role.binding_cache()[0].sequence == expected


@pytest.mark.requirement("ALL-9.5.1-01", "ALL-9.5.4-04")
def test_without_a_home_address_option_the_source_is_the_home_address():
    script = Script()
    actions = Mobile(script).test().update(source=HOME, home_option=False, alternate=CARE_OF)
    (packet,) = sent_packets(actions)
    assert (packet.message.status, packet.destination, packet.routing_home_address) == (0, HOME, None)
    assert script.bound() == {HOME: CARE_OF}


def test_home_and_care_of_nonces_may_differ():
    script = Script()
    mobile = Mobile(script).test()
    home = mobile.home_test
    script.advance(100.0)
    mobile.test().home_test = home
    assert mobile.care_of_test.nonce_index != home.nonce_index
    assert statuses(mobile.update()) == [0]


def test_no_answer_is_bound_to_a_link():
    script = Script()
    mobile = Mobile(script).test()
    for action in mobile.update():
        if isinstance(action, SendPacket):
            assert not is_link_local(action.packet.destination)
            assert action.interface is None


def test_fewer_bindings_may_be_allowed_later():
    script = Script(replace(ON, max_bindings=2))
    mobile, other = Mobile(script), Mobile(script, home=HOME_2)
    mobile.register()
    other.register()
    script.configure(replace(ON, max_bindings=1))
    assert len(script.bound()) == 2  # none is taken away before its time
    mobile.register()
    assert statuses(other.update(0.0)) == [0]
