# SPDX-License-Identifier: GPL-2.0-or-later
"""What the service remembers over restarts, as JSON files in the state directory.

Three files, because some change seldom and one may be large: `state.json` with what people decided and what was
learned, `bindings.json` with what both ends of a binding keep (`stored_bindings`), and `guests.json` with whom a home
agent invited (`stored_guests`). All are versioned, readable by the service alone, and replaced in one step. A file that
cannot be understood is renamed to `NAME.damaged-1` (and so on); what can still be read in it is kept. Neither a damaged
file nor a disk that refuses to write stops the service.
"""

import json
import logging
import os
from dataclasses import dataclass, field
from ipaddress import IPv6Address, IPv6Network
from pathlib import Path
from threading import Lock
from typing import Any, Final

from mnclient.constants import MAX_HOME_ADDRESSES, MAX_KNOWN_HOME_AGENTS
from mnclient.model.guest import Guest
from mnclient.model.service_status import KnownHomeAgent, Origin
from mnclient.model.stored_binding import Stored
from service.atomic_file import move_aside, write_atomically
from service.state_format import STATE_VERSION, Parts, encoded, finite
from service.stored_bindings import decode_bindings
from service.stored_guests import decode_guests

_log = logging.getLogger(__name__)

STATE_FILE: Final = "state.json"
BINDINGS_FILE: Final = "bindings.json"
GUESTS_FILE: Final = "guests.json"
_MODE: Final = 0o600


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
        parts = Parts(self._read(STATE_FILE))
        state = State(
            home_agents=parts.read("home_agents", _home_agents, ()),
            home_addresses=parts.read("home_addresses", _home_addresses, ()),
            preferred_home_address=parts.read("preferred_home_address", _optional_address, None),
            dismissed=parts.read("dismissed", lambda value: tuple(IPv6Address(each) for each in value), ()),
            hardware_addresses=parts.read("hardware_addresses", _hardware_addresses, {}),
            stable_secret=parts.read("stable_secret", bytes.fromhex, b""),
        )
        self._report_parts(STATE_FILE, parts)
        return state

    def save(self, state: State) -> bool:
        """Replace the state on disk; False, and a line in the log, when the disk refuses."""
        return self.write(STATE_FILE, encode_state(state))

    def load_bindings(self, wall_time: float) -> Stored:
        """What was stored of bindings in the last run, lifetimes shortened by the time since."""
        parts = Parts(self._read(BINDINGS_FILE))
        stored = decode_bindings(parts, wall_time)
        self._report_parts(BINDINGS_FILE, parts)
        return stored

    def load_guests(self) -> tuple[Guest, ...]:
        """Whom this home agent invited, as far as it can be read. Their keys are elsewhere, and still in force."""
        parts = Parts(self._read(GUESTS_FILE))
        nobody: tuple[tuple[Guest, ...], int] = ((), 0)
        guests, wrong = parts.read("guests", decode_guests, nobody)
        if wrong or parts.wrong:
            how_many = f"{wrong} of {wrong + len(guests)} guests" if wrong else "the guests"
            self.set_aside(GUESTS_FILE, f"{how_many} were not understood; see mnctl keys for keys that nobody needs")
        return guests

    def _report_parts(self, name: str, parts: Parts) -> None:
        if parts.wrong:
            self.set_aside(name, f"not understood: {', '.join(parts.wrong)}")

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
        move_aside(path)
        self._report(path, reason)

    def _report(self, path: Path, reason: str) -> None:
        _log.warning("%s is not used: %s", path, reason)
        self.damaged.append(DamagedFile(path=path, reason=reason))


def peek_home_addresses(directory: Path) -> tuple[StoredHomeAddress, ...]:
    """Those that a service with this state directory would keep, for one who only looks: nothing is set aside.

    Empty where there is no file, or none that can be understood. OSError when it cannot be read.
    """
    try:
        document = json.loads((directory / STATE_FILE).read_bytes())
    except (FileNotFoundError, ValueError, RecursionError):
        return ()
    nothing: tuple[StoredHomeAddress, ...] = ()
    return Parts(document if isinstance(document, dict) else {}).read("home_addresses", _home_addresses, nothing)


def encode_state(state: State) -> bytes:
    """The content of state.json."""
    return encoded(
        {
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
        last_heard_time=None if last_heard is None else finite(last_heard),
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
