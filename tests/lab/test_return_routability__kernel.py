# SPDX-License-Identifier: GPL-2.0-or-later
"""Two moves and the way home of a laptop that talks directly: what return routability looks like on the wire.

Recorded on the laptop's cable and at the correspondent, and read by the formats of RFC 6275 section 6.1 alone. Then,
in the same house, the laptop meets another one.
"""

from dataclasses import dataclass, field
from ipaddress import IPv6Address
from itertools import pairwise
from pathlib import Path

import pytest

from tests.lab.both_mobile import AGENTS, DATAGRAMS, Meeting, meet
from tests.lab.direct import is_direct, talking_directly
from tests.lab.headers import HEADER, Seen, packets
from tests.lab.hostile import A, H, K
from tests.lab.lab import Lab
from tests.lab.registration_tape import ALTERNATE_CARE_OF, Acknowledgement, Update, acknowledgements, updates
from tests.lab.return_routability import (
    AUTHORIZATION,
    NONCE_INDICES,
    authenticator,
    binding_key,
    key,
    options,
    token,
)
from tests.lab.roaming import Roaming
from tests.lab.topology import CORRESPONDENT_ADDRESS, HOME, HOME_AGENT_ADDRESS, VISITED_A, VISITED_B, VISITED_B_PREFIX
from tests.lab.traffic import call_from_outside

pytestmark = [pytest.mark.lab, pytest.mark.kernel]

ROUTER_ADVERTISEMENT, SOLICITATION = 134, 135
PREFIX_OF_B = VISITED_B_PREFIX.network_address.packed
UNIT = 4  # seconds, of lifetimes
MAX_RR_BINDING_LIFETIME = 105  # 420 s in units of 4 s
EXTENSION = 24  # octets, of the Home Address option's header and of the routing header alike
SHORT = 200  # seconds for which the laptop registers in network B: less than a correspondent would grant


@dataclass
class Story:
    """The captures, the care-of address in each network, and what the correspondent's kernel had at the end of each."""

    home: IPv6Address
    cable: Path = Path()
    far: Path = Path()
    care_of: dict[str, IPv6Address] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)

    def sent(self, kind: str) -> list[Seen]:
        """Messages on the laptop's cable, as they are there: those in a tunnel too."""
        return [each for each in packets(self.cable) if each.innermost.message == kind]

    def at_correspondent(self, kind: str) -> list[Seen]:
        return [each for each in packets(self.far) if each.message == kind]

    def updates(self) -> list[Update]:
        """Binding Updates to the correspondent."""
        return [each for each in updates(packets(self.cable)) if each.seen.destination == CORRESPONDENT_ADDRESS]

    def answers(self) -> list[Acknowledgement]:
        return [each for each in acknowledgements(packets(self.cable)) if each.seen.source == CORRESPONDENT_ADDRESS]

    def answer_to(self, update: Update) -> Acknowledgement:
        return next(each for each in self.answers() if each.sequence == update.sequence)

    def first_from(self, link: str) -> Update:
        return next(each for each in self.updates() if each.seen.source == self.care_of[link])


@pytest.fixture(scope="module")
def story(lab: Lab, roaming: Roaming) -> Story:
    (entry,) = roaming.home_addresses()
    made = Story(entry.address)
    with (
        talking_directly(roaming) as service,
        lab.capture(lab.laptop, "eth0", "tests-laptop") as cable,
        lab.capture(lab.correspondent, "core0", "tests-cn") as far,
    ):
        made.cable, made.far = cable.file, far.file
        for link in (VISITED_A, VISITED_B):
            if link == VISITED_B:
                roaming.laptop.mnctl("settings", "set", "mobile_node.registration_lifetime", str(SHORT))
            lab.move(link)
            roaming.registered_at(link)
            if link == VISITED_A:
                with service.standing_still():  # so that nothing is answered before all is asked
                    call_from_outside(lab, made.home)
                    lab.eventually(lambda: {"HoTI", "CoTI"} <= asked(made), within=10.0, what="it has begun")
            found = is_direct(roaming, within=40.0).care_of_address
            assert found is not None
            made.care_of[link] = found
            made.states[link] = lab.correspondent.run(["ip", "xfrm", "state"])
        lab.move(HOME)
        roaming.registered_at(HOME)
        lab.eventually(lambda: not service.mnctl("bindings")["binding_cache"], within=20.0, what="no binding")
        made.states[HOME] = lab.correspondent.run(["ip", "xfrm", "state"])
    return made


