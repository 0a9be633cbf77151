# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole packets."""

from dataclasses import replace
from ipaddress import IPv6Address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnclient.errors import WireError, WireFault
from mnclient.wire.addresses import ALL_NODES, ALL_ROUTERS, UNSPECIFIED, solicited_node
from mnclient.wire.checksum import internet_checksum
from mnclient.wire.icmpv6 import RouterSolicitation
from mnclient.wire.ipv6_extension import Ipv6Headers, encode_ipv6
from mnclient.wire.mobility_header import MobilityMessage, encode_mobility_header
from mnclient.wire.neighbor_discovery import NeighborAdvertisement, NeighborSolicitation
from mnclient.wire.packet import Packet, decode_packet, encode_packet
from tests.mnclient.wire import vectors
from tests.mnclient.wire.strategies import (
    damaged,
    mobility_messages,
    other_icmpv6_messages,
    refusal,
    routable,
    thorough,
    unicast,
)
from tests.mnclient.wire.test_neighbor_discovery import ADVERTISEMENT, ANSWER, LINK_LOCAL, SOURCE
from tests.mnclient.wire.vectors import CARE_OF, CORRESPONDENT, HOME, HOME_AGENT

HOME_UPDATE = Packet(
    source=CARE_OF,
    destination=HOME_AGENT,
    home_address=HOME,
    message=vectors.MOBILITY_HEADERS["home BU"].message,
)


def refused(octets: bytes) -> WireError:
    with pytest.raises(WireError) as caught:
        decode_packet(octets)
    return caught.value


@pytest.mark.requirement("ALL-6.1.1-01")
@pytest.mark.requirement("ALL-6.1.1-06")
@pytest.mark.requirement("ALL-6.3-01")
def test_home_update() -> None:
    octets = encode_packet(HOME_UPDATE)
    assert octets[8:40] == CARE_OF.packed + HOME_AGENT.packed
    assert octets[40:] == vectors.HOME_ADDRESS_HEADER + vectors.MOBILITY_HEADERS["home BU"].octets
    assert (octets[40], octets[64]) == (135, 59)
    assert decode_packet(octets) == HOME_UPDATE


@pytest.mark.requirement("ALL-6.1.1-07")
@pytest.mark.requirement("ALL-6.4.1-01")
def test_home_acknowledgement() -> None:
    octets, _, _, message = vectors.MOBILITY_HEADERS["home BA"]
    packet = Packet(source=HOME_AGENT, destination=CARE_OF, routing_home_address=HOME, message=message)
    assert encode_packet(packet)[40:] == vectors.TYPE_2_ROUTING_HEADER + octets
    assert decode_packet(encode_packet(packet)) == packet


@pytest.mark.requirement("MN-6.7-01")
def test_prefix_solicitation() -> None:
    octets, _, _, message = vectors.ICMPV6["MPS"]
    packet = Packet(source=CARE_OF, destination=HOME_AGENT, home_address=HOME, message=message)
    assert encode_packet(packet)[64:] == octets
    assert encode_packet(packet)[8:24] == CARE_OF.packed
    assert decode_packet(encode_packet(packet)) == packet


def test_effective_addresses() -> None:
    assert (HOME_UPDATE.effective_source, HOME_UPDATE.effective_destination) == (HOME, HOME_AGENT)
    back = Packet(source=HOME_AGENT, destination=CARE_OF, routing_home_address=HOME, message=HOME_UPDATE.message)
    assert (back.effective_source, back.effective_destination) == (HOME_AGENT, HOME)


packets = st.builds(
    Packet,
    source=unicast,
    destination=unicast,
    message=mobility_messages | other_icmpv6_messages,
    hop_limit=st.integers(0, 255),
    home_address=st.none() | routable,
    routing_home_address=st.none() | routable,
)


@thorough
@given(packet=packets)
def test_round_trip(packet: Packet) -> None:
    assert decode_packet(encode_packet(packet)) == packet


@pytest.mark.requirement("RFC4861-MN-4.1-01")
def test_router_solicitation() -> None:
    octets = encode_packet(Packet(source=LINK_LOCAL, destination=ALL_ROUTERS, message=RouterSolicitation()))
    assert octets[7] == 255
    assert octets[24:40] == IPv6Address("ff02::2").packed
    assert octets[40:42] == bytes((133, 0))
    assert octets[44:] == bytes(4)
    assert decode_packet(octets).message == RouterSolicitation()


def advertised(**changes: Any) -> bytes:
    return encode_packet(replace(Packet(source=LINK_LOCAL, destination=ALL_NODES, message=ADVERTISEMENT), **changes))


@pytest.mark.requirement("RFC4861-MN-6.1.2-01")
def test_router_advertisement_is_checked() -> None:
    good = advertised()
    assert decode_packet(good).message == ADVERTISEMENT
    assert refused(good[:7] + bytes((254,)) + good[8:]).fault is WireFault.BAD_VALUE
    assert refused(advertised(source=HOME_AGENT)).fault is WireFault.BAD_VALUE
    assert refused(good[:-1] + b"\x99").fault is WireFault.BAD_CHECKSUM
    assert refused(altered(good, 41, b"\x01")).fault is WireFault.BAD_VALUE
    assert refused(shortened(good, 15)).fault is WireFault.TRUNCATED
    assert refused(altered(advertised(message=replace(ADVERTISEMENT, options=(SOURCE,))), 57, b"\0")).fault is (
        WireFault.BAD_OPTION
    )


