# SPDX-License-Identifier: GPL-2.0-or-later
"""Who answers and who does not, over restarts too."""

from dataclasses import replace
from ipaddress import IPv6Address

from mnclient.constants import MAX_CGA_BINDING_LIFETIME, MAX_REMEMBERED_CORRESPONDENTS
from mnclient.engine.events import Configured, DatapathChosen
from mnclient.engine.mobile_node.mobile_node import MobileNode
from mnclient.engine.mobile_node.remembered_correspondents import RememberedCorrespondents
from mnclient.engine.sequence_numbers import SEQUENCE_MARGIN, SEQUENCE_MODULUS
from mnclient.model.config import MobileNodeConfig, NodeConfig
from mnclient.model.status import CorrespondentState as State
from mnclient.model.stored_binding import Stored, StoredCorrespondent, StoredOptimization
from mnclient.units import Instant, Seconds
from tests.mnclient.engine.mobile_node.peer import PEER, Abroad, care_of_inits, home_inits, open_config, told
from tests.mnclient.engine.mobile_node.script import HOME, KnownEntropy, ack, config, link, only, ra_a, ra_home, updates

NOW = Instant(100.0)


def test_the_time_grows_to_an_hour():
    known, now, waits = RememberedCorrespondents(), NOW, []
    for _ in range(20):
        waits.append(known.failed(PEER, now) - now)
    assert waits[:8] == [60.0, 120.0, 240.0, 480.0, 960.0, 1920.0, 3600.0, 3600.0]
    assert set(waits[8:]) == {3600.0}
    known.answered(PEER, now)
    assert known.answers(PEER)
    assert known.failed(PEER, now) - now == 60.0


def test_made_up_addresses_do_not_push_out_real_ones():
    known = RememberedCorrespondents()
    known.answered(PEER, NOW)
    for number in range(1000):
        known.failed(IPv6Address(number), NOW)
    assert known.answers(PEER)
    assert len(list(known.snapshot(NOW))) <= MAX_REMEMBERED_CORRESPONDENTS
    assert known.retry_at(IPv6Address(0)) is None
    assert known.retry_at(IPv6Address(999)) == NOW + 60.0


def test_what_is_kept_comes_back_and_odd_numbers_are_bounded():
    known = RememberedCorrespondents()
    known.failed(PEER, NOW)
    known.answered(IPv6Address(1), NOW)
    stored = list(known.snapshot(Instant(NOW + 20.0)))
    other = RememberedCorrespondents()
    other.restore(stored, Instant(7.0))
    assert (other.retry_at(PEER), other.answers(IPv6Address(1))) == (47.0, True)
    other.restore([StoredCorrespondent(address=PEER, answers=False, failures=-5, retry=Seconds(1e9))], Instant(7.0))
    assert other.retry_at(PEER) == 3607.0
    assert other.failed(PEER, Instant(7.0)) == 7.0 + 120.0


def restarted(script: Abroad, stored: Stored, chosen: MobileNodeConfig | None = None) -> None:
    """The service again: nothing is known but what was stored; the kernel has been cleaned up."""
    script.node, script.routes = MobileNode(KnownEntropy()), set()
    script.actions.clear()
    script.node.restore(stored, script.now)
    script.give(DatapathChosen(route_optimization=True))
    script.give(Configured(config=NodeConfig(mobile_node=chosen or open_config())))
    script.give(link())


def test_who_did_not_answer_is_not_asked_again_after_a_restart():
    script = Abroad()
    script.give(script.peer.heard())
    script.pass_time(20.0)
    restarted(script, script.node.snapshot(script.now))
    script.register(ra_a())
    assert care_of_inits(script.give(script.peer.heard())) == []
    assert script.talks is State.UNRESPONSIVE
    script.pass_time(60.0)
    assert care_of_inits(script.give(script.peer.heard()))


def test_a_correspondent_that_still_sends_directly_is_told_again_after_a_crash():
    script = Abroad()
    script.bind()
    stored = script.node.snapshot(script.now)
    assert [(each.correspondent, each.remaining) for each in stored.optimizations] == [(PEER, 420.0)]
    restarted(script, stored)
    arrival = script.give(ra_a())
    assert script.route is not None, "what it sends meanwhile arrives"
    assert (script.route.incoming, script.route.outgoing) == (True, False)
    acknowledged = script.give(ack(only(updates(arrival))))
    script.give(script.peer.care_of_test(only(care_of_inits(arrival))))
    update = only(told(script.give(script.peer.home_test(only(home_inits(acknowledged))))))
    script.give(script.peer.acknowledge(update))
    assert script.talks is State.DIRECT


def test_numbers_go_on_after_a_crash_though_nothing_was_acknowledged():
    """What was lost on its way could be replayed, as long as its nonces last, if the numbers began anew below it."""
    script = Abroad()
    first = only(told(script.test()))
    restarted(script, script.node.snapshot(script.now))
    arrival = script.give(ra_a())
    acknowledged = script.give(ack(only(updates(arrival))))
    script.give(script.peer.care_of_test(only(care_of_inits(arrival))))
    update = only(told(script.give(script.peer.home_test(only(home_inits(acknowledged))))))
    assert update.packet.message.sequence == (first.packet.message.sequence + SEQUENCE_MARGIN + 1) % SEQUENCE_MODULUS


def test_after_a_crash_at_home_it_is_deleted():
    script = Abroad()
    script.bind()
    restarted(script, script.node.snapshot(script.now))
    actions = script.give(ack(only(updates(script.give(ra_home())))))
    answer = replace(script.peer.home_test(only(home_inits(actions))), through_tunnel=False)
    deletion = only(told(script.give(answer)))
    assert script.peer.accepts(deletion)


def test_a_restored_binding_is_not_renewed_when_it_is_not_wanted_any_more():
    script = Abroad()
    script.bind()
    restarted(script, script.node.snapshot(script.now), config())
    actions = script.give(ra_a())
    actions += script.give(ack(only(updates(actions))))
    assert (care_of_inits(actions), home_inits(actions), told(actions)) == ([], [], [])
    script.pass_time(421.0)
    assert not script.routes


def test_the_number_and_the_time_of_restored_bindings_are_bounded():
    script = Abroad()
    many = tuple(
        StoredOptimization(
            home_address=HOME,
            correspondent=IPv6Address(int(PEER) + number),
            care_of_address=script.care_of,
            remaining=Seconds(1e9),
        )
        for number in range(1000)
    )
    restarted(script, Stored(optimizations=many))
    script.register(ra_a())
    assert len(script.node.correspondents(script.now)) <= 256
    latest = script.now + MAX_CGA_BINDING_LIFETIME
    assert all(each.expires <= latest for each in script.node.correspondents(script.now) if each.expires)


def test_what_could_not_be_deleted_is_kept_while_the_role_is_off():
    script = Abroad()
    script.bind()
    script.give(script.peer.use(None))
    script.pass_time(211.0)
    assert told(script.configure(None)) == []
    (kept,) = script.node.snapshot(script.now).optimizations
    assert (kept.home_address, kept.correspondent) == (HOME, PEER)
