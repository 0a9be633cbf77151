# SPDX-License-Identifier: GPL-2.0-or-later
"""The file of keys for AAA servers (RFC 4285 section 5.2): `keys/aaa.json` in the state folder, by the administrator.

    {"version": 1, "keys": [{"home_address": "2001:db8:1::10", "home_agent": "2001:db8:1::1",
                             "key": "32 to 128 hexadecimal digits"}]}

For home agents that ask a server behind them who a laptop is. Signed registrations (a key of the kind rfc4285) then
carry a second proof, for that server.
"""

from ipaddress import IPv6Address
from pathlib import Path
from typing import Any, Final

from mnclient.model.keys import MAX_KEYS
from service.key_file import FileRefused
from service.private_rows import load_rows

FILE: Final = "aaa.json"
LEAST_OCTETS: Final = 16
MOST_OCTETS: Final = 64
Pair = tuple[IPv6Address, IPv6Address]
"""Home address and home agent."""


def load_aaa_keys(path: Path) -> dict[Pair, bytes]:
    """The key of each pair, none when there is no file. FileRefused when anything is wrong; no secret is quoted."""
    has = f"two addresses and a key of {LEAST_OCTETS} to {MOST_OCTETS} octets"
    rows = load_rows(path, "keys for AAA servers", MAX_KEYS, _key, has)
    found = dict(rows)
    if len(found) < len(rows):
        raise FileRefused("a home address has two keys for one home agent")
    return found


def _key(row: Any) -> tuple[Pair, bytes]:
    key = bytes.fromhex(row["key"])
    if not LEAST_OCTETS <= len(key) <= MOST_OCTETS:
        raise ValueError("its length")
    return (IPv6Address(str(row["home_address"])), IPv6Address(str(row["home_agent"]))), key
