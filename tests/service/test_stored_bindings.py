# SPDX-License-Identifier: GPL-2.0-or-later
import json
from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnclient.constants import MAX_REMEMBERED_CORRESPONDENTS
from mnclient.model.stored_binding import (
    Stored,
    StoredAcceptedSequence,
    StoredCorrespondent,
    StoredEspSequence,
    StoredOptimization,
    StoredRegistration,
    StoredTimestamp,
    StoredToken,
    StoredUsedSequence,
)
from mnclient.units import Seconds
from service.state_store import BINDINGS_FILE, StateStore
from service.stored_bindings import encode_bindings
from tests.service.test_state_store import BINDING, NOW, damaged_files

REGISTRATION = StoredRegistration(
    home_address=BINDING.home_address,
    home_agent=BINDING.care_of_address,
    sequence=7,
    remaining=Seconds(50.0),
    link_local_compatibility=True,
    timestamp=2**63 + 12345,
    clock_offset=Seconds(-3.5),
)
CORRESPONDENT = StoredCorrespondent(
    address=IPv6Address("2001:db8:c::80"), answers=False, failures=3, retry=Seconds(120.0)
)
OPTIMIZATION = StoredOptimization(
    home_address=BINDING.home_address,
    correspondent=CORRESPONDENT.address,
    care_of_address=BINDING.care_of_address,
    remaining=Seconds(300.0),
)
SEQUENCE = StoredEspSequence(
    source=IPv6Network("2001:db8:1::100/128"), destination=IPv6Network("::/0"), spi=0xFFFF_FFFF, sequence=70_000
)
ALL = Stored(
    bindings=(BINDING,),
    registrations=(REGISTRATION,),
    correspondents=(CORRESPONDENT, replace(CORRESPONDENT, answers=True, failures=0, retry=Seconds(0.0))),
    optimizations=(OPTIMIZATION,),
    used_sequences=(
        StoredUsedSequence(
            home_address=BINDING.home_address,
            correspondent=CORRESPONDENT.address,
            sequence=65535,
            remaining=Seconds(100.0),
        ),
    ),
    timestamps=(StoredTimestamp(home_address=BINDING.home_address, timestamp=2**64 - 1),),
    esp_sequences=(SEQUENCE,),
    accepted_sequences=(
        StoredAcceptedSequence(home_address=BINDING.home_address, correspondent=CORRESPONDENT.address, sequence=65535),
    ),
    tokens=(
        StoredToken(
            home_address=BINDING.home_address,
            correspondent=CORRESPONDENT.address,
            token=bytes(range(8)),
            sequence=65535,
            remaining=Seconds(86400.0),
        ),
    ),
)


@pytest.fixture
def store(tmp_path):
    return StateStore(tmp_path / "state")


def test_everything_is_there_again(store):
    store.write(BINDINGS_FILE, encode_bindings(ALL, NOW))
    assert store.load_bindings(NOW) == ALL
    assert store.damaged == []


@pytest.mark.parametrize("seconds, left", [(0, (120, 300)), (100, (20, 200)), (200, (0, 100)), (-1e6, (120, 300))])
def test_what_is_remembered_of_correspondents_grows_old(store, seconds, left):
    store.write(BINDINGS_FILE, encode_bindings(ALL, NOW))
    later = store.load_bindings(NOW + seconds)
    assert (later.correspondents[0].retry, later.optimizations[0].remaining) == left


def test_a_file_of_an_older_or_a_newer_service_is_understood(store):
    document = json.loads(encode_bindings(ALL, NOW))
    store.write(BINDINGS_FILE, json.dumps({**document, "news": [{"a": 1}]}).encode())
    assert store.load_bindings(NOW) == ALL
    older = {name: document[name] for name in ("version", "bindings", "registrations")}
    store.write(BINDINGS_FILE, json.dumps(older).encode())
    assert store.load_bindings(NOW) == replace(
        ALL,
        correspondents=(),
        optimizations=(),
        timestamps=(),
        esp_sequences=(),
        accepted_sequences=(),
        tokens=(),
        used_sequences=(),
    )
    assert store.damaged == []


