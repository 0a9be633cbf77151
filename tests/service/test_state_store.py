# SPDX-License-Identifier: GPL-2.0-or-later
import json
from ipaddress import IPv6Address, IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnclient.model.service_status import KnownHomeAgent, Origin
from mnclient.model.stored_binding import Stored, StoredBinding
from service import state_store
from service.atomic_file import MOST_DAMAGED_KEPT
from service.state_store import (
    BINDINGS_FILE,
    STATE_FILE,
    State,
    StateStore,
    StoredHomeAddress,
    default_directory,
    encode_state,
)

NOW = 1_800_000_000.0
STATE = State(
    home_agents=(
        KnownHomeAgent(
            address=IPv6Address("2001:db8:1::1"),
            prefix=IPv6Network("2001:db8:1::/64"),
            origin=Origin.LEARNED,
            link_layer_address=b"\x02\x00\x00\x00\x00\x01",
            interface="wlan0",
            advertisements=1234,
            last_heard_time=NOW - 5.5,
            rank=0.123456789,
            preference=7,
            pinned=True,
        ),
        KnownHomeAgent(
            address=IPv6Address("2001:db8:2::1"), prefix=IPv6Network("2001:db8:2::/64"), origin=Origin.ADMINISTRATOR
        ),
    ),
    home_addresses=(
        StoredHomeAddress(
            address=IPv6Address("2001:db8:1::100"),
            prefix=IPv6Network("2001:db8:1::/64"),
            home_agent=IPv6Address("2001:db8:1::1"),
            origin=Origin.LEARNED,
        ),
        StoredHomeAddress(
            address=IPv6Address("2001:db8:3::100"),
            prefix=IPv6Network("2001:db8:3::/64"),
            home_agent=None,
            origin=Origin.MANUAL,
        ),
    ),
    preferred_home_address=IPv6Address("2001:db8:3::100"),
    dismissed=(IPv6Address("2001:db8:9::1"),),
    hardware_addresses={"wlan0": bytes.fromhex("001122334455")},
    stable_secret=bytes(range(32)),
)
BINDING = StoredBinding(
    home_address=IPv6Address("2001:db8:1::100"),
    care_of_address=IPv6Address("2001:db8:f::1"),
    sequence=65_535,
    remaining=600.0,
    link_local_compatibility=True,
)


@pytest.fixture
def store(tmp_path):
    return StateStore(tmp_path / "lib" / "mnclient")


def damaged_files(store):
    return sorted(path.name for path in store.directory.iterdir() if ".damaged-" in path.name)


def test_everything_is_there_again(store):
    assert store.save(STATE)
    assert StateStore(store.directory).load() == STATE
    assert store.damaged == []


def test_a_first_start_knows_nothing(store):
    assert store.load() == State()
    assert store.load_bindings(NOW) == Stored()
    assert store.damaged == []


def test_nobody_else_can_read_it(store):
    store.save(STATE)
    assert (store.directory / STATE_FILE).stat().st_mode & 0o777 == 0o600
    assert store.directory.stat().st_mode & 0o777 == 0o700


def test_the_secret_is_not_in_what_is_printed():
    assert STATE.stable_secret.hex() not in repr(STATE)
    assert repr(STATE.stable_secret) not in repr(STATE)


def test_cut_off_at_every_octet_it_is_set_aside_and_never_fatal(store):
    content = encode_state(STATE)
    store.directory.mkdir(parents=True)
    path = store.directory / STATE_FILE
    for length in range(len(content) - 1):  # without the last newline it is whole
        path.write_bytes(content[:length])
        each = StateStore(store.directory)
        assert each.load() == State()
        assert [damaged.path for damaged in each.damaged] == [path]
        assert not path.exists()
    assert len(damaged_files(store)) == MOST_DAMAGED_KEPT


@pytest.mark.parametrize(
    "content, reason",
    [
        (b"\x00\xff", "not a state file"),
        (b"[]", "not a state file"),
        (b"{}", "not a state file"),
        (b'{"version": "1"}', "not a state file"),
        (b"[" * 100_000, "not a state file"),
        (b'{"version": 2}', "written by another version (2)"),
    ],
)
def test_what_is_no_state_file_is_kept_beside_and_reported(store, content, reason):
    store.directory.mkdir(parents=True)
    (store.directory / STATE_FILE).write_bytes(content)
    assert store.load() == State()
    assert [each.reason for each in store.damaged] == [reason]
    assert (store.directory / f"{STATE_FILE}.damaged-1").read_bytes() == content


@pytest.mark.parametrize(
    "part, value",
    [
        ("home_agents", [{"address": "2001:db8::1"}]),
        ("home_agents", 5),
        ("home_agents", [json.loads(encode_state(STATE))["home_agents"][0] | {"rank": 2.0}]),
        ("home_agents", [json.loads(encode_state(STATE))["home_agents"][0]] * 33),
        ("home_addresses", [{"address": "x"}]),
        ("home_addresses", {"a": 1}),
        ("preferred_home_address", "nowhere"),
        ("dismissed", [None]),
        ("dismissed", 7),
        ("hardware_addresses", {"eth0": "xyz"}),
        ("hardware_addresses", []),
        ("stable_secret", 12),
    ],
)
def test_what_can_still_be_read_is_kept(store, part, value):
    document = json.loads(encode_state(STATE)) | {part: value}
    store.directory.mkdir(parents=True)
    (store.directory / STATE_FILE).write_text(json.dumps(document))
    state = store.load()
    for name in State.__dataclass_fields__:
        expected = getattr(State() if name == part else STATE, name)
        assert getattr(state, name) == expected
    assert [each.reason for each in store.damaged] == [f"not understood: {part}"]
    assert damaged_files(store) == [f"{STATE_FILE}.damaged-1"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=5), each, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*State.__dataclass_fields__, "bindings"]), JSON))
def test_any_json_is_read_or_set_aside(tmp_path_factory, document):
    store = StateStore(tmp_path_factory.mktemp("state"))
    for name in (STATE_FILE, BINDINGS_FILE):
        (store.directory / name).write_text(json.dumps({"version": 1, **document}))
    assert isinstance(store.load(), State)
    assert isinstance(store.load_bindings(NOW), Stored)
    assert len(damaged_files(store)) == len(store.damaged)


def test_a_disk_that_refuses_is_logged_once_and_nothing_is_lost(store, monkeypatch, caplog):
    store.save(STATE)

    def refuse(*_arguments):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(state_store, "write_atomically", refuse)
        assert [store.save(State()) for _ in range(3)] == [False] * 3
    assert caplog.text.count("No space left") == 1
    assert store.load() == STATE
    assert store.save(State())


def test_a_state_directory_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    store = StateStore(tmp_path / "file" / "mnclient")
    assert store.load() == State()
    assert not store.save(STATE)


def test_the_default_place(monkeypatch):
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    assert str(default_directory()) == "/var/lib/mnclient"
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/other")
    assert str(default_directory()) == "/var/lib/other"
