# SPDX-License-Identifier: GPL-2.0-or-later
"""Forged signalling and payload while laptop and correspondent talk directly: nobody believes it, nothing gets through.

What was dealt with is known from a packet behind it that the same socket takes and only counts. All the time the two
refresh their binding now and then, so only what a case names is counted exactly.
"""

import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv6Address
from pathlib import Path

import pytest

from mnclient.model.status import CorrespondentState
from tests.lab import hostile_rows
from tests.lab.asking import ask, ask_status
from tests.lab.capture import SIGNALLING
from tests.lab.direct import (
    PRIVACY,
    between_the_two,
    correspondent_of,
    forget_nonces,
    is_direct,
    talking_directly,
)
from tests.lab.direct_cases import (
    AT_THE_CORRESPONDENT,
    AT_THE_LAPTOP,
    CORRESPONDENT,
    PORT,
    STRANGER,
    Case,
    discarded,
    signed,
    to_correspondent,
)
from tests.lab.headers import Seen, packets
from tests.lab.hostile import (
    BA,
    BE,
    BRR,
    BU,
    COT,
    COTI,
    HOTI,
    MOBILITY,
    A,
    Stranger,
    acknowledgement,
    error,
    ipv6,
    mobility,
    told,
    update,
)
from tests.lab.hostile_cases import NO_HOME, World, to_laptop
from tests.lab.hostile_rows import with_rows
from tests.lab.lab import Lab
from tests.lab.node import inside
from tests.lab.pcap import frames
from tests.lab.registration_tape import acknowledgements, updates
from tests.lab.return_routability import AUTHORIZATION, authenticator, binding_key, key
from tests.lab.roaming import Roaming
from tests.lab.service import Service
from tests.lab.topology import HOME, VISITED_A, VISITED_B, VISITED_B_PREFIX
from tests.lab.traffic import call_from_outside

pytestmark = [pytest.mark.lab, pytest.mark.kernel]

PROBLEM = 4  # ICMPv6 Parameter Problem


@dataclass
class Scene:
    """The laptop in network A, directly connected; the stranger on the router of network B."""

    lab: Lab
    roaming: Roaming
    correspondent: Service
    stranger: Stranger
    sockets: tuple[socket.socket, ...]
    signalling: Path
    """All of it that the correspondent saw."""

    def world(self) -> World:
        """As it is now."""
        (entry,) = ask(self.correspondent)[1]
        return World(entry.home_address, entry.care_of_address, entry.sequence)

    def nonce_index(self) -> int:
        """The correspondent's present one: whoever asks is told."""
        self.stranger.received()
        self.stranger.send(ipv6(STRANGER, CORRESPONDENT, MOBILITY, mobility(COTI, bytes(10), STRANGER, CORRESPONDENT)))

        def index() -> int | None:
            found = [each for each in self.stranger.received() if each[6] == MOBILITY]
            return int.from_bytes(found[0][46:48]) if found else None

        answer = self.lab.eventually(index, within=5.0, what="the correspondent answers a CoTI")
        assert answer is not None
        return answer

    def stands(self) -> tuple[object, ...]:
        """What no packet may change."""
        world = self.world()
        found = correspondent_of(self.roaming)
        return world.home, world.care_of, found and (found.state, found.care_of_address)

    def try_out(self, case: Case, service: Service, behind: bytes, counts: dict[str, int]) -> None:
        """Send the packet and the one behind it; wait for the answers and the counts; nothing was delivered."""
        world, nonce = self.world(), self.nonce_index()
        standing, before = self.stands(), ask_status(service).engine.counters
        self.stranger.received()
        self.stranger.send(case.packet(world, nonce))
        self.stranger.send(behind)
        wanted = dict(case.counted)
        for name, count in counts.items():
            wanted[name] = wanted.get(name, 0) + count
        expected = [each.format(next=world.sequence + 1, **vars(world)) for each in case.answers]
        answers: list[str] = []

        def as_expected() -> bool:
            answers.extend(told(packet) for packet in self.stranger.received())
            now = ask_status(service).engine.counters
            assert {name: now.get(name, 0) - before.get(name, 0) for name in wanted} == wanted
            assert answers == expected
            return True

        self.lab.eventually(as_expected, within=5.0, what="it is counted, and answered as it should be")
        for each in self.sockets:
            with pytest.raises(BlockingIOError):
                each.recv(100)
        assert self.stands() == standing


