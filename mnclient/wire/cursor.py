# SPDX-License-Identifier: GPL-2.0-or-later
"""A bounded reader: bytes from the network are only ever read through it, so nothing reads past their end."""

from ipaddress import IPv6Address
from struct import Struct
from typing import Any

from mnclient.errors import WireError, WireFault
from mnclient.wire.addresses import address_of


class Reader:
    """Reads forward through `data`, and raises WireError (TRUNCATED) instead of going past its end.

    `section` names the rule a too short input breaks; `offset` is where the next read begins.
    """

    __slots__ = ("_data", "offset", "section")

    def __init__(self, data: bytes, *, section: str, offset: int = 0) -> None:
        self._data = data
        self.offset = offset
        self.section = section

    @property
    def remaining(self) -> int:
        """Octets not yet read."""
        return len(self._data) - self.offset

    def unpack(self, layout: Struct) -> tuple[Any, ...]:
        """The fields of a fixed layout."""
        start = self.offset
        stop = start + layout.size
        if stop > len(self._data):
            raise self._truncated(layout.size)
        self.offset = stop
        return layout.unpack_from(self._data, start)

    def take(self, count: int) -> bytes:
        """The next `count` octets."""
        start = self.offset
        stop = start + count
        if stop > len(self._data):
            raise self._truncated(count)
        self.offset = stop
        return self._data[start:stop]

    def address(self) -> IPv6Address:
        """The next 16 octets as an address."""
        return address_of(self.take(16))

    def rest(self) -> bytes:
        """Everything not yet read."""
        return self.take(max(self.remaining, 0))

    def refuse(self, title: str, *, fault: WireFault, offset: int) -> WireError:
        """The error for a fault in these bytes at `offset`; the caller raises it."""
        return WireError(title, fault=fault, offset=offset, section=self.section)

    def _truncated(self, wanted: int) -> WireError:
        title = f"{wanted} octets were expected and {max(self.remaining, 0)} are left"
        return WireError(title, fault=WireFault.TRUNCATED, offset=len(self._data), section=self.section)
