# SPDX-License-Identifier: GPL-2.0-or-later
"""Registrations that prove themselves (RFC 4285): nobody is believed without the key, and nothing is believed twice."""

import json

import pytest
from scapy.utils import rdpcap

from tests.lab import hostile
from tests.lab.hostile import Stranger
from tests.lab.hostile_cases import to_agent
from tests.lab.household import Household
from tests.lab.person import is_told, problem_texts
from tests.lab.topology import HOME, HOME_AGENT_ADDRESS, VISITED_A, VISITED_B
from tests.lab.traffic import call_from_outside
from tests.lab.trial import counters
from tests.service.tshark_compare import disagreements

pytestmark = pytest.mark.lab

KEY, OTHER_KEY = "00112233445566778899aabbccddeeff", "ff" * 16
ETHERNET = 14  # octets of its header
TO_AGENT, TO_LAPTOP = "1256", "2256"
LAPTOP, AGENT = "mobile_node.allow_unprotected_signalling", "home_agent.allow_unprotected_signalling"
"""The settings that would let unprotected registrations pass."""


@pytest.fixture(scope="module")
def house(lab, roaming):
    """Both ends have the key of the laptop's home address, and neither may go without."""
    home = Household(lab, home_agent=roaming.home_agent, laptop=roaming.laptop)
    home.home_agent.mnctl("settings", "set", AGENT, "false")
    home.laptop.mnctl("settings", "set", LAPTOP, "false")
    install(home, KEY)
    return home


def install(house, key, *, at_agent=True, at_laptop=True):
    """`mnctl keys set` at both ends, as two people would."""
    address = str(house.home_addresses()[0].address)
    file = house.lab.laptop.folder / "secret"
    file.write_text(key)
    for service, is_wanted, spi_in, spi_out in (
        (house.home_agent, at_agent, TO_AGENT, TO_LAPTOP),
        (house.laptop, at_laptop, TO_LAPTOP, TO_AGENT),
    ):
        if is_wanted:
            place = [address, str(HOME_AGENT_ADDRESS), "--kind", "rfc4285", "--algorithm", "hmac-sha1-96"]
            spis = ["--spi-in", spi_in, "--spi-out", spi_out]
            service.mnctl("keys", "set", *place, *spis, "--secret-file", str(file))


@pytest.mark.requirement("RFC4285-MN-5.1.1-01")
@pytest.mark.requirement("RFC4285-HA-5.1.1-01")
@pytest.mark.requirement("RFC4285-MN-4-01")
@pytest.mark.requirement("RFC4285-HA-6-04")
def test_a_tour_under_the_key(lab, house, home_address):
    with lab.capture(lab.home_agent, "core0") as core, lab.capture(lab.home_agent, "home0") as home:
        for link in (VISITED_A, VISITED_B, HOME):
            lab.move(link)
            house.registered_at(link)
            call_from_outside(lab, home_address)
            (entry,) = house.home_addresses()
            assert entry.protected
    assert "not protected" not in problem_texts(house.laptop)
    for capture in (core, home):
        assert disagreements(capture.file) == []
        told = house.laptop.mnctl_process("decode", str(capture.file))
        messages = [json.loads(line) for line in told.stdout.splitlines()]
        bound = [each for each in messages if each["message"].startswith("Binding")]
        assert bound
        for each in bound:
            assert "MobilityMessageAuthentication" in json.dumps(each), "it does not prove itself"
            assert "MessageIdentification" in json.dumps(each), "it does not say when it was made"
        assert KEY not in told.stdout


@pytest.mark.requirement("RFC4285-ALL-5-03")
def test_a_forged_registration_moves_nothing(lab, house, home_address):
    lab.move(VISITED_A)
    house.registered_at(VISITED_A)
    before = house.bound()
    with Stranger(lab.correspondent, "core0") as stranger:
        refused = counters(house.home_agent).get("bu.discarded.unprotected", 0)
        stranger.send(to_agent(hostile.update(sequence=9000), home_address))
        lab.eventually(
            lambda: counters(house.home_agent).get("bu.discarded.unprotected", 0) == refused + 1,
            within=5.0,
            what="the home agent has counted it",
        )
        assert stranger.received() == []
    assert house.bound() == before
    call_from_outside(lab, home_address)


