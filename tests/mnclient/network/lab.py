# SPDX-License-Identifier: GPL-2.0-or-later
"""Network namespaces for the tests of this folder, and nodes that live in them.

A node is a thread of its own, with its own event loop, inside one namespace: so a test has several hosts in one
process. Names are unique per run; whatever was created is deleted at the end, also when the test fails.
"""

import asyncio
import ctypes
import itertools
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from select import select
from typing import Any, TypeVar

import pytest

from mnclient.engine.events import Event
from mnclient.model.network_state import NetworkState
from mnclient.network.network import Network
from tests.lab.patience import patient

T = TypeVar("T")
_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)
_numbers = itertools.count(1)
IS_IT_LISTENING = "2001:db8:ffff::2"


def why_not() -> str:
    """Why this machine builds no namespaces, "" if it does."""
    if os.geteuid() != 0:
        return "needs root to build network namespaces"
    probe = f"mnt{os.getpid()}x0"
    made = subprocess.run(["ip", "netns", "add", probe], capture_output=True, text=True, check=False)
    if made.returncode:
        return f"cannot build network namespaces: {made.stderr.strip()}"
    subprocess.run(["ip", "netns", "del", probe], check=True)
    return ""


def eventually(condition: Callable[[], T], within: float = 5.0) -> T:
    """The first true answer of `condition`; fails after `within` seconds."""
    deadline = time.monotonic() + patient(within)
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            pytest.fail(f"not within {within} s; the last answer was {answer!r}")
        time.sleep(0.005)


def enter(namespace: str) -> None:
    """Move the calling thread into a namespace."""
    with Path(f"/run/netns/{namespace}").open() as file:
        if _libc.setns(file.fileno(), _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns {namespace}")


class Namespace:
    """One host."""

    def __init__(self) -> None:
        self.name = f"mnt{os.getpid()}n{next(_numbers)}"
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        self.run("ip link set lo up")

    def run(self, command: str, *, stdin: str | None = None, check: bool = True) -> str:
        """Run a command inside; what it printed."""
        done = subprocess.run(
            ["ip", "netns", "exec", self.name, *command.split()],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=patient(30),
        )
        assert not check or done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout

    def sysctl(self, key: str, value: object) -> None:
        self.run(f"sysctl -qw {key}={value}")

    def inside(self, function: Callable[[], T]) -> T:
        """Call a function in a thread inside; its result. Sockets it opens stay inside."""
        result: list[Any] = []

        def work() -> None:
            enter(self.name)
            try:
                result.append((True, function()))
            except BaseException as error:
                result.append((False, error))

        thread = threading.Thread(target=work)
        thread.start()
        thread.join(patient(30))
        good, value = result[0]
        if not good:
            raise value
        return value

    def delete(self) -> None:
        subprocess.run(["ip", "netns", "del", self.name], check=False, capture_output=True)


class Node:
    """A Network inside a namespace."""

    def __init__(self, namespace: Namespace, datapath: str) -> None:
        self.namespace = namespace
        self._datapath = datapath
        self.events: list[Event] = []
        self.errors: list[dict[str, Any]] = []
        self.notes: list[tuple[str, bool, bytes, bool]] = []
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(lambda loop, context: self.errors.append(context))
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        self.network: Network = self._call(self._make())

    def _work(self) -> None:
        enter(self.namespace.name)
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(patient(30))

    async def _make(self) -> Network:
        def note(interface: str, outgoing: bool, packet: bytes, malformed: bool = False) -> None:
            self.notes.append((interface, outgoing, packet, malformed))

        return Network(self.events.append, self._datapath, note)

    def start(self) -> "Node":
        self._call(self.network.start())
        return self

    def set(self, owner: str = "test", **kinds: Any) -> None:
        state = NetworkState(**{kind: frozenset(items) for kind, items in kinds.items()})
        self._call(self.network.set_state(owner, state))

    def send(self, action: Any) -> None:
        async def send() -> None:
            self.network.send(action)

        self._call(send())

    def counters(self) -> dict[str, int]:
        async def counters() -> dict[str, int]:
            return self.network.counters()

        return self._call(counters())

    def settled(self) -> None:
        self._call(self.network.settled())

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run something in the node's own loop."""
        return self._call(coroutine)

    def stop(self, *, withdraw: bool = True) -> None:
        if self._thread.is_alive():  # a test may have stopped it already
            self._call(self.network.stop(withdraw=withdraw))
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(patient(10))
            self._loop.close()
        assert self.errors == []

    def heard(self, kind: type[T], **expected: Any) -> T | None:
        """The newest event of a kind with these values."""
        for event in reversed(self.events):
            if isinstance(event, kind) and all(getattr(event, name) == value for name, value in expected.items()):
                return event
        return None

    def hears(self, kind: type[T], within: float = 5.0, **expected: Any) -> T:
        """Wait for such an event."""
        return eventually(lambda: self.heard(kind, **expected), within)  # type: ignore[return-value]


class Lab:
    """Everything that one test has built."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], None]] = []

    def host(self, *, detects_duplicates: bool = True) -> Namespace:
        """A host; one that detects no duplicates has working links a second earlier."""
        namespace = Namespace()
        self._undo.append(namespace.delete)
        if not detects_duplicates:
            namespace.sysctl("net.ipv6.conf.default.accept_dad", 0)
        return namespace

    def cable(self, one: Namespace, other: Namespace, names: tuple[str, str] = ("eth0", "eth0")) -> None:
        """Connect two hosts by a pair of Ethernet devices, both up."""
        peer = f"peer name {names[1]} netns {other.name}"
        one.run(f"ip link add {names[0]} type veth {peer}")
        one.run(f"ip link set {names[0]} up")
        other.run(f"ip link set {names[1]} up")

    def node(self, namespace: Namespace, datapath: str = "portable") -> Node:
        node = Node(namespace, datapath)
        self._undo.append(node.stop)
        return node

    def socket(self, host: Namespace, address: str = "::", kind: int = socket.SOCK_DGRAM, protocol: int = 0) -> Any:
        """A bound IPv6 socket inside a host."""

        def make() -> socket.socket:
            sock = socket.socket(socket.AF_INET6, kind, protocol)
            self._undo.append(sock.close)
            sock.bind((address, 0))
            sock.settimeout(patient(5))
            return sock

        return host.inside(make)

    def defer(self, action: Callable[[], None]) -> None:
        self._undo.append(action)

    def close(self) -> None:
        failed = []
        for action in reversed(self._undo):
            try:
                action()
            except Exception as error:  # the rest has to be cleaned up all the same
                failed.append(error)
        assert failed == []


def add_address(host: Namespace, address: str, device: str = "eth0") -> None:
    host.run(f"ip addr add {address} dev {device} nodad")


def until_it_listens(host: Namespace, watch: subprocess.Popen[str]) -> None:
    """A monitor hears nothing in its first moments."""
    while not select([watch.stdout], [], [], 0.1)[0]:
        host.run(f"ip addr add {IS_IT_LISTENING}/128 dev lo")
        host.run(f"ip addr del {IS_IT_LISTENING}/128 dev lo")
