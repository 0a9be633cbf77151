# SPDX-License-Identifier: GPL-2.0-or-later
"""The stream's two ends. Started by `tests.lab.traffic.TcpTransfer`.

The correspondent connects to the home address and sends pseudo-random octets at a steady rate until told to finish. The
laptop hashes what it gets; at the end of the stream it sends its count and hash back over the same connection, so that
the end proves both directions. What the hash should be is computed from the seed alone.
"""

import hashlib
import random
import selectors
import socket
import struct
from typing import Any

from tests.lab.peer import Ends, Questions, arguments, make_socket, run

PORT = 7008
BLOCK = 4096
INTERVAL = 0.01
VERDICT = struct.Struct("!Q32s")


class Stream:
    """Endless pseudo-random octets, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._rest = b""

    def take(self, count: int) -> bytes:
        """The next `count` octets."""
        while len(self._rest) < count:
            self._rest += self._random.randbytes(BLOCK)
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken


def expected_digest(seed: int, count: int) -> bytes:
    """SHA-256 of the first `count` octets of the stream."""
    digest, stream = hashlib.sha256(), Stream(seed)
    for start in range(0, count, BLOCK):
        digest.update(stream.take(min(BLOCK, count - start)))
    return digest.digest()


class Receiver:
    """The laptop's end: a server that takes one connection."""

    def __init__(self, selector: selectors.BaseSelector, ends: Ends) -> None:
        self.received = 0
        self.error = ""
        self._digest = hashlib.sha256()
        self._selector = selector
        self._listener = make_socket(ends.laptop, socket.SOCK_STREAM, (ends.address, PORT))
        self._listener.listen(1)
        selector.register(self._listener, selectors.EVENT_READ, self._accept)

    def _accept(self) -> None:
        self._connection, _ = self._listener.accept()
        self._connection.setblocking(False)
        self._selector.register(self._connection, selectors.EVENT_READ, self._read)

    def _read(self) -> None:
        try:
            chunk = self._connection.recv(65536)
            if chunk:
                self.received += len(chunk)
                self._digest.update(chunk)
                return
            self._connection.send(VERDICT.pack(self.received, self._digest.digest()))
            self._connection.shutdown(socket.SHUT_WR)
        except OSError as error:
            self.error = f"laptop: {error.strerror}"
        self._selector.unregister(self._connection)


class Sender:
    """The correspondent's end."""

    def __init__(self, selector: selectors.BaseSelector, ends: Ends, rate: float, seed: int) -> None:
        self.sent = 0
        self.error = ""
        self.verdict = b""
        self.connected = False
        self.ended = False
        self._stream = Stream(seed)
        self._pending = b""
        self._budget = int(rate * INTERVAL)
        self._finishing = False
        self._selector = selector
        self._socket = make_socket(ends.correspondent, socket.SOCK_STREAM)
        self._socket.connect_ex((ends.address, PORT))
        selector.register(self._socket, selectors.EVENT_WRITE, self._connected)

    def _connected(self) -> None:
        number = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number:
            self._fail(OSError(number, "connecting failed"))
            return
        self.connected = True
        self._selector.modify(self._socket, selectors.EVENT_READ, self._read)

    def send(self) -> None:
        """The next octets, unless those before still wait for room."""
        if not self.connected or self.error or self.ended:
            return
        if not self._pending and not self._finishing:
            self._pending = self._stream.take(self._budget)
        try:
            count = self._socket.send(self._pending) if self._pending else 0
            self.sent += count
            self._pending = self._pending[count:]
            if self._finishing and not self._pending:
                self._socket.shutdown(socket.SHUT_WR)
                self.ended = True
        except BlockingIOError:
            return
        except OSError as error:
            self._fail(error)

    def finish(self) -> None:
        """Send what is pending and end the stream."""
        self._finishing = True

    def _read(self) -> None:
        try:
            chunk = self._socket.recv(VERDICT.size)
        except OSError as error:
            self._fail(error)
            return
        self.verdict += chunk
        if not chunk:
            self._selector.unregister(self._socket)

    def _fail(self, error: OSError) -> None:
        self.error = f"correspondent: {error.strerror}"
        self._selector.unregister(self._socket)


class Transfer:
    """Both ends, and the answers about them."""

    def __init__(self, selector: selectors.BaseSelector, ends: Ends, rate: float, seed: int) -> None:
        self._seed = seed
        self.receiver = Receiver(selector, ends)
        self.sender = Sender(selector, ends, rate, seed)

    def answer(self, question: list[str]) -> dict[str, Any] | None:
        """`progress`: how it stands. `finish`: end the stream. `stop`: end the program."""
        if question == ["finish"]:
            self.sender.finish()
        elif question != ["progress"]:
            return None
        error = self.sender.error or self.receiver.error
        done = len(self.sender.verdict) == VERDICT.size
        return {
            "connected": self.sender.connected,
            "sent": self.sender.sent,
            "received": self.receiver.received,
            "error": error,
            "done": done,
            "intact": done and not error and self._is_intact(),
        }

    def _is_intact(self) -> bool:
        count, digest = VERDICT.unpack(self.sender.verdict)
        return count == self.sender.sent and digest == expected_digest(self._seed, self.sender.sent)


def main() -> None:
    """Until standard input ends."""
    options = arguments("The lab's TCP stream.")
    selector = selectors.DefaultSelector()
    ends = Ends(options.correspondent, options.laptop, options.address)
    transfer = Transfer(selector, ends, options.rate, options.seed)
    run(selector, Questions(selector, transfer.answer), INTERVAL, transfer.sender.send)


if __name__ == "__main__":
    main()
