# SPDX-License-Identifier: GPL-2.0-or-later
"""Which messages of the protocol log somebody wants to see: names, addresses and directions as words."""

from collections.abc import Callable, Iterable
from ipaddress import IPv6Address, IPv6Network
from typing import Final

from mnclient.model.message_log import LoggedMessage
from service.contract import InvalidArgument
from service.inspector_text import ICMPV6_NAMES, MOBILITY_NAMES

Wanted = Callable[[LoggedMessage], bool]

ABBREVIATIONS: Final = {
    "BRR": "BindingRefreshRequest",
    "HoTI": "HomeTestInit",
    "CoTI": "CareOfTestInit",
    "HoT": "HomeTest",
    "CoT": "CareOfTest",
    "BU": "BindingUpdate",
    "BA": "BindingAcknowledgement",
    "BE": "BindingError",
    "RS": "RouterSolicitation",
    "RA": "RouterAdvertisement",
    "MPS": "MobilePrefixSolicitation",
    "MPA": "MobilePrefixAdvertisement",
}
DIRECTIONS: Final = {"in": False, "out": True}
MALFORMED: Final = "malformed"

_NAMES: Final = {each.lower(): each for each in (*MOBILITY_NAMES, *ICMPV6_NAMES.values())} | {
    short.lower(): name for short, name in ABBREVIATIONS.items()
}


def message_filter(words: Iterable[str]) -> Wanted:
    """What lets a message pass when one of the names, one of the addresses and one of the directions is its own.

    An address or prefix is a message's own when it is that of an end, or stands in a field. InvalidArgument for a word
    that is none of these.
    """
    names: set[str] = set()
    networks: list[IPv6Network] = []
    directions: set[bool] = set()
    only_malformed = False
    for word in words:
        lower = word.lower()
        if lower in _NAMES:
            names.add(_NAMES[lower])
        elif lower in DIRECTIONS:
            directions.add(DIRECTIONS[lower])
        elif lower == MALFORMED:
            only_malformed = True
        else:
            networks.append(_network(word))
    return lambda message: (
        (not names or message.name in names)
        and (not directions or message.outgoing in directions)
        and (not only_malformed or bool(message.malformed))
        and (not networks or any(_is_in(network, message) for network in networks))
    )


def _network(word: str) -> IPv6Network:
    try:
        return IPv6Network(word, strict=False)
    except ValueError:
        hint = (
            f"write {', '.join(ABBREVIATIONS)}, the whole name of a message, in, out, malformed, an address or a prefix"
        )
        raise InvalidArgument(f"{word!r} says nothing about a message (FILTER)", hint=hint) from None


def _is_in(network: IPv6Network, message: LoggedMessage) -> bool:
    if message.source in network or message.destination in network:
        return True
    words = (word.strip(",") for _, value in message.fields for word in value.split())
    return any(address in network for word in words if (address := _address(word)) is not None)


def _address(word: str) -> IPv6Address | None:
    if ":" not in word:
        return None
    try:
        return IPv6Address(word)
    except ValueError:
        return None
