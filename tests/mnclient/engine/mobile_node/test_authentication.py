# SPDX-License-Identifier: GPL-2.0-or-later
"""A mobile node whose Binding Updates prove themselves, and what it makes of the answers."""

from dataclasses import replace

import pytest

from mnclient.engine.events import PacketReceived, WallClockSet
from mnclient.model.problems import ProblemCode
from mnclient.model.status import HomeAddressState as State
from mnclient.security import authentication_option
from mnclient.security.timestamps import is_later
from mnclient.units import Instant, Seconds
from mnclient.wire.authentication_options import (
    MN_AAA,
    MN_HA,
    MessageIdentification,
    MobileNodeIdentifier,
    MobilityMessageAuthentication,
)
from mnclient.wire.packet import Packet
from tests.mnclient.engine.authenticated import (
    AGENT_CONFIG,
    AGENTS,
    KEY,
    MINE,
    WALL_CLOCK_AT_BOOT,
    Pair,
    answer_of,
    keyed,
    update_of,
)
from tests.mnclient.engine.mobile_node.script import HOME, Script, link, ra_b, ra_home, updates

SPOILT = replace(AGENTS, secret=bytes(16))


def timestamp(packet: Packet) -> int:
    return next(each.timestamp for each in update_of(packet).options if isinstance(each, MessageIdentification))


@pytest.mark.requirement("RFC4285-MN-5.1.1-01")
@pytest.mark.requirement("RFC4285-MN-4-01")
@pytest.mark.requirement("RFC4283-MN-3.2-01")
def test_every_update_is_named_dated_and_signed():
    pair = Pair()
    pair.attach()
    pair.pass_time(1500.0)  # refreshes
    pair.mobile.give(link(interrupted=True))
    pair.carry(pair.mobile.give(ra_home()))  # and a de-registration
    assert pair.mobile.where is State.AT_HOME
    assert len(pair.updates) > 3
    assert update_of(pair.updates[-1]).lifetime == 0
    for packet in pair.updates:
        kinds = [type(each) for each in update_of(packet).options]
        assert kinds[-3:] == [MobileNodeIdentifier, MessageIdentification, MobilityMessageAuthentication]
        option = authentication_option.find_option(update_of(packet), MN_HA)
        assert option is not None
        assert option.spi == MINE.spi_out


@pytest.mark.requirement("RFC4283-MN-3.1-01", "RFC4285-MN-4-01")
def test_without_a_name_of_its_own_it_is_a_user_of_a_realm_all_the_same():
    pair = Pair()
    pair.attach()
    assert pair.updates
    for packet in pair.updates:
        (named,) = [each for each in update_of(packet).options if isinstance(each, MobileNodeIdentifier)]
        assert (named.subtype, named.identifier) == (1, b"2001-db8-1--100@home.arpa")


def test_it_is_registered_and_protected():
    pair = Pair()
    pair.attach()
    assert pair.mobile.where is State.REGISTERED
    assert pair.mobile.home_address().protected
    assert not pair.mobile.problems() & {ProblemCode.UNPROTECTED_SIGNALLING, ProblemCode.PROTECTION_MISSING}
    assert list(pair.agent.bound()) == [HOME]


def test_the_key_that_was_accepted_is_told_and_kept():
    pair = Pair()
    assert pair.mobile.home_address().accepted_spi is None
    pair.attach()
    assert pair.mobile.home_address().accepted_spi == MINE.spi_out
    (stored,) = pair.mobile.node.snapshot(pair.mobile.now).registrations
    assert stored.spi == MINE.spi_out


def test_a_name_of_ones_own():
    pair = Pair(replace(MINE, identifier="laptop@example.org"))
    pair.attach()
    named = [each for each in update_of(pair.updates[0]).options if isinstance(each, MobileNodeIdentifier)]
    assert [each.identifier for each in named] == [b"laptop@example.org"]


@pytest.mark.requirement("RFC4285-MN-5.2-01", "RFC4285-HA-5.2-01")
def test_with_a_proof_for_an_aaa_server_the_home_agent_still_believes_its_own():
    pair = Pair(replace(MINE, aaa_secret=bytes(range(50, 70))))
    pair.attach()
    assert pair.mobile.where is State.REGISTERED
    for packet in pair.updates:
        own, theirs = update_of(packet).options[-2:]
        assert (own.subtype, theirs.subtype, theirs.spi, len(theirs.authenticator)) == (MN_HA, MN_AAA, 3, 20)
    for packet in pair.answers:
        assert authentication_option.find_option(answer_of(packet), MN_AAA) is None


