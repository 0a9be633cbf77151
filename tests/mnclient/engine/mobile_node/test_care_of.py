# SPDX-License-Identifier: GPL-2.0-or-later
"""Care-of addresses: formed, kept, replaced, left."""

from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.constants import IDGEN_RETRIES
from mnclient.engine.events import AddressDuplicate, AddressSettled, PacketReceived
from mnclient.engine.mobile_node import care_of
from mnclient.engine.mobile_node.care_of import PREVIOUS_KEPT
from mnclient.engine.mobile_node.identifiers import stable_identifier
from mnclient.model.config import IdentifierMethod
from mnclient.model.network_state import DuplicateDetection
from mnclient.model.problems import ProblemCode
from mnclient.model.status import HomeAddressState as State
from mnclient.units import Seconds
from mnclient.wire.addresses import address_from
from tests.mnclient.engine.mobile_node.script import (
    AGENT_MAC,
    HOME_PREFIX,
    MAC_A,
    NET_A,
    NET_B,
    ROUTER_A,
    SECRET,
    Script,
    ack,
    advertisement,
    config,
    home,
    link,
    only,
    prefix,
    probes,
    ra_a,
    ra_b,
    updates,
)


def abroad(method: IdentifierMethod = IdentifierMethod.STABLE_OPAQUE, **rest) -> Script:
    script = Script(config(identifier_method=method, **rest))
    script.register()
    return script


def duplicate(script: Script) -> list:
    return script.give(AddressDuplicate(interface="eth0", address=script.care_of))


@pytest.mark.requirement("RFC7217-MN-5-01")
def test_stable_opaque_addresses_are_the_same_on_the_same_network():
    script = abroad()
    assert script.care_of == address_from(NET_A, stable_identifier(SECRET, NET_A, "eth0", 0))
    script.give(link(interrupted=True))
    script.give(ra_b())
    assert script.care_of.packed[8:] != abroad().care_of.packed[8:]
    script.give(link(interrupted=True))
    script.give(ra_a())
    assert script.care_of == abroad().care_of


@pytest.mark.requirement("RFC7217-MN-5-04")
def test_a_reserved_identifier_is_passed_over_for_one_of_another_counter(monkeypatch):
    """By chance it would take all the hosts there are: here the first ones that are made are reserved."""
    made = []

    def reserved_at_first(secret: bytes, network: IPv6Network, interface: str, counter: int) -> bytes:
        made.append(counter)
        reserved = bytes.fromhex("fdffffffffffff80")
        return reserved if len(made) <= 2 else stable_identifier(secret, network, interface, counter)

    monkeypatch.setattr(care_of, "stable_identifier", reserved_at_first)
    script = abroad()
    assert made[:3] == sorted(set(made[:3])), "the counter grows"
    assert script.care_of == address_from(NET_A, stable_identifier(SECRET, NET_A, "eth0", made[2]))


def test_without_a_secret_one_is_drawn_for_the_run():
    script = abroad(stable_secret=b"")
    assert script.care_of != address_from(NET_A, stable_identifier(b"", NET_A, "eth0", 0))


@pytest.mark.requirement("RFC4291-MN-A-01")
def test_addresses_from_the_hardware():
    assert abroad(IdentifierMethod.EUI64).care_of == IPv6Address("2001:db8:a::ff:fe00:42")


def test_hardware_without_such_an_identifier_falls_back():
    script = Script(config(identifier_method=IdentifierMethod.EUI64))
    script.give(link(mac=b""))
    script.give(ra_a())
    assert script.care_of in NET_A


def test_temporary_addresses_are_new_on_every_link():
    script = abroad(IdentifierMethod.TEMPORARY)
    first = script.care_of
    script.give(link(interrupted=True))
    script.give(ra_a())
    assert script.care_of in NET_A
    assert script.care_of != first


@pytest.mark.requirement("RFC8981-MN-3.8-01")
def test_temporary_addresses_are_replaced_in_time():
    script = abroad(IdentifierMethod.TEMPORARY)
    first, start = script.care_of, script.now
    while script.care_of == first:
        assert script.now - start < 90_000
        script.give(ra_a())
        for action in script.pass_time(600.0):
            if updates([action]):
                script.give(ack(action))
            if probes([action]):
                script.give(ra_a())
    # 86400 s, less the middle of the desynchronisation (0 to 34560 s), less 5 s
    assert script.now - start == pytest.approx(86400 - 17280 - 5, abs=600)


