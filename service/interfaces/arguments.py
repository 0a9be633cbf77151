# SPDX-License-Identifier: GPL-2.0-or-later
"""Text from a caller, as the type it stands for; InvalidArgument says which argument, and what it should look like."""

import math
from enum import Enum
from ipaddress import IPv6Address, IPv6Network
from typing import Final, TypeVar

from mnclient.model.binding_filter import EVERYWHERE, BindingFilter
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


def optional_time(value: float, name: str) -> float | None:
    """A wall-clock time, or None for 0."""
    if not math.isfinite(value) or value < 0:
        raise InvalidArgument(f"{value} is not a time ({name})", hint="seconds since 1970, or 0 for never")
    return value or None


def word(kind: type[_E], text: str, name: str) -> _E:
    """A value of an enumeration."""
    try:
        return kind(text)
    except ValueError:
        hint = f"one of: {', '.join(str(each.value) for each in kind)}"
        raise InvalidArgument(f"{text!r} cannot be used here ({name})", hint=hint) from None


HOME, CARE_OF, INTERFACE = "home", "care-of", "interface"
"""Words of a filter of bindings; behind "=" follows what is meant."""

_FILTER_HINT: Final = (
    "write an address like 2001:db8:1::10 or a prefix like 2001:db8:1::/64, home=PREFIX, care-of=PREFIX, interface=NAME"
)


def binding_filter(text: str) -> BindingFilter:
    """Words with spaces between them, each once: a prefix or address, home=, care-of=, interface=. "" means all."""
    said: dict[str, str] = {}
    for word in text.split(" "):
        if not word:
            continue
        name, equals, value = word.partition("=")
        if not equals:
            name, value = "", word
        if name in said or (equals and name not in (HOME, CARE_OF, INTERFACE)):
            what = f"{name!r} is said twice" if name in said else f"{name!r} is nothing one can look for"
            raise InvalidArgument(f"{what} (filter)", hint=_FILTER_HINT)
        said[name] = value
    networks = {name: _filter_network(value) for name, value in said.items() if name != INTERFACE}
    return BindingFilter(
        addresses=networks.get("", EVERYWHERE),
        home_addresses=networks.get(HOME, EVERYWHERE),
        care_of_addresses=networks.get(CARE_OF, EVERYWHERE),
        interface=said.get(INTERFACE),
    )


def _filter_network(text: str) -> IPv6Network:
    try:
        if "%" in text:
            raise ValueError("a zone")
        return IPv6Network(text, strict=False)
    except ValueError:
        title = f"{text!r} is neither an IPv6 address nor a prefix (filter)"
        raise InvalidArgument(title, hint=_FILTER_HINT) from None
