# SPDX-License-Identifier: GPL-2.0-or-later
"""What the service knows beyond the engine: known home agents, proposals, suggestions, settings in force.

Times that must survive a restart are wall-clock seconds since 1970 (`float`), named `..._time`; all others are instants
of the boot-time clock.
"""

from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv6Address, IPv6Network

from mnclient.model.handover import Handover
from mnclient.model.keys import KeyInfo
from mnclient.model.status import Status


class Origin(Enum):
    """Where a home agent or a home address came from."""

    LEARNED = "learned"  # heard on a link (home agents), auto-configured (home addresses)
    ADMINISTRATOR = "administrator"  # shipped in the settings file
    MANUAL = "manual"  # added by the person


class Trust(Enum):
    """Why a home agent is believed to be the one it was (docs/adr/0058-trust-in-home-agents.md)."""

    UNTRUSTED = "untrusted"  # only heard: anybody can say that he is a home agent
    PINNED = "pinned"  # somebody chose it; its prefix and hardware address are held on to as they were first heard
    PAIRED = "paired"  # there is a key for it, so it can prove who it is


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownHomeAgent:
    """A home agent of the list of at most 32. `rank` is between 0 and 1; see service.autoconfiguration.ranking.

    `trust` follows from the rest of what is known: it is filled in where the list is shown.
    """

    address: IPv6Address
    prefix: IPv6Network
    origin: Origin
    link_layer_address: bytes = b""
    interface: str = ""
    advertisements: int = 0
    last_heard_time: float | None = None
    rank: float = 0.0
    preference: int = 0
    pinned: bool = False
    """Never evicted from the list, and never replaced by another router's claim."""
    trust: Trust = Trust.UNTRUSTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A home address the auto-configuration would like to take into use; waits for accept or dismiss."""

    address: IPv6Address
    prefix: IPv6Network
    home_agent: IPv6Address
    interface: str
    reason: str
    proposed_time: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """An address that could be a home address at some home agent, and why."""

    address: IPv6Address
    prefix: IPv6Network
    home_agent: IPv6Address
    interface: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedHomeAddress:
    """A home address the service keeps, with what the engine does not know about it. `active`: acknowledged in time."""

    address: IPv6Address
    prefix: IPv6Network
    home_agent: IPv6Address | None
    origin: Origin
    preferred: bool
    active: bool
    trial: bool = False
    """It is only being tried: not stored, and given up when whoever began that leaves the bus."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Datapath:
    """How payload is carried: `name` is "portable" or "kernel", `reason` says why that one."""

    name: str
    reason: str


class OptimizationState(Enum):
    """Whether the mobile node lets packets go directly to correspondents."""

    ON = "on"
    OFF = "off"  # nobody wants it
    IMPOSSIBLE = "impossible"  # this host cannot


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStatus:
    """Everything a client may show. `boot_time` is the wall-clock time of instant 0 of the boot-time clock."""

    version: str
    boot_time: float
    datapath: Datapath
    engine: Status
    home_addresses: tuple[ManagedHomeAddress, ...] = ()
    known_home_agents: tuple[KnownHomeAgent, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    handovers: tuple[Handover, ...] = ()
    """The last moves, 20 at most, the newest last; `Client.handovers` knows more."""
    route_optimization: Datapath = Datapath(name="none", reason="")
    """How packets go directly: `name` is "kernel", or "none" when this host cannot."""
    route_optimization_off: str = ""
    """Why no packet goes directly although this host may be able to: somebody's wish, in words; "" when it may."""
    keys: tuple[KeyInfo, ...] = ()
    protections: tuple[str, ...] = ()
    """The kinds of key with which this service can protect registrations. Keys of other kinds are only kept."""

    def optimization(self) -> tuple[OptimizationState, str]:
        """Whether packets go directly, and why not. What is impossible is so whatever anybody wishes."""
        if self.route_optimization.name == "none":
            return OptimizationState.IMPOSSIBLE, self.route_optimization.reason
        if self.route_optimization_off:
            return OptimizationState.OFF, self.route_optimization_off
        return OptimizationState.ON, ""
