# SPDX-License-Identifier: GPL-2.0-or-later
"""One value against its declaration: from TOML or from the text of a command line to its canonical plain form.

Plain means what TOML can say: bool, int, float, str, tuples of dicts and dicts. Addresses and prefixes become text in
their canonical form; every member of a table that has a default is filled in.
"""

import tomllib
from collections.abc import Iterable, Mapping
from ipaddress import IPv6Address, IPv6Network

from mnclient.errors import ConfigError
from service.settings_declaration import HIGHEST_PORT, Kind, Setting

_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})


def checked(setting: Setting, value: object, key: str) -> object:
    """The canonical form of a value read from TOML; ConfigError names `key`."""
    match setting.kind:
        case Kind.BOOLEAN:
            return _of_type(setting, value, key, bool)
        case Kind.INTEGER:
            return _bounded(setting, _number(setting, value, key, int), key)
        case Kind.SECONDS:
            return float(_bounded(setting, _number(setting, value, key, int, float), key))
        case Kind.WORD:
            return _word(setting, value, key)
        case Kind.TEXT:
            return _text(setting, value, key)
        case Kind.ADDRESS:
            return _address(setting, value, key)
        case Kind.NETWORK:
            return _network(setting, value, key)
        case Kind.PORTS:
            return _ports(setting, value, key)
        case Kind.TABLE:
            return table(setting, value, key)
        case Kind.TABLES:
            return _tables(setting, value, key)


def parsed(setting: Setting, text: str) -> object:
    """The canonical form of what somebody typed; quotes around text are not needed."""
    text = text.strip()
    if setting.kind is Kind.BOOLEAN and text.lower() in _TRUE | _FALSE:
        return text.lower() in _TRUE
    if setting.kind in (Kind.WORD, Kind.TEXT, Kind.ADDRESS, Kind.NETWORK, Kind.PORTS):
        return checked(setting, text.strip("\"'"), setting.key)
    try:
        value = tomllib.loads(f"value = {text}\n")
    except (ValueError, RecursionError):  # not TOML, a number of thousands of digits, or brackets without end
        raise refusal(setting, setting.key, f"{shown(text)} is not {setting.kind.value}") from None
    if set(value) != {"value"}:
        raise refusal(setting, setting.key, "one value is wanted, not several lines")
    return checked(setting, value["value"], setting.key)


def table(setting: Setting, value: object, key: str) -> dict[str, object]:
    """A table with all its members checked and its defaults filled in; members that are not given stay out."""
    if not isinstance(value, dict):
        raise refusal(setting, key, f"{shown(value)} is not a table")
    fields = {field.key: field for field in setting.fields}
    for name in value:
        if name not in fields:
            raise unknown_key(f"{key}.{name}", name, fields)
    result: dict[str, object] = {}
    for name, field in fields.items():
        if name in value:
            result[name] = checked(field, value[name], f"{key}.{name}")
        elif field.required:
            raise refusal(field, f"{key}.{name}", f"{name} is missing")
        elif field.default is not None:
            result[name] = field.default
    return result


def unknown_key(key: str, name: str, known: Iterable[str]) -> ConfigError:
    """The error for a key that does not exist, with the nearest one that does."""
    import difflib  # only needed when something is wrong

    names = sorted(known)
    same_name = [each for each in names if each.rpartition(".")[2] == name.rpartition(".")[2]]
    near = same_name or difflib.get_close_matches(name, names, n=1)
    guess = f"; did you mean {near[0]}?" if near else ""
    return ConfigError(f"there is no such key{guess}", key=key, accepted=", ".join(names))


def refusal(setting: Setting, key: str, title: str) -> ConfigError:
    """The error for a value that this setting does not take."""
    return ConfigError(title, key=key, accepted=setting.accepted)


