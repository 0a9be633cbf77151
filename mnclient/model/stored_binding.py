# SPDX-License-Identifier: GPL-2.0-or-later
"""What both ends of a binding keep on disk, so that a restart loses no binding and allows no replay."""

from dataclasses import dataclass, field
from ipaddress import IPv6Address, IPv6Network

from mnclient.units import Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBinding:
    """One entry of the binding cache (RFC 6275 sections 9.1 and 15.3).

    `remaining` is what is left of the lifetime at the moment of the snapshot; whoever stores it subtracts the time that
    passes until it is restored. Zero: the binding is gone and only its `sequence` is still remembered. `spi` is in what
    its last Binding Update came under, 0 for none.
    """

    home_address: IPv6Address
    care_of_address: IPv6Address
    sequence: int
    remaining: Seconds
    link_local_compatibility: bool = False
    spi: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRegistration:
    """What a mobile node keeps of one home registration (RFC 6275 section 11.1).

    `remaining` is how long the home agent may still hold a binding, by what was asked of it; zero when it holds none.
    A node that forgot this would not know that it has to de-register when it starts at home (section 11.5.5).
    `timestamp` is the last one accepted, `clock_offset` how far the home agent's clock is ahead (RFC 4285 section 6).
    `spi` is in what was sent when the home agent last accepted, 0 for none.
    """

    home_address: IPv6Address
    home_agent: IPv6Address
    sequence: int
    remaining: Seconds
    link_local_compatibility: bool = False
    timestamp: int | None = None
    clock_offset: Seconds = Seconds(0.0)
    spi: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTimestamp:
    """The greatest timestamp that a home agent has believed of a home address (RFC 4285 section 6)."""

    home_address: IPv6Address
    timestamp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCorrespondent:
    """What a mobile node remembers of a correspondent: whether it answers at all, and when it may be asked again.

    `retry` is the time left until then, `failures` how often in a row it failed to answer.
    """

    address: IPv6Address
    answers: bool
    failures: int = 0
    retry: Seconds = Seconds(0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOptimization:
    """A binding that a correspondent may hold for `remaining` (RFC 6275 section 11.1).

    A node that forgot this after a crash would let packets that still come directly go astray until it ends.
    """

    home_address: IPv6Address
    correspondent: IPv6Address
    care_of_address: IPv6Address
    remaining: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredUsedSequence:
    """The last sequence number of the Binding Updates to a correspondent (RFC 6275 section 11.1).

    For `remaining` an older one that was lost could still be replayed there (sections 5.2.7 and 5.2.8): a node that
    forgot its numbers after a crash could begin below it.
    """

    home_address: IPv6Address
    correspondent: IPv6Address
    sequence: int
    remaining: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEspSequence:
    """How far the ESP sequence numbers of a security association have got (RFC 4303 section 3.3.3).

    `source` and `destination` say whose packets to whom it is for, as prefixes.
    """

    source: IPv6Network
    destination: IPv6Network
    spi: int
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAcceptedSequence:
    """The last sequence number a correspondent has believed by a precomputed key, which never expires (RFC 4449)."""

    home_address: IPv6Address
    correspondent: IPv6Address
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredToken:
    """A permanent home keygen token that a correspondent has given out (RFC 4866 section 4.7), for `remaining`.

    `sequence` is the last sequence number accepted with it: without that, an old Binding Update would be believed.
    """

    home_address: IPv6Address
    correspondent: IPv6Address
    token: bytes = field(repr=False)
    sequence: int
    remaining: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """All that the roles keep."""

    bindings: tuple[StoredBinding, ...] = ()
    registrations: tuple[StoredRegistration, ...] = ()
    correspondents: tuple[StoredCorrespondent, ...] = ()
    optimizations: tuple[StoredOptimization, ...] = ()
    used_sequences: tuple[StoredUsedSequence, ...] = ()
    timestamps: tuple[StoredTimestamp, ...] = ()
    esp_sequences: tuple[StoredEspSequence, ...] = ()
    accepted_sequences: tuple[StoredAcceptedSequence, ...] = ()
    tokens: tuple[StoredToken, ...] = ()
