# SPDX-License-Identifier: GPL-2.0-or-later
"""A program that exchanges keys with the home agent works from abroad, by the care-of address."""

import pytest

from tests.lab.key_management import KEY_MANAGEMENT, OTHER, exchange
from tests.lab.topology import HOME, VISITED_A, VISITED_B

pytestmark = pytest.mark.lab


@pytest.mark.requirement("MN-11.3.2-04")
@pytest.mark.parametrize("link", [VISITED_A, VISITED_B])
def test_away_it_goes_from_the_care_of_address_as_it_is(lab, at_home, link):
    """Everything else that is for the home agent goes through the tunnel."""
    lab.move(link)
    at_home.registered_at(link)
    (entry,) = at_home.home_addresses()
    sent = exchange(lab, f"keys-{link}")
    for port in KEY_MANAGEMENT:
        assert (sent[port].source, sent[port].inner, sent[port].order) == (entry.care_of_address, None, ())
    assert sent[OTHER].source == entry.care_of_address
    assert sent[OTHER].innermost.source == entry.address


def test_at_home_it_is_as_everything_else(lab, at_home):
    (entry,) = at_home.home_addresses()
    sent = exchange(lab, "keys-home")
    assert {each.innermost.source for each in sent.values()} == {entry.address}
    assert "6269:" not in lab.laptop.run(["ip", "-6", "rule"])
    lab.move(VISITED_A)
    at_home.registered_at(VISITED_A)
    assert "6269:" in lab.laptop.run(["ip", "-6", "rule"])
    lab.move(HOME)
    at_home.registered_at(HOME)
    assert "6269:" not in lab.laptop.run(["ip", "-6", "rule"])
