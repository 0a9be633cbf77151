# SPDX-License-Identifier: GPL-2.0-or-later
"""Home agent address discovery and mobile prefix discovery."""

import pytest

from mnclient.errors import WireError, WireFault
from mnclient.wire import home_agent_discovery as discovery
from mnclient.wire.cursor import Reader
from mnclient.wire.neighbor_option_codec import encode_neighbor_options
from mnclient.wire.neighbor_options import Mtu, UnknownNeighborOption
from tests.mnclient.wire.test_neighbor_option_codec import PREFIX
from tests.mnclient.wire.vectors import HOME_AGENT

UNKNOWN = UnknownNeighborOption(type=253, data=b"123456")


def read(octets: bytes) -> Reader:
    return Reader(bytes(4) + octets, section="section 1", offset=4)


@pytest.mark.requirement("HA-6.8-01")
@pytest.mark.parametrize(("managed", "other", "flags"), [(True, False, "8000"), (False, True, "4000")])
def test_octets_of_a_prefix_advertisement(managed: bool, other: bool, flags: str) -> None:
    message = discovery.MobilePrefixAdvertisement(identifier=0x0C0D, managed=managed, other=other, options=(PREFIX,))
    octets = bytes.fromhex("0c0d" + flags) + encode_neighbor_options((PREFIX,))
    assert discovery.encode_prefix_advertisement(message) == octets
    assert discovery.decode_prefix_advertisement(read(octets)) == message
    assert message.prefixes == (PREFIX,)


def test_reserved_bits_are_ignored() -> None:
    octets = bytes.fromhex("0c0dffff")
    assert discovery.decode_discovery_request(read(octets)).identifier == 0x0C0D
    assert discovery.decode_discovery_reply(read(octets)).home_agents == ()
    assert discovery.decode_prefix_solicitation(read(octets)).identifier == 0x0C0D
    assert discovery.decode_prefix_advertisement(read(octets)).managed


@pytest.mark.requirement("MN-6.6-01")
@pytest.mark.parametrize("count", range(4))
def test_number_of_home_agents_follows_from_the_length(count: int) -> None:
    octets = bytes.fromhex("0a0b0000") + HOME_AGENT.packed * count
    assert discovery.decode_discovery_reply(read(octets)).home_agents == (HOME_AGENT,) * count


@pytest.mark.requirement("MN-6.6-01")
@pytest.mark.parametrize("extra", range(1, 16))
def test_parts_of_home_agents_are_refused(extra: int) -> None:
    with pytest.raises(WireError) as caught:
        discovery.decode_discovery_reply(read(bytes(4) + HOME_AGENT.packed + bytes(extra)))
    assert caught.value.fault is WireFault.BAD_VALUE


@pytest.mark.requirement("HA-6.7-01")
def test_unknown_options_of_a_solicitation_are_skipped() -> None:
    octets = bytes.fromhex("0c0d0000") + encode_neighbor_options((UNKNOWN, Mtu(mtu=1280)))
    assert discovery.decode_prefix_solicitation(read(octets)).options == (UNKNOWN, Mtu(mtu=1280))


@pytest.mark.requirement("MN-6.8-01")
def test_unknown_options_of_an_advertisement_are_skipped() -> None:
    octets = bytes.fromhex("0c0d0000") + encode_neighbor_options((UNKNOWN, PREFIX))
    assert discovery.decode_prefix_advertisement(read(octets)).prefixes == (PREFIX,)


@pytest.mark.requirement("ALL-7.3-01")
def test_router_advertisement_options_mean_nothing_here() -> None:
    octets = bytes.fromhex("0c0d0000 0701000000000046 08010000000a0708")
    kinds = [type(option) for option in discovery.decode_prefix_advertisement(read(octets)).options]
    assert kinds == [UnknownNeighborOption, UnknownNeighborOption]


def test_identifiers_are_16_bits() -> None:
    with pytest.raises(ValueError, match="identifier"):
        discovery.HomeAgentAddressDiscoveryRequest(identifier=65536)
    with pytest.raises(ValueError, match="identifier"):
        discovery.HomeAgentAddressDiscoveryReply(identifier=-1, home_agents=())
