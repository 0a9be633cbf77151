# SPDX-License-Identifier: GPL-2.0-or-later
"""One correspondent over time: silence, lost messages, the rate, and what every state does with every input."""

import itertools
from ipaddress import IPv6Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnclient.constants import MAX_CORRESPONDENTS, MAX_UPDATE_RATE
from mnclient.engine.actions import SendPacket
from mnclient.engine.mobile_node.context import Context
from mnclient.engine.mobile_node.correspondent import TABLE, Correspondent, Input
from mnclient.engine.mobile_node.correspondent_binding import MAX_PROCEDURES, Footing, Shared
from mnclient.model.status import CorrespondentState as State
from mnclient.units import Instant, Seconds
from mnclient.wire.return_routability import CareOfTestInit, HomeTestInit
from tests.mnclient.engine.mobile_node.peer import PEER, Abroad, Peer, care_of_inits, home_inits, told
from tests.mnclient.engine.mobile_node.script import HOME, KnownEntropy, ack, link, only, ra_a, ra_b, sent, updates

CARE_OF = IPv6Address("2001:db8:a::5")


def moments(timeline, kind: type[object]) -> list[float]:
    return [at for at, action in timeline if sent([action], kind)]


@pytest.mark.requirement("MN-5.2.9-02", "MN-5.2.9-03", "MN-11.8-03", "MN-11.8-04", "MN-11.8-05", "MN-11.8-08")
def test_a_correspondent_that_never_answers_is_given_up():
    script = Abroad()
    first = script.give(script.peer.heard())
    timeline = script.timeline(600.0)
    assert moments(timeline, HomeTestInit) == [1.0, 3.0, 7.0]
    assert moments(timeline, CareOfTestInit) == [1.0, 3.0, 7.0]
    cookies = [each.packet.message.cookie for each in home_inits(script.actions) + care_of_inits(script.actions)]
    assert len(set(cookies)) == len(cookies) == 8
    assert (script.talks, script.status.reason) == (State.UNRESPONSIVE, "it does not answer")
    assert first
    assert script.route is None


@pytest.mark.requirement("MN-5.2.9-02")
def test_a_direct_way_is_left_when_all_that_is_allowed_was_tried_in_vain():
    """The correspondent has answered before, and would be tried once more if nothing went to it directly."""
    script = Abroad()
    script.bind()
    script.pass_time(195.0)  # the tokens are old
    begun = script.give(script.peer.use(script.now))
    assert home_inits(begun)
    assert care_of_inits(begun)
    script.pass_time(14.9)
    assert script.route is not None and script.route.outgoing
    script.pass_time(0.2)
    assert script.talks is State.UNRESPONSIVE
    assert script.route is not None and not script.route.outgoing


def test_it_is_asked_again_after_a_growing_time():
    script, waits = Abroad(), []
    for _ in range(3):
        script.give(script.peer.heard())
        assert script.talks is State.TESTING
        script.pass_time(16.0)
        assert script.status.retry is not None
        waits.append(script.status.retry - (script.now - 1.0))
        script.now = Instant(script.status.retry)
    assert waits == [60.0, 120.0, 240.0]


@pytest.mark.requirement("MN-11.8-06", "MN-11.6.2-04")
def test_each_half_is_repeated_by_itself():
    script = Abroad()
    script.give(script.peer.home_test(only(home_inits(script.give(script.peer.heard())))))
    timeline = script.timeline(6.0)
    assert moments(timeline, HomeTestInit) == []
    assert moments(timeline, CareOfTestInit) == [1.0, 3.0]


def test_a_network_that_lets_no_care_of_test_through_is_left_with_a_new_try():
    script = Abroad()
    script.give(script.peer.home_test(only(home_inits(script.give(script.peer.heard())))))
    script.pass_time(33.0)
    assert (script.talks, script.status.reason) == (State.UNRESPONSIVE, "the test from this network is not answered")
    assert script.give(script.peer.heard()) == []
    script.move(ra_b())
    assert script.talks is State.TUNNELLED
    actions = script.give(script.peer.heard())
    assert home_inits(actions) == [], "the home test was answered, and its token is young"
    update = only(told(script.give(script.peer.care_of_test(only(care_of_inits(actions))))))
    script.give(script.peer.acknowledge(update))
    assert script.talks is State.DIRECT


@pytest.mark.requirement("MN-5.2.9-02", "MN-5.2.7-01")
def test_one_that_answers_only_one_half_is_asked_for_the_other_again_soon():
    script, waits = Abroad(), []
    asked = script.give(script.peer.heard())
    script.give(script.peer.care_of_test(only(care_of_inits(asked))))
    for _ in range(3):
        script.pass_time(31.0)
        assert script.talks is State.UNRESPONSIVE
        assert script.status.reason == "the test through the home agent is not answered"
        assert script.status.retry is not None
        waits.append(script.status.retry - script.now)
        script.now = Instant(script.status.retry)
        asked = script.give(script.peer.heard())
        assert care_of_inits(asked) == []
    assert waits == [5.0, 10.0, 20.0]
    script.give(script.peer.acknowledge(only(told(script.give(script.peer.home_test(only(home_inits(asked))))))))
    assert script.talks is State.DIRECT


