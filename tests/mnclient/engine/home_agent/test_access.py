# SPDX-License-Identifier: GPL-2.0-or-later
"""The access list; what else is decided in access.py is tested with the registrations."""

from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.engine.home_agent.access import is_allowed
from mnclient.model.config import AccessRule

HOME_NET = IPv6Network("2001:db8:1::/64")
VISITED_NET = IPv6Network("2001:db8:2::/64")
INSIDE, OUTSIDE = IPv6Address("2001:db8:1::5"), IPv6Address("2001:db8:9::5")
VISITED = IPv6Address("2001:db8:2::5")


@pytest.mark.parametrize(
    "rules, home, care_of, allowed",
    [
        ((), INSIDE, VISITED, True),
        ((AccessRule(allow=False),), INSIDE, VISITED, False),
        ((AccessRule(allow=False, home_addresses=HOME_NET),), INSIDE, VISITED, False),
        ((AccessRule(allow=False, home_addresses=HOME_NET),), OUTSIDE, VISITED, True),
        ((AccessRule(allow=False, care_of_addresses=VISITED_NET),), OUTSIDE, VISITED, False),
        ((AccessRule(allow=False, home_addresses=HOME_NET, care_of_addresses=VISITED_NET),), INSIDE, OUTSIDE, True),
        ((AccessRule(allow=True, home_addresses=HOME_NET), AccessRule(allow=False)), INSIDE, VISITED, True),
        ((AccessRule(allow=True, home_addresses=HOME_NET), AccessRule(allow=False)), OUTSIDE, VISITED, False),
        ((AccessRule(allow=False), AccessRule(allow=True, home_addresses=HOME_NET)), INSIDE, VISITED, False),
    ],
)
def test_the_first_matching_rule_decides(rules, home, care_of, allowed):
    assert is_allowed(rules, home, care_of) is allowed
