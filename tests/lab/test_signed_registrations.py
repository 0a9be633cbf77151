# SPDX-License-Identifier: GPL-2.0-or-later
"""Registrations that prove themselves (RFC 4285): nobody is believed without the key, and nothing is believed twice."""

import hmac
import json
import time
from contextlib import contextmanager
from hashlib import sha1

import pytest
from scapy.utils import rdpcap

from tests.lab import hostile
from tests.lab.asking import ask
from tests.lab.capture import SIGNALLING
from tests.lab.headers import Seen, packets
from tests.lab.hostile import BU, MOBILITY, Stranger, reload, told
from tests.lab.hostile_cases import AGENT, STRANGER, to_agent
from tests.lab.lossy import losing_every_message_to
from tests.lab.patience import patient
from tests.lab.person import is_told, problem_texts
from tests.lab.registration_tape import acknowledgements, updates
from tests.lab.return_routability import option_list
from tests.lab.signed import (
    AUTHENTICATOR,
    DAY,
    FOR_A_SERVER,
    KEY,
    NTP_EPOCH,
    OTHER_KEY,
    TO_AGENT,
    answer_to,
    install,
    options_in,
    signed,
    signed_house,
)
from tests.lab.topology import HOME, HOME_AGENT_ADDRESS, VISITED_A, VISITED_B
from tests.lab.traffic import call_from_outside
from tests.lab.trial import counters
from tests.service.tshark_compare import disagreements

pytestmark = pytest.mark.lab

ETHERNET = 14  # octets of its header
PAD_1, PAD_N, IDENTIFIER, AUTHENTICATION, TIMESTAMP = 0, 1, 8, 9, 10  # types of mobility options
FOR_THE_HOME_AGENT, FOR_THE_SERVER_ALONE = 1, 2  # subtypes of the second
MINUTE = 60 << 32  # of a timestamp
AUTHENTICATION_FAILED = 146  # MIPV6-AUTH-FAIL
LONGEST_FIRST_WAIT = 4.0  # seconds: by then a Binding Update without an answer was repeated twice
FOR_THE_SERVER = bytes(range(60, 84))
NAME = "laptop@example.org"


@pytest.fixture(scope="module")
def house(roaming):
    """Both ends have the key of the laptop's home address, and neither may go without."""
    return signed_house(roaming)


@pytest.mark.requirement("RFC4285-MN-5.1.1-01")
@pytest.mark.requirement("RFC4285-HA-5.1.1-01")
@pytest.mark.requirement("RFC4285-MN-4-01")
@pytest.mark.requirement("RFC4285-HA-6-04")
@pytest.mark.requirement("RFC4283-MN-3.2-01", "RFC4285-HA-5.2-01")
def test_a_tour_under_the_key(lab, house, home_address):
    """With the name of the laptop before the proof, and a proof for the home agent in the answer, of no other kind."""
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
        for update in updates(packets(capture.file)):
            kinds = list(update.options)
            assert kinds.index(IDENTIFIER) < kinds.index(AUTHENTICATION)
        for answer in acknowledgements(packets(capture.file)):
            assert answer.options[AUTHENTICATION][0] == FOR_THE_HOME_AGENT


@pytest.mark.requirement("RFC4285-ALL-5-01", "RFC4285-ALL-5-02", "RFC4285-ALL-5.1-01", "RFC4285-ALL-5.1-02")
@pytest.mark.requirement("RFC4285-ALL-5.1-03", "RFC4285-ALL-6-01")
def test_the_time_and_the_proof_stand_where_they_should_and_the_proof_is_the_last(lab, house, home_address):
    """With the octets as they were sent, and nothing of the product's to look at them."""
    lab.move(HOME)
    house.registered_at(HOME)
    for packet in registrations(lab, house, VISITED_A):
        header = packet[64:]
        found = options_in(header)
        ((dated_at, date),) = [(place, data) for place, kind, data in found if kind == TIMESTAMP]
        assert (dated_at % 8, len(date)) == (2, 8)
        assert int.from_bytes(date[:4]) - NTP_EPOCH == pytest.approx(time.time(), abs=60.0)
        ((proved_at, proof),) = [(place, data) for place, kind, data in found if kind == AUTHENTICATION]
        assert proved_at % 4 == 1
        assert (proof[0], int.from_bytes(proof[1:5]), len(proof)) == (FOR_THE_HOME_AGENT, TO_AGENT, 5 + AUTHENTICATOR)
        assert header.endswith(proof), "nothing behind it"
        covered = packet[8:24] + home_address.packed + header[:4] + bytes(2) + header[6:-AUTHENTICATOR]
        assert proof[5:] == hmac.digest(bytes.fromhex(KEY), covered, "sha1")[:AUTHENTICATOR]