@pytest.fixture(scope="module")
def scene(lab: Lab, roaming: Roaming) -> Iterator[Scene]:
    with (
        talking_directly(roaming) as service,
        Stranger(lab.nodes["ar-b"], "core0") as stranger,
        lab.capture(lab.correspondent, "core0", "signalling", SIGNALLING) as capture,
    ):
        lab.move(VISITED_A)
        roaming.registered_at(VISITED_A)
        is_direct(roaming)
        sockets = []
        for node in (lab.laptop, lab.correspondent):
            with inside(node.namespace):
                made = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            made.bind(("::", PORT))
            made.setblocking(False)
            sockets.append(made)
        yield Scene(lab, roaming, service, stranger, tuple(sockets), capture.file)
        for made in sockets:
            made.close()


@pytest.mark.parametrize("name", with_rows(AT_THE_CORRESPONDENT, hostile_rows.AT_THE_CORRESPONDENT))
def test_the_correspondent(scene, name):
    behind = to_correspondent(BU, update(1, flags=0), None)
    scene.try_out(AT_THE_CORRESPONDENT[name], scene.correspondent, behind, discarded("no-nonce-indices"))


@pytest.mark.parametrize("name", with_rows(AT_THE_LAPTOP, hostile_rows.AT_THE_LAPTOP_THAT_TALKS_DIRECTLY))
def test_the_laptop(scene, name):
    behind = to_laptop(scene.world(), BA, acknowledgement(0, 1), source=STRANGER)
    scene.try_out(AT_THE_LAPTOP[name], scene.roaming.laptop, behind, NO_HOME)


@pytest.mark.requirement("MN-11.3.6-04")
def test_a_forged_unknown_binding_costs_one_more_test(scene):
    """Status 1 from the correspondent's address cannot be told from a true one: all begins anew, and ends well."""
    world = scene.world()
    packet = ipv6(
        CORRESPONDENT, world.care_of, MOBILITY, mobility(BE, error(1, world.home), CORRESPONDENT, world.care_of)
    )
    scene.stranger.send(packet)
    scene.lab.eventually(lambda: scene.world().sequence != world.sequence, within=20.0, what="another Binding Update")
    assert is_direct(scene.roaming).state is CorrespondentState.DIRECT


@pytest.mark.requirement("MN-11.7.4-01", "MN-11.7.3-03")
def test_a_forged_refresh_request_costs_one_more_binding_update(scene):
    """It cannot be told from a true one, and the binding is in use and not to be renewed for minutes.

    The correspondent was restarted and knows neither nonce, which it says without a signature; hence both tests again.
    """
    lab = scene.lab
    for link in (VISITED_B, VISITED_A):
        lab.move(link)
        scene.roaming.registered_at(link)
    is_direct(scene.roaming)
    call_from_outside(lab, scene.roaming.home_addresses()[0].address)  # a route that is not used is not renewed
    world = scene.world()
    forget_nonces(lab, scene.correspondent)
    with lab.capture(lab.laptop, "eth0", "requested") as capture:
        scene.stranger.send(refresh_request(world))
        lab.eventually(lambda: ask(scene.correspondent)[1], within=10.0, what="there is a binding again")
    seen = between_the_two(capture.file)
    assert [each.innermost.message for each in seen][:2] == ["BRR", "BU"]
    told_first, told_last = updates(seen)[0], updates(seen)[-1]
    refused, accepted = acknowledgements(seen)[0], acknowledgements(seen)[-1]
    assert (refused.status, refused.sequence, AUTHORIZATION in refused.options) == (138, told_first.sequence, False)
    between = [each.innermost.message for each in seen if refused.seen.at < each.at < told_last.seen.at]
    assert set(between) >= {"HoTI", "CoTI", "HoT", "CoT"}
    assert (accepted.status, accepted.sequence, told_last.seen.source) == (0, told_last.sequence, world.care_of)
    assert told_last.lifetime > 0
    assert is_direct(scene.roaming).state is CorrespondentState.DIRECT


