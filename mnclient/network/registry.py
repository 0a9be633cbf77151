# SPDX-License-Identifier: GPL-2.0-or-later
"""Who wants what: the states of all owners, and their union. Pure; a change costs as much as its owner is big.

Items of one identity (`plan.key`) wanted with several values: the value that came last is in force, and when its last
owner goes the one before comes back.
"""

from collections.abc import Iterator

from mnclient.model.network_state import EMPTY, Item, NetworkState
from mnclient.network.plan import Key, Operation, interface_of, key, plan_items

_Owners = dict[str, None]


class Registry:
    """The states of all owners."""

    def __init__(self) -> None:
        self._states: dict[str, NetworkState] = {}
        self._items: dict[str, frozenset[Item]] = {}
        self._wanted: dict[Key, dict[Item, _Owners]] = {}
        self._on_interface: dict[str, dict[Key, None]] = {}

    def set(self, owner: str, state: NetworkState) -> tuple[Operation, ...]:
        """From now on `owner` wants exactly `state`. The steps this takes, for all owners together."""
        self._states.pop(owner, None)
        before, after = self._items.pop(owner, frozenset()), state.items()
        if after:
            self._states[owner], self._items[owner] = state, after
        gone, come = before - after, after - before
        keys = {item: key(item) for item in gone | come}
        touched = set(keys.values())
        old = [item for where in touched if (item := self.item(where)) is not None]
        # Come before gone, so that an owner's new value follows the others' instead of dropping out in between.
        for item in come:
            self._want(owner, keys[item], item)
        for item in gone:
            self._forget(owner, keys[item], item)
        new = [item for where in touched if (item := self.item(where)) is not None]
        return plan_items(old, new)

    def state(self, owner: str) -> NetworkState:
        """What an owner wants."""
        return self._states.get(owner, EMPTY)

    def item(self, where: Key) -> Item | None:
        """The value in force for an identity, None when nobody wants one."""
        values = self._wanted.get(where)
        return next(reversed(values)) if values else None

    def owners(self, where: Key) -> tuple[str, ...]:
        """Everybody who wants an item of this identity."""
        return tuple(owner for owners in self._wanted.get(where, {}).values() for owner in owners)

    def on_interface(self, interface: str) -> Iterator[Item]:
        """All items in force that live on an interface, in no order."""
        for where in tuple(self._on_interface.get(interface, ())):
            if (item := self.item(where)) is not None and interface_of(item) == interface:
                yield item

    def items(self) -> Iterator[Item]:
        """All items in force."""
        for values in self._wanted.values():
            yield next(reversed(values))

    def __contains__(self, where: Key) -> bool:
        return where in self._wanted

    def __len__(self) -> int:
        return len(self._wanted)

    def _want(self, owner: str, where: Key, item: Item) -> None:
        self._wanted.setdefault(where, {}).setdefault(item, {})[owner] = None
        if interface := interface_of(item):
            self._on_interface.setdefault(interface, {})[where] = None

    def _forget(self, owner: str, where: Key, item: Item) -> None:
        values = self._wanted[where]
        owners = values[item]
        del owners[owner]
        if owners:
            return
        del values[item]
        interface = interface_of(item)
        if interface and not any(interface_of(other) == interface for other in values):
            places = self._on_interface[interface]
            del places[where]
            if not places:
                del self._on_interface[interface]
        if not values:
            del self._wanted[where]
