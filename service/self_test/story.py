# SPDX-License-Identifier: GPL-2.0-or-later
"""The self-test from begin to end: at home, away, back, and everything gone."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

from mnclient.errors import MobileIPv6Error
from mnclient.model.status import HomeAddressState, HomeAddressStatus
from service.client import Client
from service.contract import NotAllowed, ServiceUnavailable
from service.doctor.verdict import Check, Group
from service.facts.programs import find
from service.self_test.connection import Connection
from service.self_test.network import HOME, HOME_ADDRESS, VISITED, VISITED_PREFIX, Network
from service.self_test.programs import Programs

STEPS: Final = ("network", "at home", "connection", "away", "back home", "gone")
_NAMED: Final = ("ip", "dbus-daemon")
_WITHIN: Final = 30.0  # seconds for each step; a machine of metal takes one or two
_POLL: Final = 0.05
_MORE: Final = 10  # numbers that must come back after a move

Tell = Callable[[Check], None]
_GROUP: Final = Group("self-test")


class Interrupted(MobileIPv6Error):
    """Somebody ended the self-test."""


class _Failed(Exception):
    """A step did not come true; the reason."""


async def self_test(tell: Tell) -> tuple[Check, ...]:
    """Do it; `tell` is called with each step. NotAllowed for who is not root. Nothing stays, whatever happens."""
    _must_be_possible()
    checks: list[Check] = []

    def note(check: Check) -> None:
        checks.append(check)
        tell(check)

    with _ended_by_sigterm():
        try:
            await _story(note)
        except (_Failed, MobileIPv6Error) as error:
            note(_GROUP.failed(STEPS[len(checks)], f"{error}.", "mnctl report says more of this machine."))
    for name in STEPS[len(checks) :]:
        note(_GROUP.no_matter(name, "not reached"))
    return tuple(checks)


def _must_be_possible() -> None:
    if os.geteuid() != 0:
        title = "The self-test makes network namespaces, which only root may"
        raise NotAllowed(title, hint="do it as root: sudo mnctl doctor --self-test")
    missing = [name for name in _NAMED if find(name) is None]
    if missing:
        hint = "on Debian they are in the packages iproute2 and dbus-daemon"
        raise MobileIPv6Error(f"The self-test needs programs that are not installed: {', '.join(missing)}", hint=hint)


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """SIGTERM ends the story as Ctrl-C does, so that all is ended in order."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    came = False

    def end() -> None:
        nonlocal came
        came = True
        task.cancel()

    loop.add_signal_handler(signal.SIGTERM, end)
    try:
        yield
    except asyncio.CancelledError:
        if came:
            raise Interrupted("The self-test was interrupted", hint="everything of it is gone again") from None
        raise
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


async def _story(note: Tell) -> None:
    with ExitStack() as undo:
        try:
            network = undo.enter_context(Network())
        except OSError as error:
            raise _Failed(f"Namespaces cannot be set up here: {error.strerror}{_of(error)}") from None
        left: list[str] = []
        programs = Programs(network)
        try:
            words = "A home agent, a router, a correspondent and a laptop, each in a namespace of its own."
            note(_GROUP.ok("network", words))
            await _moves(network, programs, note)
        finally:
            left = programs.stop()
    if left:
        raise _Failed("; ".join(left))
    note(_GROUP.ok("gone", "All programs ended in order, and nothing is left of it."))


def _of(error: OSError) -> str:
    return f" ({error.filename})" if error.filename else ""


async def _moves(network: Network, programs: Programs, note: Tell) -> None:
    programs.start_bus()
    await _until(lambda: programs.has_bus, programs, "the bus listens")
    programs.start_services()
    async with Client.connect(programs.bus, interactive=False) as client:
        await _state(client, programs, _is_at_home, "the laptop is at home")
        note(_GROUP.ok("at home", f"The laptop has {HOME_ADDRESS}."))
        try:
            async with Connection(network.nodes["laptop"], network.nodes["peer"]) as connection:
                await _flows(connection, programs)
                note(_GROUP.ok("connection", "The laptop talks to the correspondent (TCP)."))
                connection.silence()
                network.plug(VISITED)
                entry = await _state(client, programs, _is_away, "the laptop is registered and verified")
                await _flows(connection, programs)
                words = f"Registered from {entry.care_of_address}"
                note(_GROUP.ok("away", f"{words}; the connection was silent for {connection.silence():.2f} s."))
                network.plug(HOME)
                await _state(client, programs, _is_at_home, "the laptop is at home again")
                await _flows(connection, programs)
                words = f"The connection was silent for {connection.silence():.2f} s, and is intact"
                note(_GROUP.ok("back home", f"{words}: {connection.received} numbers went there and back in order."))
        except OSError as error:  # a TimeoutError is one
            raise _Failed(f"The laptop cannot reach the correspondent: {error.strerror or 'no answer'}") from None


def _is_at_home(entry: HomeAddressStatus) -> bool:
    return entry.state is HomeAddressState.AT_HOME


def _is_away(entry: HomeAddressStatus) -> bool:
    is_there = entry.care_of_address is not None and entry.care_of_address in VISITED_PREFIX
    return is_there and entry.state is HomeAddressState.REGISTERED and entry.verified is True


async def _state(
    client: Client, programs: Programs, wanted: Callable[[HomeAddressStatus], bool], what: str
) -> HomeAddressStatus:
    """Wait until the home address stands as wanted, and give how."""
    last: HomeAddressStatus | None = None
    for _ in range(round(_WITHIN / _POLL)):
        try:
            last = next(iter((await client.status()).engine.home_addresses), None)
        except ServiceUnavailable:
            last = None  # not on the bus yet
        if last is not None and wanted(last):
            return last
        await _next(programs)
    stands = f"it is {last.state.value}" if last is not None else programs.last_words()
    raise _Failed(f"Not within {_WITHIN:g} s: {what} ({stands})")


async def _flows(connection: Connection, programs: Programs) -> None:
    """Wait until some more has come back."""
    goal = connection.received + _MORE
    await _until(lambda: bool(connection.broken) or connection.received >= goal, programs, "the connection goes on")
    if connection.broken:
        raise _Failed(f"The connection did not survive: {connection.broken}")


async def _until(came: Callable[[], bool], programs: Programs, what: str) -> None:
    for _ in range(round(_WITHIN / _POLL)):
        if came():
            return
        await _next(programs)
    raise _Failed(f"Not within {_WITHIN:g} s: {what}")


async def _next(programs: Programs) -> None:
    if ended := programs.ended():
        raise _Failed(f"A program of the self-test does not run: {ended}")
    await asyncio.sleep(_POLL)
