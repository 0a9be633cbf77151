# SPDX-License-Identifier: GPL-2.0-or-later
"""One key that succeeds another: what the home agent believes meanwhile."""

from dataclasses import replace

import pytest

from mnclient.engine.events import DatapathChosen, WallClockSet
from mnclient.model.keys import KeyKind
from mnclient.model.status import HomeAddressState as State
from mnclient.security import authentication_option
from mnclient.wire.authentication_options import MN_HA
from tests.mnclient.engine.associations import KINDS, association
from tests.mnclient.engine.authenticated import (
    AGENT_CONFIG,
    AGENTS,
    MINE,
    WALL_CLOCK_AT_BOOT,
    Pair,
    answer_of,
    keyed,
)
from tests.mnclient.engine.home_agent.script import CARE_OF, CARE_OF_2, HOME, Script, acks
from tests.mnclient.engine.home_agent.test_authentication import answered, signed, statuses

NEW = replace(AGENTS, spi_in=6000, spi_out=6001, secret=bytes(range(50, 66)))
BOTH = replace(AGENT_CONFIG, associations=(NEW, AGENTS))


def agent(config=BOTH):
    script = Script(config)
    script.give(WallClockSet(at_boot=WALL_CLOCK_AT_BOOT))
    return script


def under(script, key, sequence, **rest):
    return signed(script, sequence, key=key.secret, spi=key.spi_in, **rest)


def stored_spi(script):
    (binding,) = [each for each in script.agent.snapshot(script.now) if each.remaining > 0]
    return binding.spi


@pytest.mark.requirement("RFC4285-HA-5.1.1-01")
def test_both_are_believed_and_each_is_answered_under_its_own():
    script = agent()
    for sequence, key, care_of in ((1, AGENTS, CARE_OF), (2, NEW, CARE_OF_2), (3, AGENTS, CARE_OF)):
        (answer,) = answered(script, under(script, key, sequence, care_of=care_of, time=sequence * 0.1))
        option = authentication_option.find_option(answer, MN_HA)
        assert answer.status == 0 and option is not None and option.spi == key.spi_out
        assert authentication_option.is_authentic(answer, key=key.secret, care_of_address=care_of, home_address=HOME)
        assert stored_spi(script) == key.spi_in, "what the binding was last proved with is kept"


@pytest.mark.requirement("RFC4285-HA-5.1.1-02")
def test_the_spi_of_one_with_the_secret_of_the_other_fails():
    script = agent()
    assert statuses(script, signed(script, key=AGENTS.secret, spi=NEW.spi_in)) == [146]
    assert statuses(script, signed(script, key=NEW.secret, spi=AGENTS.spi_in)) == [146]
    assert script.bound() == {}


def test_the_binding_lives_when_the_key_before_goes():
    script = agent()
    answered(script, under(script, AGENTS, 1))
    script.configure(replace(BOTH, associations=(NEW,)))
    assert list(script.bound()) == [HOME], "it lasts as long as it was granted"
    assert statuses(script, under(script, AGENTS, 2)) == []
    assert script.agent.counters()["bu.discarded.spi"] == 1
    assert statuses(script, under(script, NEW, 3)) == [0]


@pytest.mark.requirement("RFC4285-HA-6-01")
def test_nothing_is_believed_twice_over_the_change():
    """The greatest timestamp is that of the home address, whatever key it came under."""
    script = agent()
    answered(script, under(script, NEW, 1, time=3.0))
    assert statuses(script, under(script, AGENTS, 2)) == [144]


@pytest.mark.requirement("HA-5.1-01")
def test_under_ipsec_there_is_one_association_where_two_cannot_be_told_apart():
    new = association(HOME, AGENTS.home_agent, spi_in=6000, spi_out=6001)
    old = replace(new, spi_in=1000, spi_out=1001)
    script = Script(config=None)
    script.give(DatapathChosen(route_optimization=False, protections=KINDS))
    script.configure(replace(AGENT_CONFIG, associations=(new, old)))
    event = signed(script)
    assert acks(script.give(replace(event, protection=old.protection))) == [] and script.bound() == {}


@pytest.mark.parametrize("spoilt", [{"secret": b""}, {"kind": KeyKind.ESP, "algorithm": "aes-gcm-128"}])
def test_what_cannot_be_verified_with_is_no_key_before(spoilt):
    script = agent(replace(BOTH, associations=(NEW, replace(AGENTS, **spoilt))))
    assert statuses(script, under(script, AGENTS, 1)) == [] and script.bound() == {}


def test_a_laptop_changes_its_key_and_stays_bound():
    """Both ends as machines: the home agent first, then the laptop, and then only the new key is known."""
    pair = Pair()
    pair.attach()
    pair.agent.configure(BOTH)
    pair.pass_time(700.0)  # refreshes go on under the old one
    assert pair.mobile.home_address().accepted_spi == MINE.spi_out
    mine = replace(NEW, spi_in=NEW.spi_out, spi_out=NEW.spi_in)
    pair.carry(pair.mobile.configure(keyed(mine)))
    assert pair.mobile.where is State.REGISTERED and pair.mobile.home_address().accepted_spi == NEW.spi_in
    assert [answer_of(each).status for each in pair.answers] == [0] * len(pair.answers)
    assert list(pair.agent.bound()) == [HOME] and stored_spi(pair.agent) == NEW.spi_in
    pair.agent.configure(replace(BOTH, associations=(NEW,)))
    pair.pass_time(700.0)
    assert pair.mobile.where is State.REGISTERED and list(pair.agent.bound()) == [HOME]
