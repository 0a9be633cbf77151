# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole messages, octet for octet, made without this program, each with the value it stands for."""

from ipaddress import IPv6Address
from typing import NamedTuple

from mnclient.units import Seconds
from mnclient.wire.binding import BindingAcknowledgement, BindingError, BindingRefreshRequest, BindingUpdate
from mnclient.wire.home_agent_discovery import (
    HomeAgentAddressDiscoveryReply,
    HomeAgentAddressDiscoveryRequest,
    MobilePrefixAdvertisement,
    MobilePrefixSolicitation,
)
from mnclient.wire.icmpv6 import Icmpv6Message
from mnclient.wire.mobility_header import MobilityMessage
from mnclient.wire.mobility_options import (
    AlternateCareOfAddress,
    BindingAuthorizationData,
    BindingRefreshAdvice,
    NonceIndices,
)
from mnclient.wire.neighbor_options import PrefixInformation
from mnclient.wire.return_routability import CareOfTest, CareOfTestInit, HomeTest, HomeTestInit

HOME = IPv6Address("2001:db8:1::10")
CARE_OF = IPv6Address("2001:db8:2::20")
CORRESPONDENT = IPv6Address("2001:db8:3::30")
HOME_AGENT = IPv6Address("2001:db8:1::1")
ANYCAST = IPv6Address("2001:db8:1:0:fdff:ffff:ffff:fffe")

HOME_COOKIE = bytes.fromhex("0102030405060708")
CARE_OF_COOKIE = bytes.fromhex("1112131415161718")
HOME_TOKEN = bytes.fromhex("98a67513cec18470")
CARE_OF_TOKEN = bytes.fromhex("260fa56b9e288d6c")
BINDING_KEY = bytes.fromhex("62b622fcfc88505f12a67b80de071cdaca5219aa")
DELETION_KEY = bytes.fromhex("9a7cb7bc9e373680cec8fbf9b12dfe1b29cacbb4")


class Vector(NamedTuple):
    """Octets, the addresses of their pseudo-header, and their value."""

    octets: bytes
    source: IPv6Address
    destination: IPv6Address
    message: MobilityMessage


class Icmpv6Vector(NamedTuple):
    """Octets, the addresses of their pseudo-header, and their value."""

    octets: bytes
    source: IPv6Address
    destination: IPv6Address
    message: Icmpv6Message


def _authorization(octets: str) -> BindingAuthorizationData:
    return BindingAuthorizationData(authenticator=bytes.fromhex(octets))


