# SPDX-License-Identifier: GPL-2.0-or-later
"""The role: tests answered, errors told, refreshes asked for, and what happens when it goes on and off."""

from dataclasses import replace
from ipaddress import IPv6Address
from itertools import pairwise

import pytest

from mnclient.constants import BINDING_ERROR_RATE, MAX_UPDATE_RATE
from mnclient.engine.actions import AskRouteUse, SendPacket, SetNetworkState
from mnclient.engine.correspondent_node.desired_state import owner_of, pair_of
from mnclient.engine.events import (
    DatapathChosen,
    DeadlineReached,
    HomeAddressRefused,
    NetworkStateFailed,
    NetworkStateRestored,
    PacketReceived,
    RouteUseKnown,
    Stopping,
)
from mnclient.model.network_state import EMPTY, BindingUpdateReception, NetworkState, OptimizationEnd
from mnclient.model.problems import ProblemCode
from mnclient.security.binding_keys import care_of_keygen_token, home_keygen_token
from mnclient.units import Instant
from mnclient.wire.binding import BindingError, BindingRefreshRequest
from mnclient.wire.packet import Packet, encode_packet
from mnclient.wire.return_routability import CareOfTest, HomeTest
from tests.mnclient.engine.correspondent_node.script import (
    CARE_OF,
    CARE_OF_2,
    CARE_OF_COOKIE,
    HOME,
    HOME_2,
    HOME_COOKIE,
    ON,
    OURS,
    OURS_2,
    Mobile,
    Script,
    care_of_test_init,
    home_test_init,
    messages,
    sent_packets,
    statuses,
)

OWNER = f"correspondent-node:{HOME},{OURS}"
RECEPTION = NetworkState(receptions=frozenset((BindingUpdateReception(),)))
HOTI = Packet(source=HOME, destination=OURS, message=home_test_init())
COTI = Packet(source=CARE_OF, destination=OURS, message=care_of_test_init())


# --- return routability ---------------------------------------------------------------------------------------------


@pytest.mark.requirement("CN-9.4.3-01", "CN-5.2.5-04")
def test_a_home_test_goes_to_the_home_address():
    script = Script()
    (packet,) = sent_packets(script.receive(HOTI))
    nonce = script.role._nonces.current(script.now)
    token = home_keygen_token(nonce.node_key, HOME, nonce.octets)
    assert packet == Packet(
        source=OURS,
        destination=HOME,
        message=HomeTest(nonce_index=nonce.index, cookie=HOME_COOKIE, keygen_token=token),
    )


@pytest.mark.requirement("CN-9.4.4-01", "CN-5.2.5-04")
def test_a_care_of_test_goes_to_the_care_of_address():
    script = Script()
    (packet,) = sent_packets(script.receive(COTI))
    nonce = script.role._nonces.current(script.now)
    token = care_of_keygen_token(nonce.node_key, CARE_OF, nonce.octets)
    assert packet == Packet(
        source=OURS,
        destination=CARE_OF,
        message=CareOfTest(nonce_index=nonce.index, cookie=CARE_OF_COOKIE, keygen_token=token),
    )


def test_a_test_takes_the_tunnel_even_with_a_binding():
    script = Script()
    Mobile(script).register()
    (packet,) = sent_packets(script.receive(HOTI))
    assert (packet.destination, packet.routing_home_address) == (HOME, None)


@pytest.mark.parametrize("packet", [HOTI, COTI])
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"home_address": HOME_2}, marks=pytest.mark.requirement("CN-9.4.1-01", "CN-9.4.2-01")),
        pytest.param({"routing_home_address": HOME_2}, marks=pytest.mark.requirement("CN-8.2-01")),
        {"destination": IPv6Address("ff0e::1")},
    ]
    + [{"source": IPv6Address(text)} for text in ("::", "::1", "fe80::1", "ff02::1")],
)
def test_tests_that_are_ignored(packet, changes):
    script = Script()
    assert script.give(PacketReceived(interface="wan", packet=replace(packet, **changes))) == []


@pytest.mark.requirement("CN-5.2.1-01", "CN-5.2.7-01")
def test_keys_and_nonces_stay_here_and_serve_many():
    script = Script()
    packets = []
    for number in range(20):
        mobile = Mobile(script, home=HOME_2 + number, care_of=CARE_OF_2 + number)
        packets += sent_packets(mobile.register())
        packets += sent_packets(mobile.update(0.0))
    packets += sent_packets(script.actions)
    nonces = list(script.role._nonces._nonces.values())
    assert len(nonces) == 1
    assert len(nonces[0].node_key) == 20
    for packet in packets:
        assert nonces[0].node_key not in encode_packet(packet)
        assert nonces[0].octets not in encode_packet(packet)


# --- packets that were dropped --------------------------------------------------------------------------------------


def refused(source=CARE_OF, destination=OURS, home=HOME) -> HomeAddressRefused:
    return HomeAddressRefused(source=source, destination=destination, home_address=home)


