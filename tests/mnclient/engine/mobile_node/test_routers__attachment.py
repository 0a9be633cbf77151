# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of routers as RFC 6059 wants it: what is in it, when it counts, and what overrides what."""

from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.engine.events import AddressDuplicate, AddressSettled
from mnclient.engine.mobile_node.link import Link
from mnclient.engine.mobile_node.routers import Router
from mnclient.model.network_state import DuplicateDetection
from mnclient.model.status import HomeAddressState as State
from mnclient.wire.neighbor_discovery import NeighborSolicitation
from tests.mnclient.engine.mobile_node.script import (
    LINK_LOCAL,
    MAC_A,
    MAC_B,
    NET_A,
    NET_B,
    ROUTER_A,
    ROUTER_B,
    Script,
    ack,
    advertisement,
    answer,
    config,
    home,
    link,
    only,
    prefix,
    ra_a,
    ra_b,
    sent,
    settle,
    solicitations,
    updates,
)

NET_C = IPv6Network("2001:db8:c::/64")
BOTH = (prefix(NET_A, valid=7200.0, preferred=3600.0), prefix(NET_C, valid=600.0, preferred=300.0))


def table(script: Script, interface: str = "eth0") -> dict[tuple[IPv6Address, bytes], Router]:
    known: Link = script.node._movement.links[interface]  # it is shown to nobody as it is
    return known.routers


def usable(script: Script) -> set[IPv6Network]:
    """The prefixes of the routers that count as present: what an address may be operable for."""
    routers = [each for each in table(script).values() if each.heard_here]
    return {prefix.network for router in routers for prefix in router.care_of_prefixes(script.now)}


def away_and_back(*events) -> Script:
    """Attached by these advertisements, then the cable was pulled and is plugged in again somewhere."""
    script = Script()
    script.give(link())
    for event in events:
        for update in updates(script.give(event)):
            script.give(ack(update))
    script.give(link(up=False))
    script.pass_time(5.0)
    script.give(link())
    return script


@pytest.mark.requirement("RFC6059-MN-4-01", "RFC6059-MN-5.1-01", "RFC8028-MN-3.1-01")
def test_after_an_advertisement_the_table_has_its_router_by_both_names_with_every_prefix_and_its_lifetimes():
    script = Script()
    script.give(link())
    script.give(advertisement(ROUTER_A, MAC_A, *BOTH))
    script.give(ra_b())
    assert set(table(script)) == {(ROUTER_A, MAC_A), (ROUTER_B, MAC_B)}
    entries = table(script)[(ROUTER_A, MAC_A)]
    assert entries.heard_here, "operable"
    lifetimes = {each.network: (each.valid_until, each.preferred_until) for each in entries.prefixes.values()}
    now = script.now
    assert lifetimes == {NET_A: (now + 7200.0, now + 3600.0), NET_C: (now + 600.0, now + 300.0)}
    assert list(table(script)[(ROUTER_B, MAC_B)].prefixes) == [NET_B]
    assert script.care_of in NET_A, "the address in use is of an entry"
    shown = only(each for each in script.node.interfaces(now) if each.name == "eth0").routers
    assert {each.address: each.prefixes for each in shown} == {ROUTER_A: (NET_A, NET_C), ROUTER_B: (NET_B,)}


@pytest.mark.requirement("RFC6059-MN-5.4-01")
def test_when_the_link_comes_up_nothing_counts_until_it_is_known_where_it_leads():
    script = Script()
    script.register()
    assert script.state.neighbors
    script.give(link(interrupted=True))
    assert not any(each.heard_here for each in table(script).values())
    assert not usable(script)
    assert script.home_address().care_of_address is None
    assert not script.state.neighbors, "the router's entry is the kernel's to find again"
    assert not {each for each in script.state.addresses if each.interface == "eth0"}
    assert not script.state.tunnels


@pytest.mark.requirement("RFC6059-MN-5.7.2-01")
def test_an_advertisement_without_the_old_prefix_ends_what_was_remembered_of_it():
    script = away_and_back(advertisement(ROUTER_A, MAC_A, NET_A))
    script.give(advertisement(ROUTER_A, MAC_A, NET_C))
    assert usable(script) == {NET_C}
    assert script.care_of in NET_C


def test_later_advertisements_may_be_parts_and_end_nothing():
    """A router may spread its options over several advertisements (RFC 4861 section 6.2.3)."""
    script = away_and_back(advertisement(ROUTER_A, MAC_A, NET_A))
    script.give(advertisement(ROUTER_A, MAC_A, NET_A))
    script.give(advertisement(ROUTER_A, MAC_A, NET_C))
    script.give(advertisement(ROUTER_A, MAC_A))
    assert usable(script) == {NET_A, NET_C}