@pytest.mark.parametrize(
    "part, change",
    [
        ("bindings", {"sequence": -1}),
        ("registrations", {"home_agent": "nobody"}),
        ("correspondents", {"address": "192.0.2.1"}),
        ("correspondents", {"failures": 1.5}),
        ("esp_sequences", {"sequence": 1 << 32}),
        ("esp_sequences", {"source": "everybody"}),
        ("correspondents", {"failures": True}),
        ("correspondents", {"retry": "soon"}),
        ("used_sequences", {"sequence": 65536}),
        ("optimizations", {"care_of_address": None}),
        ("optimizations", {"remaining": float("inf")}),
        ("accepted_sequences", {"sequence": 65536}),
        ("accepted_sequences", {"correspondent": None}),
    ],
)
def test_what_can_still_be_read_is_kept(store, part, change):
    document = json.loads(encode_bindings(ALL, NOW))
    document[part][0] |= change
    store.write(BINDINGS_FILE, json.dumps(document).encode())
    assert store.load_bindings(NOW) == replace(ALL, **{part: ()})
    assert [each.reason for each in store.damaged] == [f"not understood: {part}"]
    assert damaged_files(store) == [f"{BINDINGS_FILE}.damaged-1"]


def test_no_more_correspondents_are_remembered_than_there_may_be(store):
    many = tuple(replace(CORRESPONDENT, address=CORRESPONDENT.address + number) for number in range(500))
    store.write(BINDINGS_FILE, encode_bindings(Stored(correspondents=many), NOW))
    assert store.load_bindings(NOW).correspondents == many[:MAX_REMEMBERED_CORRESPONDENTS]


def test_a_correspondent_that_fails_for_ever_can_be_stored(store):
    tired = replace(CORRESPONDENT, failures=10**9)
    store.write(BINDINGS_FILE, encode_bindings(Stored(correspondents=(tired,)), NOW))
    assert store.load_bindings(NOW).correspondents[0].failures == 65_535


ADDRESSES = st.ip_addresses(v=6)
SECONDS = st.floats(0, 1e6).map(Seconds)


@given(
    st.builds(StoredCorrespondent, address=ADDRESSES, answers=st.booleans(), failures=st.integers(0, 9), retry=SECONDS),
    st.builds(
        StoredOptimization,
        home_address=ADDRESSES,
        correspondent=ADDRESSES,
        care_of_address=ADDRESSES,
        remaining=SECONDS,
    ),
)
def test_any_correspondent_survives(tmp_path_factory, correspondent, optimization):
    store = StateStore(tmp_path_factory.mktemp("state"))
    stored = Stored(correspondents=(correspondent,), optimizations=(optimization,))
    store.write(BINDINGS_FILE, encode_bindings(stored, NOW))
    again = store.load_bindings(NOW)
    assert again.correspondents[0].retry == pytest.approx(correspondent.retry, abs=1e-3)
    assert again.optimizations[0].remaining == pytest.approx(optimization.remaining, abs=1e-3)
    assert replace(again.correspondents[0], retry=correspondent.retry) == correspondent
    assert replace(again.optimizations[0], remaining=optimization.remaining) == optimization


def bindings_after(store, seconds):
    store.write(BINDINGS_FILE, encode_bindings(Stored(bindings=(BINDING,)), NOW))
    (binding,) = store.load_bindings(NOW + seconds).bindings
    return binding


@pytest.mark.parametrize("seconds, remaining", [(0, 600), (100, 500), (600, 0), (1e6, 0), (-1e6, 600)])
def test_lifetimes_go_on_while_the_service_does_not_run(store, seconds, remaining):
    binding = bindings_after(store, seconds)
    assert binding.remaining == remaining
    assert (binding.home_address, binding.care_of_address) == (BINDING.home_address, BINDING.care_of_address)
    assert (binding.sequence, binding.link_local_compatibility) == (65_535, True)


def test_registrations_are_kept_too(store):
    registration = StoredRegistration(
        home_address=BINDING.home_address,
        home_agent=BINDING.care_of_address,
        sequence=7,
        remaining=Seconds(50.0),
        link_local_compatibility=True,
    )
    store.write(BINDINGS_FILE, encode_bindings(Stored(registrations=(registration,)), NOW))
    assert store.load_bindings(NOW) == Stored(registrations=(registration,))
    (later,) = store.load_bindings(NOW + 30).registrations
    assert later.remaining == 20.0


@pytest.mark.parametrize(
    "change", [{"sequence": 65_536}, {"sequence": "1"}, {"expires_time": "soon"}, {"remaining": float("nan")}]
)
def test_bindings_that_are_not_understood_are_set_aside(store, change):
    document = json.loads(encode_bindings(Stored(bindings=(BINDING,)), NOW))
    document["bindings"][0] |= change
    store.write(BINDINGS_FILE, json.dumps(document).encode())
    assert store.load_bindings(NOW) == Stored()
    assert damaged_files(store) == [f"{BINDINGS_FILE}.damaged-1"]
