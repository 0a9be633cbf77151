# SPDX-License-Identifier: GPL-2.0-or-later
"""Two small parts of nfnetlink: elements of nftables sets, changed in a few microseconds, and packets that rules log.

The table, its chains and sets are made by the program nft (see `nftables`); starting it for each move of a laptop, or
for each binding of a home agent, would take longer than all the rest.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from mnclient.network.rtnetlink import DONE, NLM_F_CREATE, Answer, Message, NetlinkSocket, attribute, attributes

_NETLINK_NETFILTER: Final = 12
_SUBSYSTEM_LOG: Final = 4
_SUBSYSTEM_TABLES: Final = 10
_BATCH_BEGIN: Final = 0x10
_BATCH_END: Final = 0x11
_NEW_ELEMENT: Final = (_SUBSYSTEM_TABLES << 8) | 12
_DELETE_ELEMENT: Final = (_SUBSYSTEM_TABLES << 8) | 14
_GET_OBJECT: Final = (_SUBSYSTEM_TABLES << 8) | 19
_LOGGED: Final = _SUBSYSTEM_LOG << 8
_LOG_CONFIGURATION: Final = (_SUBSYSTEM_LOG << 8) | 1

_GENERIC: Final = struct.Struct("!BBH")  # family, version, resource
_RESOURCE: Final = _GENERIC.pack(0, 0, _SUBSYSTEM_TABLES)
_BATCH: Final = (Message(_BATCH_BEGIN, 0, _RESOURCE), Message(_BATCH_END, 0, _RESOURCE))
_ELEMENTS_AT_ONCE: Final = 1000  # their attribute has a length of 16 bits
_IPV6: Final = 10
_NESTED: Final = 0x8000
_ELEMENTS_TABLE, _ELEMENTS_SET, _ELEMENTS = 1, 2, 3
_LIST_ELEMENT, _ELEMENT_KEY, _DATA_VALUE = 1, 1, 1
_OBJECT_NAME, _OBJECT_TYPE, _OBJECT_DATA, _COUNTER, _COUNTER_PACKETS = 2, 3, 4, 1, 2
_LOG_COMMAND, _LOG_MODE, _LOG_THRESHOLD = 1, 2, 5
_BIND, _COPY_PACKET = 1, 2
_LOG_PAYLOAD, _LOG_PREFIX = 9, 10


@dataclass(frozen=True, slots=True)
class Logged:
    """A packet that a rule has logged: the rule's prefix, and the first octets from the IPv6 header on."""

    prefix: str
    packet: bytes


class TableSocket(NetlinkSocket):
    """Changes elements of the sets of one table of family ip6. OSError where the kernel has no nftables."""

    def __init__(self, table: str) -> None:
        super().__init__(_NETLINK_NETFILTER)
        self._table = attribute(_ELEMENTS_TABLE, table.encode() + b"\0")

    def add(self, name: str, keys: Iterable[bytes]) -> Answer:
        """Put elements into a set; those that are there already stay."""
        return self._change(_NEW_ELEMENT, NLM_F_CREATE, name, keys)

    def remove(self, name: str, keys: Iterable[bytes]) -> Answer:
        """Take elements out of a set, each for itself: one that is not there keeps no other from going."""
        answers = [self._change(_DELETE_ELEMENT, 0, name, (each,)) for each in keys]
        return next((answer for answer in answers if answer.errno), DONE)

    def replace(self, name: str, keys: Iterable[bytes]) -> Answer:
        """Let a set have exactly these elements; nobody sees it in between."""
        wanted = list(keys)
        messages = [Message(_DELETE_ELEMENT, 0, self._body(name))]
        for start in range(0, len(wanted), _ELEMENTS_AT_ONCE):
            elements = _elements(wanted[start : start + _ELEMENTS_AT_ONCE])
            messages.append(Message(_NEW_ELEMENT, NLM_F_CREATE, self._body(name, elements)))
        answers = self.request(messages, between=_BATCH)
        return next((answer for answer in answers if answer.errno), DONE)

    def count(self, name: str) -> int:
        """How many packets a named counter has seen; 0 when there is none."""
        question = _GENERIC.pack(_IPV6, 0, 0) + self._table + attribute(_OBJECT_NAME, name.encode() + b"\0")
        body = self.get(Message(_GET_OBJECT, 0, question + attribute(_OBJECT_TYPE, struct.pack("!I", _COUNTER))))
        if body is None:
            return 0
        data = attributes(attributes(body, _GENERIC.size).get(_OBJECT_DATA, b""), 0)
        return int.from_bytes(data.get(_COUNTER_PACKETS, b""))

    def _change(self, kind: int, flags: int, name: str, keys: Iterable[bytes]) -> Answer:
        elements = _elements(keys)
        if not elements:
            return DONE
        return self.request([Message(kind, flags, self._body(name, elements))], between=_BATCH)[0]

    def _body(self, name: str, elements: bytes = b"") -> bytes:
        body = _GENERIC.pack(_IPV6, 0, 0) + self._table + attribute(_ELEMENTS_SET, name.encode() + b"\0")
        return body + attribute(_ELEMENTS | _NESTED, elements) if elements else body


def _elements(keys: Iterable[bytes]) -> bytes:
    return b"".join(
        attribute(_LIST_ELEMENT | _NESTED, attribute(_ELEMENT_KEY | _NESTED, attribute(_DATA_VALUE, key)))
        for key in keys
    )


class LogSocket(NetlinkSocket):
    """Hears what rules log to one group. OSError when the kernel cannot, or somebody else hears this group.

    `length` octets of each packet are copied, no more.
    """

    def __init__(self, group: int, length: int) -> None:
        super().__init__(_NETLINK_NETFILTER)
        head = _GENERIC.pack(0, 0, group)
        requests = (
            attribute(_LOG_COMMAND, bytes((_BIND,))),
            attribute(_LOG_MODE, struct.pack("!IBx", length, _COPY_PACKET)),
            attribute(_LOG_THRESHOLD, struct.pack("!I", 1)),  # each packet is told at once
        )
        for answer in self.request([Message(_LOG_CONFIGURATION, 0, head + each) for each in requests]):
            if answer.errno:
                self.close()
                raise OSError(answer.errno, answer.reason)
        self.set_nonblocking()

    def logged(self, limit: int) -> Iterator[Logged]:
        """What was logged since, up to `limit` messages. OSError ENOBUFS: some of it got lost."""
        for notice in self.notices(limit):
            if notice.type == _LOGGED:
                found = attributes(notice.body, _GENERIC.size)
                prefix = found.get(_LOG_PREFIX, b"").rstrip(b"\0").decode(errors="replace")
                yield Logged(prefix, found.get(_LOG_PAYLOAD, b""))


def concatenation(*parts: bytes) -> bytes:
    """The key of an element that has several parts: each is padded to 4 octets."""
    return b"".join(part + bytes(-len(part) % 4) for part in parts)
