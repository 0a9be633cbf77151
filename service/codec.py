# SPDX-License-Identifier: GPL-2.0-or-later
"""Frozen dataclasses <-> plain values (what JSON can say) <-> D-Bus variants, by reflection on the declared types.

| Python                    | plain                                        | D-Bus         |
|---------------------------|----------------------------------------------|---------------|
| dataclass                 | object; a field that is None is left out     | a{sv}         |
| IPv6Address, IPv6Network  | text                                         | s             |
| Enum                      | its value                                    | s, x          |
| bytes                     | hexadecimal octets, "aa:bb:cc"               | s             |
| float, Seconds, Instant   | number                                       | d             |
| int, bool, str            | itself                                       | x, b, s       |
| tuple                     | list                                         | aa{sv}, av    |
| dict with text keys       | object                                       | a{sv}         |
| object (any plain value)  | itself                                       | its own       |

Reading is lenient towards another version of the service: unknown fields are ignored, missing ones take their default,
and an element of a list with an enum value that this side does not know is left out. A type cannot have a field that
may be None and whose default is something else: left out would then mean two things. That is refused.
"""

from collections.abc import Callable, Hashable
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from functools import cache
from ipaddress import IPv6Address, IPv6Network
from types import NoneType, UnionType
from typing import Any, NewType, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from dbus_fast import Variant

from mnclient.errors import MobileIPv6Error

Plain = bool | int | float | str | list["Plain"] | dict[str, "Plain"] | None
"""What JSON can say. Infinity may be among the floats."""

T = TypeVar("T")


class CodecError(MobileIPv6Error):
    """A value from the other side cannot be understood; most likely the two sides have different versions."""

    def __init__(self, title: str) -> None:
        super().__init__(title, hint="restart the service, so that it and this program have the same version")


class _UnknownEnumValue(CodecError):
    """An enum value that only a newer version knows."""


