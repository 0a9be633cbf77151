# SPDX-License-Identifier: GPL-2.0-or-later
"""An inspected message as a line for people, and as the object of `mnctl decode --json`."""

import math
import re
import time
from dataclasses import fields
from enum import Enum
from typing import Any, Final

from mnclient.constants import PROTOCOL_MOBILITY
from mnclient.wire.binding import BindingAcknowledgement, BindingError, BindingErrorStatus, describe_status
from service.codec import to_plain
from service.inspected import Inspected

MOBILITY_NAMES: Final = (
    "BindingRefreshRequest HomeTestInit CareOfTestInit HomeTest CareOfTest BindingUpdate BindingAcknowledgement "
    "BindingError"
).split()
ICMPV6_NAMES: Final = {
    133: "RouterSolicitation",
    134: "RouterAdvertisement",
    135: "NeighborSolicitation",
    136: "NeighborAdvertisement",
    144: "HomeAgentAddressDiscoveryRequest",
    145: "HomeAgentAddressDiscoveryReply",
    146: "MobilePrefixSolicitation",
    147: "MobilePrefixAdvertisement",
}


def members(inspected: Inspected) -> dict[str, Any]:
    """All there is to say about a message; see docs/json.md."""
    told: dict[str, Any] = {
        "frame": inspected.frame,
        "time": inspected.time,
        "message": name(inspected),
        "protocol": inspected.protocol,
        "type": inspected.kind,
        "source": inspected.source,
        "destination": inspected.destination,
    }
    if inspected.tunnels:
        told["tunnels"] = [{"source": source, "destination": end} for source, end in inspected.tunnels]
    if inspected.error:
        error = inspected.error
        told["malformed"] = {
            "reason": error.title,
            "fault": error.fault.value,
            "offset": error.offset,
            "section": error.section,
        }
    if packet := inspected.packet:
        told["hop_limit"] = packet.hop_limit
        told["home_address"] = packet.home_address
        told["routing_home_address"] = packet.routing_home_address
        told["fields"] = _fields(packet.message)
        if (words := status_words(packet.message)) is not None:
            told["status_text"] = words
        options = getattr(packet.message, "options", ())
        told["options"] = [{"option": type(each).__name__, **_fields(each)} for each in options]
    return {key: value for key, value in told.items() if value is not None}


def line(inspected: Inspected) -> str:
    """One line: when, what, from where to where, and what it says."""
    ends = f"{inspected.source} -> {inspected.destination}"
    return "  ".join(filter(None, (clock(inspected.time), spaced(name(inspected)), ends, summary(inspected))))


def summary(inspected: Inspected) -> str:
    """What a message says, in one line."""
    parts = []
    if packet := inspected.packet:
        if packet.home_address:
            parts.append(f"home address {packet.home_address}")
        if packet.routing_home_address:
            parts.append(f"routed to home address {packet.routing_home_address}")
        parts.append(", ".join(filter(None, (_said(*each) for each in _fields(packet.message).items()))))
        if (words := status_words(packet.message)) is not None:
            parts.append(f"({words})")
        parts += [f"[{_option(each)}]" for each in getattr(packet.message, "options", ())]
    if inspected.error:
        parts.append(f"MALFORMED: {inspected.error}")
    if inspected.tunnels:
        parts.append("in tunnel " + ", ".join(f"{source} -> {end}" for source, end in inspected.tunnels))
    return "  ".join(part for part in parts if part)


def pairs(inspected: Inspected) -> tuple[tuple[str, str], ...]:
    """All there is to say about a message beside its ends, as pairs of words."""
    packet = inspected.packet
    if packet is None:
        return ()
    told = [("hop limit", str(packet.hop_limit))]
    if packet.home_address:
        told.append(("home address", str(packet.home_address)))
    if packet.routing_home_address:
        told.append(("routed to home address", str(packet.routing_home_address)))
    told += [(_words(key), _value(value)) for key, value in _fields(packet.message).items()]
    if (words := status_words(packet.message)) is not None:
        told.append(("status means", words))
    for option in getattr(packet.message, "options", ()):
        said = ", ".join(f"{_words(key)} {_value(value)}" for key, value in _fields(option).items())
        told.append((f"option {spaced(type(option).__name__)}", said))
    return tuple(told)


def name(inspected: Inspected) -> str:
    """The name of a message, also of one that could not be decoded."""
    if inspected.packet:
        return type(inspected.packet.message).__name__
    if inspected.protocol is None:
        return "BrokenExtensionHeader"
    kind = inspected.kind or 0
    if inspected.protocol == PROTOCOL_MOBILITY:
        return MOBILITY_NAMES[kind] if kind < len(MOBILITY_NAMES) else "UnknownMobilityHeader"
    return ICMPV6_NAMES[kind]


def status_words(message: object) -> str | None:
    """What the status of a Binding Acknowledgement or Binding Error means."""
    if isinstance(message, BindingAcknowledgement):
        return describe_status(message.status)
    if isinstance(message, BindingError):
        known = {each.value: each.name.lower().replace("_", " ") for each in BindingErrorStatus}
        return known.get(message.status, f"unknown status {message.status}")
    return None


def clock(moment: float) -> str:
    """A wall-clock time of today or any day, to the microsecond."""
    whole = math.floor(moment)
    return time.strftime("%H:%M:%S", time.localtime(whole)) + f".{int((moment - whole) * 1e6):06d}"


def _fields(value: Any) -> dict[str, Any]:
    """The fields of a message or option in plain form; the options of a message are told apart."""
    told = {}
    for field in fields(value):
        if field.name == "options" or not field.repr:
            continue
        each = getattr(value, field.name)
        told[field.name] = each.name.lower() if isinstance(each, Enum) else to_plain(each)
    return told


def _said(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return _words(key) if value else ""
    return f"{_words(key)} {_value(value)}"


def _words(key: str) -> str:
    return key.replace("_", " ")


def _value(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return "for ever" if math.isinf(value) else f"{value:g} s"
        case list():
            return ", ".join(map(str, value)) or "none"
    return str(value)


def _option(option: Any) -> str:
    said = ", ".join(filter(None, (_said(*each) for each in _fields(option).items())))
    return f"{spaced(type(option).__name__)}: {said}"


def spaced(camel: str) -> str:
    """The name of a message or option as words."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", camel).replace("Care Of", "Care-of")
