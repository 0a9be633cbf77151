# SPDX-License-Identifier: GPL-2.0-or-later
"""Signalling under IPsec on a real kernel: what is seen of it on the wire, and what is not let in."""

from collections.abc import Iterator

import pytest

from tests.lab.direct import is_direct, talking_directly
from tests.lab.esp import (
    DOWN,
    TUNNEL_DOWN,
    TUNNEL_UP,
    UP,
    Key,
    Seen,
    associations,
    encrypted,
    policies,
    refusals,
    seen,
    start_keyed,
)
from tests.lab.hostile import (
    BU,
    DESTINATION_OPTIONS,
    MOBILITY,
    A,
    H,
    Stranger,
    alternate_care_of,
    home_option,
    ipv6,
    mobility,
    told,
    update,
)
from tests.lab.lab import Lab
from tests.lab.person import reads
from tests.lab.roaming import Roaming
from tests.lab.topology import (
    CORRESPONDENT_ADDRESS,
    HOME,
    HOME_AGENT_ADDRESS,
    VISITED_A,
    VISITED_B,
)
from tests.lab.traffic import call_from_outside

pytestmark = [pytest.mark.lab, pytest.mark.kernel]

ESP = 50


@pytest.fixture(scope="module")
def roaming(lab: Lab) -> Roaming:
    return Roaming(lab)


@pytest.fixture(scope="module")
def key(roaming: Roaming) -> Key:
    return start_keyed(roaming)


@pytest.fixture
def laptop(lab: Lab, roaming: Roaming, key: Key) -> Roaming:
    """At home, with its key."""
    if lab.cables["eth0"].link != HOME:
        lab.move(HOME)
    roaming.registered_at(HOME)
    return roaming


@pytest.fixture
def away(lab: Lab, laptop: Roaming) -> Roaming:
    """Registered from network A."""
    lab.move(VISITED_A)
    laptop.registered_at(VISITED_A)
    return laptop


def care_of(roaming: Roaming) -> str:
    (entry,) = roaming.home_addresses()
    return str(entry.care_of_address)


# --- on the wire ----


@pytest.mark.requirement(
    "MN-5.1-01", "MN-5.1-02", "HA-5.1-01", "HA-5.1-02", "ALL-5.1-01", "RFC3776-ALL-4.1-01", "RFC4877-ALL-4.1-01",
    "RFC3776-MN-3.1-01", "RFC3776-HA-3.1-01", "RFC3776-MN-3.1-02", "MN-11.3.2-01", "MN-11.7.1-05", "MN-11.7.1-13",
    "RFC4877-MN-4.2-04", "RFC4877-MN-4.3-01", "MN-6.1.7-02", "RFC3776-MN-4.4-01", "RFC4877-ALL-4.2-01",
    "HA-10.3.1-05",
)  # fmt: skip
def test_two_moves_and_the_way_home(lab, laptop, key):
    """Every Binding Update and Acknowledgement is ESP, with the headers in the order of RFC 3776 section 3.1."""
    visited: list[str] = []
    with lab.capture(lab.home_agent, "core0", "moves") as far, lab.capture(lab.home_agent, "home0", "home") as near:
        for link in (VISITED_A, VISITED_B):
            lab.move(link)
            laptop.registered_at(link)
            visited.append(care_of(laptop))
            call_from_outside(lab, key.home_address)
        lab.move(HOME)
        laptop.registered_at(HOME)
    abroad, at_home = seen(far.file, key), seen(near.file, key)
    assert not [each for each in (*abroad, *at_home) if each.kind in (5, 6) and not each.spi], "in clear"
    ups, downs = [each for each in abroad if each.kind == BU], [each for each in abroad if each.kind == 6]
    assert {each.source for each in ups} >= set(visited) and {each.destination for each in downs} >= set(visited)
    for each in ups:
        assert each.headers == ["ipv6.dstopts", "esp", "mipv6"] and each.home_option == str(key.home_address)
        assert each.spi == UP and each.alternate == each.source and not each.key_management
    for each in downs:
        assert each.headers == ["ipv6.routing", "esp", "mipv6"] and each.routed_to == str(key.home_address)
        assert each.spi == DOWN and not each.key_management and each.status == 0
    farewells = [each for each in at_home if each.kind == BU]
    assert farewells
    for each in farewells:
        assert each.headers == ["esp", "mipv6"] and each.source == str(key.home_address) and each.spi == UP
    assert [each.status for each in at_home if each.kind == 6][-1:] == [0]


