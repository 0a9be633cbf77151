# SPDX-License-Identifier: GPL-2.0-or-later
"""With whom route optimisation is used: what the person wants, and whom it is never used with (RFC 6275
section 11.7.2).

Never with our own home agent, whose traffic has no shorter way; with link-local and multicast addresses (section
11.3.1); with ourselves. Not inside a home prefix either: packets to a neighbour of the home link pass the home agent's
link anyway, so there is nothing to win, while the neighbour, to whom the home address is on-link, would have to take
back a packet from elsewhere. And not with destinations that a traffic rule gives to the care-of address altogether.
"""

from collections.abc import Collection, Iterable
from ipaddress import IPv6Address

from mnclient.engine.protection import protects_updates_alone
from mnclient.model.config import HomeAddressConfig, MobileNodeConfig, OptimizationUse, RouteOptimizationConfig
from mnclient.wire.addresses import is_unicast_routable

PRIVATE = "location privacy is on"
NEVER = "route optimisation is switched off"
NOT_ALLOWED = "the settings for this correspondent do not allow it"
NOT_NAMED = "only the correspondents named in the settings are talked to directly"
UNPROTECTED_TEST = "the key of the home address protects registrations alone, not the home test"
OTHER_WAY = "a traffic rule sends everything to this address from the care-of address"


def is_on(config: RouteOptimizationConfig) -> bool:
    """Whether any correspondent at all may be talked to directly."""
    return not refusal_of_all(config)


def refusal_of_all(config: RouteOptimizationConfig) -> str:
    """Why nobody may be talked to directly; "" when some may."""
    if config.location_privacy:
        return PRIVATE
    return NEVER if config.use is OptimizationUse.NEVER else ""


def can_be_correspondent(
    address: IPv6Address, homes: Iterable[HomeAddressConfig], own_addresses: Collection[IPv6Address]
) -> bool:
    """Whether an address can be that of a correspondent with which a direct path makes sense."""
    if not is_unicast_routable(address) or address in own_addresses:
        return False
    return not any(address == home.home_agent or address in home.prefix for home in homes)


def refusal(address: IPv6Address, config: MobileNodeConfig) -> str:
    """Why this correspondent may not be talked to directly, in words for a person; "" when it may."""
    optimization = config.route_optimization
    nobody = refusal_of_all(optimization)
    if nobody:
        return nobody
    if _has_another_way(address, config):
        return OTHER_WAY
    matching = [policy for policy in optimization.correspondents if address in policy.prefix]
    if matching:
        # Of two that are equally long the one that says no decides: it is the one that costs no privacy.
        best = max(matching, key=lambda policy: (policy.prefix.prefixlen, not policy.allow))
        return "" if best.allow else NOT_ALLOWED
    return "" if optimization.use is OptimizationUse.ALWAYS else NOT_NAMED


def refusal_for_home(home_address: IPv6Address, config: MobileNodeConfig) -> str:
    """Why a home address may not be used directly with anybody; "" when it may."""
    home = next((each for each in config.home_addresses if each.address == home_address), None)
    return UNPROTECTED_TEST if home is not None and protects_updates_alone(home.association) else ""


def _has_another_way(address: IPv6Address, config: MobileNodeConfig) -> bool:
    """A rule for some ports only leaves the rest of the traffic to the home address."""
    return any(
        rule.protocol is None and (rule.destination is None or address in rule.destination)
        for rule in config.traffic_rules
    )
