# SPDX-License-Identifier: GPL-2.0-or-later
"""A setting as a program shows it to a person: what a value may be, its default, and who may change it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingDescription:
    """One setting, or one member of a table.

    `key` is dotted from the top of the settings file, or the bare name inside a table. `kind` is "boolean", "integer",
    "seconds", "word", "text", "address", "network", "ports", "table" or "tables". `low` and `high` bound numbers and
    the length of texts and of arrays of tables, both included. `default` is a plain value (number, text, list, object),
    None when the setting is left out unless it is given.
    """

    key: str
    kind: str
    description: str
    accepted: str = ""
    """What a value may be, in words."""
    default: object = None
    required: bool = False
    """A member that must be given: there is no default."""
    low: float | None = None
    high: float | None = None
    words: tuple[str, ...] = ()
    """All that a "word" may be."""
    fields: tuple["SettingDescription", ...] = ()
    """The members of a table, or of each table of an array."""
    needs_admin: bool = False
    needs_restart: bool = False
    """A new value takes effect when the service is started again."""
