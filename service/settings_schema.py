# SPDX-License-Identifier: GPL-2.0-or-later
"""Every setting, declared once. Validation, `mnctl settings`, D-Bus and the documentation read this table."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from mnclient.constants import (
    DEFAULT_MAX_RTR_ADV_INTERVAL,
    DEFAULT_REGISTRATION_LIFETIME,
    INITIAL_BINDACK_TIMEOUT_FIRST_REG,
    LIFETIME_UNIT,
    LOWEST_MAX_RTR_ADV_INTERVAL,
    LOWEST_MIN_RTR_ADV_INTERVAL,
    MAX_BINDING_LIFETIME,
    MAX_BINDINGS,
    MAX_HOME_ADDRESSES,
    MAX_INTERFACES,
    MAX_KNOWN_HOME_AGENTS,
    MAX_RA_DELAY_TIME,
)
from mnclient.model.config import IdentifierMethod

SETTINGS_VERSION: Final = 1
DEFAULT_PREFIX_LENGTH: Final = 64


class Kind(Enum):
    """What a value is, in words for a person."""

    BOOLEAN = "true or false"
    INTEGER = "a whole number"
    SECONDS = "a number of seconds"
    WORD = "one of a few words"
    TEXT = "text"
    ADDRESS = "an IPv6 address like 2001:db8:1::100"
    NETWORK = "an IPv6 prefix like 2001:db8:1::/64"
    TABLE = "a table"
    TABLES = "an array of tables"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting. `key` is dotted from the top of the file, or the bare name inside a table of an array.

    `default` None: not given (a table that is left out) or, when `required`, there is none. `low` and `high` bound
    numbers and the length of arrays and texts, both included. `fields` are the members of a table.
    """

    key: str
    kind: Kind
    description: str
    default: object = None
    required: bool = False
    low: float | None = None
    high: float | None = None
    words: tuple[str, ...] = ()
    fields: tuple["Setting", ...] = ()
    needs_admin: bool = False

    @property
    def is_scalar(self) -> bool:
        """Neither a table nor an array of them."""
        return self.kind not in (Kind.TABLE, Kind.TABLES)

    @property
    def accepted(self) -> str:
        """What a value may be, in words."""
        if self.kind is Kind.WORD:
            return ", ".join(self.words)
        text: str = self.kind.value
        if self.fields:
            text += " with " + ", ".join(each.key for each in self.fields)
        if self.low is None or self.high is None:
            return text
        if self.kind is Kind.TABLES:
            return f"{text}, at most {self.high:g}"
        if self.kind is Kind.TEXT:
            return f"{text} of {self.low:g} to {self.high:g} characters"
        return f"{text} from {_number(self.low)} to {_number(self.high)}"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)


def _tables(key: str, description: str, maximum: int, fields: tuple[Setting, ...], admin: bool = True) -> Setting:
    return Setting(
        key=key,
        kind=Kind.TABLES,
        default=(),
        low=0,
        high=maximum,
        fields=fields,
        description=description,
        needs_admin=admin,
    )


def _switch(key: str, default: bool, description: str, admin: bool = False) -> Setting:
    return Setting(key=key, kind=Kind.BOOLEAN, default=default, description=description, needs_admin=admin)


def _seconds(key: str, default: float, low: float, high: float, description: str, admin: bool = False) -> Setting:
    return Setting(
        key=key,
        kind=Kind.SECONDS,
        default=float(default),
        low=low,
        high=high,
        description=description,
        needs_admin=admin,
    )


def _integer(key: str, default: int, low: int, high: int, description: str, admin: bool = False) -> Setting:
    return Setting(
        key=key,
        kind=Kind.INTEGER,
        default=default,
        low=low,
        high=high,
        description=description,
        needs_admin=admin,
    )


def _address(key: str, description: str, required: bool = True) -> Setting:
    return Setting(key=key, kind=Kind.ADDRESS, required=required, description=description)


def _network(key: str, description: str, default: str | None = None, required: bool = False) -> Setting:
    return Setting(key=key, kind=Kind.NETWORK, default=default, required=required, description=description)


_PREFERENCE = _integer("preference", 0, 0, 65_535, "The preference advertised; the higher is preferred.")

_HOME_ADDRESS = (
    _address("address", "The home address."),
    _network("prefix", "Its home prefix; left out, the /64 around the address."),
    _address("home_agent", "The home agent that keeps it reachable; left out, it works at home only.", required=False),
    _switch("preferred", False, "Whether new connections start from this one; at most one may be preferred."),
)

_INTERFACE = (
    Setting(key="name", kind=Kind.TEXT, required=True, low=1, high=15, description="The interface, like wlan0."),
    _integer("priority", 100, 1, 999, "The smaller is preferred; interfaces not listed have 100."),
    _switch("enabled", True, "Whether it may be used at all."),
)

