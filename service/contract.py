# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything the two sides of the bus have to agree on: names, paths, methods, properties, permissions, errors.

docs/dbus.txt says the same in sentences; a test holds the two, and what is really exported, against each other.

Whatever is not listed here is refused: a method without an entry in `METHODS` is never run, and an entry cannot be
written without the permission it needs.
"""

import json
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv6Address
from typing import Any, Final

from mnclient.errors import ConfigError, MobileIPv6Error, NetworkError

BUS_NAME: Final = "org.mnclient.MobileNode1"
ROOT_PATH: Final = "/org/mnclient/MobileNode1"
API_VERSION: Final = 6
"""Grows with every addition. What would break a client gets a new bus name instead."""

MANAGER: Final = BUS_NAME + ".Manager"
HOME_AGENT: Final = BUS_NAME + ".HomeAgent"
HOME_ADDRESS: Final = BUS_NAME + ".HomeAddress"
INTERFACE: Final = BUS_NAME + ".Interface"
BINDING: Final = BUS_NAME + ".Binding"
CORRESPONDENT: Final = BUS_NAME + ".Correspondent"

PROPERTIES_INTERFACE: Final = "org.freedesktop.DBus.Properties"
OBJECT_MANAGER: Final = "org.freedesktop.DBus.ObjectManager"
INTROSPECTABLE: Final = "org.freedesktop.DBus.Introspectable"
PEER: Final = "org.freedesktop.DBus.Peer"

MAX_BINDING_CACHE_PAGE: Final = 1000
"""Entries of the binding cache in one answer: about 300 kB."""

MAX_MESSAGES_PAGE: Final = 100
"""Messages of the protocol log in one answer: about 100 kB, and nobody waits for the service meanwhile."""

BUS_VARIABLE: Final = "MNCLIENT_BUS"
"""The environment variable that names the bus for clients."""


class Action(Enum):
    """What polkit is asked for. The value is the action's name in installer/polkit."""

    READ_STATUS = "org.mnclient.read-status"
    CONTROL = "org.mnclient.control"
    MANAGE_ADDRESSES = "org.mnclient.manage-addresses"
    MANAGE_KEYS = "org.mnclient.manage-keys"
    ADMINISTER = "org.mnclient.administer"


class Permission(Enum):
    """Whether a caller may do what an action is about."""

    YES = "yes"
    PASSWORD = "password"  # after somebody has entered a password
    NO = "no"


@dataclass(frozen=True, slots=True)
class Method:
    """One method: arguments and results as (name, D-Bus type), and the permission without which it does not run."""

    action: Action
    arguments: tuple[tuple[str, str], ...] = ()
    results: tuple[tuple[str, str], ...] = ()

    @property
    def signature(self) -> str:
        """The D-Bus signature of the arguments."""
        return "".join(kind for _, kind in self.arguments)

    @property
    def result_signature(self) -> str:
        """The D-Bus signature of the results."""
        return "".join(kind for _, kind in self.results)


_KEY: Final = (
    ("home_address", "s"),
    ("home_agent", "s"),
    ("kind", "s"),
    ("algorithm", "s"),
    ("spi_in", "u"),
    ("spi_out", "u"),
    ("secret", "ay"),
    ("owner", "s"),
)

_INVITE: Final = (
    ("name", "s"),
    ("home_agent", "s"),
    ("home_address", "s"),
    ("kind", "s"),
    ("algorithm", "s"),
    ("expires", "d"),
    ("care_of_addresses", "as"),
    ("secret", "ay"),
)

_ROTATION: Final = (("name", "s"), ("algorithm", "s"), ("overlap_until", "d"), ("secret", "ay"))

