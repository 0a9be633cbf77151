# SPDX-License-Identifier: GPL-2.0-or-later
"""What nobody should send, sent to a running home agent and to a running laptop abroad.

For each packet: what comes back on the wire, which counter it moves, and that nothing else has changed. That a packet
was dealt with, and nothing more is to come, is known from one behind it that the same socket takes and only counts.
"""

import time
from dataclasses import replace
from ipaddress import IPv6Address
from pathlib import Path
from random import Random

import pytest

from tests.lab import hostile, hostile_rows
from tests.lab.asking import ask
from tests.lab.bulk import send_bulk
from tests.lab.discovery import frame
from tests.lab.headers import packets
from tests.lab.hostile import (
    BA,
    BE,
    BU,
    DESTINATION_OPTIONS,
    MOBILITY,
    acknowledgement,
    error,
    frames,
    home_option,
    ipv6,
    mobility,
    update,
)
from tests.lab.hostile_cases import (
    AGENT,
    AT_THE_HOME_AGENT,
    AT_THE_LAPTOP,
    NO_HOME,
    NOBODY,
    OUTSIDE,
    STRANGER,
    UNKNOWN_TYPE,
    Case,
    World,
    cut,
    discarded,
    to_agent,
    to_laptop,
)
from tests.lab.hostile_rows import with_rows
from tests.lab.topology import BRIDGES, HOME, HOME_AGENT_MAC, VISITED_A
from tests.lab.traffic import reachable_from_outside
from tests.lab.trial import Trial, counters

pytestmark = pytest.mark.lab

MAC = bytes.fromhex("02bad0bad002")


@pytest.fixture
def world(abroad):
    (entry,) = ask(abroad.home_agent)[1]
    return World(entry.home_address, entry.care_of_address, entry.sequence)


def what_must_stay(roaming):
    """The binding at the home agent, and what the laptop thinks of itself; it verifies that now and then."""
    laptop = ask(roaming.laptop)[0].engine
    homes = tuple(replace(each, verified=None, verified_at=None) for each in laptop.home_addresses)
    return ask(roaming.home_agent)[1], homes, laptop.binding_update_list, laptop.phase


def run(trial: Trial, case: Case, world: World) -> None:
    answers = [each.format(next=world.sequence + 1, **vars(world)) for each in case.answers]
    trial.run(case.packet(world), answers, case.counted)


@pytest.mark.parametrize("name", with_rows(AT_THE_HOME_AGENT, hostile_rows.AT_THE_HOME_AGENT))
def test_the_home_agent(lab, abroad, stranger, world, name):
    """The option is known whatever the roles, so its sender hears of the binding, and not of the option."""
    before = what_must_stay(abroad)
    behind = ipv6(STRANGER, AGENT, MOBILITY, mobility(BU, update(1, flags=0), STRANGER, AGENT))
    trial = Trial(lab, abroad.home_agent, stranger, behind, discarded("correspondent"))
    run(trial, AT_THE_HOME_AGENT[name], world)
    assert what_must_stay(abroad) == before


@pytest.mark.parametrize("name", with_rows(AT_THE_LAPTOP, hostile_rows.AT_THE_LAPTOP))
def test_the_laptop(lab, abroad, stranger, world, name):
    before = what_must_stay(abroad)
    behind = to_laptop(world, BA, acknowledgement(0, 1), source=STRANGER)
    run(Trial(lab, abroad.laptop, stranger, behind, NO_HOME), AT_THE_LAPTOP[name], world)
    assert what_must_stay(abroad) == before