@pytest.mark.requirement("MN-11.8-06")
def test_the_care_of_test_is_not_repeated_before_the_home_agent_has_answered():
    """Repeated together, the loss of every second message would always be that of the same of the two."""
    script = Abroad()
    script.bind()
    script.give(link(interrupted=True))
    arrival = script.give(ra_b())
    assert only(care_of_inits(arrival))
    timeline = script.timeline(5.0)
    assert moments(timeline, CareOfTestInit) == []
    update = [each for _, action in timeline for each in updates([action])][-1]
    again = only(care_of_inits(script.give(ack(update))))
    script.give(script.peer.acknowledge(only(told(script.give(script.peer.care_of_test(again))))))
    assert script.talks is State.DIRECT


@pytest.mark.requirement("MN-11.8-04", "MN-11.7.2-12")
def test_a_lost_acknowledgement_is_waited_for_with_a_new_number():
    script = Abroad()
    numbers = [only(told(script.test())).packet.message.sequence]
    timeline = script.timeline(60.0)
    again = [(at, *told([action])) for at, action in timeline if told([action])]
    numbers += [update.packet.message.sequence for _, update in again]
    assert [at for at, _ in again] == [1.0, 3.0, 7.0, 15.0], "it has answered the tests, so it is there"
    assert {later - earlier for earlier, later in itertools.pairwise(numbers)} == {1}
    script.pass_time(4.0)
    assert script.talks is State.UNRESPONSIVE
    assert script.route is not None, "it may hold the binding"
    assert (script.route.incoming, script.route.outgoing) == (True, False)
    script.pass_time(420.0)
    assert script.route is None


