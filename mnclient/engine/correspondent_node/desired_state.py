# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel of a correspondent should look like: once for the role, and once for each binding (RFC 6275 9.3)."""

from ipaddress import IPv6Address
from typing import Final

from mnclient.engine.correspondent_node.binding_cache import Binding, Pair
from mnclient.model.network_state import BindingUpdateReception, NetworkState, OptimizationEnd, RouteOptimization
from mnclient.wire.addresses import text_of

OWNER: Final = "correspondent-node"


def owner_of(pair: Pair) -> str:
    """The owner name of a binding's part of the kernel."""
    return f"{OWNER}:{text_of(pair.home_address)},{text_of(pair.correspondent)}"


def pair_of(owner: str) -> Pair | None:
    """The pair that an owner name was made of, None for the names of others."""
    role, _, rest = owner.partition(":")
    home_address, _, correspondent = rest.partition(",")
    if role != OWNER:
        return None
    try:
        return Pair(IPv6Address(correspondent), IPv6Address(home_address))
    except ValueError:
        return None


def role_state() -> NetworkState:
    """What all bindings share: the first Binding Update of a mobile node gets in, payload without one does not."""
    return NetworkState(receptions=frozenset((BindingUpdateReception(),)))


def binding_state(binding: Binding) -> NetworkState:
    """Payload goes directly, both ways, for one address of ours (sections 9.3.1 and 9.3.2).

    To a care-of address that is not verified goes none, but through the home agent (RFC 4866 section 4.10).
    """
    optimization = RouteOptimization(
        end=OptimizationEnd.CORRESPONDENT,
        home_address=binding.pair.home_address,
        correspondent=binding.pair.correspondent,
        care_of_address=binding.care_of_address,
        outgoing=binding.is_verified,
    )
    return NetworkState(route_optimizations=frozenset((optimization,)))