def to_plain(value: object) -> Plain:
    """The plain form of a value. TypeError for a type the table above does not name."""
    if isinstance(value, Enum):  # first: some enums are also integers
        return to_plain(value.value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, IPv6Address | IPv6Network):
        return str(value)
    if isinstance(value, bytes):
        return value.hex(":")
    if isinstance(value, tuple | list):
        return [to_plain(each) for each in value]
    if isinstance(value, dict):
        return {str(key): to_plain(each) for key, each in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        named = ((name, getattr(value, name)) for name in _field_names(type(value)))
        return {name: to_plain(each) for name, each in named if each is not None}
    raise TypeError(f"{type(value).__name__} has no plain form")


def from_plain(kind: type[T], plain: object) -> T:
    """The value of a type from its plain form. CodecError when it cannot be one."""
    decoded: T = _decoder(cast(Hashable, kind))(plain)
    return decoded


def to_variants(plain: Plain) -> dict[str, Variant]:
    """A plain object as a{sv}."""
    if not isinstance(plain, dict):
        raise TypeError(f"{plain!r} is not an object")
    return {key: to_variant(value) for key, value in plain.items() if value is not None}


def to_variant(plain: Plain) -> Variant:
    """A plain value as a variant. None has none: TypeError."""
    match plain:
        case bool():
            return Variant("b", plain)
        case int():
            return Variant("x", plain)
        case float():
            return Variant("d", plain)
        case str():
            return Variant("s", plain)
        case dict():
            return Variant("a{sv}", to_variants(plain))
        case list() if plain and all(isinstance(each, dict) for each in plain):
            return Variant("aa{sv}", [to_variants(each) for each in plain])
        case list():
            return Variant("av", [to_variant(each) for each in plain])
    raise TypeError(f"{plain!r} has no D-Bus form")


def from_variants(value: Any) -> Plain:
    """What arrived from the bus, as a plain value."""
    if isinstance(value, Variant):
        return from_variants(value.value)
    if isinstance(value, dict):
        return {str(key): from_variants(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [from_variants(each) for each in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise CodecError(f"the bus carried a {type(value).__name__}")


# --- reading --------------------------------------------------------------------------------------------------------

_Decoder = Callable[[Any], Any]


@cache
def _field_names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


@cache
def _decoder(kind: Any) -> _Decoder:
    """What turns a plain value into one of type `kind`."""
    if isinstance(kind, NewType):
        return _decoder(kind.__supertype__)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _optional(kind, arguments)
    if origin is tuple:
        return _tuple(arguments)
    if origin is dict:
        return _dict(arguments)
    if isinstance(kind, type) and is_dataclass(kind):
        return _dataclass(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return lambda plain: _enum(kind, plain)
    if kind in _SCALARS:
        return _SCALARS[kind]
    raise TypeError(f"{kind} has no plain form")


def _enum(kind: type[Enum], plain: Any) -> Enum:
    try:
        return kind(plain)
    except ValueError:
        raise _UnknownEnumValue(f"{plain!r} is not a {kind.__name__} this program knows") from None


def _checked(accepted: tuple[type, ...], convert: _Decoder) -> _Decoder:
    def decode(plain: Any) -> Any:
        if not isinstance(plain, accepted) or (isinstance(plain, bool) and bool not in accepted):
            raise CodecError(f"{plain!r} was not expected here")
        try:
            return convert(plain)
        except ValueError as error:
            raise CodecError(f"{plain!r} cannot be read: {error}") from None

    return decode


_SCALARS: dict[type, _Decoder] = {
    object: lambda plain: plain,
    bool: _checked((bool,), bool),
    int: _checked((int,), int),
    float: _checked((int, float), float),
    str: _checked((str,), str),
    bytes: _checked((str,), lambda plain: bytes.fromhex(plain.replace(":", ""))),
    IPv6Address: _checked((str,), IPv6Address),
    IPv6Network: _checked((str,), IPv6Network),
}


def _optional(kind: Any, arguments: tuple[Any, ...]) -> _Decoder:
    present = [each for each in arguments if each is not NoneType]
    if len(present) != 1:
        raise TypeError(f"{kind}: a plain value does not say which of these it is")
    decode = _decoder(present[0])
    return lambda plain: None if plain is None else decode(plain)


def _tuple(arguments: tuple[Any, ...]) -> _Decoder:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        each = _decoder(arguments[0])
        return _checked((list,), lambda plain: tuple(_known(each, plain)))
    members = [_decoder(argument) for argument in arguments]
    return _checked((list,), lambda plain: tuple(decode(part) for decode, part in zip(members, plain, strict=True)))


def _known(decode: _Decoder, plain: list[Any]) -> list[Any]:
    values = []
    for part in plain:
        try:
            values.append(decode(part))
        except _UnknownEnumValue:
            continue  # a newer service speaks of something that has no words here
    return values


def _dict(arguments: tuple[Any, ...]) -> _Decoder:
    if arguments[0] is not str:
        raise TypeError("only text can be a key")
    decode = _decoder(arguments[1])
    return _checked((dict,), lambda plain: {key: decode(part) for key, part in plain.items()})


@cache
def _members(kind: type) -> list[tuple[str, bool, _Decoder]]:
    """Name, whether it may be None, and how it is read, of each field. Asked at the first value: a type may contain
    itself."""
    hints = get_type_hints(kind)
    members: list[tuple[str, bool, _Decoder]] = []
    for field in fields(kind):
        may_be_none = NoneType in get_args(hints[field.name])
        if may_be_none and field.default not in (MISSING, None):
            raise TypeError(f"{kind.__name__}.{field.name} may be None, so its default must be None")
        members.append((field.name, may_be_none, _decoder(hints[field.name])))
    return members


def _dataclass(kind: type) -> _Decoder:
    required = {field.name for field in fields(kind) if _is_required(field)}

    def decode(plain: Any) -> Any:
        members = _members(kind)
        values = {name: read(plain[name]) for name, _, read in members if name in plain}
        values |= {name: None for name, may_be_none, _ in members if may_be_none and name not in plain}
        if missing := sorted(required - values.keys()):
            raise CodecError(f"{kind.__name__} came without {', '.join(missing)}")
        return kind(**values)

    return _checked((dict,), decode)


def _is_required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING
