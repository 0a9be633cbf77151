# SPDX-License-Identifier: GPL-2.0-or-later
"""What the engine is told to do: one immutable `NodeConfig`. Where it comes from (files, D-Bus) is not its business."""

from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv6Address, IPv6Network

from mnclient.constants import (
    DEFAULT_MAX_RTR_ADV_INTERVAL,
    DEFAULT_MIN_RTR_ADV_INTERVAL,
    DEFAULT_REGISTRATION_LIFETIME,
    INITIAL_BINDACK_TIMEOUT_FIRST_REG,
    MAX_BINDINGS,
    MAX_CORRESPONDENT_BINDINGS,
    MAX_MOB_PFX_ADV_INTERVAL,
    MAX_RA_DELAY_TIME,
    MAX_RR_BINDING_LIFETIME,
    MIN_DELAY_BETWEEN_RAS,
    MIN_MOB_PFX_ADV_INTERVAL,
    REPLAY_WINDOW,
)
from mnclient.model.generated_address import GeneratedAddress
from mnclient.model.precomputed_key import PrecomputedKey, check_distinct
from mnclient.model.security import SecurityAssociation
from mnclient.units import Seconds


class IdentifierMethod(Enum):
    """How the interface identifier of a care-of address is made."""

    EUI64 = "eui64"  # RFC 4291 appendix A, from the hardware address
    STABLE_OPAQUE = "stable-opaque"  # RFC 7217: the same on the same network, unlinkable between networks
    TEMPORARY = "temporary"  # RFC 8981: random, replaced in time


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeAddressConfig:
    """One home address to keep reachable.

    With `home_agent` None one is looked for by the prefix alone, as far as `home_agent_discovery` permits.
    `home_agent_link_layer` is the pinned hardware address of the home agent, None when never seen. Pinning is our
    answer to unauthenticated Router Advertisements; RFC 6275 says nothing of it.
    """

    address: IPv6Address
    prefix: IPv6Network
    home_agent: IPv6Address | None
    preferred: bool = False
    home_agent_link_layer: bytes | None = None
    association: SecurityAssociation | None = None
    """The key for its signalling; None when there is none."""
    retiring: tuple[SecurityAssociation, ...] = ()
    """Keys that it succeeds, for IPsec: until it is accepted the home agent sends under one of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessIdentifier:
    """By what network access identifier, user@realm, a home agent knows a home address (RFC 4283 section 3.1)."""

    home_address: IPv6Address
    identifier: str


class DiscoveryUse(Enum):
    """When a mobile node asks its home link for home agents (RFC 6275 section 11.4.1)."""

    ALWAYS = "always"  # also to replace a home agent that was chosen, when it is silent or refuses
    WHEN_UNKNOWN = "when-unknown"  # for home addresses without a home agent
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfacePolicy:
    """The person's wish about one interface. A smaller `priority` (1 to 999) is preferred."""

    name: str
    priority: int = 100
    enabled: bool = True


