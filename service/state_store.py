# SPDX-License-Identifier: GPL-2.0-or-later
"""What the service remembers over restarts, as JSON files in the state directory.

Two files, because one changes seldom and the other may be large: `state.json` with everything of the mobile node, and
`bindings.json` with the home agent's binding cache. Both are versioned, readable by the service alone (the first holds
a secret), and replaced in one step. A file that cannot be understood is renamed to `NAME.damaged-1` (and so on); what
can still be read in it is kept. Neither a damaged file nor a disk that refuses to write stops the service.
"""

import json
import logging
import math
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv6Address, IPv6Network
from pathlib import Path
from threading import Lock
from typing import Any, Final, TypeVar

from mnclient.constants import MAX_HOME_ADDRESSES, MAX_KNOWN_HOME_AGENTS
from mnclient.model.service_status import KnownHomeAgent, Origin
from mnclient.model.stored_binding import Stored, StoredBinding, StoredRegistration
from mnclient.units import Seconds
from service.atomic_file import write_atomically

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

STATE_VERSION: Final = 1
STATE_FILE: Final = "state.json"
BINDINGS_FILE: Final = "bindings.json"
MOST_DAMAGED_KEPT: Final = 9
_MODE: Final = 0o600
_UNDERSTOOD_WRONGLY = (KeyError, TypeError, ValueError, AttributeError, OverflowError)


def default_directory() -> Path:
    """STATE_DIRECTORY (systemd) or /var/lib/mnclient."""
    return Path(os.environ.get("STATE_DIRECTORY", "/var/lib/mnclient").split(":")[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredHomeAddress:
    """A home address that does not stand in the settings: auto-configured or added by the person."""

    address: IPv6Address
    prefix: IPv6Network
    home_agent: IPv6Address | None
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything of the mobile node that outlives a run."""

    home_agents: tuple[KnownHomeAgent, ...] = ()
    home_addresses: tuple[StoredHomeAddress, ...] = ()
    preferred_home_address: IPv6Address | None = None
    """The person's choice; it stands above `preferred` in the settings."""
    dismissed: tuple[IPv6Address, ...] = ()
    """Home agents whose proposals are not wanted."""
    hardware_addresses: dict[str, bytes] = field(default_factory=dict)
    """By interface: the permanent hardware address, from which home addresses are made."""
    stable_secret: bytes = field(default=b"", repr=False)
    """The secret key of RFC 7217 section 5; empty before the first start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DamagedFile:
    """A state file that could not be understood, and why."""

    path: Path
    reason: str


class StateStore:
    """Reads and writes the state files. Raises nothing; what went wrong while reading is in `damaged`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.damaged: list[DamagedFile] = []
        self._is_failing = False
        self._writing = Lock()

    def load(self) -> State:
        """The state of the last run, or as much of it as can be read."""
        document = self._read(STATE_FILE)
        wrong: list[str] = []

        def part(name: str, decode: Callable[[Any], _T], default: _T) -> _T:
            try:
                return decode(document[name]) if name in document else default
            except _UNDERSTOOD_WRONGLY:
                wrong.append(name)
                return default

        state = State(
            home_agents=part("home_agents", _home_agents, ()),
            home_addresses=part("home_addresses", _home_addresses, ()),
            preferred_home_address=part("preferred_home_address", _optional_address, None),
            dismissed=part("dismissed", lambda value: tuple(IPv6Address(each) for each in value), ()),
            hardware_addresses=part("hardware_addresses", _hardware_addresses, {}),
            stable_secret=part("stable_secret", bytes.fromhex, b""),
        )
        if wrong:
            self.set_aside(STATE_FILE, f"not understood: {', '.join(wrong)}")
        return state

    def save(self, state: State) -> bool:
        """Replace the state on disk; False, and a line in the log, when the disk refuses."""
        return self.write(STATE_FILE, encode_state(state))

    def load_bindings(self, wall_time: float) -> Stored:
        """Bindings and registrations of the last run, their lifetimes shortened by the time since."""
        try:
            document = self._read(BINDINGS_FILE)
            return Stored(
                bindings=tuple(_binding(each, wall_time) for each in document.get("bindings", ())),
                registrations=tuple(_registration(each, wall_time) for each in document.get("registrations", ())),
            )
        except _UNDERSTOOD_WRONGLY as error:
            self.set_aside(BINDINGS_FILE, f"not understood: {error}")
            return Stored()

    def write(self, name: str, content: bytes) -> bool:
        """Replace one file; may be called in a thread. A disk that goes on refusing is logged once."""
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._writing:
                write_atomically(self.directory / name, content, _MODE)
        except OSError as error:
            if not self._is_failing:
                _log.error("%s cannot be written; a restart will know only what was stored before: %s", name, error)
            self._is_failing = True
            return False
        self._is_failing = False
        return True

    def _read(self, name: str) -> dict[str, Any]:
        """The document, or an empty one for a file that is missing or was set aside."""
        try:
            content = (self.directory / name).read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as error:
            self._report(self.directory / name, f"cannot be read: {error.strerror}")
            return {}
        try:
            document = json.loads(content)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict) or not isinstance(document.get("version"), int):
            self.set_aside(name, "not a state file")
            return {}
        if document["version"] != STATE_VERSION:
            self.set_aside(name, f"written by another version ({document['version']})")
            return {}
        return document

    def set_aside(self, name: str, reason: str) -> None:
        """Rename a file that is not understood, and report it in `damaged`."""
        path = self.directory / name
        numbered = [path.with_name(f"{name}.damaged-{number}") for number in range(1, MOST_DAMAGED_KEPT + 1)]
        aside = next((each for each in numbered if not each.exists()), numbered[-1])
        try:
            path.replace(aside)
        except OSError as error:
            _log.warning("%s cannot be renamed: %s", path, error)
        self._report(path, reason)

    def _report(self, path: Path, reason: str) -> None:
        _log.warning("%s is not used: %s", path, reason)
        self.damaged.append(DamagedFile(path=path, reason=reason))


def encode_state(state: State) -> bytes:
    """The content of state.json."""
    return _encode(
        {
            "version": STATE_VERSION,
            "home_agents": [_encode_home_agent(each) for each in state.home_agents],
            "home_addresses": [
                {
                    "address": str(each.address),
                    "prefix": str(each.prefix),
                    "home_agent": None if each.home_agent is None else str(each.home_agent),
                    "origin": each.origin.value,
                }
                for each in state.home_addresses
            ],
            "preferred_home_address": state.preferred_home_address and str(state.preferred_home_address),
            "dismissed": [str(each) for each in state.dismissed],
            "hardware_addresses": {name: each.hex() for name, each in state.hardware_addresses.items()},
            "stable_secret": state.stable_secret.hex(),
        }
    )


def encode_bindings(stored: Stored, wall_time: float) -> bytes:
    """The content of bindings.json; lifetimes become wall-clock times at which they end."""
    bindings = [
        {"care_of_address": str(each.care_of_address), **_encode_common(each, wall_time)} for each in stored.bindings
    ]
    registrations = [
        {"home_agent": str(each.home_agent), **_encode_common(each, wall_time)} for each in stored.registrations
    ]
    document = {"version": STATE_VERSION, "bindings": bindings, "registrations": registrations}
    return _encode(document, indent=None)


def _encode_common(each: StoredBinding | StoredRegistration, wall_time: float) -> dict[str, Any]:
    return {
        "home_address": str(each.home_address),
        "sequence": each.sequence,
        "remaining": each.remaining,
        "expires_time": wall_time + each.remaining,
        "link_local_compatibility": each.link_local_compatibility,
    }


def _encode(document: dict[str, Any], indent: int | None = 2) -> bytes:
    return json.dumps(document, indent=indent).encode() + b"\n"


def _binding(row: dict[str, Any], wall_time: float) -> StoredBinding:
    return StoredBinding(care_of_address=IPv6Address(row["care_of_address"]), **_common(row, wall_time))


def _registration(row: dict[str, Any], wall_time: float) -> StoredRegistration:
    return StoredRegistration(home_agent=IPv6Address(row["home_agent"]), **_common(row, wall_time))


def _common(row: dict[str, Any], wall_time: float) -> dict[str, Any]:
    """A wall clock that was set back since does not prolong anything."""
    left = min(_finite(row["expires_time"]) - wall_time, _finite(row["remaining"]))
    sequence = row["sequence"]
    if not isinstance(sequence, int) or not 0 <= sequence < 1 << 16:
        raise ValueError("sequence")
    return {
        "home_address": IPv6Address(row["home_address"]),
        "sequence": sequence,
        "remaining": Seconds(max(left, 0.0)),
        "link_local_compatibility": row["link_local_compatibility"] is True,
    }


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value} is not a number")
    return number


