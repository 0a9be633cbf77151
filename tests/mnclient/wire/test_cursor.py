# SPDX-License-Identifier: GPL-2.0-or-later
"""The bounded reader."""

from ipaddress import IPv6Address
from struct import Struct

import pytest

from mnclient.errors import WireError, WireFault
from mnclient.wire.cursor import Reader


def test_reads_forward() -> None:
    reader = Reader(bytes(range(4)) + IPv6Address("2001:db8::1").packed + b"end", section="section 1")
    assert reader.unpack(Struct("!BH")) == (0, 0x0102)
    assert reader.take(1) == b"\x03"
    assert reader.address() == IPv6Address("2001:db8::1")
    assert (reader.offset, reader.remaining) == (20, 3)
    assert reader.rest() == b"end"
    assert reader.remaining == 0


@pytest.mark.parametrize("read", [lambda r: r.take(4), lambda r: r.unpack(Struct("!I")), Reader.address])
@pytest.mark.parametrize("offset", [0, 3, 9])
def test_never_reads_past_the_end(read, offset: int) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(WireError) as caught:
        read(Reader(b"123", section="section 1", offset=offset))
    assert caught.value.fault is WireFault.TRUNCATED
    assert caught.value.section == "section 1"
