# SPDX-License-Identifier: GPL-2.0-or-later
"""Every setting, declared once. Validation, `mnctl settings`, D-Bus and the documentation read this table."""

from collections.abc import Iterator
from typing import Final

from mnclient.constants import (
    DEFAULT_MAX_RTR_ADV_INTERVAL,
    DEFAULT_REGISTRATION_LIFETIME,
    INITIAL_BINDACK_TIMEOUT_FIRST_REG,
    LEAST_REPLAY_WINDOW,
    LIFETIME_UNIT,
    LOWEST_MAX_RTR_ADV_INTERVAL,
    LOWEST_MIN_RTR_ADV_INTERVAL,
    MAX_BINDING_LIFETIME,
    MAX_BINDINGS,
    MAX_CORRESPONDENT_BINDINGS,
    MAX_HOME_ADDRESSES,
    MAX_INTERFACES,
    MAX_KNOWN_HOME_AGENTS,
    MAX_MOB_PFX_ADV_INTERVAL,
    MAX_RA_DELAY_TIME,
    MAX_RR_BINDING_LIFETIME,
    MIN_MOB_PFX_ADV_INTERVAL,
    PROTOCOL_TCP,
    PROTOCOL_UDP,
    REPLAY_WINDOW,
)
from mnclient.debugging import Category
from mnclient.model.config import DiscoveryUse, IdentifierMethod, OptimizationUse
from mnclient.model.invitation import LONGEST_IDENTITY
from mnclient.model.invitation_use import IDENTIFIERS
from service.settings_autoconfiguration import AUTOCONFIGURATION
from service.settings_declaration import (
    Kind,
    Setting,
    address,
    integer,
    network,
    seconds,
    switch,
    tables,
    words,
)

SETTINGS_VERSION: Final = 1
DEFAULT_PREFIX_LENGTH: Final = 64
DATAPATHS: Final = ("auto", "kernel", "portable")
TRANSPORTS: Final = {"tcp": PROTOCOL_TCP, "udp": PROTOCOL_UDP}
PRIVACY: Final = "mobile_node.route_optimization.location_privacy"
PRIVACY_OFF: Final = "Without location privacy, everybody this machine talks to learns where it is."
"""What route optimisation costs, in one sentence; said wherever it can be switched on."""

_PREFERENCE = integer("preference", 0, 0, 65_535, "The preference advertised; the higher is preferred.")

_HOME_ADDRESS = (
    address("address", "The home address."),
    network("prefix", "Its home prefix; left out, the /64 around the address."),
    address(
        "home_agent",
        "The home agent that keeps it reachable; left out, it is looked for by the home prefix.",
        required=False,
    ),
    switch("preferred", False, "Whether new connections start from this one; at most one may be preferred."),
)

_ACCESS_IDENTIFIER = (
    address("home_address", "The home address."),
    Setting(
        key="identifier",
        kind=Kind.TEXT,
        required=True,
        low=1,
        high=LONGEST_IDENTITY,
        description="Its network access identifier, like laptop@example.org.",
    ),
)

_INTERFACE = (
    Setting(key="name", kind=Kind.TEXT, required=True, low=1, high=15, description="The interface, like wlan0."),
    integer("priority", 100, 1, 999, "The smaller is preferred; interfaces not listed have 100."),
    switch("enabled", True, "Whether it may be used at all."),
)

_KNOWN_HOME_AGENT = (
    address("address", "The home agent's global address."),
    network("prefix", "Its home prefix; left out, the /64 around the address."),
    switch("pinned", True, "Whether it is never evicted, and never replaced by another router's claim."),
    _PREFERENCE,
)

