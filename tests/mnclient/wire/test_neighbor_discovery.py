# SPDX-License-Identifier: GPL-2.0-or-later
"""Router and Neighbor Solicitations and Advertisements, and the packets they may come in."""

from dataclasses import replace
from ipaddress import IPv6Address
from typing import Any

import pytest

from mnclient.errors import WireError, WireFault
from mnclient.units import Seconds
from mnclient.wire.addresses import ALL_NODES, ALL_ROUTERS, UNSPECIFIED, solicited_node
from mnclient.wire.cursor import Reader
from mnclient.wire.neighbor_discovery import (
    NeighborAdvertisement,
    NeighborDiscoveryMessage,
    NeighborSolicitation,
    RouterAdvertisement,
    RouterSolicitation,
    check_neighbor_discovery,
    decode_neighbor_advertisement,
    decode_neighbor_solicitation,
    decode_router_advertisement,
    encode_neighbor_advertisement,
    encode_router_advertisement,
)
from mnclient.wire.neighbor_options import (
    AdvertisementInterval,
    HomeAgentInformation,
    Mtu,
    RouterPreference,
    SourceLinkLayerAddress,
    TargetLinkLayerAddress,
)
from tests.mnclient.wire.test_neighbor_option_codec import PREFIX
from tests.mnclient.wire.vectors import HOME

LINK_LOCAL = IPv6Address("fe80::1")
GROUP = solicited_node(HOME)
SOURCE = SourceLinkLayerAddress(address=bytes.fromhex("001122334455"))
TARGET = TargetLinkLayerAddress(address=bytes.fromhex("001122334455"))
ADVERTISEMENT = RouterAdvertisement(
    hop_limit=64,
    managed=False,
    other=False,
    home_agent=False,
    preference=RouterPreference.MEDIUM,
    router_lifetime=Seconds(1800.0),
    reachable_time=Seconds(30.0),
    retransmit_timer=Seconds(1.0),
)
SOLICITATION = NeighborSolicitation(target=HOME)
ANSWER = NeighborAdvertisement(target=HOME, router=False, solicited=True, override=True)


def read(text: str) -> Reader:
    return Reader(bytes(4) + bytes.fromhex(text), section="section 1", offset=4)


def test_octets_of_a_router_advertisement() -> None:
    octets = "40 00 0708 00007530 000003e8"
    assert encode_router_advertisement(ADVERTISEMENT) == bytes.fromhex(octets)
    assert decode_router_advertisement(read(octets)) == ADVERTISEMENT


@pytest.mark.requirement("MN-7.1-01")
@pytest.mark.requirement("HA-7.1-01")
@pytest.mark.parametrize(("flag", "octet"), [("managed", "80"), ("other", "40"), ("home_agent", "20")])
def test_flags_of_a_router_advertisement(flag: str, octet: str) -> None:
    changes: dict[str, Any] = {flag: True}
    message = replace(ADVERTISEMENT, **changes)
    octets = f"40 {octet} 0708 00007530 000003e8"
    assert encode_router_advertisement(message) == bytes.fromhex(octets)
    assert decode_router_advertisement(read(octets)) == message


@pytest.mark.requirement("RFC4191-MN-2.2-01")
@pytest.mark.parametrize(
    ("octet", "preference"),
    [
        ("08", RouterPreference.HIGH),
        ("00", RouterPreference.MEDIUM),
        ("18", RouterPreference.LOW),
        ("10", RouterPreference.MEDIUM),
        ("0f", RouterPreference.HIGH),
    ],
)
def test_preference_of_a_router(octet: str, preference: RouterPreference) -> None:
    message = decode_router_advertisement(read(f"40 {octet} 0708 00007530 000003e8"))
    assert message == replace(ADVERTISEMENT, preference=preference)