def asked(story: Story) -> set[str]:
    return {each.innermost.message for each in packets(story.cable)}


def cookie(seen: Seen) -> bytes:
    """Of a HoTI, CoTI, HoT or CoT."""
    return seen.innermost.body[8:16]


@pytest.mark.requirement("MN-5.2.5-01")
def test_one_test_goes_through_the_tunnel_and_one_directly(story):
    home_tests = [each for each in story.sent("HoTI") if each.inner is not None]
    care_of_tests = story.sent("CoTI")
    assert home_tests and {each.source for each in care_of_tests} == set(story.care_of.values())
    for each in home_tests:
        assert each.source in story.care_of.values() and each.destination == HOME_AGENT_ADDRESS
        assert (each.innermost.source, each.innermost.destination) == (story.home, CORRESPONDENT_ADDRESS)
    for each in care_of_tests:
        assert (each.destination, each.order, each.inner) == (CORRESPONDENT_ADDRESS, (), None)


@pytest.mark.requirement("MN-11.6.1-01", "MN-11.3.3-03")
def test_both_begin_before_either_is_answered_because_of_a_packet_in_the_tunnel(story):
    seen = packets(story.cable)
    begun = [next(each.at for each in seen if each.innermost.message == kind) for kind in ("HoTI", "CoTI")]
    assert max(begun) < min(each.at for each in seen if each.innermost.message in ("HoT", "CoT"))
    payload = [each for each in seen if each.inner is not None and each.innermost.source == CORRESPONDENT_ADDRESS]
    assert any(each.at < min(begun) and not each.innermost.message for each in payload)


@pytest.mark.requirement("MN-11.4.2-03", "MN-11.7.2-07")
def test_no_binding_is_to_outlast_the_home_registration(story):
    accepted = [each for each in acknowledgements(packets(story.cable)) if each.seen.source == HOME_AGENT_ADDRESS]
    update = story.first_from(VISITED_B)
    granted = [each for each in accepted if each.lifetime and each.seen.at < update.seen.at][-1]
    assert UNIT * granted.lifetime == SHORT
    assert 0 < UNIT * update.lifetime <= SHORT - (update.seen.at - granted.seen.at) + 0.5
    assert story.first_from(VISITED_A).lifetime == MAX_RR_BINDING_LIFETIME, "a longer one allows all that may be"


@pytest.mark.requirement("MN-5.2.3-01")
def test_every_cookie_is_a_new_one(story):
    cookies = [cookie(each) for kind in ("HoTI", "CoTI") for each in story.sent(kind)]
    assert len(cookies) >= 3 and len(set(cookies)) == len(cookies)
    assert bytes(8) not in cookies


@pytest.mark.requirement("CN-5.2.5-04", "CN-9.4.3-01", "CN-9.4.4-01")
@pytest.mark.parametrize("asking, answering", [("HoTI", "HoT"), ("CoTI", "CoT")])
def test_each_is_answered_with_its_cookie_and_a_token(story, asking, answering):
    answers = story.at_correspondent(answering)
    for asked in story.at_correspondent(asking):
        answer = next(each for each in answers if cookie(each) == cookie(asked))
        assert (answer.destination, answer.source, answer.order) == (asked.source, asked.destination, ())
        assert len(answer.body) == 24 and answer.body[16:24] != bytes(8)
    assert answers


@pytest.mark.requirement("MN-5.2.7-01")
def test_a_second_move_needs_no_second_home_test(story):
    """The token of the first is not old yet."""
    update = story.first_from(VISITED_B)
    begun = next(each for each in story.sent("CoTI") if each.source == story.care_of[VISITED_B])
    assert [each for each in story.sent("HoTI") if begun.at <= each.at <= update.seen.at] == []
    first = story.first_from(VISITED_A)
    assert update.options[NONCE_INDICES][:2] == first.options[NONCE_INDICES][:2]


