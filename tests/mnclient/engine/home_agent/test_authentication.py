# SPDX-License-Identifier: GPL-2.0-or-later
"""Whom a home agent believes by the authenticator and timestamp in the message itself."""

from dataclasses import replace

import pytest

from mnclient.engine.events import WallClockSet
from mnclient.model.keys import KeyKind
from mnclient.model.stored_binding import Stored
from mnclient.security import authentication_option
from mnclient.security.timestamps import to_ntp
from mnclient.units import Instant, Seconds
from mnclient.wire.authentication_options import (
    MN_AAA,
    MN_HA,
    MessageIdentification,
    MobileNodeIdentifier,
    MobilityMessageAuthentication,
)
from mnclient.wire.binding import BindingAcknowledgement
from mnclient.wire.mobility_header import decode_mobility_header, encode_mobility_header
from tests.mnclient.engine.authenticated import AGENT_CONFIG, AGENTS, KEY, WALL_CLOCK_AT_BOOT
from tests.mnclient.engine.home_agent.script import CARE_OF, CARE_OF_2, HOME, OTHER_HOME, Script, acks, binding_update

OTHERS = replace(AGENTS, home_address=OTHER_HOME, spi_in=5000, spi_out=5001, secret=bytes(16))
NAME = MobileNodeIdentifier(identifier=b"laptop@example.org")


def agent(**changes):
    script = Script(replace(AGENT_CONFIG, associations=(AGENTS, OTHERS), **changes))
    script.give(WallClockSet(at_boot=WALL_CLOCK_AT_BOOT))
    return script


def now(script):
    return WALL_CLOCK_AT_BOOT + script.now


def signed(script, sequence=1, *, time=0.0, key=KEY, spi=AGENTS.spi_in, home=HOME, care_of=CARE_OF, dated=True, **rest):
    """A Binding Update with a timestamp `time` seconds from now."""
    event = binding_update(sequence, home=home, care_of=care_of, **rest)
    date = (MessageIdentification(timestamp=to_ntp(now(script) + time)),) if dated else ()
    message = replace(event.packet.message, options=(*event.packet.message.options, NAME, *date))
    message = authentication_option.authenticate(message, key=key, spi=spi, care_of_address=care_of, home_address=home)
    return replace(event, packet=replace(event.packet, message=message))


def answered(script, event):
    """The answers, after duplicate detection."""
    actions = script.give(event)
    return acks(actions) or acks(script.advance(1.0))


def statuses(script, event):
    return [each.status for each in answered(script, event)]


def with_options(event, change):
    message = event.packet.message
    return replace(event, packet=replace(event.packet, message=replace(message, options=change(message.options))))


def dates(message):
    return [each for each in message.options if isinstance(each, MessageIdentification)]


def verifies(answer: BindingAcknowledgement, care_of=CARE_OF) -> bool:

    received = decode_mobility_header(encode_mobility_header(answer, HOME, CARE_OF), HOME, CARE_OF)
    assert isinstance(received, BindingAcknowledgement)
    return authentication_option.is_authentic(received, key=KEY, care_of_address=care_of, home_address=HOME)


@pytest.mark.requirement("RFC4285-HA-5.1.1-01")
@pytest.mark.requirement("RFC4285-HA-5.2-01")
@pytest.mark.requirement("RFC4285-HA-6-02")
@pytest.mark.requirement("RFC4285-HA-6-04")
def test_the_answer_is_dated_and_signed():
    script = agent()
    event = signed(script)
    (answer,) = answered(script, event)
    assert answer.status == 0
    assert verifies(answer)
    option = authentication_option.find_option(answer, MN_HA)
    assert option is not None
    assert option.spi == AGENTS.spi_out
    assert authentication_option.find_option(answer, MN_AAA) is None
    assert dates(answer) == dates(event.packet.message) != []


@pytest.mark.requirement("RFC4285-ALL-5-03")
@pytest.mark.parametrize("allowed", [False, True])
def test_without_an_authenticator_there_is_no_answer(allowed):
    script = agent(allow_unprotected_signalling=allowed)
    assert statuses(script, binding_update()) == []
    assert script.agent.counters()["bu.discarded.unprotected"] == 1
    assert script.bound() == {}


@pytest.mark.requirement("RFC4285-ALL-3.1-01")
@pytest.mark.requirement("RFC4285-HA-5.1.1-02")
def test_an_association_that_nobody_knows_is_not_answered():
    script = agent()
    assert statuses(script, signed(script, spi=777)) == []
    assert statuses(script, signed(script, spi=OTHERS.spi_in, key=OTHERS.secret)) == []  # of another home address
    assert script.agent.counters()["bu.discarded.spi"] == 2
    assert script.bound() == {}


