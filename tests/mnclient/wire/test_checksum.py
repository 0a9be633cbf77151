# SPDX-License-Identifier: GPL-2.0-or-later
"""The checksum, against the sum of words the standard describes."""

import struct
from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnclient.wire.checksum import internet_checksum
from tests.mnclient.wire import vectors
from tests.mnclient.wire.strategies import addresses, thorough, u8


def sum_of_words(source: IPv6Address, destination: IPv6Address, next_header: int, data: bytes) -> int:
    octets = source.packed + destination.packed + struct.pack("!IBBBB", len(data), 0, 0, 0, next_header) + data
    octets += bytes(len(octets) % 2)
    total = 0
    for (word,) in struct.iter_unpack("!H", octets):
        total += word
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


@thorough
@given(source=addresses, destination=addresses, next_header=u8.filter(bool), data=st.binary(max_size=70))
def test_is_the_sum_of_words(source: IPv6Address, destination: IPv6Address, next_header: int, data: bytes) -> None:
    assert internet_checksum(source, destination, next_header, data) == sum_of_words(
        source, destination, next_header, data
    )


@pytest.mark.parametrize("tail", [b"", b"\xff", b"\xff\xff", bytes(64), b"\xff" * 64])
def test_words_that_sum_to_nothing_or_everything(tail: bytes) -> None:
    everything = IPv6Address(b"\xff" * 16)
    for address in (IPv6Address("::"), everything):
        assert internet_checksum(address, address, 135, tail) == sum_of_words(address, address, 135, tail)


@pytest.mark.requirement("ALL-6.1.1-04")
@pytest.mark.requirement("ALL-6.1.1-05")
@pytest.mark.parametrize("name", vectors.MOBILITY_HEADERS)
def test_known_answers(name: str) -> None:
    octets, source, destination, _ = vectors.MOBILITY_HEADERS[name]
    cleared = octets[:4] + b"\0\0" + octets[6:]
    assert internet_checksum(source, destination, 135, cleared) == int.from_bytes(octets[4:6])
    assert internet_checksum(source, destination, 135, octets) == 0