@pytest.mark.requirement("CN-9.3.1-03", "ALL-9.3.3-02")
def test_an_unknown_binding_is_told_to_the_care_of_address():
    (packet,) = sent_packets(Script().give(refused()))
    assert packet == Packet(source=OURS, destination=CARE_OF, message=BindingError(status=1, home_address=HOME))


@pytest.mark.requirement("ALL-9.3.3-01")
@pytest.mark.parametrize("text", ["ff02::1", "ff0e::1", "::", "::1", "fe80::1"])
def test_nobody_is_told_who_cannot_be(text):
    script = Script()
    assert script.give(refused(source=IPv6Address(text))) == []
    assert script.give(refused(destination=IPv6Address("ff0e::1"))) == []


@pytest.mark.requirement("ALL-9.3.3-03")
def test_binding_errors_are_limited():
    script = Script()
    sent = [script.give(refused(source=CARE_OF + number)) for number in range(100)]
    assert sum(map(len, sent)) == BINDING_ERROR_RATE
    script.advance(1.0)
    assert len(script.give(refused())) == 1


def test_a_binding_that_the_kernel_is_only_late_with_is_not_denied():
    script = Script()
    Mobile(script).register()
    assert script.give(refused()) == []
    assert len(script.give(refused(source=CARE_OF_2))) == 1
    assert len(script.give(refused(destination=OURS_2))) == 1


def test_binding_errors_are_told_even_when_the_role_is_off():
    assert len(Script(None).give(refused())) == 1


# --- on and off -----------------------------------------------------------------------------------------------------


def test_switched_off_it_is_silent_and_wants_nothing():
    script = Script(None)
    assert script.receive(HOTI) == script.receive(COTI) == []
    assert Mobile(script).update() == []
    assert (script.desired, script.node.next_deadline(), script.actions) == ({}, None, [])


@pytest.mark.parametrize("packet", [HOTI, COTI])
def test_before_the_datapath_is_known_a_test_is_not_answered(packet):
    script = Script(datapath=None)
    assert script.receive(packet) == []
    assert script.desired == {}


@pytest.mark.requirement("ALL-9.3.3-03")
@pytest.mark.parametrize("packet", [HOTI, COTI])
def test_where_nothing_can_go_directly_no_token_is_given(packet):
    script = Script(datapath=False)
    (sent,) = sent_packets(script.receive(packet))
    unspecified = IPv6Address("::")
    assert sent == Packet(
        source=OURS, destination=packet.source, message=BindingError(status=2, home_address=unspecified)
    )
    assert sum(len(script.receive(packet)) for _ in range(50)) == BINDING_ERROR_RATE - 1
    assert script.desired == {}
    assert len(script.role._nonces) == 0


def test_the_role_lets_binding_updates_in():
    assert Script().desired == {"correspondent-node": RECEPTION}


def test_the_datapath_may_be_known_first_or_last():
    script = Script(datapath=None)
    script.give(DatapathChosen(route_optimization=True))
    assert script.desired == {"correspondent-node": RECEPTION}
    Mobile(script).register()


@pytest.mark.parametrize("end", ["off", "datapath", "stopping"])
def test_the_end_of_the_role_is_the_end_of_its_bindings(end):
    script = Script()
    Mobile(script).register()
    mobile = Mobile(script, home=HOME_2, ours=OURS_2)
    mobile.register()
    if end == "off":
        script.configure(None)
    else:
        script.give(Stopping() if end == "stopping" else DatapathChosen(route_optimization=False))
    assert script.desired == {}
    assert script.bound() == {}
    assert script.node.next_deadline() is None
    if end == "off":
        script.configure(ON)
        assert statuses(mobile.update()) == [138]  # no token from before is good for anything


def test_after_the_end_nothing_is_said():
    script = Script()
    script.give(Stopping())
    assert script.receive(HOTI) == script.give(DeadlineReached()) == script.configure(ON) == []


def test_the_same_configuration_again_changes_nothing():
    script = Script()
    Mobile(script).register()
    assert script.configure(ON) == []


# --- the kernel's part ----------------------------------------------------------------------------------------------


def test_a_binding_the_kernel_refuses_is_dropped_rather_than_losing_packets():
    script = Script()
    Mobile(script).register()
    Mobile(script, home=HOME_2).register()
    actions = script.give(NetworkStateFailed(owner=OWNER, item="an item", reason="a reason"))
    assert SetNetworkState(owner=OWNER, state=EMPTY) in actions
    assert script.bound() == {HOME_2: CARE_OF}
    assert OWNER not in script.desired
    assert len(script.give(refused())) == 1  # and the mobile node is told when it tries


@pytest.mark.parametrize("owner", ["home-agent", "mobile-node:x", "correspondent-node:", "correspondent-node:x,y", ""])
def test_what_others_are_refused_is_their_business(owner):
    script = Script()
    Mobile(script).register()
    assert script.give(NetworkStateFailed(owner=owner, item="an item", reason="a reason")) == []
    assert script.give(NetworkStateRestored(owner=owner)) == []
    assert script.bound() == {HOME: CARE_OF}