@pytest.mark.requirement("RFC6059-MN-5.7.3.1-01")
def test_what_the_advertisement_says_overrides_what_the_answer_to_the_probe_had_made_of_it():
    script = away_and_back(advertisement(ROUTER_A, MAC_A, NET_A))
    update = only(updates(script.give(answer(ROUTER_A, MAC_A))))
    assert update.packet.source in NET_A, "the answer alone confirmed the old address"
    script.give(ack(update))
    update = only(updates(script.give(advertisement(ROUTER_A, MAC_A, NET_C))))
    assert usable(script) == {NET_C}
    assert update.packet.source in NET_C
    assert script.care_of in NET_C


@pytest.mark.requirement("RFC6059-MN-5.7.3.1-01")
def test_an_answer_that_comes_after_the_advertisement_changes_nothing():
    script = away_and_back(advertisement(ROUTER_A, MAC_A, NET_A))
    script.give(advertisement(ROUTER_A, MAC_A, NET_C))
    script.give(answer(ROUTER_A, MAC_A))
    assert usable(script) == {NET_C}


@pytest.mark.requirement("RFC6059-MN-5.8-02")
def test_where_no_known_router_answers_everything_begins_anew():
    script = away_and_back(ra_a())
    before = script.actions[:]
    assert solicitations(before)
    assert solicitations(script.pass_time(10.0)), "nobody answers"
    assert not script.home_address().care_of_address
    update = only(updates(script.give(ra_b())))
    assert update.packet.source == script.care_of
    assert script.care_of in NET_B
    item = only(each for each in script.state.addresses if each.address == script.care_of)
    assert item.duplicate_detection is not DuplicateDetection.NONE


# --- RFC 6059 section 5.8 --------------------------------------------------------------------------------------------


def on_eth0(script: Script):
    return only(each for each in script.state.addresses if each.interface == "eth0")


def settled_once(*, seconds: float = 60.0) -> Script:
    """On a link where the care-of address was found to be ours alone; now the cable hangs."""
    script = Script()
    script.register()
    settle(script, "eth0")
    script.give(link(up=False))
    script.pass_time(seconds)
    return script


@pytest.mark.requirement("RFC6059-MN-5.8-01")
@pytest.mark.parametrize("sign", [answer(ROUTER_A, MAC_A), ra_a()])
def test_on_a_known_link_an_address_that_was_ours_alone_is_not_detected_again(sign):
    script = settled_once()
    script.give(link())
    update = only(updates(script.give(sign)))
    assert update.packet.source == on_eth0(script).address
    assert on_eth0(script).duplicate_detection is DuplicateDetection.NONE
    assert any(each.destination == NET_A for each in script.state.routes), "it counts as settled"


@pytest.mark.requirement("RFC6059-MN-5.8-01")
@pytest.mark.parametrize("sign", [advertisement(ROUTER_A, MAC_B, NET_A), advertisement(ROUTER_B, MAC_A, NET_A)])
def test_on_a_link_that_only_looks_like_it_the_address_is_detected(sign):
    script = settled_once()
    script.give(link())
    assert updates(script.give(sign))
    assert on_eth0(script).duplicate_detection is DuplicateDetection.OPTIMISTIC


def test_an_address_whose_detection_had_not_ended_is_detected():
    script = Script()
    script.register()
    script.give(link(interrupted=True))
    script.give(answer(ROUTER_A, MAC_A))
    assert on_eth0(script).duplicate_detection is DuplicateDetection.OPTIMISTIC


def test_an_address_that_turned_out_to_be_taken_is_not_trusted_again():
    script = settled_once()
    script.give(link())
    script.give(ra_a())
    taken = on_eth0(script).address
    script.give(AddressDuplicate(interface="eth0", address=taken))
    assert on_eth0(script).address != taken
    assert on_eth0(script).duplicate_detection is DuplicateDetection.OPTIMISTIC


def test_an_address_that_is_still_there_is_not_taken_away_to_be_detected_otherwise():
    """Two routers of one link, one after the other, and the first again before the address of before was dropped."""
    script = Script()
    script.register()
    settle(script, "eth0")
    first = on_eth0(script)
    script.give(ra_b())
    for leaving, coming in ((ROUTER_A, ra_b), (ROUTER_B, ra_a)):
        mac, network = {ROUTER_A: (MAC_A, NET_A), ROUTER_B: (MAC_B, NET_B)}[leaving]
        script.give(coming())
        script.give(advertisement(leaving, mac, network, lifetime=0.0))
        assert first in script.state.addresses
    assert script.care_of == first.address


# --- RFC 4429 section 3.2 --------------------------------------------------------------------------------------------