def test_a_duplicate_is_replaced_and_registered_anew():
    script = abroad()
    first = script.care_of
    update = only(updates(duplicate(script)))
    assert update.packet.source == script.care_of == address_from(NET_A, stable_identifier(SECRET, NET_A, "eth0", 1))
    assert not script.has_address("eth0", first)
    assert script.problems() >= {ProblemCode.CARE_OF_DUPLICATE}
    script.give(AddressSettled(interface="eth0", address=script.care_of))
    assert ProblemCode.CARE_OF_DUPLICATE not in script.problems()


def test_a_duplicate_of_the_hardwares_falls_back_to_a_stable_one():
    script = abroad(IdentifierMethod.EUI64)
    duplicate(script)
    assert script.care_of == address_from(NET_A, stable_identifier(SECRET, NET_A, "eth0", 1))


def test_it_is_tried_a_few_times_and_again_after_the_next_plug():
    script = abroad()
    seen = {script.care_of}
    for _ in range(IDGEN_RETRIES):
        duplicate(script)
        seen.add(script.care_of)
    assert len(seen) == 1 + IDGEN_RETRIES
    duplicate(script)
    assert script.where is State.SEARCHING
    assert ProblemCode.NO_CARE_OF_ADDRESS in script.problems()
    script.give(link(interrupted=True))
    script.give(ra_a())
    assert script.care_of in seen


def test_when_one_prefix_gives_only_duplicates_the_next_is_used():
    script = Script()
    script.register(advertisement(ROUTER_A, MAC_A, prefix(NET_A, preferred=2000.0), prefix(NET_B, preferred=1000.0)))
    for _ in range(1 + IDGEN_RETRIES):
        assert script.care_of in NET_A
        duplicate(script)
    assert script.care_of in NET_B


def test_other_peoples_duplicates_are_not_ours():
    script = abroad()
    before = script.care_of
    script.give(AddressDuplicate(interface="eth0", address=IPv6Address("2001:db8:a::77")))
    script.give(AddressDuplicate(interface="eth1", address=before))
    assert script.care_of == before


@pytest.mark.requirement("RFC4429-MN-1-01", "MN-11.5.3-05")
def test_the_address_is_optimistic_and_registered_in_the_same_instant():
    script = Script()
    script.give(link())
    assert updates(script.give(ra_a()))
    item = only(each for each in script.state.addresses if each.address == script.care_of)
    assert (item.interface, item.prefix_length, item.home) == ("eth0", 64, False)
    assert item.duplicate_detection is DuplicateDetection.OPTIMISTIC
    settings = {(each.key, each.value) for each in script.state.sysctls}
    assert settings == {("net/ipv6/conf/eth0/optimistic_dad", "1"), ("net/ipv6/conf/eth0/use_optimistic", "1")}


@pytest.mark.requirement("MN-11.5.3-01")
def test_a_deprecated_address_is_replaced_when_there_is_a_better_one():
    script = Script(config(registration_lifetime=Seconds(10_000.0)))
    script.register(advertisement(ROUTER_A, MAC_A, prefix(NET_A, preferred=1000.0), prefix(NET_B, preferred=900.0)))
    assert script.care_of in NET_A
    script.pass_time(850.0)
    script.give(advertisement(ROUTER_A, MAC_A, prefix(NET_B, preferred=900.0)))
    assert script.care_of in NET_A
    script.pass_time(141.0)
    assert script.care_of in NET_B


@pytest.mark.requirement("RFC4862-MN-5.5.4-03")
def test_the_next_one_is_registered_before_the_present_one_is_deprecated():
    script = Script(config(registration_lifetime=Seconds(10_000.0)))
    begin = script.now
    script.register(advertisement(ROUTER_A, MAC_A, prefix(NET_A, preferred=1000.0), prefix(NET_B, preferred=900.0)))
    script.pass_time(850.0)
    script.give(advertisement(ROUTER_A, MAC_A, prefix(NET_B, preferred=900.0)))
    assert not updates(script.pass_time(139.0))
    assert script.care_of in NET_A
    update = updates(script.pass_time(2.0))[0]
    assert update.packet.source == script.care_of in NET_B
    assert script.now < begin + 1000.0


