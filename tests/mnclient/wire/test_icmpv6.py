# SPDX-License-Identifier: GPL-2.0-or-later
"""ICMPv6: known answers, refusals, round trips and hostile octets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnclient.errors import WireError, WireFault
from mnclient.wire import icmpv6
from mnclient.wire.checksum import internet_checksum
from mnclient.wire.icmpv6 import Icmpv6Message, decode_icmpv6, encode_icmpv6
from mnclient.wire.neighbor_options import UnknownNeighborOption
from tests.mnclient.wire import vectors
from tests.mnclient.wire.strategies import damaged, icmpv6_messages, refusal, thorough
from tests.mnclient.wire.vectors import CARE_OF, HOME, HOME_AGENT


def sealed(octets: bytes) -> bytes:
    """An ICMPv6 message with its checksum put right, from CARE_OF to HOME_AGENT."""
    checksum = internet_checksum(CARE_OF, HOME_AGENT, 58, octets[:2] + b"\0\0" + octets[4:])
    return octets[:2] + checksum.to_bytes(2) + octets[4:]


def refused(octets: bytes) -> WireError:
    with pytest.raises(WireError) as caught:
        decode_icmpv6(octets, CARE_OF, HOME_AGENT)
    return caught.value


@pytest.mark.requirement("MN-6.5-01")
@pytest.mark.requirement("HA-6.6-01")
@pytest.mark.requirement("HA-6.8-01")
@pytest.mark.parametrize("name", vectors.ICMPV6)
def test_known_answers(name: str) -> None:
    octets, source, destination, message = vectors.ICMPV6[name]
    assert encode_icmpv6(message, source, destination) == octets
    assert decode_icmpv6(octets, source, destination) == message


@pytest.mark.parametrize(
    ("message", "octets"),
    [
        (icmpv6.DestinationUnreachable(code=3, packet=b"quoted"), "01030000 00000000 71756f746564"),
        (icmpv6.PacketTooBig(mtu=1280, packet=b"quoted"), "02000000 00000500 71756f746564"),
        (icmpv6.TimeExceeded(code=1, packet=b"quoted"), "03010000 00000000 71756f746564"),
        (icmpv6.ParameterProblem(code=2, pointer=46, packet=b"quoted"), "04020000 0000002e 71756f746564"),
        (icmpv6.EchoRequest(identifier=1, sequence=2, data=b"quoted"), "80000000 00010002 71756f746564"),
        (icmpv6.EchoReply(identifier=1, sequence=2, data=b"quoted"), "81000000 00010002 71756f746564"),
        (icmpv6.RouterSolicitation(), "85000000 00000000"),
    ],
)
def test_octets(message: Icmpv6Message, octets: str) -> None:
    expected = sealed(bytes.fromhex(octets))
    assert encode_icmpv6(message, CARE_OF, HOME_AGENT) == expected
    assert decode_icmpv6(expected, CARE_OF, HOME_AGENT) == message


@thorough
@given(message=icmpv6_messages)
def test_round_trip(message: Icmpv6Message) -> None:
    assert decode_icmpv6(encode_icmpv6(message, CARE_OF, HOME_AGENT), CARE_OF, HOME_AGENT) == message


@pytest.mark.requirement("RFC4861-ALL-4.6-01")
@pytest.mark.parametrize("kind", [133, 134, 135, 136, 146, 147])
def test_unknown_options_do_not_spoil_a_message(kind: int) -> None:
    fixed = {134: 12, 135: 20, 136: 20}.get(kind, 4)
    octets = sealed(bytes((kind, 0, 0, 0)) + bytes(fixed) + bytes.fromhex("fd01313233343536"))
    message = decode_icmpv6(octets, CARE_OF, HOME_AGENT)
    assert getattr(message, "options") == (UnknownNeighborOption(type=253, data=b"123456"),)  # noqa: B009


@pytest.mark.requirement("ALL-7.3-01")
@pytest.mark.parametrize("kind", [133, 135, 136, 146, 147])
def test_home_agent_options_count_in_router_advertisements_only(kind: int) -> None:
    fixed = {135: 20, 136: 20}.get(kind, 4)
    octets = bytes((kind, 0, 0, 0)) + bytes(fixed) + bytes.fromhex("0701000000000046 08010000000a0708")
    message = decode_icmpv6(sealed(octets), CARE_OF, HOME_AGENT)
    assert [type(option) for option in getattr(message, "options")] == [UnknownNeighborOption] * 2  # noqa: B009


@pytest.mark.parametrize("length", range(8))
def test_cut_short(length: int) -> None:
    assert refused(bytes(length)).fault is WireFault.TRUNCATED


@pytest.mark.parametrize(("kind", "least"), [(133, 8), (134, 16), (135, 24), (136, 24), (145, 8), (147, 8)])
def test_least_lengths(kind: int, least: int) -> None:
    decode_icmpv6(sealed(bytes((kind,)) + bytes(least - 1)), CARE_OF, HOME_AGENT)
    if least > 8:
        assert refused(sealed(bytes((kind,)) + bytes(least - 2))).fault is WireFault.TRUNCATED


def test_wrong_checksum() -> None:
    octets = vectors.ICMPV6["DHAAD Request"].octets
    error = refused(octets[:-1] + b"\x01")
    assert (error.fault, error.offset) == (WireFault.BAD_CHECKSUM, 2)
    with pytest.raises(WireError):
        decode_icmpv6(octets, HOME, HOME_AGENT)


def test_unknown_type() -> None:
    for kind in (0, 100, 127, 130, 137, 148, 255):
        assert refused(sealed(bytes((kind,)) + bytes(11))).fault is WireFault.UNKNOWN_TYPE


@pytest.mark.parametrize("kind", [128, 129, 133, 134, 135, 136, 144, 145, 146, 147])
def test_code_is_zero(kind: int) -> None:
    error = refused(sealed(bytes((kind, 1)) + bytes(22)))
    assert (error.fault, error.offset) == (WireFault.BAD_VALUE, 1)


def test_code_of_packet_too_big_means_nothing() -> None:
    octets = sealed(bytes.fromhex("02070000 00000500"))
    assert decode_icmpv6(octets, CARE_OF, HOME_AGENT) == icmpv6.PacketTooBig(mtu=1280, packet=b"")


def decodes_or_refuses(octets: bytes) -> None:
    error = refusal(lambda: decode_icmpv6(octets, CARE_OF, HOME_AGENT))
    assert error is None or (0 <= error.offset <= len(octets) and error.section)


whole_messages = icmpv6_messages.map(lambda message: encode_icmpv6(message, CARE_OF, HOME_AGENT))


@thorough
@given(octets=st.binary(max_size=100) | damaged(whole_messages))
def test_anything_is_a_value_or_a_wire_error(octets: bytes) -> None:
    decodes_or_refuses(octets)
    if len(octets) >= 4:
        decodes_or_refuses(sealed(octets))
