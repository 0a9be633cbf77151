# SPDX-License-Identifier: GPL-2.0-or-later
"""Discovery and home prefixes as nobody should send them, to a running home agent and to a running laptop abroad."""

import struct
import time
from ipaddress import IPv6Address

import pytest

from mnclient.constants import DISCOVERY_ANSWER_RATE
from mnclient.wire.addresses import home_agents_anycast
from mnclient.wire.home_agent_discovery import MobilePrefixSolicitation
from tests.lab.asking import ask
from tests.lab.hostile import (
    DESTINATION_OPTIONS,
    ICMPV6,
    ROUTING,
    Address,
    advertisement,
    frames,
    home_agent_option,
    home_option,
    icmpv6,
    ipv6,
    prefix_option,
    router_frame,
    type_2,
)
from tests.lab.messages import of_kind, packets
from tests.lab.topology import BRIDGES, CORRESPONDENT_ADDRESS, HOME, HOME_AGENT_ADDRESS, HOME_PREFIX
from tests.lab.trial import counters

pytestmark = pytest.mark.lab

STRANGER, AGENT = CORRESPONDENT_ADDRESS, HOME_AGENT_ADDRESS
ANYCAST = home_agents_anycast(HOME_PREFIX)
DHAAD_REQUEST, DHAAD_REPLY, MPS, MPA = 144, 145, 146, 147
LASTING = 6  # seconds, what is said to be left of the home prefix


def entry_of(house):
    """The one home address of the laptop."""
    (entry,) = house.home_addresses()
    return entry


def counted(lab, service, name, before, times=1):
    """Wait until a counter has moved."""

    def moved() -> bool:
        now = counters(service).get(name, 0)
        assert now == before.get(name, 0) + times, f"{name} is {now}"
        return True

    lab.eventually(moved, within=5.0, what=name)


def prefix_advertisement(
    house, *, source: Address = AGENT, identifier: int = 0, routing: bool = True, seconds: int = 10
) -> bytes:
    """One that says that the home prefix ends in so many seconds."""
    entry = entry_of(house)
    options = prefix_option(AGENT, flags=0xE0, valid=seconds, preferred=seconds)
    body = struct.pack("!HH", identifier, 0) + options
    target = entry.address if routing else entry.care_of_address
    message = icmpv6(MPA, 0, body, source, target)
    if not routing:
        return ipv6(source, target, ICMPV6, message)
    return ipv6(source, entry.care_of_address, ROUTING, type_2(ICMPV6, entry.address) + message)


@pytest.mark.requirement("MN-11.4.3-01", "MN-11.4.3-02")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"source": STRANGER}, "source"), ({"routing": False}, "routing-header")],
    ids=["stranger", "no-routing-header"],
)
def test_the_laptop_believes_nobody_but_its_home_agent_and_only_with_a_routing_header(
    lab, abroad, stranger, changes, reason
):
    before = counters(abroad.laptop)
    stranger.send(prefix_advertisement(abroad, **changes))
    counted(lab, abroad.laptop, f"mpa.ignored.{reason}", before)
    assert entry_of(abroad).valid_until is None
    assert counters(abroad.laptop).get("mps.sent", 0) == before.get("mps.sent", 0), "and asks nobody for it"


@pytest.mark.requirement("MN-11.4.3-03", "MN-11.4.3-04", "MN-11.4.3-05", "MN-11.4.2-02", "HA-6.8-03")
def test_what_nobody_asked_for_is_not_believed_and_asked_for(lab, abroad, stranger):
    """With the address of the home agent forged, too: the true one is asked, and what it says counts."""
    before = counters(abroad.laptop)
    with lab.capture(lab.home_agent, "core0", "forged") as capture:
        stranger.send(prefix_advertisement(abroad, identifier=0x1234))
        counted(lab, abroad.laptop, "mpa.unsolicited", before)
        counted(lab, abroad.laptop, "mps.sent", before)
        lab.eventually(lambda: entry_of(abroad).valid_until is not None, within=5.0, what="the true one answers")
    ((asked, _),) = of_kind(capture.file, MobilePrefixSolicitation)
    entry = entry_of(abroad)
    assert (asked.source, asked.destination, asked.home_address) == (entry.care_of_address, AGENT, entry.address)
    assert entry.valid_until - abroad.status().engine.now > 10_000, "the true lifetime"


def test_a_discovery_reply_that_nobody_asked_for_makes_nobody_a_home_agent(lab, abroad, stranger):
    entry, before = entry_of(abroad), counters(abroad.laptop)
    body = struct.pack("!HH", 7, 0) + HOME_PREFIX[0x666].packed
    message = icmpv6(DHAAD_REPLY, 0, body, STRANGER, entry.care_of_address)
    stranger.send(ipv6(STRANGER, entry.care_of_address, ICMPV6, message))
    counted(lab, abroad.laptop, "dhaad.ignored.identifier", before)
    assert (entry_of(abroad).home_agent, entry_of(abroad).discovered_home_agents) == (AGENT, ())


def request(destination: Address, identifier: int = 7) -> bytes:
    message = icmpv6(DHAAD_REQUEST, 0, struct.pack("!HH", identifier, 0), STRANGER, destination)
    return ipv6(STRANGER, destination, ICMPV6, message)


