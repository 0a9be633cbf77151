# SPDX-License-Identifier: GPL-2.0-or-later
"""What goes wrong in the kernel of a home agent: what it refuses, and addresses of the home agent that are taken."""

from ipaddress import IPv6Address
from typing import Final

from mnclient.engine.actions import Action, Note, PublishStatus, SetNetworkState
from mnclient.engine.events import AddressDuplicate, AddressSettled, NetworkStateFailed, NetworkStateRestored
from mnclient.engine.home_agent.desired_state import OWNER
from mnclient.engine.home_agent.links import HomeLinks
from mnclient.model.problems import Problem, ProblemCode
from mnclient.units import Instant

MAX_REFUSALS_KEPT: Final = 16  # shown as problems; with thousands of bindings the first few tell


class Troubles:
    """Problems of the role with its own network state."""

    def __init__(self, links: HomeLinks) -> None:
        self._links = links
        self._refusals: dict[str, Problem] = {}
        self._taken: dict[IPv6Address, Problem] = {}

    def problems(self) -> tuple[Problem, ...]:
        """All of them."""
        return (*self._taken.values(), *self._refusals.values())

    def links_changed(self) -> None:
        """Other home links: an address that is not ours any longer cannot be taken."""
        self._taken = {address: taken for address, taken in self._taken.items() if self._links.has_address(address)}

    def forget_refusals(self) -> None:
        """Nothing is wanted any more."""
        self._refusals.clear()

    def refused(self, event: NetworkStateFailed | NetworkStateRestored, now: Instant) -> list[Action]:
        """Something the role wants of the kernel was refused, or is now as wanted."""
        if event.owner != OWNER and not event.owner.startswith(f"{OWNER}:"):
            return []
        if isinstance(event, NetworkStateRestored):
            return [PublishStatus()] if self._refusals.pop(event.owner, None) is not None else []
        if event.owner not in self._refusals and len(self._refusals) >= MAX_REFUSALS_KEPT:
            return []
        self._refusals[event.owner] = Problem(
            code=ProblemCode.NETWORK_REFUSED, subject=event.item, detail=event.reason, since=now
        )
        note = Note(kind="network-refused", text=f"{event.item}: {event.reason}")
        return [note, PublishStatus()]

    def own_address(self, event: AddressDuplicate | AddressSettled, now: Instant) -> list[Action]:
        """The kernel tested the home agent's own address on a home link."""
        if all(link.address != event.address for link in self._links.on(event.interface)):
            return []
        if isinstance(event, AddressSettled):
            return [PublishStatus()] if self._taken.pop(event.address, None) is not None else []
        self._taken[event.address] = Problem(
            code=ProblemCode.NETWORK_REFUSED,
            subject=f"{event.address} on {event.interface}",
            detail="another machine uses the home agent's address",
            since=now,
        )
        return [PublishStatus()]

    def drop_unwanted(self, actions: list[Action]) -> None:
        """What is no longer wanted cannot be refused."""
        if not self._refusals:
            return
        for action in actions:
            if isinstance(action, SetNetworkState) and action.state.is_empty():
                self._refusals.pop(action.owner, None)