@pytest.mark.requirement("RFC4285-HA-6-01")
@pytest.mark.requirement("RFC4285-HA-6-02")
def test_a_registration_played_again_moves_nothing(lab, house, home_address, any_time):
    """The laptop has been home meanwhile, where its binding is deleted: the old registration would make one again."""
    packets = registrations(lab, house, VISITED_B)
    lab.move(HOME)
    house.registered_at(HOME)
    played_again(lab, house, packets)
    assert house.bound() == {}
    call_from_outside(lab, home_address)


@pytest.mark.requirement("RFC4285-HA-6-01")
def test_nor_one_from_before_a_restart(lab, house, home_address, any_time):
    """By its time alone: as old as it is, its sequence number would be looked at next."""
    packets = registrations(lab, house, VISITED_A)
    house.home_agent.restart()
    lab.eventually(house.home_agent.is_ready, within=15.0, what="the home agent is back")
    played_again(lab, house, packets)
    assert list(house.bound()) == [str(home_address)]
    call_from_outside(lab, home_address)


@pytest.fixture
def any_time(house):
    """The home agent takes timestamps of the last hour, so that what it refuses is refused for not being newer."""
    house.home_agent.mnctl("settings", "set", "home_agent.replay_window", "3600")
    yield
    house.home_agent.mnctl("settings", "set", "home_agent.replay_window", "7")


def registrations(lab, house, link):
    """The Binding Updates of a move, as the home agent saw them."""
    with lab.capture(lab.home_agent, "core0") as core:
        lab.move(link)
        house.registered_at(link)
    updates = [packet for frame in rdpcap(str(core.file)) if is_update(packet := bytes(frame)[ETHERNET:])]
    assert updates
    return updates


def played_again(lab, house, packets):
    """Somebody sends them once more; each is refused for its time (status 144)."""
    with Stranger(lab.correspondent, "core0") as stranger:
        refused = counters(house.home_agent).get("bu.refused.144", 0)
        for packet in packets:
            stranger.send(packet)
        lab.eventually(
            lambda: counters(house.home_agent).get("bu.refused.144", 0) == refused + len(packets),
            within=5.0,
            what="the home agent has refused it",
        )


def is_update(packet):
    """A Binding Update behind a Home Address option of 24 octets."""
    return packet[6] == hostile.DESTINATION_OPTIONS and packet[40] == hostile.MOBILITY and packet[66] == hostile.BU


@pytest.mark.requirement("RFC4285-HA-5.1.1-02")
def test_different_keys_are_told_apart(lab, house, home_address):
    install(house, OTHER_KEY, at_agent=False)
    lab.move(VISITED_A)
    house.is_in_state("registering")
    is_told(lab, house.laptop, "The home agent does not accept the key", within=10.0)
    assert "Install the same key at both ends" in problem_texts(house.laptop)
    assert house.bound() == {}
    assert OTHER_KEY not in house.laptop.log(10_000) and KEY not in house.home_agent.log(10_000)
    install(house, KEY, at_agent=False)
    house.registered_at(VISITED_A)
    assert "does not accept" not in problem_texts(house.laptop)
    call_from_outside(lab, home_address)


def test_neither_end_forgets_over_a_restart(lab, house, home_address):
    lab.move(VISITED_A)
    house.registered_at(VISITED_A)
    house.home_agent.restart()
    house.laptop.restart()
    house.registered_at(VISITED_A)
    lab.move(VISITED_B)
    house.registered_at(VISITED_B)
    (entry,) = house.home_addresses()
    assert entry.protected
    call_from_outside(lab, home_address)
