# SPDX-License-Identifier: GPL-2.0-or-later
"""Which key protects which home address: the keys of the store, put into the configuration of the roles."""

from collections.abc import Iterable
from dataclasses import replace

from mnclient.model.config import HomeAddressConfig, HomeAgentConfig, NodeConfig
from mnclient.model.security import SecurityAssociation


def keyed(config: NodeConfig, associations: Iterable[SecurityAssociation]) -> NodeConfig:
    """The configuration with its keys. Of several for one home address and home agent the first is used.

    A mobile node uses those of its home addresses, a home agent those in which it is the home agent itself.
    """
    associations = tuple(associations)
    mobile_node, home_agent = config.mobile_node, config.home_agent
    if mobile_node is not None:
        homes = tuple(_keyed_home(each, associations) for each in mobile_node.home_addresses)
        mobile_node = replace(mobile_node, home_addresses=homes)
    if home_agent is not None:
        home_agent = replace(home_agent, associations=_of_guests(home_agent, associations))
    return replace(config, mobile_node=mobile_node, home_agent=home_agent)


def _keyed_home(home: HomeAddressConfig, associations: tuple[SecurityAssociation, ...]) -> HomeAddressConfig:
    mine = (each for each in associations if (each.home_address, each.home_agent) == (home.address, home.home_agent))
    found = next(mine, None)
    return home if found is None else replace(home, association=found)


def _of_guests(
    config: HomeAgentConfig, associations: tuple[SecurityAssociation, ...]
) -> tuple[SecurityAssociation, ...]:
    own = {link.address for link in config.links}
    found: dict[object, SecurityAssociation] = {}
    for each in associations:
        if each.home_agent in own:
            found.setdefault(each.home_address, each)
    return tuple(found.values())
