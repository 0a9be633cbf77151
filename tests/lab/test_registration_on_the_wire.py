# SPDX-License-Identifier: GPL-2.0-or-later
"""A journey to two networks and home, recorded on the laptop's cable and on the home link; what RFC 6275 says of it.

The laptop has two home addresses: one with the interface identifier of its link-local address, and one without.
"""

from dataclasses import dataclass, field
from ipaddress import IPv6Address, IPv6Network
from pathlib import Path

import pytest

from mnclient.constants import MAX_NEIGHBOR_ADVERTISEMENT
from mnclient.wire.neighbor_discovery import RouterAdvertisement
from tests.lab.headers import MOBILITY, Seen, packets
from tests.lab.hostile import A, H, K, L
from tests.lab.lab import Lab
from tests.lab.messages import of_kind
from tests.lab.registration_tape import ALTERNATE_CARE_OF, REFRESH_ADVICE, Acknowledgement, Update
from tests.lab.registration_tape import acknowledgements as acknowledgements_in
from tests.lab.registration_tape import updates as updates_in
from tests.lab.roaming import Roaming
from tests.lab.topology import (
    HOME,
    HOME_AGENT_ADDRESS,
    HOME_AGENT_MAC,
    LAPTOP_ETH0_MAC,
    VISITED_A,
    VISITED_A_PREFIX,
    VISITED_B,
    VISITED_B_PREFIX,
)

pytestmark = pytest.mark.lab

BY_HAND = IPv6Address("2001:db8:1::300")
UNSPECIFIED, ALL_NODES = IPv6Address("::"), IPv6Address("ff02::1")
RA, NS, NA = 134, 135, 136
SOURCE_LINK_LAYER, TARGET_LINK_LAYER, PREFIX_INFORMATION, HOME_AGENT_INFORMATION = 1, 2, 3, 8
ROUTER, SOLICITED, OVERRIDE = 0x80, 0x40, 0x20
H_FLAG, R_FLAG = 0x20, 0x20
DETECTION = 1.0  # seconds that duplicate detection takes: one probe, and RetransTimer
NOT_USED = 59  # "no next header"
CROSSING = 0.1  # seconds, for a repetition that leaves while the answer is being read


@dataclass
class Journey:
    """What was seen: `cable` is the laptop's, `link` the home link, `kernel` what `ip` said at the end of each leg."""

    home: IPv6Address
    cable: Path = Path()
    link: Path = Path()
    kernel: dict[str, str] = field(default_factory=dict)

    @property
    def link_local(self) -> IPv6Address:
        """That of the laptop, which has the interface identifier of `home`."""
        return IPv6Address((0xFE80 << 112) | int(self.home) & (1 << 64) - 1)

    def on_cable(self) -> list[Seen]:
        return packets(self.cable)

    def on_link(self) -> list[Seen]:
        return packets(self.link)

    def updates(self) -> list[Update]:
        return updates_in(each for each in self.on_cable() if came_from(each, LAPTOP_ETH0_MAC))

    def acknowledgements(self) -> list[Acknowledgement]:
        return acknowledgements_in(self.on_cable())

    def from_abroad(self) -> list[Update]:
        return [each for each in self.updates() if each.lifetime]

    def on_return(self) -> list[Update]:
        return [each for each in self.updates() if not each.lifetime]


