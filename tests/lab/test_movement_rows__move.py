# SPDX-License-Identifier: GPL-2.0-or-later
"""One journey with everything on the laptop's cable recorded, and what the RFCs say of it, row by row."""

import time
from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.constants import MINIMUM_DOUBT
from tests.lab.discovery import (
    ADVERTISEMENT,
    NOWHERE,
    ROUTER_ADVERTISEMENT,
    ROUTER_SOLICITATION,
    SOLICITATION,
    Tape,
    solicited_node,
)
from tests.lab.journey import BY_HAND, LINK_LOCAL, Journey, on_eth0, travel
from tests.lab.lab import Lab
from tests.lab.topology import (
    HOME_PREFIX,
    LAPTOP_ETH0_MAC,
    VISITED_A,
    VISITED_A_PREFIX,
    VISITED_B,
    VISITED_B_PREFIX,
)

pytestmark = pytest.mark.lab

ROUTER_A, ROUTER_A_MAC = IPv6Address("fe80::ff:fe00:201"), "02:00:00:00:02:01"
OTHER_PREFIX = IPv6Network("2001:db8:2:5::/64")
DHCPV6_CLIENT = (546).to_bytes(2)
DETECTION = 1.0  # seconds that duplicate detection takes: one probe, and RetransTimer


@pytest.fixture(scope="module")
def journey(lab: Lab) -> Journey:
    return travel(lab)


# --- duplicate detection ---------------------------------------------------------------------------------------------


@pytest.mark.requirement("RFC4862-MN-5.3-01")
def test_an_interface_that_is_enabled_has_a_link_local_address(journey):
    for when in ("home", "A", "A again", "B", "home again"):
        assert LINK_LOCAL in on_eth0(journey.seen[when])


@pytest.mark.requirement("RFC4862-MN-5.4-01", "RFC4862-MN-5.4.2-02")
def test_every_address_is_probed_for_once_before_it_is_assigned_whatever_its_origin(journey):
    assigned = set.union(*(on_eth0(text) for name, text in journey.seen.items() if name in ("home", "A", "B")))
    assert {journey.home_address, BY_HAND, LINK_LOCAL, journey.care_of["A"], journey.care_of["B"]} <= assigned
    for address in assigned:
        assert journey.detections(address), f"{address} was not probed for"
    for address in (journey.home_address, BY_HAND, journey.care_of["A"]):
        assert len(journey.detections(address)) == 1, f"{address}: DupAddrDetectTransmits is 1"
    for each in journey.mine(SOLICITATION):
        assert each.source != NOWHERE or each.destination == solicited_node(each.target)
        assert each.source != NOWHERE or 1 not in each.options, "a probe that says the hardware address"


@pytest.mark.requirement("RFC4429-MN-3.1-01")
def test_an_address_typed_by_a_person_is_tentative_and_not_optimistic(journey):
    line = journey.seen["by hand"]
    assert "tentative" in line
    assert "optimistic" not in line
    assert len(journey.detections(BY_HAND)) == 1


@pytest.mark.requirement("RFC4429-MN-3.3-01", "MN-11.5.3-05")
def test_the_probe_of_a_care_of_address_is_not_delayed(journey):
    """Random delays are up to a second; here both probes follow the advertisement at once."""
    waits = []
    for begin, address in (("A", journey.care_of["A"]), ("B, advertised", journey.care_of["B"])):
        probe = next(each for each in journey.detections(address) if each.at >= journey.at[begin])
        told = [each for each in journey.tape.heard(ROUTER_ADVERTISEMENT) if journey.at[begin] <= each.at < probe.at]
        waits.append(probe.at - told[0].at)
    assert min(waits) < 0.2
    assert max(waits) < 0.5


# --- optimistic addresses --------------------------------------------------------------------------------------------


