# SPDX-License-Identifier: GPL-2.0-or-later
"""The client library: what the command line and the tray speak to the service with.

    async with Client.connect("system") as client:
        print((await client.status()).engine.phase)
        async for status in client.watch():
            ...

The service may be absent and appear later: a call then raises ServiceUnavailable, `wait_for_service` waits, and the
same client goes on. Errors of the service arrive as the classes it raised, with their title and hint.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from ipaddress import IPv6Address
from types import TracebackType
from typing import Any, Final, Self

from dbus_fast import ErrorType, Message, MessageFlag, MessageType
from dbus_fast.aio import MessageBus

from mnclient.model.guest import Guest
from mnclient.model.handover import Handover
from mnclient.model.message_log import LoggedMessage
from mnclient.model.service_status import ServiceStatus, Suggestion
from mnclient.model.settings_description import SettingDescription
from mnclient.model.status import BindingCacheStatus
from mnclient.units import Seconds
from service import contract
from service.bus_connection import BUS_ERRORS, connect, leave, until_gone
from service.client_changes import Changes, text_of
from service.codec import Plain, from_plain, from_variants
from service.contract import NotAllowed, ServiceUnavailable
from service.invitation_seal import open_invitation, seal_invitation
from service.pcap import pcap_of

__all__ = ["Client", "NotAllowed", "ServiceUnavailable", "open_invitation", "pcap_of", "seal_invitation"]

ANSWER_TIMEOUT: Final = Seconds(30.0)
INTERACTIVE_TIMEOUT: Final = Seconds(300.0)
"""While the person looks for the password."""
RETRY: Final = Seconds(0.5)
"""How often a missing bus is looked for. A missing service is waited for without asking."""

_DAEMON: Final = "org.freedesktop.DBus"
_DAEMON_PATH: Final = "/org/freedesktop/DBus"
_ABSENT: Final = {
    ErrorType.SERVICE_UNKNOWN.value,
    ErrorType.NAME_HAS_NO_OWNER.value,
    ErrorType.NO_REPLY.value,
    ErrorType.DISCONNECTED.value,
    "org.freedesktop.DBus.Error.Spawn.ServiceNotFound",
}
_MATCHES: Final = (
    f"type='signal',sender='{contract.BUS_NAME}',interface='{contract.MANAGER}',member='StatusChanged'",
    f"type='signal',sender='{_DAEMON}',interface='{_DAEMON}',member='NameOwnerChanged',arg0='{contract.BUS_NAME}'",
)


class Client(Changes):
    """One connection to a service. Use `connect` and `async with`."""

    def __init__(self, address: str, *, interactive: bool = True) -> None:
        self._address = address
        self._interactive = interactive
        self._bus: MessageBus | None = None
        self._guard: asyncio.Task[None] | None = None
        self._connecting = asyncio.Lock()
        self._is_closed = False
        self._changed = asyncio.Event()
        self._message_watches: set[asyncio.Event] = set()
        self._services = 0  # how many came and went on this connection

    @classmethod
    def connect(cls, address: str = "system", *, interactive: bool = True) -> Self:
        """A client for `async with`. `address`: "system", "session" or a bus address; `interactive`: a person is there
        who can be asked for a password."""
        return cls(address, interactive=interactive)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Leave the bus, for good: whoever still asks is told that there is none."""
        self._is_closed = True
        bus, guard, self._bus, self._guard = self._bus, self._guard, None, None
        if bus:
            await leave(bus)
        if guard:
            await asyncio.wait([guard])

    # --- reading ---

    async def status(self) -> ServiceStatus:
        """Everything that is true now, except the binding cache."""
        return from_plain(ServiceStatus, from_variants(await self._ask("GetStatus")))

    async def watch(self) -> AsyncIterator[ServiceStatus]:
        """The status now, and again after each change. Ends with ServiceUnavailable when the service goes away."""
        await self._connected()
        while True:
            self._changed.clear()
            yield await self.status()
            await self._changed.wait()

    async def wait_for_service(self) -> None:
        """Returns as soon as the service is on the bus; waits for the bus itself, too."""
        while True:
            self._changed.clear()
            try:
                if await self._has_owner():
                    return
            except ServiceUnavailable:
                await asyncio.sleep(RETRY)  # no bus yet, and nothing that would tell of it
                continue
            await self._changed.wait()

    async def service_process(self) -> int:
        """The process id of the service. ServiceUnavailable when there is none."""
        answer = await self._exchange(_to_daemon("GetConnectionUnixProcessID", contract.BUS_NAME), ANSWER_TIMEOUT)
        return int(answer[0])

    async def binding_cache(
        self, offset: int = 0, limit: int = contract.MAX_BINDING_CACHE_PAGE, matching: str = ""
    ) -> tuple[tuple[BindingCacheStatus, ...], int]:
        """A page of the binding cache, in the order of home addresses, and how many entries match in all.

        `matching`: an address or a prefix that the home or the care-of address must be in; or words with spaces
        between them, home=PREFIX, care-of=PREFIX, interface=NAME. A page has at most
        `contract.MAX_BINDING_CACHE_PAGE` entries.
        """
        entries, total = await self._call("GetBindingCache", offset, limit, matching)
        return from_plain(tuple[BindingCacheStatus, ...], from_variants(entries)), int(total)

    async def handovers(self) -> tuple[Handover, ...]:
        """The last moves, the newest last."""
        return from_plain(tuple[Handover, ...], from_variants(await self._ask("GetHandovers")))

    async def messages(self, after: int = 0) -> tuple[LoggedMessage, ...]:
        """The signalling in the log with a number greater than `after`, the newest last."""
        found: list[LoggedMessage] = []
        while True:
            answer = from_variants(await self._ask("GetMessages", after))
            page = from_plain(tuple[LoggedMessage, ...], answer)
            found += page
            if len(page) < contract.MAX_MESSAGES_PAGE:
                return tuple(found)
            after = page[-1].number

    async def watch_messages(self, after: int = 0) -> AsyncGenerator[tuple[LoggedMessage, ...], None]:
        """The messages in the log with a number greater than `after`, perhaps none, and then those that come.

        Ends with ServiceUnavailable when the service goes away; the numbers of the next one begin anew. Close it
        (contextlib.aclosing) when you have seen enough, so that the service stops telling.
        """
        await self._connected()
        noticed, service = asyncio.Event(), self._services
        self._message_watches.add(noticed)
        try:
            await self._call("WatchMessages", True)
            is_first = True
            while True:
                noticed.clear()
                if service != self._services:
                    raise _ended()
                if (news := await self.messages(after)) or is_first:
                    yield news
                    is_first, after = False, news[-1].number if news else after
                await noticed.wait()
        finally:
            self._message_watches.discard(noticed)
            if not self._message_watches and service == self._services and self._bus and self._bus.connected:
                with suppress(ServiceUnavailable):  # whoever is gone tells nobody
                    await self._call("WatchMessages", False)

    async def counters(self) -> dict[str, int]:
        """What was sent, received, carried and refused so far, by name."""
        answer = await self._ask("GetCounters")
        return {str(name): int(value) for name, value in answer.items()}

    async def suggestions(self, home_agent: IPv6Address | None = None) -> tuple[Suggestion, ...]:
        """Home addresses that could be had: at this home agent, or at any known one."""
        answer = await self._ask("GetSuggestions", text_of(home_agent))
        return from_plain(tuple[Suggestion, ...], from_variants(answer))

    async def guests(self) -> tuple[Guest, ...]:
        """Whom this home agent invited, the newest last."""
        return from_plain(tuple[Guest, ...], from_variants(await self._ask("GetGuests")))

    async def settings(self) -> dict[str, Plain]:
        """Every setting in force, by key."""
        answer = from_variants(await self._ask("GetSettings"))
        return answer if isinstance(answer, dict) else {}

    async def setting(self, key: str) -> Plain:
        """One setting in force."""
        return from_variants(await self._ask("GetSetting", key))

    async def settings_schema(self) -> tuple[SettingDescription, ...]:
        """Every setting there is, in the order in which a person would look for it."""
        answer = await self._ask("GetSettingsSchema")
        return from_plain(tuple[SettingDescription, ...], from_variants(answer))

    async def permissions(self) -> dict[contract.Action, contract.Permission]:
        """What this caller may do now. Nobody is asked for a password."""
        answer = dict(await self._ask("GetPermissions"))
        return {
            action: contract.Permission(answer.get(action.value, contract.Permission.NO.value))
            for action in contract.Action
        }

    # --- the bus ---

    async def _ask(self, method: str, *arguments: Any) -> Any:
        """The only result of a method."""
        (answer,) = await self._call(method, *arguments)
        return answer

    async def _call(self, method: str, *arguments: Any) -> list[Any]:
        message = Message(
            destination=contract.BUS_NAME,
            path=contract.ROOT_PATH,
            interface=contract.MANAGER,
            member=method,
            signature=contract.METHODS[contract.MANAGER][method].signature,
            body=list(arguments),
            flags=MessageFlag.ALLOW_INTERACTIVE_AUTHORIZATION if self._interactive else MessageFlag.NONE,
        )
        return await self._exchange(message, INTERACTIVE_TIMEOUT if self._interactive else ANSWER_TIMEOUT)

    async def _has_owner(self) -> bool:
        return bool((await self._exchange(_to_daemon("NameHasOwner", contract.BUS_NAME), ANSWER_TIMEOUT))[0])

    async def _exchange(self, message: Message, timeout: Seconds) -> list[Any]:
        return await self._exchange_on(await self._connected(), message, timeout)

    async def _exchange_on(self, bus: MessageBus, message: Message, timeout: Seconds) -> list[Any]:
        try:
            async with asyncio.timeout(timeout):
                reply = await bus.call(message)
        except TimeoutError:
            title = f"The service did not answer within {timeout:g} s"
            raise ServiceUnavailable(title, hint="restart it: systemctl restart mnclientd") from None
        except BUS_ERRORS as error:
            raise self._no_bus(error) from error
        if reply is None:
            raise self._no_bus(EOFError("the connection was closed"))
        if reply.message_type is MessageType.ERROR:
            raise self._error(str(reply.error_name), str(reply.body[0]) if reply.body else "")
        return list(reply.body)

    async def _connected(self) -> MessageBus:
        async with self._connecting:  # two who ask at once share one connection, and what is on trial hangs on it
            if self._bus and self._bus.connected:
                return self._bus
            bus = await self._new_connection()
            self._bus, self._guard = bus, asyncio.create_task(self._until_gone(bus))
            return bus

    async def _new_connection(self) -> MessageBus:
        try:
            self._require_open()
            async with asyncio.timeout(ANSWER_TIMEOUT):
                bus = await connect(self._address)
        except (*BUS_ERRORS, TimeoutError) as error:
            raise self._no_bus(error) from error
        bus.add_message_handler(self._receive)
        try:
            for rule in _MATCHES:
                await self._exchange_on(bus, _to_daemon("AddMatch", rule), ANSWER_TIMEOUT)
            self._require_open()
        except BaseException as error:
            await leave(bus)
            if isinstance(error, EOFError):
                raise self._no_bus(error) from None
            raise
        return bus

    def _require_open(self) -> None:
        if self._is_closed:
            raise EOFError("this client was closed")

    async def _until_gone(self, bus: MessageBus) -> None:
        await until_gone(bus)
        self._service_changed()  # whoever waits for a change finds out by asking

    def _receive(self, message: Message) -> bool:
        # Only what the match rules ask for arrives; a forged one would cost its sender more than us.
        if message.message_type is MessageType.SIGNAL:
            match message.member:
                case "StatusChanged":
                    self._changed.set()
                case "NameOwnerChanged":
                    self._service_changed()
                case "MessagesChanged":
                    self._notice_messages()
        return False

    def _service_changed(self) -> None:
        self._services += 1
        self._changed.set()
        self._notice_messages()

    def _notice_messages(self) -> None:
        for noticed in self._message_watches:
            noticed.set()

    def _error(self, name: str, text: str) -> Exception:
        if name in _ABSENT:
            return ServiceUnavailable(
                "The mnclient service is not running",
                hint="start it: systemctl start mnclientd, or name the bus it is on with --bus",
            )
        if name == ErrorType.ACCESS_DENIED.value:
            return NotAllowed("The bus does not let this user call the service", hint="do it as root")
        return contract.error_from_bus(name, text)

    def _no_bus(self, error: Exception) -> ServiceUnavailable:
        reason = str(error) or type(error).__name__
        title = f"There is no message bus at {self._address!r} ({reason})"
        return ServiceUnavailable(title, hint="start it, or name another one with --bus")


def _to_daemon(member: str, argument: str) -> Message:
    return Message(
        destination=_DAEMON, path=_DAEMON_PATH, interface=_DAEMON, member=member, signature="s", body=[argument]
    )


def _ended() -> ServiceUnavailable:
    return ServiceUnavailable("The mnclient service has ended", hint="start it: systemctl start mnclientd")