_KNOWN_HOME_AGENT = (
    _address("address", "The home agent's global address."),
    _network("prefix", "Its home prefix; left out, the /64 around the address."),
    _switch("pinned", True, "Whether it is never evicted, and never replaced by another router's claim."),
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
    _seconds("max_interval", DEFAULT_MAX_RTR_ADV_INTERVAL, LOWEST_MAX_RTR_ADV_INTERVAL, 1800, "Longest interval."),
    Setting(
        key="min_delay_between",
        kind=Kind.SECONDS,
        low=LOWEST_MIN_RTR_ADV_INTERVAL,
        high=3.0,
        description="Shortest time between two multicast ones; left out, min_interval and at most 3 (RFC 6275 13).",
    ),
    _seconds("answer_delay", MAX_RA_DELAY_TIME, 0, 0.5, "Longest random delay before a solicitation is answered."),
    _seconds("router_lifetime", 1800, 0, 9000, "How long this router is a default router; 0 for not at all."),
    _seconds("valid_lifetime", 86_400, 1, 4_294_967_295, "How long addresses of the prefix are valid."),
    _seconds("preferred_lifetime", 14_400, 0, 4_294_967_295, "How long they are preferred."),
    _PREFERENCE,
    _seconds("lifetime", 1800, 1, 65_535, "How long this home agent says it serves."),
    _switch("interval_option", True, "Whether the interval is told, so that mobile nodes notice a missing one."),
)

_HOME_LINK = (
    _network("prefix", "The home prefix.", required=True),
    _address("address", "The home agent's own global address in the prefix."),
    Setting(key="interface", kind=Kind.TEXT, low=1, high=15, description="The interface on the home link."),
    _switch("virtual", False, "Instead of an interface: the prefix is routed to this host, nobody else is on it."),
    Setting(
        key="advertise",
        kind=Kind.TABLE,
        fields=_ADVERTISE,
        description="Send Router Advertisements on the link; left out, another router does.",
    ),
)

_ACCESS = (
    _switch("allow", True, "Whether registrations that match are allowed."),
    _network("home_addresses", "Home addresses that match.", default="::/0"),
    _network("care_of_addresses", "Care-of addresses that match.", default="::/0"),
)

_LIFETIMES = (float(LIFETIME_UNIT), float(MAX_BINDING_LIFETIME))

SETTINGS: Final[tuple[Setting, ...]] = (
    _switch("mobile_node.enabled", True, "Whether this machine is a mobile node."),
    _tables("mobile_node.home_addresses", "Home addresses to keep reachable.", MAX_HOME_ADDRESSES, _HOME_ADDRESS),
    _tables("mobile_node.interfaces", "Wishes about single interfaces.", MAX_INTERFACES, _INTERFACE, admin=False),
    Setting(
        key="mobile_node.identifier",
        kind=Kind.WORD,
        default=IdentifierMethod.STABLE_OPAQUE.value,
        words=tuple(method.value for method in IdentifierMethod),
        description="How care-of addresses are made: unlinkable (RFC 7217), from the hardware, or temporary.",
    ),
    _seconds(
        "mobile_node.registration_lifetime",
        DEFAULT_REGISTRATION_LIFETIME,
        *_LIFETIMES,
        "How long one registration lasts; it is refreshed in time.",
    ),
    _seconds(
        "mobile_node.first_registration_timeout",
        INITIAL_BINDACK_TIMEOUT_FIRST_REG,
        1,
        32,
        "How long the first registration waits for an answer before it is repeated (RFC 6275 section 13).",
    ),
    _switch(
        "mobile_node.allow_unprotected_signalling",
        False,
        "Register without any authentication. Insecure: anybody on the path can redirect the traffic.",
        admin=True,
    ),
    _switch("autoconfiguration.enabled", True, "Whether home addresses are found by listening for home agents."),
    _switch(
        "autoconfiguration.desperation",
        False,
        "Without a home address, take the first one possible at once. Whoever is on the link can claim to be home.",
    ),
    _switch("autoconfiguration.ask_first", True, "Propose home addresses instead of taking them."),
    _integer(
        "autoconfiguration.max_home_addresses",
        1,
        0,
        MAX_HOME_ADDRESSES,
        "No home address is added while this many are active.",
    ),
    _integer(
        "autoconfiguration.responsiveness",
        50,
        0,
        100,
        "From 0, only well-known home agents, to 100, after a dozen advertisements.",
    ),
    _seconds(
        "autoconfiguration.activation_time",
        30,
        5,
        3600,
        "How long a home agent may take to acknowledge before the home address counts as not active.",
    ),
    _tables("known_home_agents", "Home agents known from the start.", MAX_KNOWN_HOME_AGENTS, _KNOWN_HOME_AGENT),
    _switch("home_agent.enabled", False, "Whether this machine is a home agent.", admin=True),
    _tables("home_agent.links", "The home links it serves.", 64, _HOME_LINK),
    _tables("home_agent.access", "Who may register from where; the first rule that matches decides.", 1024, _ACCESS),
    _seconds("home_agent.max_lifetime", 3600, *_LIFETIMES, "The longest registration granted.", admin=True),
    _integer("home_agent.max_bindings", MAX_BINDINGS, 1, 1_000_000, "How many bindings it keeps.", admin=True),
    _seconds(
        "home_agent.refresh_advice",
        0,
        0,
        MAX_BINDING_LIFETIME,
        "After which time mobile nodes are advised to refresh; 0 for no advice.",
        admin=True,
    ),
    _switch(
        "home_agent.optimistic_forwarding",
        True,
        "Forward while duplicate detection of a first registration still runs.",
        admin=True,
    ),
    _switch(
        "home_agent.allow_unprotected_signalling",
        False,
        "Accept registrations without any authentication. Insecure: anybody can redirect anybody's traffic.",
        admin=True,
    ),
)

BY_KEY: Final = {setting.key: setting for setting in SETTINGS}
SECTIONS: Final = frozenset(key.partition(".")[0] for key in BY_KEY if "." in key)


def scalars() -> Iterator[Setting]:
    """The settings that are single values."""
    return (setting for setting in SETTINGS if setting.is_scalar)
