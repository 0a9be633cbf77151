# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

from mnclient.model.service_status import ManagedHomeAddress, Origin
from service.autoconfiguration.suggestions import GENERATED
from tests.ui import samples
from tests.ui.wizard.people import AGENT, FIRST, HEARD, HOME, SECOND, START, SUGGESTIONS
from ui.view.wizard_agents import address_rows, agent_rows


def test_agents_are_ranked_and_the_merely_heard_say_so():
    first, second = agent_rows(replace(START, known_home_agents=(samples.SECOND_AGENT, HEARD)))
    assert (first.address, first.badge) == (AGENT, "Best") and "Anybody here could claim" in first.warning
    assert "wlan0" in first.text and str(HOME) in first.text
    assert (second.badge, second.warning) == ("From your administrator", "")


def test_a_pinned_one_is_trusted_and_one_alone_is_not_called_best():
    (pinned,) = agent_rows(replace(START, known_home_agents=(samples.AGENT,)))
    assert (pinned.badge, pinned.warning) == ("Trusted", "")
    (alone,) = agent_rows(replace(START, known_home_agents=(HEARD,)))
    assert alone.badge == ""


def test_thirty_two_agents():
    rows = agent_rows(samples.CROWDED)
    assert len(rows) == 32 and [row.address for row in rows] == [HOME[1 + number] for number in range(32)]


def rows(suggestions=SUGGESTIONS, prefix=HOME, status=START, agent=AGENT, identifier=0xABCD):
    return address_rows(suggestions, prefix, status, agent, identifier)


def test_suggestions_with_their_reasons_and_one_that_is_made_up():
    shown = rows()
    assert [row.address for row in shown] == [FIRST, SECOND, HOME[0xABCD]]
    assert "hardware of wlan0" in shown[0].text and "EUI" not in shown[0].text
    assert "on wlan0 now" in shown[1].text


def test_another_home_network_gets_the_same_ends():
    other = IPv6Network("2001:db8:9::/64")
    assert rows(prefix=other)[0].address == IPv6Address("2001:db8:9:0:211:22ff:fe33:4455")
    small = IPv6Network("2001:db8:9::/112")
    assert [row.address for row in rows(prefix=small)] == [IPv6Address("2001:db8:9::abcd")]


def test_what_cannot_be_had_is_not_offered():
    managed = ManagedHomeAddress(
        address=FIRST, prefix=HOME, home_agent=AGENT, origin=Origin.MANUAL, preferred=True, active=True
    )
    assert FIRST not in [row.address for row in rows(status=replace(START, home_addresses=(managed,)))]
    on_trial = replace(START, home_addresses=(replace(managed, trial=True),))
    assert FIRST in [row.address for row in rows(status=on_trial)]
    assert SECOND not in [row.address for row in rows(agent=SECOND)]
    assert [row.address for row in rows(suggestions=(), identifier=0)] == []


def test_a_reason_that_is_not_known_is_shown_as_it_is():
    odd = replace(SUGGESTIONS[0], reason="because")
    assert rows((odd,))[0].text == "because"


def test_a_generated_address_is_said_to_be_one_and_is_good_in_its_prefix_only():
    made = replace(SUGGESTIONS[0], reason=GENERATED)
    assert "key of this computer" in rows((made,))[0].text
    other = IPv6Network("2001:db8:9::/64")
    assert [row.address for row in rows((made,), prefix=other)] == [other[0xABCD]]