@pytest.mark.requirement("MN-11.5.1-02", "MN-11.7.2-01")
def test_one_step_after_the_other(story):
    """A router, its prefix, a care-of address of it, the home agent, and then the correspondent."""
    care_of = story.care_of[VISITED_B]
    seen = packets(story.cable)
    first = next(each for each in seen if each.source == care_of)
    told = [each for each in seen if each.icmp_type == ROUTER_ADVERTISEMENT and PREFIX_OF_B in each.body]
    home = next(each for each in updates(seen) if each.home_address == story.home and each.seen.source == care_of)
    accepted = next(each for each in acknowledgements(seen) if each.seen.destination == care_of)
    at = [told[0].at, first.at, home.seen.at, accepted.seen.at, story.first_from(VISITED_B).seen.at]
    assert home.seen.destination == accepted.seen.source == HOME_AGENT_ADDRESS
    assert at == sorted(at)


@pytest.mark.requirement("MN-11.7.2-06", "MN-11.7.2-10", "MN-11.7.2-11", "MN-6.1.7-02", "ALL-6.2-01", "ALL-6.2.6-01")
def test_the_binding_updates(story):
    for link in (VISITED_A, VISITED_B):
        assert story.first_from(link).lifetime > 0
    for each in story.updates():
        assert each.has(A) and not each.has(H) and not each.has(K)
        assert NONCE_INDICES in each.options and list(each.options)[-1] == AUTHORIZATION
        if each.lifetime:
            assert each.seen.source in story.care_of.values() and each.seen.home_addresses == (story.home,)


@pytest.mark.requirement("MN-11.7.2-12")
def test_no_sequence_number_is_used_twice(story):
    numbers = [each.sequence for each in story.updates()]
    steps = [(later - earlier) % 2**16 for earlier, later in pairwise(numbers)]
    assert steps and all(0 < each < 2**15 for each in steps)


@pytest.mark.requirement(
    "ALL-9.5.4-02",
    "CN-9.5.4-03",
    "CN-9.5.2-02",
    "CN-6.1.8-01",
    "ALL-5.2.6-01",
    "MN-11.7.3-04",
    "ALL-5.2.5-01",
    "CN-9.3.1-01",
)
def test_they_are_accepted_and_the_answer_is_signed(story):
    tests = [each.innermost for each in packets(story.cable) if each.innermost.message in ("HoT", "CoT")]
    for link in (VISITED_A, VISITED_B):
        update = story.first_from(link)
        answer = story.answer_to(update)
        assert update.seen.home_addresses == (story.home,), "and no binding with this care-of address yet"
        assert answer.status == 0 and not answer.key_management
        assert 0 < answer.lifetime <= update.lifetime <= MAX_RR_BINDING_LIFETIME
        before = [each for each in tests if each.at <= update.seen.at]
        signed = authenticator(answer.seen, key(update.seen, before), update.seen.source, CORRESPONDENT_ADDRESS)
        assert answer.options[AUTHORIZATION] == signed
        repeated = [each for each in story.updates() if each.sequence == update.sequence]
        assert all(each.seen.at <= answer.seen.at for each in repeated)


@pytest.mark.requirement("CN-9.5.2-01", "CN-9.5.3-01")
def test_the_kernel_of_the_correspondent_has_what_was_told_and_no_more(story):
    for link, other in ((VISITED_A, VISITED_B), (VISITED_B, VISITED_A)):
        assert str(story.care_of[link]) in story.states[link]
        assert str(story.care_of[other]) not in story.states[link]
    assert not any(str(each) in story.states[HOME] for each in (story.home, *story.care_of.values()))


