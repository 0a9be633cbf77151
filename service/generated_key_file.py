# SPDX-License-Identifier: GPL-2.0-or-later
"""The key of generated home addresses (RFC 3972): `keys/generated.json` in the state folder, for the service alone.

    {"version": 1, "private_key": "PKCS #8 in hexadecimal digits", "modifier": "32 of them", "sec": 1}

Whoever has it can prove to correspondents that this machine's home addresses are its own. When it is lost, the
addresses remain, and are proven as any others.
"""

import json
from ipaddress import IPv6Network
from pathlib import Path
from typing import Final

from mnclient.model.generated_address import GeneratingKey
from mnclient.security.cga import SEC_BITS
from mnclient.security.generated_addresses import address_in
from mnclient.security.rsa import public_key_of
from service.atomic_file import write_atomically
from service.key_file import FileRefused, check_folder, read_private
from service.state_format import STATE_VERSION, encoded

FILE: Final = "generated.json"
_ANY_PREFIX: Final = IPv6Network("2001:db8::/64")
_WRONG: Final = (KeyError, TypeError, ValueError, AttributeError, RecursionError)


def load_generating_key(path: Path) -> GeneratingKey | None:
    """The key in the file, None when there is none. FileRefused when it is open to others, or is not understood.

    What is refused is said without quoting a secret.
    """
    content = read_private(path, forget=FILE + ".new")
    if content is None:
        return None
    try:
        document = json.loads(content)
        if document["version"] != STATE_VERSION:
            raise FileRefused(f"it is not of version {STATE_VERSION}")
        return _key(document["private_key"], document["modifier"], document["sec"])
    except _WRONG:  # its words could quote the secret
        raise FileRefused("it holds no RSA key with its modifier") from None


def save_generating_key(path: Path, key: GeneratingKey) -> None:
    """Write the file, 0600 in a folder 0700. OSError, or FileRefused when the folder is open to others."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    check_folder(path.parent)
    document = {"private_key": key.private_key.hex(), "modifier": key.modifier.hex(), "sec": key.sec}
    write_atomically(path, encoded(document), 0o600)


def _key(private_key: str, modifier: str, sec: int) -> GeneratingKey:
    if type(sec) is not int or not 0 <= sec < 1 << SEC_BITS:
        raise ValueError("sec")
    secret = bytes.fromhex(private_key)
    key = GeneratingKey(private_key=secret, public_key=public_key_of(secret), modifier=bytes.fromhex(modifier), sec=sec)
    address_in(_ANY_PREFIX, key)  # ValueError unless the modifier is one for this key
    return key
