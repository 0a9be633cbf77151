# SPDX-License-Identifier: GPL-2.0-or-later
"""The authenticator of a captured Binding Update or Acknowledgement, made again out of the tokens on the wire.

By the formulas of RFC 6275 sections 5.2.5 and 6.2.7 alone. Who sees both ways sees both tokens, and may do so.
"""

import hashlib
import hmac
from collections.abc import Iterable
from ipaddress import IPv6Address

from tests.lab.headers import Seen

NONCE_INDICES, AUTHORIZATION = 4, 5


def option_list(message: Seen) -> list[tuple[int, bytes]]:
    """Type and data of the mobility options of a Binding Update or Acknowledgement, in their order, without Pad1."""
    found, rest = [], message.body[12:]
    while rest:
        if rest[0] == 0:
            rest = rest[1:]
            continue
        found.append((rest[0], rest[2 : 2 + rest[1]]))
        rest = rest[2 + rest[1] :]
    return found


def options(message: Seen) -> dict[int, bytes]:
    """The same by type; of several of a type the last."""
    return dict(option_list(message))


def token(tests: Iterable[Seen], kind: str, to: IPv6Address, index: bytes) -> bytes:
    """The keygen token that a HoT or CoT to an address gave out last with a nonce index."""
    found = [each for each in tests if each.message == kind and each.to_whom == to and each.body[6:8] == index]
    assert found, f"no {kind} to {to} with nonce index {index.hex()} was seen"
    return found[-1].body[16:24]


def key(update: Seen, tests: Iterable[Seen]) -> bytes:
    """Kbm for a Binding Update that makes a binding: SHA1(home token | care-of token)."""
    seen, indices = list(tests), options(update)[NONCE_INDICES]
    home = token(seen, "HoT", update.from_whom, indices[:2])
    care_of = token(seen, "CoT", update.source, indices[2:])
    return binding_key(home, care_of)


def binding_key(home_token: bytes, care_of_token: bytes = b"") -> bytes:
    """Kbm = SHA1(home keygen token | care-of keygen token), or of the first alone where a binding is deleted."""
    return hashlib.sha1(home_token + care_of_token, usedforsecurity=False).digest()


def authenticator(message: Seen, kbm: bytes, care_of: IPv6Address, correspondent: IPv6Address) -> bytes:
    """First(96, HMAC_SHA1(Kbm, care-of | correspondent | MH data)), the checksum taken as zero."""
    data = message.body[:4] + bytes(2) + message.body[6:-12]
    return hmac.digest(kbm, care_of.packed + correspondent.packed + data, "sha1")[:12]
