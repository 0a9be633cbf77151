# SPDX-License-Identifier: GPL-2.0-or-later
"""One packet of each kind, for other programs to read."""

from dataclasses import replace

from mnclient.units import Seconds
from mnclient.wire import icmpv6
from mnclient.wire.addresses import ALL_NODES, UNSPECIFIED, solicited_node
from mnclient.wire.neighbor_options import (
    AdvertisementInterval,
    HomeAgentInformation,
    Mtu,
    RecursiveNameServers,
    RouterPreference,
    SourceLinkLayerAddress,
    TargetLinkLayerAddress,
)
from mnclient.wire.packet import Packet
from tests.mnclient.wire.test_neighbor_discovery import ADVERTISEMENT, LINK_LOCAL
from tests.mnclient.wire.test_neighbor_option_codec import PREFIX
from tests.mnclient.wire.vectors import (
    ANYCAST,
    CARE_OF,
    CORRESPONDENT,
    HOME,
    HOME_AGENT,
    ICMPV6,
    MOBILITY_HEADERS,
)

MAC = bytes.fromhex("001122334455")


def _mobility(name: str, *, routed: bool = False) -> Packet:
    """A message between the addresses of its vector, with the care-of address where the mobile node is away."""
    _, source, destination, message = MOBILITY_HEADERS[name]
    if routed:
        return Packet(source=source, destination=CARE_OF, routing_home_address=destination, message=message)
    return Packet(source=source, destination=destination, message=message)


def _update(name: str) -> Packet:
    _, source, destination, message = MOBILITY_HEADERS[name]
    return Packet(source=CARE_OF, destination=destination, home_address=source, message=message)


PACKETS = {
    "BRR": _mobility("BRR"),
    "HoTI": _mobility("HoTI"),
    "CoTI": _mobility("CoTI"),
    "HoT": _mobility("HoT"),
    "CoT": _mobility("CoT"),
    "BU": _update("BU to a correspondent"),
    "BA": _mobility("BA from a correspondent", routed=True),
    "home BU": _update("home BU"),
    "home BA": _mobility("home BA", routed=True),
    "BE": _mobility("BE"),
    "DHAAD Request": Packet(source=CARE_OF, destination=ANYCAST, message=ICMPV6["DHAAD Request"].message),
    "DHAAD Reply": Packet(
        source=HOME_AGENT,
        destination=CARE_OF,
        message=icmpv6.HomeAgentAddressDiscoveryReply(identifier=0x0A0B, home_agents=(HOME_AGENT, CORRESPONDENT)),
    ),
    "MPS": Packet(source=CARE_OF, destination=HOME_AGENT, home_address=HOME, message=ICMPV6["MPS"].message),
    "MPA": Packet(
        source=HOME_AGENT,
        destination=CARE_OF,
        routing_home_address=HOME,
        message=icmpv6.MobilePrefixAdvertisement(identifier=0x0C0D, managed=True, other=False, options=(PREFIX,)),
    ),
    "RA": Packet(
        source=LINK_LOCAL,
        destination=ALL_NODES,
        hop_limit=255,
        message=replace(
            ADVERTISEMENT,
            home_agent=True,
            preference=RouterPreference.LOW,
            options=(
                SourceLinkLayerAddress(address=MAC),
                Mtu(mtu=1400),
                PREFIX,
                AdvertisementInterval(interval=Seconds(0.07)),
                HomeAgentInformation(preference=10, lifetime=Seconds(1800.0)),
                RecursiveNameServers(addresses=(HOME_AGENT, CORRESPONDENT), lifetime=Seconds(1200.0)),
            ),
        ),
    ),
    "NS": Packet(
        source=UNSPECIFIED,
        destination=solicited_node(HOME),
        hop_limit=255,
        message=icmpv6.NeighborSolicitation(target=HOME),
    ),
    "NA": Packet(
        source=HOME_AGENT,
        destination=ALL_NODES,
        hop_limit=255,
        message=icmpv6.NeighborAdvertisement(
            target=HOME,
            router=False,
            solicited=False,
            override=True,
            options=(TargetLinkLayerAddress(address=MAC),),
        ),
    ),
    "Parameter Problem": Packet(
        source=CORRESPONDENT,
        destination=CARE_OF,
        message=icmpv6.ParameterProblem(code=2, pointer=46, packet=b""),
    ),
}