def nameless(network: IPv6Network = NET_A):
    """An advertisement without a Source Link-Layer Address; the frame came from somewhere all the same."""
    event = advertisement(ROUTER_A, b"", network)
    return type(event)(interface=event.interface, packet=event.packet, link_layer_source=MAC_A)


@pytest.mark.requirement("RFC4429-MN-3.2-04")
def test_where_the_router_does_not_say_its_hardware_address_the_address_waits_for_its_detection():
    script = Script()
    script.give(link())
    actions = script.give(nameless())
    assert not updates(actions)
    assert script.where is State.WAITING
    item = only(each for each in script.state.addresses if each.interface == "eth0")
    assert item.address in NET_A
    assert item.duplicate_detection is DuplicateDetection.NORMAL
    assert not updates(script.pass_time(1.0))
    update = only(updates(settle(script, "eth0")))
    assert update.packet.source == item.address
    script.give(ack(update))
    assert script.where is State.REGISTERED
    assert item in script.state.addresses, "it is not asked for in another way later"


@pytest.mark.requirement("RFC4429-MN-3.2-04")
def test_once_it_has_said_it_later_addresses_are_optimistic():
    script = Script()
    script.give(link())
    script.give(nameless())
    settle(script, "eth0")
    script.give(ra_a())
    script.give(link(up=False))
    script.give(link())
    assert updates(script.give(nameless(NET_C)))
    item = only(each for each in script.state.addresses if each.interface == "eth0")
    assert item.duplicate_detection is DuplicateDetection.OPTIMISTIC


def test_an_address_that_waits_and_is_taken_is_replaced_and_waits_again():
    script = Script()
    script.give(link())
    script.give(nameless())
    first = only(each.address for each in script.state.addresses if each.interface == "eth0")
    assert not updates(script.give(AddressDuplicate(interface="eth0", address=first)))
    item = only(each for each in script.state.addresses if each.interface == "eth0")
    assert item.address != first
    assert item.duplicate_detection is DuplicateDetection.NORMAL
    assert not updates(script.give(AddressSettled(interface="eth0", address=first))), "news of the other one"
    assert updates(settle(script, "eth0"))


# --- RFC 4291 section 2.5.1, RFC 8028, RFC 6724 rule 5.5 -------------------------------------------------------------


@pytest.mark.requirement("RFC4291-MN-2.5.1-01")
@pytest.mark.parametrize("length", [0, 1, 48, 63, 65, 96, 127, 128])
def test_a_prefix_that_leaves_no_64_bits_for_the_identifier_gives_no_address(length):
    script = Script()
    script.give(link())
    network = IPv6Network((int(NET_A.network_address) >> (128 - length) << (128 - length), length))
    assert not updates(script.give(advertisement(ROUTER_A, MAC_A, network)))
    assert not [each for each in script.state.addresses if each.interface == "eth0"]
    assert updates(script.give(ra_a()))
    assert only(each for each in script.state.addresses if each.interface == "eth0").prefix_length == 64


@pytest.mark.requirement("RFC8028-MN-3.2-01", "RFC8028-MN-3.3-01", "RFC6724-MN-5-03")
def test_the_source_is_of_a_prefix_of_the_router_that_packets_leave_by():
    """Rule 5.5: two routers with a prefix each on one link, and one of them after the other is the next hop."""
    script = Script(config(home(preferred=True)))
    script.register()
    script.pass_time(2.0)
    script.give(ra_b())
    script.give(answer(ROUTER_A, MAC_A))
    for router, network in ((ROUTER_A, NET_A), (ROUTER_B, NET_B)):
        routes = [each for each in script.state.routes if each.interface == "eth0" and each.gateway is not None]
        assert {each.gateway for each in routes} == {router}
        rule = only(each for each in script.state.rules if each.source == IPv6Network(script.care_of))
        assert rule.table in {each.table for each in routes}
        assert script.care_of in network
        assert only(script.state.tunnels).local == script.care_of
        script.pass_time(2.0)
        script.give(advertisement(ROUTER_A, MAC_A, NET_A, lifetime=0.0))
        for update in updates(script.actions[-12:]):
            script.give(ack(update))


@pytest.mark.requirement("RFC4429-MN-3.2-02")
def test_no_probe_leaves_while_the_link_local_address_is_not_settled():
    script = Script()
    script.give(link(link_local_address=None))
    script.give(ra_a())
    script.pass_time(2.0)
    script.give(ra_b())
    assert not sent(script.pass_time(5.0), NeighborSolicitation)
    script.give(link(link_local_address=LINK_LOCAL))
    assert all(each.packet.source == LINK_LOCAL for each in sent(script.pass_time(1.0), NeighborSolicitation))
