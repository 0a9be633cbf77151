# SPDX-License-Identifier: GPL-2.0-or-later
"""Keeps the kernel as the owners want it.

- What the kernel refuses is *failed*: its owners are told, and told again when it is as wanted. It is tried again now
  and then, and when an address comes: after IPv6 was switched off nothing else says that it is back.
- What cannot be there yet is *waiting*: items of a link that is down, routes whose source address is still tentative.
- What another program takes away is put back, at once if it is the first time (see `patience`); when that happens too
  often it is failed, and tried again later.
- What is less urgent than a packet that leaves meanwhile is *put off* until `complete`.
- What an earlier run of the service has left behind is taken over by whoever wants it, and removed by `settle`.
"""

import asyncio
import errno
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final, Protocol

from mnclient.engine.events import Event, NetworkStateFailed, NetworkStateRestored
from mnclient.model.network_state import (
    Address,
    DuplicateDetection,
    Item,
    Neighbor,
    NetworkState,
    ProxyNeighbor,
    Route,
    Sysctl,
    Tunnel,
    TunnelDevice,
)
from mnclient.network.netlink import Executor, Refusal
from mnclient.network.patience import PUT_BACK_WINDOW, Patience
from mnclient.network.plan import (
    Key,
    Operation,
    Verb,
    describe,
    describe_item,
    interface_of,
    key,
    plan_items,
)
from mnclient.network.registry import Registry
from mnclient.network.retries import Retries

_TURN: Final = 256  # operations in one turn of the loop: some ten milliseconds

_log = logging.getLogger(__name__)


class Surroundings(Protocol):
    """What the keeper asks the monitor."""

    def is_administratively_up(self, interface: str) -> bool:
        """False for an interface that is not there."""

    def has_address(self, interface: str, packed: bytes) -> bool:
        """Whether the address is there, usable or not."""

    def address_wanted(self, interface: str, packed: bytes) -> None:
        """We have asked for an address with duplicate address detection."""

    def address_unwanted(self, interface: str, packed: bytes, *, stays: bool) -> None:
        """We do not ask for an address any more. `stays`: it was there before us, and is left where it is."""


