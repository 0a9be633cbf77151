# SPDX-License-Identifier: GPL-2.0-or-later
"""What a setting is, and short ways to declare one; `settings_schema` is the table of them all."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

HIGHEST_PORT: Final = 65_535


class Kind(Enum):
    """What a value is, in words for a person."""

    BOOLEAN = "true or false"
    INTEGER = "a whole number"
    SECONDS = "a number of seconds"
    WORD = "one of a few words"
    TEXT = "text"
    ADDRESS = "an IPv6 address like 2001:db8:1::100"
    NETWORK = "an IPv6 prefix like 2001:db8:1::/64"
    PORTS = 'a port like 53, or a range like "5000-5100"'
    TABLE = "a table"
    TABLES = "an array of tables"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting. `key` is dotted from the top of the file, or the bare name inside a table of an array.

    `default` None: not given (a table that is left out) or, when `required`, there is none. `low` and `high` bound
    numbers and the length of arrays and texts, both included. `fields` are the members of a table.
    """

    key: str
    kind: Kind
    description: str
    default: object = None
    required: bool = False
    low: float | None = None
    high: float | None = None
    words: tuple[str, ...] = ()
    fields: tuple["Setting", ...] = ()
    needs_admin: bool = False
    needs_restart: bool = False
    """A new value takes effect when the service is started again."""

    @property
    def is_scalar(self) -> bool:
        """Neither a table nor an array of them."""
        return self.kind not in (Kind.TABLE, Kind.TABLES)

    @property
    def accepted(self) -> str:
        """What a value may be, in words."""
        if self.kind is Kind.WORD:
            return ", ".join(self.words)
        text: str = self.kind.value
        if self.fields:
            text += " with " + ", ".join(each.key for each in self.fields)
        if self.low is None or self.high is None:
            return text
        if self.kind is Kind.TABLES:
            return f"{text}, at most {self.high:g}"
        if self.kind is Kind.TEXT:
            return f"{text} of {self.low:g} to {self.high:g} characters"
        return f"{text} from {_number(self.low)} to {_number(self.high)}"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)


def tables(key: str, description: str, maximum: int, fields: tuple[Setting, ...], admin: bool = True) -> Setting:
    """An array of tables, empty unless given."""
    return Setting(
        key=key,
        kind=Kind.TABLES,
        default=(),
        low=0,
        high=maximum,
        fields=fields,
        description=description,
        needs_admin=admin,
    )


def switch(key: str, default: bool, description: str, admin: bool = False) -> Setting:
    """True or false."""
    return Setting(key=key, kind=Kind.BOOLEAN, default=default, description=description, needs_admin=admin)


def seconds(key: str, default: float, low: float, high: float, description: str, admin: bool = False) -> Setting:
    """A number of seconds."""
    return Setting(
        key=key,
        kind=Kind.SECONDS,
        default=float(default),
        low=low,
        high=high,
        description=description,
        needs_admin=admin,
    )


def integer(key: str, default: int, low: int, high: int, description: str, admin: bool = False) -> Setting:
    """A whole number."""
    return Setting(
        key=key,
        kind=Kind.INTEGER,
        default=default,
        low=low,
        high=high,
        description=description,
        needs_admin=admin,
    )


def words(key: str, meanings: type[Enum], default: Enum, description: str) -> Setting:
    """One of the values of an enumeration."""
    accepted = tuple(str(each.value) for each in meanings)
    return Setting(key=key, kind=Kind.WORD, default=default.value, words=accepted, description=description)


def address(key: str, description: str, required: bool = True) -> Setting:
    """An IPv6 address."""
    return Setting(key=key, kind=Kind.ADDRESS, required=required, description=description)


def network(key: str, description: str, default: str | None = None, required: bool = False) -> Setting:
    """An IPv6 prefix."""
    return Setting(key=key, kind=Kind.NETWORK, default=default, required=required, description=description)