@pytest.mark.requirement("RFC4285-HA-5.1.1-02")
@pytest.mark.requirement("RFC4285-ALL-5.1.1-01")
@pytest.mark.requirement("RFC4285-HA-6-04")
def test_a_failed_verification_is_answered_and_changes_nothing():
    script = agent()
    script.give(signed(script, 10))
    script.advance(1.0)
    event = signed(script, 11, key=bytes(16), care_of=CARE_OF_2, time=1.0)
    (answer,) = answered(script, event)
    assert answer.status == 146
    assert dates(answer) == dates(event.packet.message) != []
    assert verifies(answer, CARE_OF_2)
    assert script.bound() == {HOME: CARE_OF}
    assert statuses(script, signed(script, 11, time=0.5)) == [0]  # neither its number nor its time was taken over


@pytest.mark.requirement("RFC4285-HA-5-01")
def test_an_authenticator_for_the_aaa_server_first_is_discarded():
    script = agent()
    aaa = MobilityMessageAuthentication(subtype=MN_AAA, spi=3, authenticator=bytes(20))
    event = with_options(signed(script), lambda options: (aaa, *options))
    assert statuses(script, event) == []
    assert script.agent.counters()["bu.discarded.authentication-aaa-before-ha"] == 1


@pytest.mark.requirement("RFC4285-HA-6-01")
@pytest.mark.parametrize(
    ("time", "window", "expected"),
    [(6.9, 7.0, [0]), (-6.9, 7.0, [0]), (7.1, 7.0, [144]), (-7.1, 7.0, [144]), (-7.1, 8.0, [0]), (3.2, 3.1, [144])],
)
def test_the_window(time, window, expected):
    script = agent(replay_window=Seconds(window))
    assert statuses(script, signed(script, time=time)) == expected
    assert bool(script.bound()) is (expected == [0])


@pytest.mark.requirement("RFC4285-HA-6-01")
@pytest.mark.requirement("RFC4285-HA-6-02")
def test_a_replay_within_the_window_is_refused():
    """The binding is gone meanwhile, and its sequence number forgotten: the timestamp alone tells."""
    script = agent()
    first = signed(script)
    script.give(first)
    script.advance(1.0)
    assert statuses(script, signed(script, 2, lifetime=0.0, time=0.5)) == [0]
    (answer,) = answered(script, first)
    assert answer.status == 144
    (returned,) = [each.timestamp for each in answer.options if isinstance(each, MessageIdentification)]
    (sent,) = [each.timestamp for each in first.packet.message.options if isinstance(each, MessageIdentification)]
    assert returned & 0xFFFFFFFF == sent & 0xFFFFFFFF
    assert returned >> 32 == to_ntp(now(script)) >> 32
    assert script.bound() == {}


def test_a_replay_after_a_restart_is_refused():
    script = agent()
    first = signed(script)
    script.give(first)
    script.advance(1.0)
    new = Script(None)
    new.now = Instant(script.now + 1.0)
    new.agent.restore(Stored(timestamps=script.agent.timestamps()), new.now)  # the bindings were lost
    new.configure(replace(AGENT_CONFIG, associations=(AGENTS,)))
    new.give(WallClockSet(at_boot=WALL_CLOCK_AT_BOOT))
    assert statuses(new, first) == [144]


@pytest.mark.requirement("RFC4285-HA-6-03")
@pytest.mark.parametrize(("required", "expected"), [(True, [145]), (False, [0])])
def test_without_a_timestamp(required, expected):
    script = agent(require_message_identification=required)
    assert statuses(script, signed(script, dated=False)) == expected
    assert bool(script.bound()) is (expected == [0])


def test_what_is_remembered_goes_with_the_key():
    script = agent()
    script.give(signed(script))
    assert [each.home_address for each in script.agent.timestamps()] == [HOME]
    script.configure(replace(AGENT_CONFIG, associations=(OTHERS,)))
    assert script.agent.timestamps() == ()


def test_a_key_for_ipsec_is_not_asked_for_an_authenticator():
    esp = replace(AGENTS, kind=KeyKind.ESP, algorithm="aes-gcm-128", secret=bytes(20))
    script = Script(replace(AGENT_CONFIG, associations=(esp,)))
    script.give(WallClockSet(at_boot=WALL_CLOCK_AT_BOOT))
    assert statuses(script, signed(script)) == []  # impossible here: nothing is believed