@pytest.mark.requirement("RFC4877-MN-4.2-03", "RFC4877-MN-4.3-02", "MN-11.6.3-02", "HA-10.4.6-02", "RFC4877-HA-4.3-02")
def test_associations_and_their_ends(lab, away, key):
    """Those for signalling stay what they are; those of the tunnel follow the care-of address."""
    before = associations(lab.laptop)
    assert {(UP, "transport"), (DOWN, "transport"), (TUNNEL_UP, "tunnel"), (TUNNEL_DOWN, "tunnel")} <= set(before)
    assert before[TUNNEL_UP, "tunnel"] == (care_of(away), str(HOME_AGENT_ADDRESS))
    lab.move(VISITED_B)
    away.registered_at(VISITED_B)
    after = associations(lab.laptop)
    for spi in (UP, DOWN):
        assert after[spi, "transport"] == before[spi, "transport"]
    assert after[TUNNEL_UP, "tunnel"] == (care_of(away), str(HOME_AGENT_ADDRESS))
    theirs = associations(lab.home_agent)
    assert theirs[TUNNEL_DOWN, "tunnel"] == (str(HOME_AGENT_ADDRESS), care_of(away))
    assert theirs[TUNNEL_UP, "tunnel"] == (care_of(away), str(HOME_AGENT_ADDRESS))
    lab.move(HOME)
    away.registered_at(HOME)
    assert {spi for spi, _ in associations(lab.laptop)} == {UP, DOWN}
    assert {spi for spi, _ in associations(lab.home_agent)} == {UP, DOWN}


@pytest.mark.requirement(
    "RFC4877-MN-6.1-01", "RFC4877-MN-6.2-01", "RFC4877-MN-6.3-01", "RFC4877-HA-6.1-01", "MN-5.4-01", "HA-5.4-01",
    "MN-11.6.3-01", "HA-10.4.6-01", "HA-10.4.6-03", "MN-11.3.2-03", "RFC4877-ALL-4.1-03",
    "RFC4877-ALL-4.1-04", "RFC4877-MN-4.2-01", "HA-5.1-03", "RFC4877-HA-4.3-02",
)  # fmt: skip
def test_policies_in_the_kernel(lab, away, key):
    home, agent = str(key.home_address), str(HOME_AGENT_ADDRESS)
    typed = {(home, agent, 58, 146), (agent, home, 58, 147)}
    mine, theirs = policies(lab.laptop), [each for each in policies(lab.home_agent) if each.spi]
    # Of a Mobility Header that comes in the kernel knows no type, of ICMPv6 behind another header 58 (before 6.7).
    assert {(each.way, each.what, each.spi) for each in mine} == {
        ("out", (home, agent, 135, 5), UP), ("out", (home, agent, 58, 146), UP),
        ("in", (agent, home, 135, None), DOWN), ("in", (agent, home, 58, 147), DOWN),
        ("in", (agent, home, 58, 58), DOWN),
        ("out", (home, "::", 135, None), TUNNEL_UP), ("in", ("::", home, 135, None), TUNNEL_DOWN),
    }  # fmt: skip
    assert {(each.way, each.what, each.spi) for each in theirs} == {
        ("in", (home, agent, 135, None), UP), ("in", (home, agent, 58, 146), UP),
        ("in", (home, agent, 58, 58), UP),
        ("out", (agent, home, 135, 6), DOWN), ("out", (agent, home, 58, 147), DOWN),
        ("fwd", (home, "::", 135, None), TUNNEL_UP), ("out", ("::", home, 135, None), TUNNEL_DOWN),
    }  # fmt: skip
    (out,) = [each for each in theirs if each.spi == TUNNEL_DOWN]
    assert out.device == "mn6tunnel" and out.ends == (agent, care_of(away))
    lab.move(HOME)
    away.registered_at(HOME)
    for node in (lab.laptop, lab.home_agent):
        left = {each.what for each in policies(node) if each.spi}
        assert len(left) == 5 and left > typed