MOBILITY_HEADERS = {
    "HoTI": Vector(
        bytes.fromhex("3b010100579d00000102030405060708"),
        HOME,
        CORRESPONDENT,
        HomeTestInit(cookie=HOME_COOKIE),
    ),
    "CoTI": Vector(
        bytes.fromhex("3b010200164c00001112131415161718"),
        CARE_OF,
        CORRESPONDENT,
        CareOfTestInit(cookie=CARE_OF_COOKIE),
    ),
    "HoT": Vector(
        bytes.fromhex("3b020300f4a20005010203040506070898a67513cec18470"),
        CORRESPONDENT,
        HOME,
        HomeTest(nonce_index=5, cookie=HOME_COOKIE, keygen_token=HOME_TOKEN),
    ),
    "CoT": Vector(
        bytes.fromhex("3b0204001d2d00061112131415161718260fa56b9e288d6c"),
        CORRESPONDENT,
        CARE_OF,
        CareOfTest(nonce_index=6, cookie=CARE_OF_COOKIE, keygen_token=CARE_OF_TOKEN),
    ),
    "BU to a correspondent": Vector(
        bytes.fromhex("3b030500da22123480000069040400050006050c1bcc83fbfa6e69e4cbb81df0"),
        HOME,
        CORRESPONDENT,
        BindingUpdate(
            sequence=0x1234,
            lifetime=Seconds(420.0),
            acknowledge=True,
            home_registration=False,
            options=(NonceIndices(home=5, care_of=6), _authorization("1bcc83fbfa6e69e4cbb81df0")),
        ),
    ),
    "BA from a correspondent": Vector(
        bytes.fromhex("3b030600bbb7000012340069010400000000050c9028656a63b3f85bb8ba83dd"),
        CORRESPONDENT,
        HOME,
        BindingAcknowledgement(
            status=0,
            sequence=0x1234,
            lifetime=Seconds(420.0),
            options=(_authorization("9028656a63b3f85bb8ba83dd"),),
        ),
    ),
    "deleting BU to a correspondent": Vector(
        bytes.fromhex("3b030500ce7d123580000000040400050000050c52e88f016a0fe6b4b31f1409"),
        HOME,
        CORRESPONDENT,
        BindingUpdate(
            sequence=0x1235,
            lifetime=Seconds(0.0),
            acknowledge=True,
            home_registration=False,
            options=(NonceIndices(home=5, care_of=0), _authorization("52e88f016a0fe6b4b31f1409")),
        ),
    ),
    "home BU": Vector(
        bytes.fromhex("3b03050051d40001e000000f0100031020010db8000200000000000000000020"),
        HOME,
        HOME_AGENT,
        BindingUpdate(
            sequence=1,
            lifetime=Seconds(60.0),
            acknowledge=True,
            home_registration=True,
            link_local_compatibility=True,
            options=(AlternateCareOfAddress(address=CARE_OF),),
        ),
    ),
    "home BA": Vector(
        bytes.fromhex("3b01060060c600000001000f0202000a"),
        HOME_AGENT,
        HOME,
        BindingAcknowledgement(
            status=0, sequence=1, lifetime=Seconds(60.0), options=(BindingRefreshAdvice(interval=Seconds(40.0)),)
        ),
    ),
    "de-registering BU": Vector(
        bytes.fromhex("3b010500a2dd0002c000000001020000"),
        HOME,
        HOME_AGENT,
        BindingUpdate(sequence=2, lifetime=Seconds(0.0), acknowledge=True, home_registration=True),
    ),
    "BE": Vector(
        bytes.fromhex("3b02070032cd010020010db8000100000000000000000010"),
        CORRESPONDENT,
        CARE_OF,
        BindingError(status=1, home_address=HOME),
    ),
    "BRR": Vector(bytes.fromhex("3b00000068ba0000"), CORRESPONDENT, HOME, BindingRefreshRequest()),
}

ICMPV6 = {
    "DHAAD Request": Icmpv6Vector(
        bytes.fromhex("90000c1e0a0b0000"),
        CARE_OF,
        ANYCAST,
        HomeAgentAddressDiscoveryRequest(identifier=0x0A0B),
    ),
    "DHAAD Reply": Icmpv6Vector(
        bytes.fromhex("9100db500a0b000020010db8000100000000000000000001"),
        HOME_AGENT,
        CARE_OF,
        HomeAgentAddressDiscoveryReply(identifier=0x0A0B, home_agents=(HOME_AGENT,)),
    ),
    "MPS": Icmpv6Vector(
        bytes.fromhex("9200062b0c0d0000"),
        HOME,
        HOME_AGENT,
        MobilePrefixSolicitation(identifier=0x0C0D),
    ),
    "MPA": Icmpv6Vector(
        bytes.fromhex("930011130c0d8000 030440e0ffffffff000002580000000020010db8000100000000000000000001"),
        HOME_AGENT,
        HOME,
        MobilePrefixAdvertisement(
            identifier=0x0C0D,
            managed=True,
            other=False,
            options=(
                PrefixInformation(
                    prefix=HOME_AGENT,
                    prefix_length=64,
                    on_link=True,
                    autonomous=True,
                    router_address=True,
                    valid_lifetime=Seconds(float("inf")),
                    preferred_lifetime=Seconds(600.0),
                ),
            ),
        ),
    ),
}

HOME_ADDRESS_HEADER = bytes.fromhex("870201020000c91020010db8000100000000000000000010")
TYPE_2_ROUTING_HEADER = bytes.fromhex("870202010000000020010db8000100000000000000000010")
