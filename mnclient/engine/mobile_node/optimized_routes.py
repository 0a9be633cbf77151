# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel is told of direct routes: one owner for each pair of home address and correspondent.

So what the kernel refuses is known by whom it concerns, and a renewed binding costs nothing.
"""

from collections.abc import Iterable
from ipaddress import IPv6Address

from mnclient.engine.actions import SetNetworkState
from mnclient.engine.mobile_node.correspondent_binding import CorrespondentBinding
from mnclient.model.network_state import EMPTY, NetworkState, RouteOptimization
from mnclient.wire.addresses import text_of

Pair = tuple[IPv6Address, IPv6Address]
"""Home address, correspondent."""


def owner_of(home_address: IPv6Address, correspondent: IPv6Address) -> str:
    """The owner name of a direct route's part of the kernel."""
    return f"mobile-node:route:{text_of(home_address)}:{text_of(correspondent)}"


class OptimizedRoutes:
    """The routes there should be, and those the kernel was told of."""

    def __init__(self) -> None:
        self._wanted: dict[Pair, RouteOptimization] = {}
        self._told: dict[Pair, RouteOptimization] = {}
        self._owners: dict[str, Pair] = {}

    def pair_of(self, owner: str) -> Pair | None:
        """Whose owner name it is."""
        return self._owners.get(owner)

    def settle(self, known: Iterable[CorrespondentBinding], accepted: tuple[IPv6Address, ...]) -> None:
        """These are all there are; packets still arrive at the care-of addresses `accepted`."""
        wanted = ((each, each.optimization(accepted)) for each in known)
        self._wanted = {(each.home_address, each.address): route for each, route in wanted if route is not None}

    def take_states(self) -> tuple[list[SetNetworkState], list[SetNetworkState]]:
        """What is new: first what must be in force before a care-of address changes, then what needs the new one.

        A direct way out from an old care-of address ends before anything else does: packets go through the tunnel.
        """
        if self._told == self._wanted:
            self._told = self._wanted
            return [], []
        before: list[SetNetworkState] = []
        later: list[SetNetworkState] = []
        for pair in {**self._told, **self._wanted}:
            told, wanted = self._told.get(pair), self._wanted.get(pair)
            if told == wanted:
                continue
            owner = owner_of(*pair)
            state = EMPTY if wanted is None else NetworkState(route_optimizations=frozenset((wanted,)))
            action = SetNetworkState(owner=owner, state=state)
            (later if wanted is not None and (told is None or not told.outgoing) else before).append(action)
            if wanted is None:
                self._owners.pop(owner, None)
            else:
                self._owners[owner] = pair
        self._told = dict(self._wanted)
        return before, later
