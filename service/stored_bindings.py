# SPDX-License-Identifier: GPL-2.0-or-later
"""The content of bindings.json: what both ends of a binding keep, and what a mobile node remembers of correspondents.

Times left become wall-clock times at which they end; the time left is written as well, and the shorter of the two
counts: a wall clock that was set back meanwhile prolongs nothing.
"""

from collections.abc import Callable
from ipaddress import IPv6Address, IPv6Network
from typing import Any, Final

from mnclient.constants import MAX_REMEMBERED_CORRESPONDENTS
from mnclient.model.keys import HIGHEST_SPI
from mnclient.model.stored_binding import (
    Stored,
    StoredAcceptedSequence,
    StoredBinding,
    StoredCorrespondent,
    StoredEspSequence,
    StoredOptimization,
    StoredRegistration,
    StoredTimestamp,
    StoredToken,
    StoredUsedSequence,
)
from mnclient.security.binding_keys import KEYGEN_TOKEN_LENGTH
from mnclient.units import Seconds
from mnclient.wire.fields import check_octets
from service.state_format import Parts, encoded, finite

Row = dict[str, Any]
LARGEST: Final = (1 << 16) - 1  # as a sequence number
LARGEST_TIMESTAMP: Final = (1 << 64) - 1


def encode_bindings(stored: Stored, wall_time: float) -> bytes:
    """The content of the file."""
    document = {
        name: [encode(each, wall_time) for each in getattr(stored, name)] for name, (encode, _) in _PARTS.items()
    }
    return encoded(document, indent=None)


def decode_bindings(parts: Parts, wall_time: float) -> Stored:
    """What the file said, with the time since then taken off."""

    def rows(name: str, decode: Callable[[Row, float], Any]) -> tuple[Any, ...]:
        return parts.read(name, lambda value: tuple(decode(each, wall_time) for each in value), ())

    found = {name: rows(name, decode) for name, (_, decode) in _PARTS.items()}
    return Stored(**found | {"correspondents": found["correspondents"][:MAX_REMEMBERED_CORRESPONDENTS]})


# --- row by row, there and back ---


def _encode_binding(each: StoredBinding, wall_time: float) -> Row:
    return {"care_of_address": str(each.care_of_address), "spi": each.spi, **_encode_common(each, wall_time)}


def _binding(row: Row, wall_time: float) -> StoredBinding:
    return StoredBinding(
        care_of_address=IPv6Address(row["care_of_address"]),
        spi=_whole(row.get("spi", 0), HIGHEST_SPI),
        **_common(row, wall_time),
    )


def _encode_registration(each: StoredRegistration, wall_time: float) -> Row:
    return {
        "home_agent": str(each.home_agent),
        **_encode_common(each, wall_time),
        "timestamp": each.timestamp,
        "clock_offset": each.clock_offset,
        "spi": each.spi,
    }


def _registration(row: Row, wall_time: float) -> StoredRegistration:
    return StoredRegistration(
        home_agent=IPv6Address(row["home_agent"]),
        timestamp=None if row.get("timestamp") is None else _whole(row["timestamp"], LARGEST_TIMESTAMP),
        clock_offset=Seconds(finite(row.get("clock_offset", 0.0))),
        spi=_whole(row.get("spi", 0), HIGHEST_SPI),
        **_common(row, wall_time),
    )


def _encode_timestamp(each: StoredTimestamp, _wall_time: float) -> Row:
    return {"home_address": str(each.home_address), "timestamp": each.timestamp}


def _timestamp(row: Row, _wall_time: float) -> StoredTimestamp:
    return StoredTimestamp(
        home_address=IPv6Address(row["home_address"]), timestamp=_whole(row["timestamp"], LARGEST_TIMESTAMP)
    )


def _encode_accepted_sequence(each: StoredAcceptedSequence, _wall_time: float) -> Row:
    return {**_encode_pair(each), "sequence": each.sequence}


def _accepted_sequence(row: Row, _wall_time: float) -> StoredAcceptedSequence:
    return StoredAcceptedSequence(**_pair(row), sequence=_whole(row["sequence"]))


def _encode_token(each: StoredToken, wall_time: float) -> Row:
    return {**_encode_pair(each), "token": each.token.hex(), **_encode_numbered(each, wall_time)}


def _token(row: Row, wall_time: float) -> StoredToken:
    token = bytes.fromhex(row["token"])
    check_octets("token", token, KEYGEN_TOKEN_LENGTH)
    return StoredToken(**_pair(row), token=token, **_numbered(row, wall_time))