def _encode_home_agent(agent: KnownHomeAgent) -> dict[str, Any]:
    return {
        "address": str(agent.address),
        "prefix": str(agent.prefix),
        "origin": agent.origin.value,
        "link_layer_address": agent.link_layer_address.hex(),
        "interface": agent.interface,
        "advertisements": agent.advertisements,
        "last_heard_time": agent.last_heard_time,
        "rank": agent.rank,
        "preference": agent.preference,
        "pinned": agent.pinned,
    }


def _home_agents(rows: list[dict[str, Any]]) -> tuple[KnownHomeAgent, ...]:
    agents = tuple(_home_agent(row) for row in rows)
    if len(agents) > MAX_KNOWN_HOME_AGENTS:
        raise ValueError("too many")
    return agents


def _home_agent(row: dict[str, Any]) -> KnownHomeAgent:
    last_heard = row["last_heard_time"]
    rank = float(row["rank"])
    if not 0.0 <= rank <= 1.0:
        raise ValueError("rank")
    return KnownHomeAgent(
        address=IPv6Address(row["address"]),
        prefix=IPv6Network(row["prefix"]),
        origin=Origin(row["origin"]),
        link_layer_address=bytes.fromhex(row["link_layer_address"]),
        interface=str(row["interface"]),
        advertisements=int(row["advertisements"]),
        last_heard_time=None if last_heard is None else _finite(last_heard),
        rank=rank,
        preference=int(row["preference"]),
        pinned=row["pinned"] is True,
    )


def _home_addresses(rows: list[dict[str, Any]]) -> tuple[StoredHomeAddress, ...]:
    if len(rows) > MAX_HOME_ADDRESSES:
        raise ValueError("too many")
    return tuple(
        StoredHomeAddress(
            address=IPv6Address(row["address"]),
            prefix=IPv6Network(row["prefix"]),
            home_agent=_optional_address(row["home_agent"]),
            origin=Origin(row["origin"]),
        )
        for row in rows
    )


def _optional_address(value: str | None) -> IPv6Address | None:
    return None if value is None else IPv6Address(value)


def _hardware_addresses(rows: dict[str, str]) -> dict[str, bytes]:
    return {str(name): bytes.fromhex(each) for name, each in rows.items()}