METHODS: Final[dict[str, dict[str, Method]]] = {
    MANAGER: {
        "GetStatus": Method(Action.READ_STATUS, (), (("status", "a{sv}"),)),
        "GetBindingCache": Method(
            Action.READ_STATUS,
            (("offset", "u"), ("limit", "u"), ("filter", "s")),
            (("entries", "aa{sv}"), ("total", "u")),
        ),
        "GetHandovers": Method(Action.READ_STATUS, (), (("handovers", "aa{sv}"),)),
        "GetMessages": Method(Action.CONTROL, (("after", "t"),), (("messages", "aa{sv}"),)),
        "WatchMessages": Method(Action.CONTROL, (("wanted", "b"),)),
        "GetCounters": Method(Action.READ_STATUS, (), (("counters", "a{st}"),)),
        "GetSuggestions": Method(Action.READ_STATUS, (("home_agent", "s"),), (("suggestions", "aa{sv}"),)),
        "GetSettings": Method(Action.READ_STATUS, (), (("settings", "a{sv}"),)),
        "GetSetting": Method(Action.READ_STATUS, (("key", "s"),), (("value", "v"),)),
        "GetSettingsSchema": Method(Action.READ_STATUS, (), (("settings", "aa{sv}"),)),
        "GetPermissions": Method(Action.READ_STATUS, (), (("permissions", "a{ss}"),)),
        "SetSetting": Method(Action.CONTROL, (("key", "s"), ("value", "s"))),  # for some ADMINISTER (authorization.py)
        # What Set... does, for as long as a trial lasts.
        "TrySetting": Method(Action.CONTROL, (("key", "s"), ("value", "s"))),  # for some ADMINISTER, as SetSetting
        "TryInterfaceOrder": Method(Action.CONTROL, (("names", "as"),)),
        "AcceptProposal": Method(Action.CONTROL, (("address", "s"),)),
        "DismissProposal": Method(Action.CONTROL, (("address", "s"),)),
        "PreferHomeAddress": Method(Action.CONTROL, (("address", "s"),)),
        "SetInterfacePriority": Method(Action.CONTROL, (("name", "s"), ("priority", "u"))),
        "SetInterfaceOrder": Method(Action.CONTROL, (("names", "as"),)),
        "AddHomeAddress": Method(
            Action.MANAGE_ADDRESSES, (("address", "s"), ("home_agent", "s"), ("prefix_length", "u"))
        ),
        "RemoveHomeAddress": Method(Action.MANAGE_ADDRESSES, (("address", "s"),)),
        "TryHomeAddress": Method(
            Action.MANAGE_ADDRESSES, (("address", "s"), ("home_agent", "s"), ("prefix_length", "u"))
        ),
        # Whoever began a trial was allowed to have the address, so these ask for no more; of others they are refused.
        "KeepHomeAddress": Method(Action.CONTROL, (("address", "s"),)),
        "CancelTrial": Method(Action.CONTROL, (("address", "s"),)),
        "AddHomeAgent": Method(Action.MANAGE_ADDRESSES, (("address", "s"), ("prefix", "s"), ("pinned", "b"))),
        "AcceptHomeAgent": Method(Action.MANAGE_ADDRESSES, (("address", "s"),)),
        "RemoveHomeAgent": Method(Action.MANAGE_ADDRESSES, (("address", "s"),)),
        "ClearBindings": Method(Action.ADMINISTER, (("filter", "s"),), (("cleared", "u"),)),
        "SetKey": Method(Action.MANAGE_KEYS, _KEY),
        "TryKey": Method(Action.MANAGE_KEYS, _KEY),
        # Only what an administrator declared with SetKey can be provided, and only while it is missing.
        "ProvideKey": Method(
            Action.CONTROL, (("home_address", "s"), ("home_agent", "s"), ("spi_out", "u"), ("secret", "ay"))
        ),
        "RemoveKey": Method(Action.MANAGE_KEYS, (("home_address", "s"), ("home_agent", "s"), ("spi_out", "u"))),
        "GetGuests": Method(Action.READ_STATUS, (), (("guests", "aa{sv}"),)),
        "Invite": Method(Action.ADMINISTER, _INVITE, (("guest", "a{sv}"),)),
        "RotateKey": Method(Action.ADMINISTER, _ROTATION, (("guest", "a{sv}"),)),
        "Revoke": Method(Action.ADMINISTER, (("name", "s"),), (("guest", "a{sv}"),)),
        "SetHomeAgentLink": Method(
            Action.ADMINISTER, (("prefix", "s"), ("address", "s"), ("interface", "s"), ("advertise", "b"))
        ),
        "RemoveHomeAgentLink": Method(Action.ADMINISTER, (("prefix", "s"),)),
        "Reload": Method(Action.ADMINISTER),
    },
    PROPERTIES_INTERFACE: {  # there is no Set: every property is read-only, changes are methods
        "Get": Method(Action.READ_STATUS, (("interface", "s"), ("property", "s")), (("value", "v"),)),
        "GetAll": Method(Action.READ_STATUS, (("interface", "s"),), (("properties", "a{sv}"),)),
    },
    OBJECT_MANAGER: {
        "GetManagedObjects": Method(Action.READ_STATUS, (), (("objects", "a{oa{sa{sv}}}"),)),
    },
    INTROSPECTABLE: {"Introspect": Method(Action.READ_STATUS, (), (("xml", "s"),))},
}