@pytest.fixture
def with_server(lab, house, home_address):
    """The laptop has a name, and a key for a server behind the home agent."""
    file = house.laptop.state / "keys" / "aaa.json"
    row = {"home_address": str(home_address), "home_agent": str(HOME_AGENT_ADDRESS), "key": FOR_THE_SERVER.hex()}
    file.write_text(json.dumps({"version": 1, "keys": [row]}))
    file.chmod(0o600)
    names = f'[{{home_address = "{home_address}", identifier = "{NAME}"}}]'
    house.laptop.mnctl("settings", "set", "mobile_node.access_identifiers", names)
    reload(lab, house.laptop, "the settings were read again")
    yield
    file.unlink()
    house.laptop.mnctl("settings", "set", "mobile_node.access_identifiers", "[]")
    reload(lab, house.laptop, "the settings were read again")


@pytest.mark.requirement("RFC4285-MN-5.2-01", "RFC4285-HA-5.2-01", "RFC4283-MN-3-01", "RFC4283-MN-3.1-01")
def test_with_a_name_and_a_proof_for_a_server_behind_the_home_agent(lab, house, home_address, with_server):
    """The last option, over the octets as they were sent; the home agent believes its own, and answers with that."""
    lab.move(HOME)
    house.registered_at(HOME)
    with lab.capture(lab.home_agent, "core0", "answered") as core:
        recorded = registrations(lab, house, VISITED_A)
    call_from_outside(lab, home_address)
    answers = acknowledgements(packets(core.file))
    assert answers
    for answer in answers:
        proofs = [value for kind, value in option_list(answer.seen) if kind == AUTHENTICATION]
        assert [proof[0] for proof in proofs] == [FOR_THE_HOME_AGENT]
    for packet in recorded:
        header = packet[64:]
        assert len(header) == (header[1] + 1) * 8
        assert bytes((IDENTIFIER, 1 + len(NAME), 1)) + NAME.encode() in header
        covered, proof = header[:-20], header[-20:]
        assert covered[-7:] == bytes((AUTHENTICATION, 25, FOR_THE_SERVER_ALONE, 0, 0, 0, 3))
        care_of = packet[8:24]
        digest = sha1(care_of + home_address.packed + covered[:4] + bytes(2) + covered[6:]).digest()
        assert proof == hmac.digest(FOR_THE_SERVER, digest, "sha1")
    assert FOR_THE_SERVER.hex() not in house.laptop.log(10_000)


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
    recorded = registrations(lab, house, VISITED_B)
    lab.move(HOME)
    house.registered_at(HOME)
    played_again(lab, house, recorded)
    assert house.bound() == {}
    call_from_outside(lab, home_address)


@pytest.mark.requirement("RFC4285-HA-6-01")
def test_nor_one_from_before_a_restart(lab, house, home_address, any_time):
    """By its time alone: as old as it is, its sequence number would be looked at next."""
    recorded = registrations(lab, house, VISITED_A)
    house.home_agent.restart()
    lab.eventually(house.home_agent.is_ready, within=15.0, what="the home agent is back")
    played_again(lab, house, recorded)
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


