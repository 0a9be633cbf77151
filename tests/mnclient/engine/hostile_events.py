# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything that can happen to an engine, likely or not, as strategies for hypothesis."""

import math
from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

from hypothesis import strategies as st

from mnclient.engine.events import (
    AddressDuplicate,
    AddressSettled,
    BindingsDismissed,
    Configured,
    CorrespondentHeard,
    DatapathChosen,
    DeadlineReached,
    HomeAddressRefused,
    IntegrityFailed,
    LinkChanged,
    LinkRemoved,
    MalformedReceived,
    MembershipReceived,
    MembershipsKnown,
    NeighborUnreachable,
    NetworkStateFailed,
    NetworkStateRestored,
    PacketReceived,
    PayloadReceived,
    RouteUseKnown,
)
from mnclient.errors import WireError, WireFault
from mnclient.model.binding_filter import BindingFilter
from mnclient.model.config import (
    CorrespondentNodeConfig,
    HomeAddressConfig,
    InterfacePolicy,
    MobileNodeConfig,
    NodeConfig,
    RouteOptimizationConfig,
)
from mnclient.model.network_state import OptimizationEnd
from mnclient.units import Instant, Seconds
from mnclient.wire.binding import BindingError, BindingUpdate
from mnclient.wire.mobility_options import AlternateCareOfAddress
from mnclient.wire.multicast_listener import (
    GroupRecord,
    ListenerQuery,
    ListenerReport,
    RecordType,
    TunnelledMembership,
)
from mnclient.wire.neighbor_discovery import RouterAdvertisement
from mnclient.wire.neighbor_options import (
    AdvertisementInterval,
    Mtu,
    PrefixInformation,
    RouterPreference,
    SourceLinkLayerAddress,
)
from mnclient.wire.packet import Packet, decode_packet, encode_packet
from tests.mnclient.engine.home_agent.script import CONFIG
from tests.mnclient.wire.strategies import icmpv6_messages, mobility_messages, neighbor_discovery_messages

ALL_NODES = IPv6Address("ff02::1")
LINK_LOCAL = IPv6Address("fe80::7")
MAX_BINDINGS = 3
AWAY_PREFIX = IPv6Network("2001:db8:a::/64")
AWAY_AGENT = IPv6Address("2001:db8:a::ff")
HOMES = (
    HomeAddressConfig(address=IPv6Address("2001:db8:a::1"), prefix=AWAY_PREFIX, home_agent=AWAY_AGENT),
    HomeAddressConfig(
        address=IPv6Address("2001:db8:c::1"),
        prefix=IPv6Network("2001:db8:c::/64"),
        home_agent=IPv6Address("2001:db8:c::ff"),
        home_agent_link_layer=bytes.fromhex("020000000c01"),
    ),
)
MOBILE = MobileNodeConfig(
    home_addresses=HOMES,
    stable_secret=bytes(16),
    allow_unprotected_signalling=True,
    route_optimization=RouteOptimizationConfig(location_privacy=False),
)
AGENT = replace(CONFIG, max_bindings=MAX_BINDINGS, multicast=True)
CONFIGURATIONS = (
    NodeConfig(mobile_node=MOBILE, correspondent_node=CorrespondentNodeConfig(), home_agent=AGENT),
    NodeConfig(mobile_node=MOBILE),
    NodeConfig(home_agent=AGENT),
    NodeConfig(
        mobile_node=replace(MOBILE, home_addresses=HOMES[:1]), home_agent=replace(AGENT, links=CONFIG.links[:1])
    ),
    NodeConfig(mobile_node=replace(MOBILE, interfaces=(InterfacePolicy(name="eth0", enabled=False),))),
    NodeConfig(),
    NodeConfig(correspondent_node=CorrespondentNodeConfig()),
)

ADDRESSES = tuple(
    IPv6Address(text)
    for text in (
        "2001:db8:a::1 2001:db8:c::1 2001:db8:a::ff 2001:db8:c::ff 2001:db8:1::1 2001:db8:7::1 2001:db8:1::100 "
        "2001:db8:7::100 2001:db8:7::101 2001:db8:7::102 2001:db8:7::103 2001:db8:2::5 2001:db8:3::5 fe80::1 "
        "fe80::2 :: ::1 ff02::1 ff0e::1"
    ).split()
)
pool = st.sampled_from(ADDRESSES)
interfaces = st.sampled_from(["eth0", "wlan0", "wlan0", "mn6home", "elsewhere"])
hardware = st.sampled_from([bytes.fromhex("020000000001"), bytes.fromhex("020000000c01"), b"", bytes(8)])
durations = st.sampled_from([0.0, 1.0, 4.0, 600.0, 86400.0, math.inf]).map(Seconds)
prefixes = st.sampled_from(
    [IPv6Network(f"2001:db8:{x}::/64") for x in ("2", "3", "a", "c", "1")] + [IPv6Network("::/0")]
)


