# SPDX-License-Identifier: GPL-2.0-or-later
"""The service on one bus connection: every call comes through one door, every signal leaves by one.

The door, in this order: is the method in the contract? may the caller use it (authorization)? then it is run. What is
not in the contract is answered as unknown and goes no further. The library's own answers for exported interfaces are
not used, because they come without the question; of it remains `org.freedesktop.DBus.Peer` (Ping, GetMachineId), which
says nothing about us.
"""

import asyncio
import logging
from collections import Counter
from dataclasses import replace
from typing import Any, Final

from dbus_fast import ErrorType, Message, MessageFlag, MessageType, Variant
from dbus_fast.aio import MessageBus

from mnclient.debugging import Category
from mnclient.errors import MobileIPv6Error
from mnclient.model.service_status import ServiceStatus
from service import contract
from service.authorization import Authority, required_action
from service.interfaces.callers import Callers
from service.interfaces.core_protocol import Core
from service.interfaces.introspection import introspect
from service.interfaces.manager import TRIALS, Manager
from service.interfaces.message_watch import MessageWatch
from service.interfaces.objects import Added, Changed, Objects, Removed, describe, differences

_LOG: Final = logging.getLogger(__name__)
_DEBUG: Final = Category.BUS.logger

MAX_CALLS_PER_CALLER: Final = 64
"""Calls of one caller that may wait at the same time, for a password for example: bounds memory."""