def played_again(lab, house, recorded):
    """Somebody sends them once more; each is refused for its time (status 144)."""
    with Stranger(lab.correspondent, "core0") as stranger:
        refused = counters(house.home_agent).get("bu.refused.144", 0)
        for packet in recorded:
            stranger.send(packet)
        lab.eventually(
            lambda: counters(house.home_agent).get("bu.refused.144", 0) == refused + len(recorded),
            within=5.0,
            what="the home agent has refused it",
        )


def is_update(packet):
    """A Binding Update behind a Home Address option of 24 octets."""
    return packet[6] == hostile.DESTINATION_OPTIONS and packet[40] == hostile.MOBILITY and packet[66] == hostile.BU


def signed_update(home_address, sequence, options=b"", **changes):
    """A Binding Update under the laptop's key that says that it is where the stranger is."""
    data = hostile.update(sequence, options=options)
    header = signed(BU, data, home_address, AGENT, home=home_address, care_of=STRANGER, **changes)
    return hostile.ipv6(
        STRANGER, AGENT, hostile.DESTINATION_OPTIONS, hostile.home_option(MOBILITY, home_address) + header
    )


@pytest.mark.requirement("RFC4285-HA-5-01")
def test_a_proof_for_another_server_before_that_for_the_home_agent(lab, house, home_address):
    """It is discarded without an answer. The same without it is believed, so nothing else was wrong with it."""
    lab.move(VISITED_A)
    house.registered_at(VISITED_A)
    (before,) = ask(house.home_agent)[1]
    following = (before.sequence + 1) % 65536
    name = "bu.discarded.authentication-aaa-before-ha"
    with Stranger(lab.correspondent, "core0") as stranger:
        discarded = counters(house.home_agent).get(name, 0)
        stranger.send(signed_update(home_address, following, FOR_A_SERVER))
        lab.eventually(lambda: counters(house.home_agent).get(name, 0) == discarded + 1, within=5.0, what=name)
        assert stranger.received() == []
        assert ask(house.home_agent)[1][0].care_of_address == before.care_of_address
        stranger.send(signed_update(home_address, following))
        answers = []

        def answered() -> bool:
            answers.extend(told(each) for each in stranger.received() if told(each).startswith("BA"))
            return bool(answers)

        lab.eventually(answered, within=5.0, what="an answer")
    assert answers == [f"BA 0 sequence {following} via {home_address}"]
    assert ask(house.home_agent)[1][0].care_of_address == STRANGER


@pytest.mark.requirement("RFC4285-HA-5.1.1-02", "RFC4285-HA-6-02", "RFC4285-HA-6-03", "RFC4285-HA-6-04")
def test_each_refusal_is_signed_and_says_what_was_wrong(lab, house, home_address):
    """Another key, a clock that is wrong, no time at all. Under an SPI that nobody knows there is no answer."""
    lab.move(VISITED_A)
    house.registered_at(VISITED_A)
    before, following = house.bound(), (ask(house.home_agent)[1][0].sequence + 1) % 65536
    unknown = counters(house.home_agent).get("bu.discarded.spi", 0)
    with Stranger(lab.correspondent, "core0") as stranger:
        stranger.send(signed_update(home_address, following, spi=TO_AGENT + 1))
        lab.eventually(
            lambda: counters(house.home_agent).get("bu.discarded.spi", 0) > unknown, within=5.0, what="it is counted"
        )
        assert stranger.received() == []
        for status, changes in ((146, {"key": OTHER_KEY}), (144, {"shift": -DAY}), (145, {"dated": False})):
            sent, asked_at = signed_update(home_address, following, **changes), time.time() + NTP_EPOCH
            stranger.send(sent)
            answers = []

            def came(answers=answers) -> bool:
                answers.extend(acknowledgements(map(Seen.read, stranger.received())))
                return bool(answers)

            lab.eventually(came, within=5.0, what=f"an answer of status {status}")
            (answer,) = answers
            assert (answer.status, answer.sequence, answer.home_address) == (status, following, home_address)
            covered, proof = answer.seen.body[:-AUTHENTICATOR], answer.seen.body[-AUTHENTICATOR:]
            covered = STRANGER.packed + home_address.packed + covered[:4] + bytes(2) + covered[6:]
            assert proof == hmac.digest(bytes.fromhex(KEY), covered, "sha1")[:AUTHENTICATOR]
            said, returned = (each.options.get(TIMESTAMP) for each in (*updates([Seen.read(sent)]), answer))
            if status == 144:
                assert returned[4:] == said[4:], "the lower half as it came"
                assert abs(int.from_bytes(returned[:4]) - asked_at) < patient(5.0), "the upper one by its own clock"
            else:
                assert returned == said
    assert house.bound() == before