class Keeper:
    """The owners' wishes and what became of them. `leftovers`: what of ours was found in the kernel at start."""

    def __init__(
        self,
        executor: Executor,
        surroundings: Surroundings,
        deliver: Callable[[Event], None],
        leftovers: Iterable[Item] = (),
    ) -> None:
        self.registry = Registry()
        self._executor = executor
        self._surroundings = surroundings
        self._deliver = deliver
        self._leftovers = {key(item): item for item in leftovers}
        self._waiting: dict[Key, None] = {}
        self._failed: dict[Key, set[str]] = {}
        self._failing: dict[str, set[Key]] = {}
        self._lost: dict[Key, None] = {}
        self._patience = Patience()
        self._delayed: set[Key] = set()
        self._put_off: list[Operation] = []
        self._unnoted: list[tuple[list[Operation], list[Refusal]]] = []  # done, and what became of it not yet noted
        self._contested: set[Key] = set()  # failed because another program removes it
        self._retries = Retries(self._try_failed)
        self.put_back_count = 0

    # --- what owners want ---------------------------------------------------------------------------------------

    def set(self, owner: str, state: NetworkState, put_off: Callable[[Operation], bool] | None = None) -> None:
        """From now on `owner` wants exactly `state`; operations of which `put_off` is true wait for `complete`."""
        if put_off is None or any(each.verb is Verb.ADD for each in self._put_off):
            self.complete()
        operations = self.registry.set(owner, state)
        planned = {key(operation.item) for operation in operations}
        again = [where for where in self._failing.get(owner, ()) if where not in planned]
        shared = [
            where
            for where in (key(item) for item in state.items())
            if where not in planned and where in self._failed and where not in again
        ]
        for operation in operations:
            if operation.verb is Verb.REMOVE:
                self._forget(operation.item)
        self._carry_out([each for operation in operations if (each := self._take_over(operation)) is not None], put_off)
        self._apply_again(item for where in (*again, *shared) if (item := self.registry.item(where)) is not None)
        for where in again:
            if owner not in self.registry.owners(where):
                self._restored(where, owner)

    def complete(self) -> None:
        """Do what was put off."""
        self.note_done()
        waiting, self._put_off = self._put_off, []
        self._apply(waiting)

    def note_done(self) -> None:
        """Note, and tell, what became of the operations that were not put off."""
        unnoted, self._unnoted = self._unnoted, []
        for operations, refusals in unnoted:
            self._note(operations, refusals)

    def _carry_out(self, operations: list[Operation], put_off: Callable[[Operation], bool] | None) -> None:
        if put_off is None:
            self._apply(operations)
            return
        later = {key(each.item) for each in operations if put_off(each)}
        operations = self._in_place(operations)
        now = [each for each in operations if key(each.item) not in later]
        if now:
            self._unnoted.append((now, self._executor.apply(now)))
        self._put_off = [*(each for each in operations if key(each.item) in later), *self._put_off]

    def _in_place(self, operations: list[Operation]) -> list[Operation]:
        """What was to be removed and is wanted again is replaced instead; an address goes first, to be checked anew."""
        gone = {key(each.item): each for each in self._put_off}
        back = {where for each in operations if each.verb is Verb.ADD and (where := key(each.item)) in gone}
        if any(isinstance(gone[where].item, Address) for where in back):
            self.complete()
            return operations
        self._put_off = [each for where, each in gone.items() if where not in back]
        return [
            replace(each, previous=gone[where].item) if (where := key(each.item)) in back else each
            for each in operations
        ]

    def _take_over(self, operation: Operation) -> Operation | None:
        """The operation that is left to do when an earlier run has already done something like it."""
        item = operation.item
        left = self._leftovers.pop(key(item), None)
        if operation.previous is not None and key(item) in self._failed:
            operation = replace(operation, previous=None)  # it never came to be
        if left is None or operation.verb is Verb.REMOVE:
            return operation
        if _is_same(left, item):
            self._note_address(item)
            return None
        return replace(operation, previous=left)

    def _forget(self, item: Item) -> None:
        where = key(item)
        self._waiting.pop(where, None)
        self._patience.forget(where)
        for owner in self._failed.get(where, set()).copy():
            self._restored(where, owner)
        if isinstance(item, Address):
            stays = where in self._executor.borrowed
            self._surroundings.address_unwanted(item.interface, item.address.packed, stays=stays)

    def settle(self) -> None:
        """What is left behind and still nobody's wish is removed."""
        left, self._leftovers = list(self._leftovers.values()), {}
        for refusal in self._executor.apply(plan_items(left, ())):
            _log.warning("not removed: %s: %s", describe(refusal.operation), refusal.reason)
        wanted = {item.key for item in self.registry.items() if isinstance(item, Sysctl)}
        self._executor.restore_sysctls(except_for=wanted)

    def withdraw(self) -> None:
        """Remove everything of ours."""
        self.complete()
        self._executor.apply(plan_items([*self.registry.items(), *self._leftovers.values()], ()))
        self._executor.restore_sysctls()
        self.close()

    def close(self) -> None:
        """Nobody wants anything any more, and nothing is put back; what is there stays."""
        self.registry = Registry()
        self._leftovers = {}
        self._put_off, self._unnoted = [], []
        self._retries.close()

    # --- doing, and what became of it -------------------------------------------------------------------------------

    def _apply(self, operations: list[Operation], *, again: bool = False) -> None:
        if operations:
            self._note(operations, self._executor.apply(operations, again=again))

    def _note(self, operations: list[Operation], refused: list[Refusal]) -> None:
        refusals = {key(each.operation.item): each for each in refused}
        for operation in operations:
            where = key(operation.item)
            if (refusal := refusals.get(where)) is not None:
                self._refused(where, refusal)
            elif operation.verb is Verb.ADD:
                self._succeeded(where, operation.item)

    def _apply_again(self, items: Iterable[Item]) -> None:
        """Do once more what may have been done before; in several turns of the loop when it is much."""
        self._apply_in_turns(plan_items((), items))

    def _apply_in_turns(self, operations: Sequence[Operation]) -> None:
        turn = [each for each in operations[:_TURN] if self.registry.item(key(each.item)) == each.item]
        # What never succeeded may be there as somebody else's: that is not replaced.
        self._apply([each for each in turn if key(each.item) in self._failed])
        self._apply([each for each in turn if key(each.item) not in self._failed], again=True)
        if len(operations) > _TURN:
            asyncio.get_running_loop().call_soon(self._apply_in_turns, operations[_TURN:])

    def _refused(self, where: Key, refusal: Refusal) -> None:
        item = refusal.operation.item
        if refusal.operation.verb is Verb.REMOVE:
            _log.warning("not removed: %s: %s", describe(refusal.operation), refusal.reason)
        elif self._may_come_later(item, refusal.errno):
            self._waiting[where] = None
        else:
            self._retries.later(is_first=not self._failed)
            self._fail(where, item, refusal.reason)

    def _try_failed(self) -> None:
        wanted = {where: self.registry.item(where) for where in self._failed if where not in self._contested}
        failed = {where: item for where, item in wanted.items() if item is not None}
        self._apply_again(failed.values())
        # With IPv6 went what the kernel says no word of: neighbours, and what we answer for.
        for interface in {interface_of(item) for where, item in failed.items() if where not in self._failed} - {""}:
            self.link_is_up(interface)

    def _may_come_later(self, item: Item, code: int) -> bool:
        if isinstance(item, TunnelDevice | Tunnel) or code == errno.EPERM:
            return False
        if isinstance(item, Neighbor) and code == errno.ENOBUFS:
            return True  # the kernel's table is full; without the entry a neighbour is found a little later
        interface = interface_of(item)
        if interface and code != errno.ENODEV and not self._surroundings.is_administratively_up(interface):
            return True
        # The kernel's word for a preferred source that is tentative, or that waits for its own link.
        return isinstance(item, Route) and code == errno.EINVAL and item.preferred_source is not None

    def _succeeded(self, where: Key, item: Item) -> None:
        self._waiting.pop(where, None)
        for owner in self._failed.get(where, set()).copy():
            self._restored(where, owner)
        self._note_address(item)

    def _note_address(self, item: Item) -> None:
        if isinstance(item, Address) and item.duplicate_detection is not DuplicateDetection.NONE:
            self._surroundings.address_wanted(item.interface, item.address.packed)

    def _fail(self, where: Key, item: Item, reason: str) -> None:
        told = self._failed.setdefault(where, set())
        for owner in self.registry.owners(where):
            if owner not in told:
                told.add(owner)
                self._failing.setdefault(owner, set()).add(where)
                self._deliver(NetworkStateFailed(owner=owner, item=describe_item(item), reason=reason))

    def _restored(self, where: Key, owner: str) -> None:
        told = self._failed.get(where, set())
        told.discard(owner)
        if not told:
            self._failed.pop(where, None)
        failing = self._failing.get(owner, set())
        failing.discard(where)
        if not failing and self._failing.pop(owner, None) is not None:
            self._deliver(NetworkStateRestored(owner=owner))

    # --- what others do -----------------------------------------------------------------------------------------

    def link_is_up(self, interface: str) -> None:
        """An interface came, or was set up: what is ours on it was deleted before, or could not be there yet."""
        self._apply_again(self.registry.on_interface(interface))

    def device_is_gone(self, interface: str) -> None:
        """Somebody deleted a device."""
        self._executor.device_is_gone(interface)
        where = key(TunnelDevice(name=interface))
        if where in self.registry:
            self.lost(where)

    def address_is_usable(self, interface: str, packed: bytes) -> None:
        """Routes that waited for this source address can be there now, and perhaps what was refused."""
        if self._failed:
            self._retries.soon()
        waiting = [item for where in self._waiting if isinstance(item := self.registry.item(where), Route)]
        self._apply_again(
            item for item in waiting if item.preferred_source is not None and item.preferred_source.packed == packed
        )

    def lost(self, where: Key) -> None:
        """Something of this identity was taken away, by somebody else. It is put back when all news is read."""
        if where in self.registry and where not in self._failed:
            if not self._lost:
                asyncio.get_running_loop().call_soon(self._put_all_back)
            self._lost[where] = None

    def _put_all_back(self) -> None:
        lost, self._lost = self._lost, {}
        loop = asyncio.get_running_loop()
        at_once: list[Key] = []
        for where in lost:
            item = self._missing(where)
            if item is None or where in self._delayed:
                continue
            delay = self._patience.delay(where, loop.time())
            if delay is None:
                self._contested.add(where)
                self._fail(where, item, "another program keeps removing it")
                loop.call_later(PUT_BACK_WINDOW, self._try_once_more, where)
            elif delay:
                self._delayed.add(where)
                loop.call_later(delay, self._put_back, (where,))
            else:
                at_once.append(where)
        self._put_back(at_once)

    def _put_back(self, keys: Iterable[Key]) -> None:
        items: dict[Key, Item] = {}
        for where in keys:
            self._delayed.discard(where)
            if (item := self._missing(where)) is not None:
                self.put_back_count += 1
                _log.info("put back: %s", describe_item(item))
                items |= {key(each): each for each in (item, *self._dependents(item))}
        self._apply_again(items.values())

    def _missing(self, where: Key) -> Item | None:
        """What is wanted, and could be there, and is not as far as is known."""
        item = self.registry.item(where)
        if item is None or (isinstance(item, Address) and self._has(item)):
            return None
        if self._waits_for_link(item):
            self._waiting[where] = None
            return None
        return item

    def _has(self, item: Address) -> bool:
        return self._surroundings.has_address(item.interface, item.address.packed)

    def _waits_for_link(self, item: Item) -> bool:
        interface = interface_of(item)
        if not interface or isinstance(item, TunnelDevice):
            return False
        return not self._surroundings.is_administratively_up(interface)

    def _dependents(self, item: Item) -> list[Item]:
        """What silently went, or lost a part, together with an item."""
        if isinstance(item, TunnelDevice):
            return list(self.registry.on_interface(item.name))
        if isinstance(item, Address):
            routes = self.registry.on_interface(item.interface)
            return [each for each in routes if isinstance(each, Route) and each.preferred_source == item.address]
        return []

    def _try_once_more(self, where: Key) -> None:
        self._contested.discard(where)
        if where in self._failed and (item := self.registry.item(where)) is not None:
            self._patience.forget(where)
            self._apply_again((item, *self._dependents(item)))

    def verify(self, present: Iterable[Item]) -> None:
        """News got lost: put back what is not among the items of ours that the kernel has."""
        there = {key(item) for item in present} | self._executor.borrowed
        for item in tuple(self.registry.items()):
            # Neighbours come and go by the kernel's own judgement; the rest of these kinds is not in the kernel.
            if isinstance(item, Address | Route | ProxyNeighbor | TunnelDevice) and key(item) not in there:
                self.lost(key(item))


def _is_same(left: Item, wanted: Item) -> bool:
    """Whether what was found in the kernel is what is wanted. A device has to be attached anyway."""
    match left, wanted:
        case Address(), Address():
            return left.home == wanted.home
        case (TunnelDevice(), _) | (Neighbor(), _):
            return False
        case Route(), Route():
            return left == replace(wanted, tunnel=None)
        case _:
            return left == wanted
