# SPDX-License-Identifier: GPL-2.0-or-later
from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.model.binding_filter import ALL_BINDINGS, BindingFilter
from mnclient.model.status import BindingCacheStatus
from mnclient.units import Instant, Seconds

ENTRY = BindingCacheStatus(
    home_address=IPv6Address("2001:db8:1::10"),
    care_of_address=IPv6Address("2001:db8:2::10"),
    sequence=1,
    lifetime=Seconds(600.0),
    expires=Instant(1600.0),
    home_registration=True,
    interface="lan0",
)
HOME, VISITED = IPv6Network("2001:db8:1::/64"), IPv6Network("2001:db8:2::/64")


@pytest.mark.parametrize(
    ("which", "matches"),
    [
        (ALL_BINDINGS, True),
        (BindingFilter(addresses=HOME), True),
        (BindingFilter(addresses=VISITED), True),
        (BindingFilter(addresses=IPv6Network("2001:db8:3::/64")), False),
        (BindingFilter(addresses=IPv6Network("2001:db8:1::10/128")), True),
        (BindingFilter(addresses=IPv6Network("2001:db8:1::11/128")), False),
        (BindingFilter(home_addresses=HOME), True),
        (BindingFilter(home_addresses=VISITED), False),
        (BindingFilter(care_of_addresses=VISITED), True),
        (BindingFilter(care_of_addresses=HOME), False),
        (BindingFilter(interface="lan0"), True),
        (BindingFilter(interface="lan"), False),
        (BindingFilter(interface=""), False),
        (BindingFilter(home_addresses=HOME, care_of_addresses=VISITED, interface="lan0"), True),
        (BindingFilter(home_addresses=HOME, care_of_addresses=VISITED, interface="lan1"), False),
    ],
)
def test_all_that_is_said_must_be_true(which, matches):
    assert which.matches(ENTRY) is matches