def altered(octets: bytes, at: int, change: bytes) -> bytes:
    """An ICMPv6 packet with octets changed and the checksum right again."""
    return resealed(octets[:at] + change + octets[at + len(change) :])


def shortened(octets: bytes, length: int) -> bytes:
    """An ICMPv6 packet with a shorter message and the checksum right again."""
    return resealed(octets[:4] + length.to_bytes(2) + octets[6 : 40 + length])


def resealed(octets: bytes) -> bytes:
    body = octets[40:42] + b"\0\0" + octets[44:]
    checksum = internet_checksum(IPv6Address(octets[8:24]), IPv6Address(octets[24:40]), 58, body)
    return octets[:42] + checksum.to_bytes(2) + octets[44:]


SOLICITED = Packet(source=UNSPECIFIED, destination=solicited_node(HOME), message=NeighborSolicitation(target=HOME))


@pytest.mark.requirement("RFC4861-ALL-7.1.1-01")
def test_neighbor_solicitation_is_checked() -> None:
    good = encode_packet(SOLICITED)
    assert decode_packet(good) == replace(SOLICITED, hop_limit=255)
    assert refused(good[:7] + bytes((254,)) + good[8:]).fault is WireFault.BAD_VALUE
    assert refused(altered(good, 41, b"\x01")).fault is WireFault.BAD_VALUE
    assert refused(good[:-1] + b"\x99").fault is WireFault.BAD_CHECKSUM
    assert refused(shortened(good, 23)).fault is WireFault.TRUNCATED
    assert refused(altered(good, 48, b"\xff")).fault is WireFault.BAD_VALUE
    assert refused(encode_packet(replace(SOLICITED, destination=HOME))).fault is WireFault.BAD_VALUE
    with_option = NeighborSolicitation(target=HOME, options=(SOURCE,))
    assert refused(encode_packet(replace(SOLICITED, message=with_option))).fault is WireFault.BAD_VALUE


@pytest.mark.requirement("RFC4861-ALL-7.1.2-01")
def test_neighbor_advertisement_is_checked() -> None:
    packet = Packet(source=LINK_LOCAL, destination=HOME, message=ANSWER)
    good = encode_packet(packet)
    assert decode_packet(good) == replace(packet, hop_limit=255)
    assert refused(good[:7] + bytes((254,)) + good[8:]).fault is WireFault.BAD_VALUE
    assert refused(altered(good, 41, b"\x01")).fault is WireFault.BAD_VALUE
    assert refused(good[:-1] + b"\x99").fault is WireFault.BAD_CHECKSUM
    assert refused(shortened(good, 23)).fault is WireFault.TRUNCATED
    assert refused(altered(good, 48, b"\xff")).fault is WireFault.BAD_VALUE
    assert refused(encode_packet(replace(packet, destination=ALL_NODES))).fault is WireFault.BAD_VALUE
    unsolicited = NeighborAdvertisement(target=HOME, router=False, solicited=False, override=True)
    decode_packet(encode_packet(replace(packet, destination=ALL_NODES, message=unsolicited)))


@pytest.mark.parametrize("field", ["home_address", "routing_home_address"])
def test_neighbor_discovery_comes_without_mobility(field: str) -> None:
    assert refused(advertised(**{field: HOME})).fault is WireFault.BAD_VALUE


def test_offsets_count_from_the_ipv6_header() -> None:
    octets = bytearray(encode_packet(HOME_UPDATE))
    octets[64] -= 1  # Payload Proto
    octets[68] += 1  # the checksum, made right again
    error = refused(bytes(octets))
    assert (error.fault, error.offset) == (WireFault.BAD_PAYLOAD_PROTO, 64)


@pytest.mark.parametrize("next_header", [6, 17, 41, 50, 59])
def test_other_payloads_are_refused(next_header: int) -> None:
    headers = Ipv6Headers(source=CARE_OF, destination=HOME, next_header=next_header, payload=b"x")
    error = refused(encode_ipv6(headers))
    assert (error.fault, error.offset) == (WireFault.BAD_VALUE, 40)


@thorough
@given(message=mobility_messages, home_address=routable)
def test_addresses_of_the_pseudo_header(message: MobilityMessage, home_address: IPv6Address) -> None:
    octets = encode_packet(
        Packet(source=CARE_OF, destination=CORRESPONDENT, home_address=home_address, message=message)
    )
    assert octets[64:] == encode_mobility_header(message, home_address, CORRESPONDENT)


@thorough
@given(octets=st.binary(max_size=120) | damaged(packets.map(encode_packet)))
def test_anything_is_a_value_or_a_wire_error(octets: bytes) -> None:
    error = refusal(lambda: decode_packet(octets))
    assert error is None or 0 <= error.offset <= max(len(octets), 8)
