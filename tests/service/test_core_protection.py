# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys of the store become associations of the roles."""

from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

from mnclient.model.config import (
    AccessIdentifier,
    HomeAddressConfig,
    HomeAgentConfig,
    HomeLinkConfig,
    MobileNodeConfig,
    NodeConfig,
)
from mnclient.model.keys import KeyKind
from service.core_protection import keyed
from tests.mnclient.engine.associations import association

PREFIX = IPv6Network("2001:db8:1::/64")
AGENT, OTHER_AGENT = IPv6Address("2001:db8:1::1"), IPv6Address("2001:db8:1::2")
HOME, OTHER_HOME = IPv6Address("2001:db8:1::100"), IPv6Address("2001:db8:1::200")
HOMES = tuple(HomeAddressConfig(address=each, prefix=PREFIX, home_agent=AGENT) for each in (HOME, OTHER_HOME))
LINK = HomeLinkConfig(prefix=PREFIX, address=AGENT, interface="eth0")
BOTH = NodeConfig(mobile_node=MobileNodeConfig(home_addresses=HOMES), home_agent=HomeAgentConfig(links=(LINK,)))
MINE, OTHERS = association(HOME, AGENT), association(OTHER_HOME, OTHER_AGENT)


def homes(config):
    return [each.association for each in config.mobile_node.home_addresses]


def test_a_home_address_has_the_key_of_itself_and_its_home_agent():
    assert homes(keyed(BOTH, (MINE, OTHERS))) == [MINE, None]


def test_where_no_home_agent_was_chosen_the_newest_key_says_which_to_look_for():
    """Those before it count as long as they are with the same one."""
    (unsettled,) = (replace(each, home_agent=None) for each in HOMES[:1])
    config = NodeConfig(mobile_node=MobileNodeConfig(home_addresses=(unsettled,)))
    newer, elsewhere = replace(MINE, spi_in=7000, spi_out=7001), association(HOME, OTHER_AGENT)
    (home,) = keyed(config, (newer, elsewhere, MINE, OTHERS)).mobile_node.home_addresses
    assert (home.association, home.retiring, home.home_agent) == (newer, (MINE,), None)
    assert homes(keyed(config, (OTHERS,))) == [None]


def test_a_home_agent_has_the_keys_in_which_it_is_one():
    assert keyed(BOTH, (MINE, OTHERS)).home_agent.associations == (MINE,)


def test_of_several_the_first_is_used():
    newer = replace(MINE, spi_in=7000, spi_out=7001)
    config = keyed(BOTH, (newer, MINE))
    assert homes(config) == [newer, None] and config.home_agent.associations == (newer,)


def retiring(*associations):
    return keyed(BOTH, associations).mobile_node.home_addresses[0].retiring


def test_under_ipsec_a_mobile_node_hears_those_before_as_well():
    newer = replace(MINE, spi_in=7000, spi_out=7001)
    assert retiring(newer, MINE, OTHERS) == (MINE,)
    assert retiring(MINE) == ()
    assert retiring(newer, replace(MINE, secret=b"")) == ()
    signed = replace(MINE, kind=KeyKind.RFC4285, algorithm="hmac-sha1-96")
    assert retiring(newer, signed) == retiring(signed, MINE) == ()


def test_a_home_address_goes_by_its_own_name():
    named = AccessIdentifier(home_address=HOME, identifier="laptop@example.org")
    elsewhere = AccessIdentifier(home_address=OTHER_AGENT, identifier="no@example.org")
    mobile_node = replace(BOTH.mobile_node, access_identifiers=(elsewhere, named))
    theirs = replace(OTHERS, home_agent=AGENT)
    found = homes(keyed(replace(BOTH, mobile_node=mobile_node), (MINE, theirs)))
    assert [each.identifier for each in found] == ["laptop@example.org", ""]


def test_without_keys_or_roles_nothing_changes():
    assert keyed(BOTH, ()) == BOTH and keyed(NodeConfig(), (MINE,)) == NodeConfig()
