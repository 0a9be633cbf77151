# SPDX-License-Identifier: GPL-2.0-or-later
"""An invitation: one text file with which a home agent's administrator lets a laptop in. Read and written here.

    # An invitation to a Mobile IPv6 home agent, for: laptop
    mnclient_invitation = 1
    name = "laptop"
    home_agent = "2001:db8:1::1"
    ...

The form is TOML with single values only. What is not understood is refused, with the line, the field and what would be
accepted. A sealed invitation is the same text, encrypted with a passphrase (`service.invitation_seal`).
"""

import re
import tomllib
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv6Address, IPv6Network
from json import dumps
from typing import Any, Final, TypeVar

from mnclient.errors import MobileIPv6Error
from mnclient.model.keys import (
    HIGHEST_SPI,
    KEY_ALGORITHMS,
    LOWEST_SPI,
    KeyKind,
    find_algorithm,
    is_spi,
)
from mnclient.wire.addresses import is_unicast_routable

INVITATION_VERSION: Final = 1
LARGEST_INVITATION: Final = 16 * 1024
"""Octets of the file."""
LONGEST_NAME: Final = 64
LONGEST_IDENTITY: Final = 253  # octets; RFC 4282 section 2.1: what servers are sure to take
LATEST_EXPIRY: Final = 253_402_300_799.0  # the end of the year 9999
SALT_OCTETS: Final = 16
NONCE_OCTETS: Final = 12
LOWEST_COST: Final = 14
HIGHEST_COST: Final = 18  # 256 MiB of memory: what a stranger's file may make us spend
_SEAL_OVERHEAD: Final = 16  # octets of the tag

_OPEN: Final = "mnclient_invitation"
_SEALED: Final = "mnclient_sealed_invitation"
_T = TypeVar("_T")


class InvitationError(MobileIPv6Error):
    """A file is no invitation that can be used. `line` is 0 and `field` "" where they are not known."""

    def __init__(self, title: str, *, line: int = 0, field: str = "", accepted: str = "") -> None:
        super().__init__(title, hint=f"accepted: {accepted}" if accepted else "")
        self.line = line
        self.field = field
        self.accepted = accepted

    def __str__(self) -> str:
        where = ", ".join(filter(None, [f"line {self.line}" if self.line else "", self.field]))
        text = super().__str__()
        return f"{where}: {text}" if where else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """What a laptop needs. The SPIs are the laptop's: `spi_in` is in what arrives there.

    `home_address` None: choose one in `prefix`. `kind` None: no key, and then there is no algorithm, SPI or secret.
    """

    version: int = INVITATION_VERSION
    name: str
    home_agent: IPv6Address
    prefix: IPv6Network
    home_address: IPv6Address | None = None
    kind: KeyKind | None = None
    algorithm: str = ""
    spi_in: int = 0
    spi_out: int = 0
    secret: bytes = field(default=b"", repr=False)
    expires_time: float | None = None
    """Wall-clock time; None for never."""
    identity: str = ""
    """The mobile node identifier, a network access identifier like laptop@example.org (RFC 4283)."""

    def is_expired(self, wall_time: float) -> bool:
        """Whether it may not be used any more at this time."""
        return self.expires_time is not None and wall_time >= self.expires_time


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedInvitation:
    """An invitation that a passphrase opens. `cost` is the binary logarithm of scrypt's N; r is 8 and p is 1."""

    version: int = INVITATION_VERSION
    name: str
    cost: int
    salt: bytes
    nonce: bytes
    content: bytes = field(repr=False)


def is_name(name: str) -> bool:
    """Whether a guest can be called so."""
    return name.isprintable() and name == name.strip() and 1 <= len(name) <= LONGEST_NAME


def is_identity(identity: str) -> bool:
    """Whether this can be a network access identifier. What home agents make of it is for them to say."""
    return identity.isprintable() and " " not in identity and 1 <= len(identity.encode()) <= LONGEST_IDENTITY


def parse_invitation(text: str | bytes) -> Invitation | SealedInvitation:
    """Read the text of a file; InvitationError for everything that is not exactly an invitation."""
    content = _text(text)
    fields = _Fields(content, _document(content))
    return _sealed(fields) if fields.has(_SEALED) else _invitation(fields)


def invitation_text(invitation: Invitation | SealedInvitation) -> str:
    """The text of the file. `parse_invitation` gives the same invitation again."""
    lines = _sealed_lines(invitation) if isinstance(invitation, SealedInvitation) else _lines(invitation)
    return "\n".join(lines) + "\n"


# --- reading --------------------------------------------------------------------------------------------------------


