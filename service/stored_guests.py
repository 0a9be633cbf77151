# SPDX-License-Identifier: GPL-2.0-or-later
"""The content of guests.json: whom this home agent invited. Secrets are in the key file, and never here.

Guests are read one by one: a row that is not understood does not take the others with it.
"""

from collections.abc import Iterable
from ipaddress import IPv6Address, IPv6Network
from typing import Any

from mnclient.model.config import AccessRule
from mnclient.model.guest import Guest, GuestState, RetiringKey
from mnclient.model.invitation import is_name
from mnclient.model.keys import KeyKind, find_algorithm, is_spi
from service.state_format import UNDERSTOOD_WRONGLY, encoded, finite

Row = dict[str, Any]


def encode_guests(guests: Iterable[Guest]) -> bytes:
    """The content of the file."""
    return encoded({"guests": [_row(each) for each in guests]})


def decode_guests(rows: Any) -> tuple[tuple[Guest, ...], int]:
    """What the file says, and how many rows of it were not understood. ValueError when they are no rows at all."""
    if not isinstance(rows, list):
        raise TypeError("no list")
    found: list[Guest] = []
    wrong = 0
    for row in rows:
        try:
            guest = _guest(row)
        except UNDERSTOOD_WRONGLY:
            wrong += 1
            continue
        if guest.is_welcome and any(each.is_welcome and each.name == guest.name for each in found):
            wrong += 1  # which of the two is meant cannot be known
        else:
            found.append(guest)
    return tuple(found), wrong


def _row(guest: Guest) -> Row:
    return {
        "name": guest.name,
        "home_address": str(guest.home_address),
        "home_agent": str(guest.home_agent),
        "prefix": str(guest.prefix),
        "kind": guest.kind.value,
        "algorithm": guest.algorithm,
        "spi_in": guest.spi_in,
        "spi_out": guest.spi_out,
        "state": guest.state.value,
        "created_time": guest.created_time,
        "expires_time": guest.expires_time,
        "used_time": guest.used_time,
        "ended_time": guest.ended_time,
        "retiring": None if guest.retiring is None else _retiring_row(guest.retiring),
        "access": [
            {
                "allow": each.allow,
                "home_addresses": str(each.home_addresses),
                "care_of_addresses": str(each.care_of_addresses),
            }
            for each in guest.access
        ],
    }


def _retiring_row(key: RetiringKey) -> Row:
    return {
        "algorithm": key.algorithm,
        "spi_in": key.spi_in,
        "spi_out": key.spi_out,
        "ends_time": key.ends_time,
    }


def _guest(row: Row) -> Guest:
    guest = Guest(
        name=row["name"],
        home_address=IPv6Address(_text(row["home_address"])),
        home_agent=IPv6Address(_text(row["home_agent"])),
        prefix=IPv6Network(_text(row["prefix"])),
        kind=KeyKind(row["kind"]),
        algorithm=row["algorithm"],
        spi_in=row["spi_in"],
        spi_out=row["spi_out"],
        state=GuestState(row["state"]),
        created_time=finite(row["created_time"]),
        expires_time=_optional_time(row["expires_time"]),
        used_time=_optional_time(row["used_time"]),
        ended_time=_optional_time(row["ended_time"]),
        access=tuple(_rule(each) for each in row["access"]),
        retiring=None if row.get("retiring") is None else _retiring(row["retiring"]),
    )
    keys: list[Guest | RetiringKey] = [guest, *filter(None, (guest.retiring,))]
    if not is_name(_text(guest.name)) or any(
        find_algorithm(guest.kind, _text(each.algorithm)) is None for each in keys
    ):
        raise ValueError("no name, or no algorithm that is known")
    if not all(type(spi) is int and is_spi(spi) for each in keys for spi in (each.spi_in, each.spi_out)):
        raise ValueError("no SPI")
    if guest.home_address not in guest.prefix:
        raise ValueError("an address from elsewhere")
    return guest


def _retiring(row: Row) -> RetiringKey:
    return RetiringKey(
        algorithm=row["algorithm"],
        spi_in=row["spi_in"],
        spi_out=row["spi_out"],
        ends_time=_optional_time(row["ends_time"]),
    )


def _rule(row: Row) -> AccessRule:
    if not isinstance(row["allow"], bool):
        raise TypeError("neither yes nor no")
    return AccessRule(
        allow=row["allow"],
        home_addresses=IPv6Network(_text(row["home_addresses"])),
        care_of_addresses=IPv6Network(_text(row["care_of_addresses"])),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _optional_time(value: Any) -> float | None:
    return None if value is None else finite(value)
