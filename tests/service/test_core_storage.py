# SPDX-License-Identifier: GPL-2.0-or-later
import threading

import pytest

from mnclient.units import Seconds
from service.core_storage import StoredFile
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
