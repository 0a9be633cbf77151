# SPDX-License-Identifier: GPL-2.0-or-later
"""Text from a caller, as the type it stands for; InvalidArgument says which argument, and what it should look like."""

from enum import Enum
from ipaddress import IPv6Address, IPv6Network
from typing import TypeVar

from service.contract import InvalidArgument

_E = TypeVar("_E", bound=Enum)


def address(text: str, name: str = "address") -> IPv6Address:
    """An IPv6 address without a zone."""
    try:
        value = IPv6Address(text)
    except ValueError:
        value = None
    if value is None or value.scope_id is not None:
        raise InvalidArgument(f"{text!r} is not an IPv6 address ({name})", hint="write it like 2001:db8:1::10")
    return value


def optional_address(text: str, name: str = "address") -> IPv6Address | None:
    """An IPv6 address, or None for the empty text."""
    return address(text, name) if text else None


def network(text: str, name: str = "prefix") -> IPv6Network:
    """An IPv6 prefix whose bits behind the length are zero."""
    try:
        return IPv6Network(text)
    except ValueError:
        hint = "write it like 2001:db8:1::/64"
        raise InvalidArgument(f"{text!r} is not an IPv6 prefix ({name})", hint=hint) from None


def word(kind: type[_E], text: str, name: str) -> _E:
    """A value of an enumeration."""
    try:
        return kind(text)
    except ValueError:
        hint = f"one of: {', '.join(str(each.value) for each in kind)}"
        raise InvalidArgument(f"{text!r} cannot be used here ({name})", hint=hint) from None


def network_filter(text: str) -> IPv6Network:
    """A prefix or a single address; the empty text means all of them."""
    try:
        return IPv6Network(text or "::/0", strict=False)
    except ValueError:
        hint = "write an address like 2001:db8:1::10 or a prefix like 2001:db8:1::/64"
        raise InvalidArgument(f"{text!r} is neither an IPv6 address nor a prefix (filter)", hint=hint) from None