@pytest.mark.parametrize(("flag", "octet"), [("router", "80"), ("solicited", "40"), ("override", "20")])
def test_flags_of_a_neighbor_advertisement(flag: str, octet: str) -> None:
    flags: dict[str, Any] = {"router": False, "solicited": False, "override": False} | {flag: True}
    message = NeighborAdvertisement(target=HOME, **flags)
    octets = bytes.fromhex(octet + "000000") + HOME.packed
    assert encode_neighbor_advertisement(message) == octets
    assert decode_neighbor_advertisement(read(octets.hex())) == message


def test_options_of_a_router_advertisement() -> None:
    information = HomeAgentInformation(preference=10, lifetime=Seconds(1800.0))
    interval = AdvertisementInterval(interval=Seconds(3.0))
    message = replace(ADVERTISEMENT, options=(SOURCE, PREFIX, Mtu(mtu=1400), interval, information, PREFIX))
    assert message.prefixes == (PREFIX, PREFIX)
    assert message.home_agent_information == information
    assert message.advertisement_interval == Seconds(3.0)
    assert message.source_link_layer_address == SOURCE.address
    assert message.mtu == 1400


def test_options_that_are_not_there() -> None:
    assert ADVERTISEMENT.prefixes == ()
    assert ADVERTISEMENT.home_agent_information is None
    assert ADVERTISEMENT.advertisement_interval is None
    assert ADVERTISEMENT.source_link_layer_address is None
    assert ADVERTISEMENT.mtu is None
    assert SOLICITATION.source_link_layer_address is None
    assert ANSWER.target_link_layer_address is None
    assert replace(SOLICITATION, options=(SOURCE,)).source_link_layer_address == SOURCE.address
    assert replace(ANSWER, options=(TARGET,)).target_link_layer_address == TARGET.address


@pytest.mark.parametrize("decode", [decode_neighbor_solicitation, decode_neighbor_advertisement])
def test_groups_are_no_targets(decode) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(WireError) as caught:
        decode(read("00000000" + ALL_NODES.packed.hex()))
    assert (caught.value.fault, caught.value.offset) == (WireFault.BAD_VALUE, 8)


@pytest.mark.parametrize(
    ("message", "source", "destination"),
    [
        (RouterSolicitation(), UNSPECIFIED, ALL_ROUTERS),
        (RouterSolicitation(options=(SOURCE,)), LINK_LOCAL, ALL_ROUTERS),
        (ADVERTISEMENT, LINK_LOCAL, ALL_NODES),
        (SOLICITATION, UNSPECIFIED, GROUP),
        (replace(SOLICITATION, options=(SOURCE,)), LINK_LOCAL, HOME),
        (ANSWER, LINK_LOCAL, HOME),
        (replace(ANSWER, solicited=False), LINK_LOCAL, ALL_NODES),
    ],
)
def test_valid_packets(message: NeighborDiscoveryMessage, source: IPv6Address, destination: IPv6Address) -> None:
    check_neighbor_discovery(message, source, destination, 255)
    for hop_limit in (0, 1, 254):
        with pytest.raises(WireError) as caught:
            check_neighbor_discovery(message, source, destination, hop_limit)
        assert caught.value.fault is WireFault.BAD_VALUE


@pytest.mark.parametrize(
    ("message", "source", "destination"),
    [
        (RouterSolicitation(options=(SOURCE,)), UNSPECIFIED, ALL_ROUTERS),
        (ADVERTISEMENT, HOME, ALL_NODES),
        (ADVERTISEMENT, UNSPECIFIED, ALL_NODES),
        (SOLICITATION, UNSPECIFIED, HOME),
        (SOLICITATION, UNSPECIFIED, ALL_NODES),
        (replace(SOLICITATION, options=(SOURCE,)), UNSPECIFIED, GROUP),
        (ANSWER, LINK_LOCAL, ALL_NODES),
    ],
)
def test_invalid_packets(message: NeighborDiscoveryMessage, source: IPv6Address, destination: IPv6Address) -> None:
    with pytest.raises(WireError) as caught:
        check_neighbor_discovery(message, source, destination, 255)
    assert caught.value.fault is WireFault.BAD_VALUE
