# SPDX-License-Identifier: GPL-2.0-or-later
"""Values of settings as they are written in the settings file (TOML 1.0), and what a person may type for them."""

import re
from collections.abc import Mapping
from ipaddress import IPv6Address, IPv6Network
from typing import Final

from ui.texts import mark

HIGHEST_PORT: Final = 65_535
LONGEST_ENTRY: Final = 64
"""Characters: the longest address, prefix or range of ports is shorter."""

_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_SHORT_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}

NOT_AN_ADDRESS: Final = mark("This is not an IPv6 address. One looks like 2001:db8:1::100.")
NOT_A_PREFIX: Final = mark("This is not an IPv6 prefix. One looks like 2001:db8:1::/64.")
BITS_BEHIND_PREFIX: Final = mark("The address has more digits than its prefix length keeps. Did you mean {prefix}?")
NOT_PORTS: Final = mark("A port is a number from 1 to 65535; several are written like 5000-5100.")
PORTS_REVERSED: Final = mark("The first port must not be larger than the last one.")


class EntryError(ValueError):
    """What was typed is not a value. `text` is a text for `tr`, with `values` to fill in."""

    def __init__(self, text: str, **values: object) -> None:
        super().__init__(text)
        self.text = text
        self.values = values


def toml_text(value: object) -> str:
    """A plain value on one line, tables inline. TypeError for what TOML cannot say."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return repr(value)
        case str():
            return _quoted(value)
        case Mapping():
            members = ", ".join(f"{_key(str(name))} = {toml_text(each)}" for name, each in value.items())
            return f"{{ {members} }}" if members else "{}"
        case list() | tuple():
            return "[" + ", ".join(toml_text(each) for each in value) + "]"
    raise TypeError(f"{type(value).__name__} cannot be written as TOML")


def address_of(text: str) -> IPv6Address:
    """An address somebody typed; EntryError when it is none."""
    try:
        address = IPv6Address(_entry(text, NOT_AN_ADDRESS))
    except ValueError:
        raise EntryError(NOT_AN_ADDRESS) from None
    if address.scope_id is not None:
        raise EntryError(NOT_AN_ADDRESS)
    return address


def prefix_of(text: str) -> IPv6Network:
    """A prefix somebody typed, or an address, which stands for itself alone; EntryError when it is neither."""
    entry = _entry(text, NOT_A_PREFIX)
    try:
        return IPv6Network(entry)
    except ValueError:
        pass
    try:
        wider = IPv6Network(entry, strict=False)
    except ValueError:
        raise EntryError(NOT_A_PREFIX) from None
    raise EntryError(BITS_BEHIND_PREFIX, prefix=wider)


def ports_of(text: str) -> int | str:
    """A port, or a range as "first-last"; EntryError when it is neither."""
    first, dash, last = _entry(text, NOT_PORTS).partition("-")
    ends = [_port(first), _port(last) if dash else _port(first)]
    if ends[0] > ends[1]:
        raise EntryError(PORTS_REVERSED)
    return ends[0] if ends[0] == ends[1] else f"{ends[0]}-{ends[1]}"


def _port(text: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= HIGHEST_PORT):
        raise EntryError(NOT_PORTS)
    return int(text)


def _entry(text: str, complaint: str) -> str:
    text = text.strip()
    if not text or len(text) > LONGEST_ENTRY:
        raise EntryError(complaint)
    return text


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _quoted(name)


def _quoted(text: str) -> str:
    return '"' + "".join(_escaped(each) for each in text) + '"'


def _escaped(character: str) -> str:
    if character in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[character]
    code = ord(character)
    if code < 0x20 or code == 0x7F:
        return f"\\u{code:04X}"
    if 0xD800 <= code <= 0xDFFF:  # half a character: TOML has no way to say it
        return "\\uFFFD"
    return character