def _text(text: str | bytes) -> str:
    try:
        octets = text.encode() if isinstance(text, str) else text
        if len(octets) > LARGEST_INVITATION:
            accepted = f"a file of at most {LARGEST_INVITATION // 1024} KiB"
            raise InvitationError("This is too large for an invitation", accepted=accepted)
        return octets.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeError:
        raise InvitationError("This is not text", accepted="text in UTF-8, as it was sent") from None


def _document(text: str) -> dict[str, Any]:
    accepted = "an invitation, exactly as it was sent"
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"\(at line (\d+)", str(error))  # the rest of its words may quote a secret
        number = int(line[1]) if line else 0
        raise InvitationError("This is not an invitation, or was damaged", line=number, accepted=accepted) from None
    except (ValueError, RecursionError):  # numbers of thousands of digits, brackets without end
        raise InvitationError("This is not an invitation", accepted=accepted) from None


class _Fields:
    """The fields of a document. Values are not repeated in errors: one of them is a secret."""

    def __init__(self, text: str, values: Mapping[str, Any]) -> None:
        self._text = text
        self._values = values
        self._read: set[str] = set()

    def has(self, name: str) -> bool:
        return name in self._values

    def required(self, name: str, accepted: str, convert: Callable[[Any], _T | None]) -> _T:
        """The value that `convert` makes of it; None and ValueError say that it makes none."""
        self._read.add(name)
        if name not in self._values:
            raise InvitationError(f"The field {name} is missing", field=name, accepted=accepted)
        try:
            value = convert(self._values[name])
        except (ValueError, TypeError, OverflowError, AttributeError):
            value = None
        if value is None:
            raise self.error(name, f"The value of {name} cannot be used", accepted)
        return value

    def optional(self, name: str, accepted: str, convert: Callable[[Any], _T | None]) -> _T | None:
        """The same, or None when the field is not there."""
        return self.required(name, accepted, convert) if name in self._values else None

    def error(self, name: str, title: str, accepted: str) -> InvitationError:
        """About one field, with its line."""
        return InvitationError(title, line=self._line(name), field=name, accepted=accepted)

    def finish(self) -> None:
        """InvitationError when there is a field that nobody asked for."""
        for name in self._values:
            if name not in self._read:
                shown = name if name.isprintable() and len(name) <= LONGEST_NAME else "with an odd name"
                raise self.error(name, f"There is no field {shown}", ", ".join(sorted(self._read)))

    def _line(self, name: str) -> int:
        key = re.compile(rf"""\s*\[*\s*["']?{re.escape(name)}["']?\s*[.=\]]""")
        lines = enumerate(self._text.split("\n"), start=1)
        return next((number for number, line in lines if key.match(line)), 0)


def _invitation(fields: _Fields) -> Invitation:
    version = fields.required(_OPEN, str(INVITATION_VERSION), _version)
    prefix = fields.required("prefix", "the home network, like 2001:db8:1::/64", _network)
    home_agent = fields.required("home_agent", f"an address in {prefix}", lambda value: _address(value, prefix))
    home_address = fields.optional(
        "home_address", f"another address in {prefix}", lambda value: _address(value, prefix)
    )
    if home_address == home_agent:
        raise fields.error("home_address", "The home address is the home agent's", f"another address in {prefix}")
    kinds = ", ".join(each.value for each in KeyKind)
    kind = fields.optional("protection", kinds, lambda value: KeyKind(_str(value)))
    result = Invitation(
        version=version,
        name=fields.required("name", f"1 to {LONGEST_NAME} printable characters", _name),
        home_agent=home_agent,
        prefix=prefix,
        home_address=home_address,
        kind=kind,
        expires_time=fields.optional("expires", "a time like 2026-12-31T12:00:00Z", _time),
        identity=fields.optional("identity", "like laptop@example.org", _identity) or "",
        **(_key(fields, kind) if kind else {}),
    )
    fields.finish()
    return result


def _key(fields: _Fields, kind: KeyKind) -> dict[str, Any]:
    names = ", ".join(each.name for each in KEY_ALGORITHMS[kind])
    algorithm = fields.required("algorithm", names, lambda value: find_algorithm(kind, _str(value)))
    spis = f"a number from {LOWEST_SPI} to {HIGHEST_SPI}"

    def secret(value: Any) -> bytes | None:
        octets = bytes.fromhex(_str(value))
        return octets if algorithm.accepts(len(octets)) else None

    return {
        "algorithm": algorithm.name,
        "spi_in": fields.required("spi_in", spis, _spi),
        "spi_out": fields.required("spi_out", spis, _spi),
        "secret": fields.required("secret", f"hexadecimal digits for {algorithm.accepted}", secret),
    }


