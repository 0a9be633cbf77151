# SPDX-License-Identifier: GPL-2.0-or-later
"""Home addresses in prefixes that a home link got while the laptop was away."""

from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.constants import MAX_HOME_ADDRESSES
from tests.service.fake_node import AGENT, Machine, turn

HOME = IPv6Address("2001:db8:1::100")
OTHER = IPv6Address("2001:db8:2::100")
NEW_PREFIX, NEW_AGENT = IPv6Network("2001:db8:8::/64"), IPv6Address("2001:db8:8::1")
IN_THE_SETTINGS = f'[[mobile_node.home_addresses]]\naddress = "{HOME}"\nhome_agent = "{AGENT}"\n'


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


@pytest.mark.requirement("MN-11.4.3-06")
async def test_a_new_prefix_of_the_home_link_gets_a_home_address_that_is_stored(machine):
    async with machine.running(IN_THE_SETTINGS, crash=True):
        machine.node.advertise(HOME, NEW_PREFIX, NEW_AGENT)
        machine.node.advertise(HOME, NEW_PREFIX, NEW_AGENT)
        await turn()
        assert machine.node.home_addresses == [str(HOME), "2001:db8:8::100"]
        _, new = machine.node.config.mobile_node.home_addresses
        assert (new.prefix, new.home_agent, new.preferred) == (NEW_PREFIX, NEW_AGENT, False)
    async with machine.running():
        assert machine.node.home_addresses == [str(HOME), "2001:db8:8::100"]


@pytest.mark.parametrize(
    ("home_address", "prefix"),
    [
        (OTHER, NEW_PREFIX),  # not ours
        (HOME, IPv6Network("2001:db8:8::/48")),  # nothing is formed in it
        (HOME, IPv6Network("2001:db8:1::/64")),  # there is one already
    ],
)
async def test_a_prefix_without_a_home_address_in_it(machine, home_address, prefix):
    async with machine.running(IN_THE_SETTINGS):
        machine.node.advertise(home_address, prefix, NEW_AGENT)
        await turn()
        assert machine.node.home_addresses == [str(HOME)]


async def test_prefixes_without_end_fill_no_more_than_there_is_room(machine):
    async with machine.running(IN_THE_SETTINGS):
        for number in range(2, 2 * MAX_HOME_ADDRESSES):
            machine.node.advertise(HOME, IPv6Network(f"2001:db8:{number:x}00::/64"))
            await turn()
        assert len(machine.node.home_addresses) == MAX_HOME_ADDRESSES