@st.composite
def router_advertisements(draw: st.DrawFn) -> RouterAdvertisement:
    """As routers send them, with values that no router should send."""
    options: list[object] = [
        PrefixInformation(
            prefix=draw(st.sampled_from([network.network_address, network.network_address + 0xFF])),
            prefix_length=draw(st.sampled_from([64, 64, 64, 0, 128])),
            on_link=draw(st.booleans()),
            autonomous=draw(st.booleans()),
            router_address=draw(st.booleans()),
            valid_lifetime=draw(durations),
            preferred_lifetime=draw(durations),
        )
        for network in draw(st.lists(prefixes, max_size=3))
    ]
    options += draw(
        st.lists(
            st.one_of(
                st.builds(Mtu, mtu=st.sampled_from([0, 1280, 65536])),
                st.builds(AdvertisementInterval, interval=st.sampled_from([0.0, 0.05, 4e6]).map(Seconds)),
                st.builds(SourceLinkLayerAddress, address=st.sampled_from([bytes(6), bytes(22), b"\x02" * 6])),
            ),
            max_size=2,
        )
    )
    return RouterAdvertisement(
        hop_limit=64,
        managed=False,
        other=False,
        home_agent=draw(st.booleans()),
        preference=draw(st.sampled_from(RouterPreference)),
        router_lifetime=draw(st.sampled_from([0.0, 1.0, 1800.0, 65535.0]).map(Seconds)),
        reachable_time=Seconds(0.0),
        retransmit_timer=Seconds(0.0),
        options=tuple(options),  # type: ignore[arg-type]
    )


plausible_updates = st.builds(
    BindingUpdate,
    sequence=st.integers(0, 4) | st.integers(32766, 32769),
    lifetime=st.sampled_from([0.0, 4.0, 600.0, 262140.0]).map(Seconds),
    acknowledge=st.booleans(),
    home_registration=st.sampled_from([True, True, True, False]),
    link_local_compatibility=st.booleans(),
    options=st.sampled_from([()]) | st.builds(lambda at: (AlternateCareOfAddress(address=at),), pool),
)
messages = st.one_of(
    mobility_messages,
    icmpv6_messages,
    plausible_updates,
    st.builds(BindingError, status=st.sampled_from([1, 2, 9]), home_address=pool),
)


def can_arrive(event: PacketReceived) -> bool:
    """Whether the decoder lets it through, which looks at the addresses of Neighbor Discovery."""
    try:
        decode_packet(encode_packet(event.packet))
    except WireError:
        return False
    return True


packets = st.builds(
    PacketReceived,
    interface=interfaces,
    packet=st.builds(
        Packet,
        source=pool,
        destination=pool,
        message=messages,
        home_address=st.none() | pool,
        routing_home_address=st.sampled_from([None, None]) | pool,
    ),
    link_layer_source=hardware,
    through_tunnel=st.sampled_from([False, False, False, True]),
).filter(can_arrive)
neighbors = st.builds(
    PacketReceived,
    interface=interfaces,
    packet=st.builds(
        Packet,
        source=st.sampled_from([IPv6Address(f"fe80::{n}") for n in range(1, 5)]),
        destination=st.just(IPv6Address("ff02::1")),
        message=router_advertisements() | router_advertisements() | neighbor_discovery_messages,
        hop_limit=st.just(255),
    ),
    link_layer_source=hardware,
)
malformed = st.builds(
    MalformedReceived,
    interface=interfaces,
    source=pool,
    destination=pool,
    fault=st.sampled_from(WireFault),
    pointer=st.integers(0, 2000),
    original=st.binary(max_size=100),
    home_address=st.none() | pool,
    is_mobility_header=st.booleans(),
)
links = st.builds(
    LinkChanged,
    interface=interfaces,
    is_up=st.sampled_from([True, True, False]),
    link_layer_address=hardware,
    link_local_address=st.sampled_from([IPv6Address("fe80::9"), None]),
    mtu=st.sampled_from([0, 1280, 1500, 65536]),
    interrupted=st.booleans(),
)
others = st.one_of(
    st.builds(LinkRemoved, interface=interfaces),
    st.builds(AddressDuplicate, interface=interfaces, address=pool),
    st.builds(AddressSettled, interface=interfaces, address=pool),
    st.builds(NeighborUnreachable, interface=interfaces, address=pool),
    st.builds(PayloadReceived, home_address=pool),
    st.builds(CorrespondentHeard, home_address=st.sampled_from([home.address for home in HOMES]), correspondent=pool),
    st.builds(NetworkStateFailed, owner=st.sampled_from(["mobile-node", "home-agent", "x"]),
              item=st.just("an item"), reason=st.just("a reason")),
    st.builds(NetworkStateRestored, owner=st.sampled_from(["mobile-node", "home-agent"])),
    st.just(DeadlineReached()),
    st.builds(Configured, config=st.sampled_from(CONFIGURATIONS)),
)  # fmt: skip
answers = st.tuples(
    st.just("answer"),
    st.sampled_from([0, 0, 0, 0, 0, 1, 128, 130, 133, 134, 135, 174, 255]),
    st.sampled_from([0] * 6 + [1, -1]),
)


