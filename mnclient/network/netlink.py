# SPDX-License-Identifier: GPL-2.0-or-later
"""Executes operations of a plan; knows nothing of Mobile IPv6, and decides nothing.

What goes by netlink is sent in batches, in the plan's order; a batch ends where something else has to be done in
between. An address that somebody else has already (the kernel's own autoconfiguration, another manager) is used as it
is: it is *borrowed*, not marked and not removed.
"""

import errno
import logging
import socket
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from mnclient.constants import INTERFACE_PREFIX, ROUTE_PROTOCOL
from mnclient.debugging import Category
from mnclient.model.network_state import (
    Address,
    AnycastAddress,
    BindingUpdateReception,
    DuplicateDetection,
    GroupForwarding,
    Neighbor,
    ProtectedSignalling,
    ProtectedTunnel,
    Route,
    RouteOptimization,
    Rule,
    Sysctl,
    Tunnel,
    TunnelDevice,
)
from mnclient.network import stranded
from mnclient.network.datapath import Datapath, Transformation
from mnclient.network.group_forwarder import GroupForwarder
from mnclient.network.groups import AnycastMemberships, SolicitedNodeGroups
from mnclient.network.links import bring_up
from mnclient.network.messages import (
    RouteRecord,
    addition,
    read_route,
    release,
    removal,
    route_dump,
)
from mnclient.network.plan import Key, Operation, Verb, describe, key
from mnclient.network.rtnetlink import DONE, Answer, Message, RouteSocket, failure, refusal
from mnclient.network.sysctls import Sysctls

_debug = Category.NETWORK.logger

_GONE = frozenset({errno.ENOENT, errno.ESRCH, errno.EADDRNOTAVAIL, errno.ENODEV, errno.ENXIO})


@dataclass(frozen=True, slots=True)
class Refusal:
    """An operation that was not done."""

    operation: Operation
    errno: int
    reason: str