@pytest.mark.requirement("RFC4285-ALL-5-03")
@pytest.mark.requirement("RFC4285-ALL-5.1.1-01")
@pytest.mark.parametrize(
    "damage",
    [
        lambda answer: replace(answer, options=()),
        lambda answer: replace(answer, lifetime=Seconds(answer.lifetime + 4)),
        lambda answer: replace(answer, status=129),
        lambda answer: replace(answer, options=(*answer.options[:-1], replace(answer.options[-1], spi=9))),
    ],
)
def test_an_answer_that_is_not_proved_changes_nothing(damage):
    pair = Pair()
    pair.wire = lambda packet: packet if packet.home_address else replace(packet, message=damage(answer_of(packet)))
    pair.attach()
    assert pair.mobile.where is State.REGISTERING
    assert pair.mobile.node.counters()["ba.ignored.authentication"] == 1
    pair.wire = lambda packet: packet
    pair.pass_time(4.0)  # retransmission goes on
    assert pair.mobile.where is State.REGISTERED


@pytest.mark.requirement("RFC4285-MN-6-03")
def test_an_old_answer_played_again_is_ignored():
    """Its sequence number and authenticator are right; only its timestamp is that of another Binding Update."""
    pair = Pair()
    pair.attach()
    pair.wire = lambda packet: packet if packet.home_address else None
    pair.mobile.give(link(interrupted=True))
    pair.carry(pair.mobile.give(ra_b()))
    assert pair.mobile.where is State.REGISTERING
    old = answer_of(pair.answers[0])
    forged = replace(old, sequence=update_of(pair.updates[-1]).sequence, options=old.options[:-1])
    signed = authentication_option.authenticate(
        forged, key=KEY, spi=MINE.spi_in, care_of_address=pair.mobile.care_of, home_address=HOME
    )
    packet = replace(pair.answers[0], destination=pair.mobile.care_of, message=signed)
    pair.mobile.give(PacketReceived(interface="eth0", packet=packet))
    assert pair.mobile.where is State.REGISTERING


@pytest.mark.requirement("RFC4285-MN-6-03")
@pytest.mark.parametrize("status", [0, 129])
def test_the_time_of_another_update_is_not_that_of_the_one_that_is_answered(status):
    """All else is right, and the time is one that was sent: before, with another number."""
    pair = Pair()
    heard: list[Packet] = []

    def losing_every_answer(packet: Packet) -> Packet | None:
        if packet.home_address is None:
            heard.append(packet)
        return packet if packet.home_address else None

    pair.wire = losing_every_answer
    pair.attach()
    pair.pass_time(1.5)
    first, last = pair.updates[0], pair.updates[-1]
    assert update_of(first).sequence != update_of(last).sequence

    def answer(time: int) -> PacketReceived:
        bare = replace(answer_of(heard[-1]), status=status, options=(MessageIdentification(timestamp=time),))
        signed = authentication_option.authenticate(
            bare, key=KEY, spi=MINE.spi_in, care_of_address=pair.mobile.care_of, home_address=HOME
        )
        return PacketReceived(interface="eth0", packet=replace(heard[-1], message=signed))

    pair.mobile.give(answer(timestamp(first)))
    assert pair.mobile.where is State.REGISTERING
    assert pair.mobile.node.counters()["ba.ignored.authentication"] == 1
    pair.mobile.give(answer(timestamp(last)))
    assert pair.mobile.where is (State.REFUSED if status else State.REGISTERED)


@pytest.mark.requirement("RFC4285-MN-6-02")
@pytest.mark.requirement("RFC4285-HA-6-02")
@pytest.mark.parametrize("skew", [-86400.0, -60.0, 60.0, 86400.0 * 365 * 9])
def test_a_skewed_clock_costs_one_round_trip(skew):
    pair = Pair(skew=skew)
    pair.attach()
    assert pair.statuses == [144, 0]
    assert pair.mobile.where is State.REGISTERED
    pair.pass_time(600.0)
    assert set(pair.statuses[1:]) == {0}  # the offset is remembered