@pytest.mark.parametrize("asked, answered", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_every_second_message_lost_in_each_direction(asked, answered):
    script, there, back = Abroad(), itertools.count(asked), itertools.count(answered)
    waiting = [*script.give(script.peer.heard())]
    for _ in range(200):
        answers = [answer for each in waiting if isinstance(each, SendPacket) and next(there) % 2
                   if (answer := answer_of(script.peer, each)) and next(back) % 2]  # fmt: skip
        waiting = [action for answer in answers for action in script.give(answer)]
        if script.talks is State.DIRECT:
            return
        waiting += [*script.pass_time(0.5), *script.give(script.peer.heard())]
    raise AssertionError("never direct")


def answer_of(peer: Peer, action: SendPacket):
    match action.packet.message:
        case HomeTestInit():
            return peer.home_test(action)
        case CareOfTestInit():
            return peer.care_of_test(action)
    return peer.acknowledge(action) if told([action]) else None


@pytest.mark.requirement("MN-11.3.3-03")
def test_payload_through_the_tunnel_of_a_direct_correspondent_renews_the_binding():
    script = Abroad()
    script.bind()
    assert script.give(script.peer.heard()) == [], "it may have been under way"
    script.pass_time(31.0)
    update = only(told(script.give(script.peer.heard())))
    script.peer.nonce = b"\x05" * 8  # it was restarted
    actions = script.give(script.peer.acknowledge(update, 138, signed=False))
    assert script.talks is State.DIRECT
    script.give(script.peer.home_test(only(home_inits(actions))))
    script.give(
        script.peer.acknowledge(only(told(script.give(script.peer.care_of_test(only(care_of_inits(actions)))))))
    )
    assert script.status.expires == script.now + 420.0


# --- many -------------------------------------------------------------------------------------------------------------


def crowd(count: int) -> list[Peer]:
    return [Peer(IPv6Address(int(PEER) + 1 + number)) for number in range(count)]


def test_a_flood_of_forged_triggers_costs_little():
    script = Abroad()
    for peer in crowd(1000):
        script.give(peer.heard())
    assert len(care_of_inits(script.actions)) == MAX_PROCEDURES
    assert len(script.node.correspondents(script.now)) <= MAX_CORRESPONDENTS
    script.pass_time(20.0)
    assert len(care_of_inits(script.actions)) <= 4 * 1000
    for peer in crowd(1000):
        script.give(peer.heard())
    stored = script.node.snapshot(script.now)
    assert len(stored.correspondents) <= 32
    assert len(script.node.correspondents(script.now)) <= MAX_CORRESPONDENTS


def test_who_is_direct_is_not_pushed_out_and_comes_first_after_a_move():
    script = Abroad()
    script.bind()
    script.pass_time(10.0)
    for peer in crowd(MAX_CORRESPONDENTS + 50):
        script.give(peer.heard())
    assert script.talks is State.DIRECT
    arrival, _ = script.move(ra_b())
    assert PEER in {each.packet.destination for each in care_of_inits(arrival)}


@pytest.mark.requirement("MN-11.7.2-01")
def test_after_a_move_every_one_that_has_a_binding_is_told():
    script, peers = Abroad(), crowd(3)
    for script.peer in peers:
        script.bind()
    script.pass_time(10.0)
    arrival, _ = script.move(ra_b())
    assert {each.packet.destination for each in care_of_inits(arrival)} == {peer.address for peer in peers}
    for script.peer in peers:
        begun = next(each for each in care_of_inits(arrival) if each.packet.destination == script.peer.address)
        assert script.peer.accepts(only(told(script.give(script.peer.care_of_test(begun)))))


def test_when_all_are_direct_there_is_no_room_for_another(monkeypatch):
    monkeypatch.setattr("mnclient.engine.mobile_node.route_optimization.MAX_CORRESPONDENTS", 1)
    script = Abroad()
    script.bind()
    assert script.give(crowd(1)[0].heard()) == []
    assert script.node.counters()["correspondent.no-room"] == 1


def test_what_must_wait_gets_its_turn():
    script = Abroad()
    peers = crowd(MAX_PROCEDURES + 3)
    for peer in peers:
        script.give(peer.heard())
    waiting = [each for each in script.node.correspondents(script.now) if each.state is State.TUNNELLED]
    assert len(waiting) == 3
    script.pass_time(16.0)
    tried = {each.packet.destination for each in care_of_inits(script.actions)}
    assert tried == {peer.address for peer in peers}


# --- the table --------------------------------------------------------------------------------------------------------

FOOTINGS = (
    Footing(),
    Footing(is_at_home=True),
    Footing(care_of_address=CARE_OF),
    Footing(care_of_address=CARE_OF, is_acknowledged=True, until=Instant(5000.0)),
    Footing(care_of_address=CARE_OF, is_acknowledged=True, until=Instant(1.0)),
)


def made(state: State) -> Correspondent:
    known = Correspondent(HOME, PEER, Shared(Context(KnownEntropy())), Instant(0.0))
    known.state = state
    return known


def test_every_state_takes_every_input_wherever_the_node_is():
    for state in State:
        for event in Input:
            for footing in FOOTINGS:
                known = made(state)
                known.shared.footings[HOME] = footing
                known.feed(event, Instant(5.0))
                if (state, event) not in TABLE:
                    assert known.state is state
                    assert not known.context.signals


INPUTS = st.tuples(
    st.sampled_from(list(Input)),
    st.sampled_from(FOOTINGS),
    st.sampled_from([0.0, 0.1, 1.0, 50.0, 300.0]),
    st.sampled_from(["", "home", "care-of", "granted"]),
)


@pytest.mark.requirement("MN-11.8-07", "MN-11.7.2-05")
@settings(max_examples=200, deadline=None)
@given(st.lists(INPUTS, max_size=60))
def test_any_sequence_of_inputs_keeps_the_rate_and_the_rules(inputs):
    known, now = made(State.TUNNELLED), Instant(1.0)
    times: dict[str, list[float]] = {}
    for event, footing, gap, token in inputs:
        now = Instant(now + gap)
        known.shared.footings[HOME] = footing
        if token == "home":
            known.home_test.begin(HOME)
            known.home_test.answered(b"h" * 8, 1, now)
        elif token == "care-of" and footing.care_of_address is not None:
            known.care_of_test.begin(footing.care_of_address)
            known.care_of_test.answered(b"c" * 8, 1, now)
        known.granted = Seconds(100.0) if token == "granted" else None
        known.feed(event, now)
        for action in known.context.signals:
            assert isinstance(action, SendPacket)
            times.setdefault(type(action.packet.message).__name__, []).append(now)
            if updates([action]):
                assert footing.is_acknowledged or footing.is_at_home, "not before the home agent has answered"
                assert action.packet.source in (HOME, footing.care_of_address)
        known.context.signals.clear()
        route = known.optimization((CARE_OF,))
        assert route is None or not route.outgoing or known.state is State.DIRECT
        assert (known.key in known.shared.running) == (known.state in (State.TESTING, State.REGISTERING))
    for each in times.values():
        assert all(later - earlier >= 1.0 for earlier, later in zip(each, each[MAX_UPDATE_RATE:], strict=False))


def test_a_link_that_comes_back_takes_up_what_it_interrupted():
    script = Abroad()
    script.bind()
    script.give(link(up=False))
    assert (script.talks, script.route) == (State.TUNNELLED, None)
    script.give(link())
    arrival = script.give(ra_a())
    script.give(ack(updates(arrival)[0]))
    assert script.talks in (State.TESTING, State.REGISTERING)