@pytest.mark.requirement(
    "RFC3776-MN-3.2-01", "RFC4877-ALL-4.1-02", "RFC4877-MN-6-01", "RFC4877-ALL-4.3-02",
)  # fmt: skip
def test_home_tests_are_encrypted_and_care_of_tests_go_as_they_are(lab, laptop, key):
    with (
        talking_directly(laptop),
        lab.capture(lab.laptop, "eth0", "cable") as cable,
        lab.capture(lab.home_agent, "core0", "tests") as capture,
    ):
        lab.move(VISITED_A)
        laptop.registered_at(VISITED_A)
        is_direct(laptop, within=40.0)
        here = care_of(laptop)
    found = seen(capture.file, key)
    ups, downs = [each for each in found if each.kind == 1], [each for each in found if each.kind == 3]
    inside = [each for each in ups if each.spi]
    assert inside and [each for each in downs if each.spi]
    for each in inside:
        assert each.headers == ["esp", "ipv6", "mipv6"] and each.spi == TUNNEL_UP
        assert (each.source, each.destination) == (here, str(HOME_AGENT_ADDRESS))
        assert each.inner == (str(key.home_address), str(CORRESPONDENT_ADDRESS))
    for each in downs:
        # Between home agent and correspondent it is as the correspondent sent it.
        assert each.spi == TUNNEL_DOWN or (each.source, each.destination) == (
            str(CORRESPONDENT_ADDRESS), str(key.home_address),
        )  # fmt: skip
    on_cable = seen(cable.file, key)
    # What comes in is seen once more there, when the kernel has decrypted it.
    assert not [each for each in on_cable if each.kind == 1 and not each.spi], "a home test in clear"
    others = [each for each in on_cable if each.kind in (2, 4)]
    assert {each.kind for each in others} == {2, 4}
    for each in others:
        assert each.headers == ["mipv6"]
        assert {each.source, each.destination} == {here, str(CORRESPONDENT_ADDRESS)}
    lab.move(HOME)
    laptop.registered_at(HOME)


# --- what is not let in ----


@pytest.fixture
def stranger(lab: Lab) -> Iterator[Stranger]:
    with Stranger(lab.correspondent, "core0") as found:
        yield found


def forged(key: Key, sequence: int) -> bytes:
    """The Mobility Header by which somebody else would like to have the laptop's packets."""
    data = update(sequence, flags=A | H, options=alternate_care_of(CORRESPONDENT_ADDRESS))
    return mobility(BU, data, key.home_address, HOME_AGENT_ADDRESS)


def from_the_stranger(key: Key, next_header: int, payload: bytes) -> bytes:
    option = home_option(next_header, key.home_address)
    return ipv6(CORRESPONDENT_ADDRESS, HOME_AGENT_ADDRESS, DESTINATION_OPTIONS, option + payload)


@pytest.mark.requirement("HA-5.1-01", "HA-10.3.1-01", "HA-5.1-03", "RFC3776-HA-4.2-01", "RFC4877-ALL-4.3-03")
def test_nobody_else_moves_the_binding(lab, away, key, stranger):
    """In clear; under the key of another mobile node; under the right SPI with another key."""
    other = Key(home_address=key.home_address + 0x1000, up=0x2001, down=0x2002, secret=bytes(range(100, 136)))
    other.install(away.home_agent, at_agent=True)
    counted, before = away.home_agent.counters()["bu.discarded.unprotected"], refusals(lab.home_agent)
    bound = away.home_agent.mnctl("bindings")["binding_cache"]
    ends = associations(lab.home_agent)[TUNNEL_DOWN, "tunnel"]
    wrong = Key(home_address=key.home_address, secret=bytes(36))
    for sequence, packet in (
        (20000, lambda data: (MOBILITY, data)),
        (20001, lambda data: (ESP, encrypted(other, data, MOBILITY, sequence=1))),
        (20002, lambda data: (ESP, encrypted(wrong, data, MOBILITY, sequence=1 << 20))),
    ):
        stranger.send(from_the_stranger(key, *packet(forged(key, sequence))))
    lab.eventually(
        lambda: away.home_agent.counters()["bu.discarded.unprotected"] > counted,
        within=5.0,
        what="the one in clear is counted",
    )
    # A packet of the same path that is let in, behind them: then they have been judged, too.
    call_from_outside(lab, key.home_address)
    assert [told(each) for each in stranger.received() if each[6] == 43 or told(each).startswith("BA")] == []
    now = away.home_agent.mnctl("bindings")["binding_cache"]
    assert [each["care_of_address"] for each in now] == [each["care_of_address"] for each in bound]
    refused = refusals(lab.home_agent) - before
    assert refused["XfrmInTmplMismatch"] + refused["XfrmInStateMismatch"] >= 1 and refused["XfrmInStateProtoError"] >= 1
    assert associations(lab.home_agent)[TUNNEL_DOWN, "tunnel"] == ends == (str(HOME_AGENT_ADDRESS), care_of(away))
    other.remove(away.home_agent, at_agent=True)


