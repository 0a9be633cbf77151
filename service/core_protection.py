# SPDX-License-Identifier: GPL-2.0-or-later
"""Which key protects which home address: the keys of the store, put into the configuration of the roles."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from ipaddress import IPv6Address

from mnclient.model.config import HomeAddressConfig, HomeAgentConfig, NodeConfig
from mnclient.model.keys import KeyKind
from mnclient.model.precomputed_key import PrecomputedKey
from mnclient.model.security import SecurityAssociation
from service.key_store import Identity


def keyed(
    config: NodeConfig,
    associations: Iterable[SecurityAssociation],
    precomputed: Iterable[PrecomputedKey] = (),
    retiring: Collection[Identity] = (),
) -> NodeConfig:
    """The configuration with its keys. Of several for one home address and home agent the first is used.

    A home agent believes those that are `retiring` as well, and a mobile node decrypts what comes under the others.

    A mobile node uses those of its home addresses, a home agent those in which it is the home agent itself. Of the
    precomputed keys a mobile node uses those of its home addresses, too, and a correspondent the others.
    """
    associations = tuple(associations)
    mobile_node, home_agent, correspondent_node = config.mobile_node, config.home_agent, config.correspondent_node
    own = frozenset(each.address for each in mobile_node.home_addresses) if mobile_node is not None else frozenset()
    mine, theirs = _by_owner(precomputed, own)
    if mobile_node is not None:
        names = {each.home_address: each.identifier for each in mobile_node.access_identifiers}
        homes = tuple(
            _keyed_home(each, associations, names.get(each.address, "")) for each in mobile_node.home_addresses
        )
        mobile_node = replace(mobile_node, home_addresses=homes, precomputed_keys=mine)
    if home_agent is not None:
        home_agent = replace(home_agent, associations=_of_guests(home_agent, associations, retiring))
    if correspondent_node is not None:
        correspondent_node = replace(correspondent_node, precomputed_keys=theirs)
    return replace(config, mobile_node=mobile_node, home_agent=home_agent, correspondent_node=correspondent_node)


def _by_owner(
    keys: Iterable[PrecomputedKey], own: frozenset[IPv6Address]
) -> tuple[tuple[PrecomputedKey, ...], tuple[PrecomputedKey, ...]]:
    """Those for home addresses of our own, and those for others'."""
    keys = tuple(keys)
    mine = tuple(key for key in keys if key.home_address in own)
    return mine, tuple(key for key in keys if key.home_address not in own)


def _keyed_home(
    home: HomeAddressConfig, associations: tuple[SecurityAssociation, ...], identifier: str
) -> HomeAddressConfig:
    """With its key. Where no home agent was chosen it is that of any: then who shares it is looked for."""
    mine = [
        each
        for each in associations
        if each.home_address == home.address and home.home_agent in (None, each.home_agent)
    ]
    if not mine:
        return home
    newest, *older = mine
    older = [each for each in older if each.home_agent == newest.home_agent and each.kind is newest.kind]
    retiring = tuple(each for each in older if newest.kind is KeyKind.ESP and each.secret)
    return replace(home, association=replace(newest, identifier=identifier), retiring=retiring)


def _of_guests(
    config: HomeAgentConfig, associations: tuple[SecurityAssociation, ...], retiring: Collection[Identity]
) -> tuple[SecurityAssociation, ...]:
    own = {link.address for link in config.links}
    found: dict[object, SecurityAssociation] = {}
    also: list[SecurityAssociation] = []
    for each in associations:
        if each.home_agent not in own:
            continue
        if found.setdefault(each.home_address, each) is not each and _identity(each) in retiring:
            also.append(each)
    return (*found.values(), *also)


def _identity(association: SecurityAssociation) -> Identity:
    return association.home_address, association.home_agent, association.spi_out
