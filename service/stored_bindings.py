# SPDX-License-Identifier: GPL-2.0-or-later
"""The content of bindings.json: what both ends of a binding keep, and what a mobile node remembers of correspondents.

Times left become wall-clock times at which they end; the time left is written as well, and the shorter of the two
counts: a wall clock that was set back meanwhile prolongs nothing.
"""

from collections.abc import Callable
from ipaddress import IPv6Address
from typing import Any, Final, TypeVar

from mnclient.constants import MAX_REMEMBERED_CORRESPONDENTS
from mnclient.model.stored_binding import (
    Stored,
    StoredBinding,
    StoredCorrespondent,
    StoredOptimization,
    StoredRegistration,
    StoredTimestamp,
)
from mnclient.units import Seconds
from service.state_format import Parts, encoded, finite

_T = TypeVar("_T")
Row = dict[str, Any]
LARGEST: Final = (1 << 16) - 1  # as a sequence number
LARGEST_TIMESTAMP: Final = (1 << 64) - 1


def encode_bindings(stored: Stored, wall_time: float) -> bytes:
    """The content of the file."""
    document = {
        "bindings": [
            {"care_of_address": str(each.care_of_address), **_encode_common(each, wall_time)}
            for each in stored.bindings
        ],
        "registrations": [
            {
                "home_agent": str(each.home_agent),
                **_encode_common(each, wall_time),
                "timestamp": each.timestamp,
                "clock_offset": each.clock_offset,
            }
            for each in stored.registrations
        ],
        "timestamps": [
            {"home_address": str(each.home_address), "timestamp": each.timestamp} for each in stored.timestamps
        ],
        "correspondents": [
            {
                "address": str(each.address),
                "answers": each.answers,
                "failures": min(each.failures, LARGEST),
                **_encode_left("retry", each.retry, wall_time),
            }
            for each in stored.correspondents
        ],
        "optimizations": [
            {
                "home_address": str(each.home_address),
                "correspondent": str(each.correspondent),
                "care_of_address": str(each.care_of_address),
                **_encode_left("remaining", each.remaining, wall_time),
            }
            for each in stored.optimizations
        ],
    }
    return encoded(document, indent=None)


def decode_bindings(parts: Parts, wall_time: float) -> Stored:
    """What the file said, with the time since then taken off."""

    def rows(name: str, decode: Callable[[Row, float], _T]) -> tuple[_T, ...]:
        return parts.read(name, lambda value: tuple(decode(each, wall_time) for each in value), ())

    return Stored(
        bindings=rows("bindings", _binding),
        registrations=rows("registrations", _registration),
        correspondents=rows("correspondents", _correspondent)[:MAX_REMEMBERED_CORRESPONDENTS],
        optimizations=rows("optimizations", _optimization),
        timestamps=rows("timestamps", _timestamp),
    )


def _encode_common(each: StoredBinding | StoredRegistration, wall_time: float) -> Row:
    return {
        "home_address": str(each.home_address),
        "sequence": each.sequence,
        **_encode_left("remaining", each.remaining, wall_time),
        "link_local_compatibility": each.link_local_compatibility,
    }


def _encode_left(name: str, left: Seconds, wall_time: float) -> Row:
    return {name: left, "expires_time": wall_time + left}


def _binding(row: Row, wall_time: float) -> StoredBinding:
    return StoredBinding(care_of_address=IPv6Address(row["care_of_address"]), **_common(row, wall_time))


def _registration(row: Row, wall_time: float) -> StoredRegistration:
    return StoredRegistration(
        home_agent=IPv6Address(row["home_agent"]),
        timestamp=None if row.get("timestamp") is None else _whole(row["timestamp"], LARGEST_TIMESTAMP),
        clock_offset=Seconds(finite(row.get("clock_offset", 0.0))),
        **_common(row, wall_time),
    )


def _timestamp(row: Row, _wall_time: float) -> StoredTimestamp:
    return StoredTimestamp(
        home_address=IPv6Address(row["home_address"]), timestamp=_whole(row["timestamp"], LARGEST_TIMESTAMP)
    )


def _correspondent(row: Row, wall_time: float) -> StoredCorrespondent:
    return StoredCorrespondent(
        address=IPv6Address(row["address"]),
        answers=row["answers"] is True,
        failures=_whole(row["failures"]),
        retry=_left(row, "retry", wall_time),
    )


def _optimization(row: Row, wall_time: float) -> StoredOptimization:
    return StoredOptimization(
        home_address=IPv6Address(row["home_address"]),
        correspondent=IPv6Address(row["correspondent"]),
        care_of_address=IPv6Address(row["care_of_address"]),
        remaining=_left(row, "remaining", wall_time),
    )


def _common(row: Row, wall_time: float) -> Row:
    return {
        "home_address": IPv6Address(row["home_address"]),
        "sequence": _whole(row["sequence"]),
        "remaining": _left(row, "remaining", wall_time),
        "link_local_compatibility": row["link_local_compatibility"] is True,
    }


def _left(row: Row, name: str, wall_time: float) -> Seconds:
    left = min(finite(row["expires_time"]) - wall_time, finite(row[name]))
    return Seconds(max(left, 0.0))


def _whole(value: Any, largest: int = LARGEST) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= largest:
        raise ValueError(f"{value} is not a whole number from 0 to {largest}")
    return value
