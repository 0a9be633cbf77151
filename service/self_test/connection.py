# SPDX-License-Identifier: GPL-2.0-or-later
"""One TCP connection from the laptop's home address to the correspondent: numbers go there, and must come back."""

import asyncio
import socket
import struct
import time
from contextlib import suppress
from typing import Final, Self

from service.self_test.namespaces import Namespace
from service.self_test.network import CORRESPONDENT, HOME_ADDRESS

_NUMBER: Final = struct.Struct("!Q")
_PORT: Final = 4711
_EVERY: Final = 0.02  # seconds between two numbers
_CONNECT_WITHIN: Final = 10.0


class Connection:
    """Opened by `async with`. `received` numbers have come back in order; `broken` says what went wrong."""

    def __init__(self, laptop: Namespace, peer: Namespace) -> None:
        self._laptop, self._peer = laptop, peer
        self.received = 0
        self.broken = ""
        self._longest_silence = 0.0
        self._last = time.monotonic()
        self._listener: socket.socket | None = None
        self._socket: socket.socket | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """OSError when it cannot be opened."""
        try:
            async with asyncio.timeout(_CONNECT_WITHIN):
                await self._open()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        with self._peer.inside():
            self._listener = _tcp()
        self._listener.bind((str(CORRESPONDENT), _PORT))
        self._listener.listen(1)
        with self._laptop.inside():
            self._socket = _tcp()
        self._socket.bind((str(HOME_ADDRESS), 0))
        self._tasks.append(asyncio.create_task(self._echo(self._listener)))
        await loop.sock_connect(self._socket, (str(CORRESPONDENT), _PORT))
        self._last = time.monotonic()
        self._tasks += [asyncio.create_task(self._send(self._socket)), asyncio.create_task(self._receive(self._socket))]

    async def close(self) -> None:
        """End it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for each in (self._socket, self._listener):
            if each is not None:
                each.close()

    def silence(self) -> float:
        """The longest time without anything coming back since this was last asked, in seconds."""
        longest, self._longest_silence = max(self._longest_silence, time.monotonic() - self._last), 0.0
        return longest

    async def _echo(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        accepted, _ = await loop.sock_accept(listener)
        with accepted, suppress(OSError):  # the other end tells what became of the connection
            while octets := await loop.sock_recv(accepted, 65536):
                await loop.sock_sendall(accepted, octets)

    async def _send(self, opened: socket.socket) -> None:
        number = 0
        try:
            while True:
                await asyncio.get_running_loop().sock_sendall(opened, _NUMBER.pack(number))
                number += 1
                await asyncio.sleep(_EVERY)
        except OSError as error:
            self.broken = self.broken or f"sending failed: {error.strerror or error}"

    async def _receive(self, opened: socket.socket) -> None:
        rest = b""
        try:
            while octets := await asyncio.get_running_loop().sock_recv(opened, 65536):
                now = time.monotonic()
                self._longest_silence, self._last = max(self._longest_silence, now - self._last), now
                rest = self._count(rest + octets)
            self.broken = self.broken or "the other end closed it"
        except OSError as error:
            self.broken = self.broken or f"receiving failed: {error.strerror or error}"

    def _count(self, octets: bytes) -> bytes:
        whole = len(octets) - len(octets) % _NUMBER.size
        for (number,) in _NUMBER.iter_unpack(octets[:whole]):
            if number != self.received:
                self.broken = self.broken or f"{number} came back in place of {self.received}"
            self.received += 1
        return octets[whole:]


def _tcp() -> socket.socket:
    opened = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    opened.setblocking(False)
    return opened