def heard(number: str, interface: str = "wlan0") -> PacketReceived:
    """What an honest router says on a foreign network, or ("a") on a home link."""
    prefix = PrefixInformation(
        prefix=IPv6Address(f"2001:db8:{number}::"), prefix_length=64, on_link=True, autonomous=True,
        router_address=False, valid_lifetime=Seconds(86400.0), preferred_lifetime=Seconds(14400.0),
    )  # fmt: skip
    message = RouterAdvertisement(
        hop_limit=64, managed=False, other=False, home_agent=False, preference=RouterPreference.MEDIUM,
        router_lifetime=Seconds(1800.0), reachable_time=Seconds(0.0), retransmit_timer=Seconds(0.0),
        options=(prefix, SourceLinkLayerAddress(address=hardware_of(number))),
    )  # fmt: skip
    packet = Packet(source=IPv6Address(f"fe80::{number}"), destination=ALL_NODES, message=message, hop_limit=255)
    return PacketReceived(interface=interface, packet=packet, link_layer_source=hardware_of(number))


def hardware_of(number: str) -> bytes:
    """The hardware address of the router of a network."""
    return bytes((2, 0, 0, 0, 0, int(number, 16)))


def registers(home: str, agent: str, sequence: int, lifetime: float = 600.0, *, is_home: bool = True) -> PacketReceived:
    """What an honest mobile node says to the home agent, or to a correspondent."""
    update = BindingUpdate(sequence=sequence, lifetime=Seconds(lifetime), acknowledge=True, home_registration=is_home)
    packet = Packet(source=IPv6Address("2001:db8:2::5"), destination=IPv6Address(agent), message=update,
                    home_address=IPv6Address(home))  # fmt: skip
    return PacketReceived(interface="wlan0", packet=packet, link_layer_source=bytes.fromhex("020000000001"))


forgotten = PacketReceived(
    interface="wlan0",
    packet=Packet(
        source=AWAY_AGENT,
        destination=IPv6Address("2001:db8:2::5"),
        message=BindingError(status=1, home_address=HOMES[0].address),
    ),
)
usual = st.sampled_from(
    [
        forgotten,
        forgotten,
        *(registers(f"2001:db8:7::10{n}", "2001:db8:7::1", 3, 0.0) for n in range(5)),
        *(heard(number, interface) for number in "223aa" for interface in ("wlan0", "eth0")),
        *(registers(f"2001:db8:7::10{n}", "2001:db8:7::1", sequence) for n in range(5) for sequence in (1, 2)),
        *(registers("2001:db8:1::100", "2001:db8:1::1", sequence) for sequence in (1, 2)),
        *(AddressSettled(interface=name, address=HOMES[0].address) for name in ("wlan0", "eth0")),
        LinkChanged(interface="wlan0", is_up=True, link_layer_address=b"\2\0\0\0\0\7", link_local_address=LINK_LOCAL),
    ]
)
correspondence = st.one_of(
    st.builds(DatapathChosen, route_optimization=st.sampled_from([True, True, False])),
    st.builds(IntegrityFailed, home_address=pool, within=st.sampled_from([Seconds(0.0), Seconds(10.0), Seconds(1e9)])),
    st.builds(HomeAddressRefused, source=pool, destination=pool, home_address=pool),
    st.builds(RouteUseKnown, end=st.sampled_from(OptimizationEnd), home_address=pool, correspondent=pool,
              last_used=st.none() | st.just(Instant(1000.0))),
)  # fmt: skip
groups = st.sampled_from([IPv6Address(each) for each in ("ff0e::1", "ff3e::2", "ff05::1", "ff02::1", "ff0e::ffff")])
records = st.builds(GroupRecord, type=st.sampled_from(RecordType), group=groups, sources=st.integers(0, 3))
memberships = st.one_of(
    st.builds(
        MembershipReceived,
        membership=st.builds(
            TunnelledMembership,
            outer_source=pool,
            outer_destination=pool,
            source=pool,
            destination=groups,
            message=st.one_of(
                st.builds(ListenerReport, records=st.lists(records, max_size=5).map(tuple)),
                st.builds(ListenerQuery, maximum_response=st.sampled_from([0.0, 1.0, 8387.0]).map(Seconds)),
            ),
        ),
    ),
    st.builds(MembershipsKnown, groups=st.frozensets(groups)),
    st.builds(BindingsDismissed, which=st.builds(BindingFilter, home_addresses=pool.map(IPv6Network))),
)
wild = st.one_of(packets, neighbors, neighbors, malformed, links, others, correspondence, memberships)
steps = st.tuples(
    st.one_of(usual, usual, answers, wild),
    st.sampled_from([0.0, 0.0, 0.0, 0.01, 0.01, 0.3, 0.3, 1.0, 5.0, 700.0, 1e6]),
    st.booleans(),
)
