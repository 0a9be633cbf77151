# SPDX-License-Identifier: GPL-2.0-or-later
from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.model.service_status import KnownHomeAgent, Origin
from mnclient.security.generated_addresses import address_in, generating_key
from service.autoconfiguration.suggestions import GENERATED, HostInterface, home_address_for, remember, suggestions
from tests.mnclient.security.rsa_keys import private_der, rsa_key

PERMANENT = bytes.fromhex("001122334455")
RANDOMISED = bytes.fromhex("02aabbccddee")
WLAN = HostInterface(
    name="wlan0",
    link_layer_address=RANDOMISED,
    permanent_link_layer_address=PERMANENT,
    identifiers=(bytes.fromhex("0123456789abcdef"),),
)
ETHERNET = HostInterface(name="eth0", link_layer_address=bytes.fromhex("00deadbeef01"))


def home_agent(**changes):
    fields = {
        "address": IPv6Address("2001:db8:1::1"),
        "prefix": IPv6Network("2001:db8:1::/64"),
        "origin": Origin.LEARNED,
        "interface": "wlan0",
    }
    return KnownHomeAgent(**fields | changes)


@pytest.mark.requirement("RFC4291-MN-A-04")
def test_the_home_address_comes_from_the_permanent_hardware_address_and_stays():
    remembered = remember({}, [WLAN])
    first = home_address_for(home_agent(), [WLAN], remembered)
    assert first == IPv6Address("2001:db8:1::211:22ff:fe33:4455")
    tomorrow = HostInterface(name="wlan0", link_layer_address=bytes.fromhex("02ffffff0001"))
    assert home_address_for(home_agent(), [tomorrow], remember(remembered, [tomorrow])) == first


def test_where_no_permanent_address_is_told_the_first_one_seen_is_remembered():
    remembered = remember({}, [HostInterface(name="wlan0", link_layer_address=RANDOMISED)])
    again = remember(remembered, [HostInterface(name="wlan0", link_layer_address=bytes.fromhex("02ffffff0001"))])
    assert again == remembered == {"wlan0": RANDOMISED}


def test_a_permanent_address_is_the_truth():
    assert remember({"wlan0": RANDOMISED}, [WLAN]) == {"wlan0": PERMANENT}


@pytest.mark.parametrize("address", [b"", bytes(6), b"\xff" * 6, b"\x01\x00\x5e\x00\x00\x01", bytes(5), bytes(20)])
def test_what_is_no_hardware_address_is_not_remembered(address):
    assert remember({}, [HostInterface(name="tun0", link_layer_address=address)]) == {}


def test_one_for_the_hardware_and_one_for_each_identifier_in_use():
    offered = suggestions([home_agent()], [ETHERNET, WLAN], remember({}, [ETHERNET, WLAN]))
    assert [str(each.address) for each in offered] == [
        "2001:db8:1:0:211:22ff:fe33:4455",  # heard on wlan0, so wlan0 comes first
        "2001:db8:1:0:2de:adff:febe:ef01",
        "2001:db8:1:0:123:4567:89ab:cdef",
    ]
    assert {each.home_agent for each in offered} == {home_agent().address}
    assert [each.interface for each in offered] == ["wlan0", "eth0", "wlan0"]


def test_the_same_address_is_offered_once():
    identifier = bytes.fromhex("021122fffe334455")
    twice = HostInterface(name="wlan0", link_layer_address=PERMANENT, identifiers=(identifier, identifier))
    assert len(suggestions([home_agent()], [twice], remember({}, [twice]))) == 1


@pytest.mark.parametrize(
    "identifier", ["0000000000000000", "fdffffffffffff80", "fdffffffffffffff", "ffffffffffffffff", "02005efffe000001"]
)
def test_reserved_identifiers_are_not_offered(identifier):
    interface = HostInterface(name="eth0", link_layer_address=b"", identifiers=(bytes.fromhex(identifier),))
    assert suggestions([home_agent()], [interface], {}) == ()


def test_the_home_agents_own_address_is_not_offered():
    interface = HostInterface(name="eth0", link_layer_address=b"", identifiers=(bytes(7) + b"\x01",))
    assert suggestions([home_agent()], [interface], {}) == ()


def test_a_prefix_without_room_for_an_identifier_gives_nothing():
    agent = home_agent(prefix=IPv6Network("2001:db8:1::/80"))
    assert home_address_for(agent, [WLAN], remember({}, [WLAN])) is None


def test_nothing_comes_from_a_host_without_hardware_addresses():
    assert home_address_for(home_agent(), [], {}) is None


def test_a_generated_address_comes_before_all_others():
    key = generating_key(private_der(rsa_key()), bytes(16), sec=0)
    first, second, *_ = suggestions([home_agent()], [WLAN], {"wlan0": PERMANENT}, key)
    assert (first.reason, first.address) == (GENERATED, address_in(home_agent().prefix, key).address)
    assert second.reason == "hardware address of wlan0 (EUI-64)"
    assert home_address_for(home_agent(), [WLAN], {}, key) == first.address


@pytest.mark.requirement("RFC3972-MN-4-02")
def test_behind_a_generated_address_that_is_taken_comes_the_next_and_none_after_three():
    key = generating_key(private_der(rsa_key()), bytes(16), sec=0)
    expected = [address_in(home_agent().prefix, key, count).address for count in range(3)]
    taken: list[IPv6Address] = []
    for address in expected:
        offered = suggestions([home_agent()], [WLAN], {"wlan0": PERMANENT}, key, taken)
        assert (offered[0].reason, offered[0].address) == (GENERATED, address)
        taken.append(address)
    offered = suggestions([home_agent()], [WLAN], {"wlan0": PERMANENT}, key, taken)
    assert offered and GENERATED not in {each.reason for each in offered}


def test_there_is_none_in_a_prefix_of_another_length():
    key = generating_key(private_der(rsa_key()), bytes(16), sec=0)
    agent = home_agent(prefix=IPv6Network("2001:db8:1::/56"))
    assert suggestions([agent], [WLAN], {"wlan0": PERMANENT}, key) == ()
