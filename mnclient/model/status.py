# SPDX-License-Identifier: GPL-2.0-or-later
"""What is true now: one immutable `Status`, printed by the command line, sent over D-Bus, drawn by the tray."""

from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv6Address, IPv6Network

from mnclient.model.named import Named
from mnclient.model.problems import Problem
from mnclient.units import Instant, Seconds


class Phase(Enum):
    """The node as a whole, in one word."""

    OFF = "off"  # the mobile-node role is off
    NO_HOME_ADDRESS = "no-home-address"
    NO_NETWORK = "no-network"  # nothing to attach to
    AT_HOME = "at-home"
    REGISTERING = "registering"
    REGISTERED = "registered"
    PROBLEM = "problem"  # abroad, and refused or unanswered


class HomeAddressState(Named):
    """Where one home address stands."""

    WAITING = "waiting"  # no network heard yet
    DETECTING = "detecting"  # at home, duplicate detection runs
    AT_HOME = "at-home"
    SEARCHING = "searching"  # abroad, no care-of address
    REGISTERING = "registering"  # Binding Update sent, not yet acknowledged
    REGISTERED = "registered"
    RETURNING = "returning"  # back home, de-registration not yet acknowledged
    REFUSED = "refused"  # the home agent said no
    DUPLICATE = "duplicate"  # somebody else has it
    UNPROTECTED = "unprotected"  # no key, and going without one is not allowed


class HomeAgentSource(Enum):
    """How the home agent of a home address came to be known."""

    CONFIGURED = "configured"
    DISCOVERED = "discovered"  # by the home prefix alone, or in place of the one that was configured


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeAddressStatus:
    """One home address. `registered` and `verified` are two facts; `verified` is None when it was never tried."""

    address: IPv6Address
    prefix: IPv6Network
    home_agent: IPv6Address | None
    state: HomeAddressState
    preferred: bool = False
    care_of_address: IPv6Address | None = None
    interface: str = ""
    registered: bool = False
    verified: bool | None = None
    verified_at: Instant | None = None
    """When a packet to the home address last came back through the home agent."""
    registered_until: Instant | None = None
    last_status: int | None = None
    """The status of the last Binding Acknowledgement, None before the first."""
    protected: bool = False
    accepted_spi: int | None = None
    """The outgoing SPI of the key under which the home agent last accepted a registration; None before."""
    home_agent_source: HomeAgentSource | None = None
    discovered_home_agents: tuple[IPv6Address, ...] = ()
    """Those of the last Home Agent Address Discovery Reply, the best first."""
    valid_until: Instant | None = None
    """How long the home prefix lasts, by the home agent; None when it has no end, or nobody said."""
    preferred_until: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterStatus:
    """A router heard on an interface."""

    address: IPv6Address
    link_layer_address: bytes
    lifetime_until: Instant
    prefixes: tuple[IPv6Network, ...]
    is_home_agent: bool
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceStatus:
    """A network interface the mobile node may use."""

    name: str
    priority: int
    enabled: bool
    is_up: bool
    is_home: bool = False
    is_active: bool = False
    """True for the one interface that carries the home addresses now."""
    care_of_address: IPv6Address | None = None
    is_standby: bool = False
    """A care-of address is kept ready on it, in case the one in use fails."""
    reaches_home_agent: bool | None = None
    """Whether a home agent answered from here; None when it was never tried."""
    routers: tuple[RouterStatus, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingUpdateStatus:
    """An entry of the binding update list (RFC 6275 section 11.1)."""

    destination: IPv6Address
    home_address: IPv6Address
    care_of_address: IPv6Address
    sequence: int
    lifetime: Seconds
    expires: Instant
    acknowledged: bool
    home_registration: bool


class CorrespondentState(Named):
    """How a correspondent is talked to."""

    TUNNELLED = "tunnelled"  # through the home agent: not tried yet, or not allowed
    TESTING = "testing"  # return routability runs
    REGISTERING = "registering"  # Binding Update sent
    DIRECT = "direct"  # packets go directly, both ways
    UNRESPONSIVE = "unresponsive"  # did not answer, or refused; tried again later
    LEAVING = "leaving"  # at home again: the binding is being deleted


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrespondentStatus:
    """A correspondent of a home address (RFC 6275 sections 11.1 and 11.7.2). `reason` says why it is as it is."""

    address: IPv6Address
    home_address: IPv6Address
    state: CorrespondentState
    care_of_address: IPv6Address | None = None
    expires: Instant | None = None
    retry: Instant | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrespondentNodeStatus:
    """The correspondent-node role. The bindings themselves are asked for separately."""

    bindings: int = 0
    max_bindings: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingCacheStatus:
    """An entry of the binding cache (RFC 6275 section 9.1). `detecting`: duplicate detection still runs."""

    home_address: IPv6Address
    care_of_address: IPv6Address
    sequence: int
    lifetime: Seconds
    expires: Instant
    home_registration: bool
    detecting: bool = False
    interface: str = ""
    """That of the home link, "" for a virtual one; of a correspondent's, where the last Binding Update came in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedHomeAgent:
    """An entry of the home agents list (RFC 6275 section 10.1)."""

    link_local_address: IPv6Address
    addresses: tuple[IPv6Address, ...]
    preference: int
    expires: Instant
    interface: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeLinkStatus:
    """A home link served by the home-agent role."""

    prefix: IPv6Network
    address: IPv6Address
    interface: str
    """"" for a virtual link."""
    is_up: bool
    bindings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeAgentStatus:
    """The home-agent role. The bindings themselves are asked for separately: there may be 20,000."""

    links: tuple[HomeLinkStatus, ...] = ()
    bindings: int = 0
    max_bindings: int = 0
    home_agents: tuple[ListedHomeAgent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The engine's public result."""

    now: Instant
    phase: Phase
    home_addresses: tuple[HomeAddressStatus, ...] = ()
    interfaces: tuple[InterfaceStatus, ...] = ()
    binding_update_list: tuple[BindingUpdateStatus, ...] = ()
    correspondents: tuple[CorrespondentStatus, ...] = ()
    correspondent_node: CorrespondentNodeStatus | None = None
    home_agent: HomeAgentStatus | None = None
    problems: tuple[Problem, ...] = ()
    counters: dict[str, int] = field(default_factory=dict)