def answers(stranger) -> list[bytes]:
    return [each for each in stranger.received() if each[6] == ICMPV6 and each[40] in (DHAAD_REPLY, MPA)]


@pytest.mark.requirement("HA-10.5.1-02", "HA-6.5-01")
def test_the_home_agent_is_asked_by_its_anycast_address_alone(lab, abroad, stranger):
    stranger.received()
    before = counters(abroad.home_agent)
    stranger.send(request(AGENT))
    counted(lab, abroad.home_agent, "dhaad.ignored.destination", before)
    assert answers(stranger) == []
    stranger.send(request(ANYCAST, 0xBEEF))
    found: list[bytes] = []
    lab.eventually(lambda: found.extend(answers(stranger)) or found, within=5.0)
    (reply,) = found
    assert (IPv6Address(reply[8:24]), IPv6Address(reply[24:40])) == (AGENT, STRANGER)
    assert reply[44:46] == b"\xbe\xef"
    assert reply[48:] == AGENT.packed


@pytest.mark.requirement("HA-10.5.1-04")
def test_a_reply_ends_with_what_fits_into_1280_octets(lab, abroad, stranger):
    """Ten home agents of ten addresses each: seven with all of theirs, and what there is room for of the eighth."""
    by_preference = {number: [HOME_PREFIX[0x1000 * number + n] for n in range(10)] for number in range(1, 11)}
    with frames(lab.nodes["switch"], BRIDGES[HOME]) as onto_home_link:
        for preference, addresses in by_preference.items():
            options = [prefix_option(each, flags=0xE0) for each in addresses]
            body = advertisement(*options, home_agent_option(preference, 600))
            hardware = bytes((2, 0, 0, 0, 9, preference))
            onto_home_link.send(router_frame(f"fe80::9:{preference:x}", hardware, body))
    lab.eventually(lambda: len(listed(abroad.home_agent)) == 1 + len(by_preference), within=5.0, what="all are listed")
    stranger.received()
    stranger.send(request(ANYCAST))
    found: list[bytes] = []
    lab.eventually(lambda: found.extend(answers(stranger)) or found, within=5.0)
    (reply,) = found
    assert 1280 - len(AGENT.packed) < len(reply) <= 1280
    told = [IPv6Address(reply[at : at + 16]) for at in range(48, len(reply), 16)]
    best_first = [each for preference in range(10, 0, -1) for each in by_preference[preference]]
    assert told == best_first[: len(told)]


def listed(service) -> list[dict[str, object]]:
    """The home agents list of a home agent."""
    found: list[dict[str, object]] = service.status()["engine"]["home_agent"]["home_agents"]
    return found


def test_a_flood_of_requests_gets_few_answers(lab, abroad, stranger):
    stranger.received()
    before = counters(abroad.home_agent)
    for number in range(400):
        stranger.send(request(ANYCAST, number))
    counted(lab, abroad.home_agent, "dhaad.received", before, times=400)
    assert 1 <= len(answers(stranger)) <= 4 * DISCOVERY_ANSWER_RATE, (
        "so many in a second, and a busy machine takes some"
    )
    assert counters(abroad.home_agent)["dhaad.ignored.rate"] > before.get("dhaad.ignored.rate", 0)


def test_who_asks_for_prefixes_with_the_home_address_of_somebody_else_gets_nothing(lab, abroad, stranger):
    stranger.received()
    entry, before, bound = entry_of(abroad), counters(abroad.home_agent), ask(abroad.home_agent)[1]
    message = icmpv6(MPS, 0, struct.pack("!HH", 9, 0), entry.address, AGENT)
    stranger.send(ipv6(STRANGER, AGENT, DESTINATION_OPTIONS, home_option(ICMPV6, entry.address) + message))
    counted(lab, abroad.home_agent, "mps.ignored.care-of-address", before)
    assert answers(stranger) == []
    assert [each.care_of_address for each in ask(abroad.home_agent)[1]] == [each.care_of_address for each in bound]


@pytest.mark.requirement("MN-11.4.2-01")
def test_before_the_home_address_becomes_invalid_the_home_agent_is_asked(lab, abroad, stranger):
    """It stands still meanwhile, so that somebody else can answer in its place and nobody reminds the laptop.

    The last test here: the home address ends with what was said of its prefix.
    """

    def asked() -> list[tuple[float, MobilePrefixSolicitation]]:
        found = packets(capture.file) if capture.file.exists() else ()
        return [(at, each.message) for at, each in found if isinstance(each.message, MobilePrefixSolicitation)]

    def reminded() -> list[tuple[float, MobilePrefixSolicitation]]:
        """By an advertisement that nobody asked for: of many in a second it takes no notice."""
        stranger.send(prefix_advertisement(abroad))
        return asked()

    with abroad.home_agent.standing_still(), lab.capture(lab.laptop, "eth0", "in-time") as capture:
        ((_, question),) = lab.eventually(reminded, within=5.0, what="it wants to know more")
        answered = time.time()
        stranger.send(prefix_advertisement(abroad, identifier=question.identifier, seconds=LASTING))
        (_, (again, _)) = lab.eventually(lambda: asked()[1:] and asked(), within=LASTING, what="once more")
    assert LASTING / 2 < again - answered < LASTING
