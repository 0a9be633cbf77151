# SPDX-License-Identifier: GPL-2.0-or-later
"""What a home agent keeps on disk of a binding, so that a restart loses no binding and allows no replay."""

from dataclasses import dataclass
from ipaddress import IPv6Address

from mnclient.units import Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBinding:
    """One entry of the binding cache (RFC 6275 sections 9.1 and 15.3).

    `remaining` is what is left of the lifetime at the moment of the snapshot; whoever stores it subtracts the time that
    passes until it is restored. Zero: the binding is gone and only its `sequence` is still remembered.
    """

    home_address: IPv6Address
    care_of_address: IPv6Address
    sequence: int
    remaining: Seconds
    link_local_compatibility: bool = False