@pytest.mark.requirement("RFC3776-ALL-4.3-01")
def test_a_recorded_binding_update_is_refused(lab, laptop, key, stranger):
    """It is under the right key, and told by its sequence number."""
    with lab.capture(lab.home_agent, "core0", "recorded", "ip6 proto 60") as capture:
        for link in (VISITED_A, VISITED_B):
            lab.move(link)
            laptop.registered_at(link)
    recorded = capture.packets()
    assert len(recorded) >= 2
    here = care_of(laptop)
    stranger.send(recorded[0])
    lab.eventually(lambda: laptop.home_agent.counters()["bu.refused.135"] >= 1, within=5.0, what="it is refused")
    (entry,) = laptop.home_agent.mnctl("bindings")["binding_cache"]
    assert entry["care_of_address"] == here


def test_with_a_wrong_key_there_is_no_registration_and_it_is_said(lab, laptop, key):
    wrong = Key(home_address=key.home_address, secret=bytes(reversed(key.secret)))
    wrong.install(laptop.laptop, at_agent=False)
    try:
        lab.move(VISITED_A)
        lab.eventually(
            lambda: "does not answer" in reads(laptop.laptop, "problems"), within=40.0, what="the silence is told"
        )
        assert not laptop.home_addresses()[0].registered
        lab.eventually(
            lambda: "under another key" in reads(laptop.home_agent, "problems"),
            within=40.0,
            what="the home agent says what it hears",
        )
    finally:
        key.install(laptop.laptop, at_agent=False)
    laptop.registered_at(VISITED_A, within=60.0)
    assert "under another key" not in reads(laptop.home_agent, "problems")
    assert laptop.home_addresses()[0].protected


@pytest.mark.parametrize("algorithm, octets", [("chacha20-poly1305", 36), ("3des-cbc+hmac-sha1", 44)])
def test_other_algorithms(lab, laptop, key, algorithm, octets):
    other = Key(home_address=key.home_address, algorithm=algorithm, secret=bytes(range(7, 7 + octets)))
    for service, at_agent in ((laptop.home_agent, True), (laptop.laptop, False)):
        other.install(service, at_agent=at_agent)
    try:
        lab.move(VISITED_A)
        laptop.registered_at(VISITED_A)
    finally:
        for service, at_agent in ((laptop.home_agent, True), (laptop.laptop, False)):
            key.install(service, at_agent=at_agent)
    laptop.registered_at(VISITED_A, within=30.0)


# --- restarts ----


def numbers(found: list[Seen], spi: int) -> list[int]:
    return [each.sequence for each in found if each.spi == spi]


@pytest.mark.parametrize("end", ["laptop", "home agent"])
@pytest.mark.parametrize("how", ["in order", "crash"])
def test_sequence_numbers_survive_a_restart(lab, away, key, end, how):
    service = away.laptop if end == "laptop" else away.home_agent
    with lab.capture(lab.home_agent, "core0", f"restart-{end}-{how}".replace(" ", "-")) as capture:
        if how == "crash":
            service.kill()
        else:
            service.stop()
        service.start()
        lab.eventually(service.is_ready, within=15.0, what="it is back")
        away.registered_at(VISITED_A, within=30.0)
        lab.move(VISITED_B)
        away.registered_at(VISITED_B, within=30.0)
    found = seen(capture.file, key)
    for spi in (UP, DOWN):
        used = numbers(found, spi)
        assert used and used == sorted(set(used))
    assert numbers(found, UP if end == "laptop" else DOWN)[-1] > 65_536
    call_from_outside(lab, key.home_address)


def test_nothing_is_left_behind(lab, laptop):
    """The last one of this file."""
    laptop.stop()
    for node in (lab.laptop, lab.home_agent):
        assert associations(node) == {} and policies(node) == []
