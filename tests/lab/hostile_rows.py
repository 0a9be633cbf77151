# SPDX-License-Identifier: GPL-2.0-or-later
"""Which requirements each forged packet of `hostile_cases` and `direct_cases` shows, by the names of the cases."""

from collections.abc import Iterable, Mapping
from typing import Final

import pytest

Rows = Mapping[str, tuple[str, ...]]

_NO_HOME_ADDRESS: Final = ("a group as home address", "a link-local home address", "no home address in the option")
_NO_CARE_OF_ADDRESS: Final = ("a group as care-of address", "a link-local care-of address")
_WRONG_PROTO: Final = ("a wrong payload proto", "a wrong payload proto behind an option")
_OLD: Final = ("an old sequence number", "the oldest sequence number", "an old sequence number that deletes")
_NOT_ANSWERED: Final = (*_NO_CARE_OF_ADDRESS, "nonce indices with H", "no home address option")

AT_THE_HOME_AGENT: Final[Rows] = {
    "ALL-6.1.7-03": _NO_CARE_OF_ADDRESS,
    "ALL-6.2.1-01": ("oversized: 240 options and more behind the header",),
    "ALL-6.2.1-03": ("options that run past the header",),
    "ALL-9.2-01": ("a wrong checksum",),
    "ALL-9.2-02": ("an unknown type", "an unknown type with a home address"),
    "ALL-9.2-03": _WRONG_PROTO,
    "ALL-9.2-04": ("too small a header len",),
    "ALL-9.2-05": (*_WRONG_PROTO, "too small a header len"),
    "ALL-9.3.1-01": _NO_HOME_ADDRESS,
    "ALL-9.3.3-02": ("an unknown type", "an unknown type with a home address", "payload with a home address"),
    "ALL-9.5.1-01": _NO_HOME_ADDRESS,
    "ALL-9.5.1-04": _OLD,
    "ALL-9.5.1-05": ("nonce indices with H",),
    "ALL-9.5.1-06": ("an update without H for a home registration",),
    "ALL-9.5.1-07": _NOT_ANSWERED,
    "ALL-9.5.4-01": ("a wrong checksum", *_NOT_ANSWERED),
    "ALL-9.5.4-03": _OLD,
    "HA-5.5-01": ("a tunnel packet of somebody else's home address", "a tunnel packet with a link-local source"),
    "HA-10.3.1-02": ("a home address outside the prefix",),
    "HA-10.3.1-03": ("the anycast address of the home agents",),
    "HA-10.3.1-04": ("no home address option", *_NO_HOME_ADDRESS),
    "HA-10.3.2-01": ("deletes what was never registered",),
    "HA-10.4.5-01": ("a tunnel packet from a stranger",),
    "HA-15.1-01": ("a care-of address on the home link",),
}

_NOT_OURS: Final = ("an acknowledgement for somebody else", "unknown type 2 routing to a stranger")
_SMALLER_SCOPE: Final = ("a routing header to an address of smaller scope", "a routing header to a link-local address")

AT_THE_LAPTOP: Final[Rows] = {
    "MN-6.4-01": (*_NOT_OURS, "a routing header to a group"),
    "MN-6.4-02": _SMALLER_SCOPE,
    "MN-11.2-01": ("a wrong checksum", "an unknown type", "a wrong payload proto", "too small a header len"),
    "MN-11.3.3-01": ("a tunnel packet from a stranger",),
    "MN-11.3.3-04": (*_NOT_OURS, "a routing header with more to come", "a routing header of another length"),
    "MN-11.3.6-01": ("a binding error of a stranger",),
    "MN-11.3.6-05": ("a binding error about a type",),
    "MN-11.7.3-02": (
        "an acknowledgement never asked for",
        "an acknowledgement of another number",
        "a refusal never asked for",
    ),
    "MN-11.7.4-02": ("a refresh request of a stranger", "a refresh request of a stranger to the home address"),
}

_FORGED: Final = (
    "a binding update with a forged authenticator",
    "a deletion with a forged authenticator",
    "a forged deletion from the care-of address",
    "a binding update without authenticator",
)
_UNKNOWN_NONCES: Final = (
    "a binding update with nonces never given out",
    "a binding update with an unknown home nonce",
    "a binding update with an unknown care-of nonce",
)
_CLAIMED: Final = (
    "payload of a home address without binding",
    "payload of the laptop's home address from elsewhere",
)

AT_THE_CORRESPONDENT: Final[Rows] = {
    "ALL-6.3-04": _CLAIMED,
    "ALL-9.3.3-02": _CLAIMED,
    "ALL-9.5.1-06": ("a home registration in the place of a binding",),
    "ALL-9.5.1-07": (*_FORGED, "a binding update without nonces"),
    "ALL-9.5.4-01": (*_FORGED, "a binding update without nonces"),
    "CN-8.2-01": ("payload with a routing header to a correspondent that is not mobile",),
    "CN-9.3.1-02": _CLAIMED,
    "CN-9.3.1-03": _CLAIMED,
    "CN-9.4.1-01": ("a home test init with a home address option",),
    "CN-9.4.2-01": ("a care-of test init with a home address option",),
    "CN-9.5.1-01": (*_UNKNOWN_NONCES, "a binding update without nonces"),
    "CN-9.5.1-02": _UNKNOWN_NONCES,
    "CN-9.5.1-03": _FORGED,
    "CN-9.5.4-01": ("a binding update with nonces never given out that wants no answer",),
    "CN-10.3.1-01": ("a home registration",),
}

_UNSIGNED: Final = (
    "an acknowledgement without authenticator",
    "a refusal without authenticator",
    "a correction of the sequence number without authenticator",
)
_HOME_TESTS: Final = (
    "a home test that did not come through the home agent",
    "a home test with a routing header",
)
_CARE_OF_TESTS: Final = (
    "a care-of test with a cookie never sent",
    "a care-of test of a stranger",
)
_ROUTED: Final = (
    "payload with a routing header to somebody else",
    "payload with a routing header to the correspondent",
)

AT_THE_LAPTOP_THAT_TALKS_DIRECTLY: Final[Rows] = {
    "MN-6.4-01": _ROUTED,
    "MN-11.3.3-04": (*_ROUTED, "payload with a routing header that goes on"),
    "MN-11.3.6-01": ("a binding error of a stranger",),
    "MN-11.3.6-05": ("an unknown type, and nothing was asked",),
    "MN-11.6.2-01": _HOME_TESTS,
    "MN-11.6.2-02": _CARE_OF_TESTS,
    "MN-11.6.2-03": (*_HOME_TESTS, *_CARE_OF_TESTS),
    "MN-11.7.3-01": _UNSIGNED,
    "MN-11.7.3-02": ("nonces said to be expired, and nothing was asked",),
    "MN-11.7.3-08": ("a correction of the sequence number without authenticator",),
    "MN-11.7.4-02": ("a refresh request of a stranger",),
}


def with_rows(cases: Iterable[str], rows: Rows) -> list[object]:
    """The names of all cases, each with the requirements that it shows. ValueError for a case that is not there."""
    names = list(cases)
    unknown = {name for shown in rows.values() for name in shown} - set(names)
    if unknown:
        raise ValueError(f"no such cases: {sorted(unknown)}")
    return [pytest.param(name, marks=_requirement(name, rows)) for name in names]


def _requirement(name: str, rows: Rows) -> list[pytest.MarkDecorator]:
    shown = [row for row, names in rows.items() if name in names]
    return [pytest.mark.requirement(*shown)] if shown else []
