# SPDX-License-Identifier: GPL-2.0-or-later
"""The reader of captures is itself right: about the order of headers, tunnels, and packets that are cut."""

from ipaddress import IPv6Address

from tests.lab.headers import Seen
from tests.lab.hostile import (
    BU,
    DESTINATION_OPTIONS,
    ICMPV6,
    IPV6,
    MOBILITY,
    ROUTING,
    home_option,
    icmpv6,
    ipv6,
    mobility,
    type_2,
    update,
)

HOME, CARE_OF, PEER, THEIRS = (IPv6Address(f"2001:db8:{each}::1") for each in ("1", "2", "4", "5"))
ECHO = icmpv6(128, 0, bytes(8), HOME, PEER)


def test_routing_header_and_home_address():
    both = type_2(DESTINATION_OPTIONS, PEER) + home_option(ICMPV6, HOME) + ECHO
    seen = Seen.read(ipv6(CARE_OF, THEIRS, ROUTING, both))
    assert seen.order == ("routing 2", "home address")
    assert (seen.from_whom, seen.to_whom, seen.segments_left, seen.icmp_type) == (HOME, PEER, 1, 128)
    assert seen.has_right_checksum
    assert seen.inner is None


def test_a_tunnel():
    header = mobility(BU, update(1), HOME, PEER)
    inner = ipv6(CARE_OF, PEER, DESTINATION_OPTIONS, home_option(MOBILITY, HOME) + header)
    seen = Seen.read(ipv6(THEIRS, CARE_OF, IPV6, inner))
    assert seen.message == ""
    assert (seen.innermost.message, seen.innermost.order) == ("BU", ("home address",))
    assert seen.innermost.has_right_checksum
    assert len(list(seen.every_header())) == 2


def test_two_home_addresses_a_wrong_checksum_and_cut_packets():
    twice = ipv6(CARE_OF, PEER, DESTINATION_OPTIONS, home_option(ICMPV6, HOME, THEIRS) + ECHO)
    assert Seen.read(twice).home_addresses == (HOME, THEIRS)
    assert not Seen.read(ipv6(CARE_OF, PEER, ICMPV6, ECHO)).has_right_checksum
    for length in range(40, len(twice)):
        Seen.read(twice[:length])