class Endpoint:
    """Answers calls and sends signals on a connected bus, until that is gone."""

    def __init__(self, core: Core, bus: MessageBus, authority: Authority | None = None) -> None:
        self._core = core
        self._bus = bus
        self._authority = authority or Authority(bus.call)
        self._manager = Manager(core)
        self._message_watch = MessageWatch(bus, core.message_log)
        self._status = core.status()
        self._objects: Objects = describe(self._status)
        self._tasks: set[asyncio.Task[None]] = set()
        self._calls: Counter[str] = Counter()
        self._callers = Callers(bus, core.caller_left)
        bus.add_message_handler(self._receive)

    def close(self) -> None:
        """Stop answering; calls under way are given up."""
        self._bus.remove_message_handler(self._receive)
        self._message_watch.close()
        for task in self._tasks:
            task.cancel()
        self._callers.close()

    # --- signals ---

    def publish(self, *, settings_changed: bool = False) -> None:
        """Tell the bus what is different from the last time, if anything is."""
        before, status = self._status, self._core.status()
        if _same(before, status) and not settings_changed:
            return
        old, self._status, self._objects = self._objects, status, describe(status)
        for difference in differences(old, self._objects):
            self._announce(difference)
        self._send(Message.new_signal(contract.ROOT_PATH, contract.MANAGER, "StatusChanged"))

    def _announce(self, difference: Added | Removed | Changed) -> None:
        match difference:
            case Added(path, interfaces):
                self._object_manager_signal("InterfacesAdded", "oa{sa{sv}}", [path, interfaces])
            case Removed(path, names):
                self._object_manager_signal("InterfacesRemoved", "oas", [path, list(names)])
            case Changed(path, interface, properties):
                body = [interface, properties, []]
                name = contract.PROPERTIES_INTERFACE
                self._send(Message.new_signal(path, name, "PropertiesChanged", "sa{sv}as", body))

    def _object_manager_signal(self, member: str, signature: str, body: list[Any]) -> None:
        self._send(Message.new_signal(contract.ROOT_PATH, contract.OBJECT_MANAGER, member, signature, body))

    def _send(self, message: Message) -> None:
        if self._bus.connected:
            # When the connection breaks meanwhile, the one who keeps it is told; here there is nothing to add.
            self._bus.send(message).add_done_callback(lambda sent: sent.cancelled() or sent.exception())

    # --- calls ---

    def _receive(self, message: Message) -> bool:
        """True: this message is ours, the library leaves it alone."""
        if message.message_type is MessageType.SIGNAL:
            self._callers.receive(message)
        if message.message_type is not MessageType.METHOD_CALL or message.interface == contract.PEER:
            return False
        caller = message.sender or ""
        if self._calls[caller] >= MAX_CALLS_PER_CALLER:
            self._fail(message, ErrorType.LIMITS_EXCEEDED.value, "Too many calls at once")
            return True
        self._calls[caller] += 1
        task = asyncio.get_running_loop().create_task(self._handle(message))
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._finished(done, caller))
        return True

    def _finished(self, task: asyncio.Task[None], caller: str) -> None:
        self._tasks.discard(task)
        self._calls[caller] -= 1
        if not self._calls[caller]:
            del self._calls[caller]
        if not task.cancelled() and (error := task.exception()):
            _LOG.error("a call on the bus could not be answered", exc_info=error)

    async def _handle(self, message: Message) -> None:
        method = contract.METHODS.get(message.interface or "", {}).get(message.member or "")
        if method is None or method.signature != message.signature:
            text = f"There is no method {message.interface}.{message.member} with arguments {message.signature!r}"
            self._fail(message, ErrorType.UNKNOWN_METHOD.value, text)
            return
        if _DEBUG.isEnabledFor(logging.DEBUG):  # without arguments: keys are among them
            _DEBUG.debug("%s calls %s.%s on %s", message.sender, message.interface, message.member, message.path)
        try:
            await self._authorize(message)
            body = await self._perform(message)
        except MobileIPv6Error as error:
            self._fail(message, *contract.error_to_bus(error))
        except Exception:
            _LOG.exception("%s.%s failed", message.interface, message.member)
            self._fail(message, contract.ERROR_PREFIX + "Internal", "The service made a mistake; its log says more")
        else:
            self._answer(message, Message.new_method_return(message, method.result_signature, body))

    async def _authorize(self, message: Message) -> None:
        action = required_action(str(message.interface), str(message.member), message.body)
        interactive = bool(message.flags & MessageFlag.ALLOW_INTERACTIVE_AUTHORIZATION)
        await self._authority.check(str(message.sender), action, interactive=interactive)

    async def _perform(self, message: Message) -> list[Any]:
        if _is_manager(message, "GetPermissions"):
            permissions = await self._authority.permissions(str(message.sender))
            return [{action.value: permission.value for action, permission in permissions.items()}]
        if any(_is_manager(message, member) for member in TRIALS):
            await self._callers.watch(str(message.sender))
        return self._run(message)

    def _run(self, message: Message) -> list[Any]:
        path, member = str(message.path), str(message.member)
        if message.interface == contract.INTROSPECTABLE:
            if (description := introspect(path, self._objects)) is None:
                raise _no_object(path)
            return [description]
        if path not in self._objects or (message.interface != contract.PROPERTIES_INTERFACE and not _is_root(path)):
            raise _no_object(path)
        if message.interface == contract.MANAGER and member == "WatchMessages":
            self._message_watch.set(str(message.sender), *message.body)
            return []
        if message.interface == contract.MANAGER:
            return self._manager.call(member, message.body, str(message.sender))
        self.publish()  # so that what is read and what was signalled never disagree
        if message.interface == contract.OBJECT_MANAGER:
            return [{path: interfaces for path, interfaces in self._objects.items() if not _is_root(path)}]
        if path not in self._objects:
            raise _no_object(path)
        return self._properties(path, *message.body)

    def _properties(self, path: str, interface: str, name: str | None = None) -> list[Any]:
        properties: dict[str, Variant] | None = self._objects[path].get(interface)
        if properties is None:
            raise contract.UnknownThing(f"{path} has no interface {interface}", hint="ask Introspect for what there is")
        if name is None:
            return [properties]
        if name not in properties:
            raise contract.UnknownThing(f"{interface} has no property {name}", hint="ask GetAll for what there is")
        return [properties[name]]

    def _fail(self, message: Message, name: str, text: str) -> None:
        self._answer(message, Message.new_error(message, name, text))

    def _answer(self, message: Message, reply: Message) -> None:
        if not message.flags & MessageFlag.NO_REPLY_EXPECTED:
            self._send(reply)


def _is_manager(message: Message, member: str) -> bool:
    return (message.path, message.interface, message.member) == (contract.ROOT_PATH, contract.MANAGER, member)


def _is_root(path: str) -> bool:
    return path == contract.ROOT_PATH


def _no_object(path: str) -> contract.UnknownThing:
    return contract.UnknownThing(f"There is no such object: {path}", hint="ask GetManagedObjects for what there is")


def _same(one: ServiceStatus, other: ServiceStatus) -> bool:
    """Whether two statuses differ in nothing but the time at which they were taken."""
    return replace(one, engine=replace(one.engine, now=other.engine.now)) == other
