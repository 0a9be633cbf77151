# SPDX-License-Identifier: GPL-2.0-or-later
"""Bindings of a correspondent that an administrator ends."""

from ipaddress import IPv6Network

import pytest

from mnclient.engine.events import BindingsDismissed, HomeAddressRefused
from mnclient.model.binding_filter import ALL_BINDINGS, BindingFilter
from mnclient.wire.binding import BindingError
from tests.mnclient.engine.correspondent_node.script import CARE_OF, HOME, OURS, Mobile, Script


@pytest.mark.parametrize(
    ("which", "ends"),
    [
        (ALL_BINDINGS, True),
        (BindingFilter(home_addresses=IPv6Network(HOME)), True),
        (BindingFilter(care_of_addresses=IPv6Network(HOME)), False),
        (BindingFilter(interface="wan"), True),
        (BindingFilter(interface="eth1"), False),
    ],
)
def test_those_that_are_meant_end(which, ends):
    script = Script()
    Mobile(script).test().register()
    (entry,) = script.node.binding_cache()
    assert (entry.home_address, entry.interface) == (HOME, "wan")
    script.give(BindingsDismissed(which=which))
    assert bool(script.bound()) is not ends
    assert script.node.counters().get("correspondent.binding.dismissed", 0) == int(ends)


@pytest.mark.requirement("CN-9.3.1-03")
def test_the_mobile_node_is_told_by_the_answer_to_its_next_packet():
    script = Script()
    Mobile(script).test().register()
    script.give(BindingsDismissed(which=ALL_BINDINGS))
    (sent,) = script.give(HomeAddressRefused(source=CARE_OF, destination=OURS, home_address=HOME))
    assert sent.packet.message == BindingError(status=1, home_address=HOME)
    assert sent.packet.destination == CARE_OF
