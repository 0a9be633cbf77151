# SPDX-License-Identifier: GPL-2.0-or-later
"""The file of precomputed keys (RFC 4449): `keys/precomputed.json` in the state folder, written by the administrator.

    {"version": 1, "keys": [{"home_address": "2001:db8:1::10", "correspondent": "2001:db8:3::30",
                             "node_key": "40 to 128 hexadecimal digits",
                             "home_nonce": "16 of them", "care_of_nonce": "16 of them"}]}

The same entry is in the file of both nodes.
"""

from ipaddress import IPv6Address
from pathlib import Path
from typing import Any, Final

from mnclient.model.precomputed_key import PrecomputedKey, check_distinct
from service.key_file import FileRefused
from service.private_rows import load_rows

FILE: Final = "precomputed.json"
MAX_PRECOMPUTED_KEYS: Final = 1024
_HAS: Final = "two addresses, a node key of 20 to 64 octets and two nonces of 8 octets"


def load_precomputed_keys(path: Path) -> tuple[PrecomputedKey, ...]:
    """The keys in the file, none when there is none. FileRefused when it is open to others, or anything in it is wrong.

    What is refused is said without quoting a secret.
    """
    keys = load_rows(path, "precomputed keys", MAX_PRECOMPUTED_KEYS, _key, _HAS)
    try:
        check_distinct(keys)
    except ValueError as error:
        raise FileRefused(str(error)) from None
    return keys


def _key(row: Any) -> PrecomputedKey:
    return PrecomputedKey(
        home_address=IPv6Address(str(row["home_address"])),
        correspondent=IPv6Address(str(row["correspondent"])),
        node_key=bytes.fromhex(row["node_key"]),
        home_nonce=bytes.fromhex(row["home_nonce"]),
        care_of_nonce=bytes.fromhex(row["care_of_nonce"]),
    )
