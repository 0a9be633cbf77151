# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace

import pytest

from mnclient.model.status import HomeAddressState
from tests.ui import samples
from ui.view.moment import moment_of
from ui.view.overview_view import address_rows, explanation, headline

MOMENT = moment_of(samples.AWAY)


def only(**changes):
    (row,) = address_rows(samples.with_address(**changes), MOMENT)
    return row


@pytest.mark.parametrize(
    "state, words, role",
    [
        ("off", "Switched off", "quiet"),
        ("at home", "At home, reachable at", "good"),
        ("away verified", "Away, reachable at", "good"),
        ("away registered", "Away, registered as", "warning"),
        ("working", "Moving", "busy"),
        ("no network", "No network", "quiet"),
        ("problem", "The home agent refused the registration", "bad"),
        ("question", "Away, reachable at", "good"),
    ],
)
def test_headline(state, words, role):
    fact = headline(samples.STATES[state], MOMENT)
    assert fact.text.startswith(words) and fact.role == role
    assert explanation(samples.STATES[state], MOMENT)


def test_green_is_for_both_facts_and_for_every_address():
    assert headline(samples.with_address(verified=False), MOMENT).role == "warning"
    assert headline(samples.TWO_ADDRESSES, MOMENT).role != "good"


def test_registered_and_verified_are_two_facts():
    row = only()
    assert (row.registered.text, row.registered.role) == ("registered with a key, 10 min left", "good")
    assert (row.verified.text, row.verified.role) == ("verified, 12 seconds ago", "good")
    row = only(verified=False, protected=False)
    assert row.registered.text.startswith("registered without a key") and row.registered.role == "warning"
    assert row.verified.text == "a test packet did not come back"
    assert only(verified=None).verified.text == "not verified yet"


@pytest.mark.parametrize("state", HomeAddressState)
def test_every_state_has_words(state):
    row = only(state=state, registered=False)
    assert row.state.text and row.registered.text and row.verified.text


def test_a_clock_that_jumped():
    row = only(verified_at=samples.NOW + 1000, registered_until=samples.NOW - 1000)
    assert row.verified.text == "verified, not known: the clock was changed"
    assert row.registered.text.endswith("ended")


def test_the_preferred_is_first_and_those_not_in_use_are_there():
    rows = address_rows(samples.TWO_ADDRESSES, MOMENT)
    assert [row.preferred for row in rows] == [True, False] and not rows[0].only
    (row,) = address_rows(replace(samples.OFF, home_addresses=samples.AWAY.home_addresses), MOMENT)
    assert row.state.text == "not in use" and row.home_agent == str(samples.HOME_AGENT)


def test_first_run():
    assert headline(samples.FIRST_RUN, MOMENT).text == "No home address yet"
    assert "was found" in explanation(samples.FIRST_RUN, MOMENT)
    assert "was found" not in explanation(replace(samples.FIRST_RUN, known_home_agents=()), MOMENT)