@pytest.mark.requirement("RFC4429-MN-3.2-01")
def test_no_solicitation_from_an_optimistic_address_says_the_hardware_address(journey):
    """The interface was set up anew: its link-local address is optimistic for a second."""
    asked = [
        each
        for each in journey.between(journey.mine(ROUTER_SOLICITATION), "down and up", "home again")
        if each.at < journey.detections(LINK_LOCAL)[-1].at + DETECTION
    ]
    assert asked
    assert journey.detections(LINK_LOCAL)[-1].at > journey.at["down and up"]
    assert {each.source for each in asked} <= {NOWHERE, LINK_LOCAL}
    for each in asked:
        assert not each.options, f"from {each.source}"


@pytest.mark.requirement("RFC4429-MN-1-01")
def test_the_binding_update_does_not_wait_for_the_detection(journey):
    for name in ("A", "B"):
        sent = [at for at, packet in journey.tape.packets() if packet[6] == 60 and packet[66] == 5
                and IPv6Address(packet[8:24]) == journey.care_of[name]]  # fmt: skip
        assert sent[0] - journey.detections(journey.care_of[name])[0].at < DETECTION / 2


@pytest.mark.requirement("MN-11.5.1-02")
def test_where_the_interface_was_set_up_anew_its_link_local_address_is_probed_for_before_all_else(journey):
    tested = journey.detections(LINK_LOCAL)[-1].at
    sent = [
        at
        for at, packet in journey.tape.packets()
        if IPv6Address(packet[8:24]) == journey.care_of["B"]
        and journey.at["down and up"] < at < journey.at["home again"]
    ]
    assert journey.at["down and up"] < tested < min(sent)


@pytest.mark.requirement("RFC4429-MN-3.2-02")
def test_no_neighbour_is_solicited_from_an_optimistic_address(journey):
    for address in (*journey.care_of.values(), LINK_LOCAL):
        probes = [each for each in journey.detections(address) if each.at >= journey.at["A"]]
        assert probes
        for probe in probes:
            meanwhile = [each for each in journey.mine(SOLICITATION) if 0 <= each.at - probe.at < DETECTION - 0.05]
            assert address not in {each.source for each in meanwhile}


# --- what is never said on a foreign link ----------------------------------------------------------------------------


@pytest.mark.requirement("RFC6724-MN-5-06")
def test_on_a_foreign_link_the_home_address_is_source_of_no_neighbor_discovery_nor_dhcp(journey):
    homes = {journey.home_address, BY_HAND}
    abroad = journey.between(journey.mine(133, 134, 135, 136, 137), "A", "home again")
    assert abroad
    assert not homes & {each.source for each in abroad}
    assert not homes & {each.target for each in abroad if each.kind == ADVERTISEMENT}
    for at, packet in journey.tape.packets():
        is_dhcp = packet[6] == 17 and packet[40:42] == DHCPV6_CLIENT
        if is_dhcp and journey.at["A"] <= at < journey.at["home again"]:
            assert IPv6Address(packet[8:24]) not in homes


# --- attachment (RFC 6059) -------------------------------------------------------------------------------------------


@pytest.mark.requirement("RFC6059-MN-5.6.2-01", "MN-11.5.1-06")
def test_solicitations_beside_probes_of_known_routers_do_not_say_the_hardware_address(journey):
    for begin, end in (("A again", "B"), ("B", "B, advertised")):
        asked = journey.between(journey.mine(ROUTER_SOLICITATION), begin, end)
        if begin == "A again":  # nobody else; later on the router may be doubted, and then there is one to answer
            asked = [each for each in asked if each.at < journey.at["A again, plugged"] + MINIMUM_DOUBT]
        assert asked
        assert not [each for each in asked if 1 in each.options]


