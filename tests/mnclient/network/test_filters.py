# SPDX-License-Identifier: GPL-2.0-or-later
"""The filter, run by an interpreter of its own; that the kernel takes it is seen in test_sockets.py."""

import struct

import pytest

from mnclient.constants import PACKET_MARK
from mnclient.network.filters import signalling_program

PASSED = 0x40000
PACKET_TYPE, INTERFACE, MARK = 0xFFFFF004, 0xFFFFF008, 0xFFFFF014


def verdict(
    packet: bytes,
    packet_type: int = 0,
    identifier: int | None = None,
    tunnel: int | None = None,
    interface: int = 2,
    mark: int = 0,
) -> int:
    program = list(struct.iter_unpack("=HBBI", signalling_program(identifier, tunnel)))
    about = {PACKET_TYPE: packet_type, INTERFACE: interface, MARK: mark}
    accumulator = counter = 0
    while True:
        code, equal, other, operand = program[counter]
        counter += 1
        if code in (0x30, 0x20):
            if operand not in about and operand >= len(packet):
                return 0  # what the kernel does when a program reads past the packet
            accumulator = about[operand] if operand in about else packet[operand]
        elif code == 0x28:
            accumulator = int.from_bytes(packet[operand : operand + 2])
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


def listener(kind: int, next_header: int = 0) -> bytes:
    """A packet in a tunnel, with a Router Alert option and this ICMPv6 type."""
    inner = bytes(6) + bytes([next_header]) + bytes(33) + bytes((58, 0, 5, 2, 0, 0, 1, 0)) + bytes([kind]) + bytes(23)
    return bytes(6) + bytes([41]) + bytes(33) + inner


@pytest.mark.parametrize("kind", [130, 131, 132, 143])
def test_what_listeners_say_in_a_tunnel_passes(kind):
    assert verdict(listener(kind)) == PASSED
    assert verdict(listener(kind), tunnel=7) == PASSED
    assert verdict(listener(kind, next_header=58)) == 0


@pytest.mark.parametrize("kind", [0, 128, 129, 133, 142, 144, 255])
def test_what_else_is_in_a_tunnel_does_not(kind):
    assert verdict(listener(kind)) == 0


@pytest.mark.parametrize(
    "octets",
    [packet(6), packet(17), packet(41), packet(50), packet(43, 0, 0, 0), packet(43, 0, 0, 4)]
    + [packet(58, kind) for kind in (0, 1, 2, 3, 5, 128, 129, 132, 137, 143, 148, 255)],
)
def test_payload_stays_outside(octets):
    assert verdict(octets) == 0


def echo(kind: int, identifier: int) -> bytes:
    return packet(58, kind, 0, 0, 0, *identifier.to_bytes(2))


@pytest.mark.parametrize("kind", [128, 129])
def test_only_our_own_echoes_pass(kind):
    assert verdict(echo(kind, 0xABCD), identifier=0xABCD) == PASSED
    assert verdict(echo(kind, 0xABCC), identifier=0xABCD) == 0
    assert verdict(echo(kind, 0xABCD)) == 0, "we have asked nothing yet"
    assert verdict(echo(kind, 0)) == 0
    assert verdict(echo(kind, 0xABCD), packet_type=3, identifier=0xABCD) == 0, "for another host"


def test_only_errors_about_our_own_echoes_pass():
    def error(quoted: bytes) -> bytes:
        return packet(58, 1, *bytes(7), *quoted)

    assert verdict(error(echo(128, 7)), identifier=7) == PASSED
    assert verdict(error(echo(128, 8)), identifier=7) == 0
    assert verdict(error(echo(129, 7)), identifier=7) == 0
    assert verdict(error(packet(17, 128, 0, 0, 0, 0, 7)), identifier=7) == 0
    assert verdict(error(echo(128, 7))) == 0


@pytest.mark.parametrize("tunnel", [None, 0, 7])
def test_errors_about_packets_that_were_sent_by_a_binding_pass(tunnel):
    def error(quoted: bytes, kind: int = 1) -> bytes:
        return packet(58, kind, *bytes(7), *quoted)

    assert verdict(error(packet(43, 0, 0, 2)), tunnel=tunnel) == PASSED
    assert verdict(error(packet(43, 0, 0, 2)), packet_type=3, tunnel=tunnel) == 0
    assert verdict(error(packet(43, 0, 0, 4)), tunnel=tunnel) == 0
    assert verdict(error(packet(43, 0, 0, 2), kind=3), tunnel=tunnel) == 0


def test_of_the_kernels_tunnel_only_what_a_rule_has_marked_passes():
    assert verdict(packet(135), tunnel=7, interface=7, mark=PACKET_MARK) == PASSED
    assert verdict(packet(135), tunnel=7, interface=7) == 0
    assert verdict(packet(135), tunnel=7, interface=7, mark=PACKET_MARK + 1) == 0
    assert verdict(packet(135), tunnel=7, interface=8) == PASSED, "another interface has no such rule"
    assert verdict(packet(135), tunnel=0, interface=8) == PASSED, "there is no tunnel device yet"


@pytest.mark.parametrize("header", [(60,), (43,)])
def test_payload_with_extension_headers_is_the_kernels_where_it_understands_them(header):
    signalling, payload = packet(*header, 135, 0, 2), packet(*header, 6, 0, 2)
    assert verdict(signalling, tunnel=0) == verdict(signalling, tunnel=7) == PASSED
    assert verdict(payload, tunnel=0) == verdict(payload, tunnel=7) == 0
    assert verdict(payload) == PASSED, "elsewhere nobody but us answers it"