_ADVERTISE = (
    Setting(
        key="min_interval",
        kind=Kind.SECONDS,
        low=LOWEST_MIN_RTR_ADV_INTERVAL,
        high=1350,
        description="Shortest interval, at most 0.75 of the longest; left out, a third of it (RFC 4861 section 6.2.1).",
    ),
    seconds("max_interval", DEFAULT_MAX_RTR_ADV_INTERVAL, LOWEST_MAX_RTR_ADV_INTERVAL, 1800, "Longest interval."),
    Setting(
        key="min_delay_between",
        kind=Kind.SECONDS,
        low=LOWEST_MIN_RTR_ADV_INTERVAL,
        high=3.0,
        description="Shortest time between two multicast ones; left out, min_interval and at most 3 (RFC 6275 13).",
    ),
    seconds("answer_delay", MAX_RA_DELAY_TIME, 0, 0.5, "Longest random delay before a solicitation is answered."),
    seconds("router_lifetime", 1800, 0, 9000, "How long this router is a default router; 0 for not at all."),
    seconds("valid_lifetime", 86_400, 1, 4_294_967_295, "How long addresses of the prefix are valid."),
    seconds("preferred_lifetime", 14_400, 0, 4_294_967_295, "How long they are preferred."),
    _PREFERENCE,
    seconds("lifetime", 1800, 1, 65_535, "How long this home agent says it serves."),
    switch("interval_option", True, "Whether the interval is told, so that mobile nodes notice a missing one."),
)

_HOME_LINK = (
    network("prefix", "The home prefix.", required=True),
    address("address", "The home agent's own global address in the prefix."),
    Setting(key="interface", kind=Kind.TEXT, low=1, high=15, description="The interface on the home link."),
    switch("virtual", False, "Instead of an interface: the prefix is routed to this host, nobody else is on it."),
    Setting(
        key="advertise",
        kind=Kind.TABLE,
        fields=_ADVERTISE,
        description="Send Router Advertisements on the link; left out, another router does.",
    ),
)

_ACCESS = (
    switch("allow", True, "Whether registrations that match are allowed."),
    network("home_addresses", "Home addresses that match.", default="::/0"),
    network("care_of_addresses", "Care-of addresses that match.", default="::/0"),
)

_CORRESPONDENT = (
    network("prefix", "Correspondents in it; the longest prefix that matches decides.", required=True),
    switch("allow", True, "Whether packets may go to them directly."),
)

_TRAFFIC_RULE = (
    network("destination", "Where to; left out, everywhere."),
    Setting(
        key="protocol",
        kind=Kind.WORD,
        words=tuple(TRANSPORTS),
        description="Of which protocol; left out, any. Needed where ports are given.",
    ),
    Setting(key="ports", kind=Kind.PORTS, description="To which port or ports; left out, any."),
)

_LIFETIMES = (float(LIFETIME_UNIT), float(MAX_BINDING_LIFETIME))

_DEBUG: Final = {
    Category.SIGNALLING: "each message of the protocol that is sent or heard, without what is secret in it",
    Category.EVENTS: "what happens to the protocol engine and what it wants done",
    Category.NETWORK: "each change of addresses, routes, rules and tunnels",
    Category.BUS: "each call on the bus, without its arguments",
}

