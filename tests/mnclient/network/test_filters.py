# SPDX-License-Identifier: GPL-2.0-or-later
"""The filter, run by an interpreter of its own; that the kernel takes it is seen in test_sockets.py."""

import struct

import pytest

from mnclient.network.filters import signalling_program

PASSED = 0x40000
PACKET_TYPE = 0xFFFFF004


def verdict(packet: bytes, packet_type: int = 0) -> int:
    program = list(struct.iter_unpack("=HBBI", signalling_program()))
    accumulator = counter = 0
    while True:
        code, equal, other, operand = program[counter]
        counter += 1
        if code in (0x30, 0x20):
            accumulator = packet_type if operand == PACKET_TYPE else packet[operand]
        elif code in (0x15, 0x35):
            counter += equal if (accumulator == operand if code == 0x15 else accumulator >= operand) else other
        else:
            assert code == 0x06
            return operand


def packet(next_header: int, *body: int) -> bytes:
    return bytes(6) + bytes([next_header]) + bytes(33) + bytes(body) + bytes(40)


@pytest.mark.parametrize(
    "octets",
    [packet(135), packet(60), packet(43, 0, 0, 2)]
    + [packet(58, kind) for kind in (4, 133, 134, 135, 136, 144, 145, 146, 147)],
)
def test_signalling_passes(octets):
    assert verdict(octets) == PASSED
    assert verdict(octets, packet_type=2) == PASSED
    assert verdict(octets, packet_type=3) == 0, "a packet for another host"


@pytest.mark.parametrize(
    "octets",
    [packet(6), packet(17), packet(41), packet(50), packet(43, 0, 0, 0), packet(43, 0, 0, 4)]
    + [packet(58, kind) for kind in (0, 1, 2, 3, 5, 128, 129, 132, 137, 143, 148, 255)],
)
def test_payload_stays_outside(octets):
    assert verdict(octets) == 0