@pytest.mark.requirement("ALL-9.5.4-03", "ALL-9.3.3-01")
@pytest.mark.parametrize("source", ["::", "::1", "ff02::1", "ff0e::1"])
def test_what_comes_from_an_address_that_is_not_one_nodes_is_not_answered(lab, abroad, stranger, source):
    """An update, and an unknown type: on the home link, because no router takes them further."""
    before, bound = counters(abroad.home_agent), ask(abroad.home_agent)[1]
    behind = ipv6(STRANGER, AGENT, MOBILITY, mobility(BU, update(1, flags=0), STRANGER, AGENT))
    forged = [to_agent(update(7), NOBODY, source=source), to_agent(bytes(10), NOBODY, kind=UNKNOWN_TYPE, source=source)]
    name = "bu.discarded.correspondent"
    with (
        lab.capture(lab.home_agent, "home0", "from-nobody") as near,
        lab.capture(lab.home_agent, "core0", "from-nobody-far") as far,
        frames(lab.nodes["switch"], BRIDGES[HOME]) as onto_home_link,
    ):
        for packet in forged:
            onto_home_link.send(frame(packet, MAC, bytes.fromhex(HOME_AGENT_MAC.replace(":", ""))))
        lab.eventually(lambda: came(near.file, source) == len(forged), within=5.0, what="they are on the link")
        stranger.send(behind)
        lab.eventually(lambda: counters(abroad.home_agent).get(name, 0) > before.get(name, 0), within=5.0)
    seen = [each for file in (near.file, far.file) for each in packets(file)]
    assert [each for each in seen if each.message in ("BA", "BE")] == []
    assert ask(abroad.home_agent)[1] == bound


def came(file: Path, source: str) -> int:
    seen = packets(file) if file.exists() else []
    return sum(bool(each.message) and str(each.source) == source for each in seen)


@pytest.mark.requirement("MN-11.3.6-02")
def test_a_forged_unknown_binding_costs_one_more_registration(lab, abroad, stranger, world):
    """Status 1 from the home agent's address cannot be told from a true one: the laptop registers anew, and stays."""
    stranger.send(to_laptop(world, BE, error(1, world.home)))

    def again() -> bool:
        (entry,) = ask(abroad.home_agent)[1]
        return entry.sequence == world.sequence + 1 and entry.care_of_address == world.care_of

    lab.eventually(again, within=5.0, what="the laptop registers again")
    abroad.registered_at(VISITED_A)
    lab.eventually(reachable_from_outside(lab, world.home), within=5.0)


@pytest.mark.requirement("ALL-9.3.3-03")
def test_answers_to_a_flood_are_few(lab, abroad, stranger):
    before = counters(abroad.home_agent)["malformed.unknown-type"]
    stranger.received()
    begun = time.monotonic()
    for _ in range(200):
        stranger.send(to_agent(bytes(10), kind=UNKNOWN_TYPE))
    lab.eventually(lambda: counters(abroad.home_agent)["malformed.unknown-type"] == before + 200, within=5.0)
    took = time.monotonic() - begun
    assert 1 <= len(stranger.received()) <= 10 * (took + 2)  # ten a second, and ten at once


def noise(random: Random, destination: IPv6Address) -> bytes:
    """Something like signalling, for no home address of ours."""
    kind, data = random.choice([random.randrange(256), BU, BU, BA, BE]), random.randbytes(random.randrange(0, 80))
    header = mobility(kind, data, OUTSIDE, destination)
    packet = ipv6(STRANGER, destination, DESTINATION_OPTIONS, home_option(MOBILITY, OUTSIDE) + header)
    octets = bytearray(packet)
    for _ in range(random.choice([0, 0, 1, 3])):
        octets[random.randrange(40, 48)] = random.randrange(256)
    return cut(bytes(octets), random.randrange(1, len(octets) - 39)) if random.random() < 0.3 else bytes(octets)


def test_noise_changes_nothing(lab, abroad, stranger, world):
    random, before = Random(6275), what_must_stay(abroad)
    for _ in range(400):
        stranger.send(noise(random, AGENT))
        stranger.send(noise(random, world.care_of))
    behind = ipv6(STRANGER, AGENT, MOBILITY, mobility(BU, update(1, flags=0), STRANGER, AGENT))
    counted = counters(abroad.home_agent)["bu.discarded.correspondent"]
    stranger.send(behind)
    lab.eventually(lambda: counters(abroad.home_agent)["bu.discarded.correspondent"] > counted, within=5.0)
    assert what_must_stay(abroad) == before


def test_at_the_end_all_is_well(lab, abroad, world):
    send_bulk(lab.correspondent, lab.laptop, str(world.home), 500_000)
    for service in (abroad.home_agent, abroad.laptop):
        assert service.is_running()
        log = hostile.complete_log(service)
        assert "ready, version" in log
        for word in ("Traceback", "ERROR", "CRITICAL"):
            assert word not in log
    told_by_mnctl = abroad.home_agent.status()["engine"]["counters"]
    assert told_by_mnctl["malformed.unknown-type"] >= 202
