# SPDX-License-Identifier: GPL-2.0-or-later
import threading
from ipaddress import IPv6Address

import pytest

from mnclient.model.config import CorrespondentNodeConfig, HomeAgentConfig, MobileNodeConfig, NodeConfig
from mnclient.model.precomputed_key import PrecomputedKey
from mnclient.units import Seconds
from service.core_storage import BINDINGS_DELAY, SEQUENCES_DELAY, StoredFile, bindings_delay, keeps_bindings
from service.state_store import StateStore
from tests.service.fake_node import turn, until


class Slow(StateStore):
    """A disk that takes as long as the test wants."""

    def __init__(self, directory):
        super().__init__(directory)
        self.may_write = threading.Event()
        self.may_write.set()
        self.writes = []

    def write(self, name, content):
        assert self.may_write.wait(10)
        self.writes.append(content)
        return super().write(name, content)


@pytest.fixture
def store(tmp_path):
    return Slow(tmp_path)


@pytest.fixture
def value():
    return [0]


@pytest.fixture
def file(store, value):
    def capture():
        present = value[0]
        return lambda: str(present).encode()

    return StoredFile(store, "file", capture)


async def test_many_changes_are_one_write(file, store, value):
    for number in range(100):
        value[0] = number
        file.write_within(Seconds(0.01))
    await until(lambda: store.writes)
    await file.close()
    assert store.writes == [b"99"]
    assert not file.is_pending


async def test_the_earliest_wish_counts(file, store):
    file.write_within(Seconds(1000.0))
    file.write_within(Seconds(0.0))
    file.write_within(Seconds(1000.0))
    await until(lambda: store.writes)
    assert not file.is_pending


async def test_what_is_pending_is_written_at_the_end(file, store):
    file.write_within(Seconds(1000.0))
    await file.close()
    assert store.writes == [b"0"]


async def test_what_changes_after_the_end_is_not_written(file, store, value):
    """Then the roles are switched off, and forget what the file has to remember."""
    file.write_within(Seconds(1000.0))
    await file.close()
    value[0] = 1
    file.write_within(Seconds(0.0))
    assert not file.is_pending
    await file.close()
    assert store.writes == [b"0"]


async def test_without_a_change_nothing_is_written(file, store):
    await file.close()
    assert store.writes == []


async def test_an_older_state_never_replaces_a_newer_one(store):
    may_encode = threading.Event()
    states = [lambda: may_encode.wait(10) and b"older", lambda: b"newer"]
    file = StoredFile(store, "file", lambda: states.pop(0))
    file.write_within(Seconds(0.0))
    await until(lambda: not file.is_pending)
    assert file.write_now()
    may_encode.set()
    await file.close()
    assert store.writes == [b"newer"]


async def test_the_loop_does_not_wait_for_the_disk(file, store):
    store.may_write.clear()
    file.write_within(Seconds(0.0))
    await until(lambda: not file.is_pending)
    await turn()
    assert store.writes == [], "the loop came here while the disk was busy"
    store.may_write.set()
    await file.close()
    assert store.writes == [b"0"]


async def test_at_once_means_on_disk(file, store):
    file.write_within(Seconds(1000.0))
    assert file.write_now()
    assert (store.directory / "file").read_bytes() == b"0"
    assert not file.is_pending


KEY = PrecomputedKey(
    home_address=IPv6Address("2001:db8:1::10"),
    correspondent=IPv6Address("2001:db8:3::30"),
    node_key=bytes(20),
    home_nonce=bytes(8),
    care_of_nonce=bytes(8),
)


@pytest.mark.parametrize(
    ("config", "keeps", "delay"),
    [
        (NodeConfig(), False, SEQUENCES_DELAY),
        (NodeConfig(mobile_node=MobileNodeConfig()), False, SEQUENCES_DELAY),
        (NodeConfig(home_agent=HomeAgentConfig()), True, BINDINGS_DELAY),
        (NodeConfig(correspondent_node=CorrespondentNodeConfig()), False, SEQUENCES_DELAY),
        (NodeConfig(correspondent_node=CorrespondentNodeConfig(precomputed_keys=(KEY,))), True, BINDINGS_DELAY),
        (NodeConfig(correspondent_node=CorrespondentNodeConfig(generated_addresses=True)), True, BINDINGS_DELAY),
    ],
)
def test_what_is_kept_and_how_soon(config, keeps, delay):
    assert (keeps_bindings(config), bindings_delay(config)) == (keeps, delay)
