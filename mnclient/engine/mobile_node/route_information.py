# SPDX-License-Identifier: GPL-2.0-or-later
"""Route Information (RFC 4191): what a router says of its default route, and of more specific routes through it.

The host is of type C (section 3.1): it keeps a small table and uses the longest match, before any preference.
"""

from collections.abc import Iterable, Mapping
from ipaddress import IPv6Network
from typing import Final

from mnclient.constants import MAX_ROUTES_PER_ROUTER
from mnclient.units import Instant, Seconds, after
from mnclient.wire.addresses import is_link_local, is_multicast
from mnclient.wire.neighbor_discovery import RouterAdvertisement
from mnclient.wire.neighbor_options import RouteInformation, RouterPreference

DEFAULT: Final = IPv6Network("::/0")
RANK: Final = {RouterPreference.HIGH: 2, RouterPreference.MEDIUM: 1, RouterPreference.LOW: 0}

Routes = dict[IPv6Network, tuple[RouterPreference, Instant]]
"""The more specific routes of one router: how it ranks among others to the same network, and until when it holds."""


def default_route(advertisement: RouterAdvertisement) -> tuple[Seconds, RouterPreference]:
    """Lifetime and preference of the default route: an option for ::/0 overrides the header (section 3.1).

    A lifetime of zero means that there is none, whatever preference is beside it (section 2.2).
    """
    for option in advertisement.options:
        if isinstance(option, RouteInformation) and option.prefix == DEFAULT:
            return option.lifetime, option.preference
    return advertisement.router_lifetime, advertisement.preference


def learned(
    known: Mapping[IPv6Network, tuple[RouterPreference, Instant]], options: Iterable[RouteInformation], now: Instant
) -> Routes:
    """What is known after an advertisement. A lifetime of zero ends a route; the table is bounded."""
    routes = {network: route for network, route in known.items() if route[1] > now}
    for option in options:
        network = option.prefix
        if network == DEFAULT or is_link_local(network.network_address) or is_multicast(network.network_address):
            continue
        if option.lifetime <= 0:
            routes.pop(network, None)
        elif network in routes or len(routes) < MAX_ROUTES_PER_ROUTER:
            routes[network] = (option.preference, after(now, option.lifetime))
    return routes