@pytest.mark.requirement("MN-11.7.4-03")
def test_a_forged_refresh_request_for_a_binding_that_is_not_wanted_any_more_begins_nothing(scene):
    """The correspondent stands still, so that the deletion still waits for its answer when the request comes."""
    lab, laptop, world = scene.lab, scene.roaming.laptop, scene.world()
    before = ask_status(laptop).engine.counters.get("brr.ignored", 0)
    with scene.correspondent.standing_still(), lab.capture(lab.laptop, "eth0", "unwanted") as capture:
        laptop.mnctl("settings", "set", PRIVACY, "true")
        lab.eventually(lambda: updates(between_the_two(capture.file)), within=5.0, what="it is to be deleted")
        scene.stranger.send(refresh_request(world))
        lab.eventually(lambda: ask_status(laptop).engine.counters.get("brr.ignored", 0) > before, within=5.0)
    seen = between_the_two(capture.file)
    assert {each.innermost.message for each in seen} == {"BU", "BRR"}
    assert {each.lifetime for each in updates(seen)} == {0}
    lab.eventually(lambda: not ask(scene.correspondent)[1], within=20.0, what="the binding is deleted")
    laptop.mnctl("settings", "set", PRIVACY, "false")
    is_direct(scene.roaming, within=90.0)


def refresh_request(world: World) -> bytes:
    """One that cannot be told from the correspondent's."""
    return ipv6(CORRESPONDENT, world.home, MOBILITY, mobility(BRR, b"", CORRESPONDENT, world.home))


@dataclass
class Mobile:
    """The stranger as a mobile node, whose home address is the one that he has in network B."""

    scene: Scene
    home: IPv6Address = VISITED_B_PREFIX[1]

    def asks(self, kind: int, source: IPv6Address) -> bytes:
        """The body of the answer to a HoTI or CoTI."""
        self.sends(to_correspondent(kind, bytes(10), None, source=source))
        return next(self.answers())[40:]

    def sends(self, packet: bytes) -> None:
        self.scene.stranger.received()
        self.scene.stranger.send(packet)

    def answers(self) -> Iterator[bytes]:
        """What has come, once something has."""
        yield from self.scene.lab.eventually(self.scene.stranger.received, within=5.0, what="an answer")

    def is_tested(self) -> None:
        """Return routability, by the formats and formulas of RFC 6275 alone."""
        home, care_of = self.asks(HOTI, self.home), self.asks(COTI, STRANGER)
        self.nonces = int.from_bytes(home[6:8]), int.from_bytes(care_of[6:8])
        self.tokens = home[16:24], care_of[16:24]

    def update(self, sequence: int, *, flags: int, deletes: bool = False) -> bytes:
        """A Binding Update with a right authenticator."""
        nonces, tokens = ((self.nonces[0], 0), self.tokens[:1]) if deletes else (self.nonces, self.tokens)
        about = self.home if deletes else STRANGER

        def packet(signature: bytes) -> bytes:
            data = signed(sequence, nonces, lifetime=0 if deletes else 10, authenticator=signature, flags=flags)
            return to_correspondent(BU, data, self.home)

        unsigned = Seen.read(packet(bytes(12)))
        return packet(authenticator(unsigned, binding_key(*tokens), about, CORRESPONDENT))


@pytest.fixture
def mobile(scene: Scene) -> Mobile:
    made = Mobile(scene)
    made.is_tested()
    return made


@pytest.mark.requirement("CN-9.5.2-03")
def test_there_is_no_room_for_another_binding(scene, mobile):
    """Whoever has proven who he is is told so; the binding that there is stays, and then there is room again."""
    standing = scene.stands()
    most = scene.correspondent.mnctl("settings", "get", "correspondent_node.max_bindings")["value"]
    scene.correspondent.mnctl("settings", "set", "correspondent_node.max_bindings", "1")
    mobile.sends(mobile.update(7, flags=A))
    assert [told(each) for each in mobile.answers()] == [f"BA 130 sequence 7 via {mobile.home}"]
    assert scene.stands() == standing
    scene.correspondent.mnctl("settings", "set", "correspondent_node.max_bindings", str(most))


@pytest.mark.requirement("CN-9.5.4-02")
def test_who_wants_no_answer_to_an_accepted_update_gets_none(scene, mobile):
    """The answer to what he asks next is the first that he gets."""
    mobile.sends(mobile.update(8, flags=0))
    bound = scene.lab.eventually(lambda: bindings(scene, mobile.home), within=5.0, what="there is a binding")
    assert bound == [STRANGER]
    scene.stranger.send(to_correspondent(COTI, bytes(10), None))
    (test,) = mobile.answers()
    assert told(test) == f"MH type {COT}"
    mobile.sends(mobile.update(9, flags=A, deletes=True))
    assert [told(each) for each in mobile.answers()] == [f"BA 0 sequence 9 via {mobile.home}"]
    assert bindings(scene, mobile.home) == []


