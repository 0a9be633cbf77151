# SPDX-License-Identifier: GPL-2.0-or-later
"""Hypothesis strategies for every value of the codec, and ways to damage octets."""

import math
from collections.abc import Callable
from ipaddress import IPv6Address, IPv6Network

from hypothesis import settings
from hypothesis import strategies as st

from mnclient.errors import WireError
from mnclient.units import Seconds
from mnclient.wire import authentication_options as authentication
from mnclient.wire import binding, icmpv6, return_routability
from mnclient.wire import enhanced_options as enhanced
from mnclient.wire import mobility_options as mobility
from mnclient.wire import neighbor_discovery as discovery
from mnclient.wire import neighbor_options as neighbor
from mnclient.wire.addresses import is_multicast, is_unicast_routable, scope_of

thorough = settings(deadline=None, derandomize=True, database=None, max_examples=200)

u8 = st.integers(0, 0xFF)
u16 = st.integers(0, 0xFFFF)
u32 = st.integers(0, 0xFFFFFFFF)
u64 = st.integers(0, 2**64 - 1)
eight_octets = st.binary(min_size=8, max_size=8)
addresses = st.integers(0, 2**128 - 1).map(IPv6Address)
unicast = addresses.filter(lambda address: not is_multicast(address))
routable = addresses.filter(lambda address: is_unicast_routable(address) and scope_of(address) == 14)

binding_durations = u16.map(lambda units: Seconds(units * 4.0))
seconds_16 = u16.map(lambda value: Seconds(float(value)))
milliseconds = u32.map(lambda value: Seconds(value / 1000))
lifetimes = st.integers(0, 0xFFFFFFFE).map(lambda value: Seconds(float(value))) | st.just(Seconds(math.inf))

plain_mobility_options = st.one_of(
    st.builds(mobility.BindingRefreshAdvice, interval=binding_durations),
    st.builds(mobility.AlternateCareOfAddress, address=addresses),
    st.builds(mobility.NonceIndices, home=u16, care_of=u16),
    st.builds(mobility.UnknownMobilityOption, type=st.integers(17, 255), data=st.binary(max_size=40)),
    st.builds(authentication.MobileNodeIdentifier, subtype=u8, identifier=st.binary(min_size=1, max_size=40)),
    st.builds(authentication.MessageIdentification, timestamp=u64),
    st.builds(enhanced.CgaParametersRequest),
    st.builds(enhanced.CgaParametersFragment, data=st.binary(min_size=1, max_size=255)),
    st.builds(enhanced.Signature, signature=st.binary(min_size=1, max_size=255)),
    st.builds(enhanced.PermanentHomeKeygenToken, encrypted=st.binary(min_size=1, max_size=255)),
    st.builds(enhanced.CareOfTestInitOption),
    st.builds(enhanced.CareOfTestOption, keygen_token=eight_octets),
)
authenticators = st.lists(
    st.builds(
        authentication.MobilityMessageAuthentication,
        subtype=u8,
        spi=u32,
        authenticator=st.binary(max_size=32),
    ),
    max_size=2,
    unique_by=lambda option: option.subtype,
)
authorization = st.builds(mobility.BindingAuthorizationData, authenticator=st.binary(max_size=32))
mobility_options = st.tuples(
    st.lists(plain_mobility_options, max_size=5), authenticators, st.lists(authorization, max_size=1)
).map(lambda parts: (*parts[0], *parts[1], *parts[2]))

test_inits = {"cookie": eight_octets, "options": mobility_options}
tests = {"nonce_index": u16, "cookie": eight_octets, "keygen_token": eight_octets, "options": mobility_options}

binding_updates = st.builds(
    binding.BindingUpdate,
    sequence=u16,
    lifetime=binding_durations,
    acknowledge=st.booleans(),
    home_registration=st.booleans(),
    link_local_compatibility=st.booleans(),
    key_management_mobility=st.booleans(),
    options=mobility_options,
)
binding_acknowledgements = st.builds(
    binding.BindingAcknowledgement,
    status=u8,
    sequence=u16,
    lifetime=binding_durations,
    key_management_mobility=st.booleans(),
    options=mobility_options,
)
mobility_messages = st.one_of(
    st.builds(binding.BindingRefreshRequest, options=mobility_options),
    st.builds(return_routability.HomeTestInit, **test_inits),
    st.builds(return_routability.CareOfTestInit, **test_inits),
    st.builds(return_routability.HomeTest, **tests),
    st.builds(return_routability.CareOfTest, **tests),
    binding_updates,
    binding_acknowledgements,
    st.builds(binding.BindingError, status=u8, home_address=addresses, options=mobility_options),
)

