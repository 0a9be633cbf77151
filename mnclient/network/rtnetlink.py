# SPDX-License-Identifier: GPL-2.0-or-later
"""A plain rtnetlink socket: messages out, acknowledgements, dumps and events in (rtnetlink(7)).

Written by hand because it is on the path of every handover and of every binding of a home agent: a batch of
operations is one system call, and an operation costs a twentieth of what it costs through a general library.
"""

import errno
import os
import socket
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

NLM_F_REQUEST: Final = 0x001
NLM_F_ACK: Final = 0x004
NLM_F_DUMP: Final = 0x300
NLM_F_REPLACE: Final = 0x100
NLM_F_EXCL: Final = 0x200
NLM_F_CREATE: Final = 0x400

_NLMSG_ERROR: Final = 2
_NLMSG_DONE: Final = 3
_NLM_F_ACK_TLVS: Final = 0x200
_NLMSGERR_ATTR_MSG: Final = 1

_SOL_NETLINK: Final = 270
_NETLINK_CAP_ACK: Final = 10
_NETLINK_EXT_ACK: Final = 11
_NETLINK_GET_STRICT_CHK: Final = 12
_SO_RCVBUFFORCE: Final = 33

_HEADER: Final = struct.Struct("=IHHII")
_ATTRIBUTE: Final = struct.Struct("=HH")
_BATCH: Final = 64  # messages in one system call: their acknowledgements fit the smallest receive buffer
_EVENT_BUFFER: Final = 4 << 20  # octets: a home agent changes thousands of routes at once
_DATAGRAM: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class Message:
    """A request without its header. `flags` without NLM_F_REQUEST and NLM_F_ACK."""

    type: int
    flags: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """How a request went: `errno` 0 for well, `text` the kernel's own explanation, often ""."""

    errno: int
    text: str = ""

    @property
    def reason(self) -> str:
        """In words for a person."""
        words = os.strerror(self.errno)
        return f"{words} ({self.text.rstrip('.')})" if self.text else words


DONE: Final = Answer(0)


@dataclass(frozen=True, slots=True)
class Notice:
    """A message from the kernel. `port` is the netlink port of whoever caused it, 0 for the kernel itself."""

    type: int
    flags: int
    port: int
    body: bytes


def attribute(kind: int, value: bytes) -> bytes:
    """One attribute, padded."""
    length = 4 + len(value)
    return _ATTRIBUTE.pack(length, kind) + value + bytes(-length % 4)


def attributes(data: bytes, offset: int) -> dict[int, bytes]:
    """The attributes from `offset` on, by type; of a type that is there twice, the last."""
    found: dict[int, bytes] = {}
    end = len(data)
    while offset + 4 <= end:
        length, kind = _ATTRIBUTE.unpack_from(data, offset)
        if length < 4:
            break
        found[kind & 0x3FFF] = data[offset + 4 : offset + length]
        offset += (length + 3) & ~3
    return found


