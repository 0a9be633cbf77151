# SPDX-License-Identifier: GPL-2.0-or-later
"""A home address of our own that is cryptographically generated, with what proves it (RFC 3972, RFC 4866)."""

from dataclasses import dataclass, field
from ipaddress import IPv6Address

from mnclient.wire.cga_parameters import MODIFIER_LENGTH, PREFIX_LENGTH, CgaParameters
from mnclient.wire.fields import check_octets


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedAddress:
    """The address, the parameters it was made of, and the private key (unencrypted PKCS #8 in DER).

    That the address was made of them is for whoever makes the value to see; correspondents would answer status 148.
    """

    address: IPv6Address
    parameters: CgaParameters
    private_key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if self.parameters.subnet_prefix != self.address.packed[:PREFIX_LENGTH]:
            raise ValueError("parameters must have the prefix of the address")


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratingKey:
    """What generated addresses of this machine are made with, in any prefix (RFC 3972 section 4).

    The private key is unencrypted PKCS #8 in DER, `public_key` the SubjectPublicKeyInfo that belongs to it; `modifier`,
    16 octets, was found for `sec`.
    """

    private_key: bytes = field(repr=False)
    public_key: bytes
    modifier: bytes
    sec: int

    def __post_init__(self) -> None:
        check_octets("modifier", self.modifier, MODIFIER_LENGTH)