def bindings(scene: Scene, home: IPv6Address) -> list[IPv6Address]:
    """The care-of addresses that the correspondent has for a home address."""
    return [each.care_of_address for each in ask(scene.correspondent)[1] if each.home_address == home]


def recorded(scene: Scene, *links: str) -> list[bytes]:
    """The Binding Updates of moves, as the correspondent saw them."""
    with scene.lab.capture(scene.lab.correspondent, "core0", "recorded") as capture:
        for link in links:
            scene.lab.move(link)
            scene.roaming.registered_at(link)
            is_direct(scene.roaming)
    packets = [frame[14:] for _, frame in frames(capture.file)]
    mine = [each for each in packets if each[6] == 60 and each[40] == MOBILITY and each[64 + 2] == BU]
    assert len(mine) >= len(links), "no Binding Update was recorded"
    return mine


def test_a_binding_update_that_was_recorded_is_of_no_use_later(scene):
    """Sent again it is authentic, and too old: the correspondent says so and changes nothing."""
    mine = recorded(scene, VISITED_B, VISITED_A)
    before, standing = refused(scene.correspondent), scene.stands()
    scene.stranger.send(mine[0])
    scene.lab.eventually(
        lambda: refused(scene.correspondent) == before + 1, within=5.0, what="the old Binding Update is refused"
    )
    assert scene.stands() == standing


@pytest.mark.requirement("CN-5.2.8-01", "CN-9.5.3-02")
def test_nor_when_its_binding_has_been_deleted(scene):
    """The laptop is at home, and the nonces are not old yet: still it makes no binding."""
    mine = recorded(scene, VISITED_B)
    scene.lab.move(HOME)
    scene.roaming.registered_at(HOME)
    scene.lab.eventually(lambda: ask(scene.correspondent)[1] == (), within=20.0, what="the binding is deleted")
    before = refused(scene.correspondent)
    for each in mine:
        scene.stranger.send(each)
    scene.lab.eventually(
        lambda: refused(scene.correspondent) == before + len(mine), within=5.0, what="all of them are refused"
    )
    assert ask(scene.correspondent)[1] == ()
    before = refused(scene.correspondent, first=136)
    scene.stranger.send(
        signed_again(Seen.read(mine[-1]), int.from_bytes(mine[-1][70:72]) + 1000, packets(scene.signalling))
    )
    scene.lab.eventually(
        lambda: refused(scene.correspondent, first=136) == before + 1, within=5.0, what="its nonces are used up"
    )
    assert ask(scene.correspondent)[1] == ()


def signed_again(update: Seen, number: int, seen: list[Seen]) -> bytes:
    """A Binding Update with another sequence number: whoever saw both tokens on their way can sign it."""
    body = update.body[:6] + (number % 2**16).to_bytes(2) + update.body[8:-12]
    kbm = key(update, seen)
    signed = authenticator(replace(update, body=body + bytes(12)), kbm, update.source, CORRESPONDENT)
    return to_correspondent(BU, body[6:] + signed, update.home_addresses[0], source=update.source)


def refused(service: Service, *, first: int = 135) -> int:
    """Binding Updates refused for their sequence number, or because their nonces are used up or too old by now."""
    counted = ask_status(service).engine.counters
    return sum(counted.get(f"correspondent.bu.refused.{status}", 0) for status in range(first, 139))


@pytest.mark.requirement("MN-11.3.5-01")
def test_a_deletion_that_gets_no_answer_but_that_nobody_understands_it_is_not_repeated(scene):
    """The laptop comes home when the correspondent's service has ended: the kernel there knows no Mobility Header."""
    lab = scene.lab
    lab.move(VISITED_A)
    scene.roaming.registered_at(VISITED_A)
    is_direct(scene.roaming)
    scene.correspondent.stop()
    with lab.capture(lab.laptop, "eth0", "not-understood") as capture:
        lab.move(HOME)
        scene.roaming.registered_at(HOME)
        lab.eventually(lambda: correspondent_of(scene.roaming) is None, within=10.0, what="it is done with it")
    deletion, *more = updates(between_the_two(capture.file))
    assert deletion.lifetime == 0 and len(more) <= 2, "one may be on its way when the answer comes, and not all retries"
    answers = [each for each in packets(capture.file) if each.source == CORRESPONDENT and each.icmp_type == PROBLEM]
    assert {(each.destination, each.body[1]) for each in answers} == {(deletion.home_address, 1)}