def _encode_correspondent(each: StoredCorrespondent, wall_time: float) -> Row:
    return {
        "address": str(each.address),
        "answers": each.answers,
        "failures": min(each.failures, LARGEST),
        **_encode_left("retry", each.retry, wall_time),
    }


def _correspondent(row: Row, wall_time: float) -> StoredCorrespondent:
    return StoredCorrespondent(
        address=IPv6Address(row["address"]),
        answers=row["answers"] is True,
        failures=_whole(row["failures"]),
        retry=_left(row, "retry", wall_time),
    )


def _encode_optimization(each: StoredOptimization, wall_time: float) -> Row:
    left = _encode_left("remaining", each.remaining, wall_time)
    return {**_encode_pair(each), "care_of_address": str(each.care_of_address), **left}


def _optimization(row: Row, wall_time: float) -> StoredOptimization:
    care_of_address, remaining = IPv6Address(row["care_of_address"]), _left(row, "remaining", wall_time)
    return StoredOptimization(**_pair(row), care_of_address=care_of_address, remaining=remaining)


def _encode_used_sequence(each: StoredUsedSequence, wall_time: float) -> Row:
    return {**_encode_pair(each), **_encode_numbered(each, wall_time)}


def _used_sequence(row: Row, wall_time: float) -> StoredUsedSequence:
    return StoredUsedSequence(**_pair(row), **_numbered(row, wall_time))


def _encode_esp_sequence(each: StoredEspSequence, _wall_time: float) -> Row:
    return {
        "source": str(each.source),
        "destination": str(each.destination),
        "spi": each.spi,
        "sequence": each.sequence,
    }


def _esp_sequence(row: Row, wall_time: float) -> StoredEspSequence:
    return StoredEspSequence(
        source=IPv6Network(str(row["source"])),
        destination=IPv6Network(str(row["destination"])),
        spi=_whole(row["spi"], HIGHEST_SPI),
        sequence=_whole(row["sequence"], HIGHEST_SPI),
    )


# --- what several have ---


def _encode_common(each: StoredBinding | StoredRegistration, wall_time: float) -> Row:
    return {
        "home_address": str(each.home_address),
        **_encode_numbered(each, wall_time),
        "link_local_compatibility": each.link_local_compatibility,
    }


def _common(row: Row, wall_time: float) -> Row:
    return {
        "home_address": IPv6Address(row["home_address"]),
        **_numbered(row, wall_time),
        "link_local_compatibility": row["link_local_compatibility"] is True,
    }


def _encode_pair(each: StoredAcceptedSequence | StoredToken | StoredOptimization | StoredUsedSequence) -> Row:
    return {"home_address": str(each.home_address), "correspondent": str(each.correspondent)}


def _pair(row: Row) -> Row:
    return {"home_address": IPv6Address(row["home_address"]), "correspondent": IPv6Address(row["correspondent"])}


def _encode_numbered(
    each: StoredBinding | StoredRegistration | StoredToken | StoredUsedSequence, wall_time: float
) -> Row:
    return {"sequence": each.sequence, **_encode_left("remaining", each.remaining, wall_time)}


def _numbered(row: Row, wall_time: float) -> Row:
    return {"sequence": _whole(row["sequence"]), "remaining": _left(row, "remaining", wall_time)}


def _encode_left(name: str, left: Seconds, wall_time: float) -> Row:
    return {name: left, "expires_time": wall_time + left}


def _left(row: Row, name: str, wall_time: float) -> Seconds:
    left = min(finite(row["expires_time"]) - wall_time, finite(row[name]))
    return Seconds(max(left, 0.0))


def _whole(value: Any, largest: int = LARGEST) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= largest:
        raise ValueError(f"{value} is not a whole number from 0 to {largest}")
    return value


Part = tuple[Callable[[Any, float], Row], Callable[[Row, float], Any]]

_PARTS: Final[dict[str, Part]] = {
    "bindings": (_encode_binding, _binding),
    "registrations": (_encode_registration, _registration),
    "timestamps": (_encode_timestamp, _timestamp),
    "accepted_sequences": (_encode_accepted_sequence, _accepted_sequence),
    "tokens": (_encode_token, _token),
    "correspondents": (_encode_correspondent, _correspondent),
    "optimizations": (_encode_optimization, _optimization),
    "used_sequences": (_encode_used_sequence, _used_sequence),
    "esp_sequences": (_encode_esp_sequence, _esp_sequence),
}
"""The parts of the file by their names, which are those of `Stored` too."""