preferences = st.sampled_from(neighbor.RouterPreference)
link_layer = st.binary(min_size=6, max_size=6) | st.binary(min_size=14, max_size=14)
networks = st.tuples(addresses, st.integers(0, 128)).map(lambda pair: IPv6Network(pair, strict=False))
_UNUSED_TYPES = (4, 6, *range(9, 24), *range(26, 256))

common_neighbor_options = st.one_of(
    st.builds(neighbor.SourceLinkLayerAddress, address=link_layer),
    st.builds(neighbor.TargetLinkLayerAddress, address=link_layer),
    st.builds(
        neighbor.PrefixInformation,
        prefix=addresses,
        prefix_length=st.integers(0, 128),
        on_link=st.booleans(),
        autonomous=st.booleans(),
        router_address=st.booleans(),
        valid_lifetime=lifetimes,
        preferred_lifetime=lifetimes,
    ),
    st.builds(neighbor.Mtu, mtu=u32),
    st.builds(neighbor.RouteInformation, prefix=networks, preference=preferences, lifetime=lifetimes),
    st.builds(
        neighbor.RecursiveNameServers,
        addresses=st.lists(addresses, min_size=1, max_size=4).map(tuple),
        lifetime=lifetimes,
    ),
    st.builds(
        neighbor.UnknownNeighborOption,
        type=st.sampled_from(_UNUSED_TYPES),
        data=st.integers(0, 3).flatmap(lambda n: st.binary(min_size=6 + 8 * n, max_size=6 + 8 * n)),
    ),
)
router_only_options = st.one_of(
    st.builds(neighbor.AdvertisementInterval, interval=milliseconds),
    st.builds(neighbor.HomeAgentInformation, preference=u16, lifetime=seconds_16),
)
neighbor_options = st.lists(common_neighbor_options, max_size=5).map(tuple)
router_options = st.lists(common_neighbor_options | router_only_options, max_size=5).map(tuple)

neighbor_discovery_messages = st.one_of(
    st.builds(discovery.RouterSolicitation, options=neighbor_options),
    st.builds(
        discovery.RouterAdvertisement,
        hop_limit=u8,
        managed=st.booleans(),
        other=st.booleans(),
        home_agent=st.booleans(),
        preference=preferences,
        router_lifetime=seconds_16,
        reachable_time=milliseconds,
        retransmit_timer=milliseconds,
        options=router_options,
    ),
    st.builds(discovery.NeighborSolicitation, target=unicast, options=neighbor_options),
    st.builds(
        discovery.NeighborAdvertisement,
        target=unicast,
        router=st.booleans(),
        solicited=st.booleans(),
        override=st.booleans(),
        options=neighbor_options,
    ),
)
quoted = st.binary(max_size=64)
other_icmpv6_messages = st.one_of(
    st.builds(icmpv6.DestinationUnreachable, code=u8, packet=quoted),
    st.builds(icmpv6.PacketTooBig, mtu=u32, packet=quoted),
    st.builds(icmpv6.TimeExceeded, code=u8, packet=quoted),
    st.builds(icmpv6.ParameterProblem, code=u8, pointer=u32, packet=quoted),
    st.builds(icmpv6.EchoRequest, identifier=u16, sequence=u16, data=quoted),
    st.builds(icmpv6.EchoReply, identifier=u16, sequence=u16, data=quoted),
    st.builds(icmpv6.HomeAgentAddressDiscoveryRequest, identifier=u16),
    st.builds(
        icmpv6.HomeAgentAddressDiscoveryReply,
        identifier=u16,
        home_agents=st.lists(addresses, max_size=4).map(tuple),
    ),
    st.builds(icmpv6.MobilePrefixSolicitation, identifier=u16, options=neighbor_options),
    st.builds(
        icmpv6.MobilePrefixAdvertisement,
        identifier=u16,
        managed=st.booleans(),
        other=st.booleans(),
        options=neighbor_options,
    ),
)
icmpv6_messages = neighbor_discovery_messages | other_icmpv6_messages


@st.composite
def damaged(draw: st.DrawFn, whole: st.SearchStrategy[bytes]) -> bytes:
    """Valid octets with some changed, then cut short or made longer."""
    octets = bytearray(draw(whole))
    for _ in range(draw(st.integers(0, 4))):
        if octets:
            octets[draw(st.integers(0, len(octets) - 1))] = draw(u8)
    end = draw(st.integers(0, len(octets)) | st.just(len(octets)))
    return bytes(octets[:end]) + draw(st.binary(max_size=8) | st.just(b""))


def refusal(decode: Callable[[], object]) -> WireError | None:
    """The WireError of a decoder, or None when it gives a value; whatever else it raises fails the test."""
    try:
        decode()
    except WireError as error:
        return error
    return None