class Executor:
    """Does what the plan says. OSError from the constructor when there is no netlink."""

    def __init__(self, datapath: Datapath, *, marks_addresses: bool = True) -> None:
        self._netlink = RouteSocket()
        self._datapath = datapath
        self._marks_addresses = marks_addresses
        self.sysctls = Sysctls()
        self.borrowed: set[Key] = set()
        self._needed_sysctls: set[str] = set()
        self._groups = SolicitedNodeGroups()
        self._forwarder = GroupForwarder()
        self._anycast = AnycastMemberships()
        self._indexes: dict[str, int] = {}  # of interfaces, while one plan is executed

    @property
    def counters(self) -> Mapping[str, int]:
        """What was forwarded to multicast listeners."""
        return self._forwarder.counters

    @property
    def port(self) -> int:
        """The netlink port by which events tell that we were their cause."""
        return self._netlink.port

    def close(self) -> None:
        """Give the sockets back."""
        self._netlink.close()
        self._groups.close()
        self._forwarder.close()
        self._anycast.close()

    def apply(self, operations: Iterable[Operation], *, again: bool = False) -> list[Refusal]:
        """Do all of them, whatever becomes of each. `again`: they may have been done before, and are ours then."""
        refusals: list[Refusal] = []
        batch: list[tuple[Operation, Message]] = []
        self._indexes.clear()
        for operation in operations:
            if _debug.isEnabledFor(logging.DEBUG):
                _debug.debug("%s", describe(operation))
            message = self._message(operation, replacing=again or operation.previous is not None)
            if isinstance(message, Message):
                if operation.verb is Verb.REMOVE and isinstance(operation.item, Neighbor):
                    batch.append((operation, release(message)))
                batch.append((operation, message))
                continue
            refusals += self._flush(batch, again=again)
            batch = []
            answer = message if message is not None else self._other(operation)
            if answer.errno and not (operation.verb is Verb.REMOVE and answer.errno in _GONE):
                refusals.append(Refusal(operation, answer.errno, answer.reason))
        return refusals + self._flush(batch, again=again)

    def abandon(self, interface: str) -> None:
        """What waits for neighbours on this dead link is lost, silently: see `stranded`."""
        stranded.release_all(self._netlink, interface)

    # --- by netlink ---------------------------------------------------------------------------------------------

    def _message(self, operation: Operation, *, replacing: bool) -> Message | Answer | None:
        """The operation as a message; None when it is done in another way, an Answer when nothing has to be done."""
        item = operation.item
        if isinstance(item, TunnelDevice | Sysctl | Tunnel | GroupForwarding | AnycastAddress | Transformation):
            return None
        interface = "" if isinstance(item, Rule) else item.interface
        try:
            index = self._index(interface) if interface else 0
        except OSError:
            return refusal(errno.ENODEV)
        if operation.verb is Verb.REMOVE:
            if (where := key(item)) in self.borrowed:
                self.borrowed.discard(where)
                return DONE
            if isinstance(item, Address):
                self._groups.leave(index, item.address)
            return removal(item, index)
        if isinstance(item, Address):
            item = self._prepare_address(item)
            if item.duplicate_detection is not DuplicateDetection.NORMAL and not item.home:  # used at once
                self._groups.join(index, item.address)
        if key(item) in self.borrowed:
            self.borrowed.discard(key(item))  # it may be ours by now; if it is not, the answer says so
            replacing = False
        return addition(item, index, replace=replacing, mark_addresses=self._marks_addresses)

    def _index(self, interface: str) -> int:
        """OSError when there is no such interface."""
        if (known := self._indexes.get(interface)) is None:
            known = self._indexes[interface] = socket.if_nametoindex(interface)
        return known

    def _prepare_address(self, item: Address) -> Address:
        """Optimistic use of an address needs a setting of its interface; where it is refused DAD is the usual one."""
        if item.duplicate_detection is not DuplicateDetection.OPTIMISTIC:
            return item
        keys = [f"net/ipv6/conf/{item.interface}/{name}" for name in ("optimistic_dad", "use_optimistic")]
        try:
            for each in keys:
                self.sysctls.set(each, "1")
                self._needed_sysctls.add(each)
        except (OSError, ValueError):
            return replace(item, duplicate_detection=DuplicateDetection.NORMAL)
        return item

    def _flush(self, batch: Sequence[tuple[Operation, Message]], *, again: bool) -> list[Refusal]:
        if not batch:
            return []
        try:
            answers = self._netlink.request([message for _, message in batch])
        except OSError as error:
            answers = [refusal(error.errno or errno.EIO)] * len(batch)
        refusals = []
        for (operation, _), answer in zip(batch, answers, strict=True):
            settled = answer if not answer.errno else self._settle(operation, answer, again=again)
            if settled.errno:
                refusals.append(Refusal(operation, settled.errno, settled.reason))
        return refusals

    def _settle(self, operation: Operation, answer: Answer, *, again: bool) -> Answer:
        """What a refusal really means: some are as good as success."""
        item = operation.item
        if operation.verb is Verb.REMOVE:
            return DONE if answer.errno in _GONE else answer
        if answer.errno != errno.EEXIST:
            return answer
        match item:
            case Address() if not again:
                self.borrowed.add(key(item))
                return DONE
            case Route():
                return self._settle_route(operation, item)
            case _:
                return DONE

    def _settle_route(self, operation: Operation, item: Route) -> Answer:
        """A route of this table, destination and metric exists: somebody's that says the same is as good as ours."""
        for record in self._routes_in(item.table):
            if record.network != item.destination or record.metric != item.metric:
                continue
            if record.protocol == ROUTE_PROTOCOL:
                message = self._message(operation, replacing=True)
                return self._netlink.request([message])[0] if isinstance(message, Message) else DONE
            if _says_the_same(record, item):
                self.borrowed.add(key(item))
                return DONE
        return Answer(errno.EEXIST, "another program has a route of the same metric")

    def _routes_in(self, table: int) -> list[RouteRecord]:
        try:
            dump = self._netlink.dump(route_dump(table=table))
        except OSError:
            return []
        return [record for _, body in dump if (record := read_route(body)) is not None]

    # --- otherwise ----------------------------------------------------------------------------------------------

    def _other(self, operation: Operation) -> Answer:
        if isinstance(operation.item, TunnelDevice):
            self._indexes.pop(operation.item.name, None)  # there will be another one, or none
        try:
            match operation.item:
                case TunnelDevice() as item:
                    return self._remove_device(item) if operation.verb is Verb.REMOVE else self._add_device(item)
                case Sysctl() as item:
                    if operation.verb is Verb.REMOVE:
                        self.sysctls.restore(item.key)
                    else:
                        self.sysctls.set(item.key, item.value, item.instead_of)
                case Tunnel() as item:
                    if operation.verb is Verb.REMOVE:
                        return self._datapath.remove_tunnel(item)
                    return self._datapath.set_tunnel(item)
                case GroupForwarding() as item:
                    if operation.verb is Verb.REMOVE:
                        self._forwarder.remove(item)
                    else:
                        self._forwarder.add(item)
                case AnycastAddress() as item:
                    index = socket.if_nametoindex(item.interface)
                    change = self._anycast.leave if operation.verb is Verb.REMOVE else self._anycast.join
                    change(index, item.address)
                case (
                    RouteOptimization() | BindingUpdateReception() | ProtectedSignalling() | ProtectedTunnel()
                ) as item:
                    if operation.verb is Verb.REMOVE:
                        return self._datapath.stop_transforming(item)
                    previous = operation.previous
                    assert previous is None or isinstance(previous, Transformation)
                    return self._datapath.transform(item, previous)
        except ValueError as error:
            return Answer(errno.EINVAL, str(error))
        except OSError as error:
            return failure(error)
        return DONE

    def _add_device(self, item: TunnelDevice) -> Answer:
        if not item.name.startswith(INTERFACE_PREFIX):
            return Answer(errno.EINVAL, f"names of our devices begin with {INTERFACE_PREFIX}")
        self._datapath.open_device(item.name)
        index = socket.if_nametoindex(item.name)
        answers = self._netlink.request(bring_up(index, mtu=item.mtu))
        return next((answer for answer in answers if answer.errno), DONE)

    def device_is_gone(self, name: str) -> None:
        """Somebody deleted a device of ours: what is open of it is of no use any more."""
        self._datapath.forget_device(name)

    def _remove_device(self, item: TunnelDevice) -> Answer:
        self._datapath.remove_device(item.name)
        return DONE

    def restore_sysctls(self, *, except_for: Set[str] | None = None) -> None:
        """Put back all settings; with `except_for` neither those nor the ones that addresses need."""
        kept = set() if except_for is None else except_for | self._needed_sysctls
        for each in [each for each in self.sysctls.found if each not in kept]:
            try:
                self.sysctls.restore(each)
            except (OSError, ValueError):
                pass  # its interface is gone, and the setting with it


def _says_the_same(record: RouteRecord, item: Route) -> bool:
    gateway = b"" if item.gateway is None else item.gateway.packed
    try:
        index = socket.if_nametoindex(item.interface) if item.interface else record.index
    except OSError:
        return False
    return record.gateway == gateway and record.index == index