def _sealed(fields: _Fields) -> SealedInvitation:
    result = SealedInvitation(
        version=fields.required(_SEALED, str(INVITATION_VERSION), _version),
        name=fields.required("name", f"1 to {LONGEST_NAME} printable characters", _name),
        cost=fields.required("cost", f"a number from {LOWEST_COST} to {HIGHEST_COST}", _cost),
        salt=fields.required("salt", f"{SALT_OCTETS} octets in base64", lambda value: _octets(value, SALT_OCTETS)),
        nonce=fields.required("nonce", f"{NONCE_OCTETS} octets in base64", lambda value: _octets(value, NONCE_OCTETS)),
        content=fields.required("content", "the encrypted invitation in base64", _content),
    )
    fields.finish()
    return result


def _str(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _int(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    return value


def _version(value: Any) -> int | None:
    return value if _int(value) == INVITATION_VERSION else None


def _spi(value: Any) -> int | None:
    return value if is_spi(_int(value)) else None


def _cost(value: Any) -> int | None:
    return value if LOWEST_COST <= _int(value) <= HIGHEST_COST else None


def _name(value: Any) -> str | None:
    return value if is_name(_str(value)) else None


def _identity(value: Any) -> str | None:
    return value if is_identity(_str(value)) else None


def _network(value: Any) -> IPv6Network | None:
    network = IPv6Network(_str(value))
    return network if 1 <= network.prefixlen <= 127 and is_unicast_routable(network[1]) else None


def _address(value: Any, prefix: IPv6Network) -> IPv6Address | None:
    address = IPv6Address(_str(value))
    fits = address in prefix and is_unicast_routable(address) and address.scope_id is None
    return address if fits and (prefix.prefixlen == 127 or address != prefix.network_address) else None


def _time(value: Any) -> float | None:
    """A time without an offset could be any of 26 hours."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        return None
    moment = value.timestamp()
    return moment if 0 <= moment <= LATEST_EXPIRY else None


def _octets(value: Any, length: int) -> bytes | None:
    octets = b64decode(_str(value), validate=True)
    return octets if len(octets) == length else None


def _content(value: Any) -> bytes | None:
    octets = b64decode("".join(_str(value).split()), validate=True)
    return octets if len(octets) > _SEAL_OVERHEAD else None


# --- writing --------------------------------------------------------------------------------------------------------


def _lines(invitation: Invitation) -> list[str]:
    lines = [
        f"# An invitation to a Mobile IPv6 home agent, for: {invitation.name}",
        "# Open it with mnclient on the computer that is to get the home address.",
        *(["# Whoever has this file can take that home address: do not show it to others."] if invitation.kind else []),
        f"{_OPEN} = {invitation.version}",
        f"name = {_quoted(invitation.name)}",
        *([f"identity = {_quoted(invitation.identity)}"] if invitation.identity else []),
        f"home_agent = {_quoted(str(invitation.home_agent))}",
        f"prefix = {_quoted(str(invitation.prefix))}",
    ]
    if invitation.home_address is not None:
        lines.append(f"home_address = {_quoted(str(invitation.home_address))}")
    if invitation.expires_time is not None:
        lines.append(f"expires = {datetime.fromtimestamp(int(invitation.expires_time), UTC):%Y-%m-%dT%H:%M:%SZ}")
    if invitation.kind is not None:
        lines += [
            f"protection = {_quoted(invitation.kind.value)}",
            f"algorithm = {_quoted(invitation.algorithm)}",
            f"spi_in = {invitation.spi_in}",
            f"spi_out = {invitation.spi_out}",
            f"secret = {_quoted(invitation.secret.hex())}",
        ]
    return lines


def _sealed_lines(sealed: SealedInvitation) -> list[str]:
    return [
        f"# A sealed invitation to a Mobile IPv6 home agent, for: {sealed.name}",
        "# Open it with mnclient on the computer that is to get the home address. It asks for the passphrase.",
        f"{_SEALED} = {sealed.version}",
        f"name = {_quoted(sealed.name)}",
        f"cost = {sealed.cost}",
        f"salt = {_quoted(b64encode(sealed.salt).decode())}",
        f"nonce = {_quoted(b64encode(sealed.nonce).decode())}",
        f"content = {_quoted(b64encode(sealed.content).decode())}",
    ]


def _quoted(text: str) -> str:
    """A basic string of TOML: for printable text the same as JSON's."""
    return dumps(text, ensure_ascii=False)