def shown(value: object) -> str:
    """A value as it would stand in the file, shortened."""
    try:
        text = {True: "true", False: "false"}[value] if isinstance(value, bool) else repr(value)
    except (ValueError, RecursionError):  # repr refuses numbers of thousands of digits
        text = "a value too long to be shown"
    return text if len(text) <= 60 else text[:57] + "..."


def plain_copy(value: object) -> object:
    """A copy in the types of JSON and D-Bus: lists instead of tuples."""
    if isinstance(value, Mapping):
        return {key: plain_copy(each) for key, each in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain_copy(each) for each in value]
    return value


def _of_type(setting: Setting, value: object, key: str, kind: type) -> object:
    if not isinstance(value, kind):
        raise refusal(setting, key, f"{shown(value)} is not {setting.kind.value}")
    return value


def _number(setting: Setting, value: object, key: str, *kinds: type) -> int | float:
    """bool is an int to Python, but not to the person who wrote it."""
    if isinstance(value, bool) or not isinstance(value, kinds) or value != value:  # and a NaN is not a number
        raise refusal(setting, key, f"{shown(value)} is not {setting.kind.value}")
    assert isinstance(value, (int, float))
    return value


def _bounded(setting: Setting, value: int | float, key: str) -> int | float:
    if (setting.low is not None and value < setting.low) or (setting.high is not None and value > setting.high):
        raise refusal(setting, key, f"{shown(value)} is out of range")
    return value


def _word(setting: Setting, value: object, key: str) -> str:
    if not isinstance(value, str) or value not in setting.words:
        raise refusal(setting, key, f"{shown(value)} is not one of the words")
    return value


def _text(setting: Setting, value: object, key: str) -> str:
    text = _of_type(setting, value, key, str)
    assert isinstance(text, str)
    _bounded_length(setting, text, key)
    return text


def _bounded_length(setting: Setting, value: str, key: str) -> None:
    if setting.low is not None and setting.high is not None and not setting.low <= len(value) <= setting.high:
        raise refusal(setting, key, f"{shown(value)} has {len(value)} characters")


def _address(setting: Setting, value: object, key: str) -> str:
    try:
        address = IPv6Address(value) if isinstance(value, str) else None
    except ValueError:
        address = None
    if address is None or address.scope_id is not None:
        raise refusal(setting, key, f"{shown(value)} is not an IPv6 address")
    return str(address)


def _network(setting: Setting, value: object, key: str) -> str:
    """Bits behind the prefix length are refused: then either the address or the length is a slip of the pen."""
    if not isinstance(value, str) or "/" not in value:
        raise refusal(setting, key, f"{shown(value)} is not an IPv6 prefix")
    try:
        return str(IPv6Network(value))
    except ValueError as error:
        raise refusal(setting, key, f"{shown(value)} is not an IPv6 prefix ({error})") from None


def _ports(setting: Setting, value: object, key: str) -> int | str:
    """A single port as a number, several as "first-last"."""
    first, dash, last = value.partition("-") if isinstance(value, str) else (value, "", "")
    ends = [_port(each) for each in ([first, last] if dash else [first])]
    low, high = ends[0], ends[-1]
    if low is None or high is None:
        raise refusal(setting, key, f"{shown(value)} is not a port from 1 to {HIGHEST_PORT}, nor a range of them")
    if low > high:
        raise refusal(setting, key, f"{shown(value)} ends before it begins")
    return low if low == high else f"{low}-{high}"


def _port(value: object) -> int | None:
    if isinstance(value, str):
        text = value.strip()
        value = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(HIGHEST_PORT)) else None
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 1 <= value <= HIGHEST_PORT else None


def _tables(setting: Setting, value: object, key: str) -> tuple[dict[str, object], ...]:
    if not isinstance(value, (list, tuple)):
        raise refusal(setting, key, f"{shown(value)} is not an array of tables")
    if setting.high is not None and len(value) > setting.high:
        raise refusal(setting, key, f"{len(value)} are too many")
    return tuple(table(setting, each, f"{key}[{number}]") for number, each in enumerate(value, start=1))