@pytest.mark.requirement("RFC6059-MN-5.5.2-01", "RFC6059-MN-5.6.1-01", "RFC6059-MN-5.5.3-01")
def test_a_known_router_is_asked_by_its_names_on_the_link_and_of_the_hardware_beside_all_others(journey):
    probes = [each for each in journey.between(journey.mine(SOLICITATION), "A again", "B") if each.target == ROUTER_A]
    assert {(each.destination, each.hardware_destination) for each in probes} == {(ROUTER_A, ROUTER_A_MAC)}
    assert (probes[0].source, probes[0].options[1].hex(":")) == (LINK_LOCAL, LAPTOP_ETH0_MAC)
    asked = journey.between(journey.mine(ROUTER_SOLICITATION), "A again", "B")
    assert abs(probes[0].at - asked[0].at) < 0.4, "a repetition comes after 0.5 s"


@pytest.mark.requirement("RFC6059-MN-5.5.1-01", "RFC4861-MN-6.3.7-03")
def test_a_link_that_comes_up_is_solicited_once_at_once_from_the_link_local_address(journey):
    """A random delay could be a second. `plugged` is when the cable was in."""
    waits = []
    for name in ("A", "A again"):
        first, *later = journey.between(journey.mine(ROUTER_SOLICITATION), name, f"{name}, registered")
        assert first.source == LINK_LOCAL
        asked = [each.at for each in journey.mine(SOLICITATION) if each.target == each.destination == ROUTER_A]
        assert not [each for each in later if not any(abs(each.at - at) < 0.4 for at in asked)], "no doubt"
        waits.append(first.at - journey.at[f"{name}, plugged"])
    assert min(waits) < 0.2
    assert max(waits) < 0.5


@pytest.mark.requirement("RFC4861-MN-6.3.7-01")
def test_every_time_the_link_comes_up_routers_are_solicited(journey):
    for begin, end in (("A", "hanging"), ("A again", "B"), ("B", "B, advertised"), ("down and up", "home again")):
        assert journey.between(journey.mine(ROUTER_SOLICITATION), begin, end), begin


@pytest.mark.requirement("RFC6059-MN-5.4-01", "MN-11.5.4-04")
def test_after_the_link_was_lost_no_address_is_operable_and_no_router_counts_as_reachable(journey):
    assert journey.care_of["A"] not in on_eth0(journey.seen["hanging"])
    assert "REACHABLE" not in journey.seen["neighbours, hanging"]
    assert journey.seen["B, status"] == "None"
    assert not [each for each in on_eth0(journey.seen["B, silent"]) if each in journey.care_of.values()]


@pytest.mark.requirement("RFC6059-MN-5.8-02")
def test_where_no_known_router_answers_a_new_address_is_formed_and_registered(journey):
    probed = journey.between(journey.mine(SOLICITATION), "B", "B, advertised")
    assert ROUTER_A in {each.target for each in probed}, "the known one is asked"
    assert journey.care_of["B"] in VISITED_B_PREFIX
    assert journey.detections(journey.care_of["B"])[0].at > journey.at["B, advertised"]


@pytest.mark.requirement("RFC6059-MN-5.8-01")
def test_back_on_a_known_link_the_address_is_not_detected_again(journey):
    assert journey.care_of["A again"] == journey.care_of["A"]
    assert len(journey.detections(journey.care_of["A"])) == 1
    assert journey.detections(journey.care_of["A"])[0].at < journey.at["hanging"]


# --- identifiers and groups ------------------------------------------------------------------------------------------


@pytest.mark.requirement("RFC4291-MN-2.5.1-01")
def test_home_and_care_of_addresses_have_identifiers_of_64_bits(journey):
    for address, network in (
        (journey.home_address, HOME_PREFIX),
        (journey.care_of["A"], VISITED_A_PREFIX),
        (journey.care_of["B"], VISITED_B_PREFIX),
    ):
        assert network.prefixlen == 64
        assert address in network
        assert IPv6Network((int(address) >> 64 << 64, 64)) == network
    for name in ("A", "B"):
        assert f"{journey.care_of[name]}/64 " in journey.seen[name]