@pytest.mark.requirement("RFC4285-MN-6-02")
def test_a_mismatch_that_is_not_proved_corrects_nothing():
    pair = Pair(skew=1000.0)
    pair.wire = lambda packet: (
        packet if packet.home_address else replace(packet, message=replace(answer_of(packet), options=()))
    )
    pair.attach()
    assert pair.mobile.where is State.REGISTERING
    before = timestamp(pair.updates[-1])
    pair.pass_time(2.0)
    assert abs((timestamp(pair.updates[-1]) >> 32) - (before >> 32)) < 5


@pytest.mark.requirement("RFC4285-MN-5.3-01")
def test_a_proved_failure_ends_it_and_tells_the_person():
    """The home agent's answer is authentic, and says that ours was not: something between them spoils what we send."""
    pair = Pair()
    pair.wire = lambda packet: (
        replace(packet, message=replace(update_of(packet), lifetime=Seconds(4.0))) if packet.home_address else packet
    )
    pair.attach()
    assert pair.statuses == [146]
    assert pair.mobile.where is State.UNPROTECTED
    assert ProblemCode.KEY_REJECTED in pair.mobile.problems()
    assert updates(pair.mobile.pass_time(3600.0)) == []
    pair.mobile.give(link(interrupted=True))
    assert updates(pair.mobile.give(ra_b())) == []  # not even from elsewhere
    pair.wire = lambda packet: packet
    other = replace(MINE, spi_out=3000)
    pair.agent.configure(replace(AGENT_CONFIG, associations=(replace(AGENTS, spi_in=3000),)))
    pair.carry(pair.mobile.configure(keyed(other)))  # another key
    assert pair.mobile.where is State.REGISTERED


def test_different_keys_are_told_apart_from_a_silent_home_agent():
    pair = Pair(agent=replace(AGENT_CONFIG, associations=(SPOILT,)))
    pair.attach()
    pair.pass_time(10.0)
    assert set(pair.statuses) == {146}
    assert pair.mobile.where is State.REGISTERING  # nobody has proved anything
    assert ProblemCode.KEY_REJECTED in pair.mobile.problems()
    assert ProblemCode.HOME_AGENT_SILENT not in pair.mobile.problems()
    pair.agent.configure(AGENT_CONFIG)
    pair.pass_time(40.0)
    assert pair.mobile.where is State.REGISTERED
    assert ProblemCode.KEY_REJECTED not in pair.mobile.problems()


@pytest.mark.requirement("RFC4285-MN-6-01")
def test_the_bits_that_the_clock_cannot_supply_are_drawn_for_each_update():
    pair = Pair()
    pair.attach()
    pair.pass_time(3000.0)
    lowest = [timestamp(packet) & 0xFFF for packet in pair.updates]
    assert len(lowest) > 3 and len(set(lowest)) == len(lowest)


@pytest.mark.requirement("RFC4285-MN-6-01")
def test_timestamps_grow_over_a_restart_and_a_clock_set_back():
    pair = Pair()
    pair.attach()
    stored = pair.mobile.node.snapshot(pair.mobile.now)
    again = Script(None, start=pair.mobile.now)
    again.configure(None)
    again.node.restore(stored, again.now)
    again.give(WallClockSet(at_boot=WALL_CLOCK_AT_BOOT - 3600.0))
    again.configure(keyed())
    again.give(link())
    (update,) = updates(again.give(ra_b()))
    assert is_later(timestamp(update.packet), timestamp(pair.updates[-1]))


def test_nothing_is_said_while_the_secret_is_missing():
    script = Script(keyed(replace(MINE, secret=b"")))
    script.give(link())
    assert updates(script.give(ra_b())) == []
    assert ProblemCode.KEY_NOT_AVAILABLE in script.problems()
    (update,) = updates(script.configure(keyed()))
    assert authentication_option.find_option(update_of(update.packet), MN_HA) is not None


def test_the_start_of_the_clock_does_not_matter():
    """A host without a battery for its clock begins in 1970."""
    pair = Pair(skew=-WALL_CLOCK_AT_BOOT)
    pair.mobile.now = pair.agent.now = Instant(5000.0)
    pair.attach()
    assert pair.statuses == [144, 0]
