# SPDX-License-Identifier: GPL-2.0-or-later
"""Facts of the status that follow from the configuration in force."""

from ipaddress import IPv6Address

from mnclient.model.config import IdentifierMethod, NodeConfig, OptimizationUse
from mnclient.model.status import HomeAddressState, Status


def route_optimization_off(config: NodeConfig) -> str:
    """Why nobody is talked to directly, as far as it is somebody's wish; "" when it is wanted with somebody."""
    if config.mobile_node is None:
        return "this machine is not a mobile node"
    wish = config.mobile_node.route_optimization
    if wish.location_privacy:
        return "location privacy is on"
    if wish.use is OptimizationUse.NEVER:
        return "the settings say never"
    if wish.use is OptimizationUse.ONLY_THESE and not any(each.allow for each in wish.correspondents):
        return "the settings allow it with nobody"
    return ""


def unsuitable_identifiers(config: NodeConfig, status: Status) -> frozenset[bytes]:
    """Of care-of addresses that are replaced in time (RFC 8981): nothing to build a home address on."""
    if config.mobile_node is None or config.mobile_node.identifier_method is not IdentifierMethod.TEMPORARY:
        return frozenset()
    return frozenset(each.care_of_address.packed[8:] for each in status.interfaces if each.care_of_address)


def addresses_taken(status: Status) -> frozenset[IPv6Address]:
    """Home addresses that another machine was found to have."""
    duplicates = (each for each in status.home_addresses if each.state is HomeAddressState.DUPLICATE)
    return frozenset(each.address for each in duplicates)