@pytest.mark.requirement("RFC4291-MN-A-01", "RFC4291-MN-A-05")
def test_the_home_address_has_the_identifier_of_the_link_local_address_and_the_binding_update_says_so(journey):
    assert journey.home_address.packed[8:] == LINK_LOCAL.packed[8:]
    assert binding_updates(journey) == {(journey.home_address, True), (BY_HAND, False)}


def binding_updates(journey: Journey) -> set[tuple[IPv6Address, bool]]:
    """Of each Binding Update with a Home Address option: that address, and whether L is set."""
    found = set()
    for _, packet in journey.tape.packets():
        option = packet[40:64]
        if packet[6] == 60 and option[0] == 135 and packet[66] == 5:  # Destination Options, then a Binding Update
            found.add((IPv6Address(option[8:24]), bool(packet[72] & 0x20)))
    return found


@pytest.mark.requirement("RFC4291-MN-2.7.1-01")
def test_back_home_the_group_of_the_home_address_is_joined(journey):
    joined = {IPv6Address(line.split()[1]) for line in journey.seen["groups"].splitlines() if "inet6 ff02" in line}
    assert joined >= {solicited_node(each) for each in (journey.home_address, BY_HAND, LINK_LOCAL)}
    assert joined >= {solicited_node(each) for each in on_eth0(journey.seen["home again"])}
    assert solicited_node(BY_HAND) == IPv6Address("ff02::1:ff00:300")
    assert IPv6Address("ff02::1") in joined


# --- after the journey -----------------------------------------------------------------------------------------------


@pytest.mark.requirement("RFC6059-MN-5.7.2-01", "RFC6059-MN-5.7.3.1-01")
def test_a_known_router_with_another_prefix_is_believed_rather_than_what_was_known_of_it(lab, journey):
    """It answers the probe, so the old address counts again for a moment; then it advertises."""
    router = lab.routers[VISITED_A]
    router.stop()
    router.node.ip(f"addr add {OTHER_PREFIX[1]}/64 dev lan0 nodad")
    router.prefix = OTHER_PREFIX
    router.start()
    with Tape(lab.laptop, "eth0") as tape:
        lab.move(VISITED_A)
        lab.eventually(
            lambda: (journey.roaming.home_addresses()[0].care_of_address or NOWHERE) in OTHER_PREFIX, within=5.0
        )
        answers = [each for each in tape.heard(ADVERTISEMENT) if each.target == ROUTER_A]
    assert [each.flags for each in answers][:1] == ["RS"]
    lab.eventually(lambda: journey.roaming.home_addresses()[0].registered, within=5.0)


@pytest.mark.requirement(
    "RFC4861-MN-6.3.7-02", "RFC4861-MN-6.3.7-04", "RFC7559-MN-2-01", "RFC4861-MN-4.1-03", "RFC7559-MN-2-02"
)
def test_started_on_a_silent_link_the_service_solicits_by_the_letter(lab, journey):
    """The first one within a second, the second one four seconds later, more or less a tenth, and the third one after
    twice that time. The kernel keeps quiet: for it nothing has happened."""
    lab.routers[VISITED_B].stop()
    lab.move(VISITED_B)
    laptop = journey.roaming.laptop
    laptop.stop()
    with Tape(lab.laptop, "eth0") as tape:
        laptop.start()
        lab.eventually(laptop.is_ready, within=15.0)
        ready = time.time()
        lab.eventually(lambda: len(tape.heard(ROUTER_SOLICITATION)) >= 3, within=18.0)
        asked = tape.heard(ROUTER_SOLICITATION)[:3]
    first, second, third = (each.at for each in asked)
    assert first < ready + 1.0
    assert second - first == pytest.approx(4.0, abs=0.9)
    assert (third - second) / (second - first) == pytest.approx(2.0, abs=0.15)
    for each in asked:
        assert (each.source, each.options[1].hex(":")) == (LINK_LOCAL, LAPTOP_ETH0_MAC)