class OptimizationUse(Enum):
    """With whom route optimisation is used, where no `CorrespondentPolicy` says otherwise."""

    ALWAYS = "always"  # with everybody but those whose policy says no
    ONLY_THESE = "only-these"  # with nobody but those whose policy says yes
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrespondentPolicy:
    """Whether correspondents of a prefix may be talked to directly; the longest prefix that matches decides."""

    prefix: IPv6Network
    allow: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteOptimizationConfig:
    """Talking to correspondents directly instead of through the home agent (RFC 6275 section 11.7.2)."""

    use: OptimizationUse = OptimizationUse.ALWAYS
    correspondents: tuple[CorrespondentPolicy, ...] = ()
    location_privacy: bool = True
    """No correspondent is told where the laptop is: route optimisation tells everybody it talks to. Overrides `use`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficRule:
    """Traffic that uses the care-of address on purpose. None matches all; `ports` are the first and last."""

    destination: IPv6Network | None = None
    protocol: int | None = None
    """6 for TCP, 17 for UDP; needed when `ports` are given."""
    ports: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MobileNodeConfig:
    """The mobile-node role."""

    home_addresses: tuple[HomeAddressConfig, ...] = ()
    interfaces: tuple[InterfacePolicy, ...] = ()
    """Interfaces not named here have priority 100 and are enabled."""
    identifier_method: IdentifierMethod = IdentifierMethod.STABLE_OPAQUE
    stable_secret: bytes = field(default=b"", repr=False)
    """At least 16 octets when the method is STABLE_OPAQUE (RFC 7217 section 5)."""
    registration_lifetime: Seconds = DEFAULT_REGISTRATION_LIFETIME
    initial_bindack_timeout_first_reg: Seconds = INITIAL_BINDACK_TIMEOUT_FIRST_REG
    allow_unprotected_signalling: bool = False
    """Register without any authentication of the signalling. Insecure, and shown as such."""
    return_home_unauthenticated: bool = False
    """Come home wherever the home network is announced, although there is a key and the home agent has not shown that
    it has it (docs/adr/0058-trust-in-home-agents.md). Insecure."""
    protect_payload: bool = False
    """Encrypt all packets in the tunnel of a home address whose signalling goes under ESP (RFC 6275 section 5.5)."""
    route_optimization: RouteOptimizationConfig = RouteOptimizationConfig()
    traffic_rules: tuple[TrafficRule, ...] = ()
    use_visited_name_servers: bool = True
    """Name servers that the visited network advertises (RFC 8106) are asked from the care-of address."""
    home_agent_discovery: DiscoveryUse = DiscoveryUse.WHEN_UNKNOWN
    verify: bool = True
    """Check with a packet of our own, after each registration and now and then, that the home address is reachable."""
    access_identifiers: tuple[AccessIdentifier, ...] = ()
    """For signed registrations; one that is not here is made of the home address."""
    precomputed_keys: tuple[PrecomputedKey, ...] = ()
    """For correspondents with which there is no return routability (RFC 4449)."""
    generated_addresses: tuple[GeneratedAddress, ...] = ()
    """Home addresses that are proven to correspondents by their keys (RFC 4866)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvertisingConfig:
    """Router Advertisements the home agent sends on a home link (RFC 4861 section 6.2.1, RFC 6275 section 7)."""

    min_interval: Seconds = DEFAULT_MIN_RTR_ADV_INTERVAL
    max_interval: Seconds = DEFAULT_MAX_RTR_ADV_INTERVAL
    min_delay_between: Seconds = MIN_DELAY_BETWEEN_RAS
    answer_delay: Seconds = MAX_RA_DELAY_TIME
    """The upper bound of the random delay before a solicitation is answered."""
    router_lifetime: Seconds = Seconds(1800.0)
    valid_lifetime: Seconds = Seconds(86400.0)
    preferred_lifetime: Seconds = Seconds(14400.0)
    home_agent_preference: int = 0
    home_agent_lifetime: Seconds = Seconds(1800.0)
    send_interval_option: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeLinkConfig:
    """One home link served. `interface` None means a virtual one: a prefix routed to this host, nobody else on it."""

    prefix: IPv6Network
    address: IPv6Address
    """The home agent's own global address in the prefix."""
    interface: str | None
    advertising: AdvertisingConfig | None = None
    """None: another router advertises; this one only listens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRule:
    """Who may register from where; the first rule that matches decides."""

    allow: bool
    home_addresses: IPv6Network = IPv6Network("::/0")
    care_of_addresses: IPv6Network = IPv6Network("::/0")


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeAgentConfig:
    """The home-agent role."""

    links: tuple[HomeLinkConfig, ...] = ()
    access: tuple[AccessRule, ...] = ()
    """Without a matching rule a registration is allowed."""
    max_lifetime: Seconds = Seconds(3600.0)
    max_bindings: int = MAX_BINDINGS
    refresh_advice: Seconds | None = None
    """Binding Refresh Advice to give (below the granted lifetime), or None."""
    optimistic_forwarding: bool = True
    """Forward from the first registration on, while duplicate detection (1 s) still runs; undone if it fails."""
    multicast: bool = False
    """Ask mobile nodes which groups they listen to, and send them what comes for these on the home link (10.4.3)."""
    allow_unprotected_signalling: bool = False
    """Accept registrations without any authentication. Insecure, and shown as such."""
    protect_payload: bool = False
    """Encrypt all packets in the tunnels of mobile nodes whose signalling goes under ESP."""
    associations: tuple[SecurityAssociation, ...] = ()
    """The keys of mobile nodes. Of several for one home address the first is used."""
    replay_window: Seconds = REPLAY_WINDOW
    """How far a timestamp may be from this host's clock (RFC 4285 section 6)."""
    require_message_identification: bool = True
    """Refuse a Binding Update that is authenticated but has no timestamp (RFC 4285 section 6)."""
    address_discovery: bool = True
    """Answer Home Agent Address Discovery Requests (RFC 6275 section 10.5)."""
    prefix_advertisements: bool = True
    """Tell absent mobile nodes of the home prefixes (RFC 6275 sections 8.4 and 10.6)."""
    min_prefix_advertisement_interval: Seconds = MIN_MOB_PFX_ADV_INTERVAL
    max_prefix_advertisement_interval: Seconds = MAX_MOB_PFX_ADV_INTERVAL


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrespondentNodeConfig:
    """The correspondent-node role: others may talk to this host directly (RFC 6275 section 9)."""

    access: tuple[AccessRule, ...] = ()
    """Without a matching rule a mobile node may have a binding."""
    max_bindings: int = MAX_CORRESPONDENT_BINDINGS
    max_lifetime: Seconds = MAX_RR_BINDING_LIFETIME
    precomputed_keys: tuple[PrecomputedKey, ...] = ()
    """For mobile nodes that are believed by such a key, and by it alone (RFC 4449)."""
    generated_addresses: bool = False
    """Believe generated home addresses by their keys, and then by tokens (RFC 4866). With `max_lifetime` at its highest
    their bindings may last as long as that proof allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeConfig:
    """Everything the engine is told. A role that is None is off.

    ValueError when two pairs of nodes share a precomputed key.
    """

    mobile_node: MobileNodeConfig | None = None
    correspondent_node: CorrespondentNodeConfig | None = None
    home_agent: HomeAgentConfig | None = None

    def __post_init__(self) -> None:
        roles = (self.mobile_node, self.correspondent_node)
        check_distinct(key for role in roles if role is not None for key in role.precomputed_keys)