def hardware(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def came_from(seen: Seen, mac: str) -> bool:
    return seen.link_layer[1] == hardware(mac)


def target(seen: Seen) -> IPv6Address:
    return IPv6Address(seen.body[8:24])


def options(data: bytes) -> list[tuple[int, bytes]]:
    """Neighbor Discovery options: type, and all octets behind the length."""
    found = []
    while len(data) >= 8 and data[1]:
        found.append((data[0], data[2 : 8 * data[1]]))
        data = data[8 * data[1] :]
    return found


def announcements(seen: list[Seen], mac: str) -> list[Seen]:
    """Neighbor Advertisements to all nodes, from this hardware address."""
    return [each for each in seen if each.icmp_type == NA and each.destination == ALL_NODES and came_from(each, mac)]


def look(lab: Lab) -> str:
    return lab.laptop.run(["ip", "-6", "-o", "addr", "show", "dev", "eth0"])


def proxies(lab: Lab) -> str:
    return lab.home_agent.run(["ip", "-6", "neigh", "show", "proxy"])


@pytest.fixture(scope="module")
def journey(lab: Lab, roaming: Roaming) -> Journey:
    """All of it, once."""
    made = Journey(roaming.home_addresses()[0].address)
    roaming.laptop.mnctl("home-addresses", "add", str(BY_HAND), "--home-agent", str(HOME_AGENT_ADDRESS))
    roaming.registered_at(HOME)
    with lab.capture(lab.laptop, "eth0", "cable") as cable, lab.capture(lab.home_agent, "home0", "link") as link:
        made.cable, made.link = cable.file, link.file
        lab.move(VISITED_A)
        roaming.registered_at(VISITED_A)
        lab.eventually(lambda: drawn(made) >= MAX_NEIGHBOR_ADVERTISEMENT, within=5.0, what="the home agent repeats")
        made.kernel["proxies"] = proxies(lab)
        left_behind = made.kernel["care-of address"] = str(roaming.home_addresses()[0].care_of_address)
        lab.move(VISITED_B)
        roaming.registered_at(VISITED_B)
        lab.eventually(lambda: left_behind not in look(lab), within=10.0, what="the care-of address of A is gone")
        made.kernel["at B"] = look(lab)
        lab.move(HOME)
        roaming.registered_at(HOME)
        lab.eventually(lambda: told(made) >= MAX_NEIGHBOR_ADVERTISEMENT, within=5.0, what="the laptop repeats")
        made.kernel["proxies at home"] = proxies(lab)
    return made


def drawn(journey: Journey) -> int:
    return sum(target(each) == journey.home for each in announcements(journey.on_link(), HOME_AGENT_MAC))


def told(journey: Journey) -> int:
    return sum(target(each) == journey.home for each in announcements(journey.on_cable(), LAPTOP_ETH0_MAC))


# --- abroad ----------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("MN-11.7.1-01", "MN-11.7.1-04", "MN-11.7.1-16", "MN-11.5.4-02", "MN-6.1.7-03", "ALL-6.1.1-01")
def test_each_home_address_is_registered_from_each_network(journey):
    found = journey.from_abroad()
    for home in (journey.home, BY_HAND):
        for network in (VISITED_A_PREFIX, VISITED_B_PREFIX):
            assert any(each.home_address == home and each.seen.source in network for each in found), (home, network)
    for each in found:
        assert each.seen.destination == HOME_AGENT_ADDRESS
        assert each.has(A) and each.has(H)
        assert each.seen.order == ("home address",) and len(each.seen.home_addresses) == 1
        assert each.seen.source in VISITED_A_PREFIX or each.seen.source in VISITED_B_PREFIX
        assert each.options.get(ALTERNATE_CARE_OF, each.seen.source.packed) == each.seen.source.packed
        assert (each.seen.protocol, each.seen.body[0]) == (MOBILITY, NOT_USED)
        assert each.seen.has_right_checksum


@pytest.mark.requirement("MN-11.7.1-06", "MN-11.7.1-08", "MN-6.1.7-02")
def test_the_flags_say_what_is_so(journey):
    for each in journey.from_abroad():
        assert each.has(L) == (each.home_address == journey.home), "L: the identifiers of both addresses are the same"
        assert not each.has(K), "there is no key management to move"


@pytest.mark.requirement("MN-11.7.1-09")
def test_no_lifetime_is_longer_than_the_addresses_live(journey):
    for each in journey.from_abroad():
        network = IPv6Network((each.seen.source, 64), strict=False).network_address
        valid = [
            option.valid_lifetime
            for packet, message in of_kind(journey.cable, RouterAdvertisement)
            for option in message.prefixes
            if option.prefix == network
        ]
        assert valid and 0 < 4 * each.lifetime <= min(valid)


@pytest.mark.requirement("ALL-9.5.4-02", "ALL-9.5.4-04", "HA-10.3.1-13", "HA-10.3.1-15", "HA-10.3.1-11", "HA-10.3.1-17")
def test_each_is_acknowledged_where_it_came_from(journey):
    """With a type 2 routing header, because it had a Home Address option; and nobody asks for an early refresh."""
    answers = journey.acknowledgements()
    for update in (newest(journey, home, network) for home in homes(journey) for network in NETWORKS):
        answer = next(each for each in answers if (each.sequence, each.home_address) == identity(update))
        assert (answer.seen.destination, answer.seen.routing) == (update.seen.source, update.home_address)
        assert answer.seen.order == ("routing 2",)
        assert answer.status == 0 and not answer.key_management
        assert 0 < answer.lifetime <= update.lifetime
        assert REFRESH_ADVICE not in answer.options
        assert answer.seen.has_right_checksum


NETWORKS = (VISITED_A_PREFIX, VISITED_B_PREFIX)


def homes(journey: Journey) -> tuple[IPv6Address, IPv6Address]:
    return journey.home, BY_HAND


def identity(update: Update) -> tuple[int, IPv6Address]:
    return update.sequence, update.home_address


def newest(journey: Journey, home: IPv6Address, network: IPv6Network) -> Update:
    """The last one from there: those before may have been repeated."""
    return [each for each in journey.from_abroad() if each.home_address == home and each.seen.source in network][-1]


@pytest.mark.requirement("ALL-6.3-01")
def test_the_home_address_option_octet_by_octet(journey):
    found = journey.from_abroad()
    assert found
    for each in found:
        header = bytes((MOBILITY, 2, 1, 2, 0, 0, 201, 16)) + each.home_address.packed
        assert each.seen.octets[6] == 60 and each.seen.octets[40:64] == header


@pytest.mark.requirement("ALL-6.4.1-01")
def test_the_routing_header_octet_by_octet(journey):
    found = [each for each in journey.acknowledgements() if each.seen.routing]
    assert found
    for each in found:
        header = bytes((MOBILITY, 2, 2, 1, 0, 0, 0, 0)) + each.home_address.packed
        assert each.seen.octets[6] == 43 and each.seen.octets[40:64] == header


@pytest.mark.requirement("MN-11.7.3-04")
def test_what_is_acknowledged_is_not_repeated(journey):
    """A repetition would have another number, and be from the same address."""
    sent = {identity(each): each for each in journey.updates()}
    for answer in journey.acknowledgements():
        whence = sent[answer.sequence, answer.home_address].seen.source
        later = [each for each in journey.updates() if each.home_address == answer.home_address]
        later = [each for each in later if each.seen.source == whence and each.seen.at > answer.seen.at + CROSSING]
        assert later == []


@pytest.mark.requirement("MN-11.5.3-01", "MN-11.5.4-04")
def test_the_care_of_address_of_the_network_that_was_left_is_gone(journey):
    there = [IPv6Address(line.split()[3].partition("/")[0]) for line in journey.kernel["at B"].splitlines()]
    care_of = newest(journey, journey.home, VISITED_B_PREFIX).seen.source
    assert care_of in there and IPv6Address(journey.kernel["care-of address"]) in VISITED_A_PREFIX
    assert IPv6Address(journey.kernel["care-of address"]) not in there


# --- the home link, meanwhile ----------------------------------------------------------------------------------------


@pytest.mark.requirement("HA-10.3.1-08", "HA-10.3.1-09")
def test_the_home_agent_asks_who_has_it_before_its_first_answer_and_never_again(journey):
    """With L for the link-local address as well."""
    probes = [
        each
        for each in journey.on_link()
        if each.icmp_type == NS and each.source == UNSPECIFIED and came_from(each, HOME_AGENT_MAC)
    ]
    assert sorted(map(target, probes)) == sorted((journey.home, journey.link_local, BY_HAND))
    for home in homes(journey):
        first = next(each for each in journey.acknowledgements() if each.home_address == home)
        asked = next(each for each in probes if target(each) == home)
        assert first.seen.at - asked.at > 0.9 * DETECTION


@pytest.mark.requirement("HA-10.4.1-01", "HA-10.4.1-02")
def test_it_draws_the_packets_of_the_absent_to_itself(journey):
    found = announcements(journey.on_link(), HOME_AGENT_MAC)
    assert {target(each) for each in found} >= {journey.home, journey.link_local, BY_HAND}
    for address in (journey.home, journey.link_local, BY_HAND):
        mine = [each for each in found if target(each) == address]
        assert 1 <= len(mine) <= MAX_NEIGHBOR_ADVERTISEMENT
        for each in mine:
            assert each.body[4] & (ROUTER | SOLICITED | OVERRIDE) == OVERRIDE
            assert options(each.body[24:]) == [(TARGET_LINK_LAYER, hardware(HOME_AGENT_MAC))]
            assert each.source not in (journey.home, journey.link_local, BY_HAND)
    assert all(str(each) in journey.kernel["proxies"] for each in (journey.home, journey.link_local, BY_HAND))


@pytest.mark.requirement("HA-7.1-01", "HA-7.2-01", "HA-7.4-02", "HA-7.5-03")
def test_its_router_advertisements_say_that_it_is_one(journey):
    found = [each for each in journey.on_link() if each.icmp_type == RA and came_from(each, HOME_AGENT_MAC)]
    assert found
    for each in found:
        there = options(each.body[16:])
        assert each.body[5] & H_FLAG
        assert (SOURCE_LINK_LAYER, hardware(HOME_AGENT_MAC)) in there
        prefixes = [data for kind, data in there if kind == PREFIX_INFORMATION]
        assert any(data[1] & R_FLAG and data[14:30] == HOME_AGENT_ADDRESS.packed for data in prefixes)
        assert HOME_AGENT_INFORMATION not in [kind for kind, _ in there], "it would say the defaults"


# --- and home --------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("MN-11.5.5-02", "MN-6.1.7-04", "MN-11.7.1-13")
def test_on_the_home_link_the_binding_is_given_up_from_the_home_address(journey):
    found = journey.on_return()
    assert {each.home_address for each in found} == set(homes(journey))
    for each in found:
        assert (each.seen.source, each.seen.order, each.lifetime) == (each.home_address, (), 0)
        assert each.has(A) and each.has(H)
        assert each.seen.destination == HOME_AGENT_ADDRESS
        assert each.options.get(ALTERNATE_CARE_OF, each.home_address.packed) == each.home_address.packed


@pytest.mark.requirement("MN-11.5.5-05")
def test_it_is_sent_to_the_hardware_address_that_was_advertised(journey):
    """Without asking for it."""
    first = journey.on_return()[0]
    assert all(each.seen.link_layer[0] == hardware(HOME_AGENT_MAC) for each in journey.on_return())
    asked = [each for each in journey.on_cable() if each.icmp_type == NS and came_from(each, LAPTOP_ETH0_MAC)]
    assert [each for each in asked if target(each) == HOME_AGENT_ADDRESS and each.at <= first.seen.at] == []


@pytest.mark.requirement("HA-10.3.2-02", "HA-10.3.2-03", "HA-10.3.2-05", "ALL-9.5.4-04")
def test_the_home_agent_lets_it_go(journey):
    answers = [each for each in journey.acknowledgements() if each.seen.routing is None]
    assert {each.home_address for each in answers} == set(homes(journey))
    given_up = {identity(each) for each in journey.on_return()}
    for each in answers:
        assert (each.sequence, each.home_address) in given_up
        assert (each.status, each.lifetime, each.seen.order) == (0, 0, ())
        assert REFRESH_ADVICE not in each.options
    assert "2001:db8:1:" in journey.kernel["proxies"]
    assert journey.kernel["proxies at home"] == ""


@pytest.mark.requirement("MN-11.5.5-06")
def test_no_duplicates_are_looked_for_of_what_was_defended_all_the_time(journey):
    away = journey.from_abroad()[-1].seen.at
    sent = [each for each in journey.on_cable() if each.icmp_type == NS and each.source == UNSPECIFIED]
    probed = {target(each) for each in sent if came_from(each, LAPTOP_ETH0_MAC) and each.at > away}
    assert probed & {journey.home, journey.link_local, BY_HAND} == set()


@pytest.mark.requirement("MN-11.5.5-09", "MN-11.5.5-10", "RFC4861-MN-7.2.6-01")
def test_the_home_link_is_told_that_it_is_back(journey):
    found = announcements(journey.on_cable(), LAPTOP_ETH0_MAC)
    let_go: dict[IPv6Address, float] = {}
    for each in journey.acknowledgements():
        if each.seen.routing is None:
            let_go.setdefault(each.home_address, each.seen.at)  # the first: a question may be repeated
    for address, home in ((journey.home, journey.home), (journey.link_local, journey.home), (BY_HAND, BY_HAND)):
        mine = [each for each in found if target(each) == address]
        assert 1 <= len(mine) <= MAX_NEIGHBOR_ADVERTISEMENT
        for each in mine:
            assert each.at > let_go[home], "not before the home agent has answered"
            assert each.body[4] & (SOLICITED | OVERRIDE) == OVERRIDE
            assert (TARGET_LINK_LAYER, hardware(LAPTOP_ETH0_MAC)) in options(each.body[24:])