@pytest.mark.requirement("MN-11.7.2-08", "MN-11.7.2-09", "ALL-5.2.5-02", "ALL-6.2.7-03")
def test_at_home_the_binding_is_deleted_with_the_home_token_alone(story):
    """And signed for the home address, in the place of a care-of address."""
    tests = [each.innermost for each in packets(story.cable)]
    gone = [each for each in story.updates() if not each.lifetime]
    assert gone
    for each in gone:
        assert (each.seen.source, each.seen.order) == (story.home, ())
        indices = each.options[NONCE_INDICES]
        assert indices[2:] == bytes(2)
        kbm = binding_key(token(tests, "HoT", story.home, indices[:2]))
        assert each.options[AUTHORIZATION] == authenticator(each.seen, kbm, story.home, CORRESPONDENT_ADDRESS)


# --- both are mobile ----


@pytest.fixture(scope="module")
def meeting(lab: Lab, roaming: Roaming, story: Story) -> Meeting:
    return meet(lab, roaming)


@pytest.mark.requirement("ALL-9.3.1-02")
def test_the_sockets_of_two_that_are_mobile_see_home_addresses_alone(meeting):
    assert meeting.senders == ({str(meeting.homes[1])}, {str(meeting.homes[0])})


@pytest.mark.requirement("MN-11.3.1-07", "MN-11.3.2-01", "ALL-6.4.1-02", "ALL-6.3-02", "ALL-6.3-03")
@pytest.mark.parametrize("of", [0, 1])
def test_their_packets_go_from_care_of_address_to_care_of_address(meeting, of):
    """Routing header, then option, then payload, with a checksum by the home addresses; one of each at most."""
    sent = [each for each in meeting.direct(of) if "routing 2" in each.order]
    assert len(sent) >= DATAGRAMS
    for each in sent:
        assert (each.source, each.destination) == (meeting.care_of[of], meeting.care_of[1 - of])
        assert each.order == ("routing 2", "home address")
        assert (each.home_addresses, each.routing, each.segments_left) == (
            (meeting.homes[of],), meeting.homes[1 - of], 1
        )  # fmt: skip
        assert each.has_right_checksum
        assert len(each.octets) == HEADER + 2 * EXTENSION + len(each.body)
    for each in meeting.seen[of]:
        for header in each.every_header():
            assert len(header.home_addresses) <= 1
            assert sum(name.startswith("routing") for name in header.order) <= 1


@pytest.mark.requirement("MN-5.2.9-01", "ALL-6.1-01", "ALL-6.1-02")
@pytest.mark.parametrize("of", [0, 1])
def test_signalling_to_the_other_goes_to_its_home_address(meeting, of):
    """Never to a care-of address, although both know it; and with the headers of those messages alone."""
    signalling = meeting.signalling(of)
    assert {each.message for each in signalling} >= {"HoTI", "CoTI", "HoT", "CoT", "BU", "BA"}
    for each in signalling:
        assert ("home address" in each.order) is (each.message == "BU"), each
        assert ("routing 2" in each.order) is (each.message == "BA"), each
        assert each.has_right_checksum
    sent = [each for each in signalling if each.source in (meeting.homes[of], meeting.care_of[of])]
    begun = [each for each in sent if each.message in ("HoTI", "CoTI", "BU") and each.destination != AGENTS[of]]
    assert {each.message for each in begun} == {"HoTI", "CoTI", "BU"}
    assert {each.destination for each in begun} == {meeting.homes[1 - of]}


@pytest.mark.requirement("ALL-6.2.7-02", "ALL-6.2.7-04")
@pytest.mark.parametrize("of", [0, 1])
def test_binding_updates_are_signed_for_the_home_address_of_the_other(meeting, of):
    """The tokens are on the wire: with them the authenticators are made again by the formulas."""
    theirs, signalling = meeting.homes[1 - of], meeting.signalling(of)
    found = [each for each in signalling if each.message == "BU" and each.destination == theirs]
    assert {each.source for each in found} == {meeting.care_of[of]}
    for update in found:
        assert ALTERNATE_CARE_OF not in options(update)
        kbm = key(update, [each for each in signalling if each.at <= update.at])
        signed = options(update)[AUTHORIZATION]
        assert signed == authenticator(update, kbm, update.source, theirs)
        assert signed != authenticator(update, kbm, update.source, meeting.care_of[1 - of])