def test_what_the_role_is_refused_is_shown():
    script = Script()
    script.give(NetworkStateFailed(owner="correspondent-node", item="an item", reason="a reason"))
    (problem,) = script.role.problems()
    assert (problem.code, problem.subject, problem.detail) == (ProblemCode.NETWORK_REFUSED, "an item", "a reason")
    script.give(NetworkStateRestored(owner="correspondent-node"))
    assert script.role.problems() == ()


def test_an_owner_name_says_whose_it_is():
    for pair in ((OURS, HOME), (OURS_2, HOME_2)):
        assert pair_of(owner_of(type(pair_of(OWNER))(*pair))) == pair


# --- Binding Refresh Requests ---------------------------------------------------------------------------------------


def known(last_used: float | None, **changes) -> RouteUseKnown:
    values = {
        "end": OptimizationEnd.CORRESPONDENT,
        "home_address": HOME,
        "correspondent": OURS,
        "last_used": None if last_used is None else Instant(last_used),
    }
    return RouteUseKnown(**{**values, **changes})


def asked(actions) -> list[AskRouteUse]:
    return [each for each in actions if isinstance(each, AskRouteUse)]


ASK = AskRouteUse(end=OptimizationEnd.CORRESPONDENT, home_address=HOME, correspondent=OURS)


@pytest.mark.requirement("CN-9.5.5-01", "CN-9.1-02")
def test_a_binding_in_use_is_asked_to_be_renewed():
    script = Script()
    Mobile(script).register()
    assert asked(script.advance(389.9)) == []
    assert asked(script.advance(0.1)) == [ASK]
    (packet,) = sent_packets(script.give(known(script.now - 1.0)))
    assert packet == Packet(source=OURS, destination=HOME, message=BindingRefreshRequest())
    assert [each.last_used for each in script.role._registrations.cache] == [script.now - 1.0]


def test_a_binding_that_nobody_uses_ends_in_silence():
    for last_used in (None, 0.0, 329.0):
        script = Script()
        Mobile(script).register()
        assert asked(script.advance(390.0)) == [ASK]
        assert script.give(known(last_used)) == []
        assert asked(script.advance(30.0)) == []
        assert script.bound() == {}


@pytest.mark.requirement("CN-9.5.5-01")
def test_it_is_asked_a_few_times_and_never_often():
    script = Script()
    Mobile(script).register()
    script.advance(389.9)
    times = []
    for _ in range(301):
        for _ in asked(script.advance(0.1)):
            assert len(messages(script.give(known(script.now)), BindingRefreshRequest)) == 1
            times.append(script.now)
    assert 2 <= len(times) <= 4
    assert min(b - a for a, b in pairwise(times)) > 1 / MAX_UPDATE_RATE
    assert script.bound() == {}


@pytest.mark.requirement("CN-9.5.5-02")
def test_no_more_requests_once_the_binding_is_renewed():
    script = Script()
    mobile = Mobile(script)
    mobile.register()
    script.advance(390.0)
    assert len(script.give(known(script.now))) == 1
    mobile.test().update()
    assert asked(script.advance(389.0)) == []
    assert script.give(known(script.now)) == []  # an answer to a question of before


def test_answers_to_what_was_not_asked_are_ignored():
    script = Script()
    Mobile(script).register()
    assert script.give(known(script.now)) == []
    script.advance(390.0)
    assert script.give(known(script.now, end=OptimizationEnd.MOBILE_NODE)) == []
    assert script.give(known(script.now, home_address=HOME_2)) == []
    assert len(script.give(known(script.now))) == 1
    assert script.give(known(script.now)) == []


@pytest.mark.parametrize("lifetime", [4.0, 8.0, 12.0, 40.0])
def test_short_bindings_are_not_asked_for_at_once(lifetime):
    script = Script()
    Mobile(script).register(lifetime)
    assert asked(script.advance(lifetime / 2)) == []
    script.advance(lifetime)
    assert script.node.next_deadline() is not None  # its sequence number is remembered for a while
    assert script.bound() == {}


@pytest.mark.requirement("CN-6.1.7-02")
def test_a_binding_stays_as_long_as_it_was_promised():
    script = Script(replace(ON, max_bindings=2))
    Mobile(script).register()
    for number in range(20):
        Mobile(script, home=HOME_2 + number, care_of=CARE_OF_2).test().update()
        script.advance(20.0)
        assert script.bound()[HOME] == CARE_OF


def test_waking_after_the_end_asks_nobody():
    script = Script()
    Mobile(script).register()
    script.now = Instant(script.now + 10_000.0)
    actions = script.give(DeadlineReached())
    assert asked(actions) == []
    assert not [each for each in actions if isinstance(each, SendPacket)]
    assert script.bound() == {}