def test_a_life_that_is_always_short_is_no_reason_to_move():
    script = Script()
    short = advertisement(ROUTER_A, MAC_A, prefix(NET_A, preferred=8.0), prefix(NET_B, preferred=6.0))
    script.register(short)
    before = script.care_of
    for _ in range(5):
        script.pass_time(4.0)
        script.give(short)
    assert script.care_of == before


def test_a_deprecated_address_is_kept_while_there_is_no_better_one():
    script = Script()
    script.give(link())
    script.give(advertisement(ROUTER_A, MAC_A, prefix(NET_A, valid=1000.0, preferred=100.0)))
    before = script.care_of
    script.pass_time(500.0)
    assert script.care_of == before


def two_prefixes() -> PacketReceived:
    return advertisement(ROUTER_A, MAC_A, prefix(NET_A, preferred=1000.0), prefix(NET_B, preferred=900.0))


def test_when_nobody_answers_another_prefix_of_the_router_is_tried():
    script = Script()
    script.give(link())
    script.give(two_prefixes())
    assert script.care_of in NET_A
    script.pass_time(12.0)
    assert script.care_of in NET_B, "the network may not route the first one, or somebody made it up"
    script.give(ack(updates(script.actions)[-1]))
    assert script.where is State.REGISTERED
    script.give(two_prefixes())
    assert script.care_of in NET_B


def test_when_nobody_answers_at_any_prefix_the_last_one_stays():
    script = Script()
    script.give(link())
    script.give(two_prefixes())
    script.pass_time(40.0)
    last = script.care_of
    script.pass_time(300.0)
    assert script.care_of == last


def test_a_home_prefix_gives_no_care_of_address_where_it_is_not_home():
    script = Script(config(home(pinned=AGENT_MAC)))
    script.give(link())
    script.give(advertisement(ROUTER_A, MAC_A, prefix(NET_A, preferred=100.0), HOME_PREFIX))
    assert script.care_of in NET_A


@pytest.mark.requirement("RFC4862-MN-5.5.4-02")
def test_an_address_ends_with_its_prefix():
    script = Script()
    script.give(link())
    script.give(advertisement(ROUTER_A, MAC_A, prefix(NET_A, valid=1000.0, preferred=100.0)))
    before = script.care_of
    assert script.has_address("eth0", before)
    script.pass_time(1000.5)
    assert script.where is State.SEARCHING
    assert not script.has_address("eth0", before)
    assert not script.state.tunnels


@pytest.mark.requirement("MN-11.5.4-03")
def test_the_address_before_is_kept_for_a_moment_while_its_link_is_up():
    script = abroad()
    before = script.care_of
    script.pass_time(2.0)
    script.give(ra_a(lifetime=0.0))
    script.give(ra_b())
    assert script.has_address("eth0", before)
    assert only(script.state.tunnels).accept_local == (before,)
    assert only(script.state.tunnels).local == script.care_of
    script.pass_time(PREVIOUS_KEPT + 0.1)
    assert not script.has_address("eth0", before)
    assert only(script.state.tunnels).accept_local == ()


@pytest.mark.requirement("MN-11.5.4-04")
def test_the_addresses_of_a_lost_link_go_at_once():
    script = abroad()
    before = script.care_of
    script.give(link(up=False))
    assert not script.has_address("eth0", before)


def test_a_router_that_returns_gives_the_same_address_back():
    script = abroad()
    before = script.care_of
    script.give(ra_a(lifetime=0.0))
    script.give(ra_a())
    assert script.care_of == before
    assert len([each for each in script.state.addresses if each.address == before]) == 1


def test_no_care_of_address_is_needed_when_all_are_at_home():
    script = Script(config(home()))
    script.give(link())
    script.give(advertisement(ROUTER_A, MAC_A, HOME_PREFIX, NET_A))
    assert [each.address for each in script.state.addresses if each.address in NET_A] == []