PROPERTIES: Final[dict[str, dict[str, str]]] = {
    MANAGER: {
        "Version": "s",
        "ApiVersion": "u",
        "Phase": "s",
        "Datapath": "s",
        "DatapathReason": "s",
        "RouteOptimization": "s",
        "RouteOptimizationReason": "s",
        "Problems": "as",
        "Proposals": "as",
        "HomeAgentRole": "b",
        "Bindings": "u",
        "CorrespondentNodeRole": "b",
        "CorrespondentBindings": "u",
    },
    HOME_AGENT: {
        "Address": "s",
        "Prefix": "s",
        "Origin": "s",
        "Interface": "s",
        "LinkLayerAddress": "s",
        "Advertisements": "t",
        "LastHeard": "d",
        "Rank": "d",
        "Preference": "i",
        "Pinned": "b",
        "Trust": "s",
    },
    HOME_ADDRESS: {
        "Address": "s",
        "Prefix": "s",
        "HomeAgent": "s",
        "Origin": "s",
        "Preferred": "b",
        "Active": "b",
        "Trial": "b",
        "State": "s",
        "CareOfAddress": "s",
        "Interface": "s",
        "Registered": "b",
        "RegisteredUntil": "d",
        "Verified": "s",
        "VerifiedAt": "d",
        "Protected": "b",
        "LastStatus": "i",
        "HomeAgentSource": "s",
        "DiscoveredHomeAgents": "as",
        "PrefixValidUntil": "d",
        "PrefixPreferredUntil": "d",
    },
    INTERFACE: {
        "Name": "s",
        "Priority": "u",
        "Enabled": "b",
        "Up": "b",
        "Home": "b",
        "Active": "b",
        "Standby": "b",
        "ReachesHomeAgent": "s",
        "CareOfAddress": "s",
        "Routers": "as",
    },
    BINDING: {
        "Destination": "s",
        "HomeAddress": "s",
        "CareOfAddress": "s",
        "Sequence": "u",
        "Lifetime": "d",
        "Expires": "d",
        "Acknowledged": "b",
        "HomeRegistration": "b",
    },
    CORRESPONDENT: {
        "Address": "s",
        "HomeAddress": "s",
        "State": "s",
        "CareOfAddress": "s",
        "Expires": "d",
        "Retry": "d",
        "Reason": "s",
    },
}

SIGNALS: Final[dict[str, dict[str, tuple[tuple[str, str], ...]]]] = {
    MANAGER: {"StatusChanged": (), "MessagesChanged": ()},
    PROPERTIES_INTERFACE: {
        "PropertiesChanged": (("interface", "s"), ("changed", "a{sv}"), ("invalidated", "as")),
    },
    OBJECT_MANAGER: {
        "InterfacesAdded": (("object", "o"), ("interfaces", "a{sa{sv}}")),
        "InterfacesRemoved": (("object", "o"), ("interfaces", "as")),
    },
}

# --- object paths ---------------------------------------------------------------------------------------------------


