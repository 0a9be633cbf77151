# SPDX-License-Identifier: GPL-2.0-or-later
"""Invitations that a passphrase protects on their way: scrypt (RFC 7914) makes the key, AES-256-GCM encrypts.

The name, the cost and the salt are readable, and bound to the content: an altered one does not open.
"""

import hashlib
import os
from typing import TYPE_CHECKING, Final

from mnclient.model.invitation import (
    NONCE_OCTETS,
    SALT_OCTETS,
    Invitation,
    InvitationError,
    SealedInvitation,
    invitation_text,
    parse_invitation,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

COST: Final = 16
"""2**16 blocks of 1 KiB: 64 MiB of memory and about half a second for each guess."""
SHORTEST_PASSPHRASE: Final = 8
LONGEST_PASSPHRASE: Final = 1024
_BLOCK_SIZE: Final = 8  # scrypt's r
_KEY_OCTETS: Final = 32


def seal_invitation(invitation: Invitation, passphrase: str, cost: int = COST) -> SealedInvitation:
    """Takes half a second: call it in a thread. InvitationError for a passphrase that is too short."""
    check_passphrase(passphrase)
    salt, nonce = os.urandom(SALT_OCTETS), os.urandom(NONCE_OCTETS)
    envelope = SealedInvitation(name=invitation.name, cost=cost, salt=salt, nonce=nonce, content=b"")
    content = _cipher(envelope, passphrase).encrypt(nonce, invitation_text(invitation).encode(), _bound(envelope))
    return SealedInvitation(name=invitation.name, cost=cost, salt=salt, nonce=nonce, content=content)


def check_passphrase(passphrase: str) -> None:
    """InvitationError for one that is too short to protect anything, or longer than anybody types."""
    if not SHORTEST_PASSPHRASE <= len(passphrase) <= LONGEST_PASSPHRASE:
        accepted = f"{SHORTEST_PASSPHRASE} to {LONGEST_PASSPHRASE} characters"
        raise InvitationError("This passphrase cannot protect an invitation", accepted=accepted)


def open_invitation(sealed: SealedInvitation, passphrase: str) -> Invitation:
    """Takes half a second: call it in a thread. InvitationError when the passphrase is another one."""
    from cryptography.exceptions import InvalidTag

    try:
        text = _cipher(sealed, passphrase).decrypt(sealed.nonce, sealed.content, _bound(sealed))
    except InvalidTag:
        accepted = "the passphrase it was sealed with, and the file exactly as it was sent"
        raise InvitationError("The passphrase does not open this invitation", accepted=accepted) from None
    inside = parse_invitation(text)
    if not isinstance(inside, Invitation):
        raise InvitationError("There is no invitation in this seal", accepted="an invitation that was sealed once")
    return inside


def _cipher(sealed: SealedInvitation, passphrase: str) -> "AESGCM":
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # 30 ms, and seldom needed

    blocks = 1 << sealed.cost
    key = hashlib.scrypt(
        passphrase.encode("utf-8", "surrogatepass"),
        salt=sealed.salt,
        n=blocks,
        r=_BLOCK_SIZE,
        p=1,
        maxmem=2 * 128 * _BLOCK_SIZE * blocks,
        dklen=_KEY_OCTETS,
    )
    return AESGCM(key)


def _bound(sealed: SealedInvitation) -> bytes:
    """What is authenticated with the content."""
    return f"mnclient sealed invitation\0{sealed.version}\0{sealed.cost}\0{sealed.name}".encode()