class NetlinkSocket:
    """One socket of a netlink family, subscribed to the groups whose bits are set. OSError where there is none."""

    def __init__(self, family: int, groups: int = 0) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, family)
        for option in (_NETLINK_CAP_ACK, _NETLINK_EXT_ACK, _NETLINK_GET_STRICT_CHK):
            self._set_option(_SOL_NETLINK, option, 1)
        if groups:
            self._set_option(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _EVENT_BUFFER)
            self._socket.setblocking(False)
        self._socket.bind((0, groups))
        self.port: int = self._socket.getsockname()[0]
        self._sequence = 0

    def _set_option(self, level: int, option: int, value: int) -> None:
        try:
            self._socket.setsockopt(level, option, value)
        except OSError:
            pass  # an older kernel, or no right to a bigger buffer: it works with less

    def fileno(self) -> int:
        """For the event loop."""
        return self._socket.fileno()

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()

    def set_nonblocking(self) -> None:
        """From now on the socket is only for what the kernel says by itself."""
        self._socket.setblocking(False)

    def request(self, messages: Sequence[Message], *, between: tuple[Message, Message] | None = None) -> list[Answer]:
        """Have the kernel do all of them in this order, whatever becomes of each. One answer a message.

        `between` are messages to put around each batch, which are not answered.
        """
        answers: list[Answer] = []
        for start in range(0, len(messages), _BATCH):
            answers += self._request_batch(messages[start : start + _BATCH], between)
        return answers

    def _request_batch(self, messages: Sequence[Message], between: tuple[Message, Message] | None) -> list[Answer]:
        first = self._sequence + 1
        parts = []
        for message in messages:
            self._sequence += 1
            parts.append(self._packed(message, NLM_F_REQUEST | NLM_F_ACK, self._sequence))
        if between is not None:
            parts = [self._packed(between[0], NLM_F_REQUEST, 0), *parts, self._packed(between[1], NLM_F_REQUEST, 0)]
        self._socket.send(b"".join(parts))
        answers: dict[int, Answer] = {}
        while len(answers) < len(messages):
            for kind, flags, sequence, _, body in _split(self._socket.recv(_DATAGRAM)):
                if kind == _NLMSG_ERROR and sequence >= first:
                    answers[sequence - first] = _answer(flags, body)
        return [answers[index] for index in range(len(messages))]

    def _packed(self, message: Message, flags: int, sequence: int) -> bytes:
        """The message with its header. XFRM tells listeners the port that is written here, not that of the socket."""
        header = _HEADER.pack(16 + len(message.body), message.type, message.flags | flags, sequence, self.port)
        return header + message.body + bytes(-len(message.body) % 4)

    def dump(self, message: Message) -> list[tuple[int, bytes]]:
        """Everything the kernel has of a kind, as (message type, body). OSError when it refuses."""
        self._sequence += 1
        header = _HEADER.pack(
            16 + len(message.body), message.type, message.flags | NLM_F_REQUEST | NLM_F_DUMP, self._sequence, 0
        )
        self._socket.send(header + message.body)
        found: list[tuple[int, bytes]] = []
        while True:
            for kind, flags, sequence, _, body in _split(self._socket.recv(_DATAGRAM)):
                if sequence != self._sequence:
                    continue
                if kind == _NLMSG_ERROR:
                    answer = _answer(flags, body)
                    raise OSError(answer.errno, answer.reason)
                if kind == _NLMSG_DONE:
                    return found
                found.append((kind, body))

    def get(self, message: Message) -> bytes | None:
        """The body of the one message that answers a question; None when there is no such thing."""
        self._sequence += 1
        self._socket.send(self._packed(message, NLM_F_REQUEST, self._sequence))
        while True:
            for kind, _, sequence, _, body in _split(self._socket.recv(_DATAGRAM)):
                if sequence == self._sequence:
                    return None if kind == _NLMSG_ERROR else body

    def notices(self, limit: int) -> Iterator[Notice]:
        """What has happened since, up to `limit` datagrams. OSError ENOBUFS: some of it got lost."""
        for _ in range(limit):
            try:
                data = self._socket.recv(_DATAGRAM)
            except BlockingIOError:
                return
            for kind, flags, _, port, body in _split(data):
                yield Notice(kind, flags, port, body)


class RouteSocket(NetlinkSocket):
    """One rtnetlink socket. OSError where the system has none."""

    def __init__(self, groups: int = 0) -> None:
        super().__init__(socket.NETLINK_ROUTE, groups)


def _split(data: bytes) -> Iterator[tuple[int, int, int, int, bytes]]:
    offset = 0
    while offset + 16 <= len(data):
        length, kind, flags, sequence, port = _HEADER.unpack_from(data, offset)
        if length < 16:
            return
        yield kind, flags, sequence, port, data[offset + 16 : offset + length]
        offset += (length + 3) & ~3


def _answer(flags: int, body: bytes) -> Answer:
    code = -struct.unpack_from("=i", body)[0]
    text = ""
    if flags & _NLM_F_ACK_TLVS:
        text = attributes(body, 20).get(_NLMSGERR_ATTR_MSG, b"").rstrip(b"\0").decode(errors="replace")
    return Answer(code, text)


def failure(error: OSError) -> Answer:
    """An error of the system as an answer, with its own words where it has some."""
    code = error.errno or errno.EIO
    return Answer(code, "" if error.strerror in (None, os.strerror(code)) else error.strerror)


def refusal(code: int) -> Answer:
    """An answer given without asking the kernel."""
    return Answer(code, "" if code != errno.ENODEV else "no such interface")