def home_agent_path(address: IPv6Address) -> str:
    """The object of a known home agent."""
    return f"{ROOT_PATH}/home_agent/{_label(address)}"


def home_address_path(address: IPv6Address) -> str:
    """The object of a home address."""
    return f"{ROOT_PATH}/home_address/{_label(address)}"


def interface_path(name: str) -> str:
    """The object of a network interface; characters a path may not hold are written _xx, as systemd does."""
    octets = name.encode("utf-8", "surrogateescape")
    return f"{ROOT_PATH}/interface/" + "".join(
        chr(octet) if chr(octet).isascii() and chr(octet).isalnum() else f"_{octet:02x}" for octet in octets
    )


def binding_path(destination: IPv6Address, home_address: IPv6Address) -> str:
    """The object of an entry of the binding update list."""
    return f"{ROOT_PATH}/binding/{_label(destination)}_{_label(home_address)}"


def correspondent_path(address: IPv6Address, home_address: IPv6Address) -> str:
    """The object of a correspondent of a home address."""
    return f"{ROOT_PATH}/correspondent/{_label(address)}_{_label(home_address)}"


def _label(address: IPv6Address) -> str:
    zone = "".join(f"_{octet:02x}" for octet in (address.scope_id or "").encode())
    return address.packed.hex() + zone


# --- errors ---------------------------------------------------------------------------------------------------------


class NotAllowed(MobileIPv6Error):
    """The caller has no permission for this."""


class UnknownThing(MobileIPv6Error):
    """There is no such address, interface, setting or object."""


class InvalidArgument(MobileIPv6Error):
    """An argument is not of the form it should have."""


class ServiceUnavailable(MobileIPv6Error):
    """There is no service on this bus, or no bus. Raised by clients only."""


ERROR_PREFIX: Final = BUS_NAME + ".Error."

ERRORS: Final[tuple[tuple[type[MobileIPv6Error], str, tuple[str, ...]], ...]] = (
    (NotAllowed, ERROR_PREFIX + "NotAllowed", ()),
    (UnknownThing, ERROR_PREFIX + "Unknown", ()),
    (InvalidArgument, ERROR_PREFIX + "InvalidArgument", ()),
    (ConfigError, ERROR_PREFIX + "InvalidSetting", ("key", "accepted", "file")),
    (NetworkError, ERROR_PREFIX + "NetworkRefused", ("operation", "errno")),
    (MobileIPv6Error, ERROR_PREFIX + "Failed", ()),
)
"""Class, D-Bus error name, and what travels besides title and hint. The first class an error is of decides."""


def error_to_bus(error: MobileIPv6Error) -> tuple[str, str]:
    """D-Bus error name and text: title, hint, and what else the class carries as JSON, each on a line of its own."""
    name, fields = next((name, fields) for kind, name, fields in ERRORS if isinstance(error, kind))
    lines = [_one_line(error.title), _one_line(error.hint)]
    if fields:
        lines.append(json.dumps({field: getattr(error, field) for field in fields}))
    return name, "\n".join(lines).rstrip("\n")


def error_from_bus(name: str, text: str) -> MobileIPv6Error:
    """The error a service meant; an unknown name gives the base class."""
    title, hint, extra = [*text.split("\n", 2), "", ""][:3]
    kind, fields = next(((kind, fields) for kind, each, fields in ERRORS if each == name), (MobileIPv6Error, ()))
    carried = _carried(extra)
    if kind is ConfigError:
        values = {field: str(carried.get(field, "")) for field in fields}
        return ConfigError(title, key=values["key"], accepted=values["accepted"], file=values["file"])
    if kind is NetworkError:
        errno = carried.get("errno", 0)
        operation = str(carried.get("operation", ""))
        return NetworkError(title, operation=operation, errno=errno if isinstance(errno, int) else 0, hint=hint)
    return kind(title, hint=hint)


def _one_line(text: str) -> str:
    return " ".join(text.split("\n"))


def _carried(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text) if text else {}
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