SETTINGS: Final[tuple[Setting, ...]] = (
    switch("mobile_node.enabled", True, "Whether this machine is a mobile node."),
    tables("mobile_node.home_addresses", "Home addresses to keep reachable.", MAX_HOME_ADDRESSES, _HOME_ADDRESS),
    tables("mobile_node.interfaces", "Wishes about single interfaces.", MAX_INTERFACES, _INTERFACE, admin=False),
    tables(
        IDENTIFIERS,
        "By what names home agents of others know this machine (RFC 4283); sent with signed registrations. Left out, a"
        " name is made of the home address.",
        MAX_HOME_ADDRESSES,
        _ACCESS_IDENTIFIER,
        admin=False,
    ),
    words(
        "mobile_node.identifier",
        IdentifierMethod,
        IdentifierMethod.STABLE_OPAQUE,
        "How care-of addresses are made: unlinkable (RFC 7217), from the hardware, or temporary.",
    ),
    seconds(
        "mobile_node.registration_lifetime",
        DEFAULT_REGISTRATION_LIFETIME,
        *_LIFETIMES,
        "How long one registration lasts; it is refreshed in time.",
    ),
    seconds(
        "mobile_node.first_registration_timeout",
        INITIAL_BINDACK_TIMEOUT_FIRST_REG,
        1,
        32,
        "How long the first registration waits for an answer before it is repeated (RFC 6275 section 13).",
    ),
    switch(
        "mobile_node.allow_unprotected_signalling",
        False,
        "Register without any authentication. Insecure: anybody on the path can redirect the traffic.",
        admin=True,
    ),
    words(
        "mobile_node.home_agent_discovery",
        DiscoveryUse,
        DiscoveryUse.WHEN_UNKNOWN,
        "When the home link is asked for home agents: also to replace one that was chosen but is silent or refuses,"
        " only for home addresses without one, or never. The answer is not protected.",
    ),
    switch(
        "mobile_node.protect_payload",
        False,
        "Encrypt everything between this machine and its home agent, where registrations are protected with ESP. The"
        " home agent must have the same setting.",
    ),
    switch(
        PRIVACY,
        True,
        "Nobody is told where this machine is, so packets take the way through the home agent (no route"
        f" optimisation). {PRIVACY_OFF}",
    ),
    switch(
        "mobile_node.generated_addresses",
        False,
        "Offer home addresses that are generated from a key of this machine (RFC 3972), and prove them with it: after"
        " the first contact, correspondents that know that (RFC 4866) are told of a move without a test through the"
        " home agent.",
    ),
    words(
        "mobile_node.route_optimization.use",
        OptimizationUse,
        OptimizationUse.ALWAYS,
        "With whom packets go directly: everybody that route_optimization.correspondents does not forbid, only those"
        " it allows, or nobody. Without effect while location_privacy is true.",
    ),
    tables(
        "mobile_node.route_optimization.correspondents",
        "Exceptions from route_optimization.use.",
        256,
        _CORRESPONDENT,
        admin=False,
    ),
    tables(
        "mobile_node.traffic_rules",
        "Traffic that uses the address of the visited network and not the home address, so it does not survive a move.",
        64,
        _TRAFFIC_RULE,
        admin=False,
    ),
    switch(
        "mobile_node.return_home_unauthenticated",
        False,
        "Count as at home wherever the home network is announced, although there is a key and the home agent has not"
        " shown that it has it. Whoever is on the link can then pretend to be home.",
        admin=True,
    ),
    switch(
        "mobile_node.use_visited_name_servers",
        True,
        "Ask the name servers that the visited network advertises (RFC 8106) from the address it gave, not from the"
        " home address.",
    ),
    switch(
        "mobile_node.verify",
        True,
        "Check with a packet of our own, after each registration and now and then, that the home address is reachable.",
    ),
    Setting(
        key="network.datapath",
        kind=Kind.WORD,
        default=DATAPATHS[0],
        words=DATAPATHS,
        description="How packets are carried: by the kernel if it can, else by this program (auto, kernel), or by"
        " this program in any case (portable). Takes effect when the service is started again.",
        needs_admin=True,
        needs_restart=True,
    ),
    *AUTOCONFIGURATION,
    tables("known_home_agents", "Home agents known from the start.", MAX_KNOWN_HOME_AGENTS, _KNOWN_HOME_AGENT),
    switch(
        "correspondent_node.enabled",
        False,
        "Whether mobile nodes may exchange packets with this machine directly, not through their home agent.",
        admin=True,
    ),
    tables("correspondent_node.access", "Which mobile nodes may; the first rule that matches decides.", 1024, _ACCESS),
    integer(
        "correspondent_node.max_bindings",
        MAX_CORRESPONDENT_BINDINGS,
        1,
        100_000,
        "How many bindings it keeps.",
        admin=True,
    ),
    seconds(
        "correspondent_node.max_lifetime",
        MAX_RR_BINDING_LIFETIME,
        float(LIFETIME_UNIT),
        float(MAX_RR_BINDING_LIFETIME),
        "The longest binding granted (RFC 6275 section 12). At its highest it does not limit bindings of generated home"
        " addresses, which may last a day.",
        admin=True,
    ),
    switch(
        "correspondent_node.generated_addresses",
        False,
        "Believe home addresses that are generated from a key by a signature of that key (RFC 4866).",
        admin=True,
    ),
    switch("home_agent.enabled", False, "Whether this machine is a home agent.", admin=True),
    tables("home_agent.links", "The home links it serves.", 64, _HOME_LINK),
    tables("home_agent.access", "Who may register from where; the first rule that matches decides.", 1024, _ACCESS),
    seconds("home_agent.max_lifetime", 3600, *_LIFETIMES, "The longest registration granted.", admin=True),
    integer("home_agent.max_bindings", MAX_BINDINGS, 1, 1_000_000, "How many bindings it keeps.", admin=True),
    seconds(
        "home_agent.refresh_advice",
        0,
        0,
        MAX_BINDING_LIFETIME,
        "After which time mobile nodes are advised to refresh; 0 for no advice.",
        admin=True,
    ),
    switch(
        "home_agent.optimistic_forwarding",
        True,
        "Forward while duplicate detection of a first registration still runs.",
        admin=True,
    ),
    seconds(
        "home_agent.replay_window",
        float(REPLAY_WINDOW),
        LEAST_REPLAY_WINDOW + 1,
        3600,
        "How far the time in a registration with a key of RFC 4285 may be from this machine's clock.",
        admin=True,
    ),
    switch(
        "home_agent.require_message_identification",
        True,
        "Refuse a registration with a key of RFC 4285 that does not say when it was made.",
        admin=True,
    ),
    switch(
        "home_agent.multicast",
        False,
        "Ask mobile nodes which multicast groups they listen to, and send them what comes for these on the home link. "
        "Not those whose tunnel is encrypted as a whole.",
        admin=True,
    ),
    switch(
        "home_agent.address_discovery",
        True,
        "Answer who looks for a home agent by the home prefix alone (RFC 6275 section 10.5).",
        admin=True,
    ),
    switch(
        "home_agent.prefix_advertisements",
        True,
        "Tell absent mobile nodes which prefixes the home link has (RFC 6275 section 10.6).",
        admin=True,
    ),
    seconds(
        "home_agent.min_prefix_advertisement_interval",
        MIN_MOB_PFX_ADV_INTERVAL,
        1,
        MAX_MOB_PFX_ADV_INTERVAL,
        "Shortest time until an absent mobile node is told, so that not all are at once (RFC 6275 section 13).",
        admin=True,
    ),
    seconds(
        "home_agent.max_prefix_advertisement_interval",
        MAX_MOB_PFX_ADV_INTERVAL,
        1,
        MAX_MOB_PFX_ADV_INTERVAL,
        "Longest time between two (RFC 6275 section 13).",
        admin=True,
    ),
    switch(
        "home_agent.allow_unprotected_signalling",
        False,
        "Accept registrations without any authentication. Insecure: anybody can redirect anybody's traffic.",
        admin=True,
    ),
    switch(
        "home_agent.protect_payload",
        False,
        "Encrypt everything between the home agent and mobile nodes that register under ESP. They must have the same"
        " setting.",
        admin=True,
    ),
    *(switch(f"debug.{each.value}", False, f"Log {what}.", admin=True) for each, what in _DEBUG.items()),
)

BY_KEY: Final = {setting.key: setting for setting in SETTINGS}
SECTIONS: Final = frozenset(
    ".".join(key.split(".")[:depth]) for key in BY_KEY for depth in range(1, key.count(".") + 1)
)
"""Every section by its dotted name, those inside others too."""


def scalars() -> Iterator[Setting]:
    """The settings that are single values."""
    return (setting for setting in SETTINGS if setting.is_scalar)