@contextmanager
def asking_in_vain(lab, house, name):
    """In network A, with what the laptop sends recorded; a stranger may answer in the place of the home agent."""
    with (
        Stranger(lab.correspondent, "core0") as stranger,
        losing_every_message_to(lab, AGENT),
        lab.capture(lab.laptop, "eth0", name, SIGNALLING) as capture,
    ):
        lab.move(VISITED_A)
        house.is_in_state("registering")
        lab.eventually(lambda: updates(packets(capture.file)), within=5.0, what="its Binding Update is on the cable")
        yield stranger, capture


@pytest.mark.requirement("RFC4285-MN-6-03")
def test_an_answer_with_another_time_is_not_believed(lab, house, home_address):
    """Whatever it says, and with all else right: the key, and the number that is waited for. With its time it is."""
    name = "ba.ignored.authentication"
    with asking_in_vain(lab, house, "awaited") as (stranger, capture):

        def send(status, wrong):
            """Answer the last Binding Update; True when none was sent meanwhile."""
            last = [each for each in updates(packets(capture.file)) if each.lifetime][-1]
            timestamp = int.from_bytes(last.options[TIMESTAMP])
            ignored = counters(house.laptop).get(name, 0)
            stranger.send(answer_to(last, status, timestamp - wrong))
            if wrong:
                lab.eventually(lambda: counters(house.laptop).get(name, 0) == ignored + 1, within=2.0, what=name)
            (entry,) = house.status().engine.binding_update_list
            return entry.sequence == last.sequence

        for status in (0, 129):
            lab.eventually(lambda status=status: send(status, MINUTE), within=20.0, what=f"status {status} is ignored")
            assert house.states() == ["registering"]
        assert ask(house.home_agent)[1] == ()
        lab.eventually(
            lambda: send(0, 0) and house.states() == ["registered"], within=20.0, what="with its time it is believed"
        )
    lab.move(HOME)
    house.registered_at(HOME)


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


@pytest.mark.requirement("RFC4285-MN-5.3-01")
def test_a_proved_refusal_of_the_proof_ends_it_until_there_is_another_key(lab, house, home_address):
    """The home agent has the key, as its answer shows; what it gets is not what was signed, and will not be."""
    with asking_in_vain(lab, house, "ended") as (stranger, capture):

        def is_ended() -> bool:
            last = updates(packets(capture.file))[-1]
            stranger.send(answer_to(last, AUTHENTICATION_FAILED, int.from_bytes(last.options[TIMESTAMP])))
            return house.states() == ["unprotected"]

        lab.eventually(is_ended, within=20.0, what="the laptop gives up")
        is_told(lab, house.laptop, "The home agent does not accept the key", within=5.0)
        ended = time.time()
        silent = ended + LONGEST_FIRST_WAIT
        lab.eventually(lambda: time.time() > silent, within=2 * LONGEST_FIRST_WAIT, what="time for a repetition")
        lab.move(VISITED_B)
        lab.eventually(lambda: house.states() == ["unprotected"], within=5.0, what="not even from elsewhere")
    sent = updates(packets(capture.file))
    assert sent
    assert [each.seen.at for each in sent if each.seen.at > ended] == []
    install(house, OTHER_KEY)
    house.registered_at(VISITED_B)
    assert "does not accept" not in problem_texts(house.laptop)
    call_from_outside(lab, home_address)
