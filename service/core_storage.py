# SPDX-License-Identifier: GPL-2.0-or-later
"""When a state file is written: at once for what must not be lost, together and later for what merely counts.

A delayed write happens in a thread, since a disk may take long and a handover must not wait for it. Nothing wakes up
unless something changed.
"""

import asyncio
from collections.abc import Callable
from threading import Lock
from typing import Final

from mnclient.model.config import NodeConfig
from mnclient.units import Seconds
from service.state_store import StateStore

COUNTED_DELAY: Final = Seconds(300.0)  # advertisements are only counted: five minutes of counting may be lost
LEARNED_DELAY: Final = Seconds(5.0)  # a flood of new home agents costs one write in five seconds
BINDINGS_DELAY: Final = Seconds(0.02)  # plus one second for each 1000 bindings; a crash before it loses the news
REGISTRATIONS_DELAY: Final = Seconds(0.2)  # after a move, when its packets are on their way
SEQUENCES_DELAY: Final = Seconds(60.0)  # a refresh uses a sequence number or two; the next start leaves out some more

Capture = Callable[[], Callable[[], bytes]]
"""Called in the loop, takes hold of the present state; what it returns makes the bytes of it, in any thread."""


def keeps_bindings(config: NodeConfig) -> bool:
    """Whether the roles have anything to keep in the file of the bindings."""
    mobile_node = config.mobile_node
    return _must_not_lose(config) or (mobile_node is not None and bool(mobile_node.home_addresses))


def bindings_delay(config: NodeConfig) -> Seconds:
    """How soon a change of the bindings must be on disk."""
    return BINDINGS_DELAY if _must_not_lose(config) else SEQUENCES_DELAY


def _must_not_lose(config: NodeConfig) -> bool:
    """What a home agent has granted; the numbers that a precomputed key (RFC 4449 section 3), or a permanent token (RFC
    4866 section 4.9), must not see twice."""
    correspondent_node = config.correspondent_node
    if config.home_agent is not None or correspondent_node is None:
        return config.home_agent is not None
    return bool(correspondent_node.precomputed_keys) or correspondent_node.generated_addresses


class StoredFile:
    """One state file. Writes never overtake each other: an older state cannot replace a newer one."""

    def __init__(self, store: StateStore, name: str, capture: Capture) -> None:
        self._store = store
        self._name = name
        self._capture = capture
        self._timer: asyncio.TimerHandle | None = None
        self._lock = Lock()
        self._captured = 0  # how many states were taken hold of
        self._written = 0  # the newest of them that was written
        self._writes: set[asyncio.Future[bool]] = set()
        self._is_closed = False

    @property
    def is_pending(self) -> bool:
        """Whether something is still to be written."""
        return self._timer is not None

    def write_within(self, delay: Seconds) -> None:
        """Something changed: write it after `delay` at the latest; never after `close`."""
        if self._is_closed:
            return
        loop = asyncio.get_running_loop()
        if self._timer is not None:
            if self._timer.when() <= loop.time() + delay:
                return
            self._timer.cancel()
        self._timer = loop.call_later(delay, self._write_in_thread)

    def write_now(self) -> bool:
        """Write and wait for the disk; False when it refuses."""
        self._stop_timer()
        return self._write(*self._capture_next())

    async def close(self) -> None:
        """Write what is pending, wait for what is under way, and let no later change in: then things are forgotten."""
        self._is_closed = True
        if self.is_pending:
            self._write_in_thread()
        if self._writes:
            await asyncio.gather(*self._writes)

    def _write_in_thread(self) -> None:
        self._stop_timer()
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(None, self._write, *self._capture_next())
        self._writes.add(future)
        future.add_done_callback(self._writes.discard)

    def _capture_next(self) -> tuple[int, Callable[[], bytes]]:
        self._captured += 1
        return self._captured, self._capture()

    def _write(self, number: int, encode: Callable[[], bytes]) -> bool:
        content = encode()
        with self._lock:
            if number < self._written:
                return True  # a newer state is on disk already
            self._written = number
            return self._store.write(self._name, content)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
