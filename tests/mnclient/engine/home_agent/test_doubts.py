# SPDX-License-Identifier: GPL-2.0-or-later
"""What the person of a home agent is told of registrations that were not believed."""

from dataclasses import replace
from ipaddress import IPv6Address

import pytest

from mnclient.engine.actions import PublishStatus
from mnclient.engine.events import IntegrityFailed
from mnclient.engine.home_agent.doubts import FORGOTTEN_AFTER, MAX_SHOWN, WORDS, Doubts
from mnclient.engine.timers import TimerTable
from mnclient.model.problems import ProblemCode
from mnclient.units import Instant, Seconds
from mnclient.wire.authentication_options import MN_AAA, MobilityMessageAuthentication
from tests.mnclient.engine.home_agent.script import HOME, OTHER_HOME, binding_update
from tests.mnclient.engine.home_agent.test_authentication import OTHERS, agent, signed, with_options

AAA = MobilityMessageAuthentication(subtype=MN_AAA, spi=3, authenticator=bytes(20))


def told(script):
    found = script.agent.problems(script.now)
    return {each.subject: each for each in found if each.code is ProblemCode.REGISTRATION_DISBELIEVED}


def dropped(home=HOME, within=10.0):
    return IntegrityFailed(home_address=home, within=Seconds(within))


def publishes(actions):
    return [each for each in actions if isinstance(each, PublishStatus)] != []


@pytest.mark.parametrize(
    "event, words",
    [
        (lambda script: binding_update(1), "without a key"),
        (lambda script: signed(script, spi=777), "names a key"),
        (lambda script: signed(script, key=bytes(16)), "under another key"),
        (lambda script: signed(script, dated=False), "does not say when"),
        (lambda script: signed(script, time=-86_400.0), "clocks differ"),
        (lambda script: signed(script, time=86_400.0), "clocks differ"),
        (lambda script: with_options(signed(script), lambda options: (AAA, *options)), "not in the right form"),
        (lambda script: dropped(), "under IPsec (ESP) is under another key"),
    ],
)
def test_each_reason_is_a_sentence_with_what_to_do(event, words):
    script = agent()
    assert publishes(script.give(event(script)))
    (problem,) = told(script).values()
    assert problem.subject == str(HOME) and words in problem.text() and "Nothing was changed" in problem.text()
    assert "mnctl keys rotate" in problem.remedy() and "clock" in problem.remedy()


def test_what_the_kernel_drops_is_told_of_home_addresses_with_a_key_alone():
    script = agent()
    assert script.give(dropped(IPv6Address("2001:db8:1::999"))) == [] and told(script) == {}


def test_what_the_kernel_dropped_before_the_owner_was_believed_is_no_news():
    """It is looked up now and then, so the owner may have been believed in between."""
    script = agent()
    script.give(dropped())
    script.give(signed(script))
    script.advance(9.0)
    assert not publishes(script.give(dropped(within=10.0))) and told(script) == {}
    script.advance(2.0)
    assert publishes(script.give(dropped(within=10.0))) and list(told(script)) == [str(HOME)]


def test_a_belief_is_kept_for_as_long_as_there_is_a_key():
    doubts = Doubts(TimerTable())
    doubts.keep_only(frozenset({HOME}))
    doubts.end(HOME, Instant(1.0))
    doubts.end(OTHER_HOME, Instant(1.0))  # without a key, and so of no account
    assert doubts.note_late(dropped(), Instant(2.0)) == [] != doubts.note_late(dropped(OTHER_HOME), Instant(2.0))
    doubts.keep_only(frozenset())
    doubts.keep_only(frozenset({HOME}))
    assert publishes(doubts.note_late(dropped(), Instant(2.0)))


def test_an_old_one_played_again_is_called_so():
    script = agent()
    first = signed(script)
    script.give(first)
    script.advance(1.0)
    script.give(first)
    assert "played again" in told(script)[str(HOME)].text()


def test_it_is_told_once_and_forgotten_when_the_owner_is_believed():
    script = agent()
    assert publishes(script.give(signed(script, key=bytes(16))))
    assert not publishes(script.give(signed(script, spi=777))), "a stranger does not decide how often"
    assert "under another key" in told(script)[str(HOME)].text()
    script.give(signed(script, home=OTHER_HOME, key=OTHERS.secret, spi=OTHERS.spi_in))
    assert list(told(script)) == [str(HOME)], "another one's registration proves nothing"
    assert publishes(script.give(signed(script, 2)))
    assert told(script) == {}


def test_or_when_it_is_long_ago():
    script = agent()
    script.give(binding_update(1))
    script.advance(FORGOTTEN_AFTER - 1.0)
    script.give(binding_update(1))  # once more
    script.advance(FORGOTTEN_AFTER - 1.0)
    assert list(told(script)) == [str(HOME)]
    assert publishes(script.advance(2.0)) and told(script) == {}


def test_of_home_addresses_without_a_key_nothing_is_kept():
    """They are anybody's to choose, and there would be no end to them."""
    script = agent()
    nobody = HOME + 77
    assert not publishes(script.give(binding_update(1, home=nobody)))
    assert told(script) == {}


def test_only_the_first_few_are_shown_and_only_those_that_have_a_key_still():
    doubts = Doubts(TimerTable())
    many = [HOME + number for number in range(MAX_SHOWN + 3)]
    for each in many:
        assert doubts.note(each, "spi", Instant(1.0))
    assert [each.subject for each in doubts.problems()] == [str(each) for each in many[:MAX_SHOWN]]
    doubts.keep_only(frozenset(many[-1:]))
    assert [each.subject for each in doubts.problems()] == [str(many[-1])]
    assert doubts.forget(many[0]) == [] and publishes(doubts.forget(many[-1]))


def test_no_words_are_missing():
    """Every reason for which the home agent does not believe somebody."""
    assert all(words and not words.endswith(".") for words in WORDS.values())
    script = agent(require_message_identification=False)
    script.give(replace(signed(script, dated=False)))
    assert told(script) == {}, "what is believed is no doubt"
