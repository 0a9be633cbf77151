# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets that did not fit their key, as the kernel counts them: told when there are more, and no oftener."""

import errno
from ipaddress import IPv6Address

import pytest

from mnclient.engine.events import IntegrityFailed
from mnclient.network.kernel import failures
from mnclient.network.kernel.failures import Failures
from mnclient.units import Seconds
from tests.service.fake_node import until

HOME, OTHER = IPv6Address("2001:db8:1::100"), IPv6Address("2001:db8:1::200")


class Kernel:
    """Counts what it is told to."""

    def __init__(self):
        self.counts = {HOME: 0, OTHER: 0}
        self.is_full = False
        self.looks = 0

    def failures(self):
        self.looks += 1
        if self.is_full:
            raise OSError(errno.ENOBUFS, "no room")
        return dict(self.counts)


@pytest.fixture
def kernel():
    return Kernel()


@pytest.fixture
def heard():
    return []


@pytest.fixture(autouse=True)
async def watching(kernel, heard, monkeypatch):
    monkeypatch.setattr(failures, "INTERVAL", Seconds(0.001))
    made = Failures(kernel.failures, heard.append)
    made.watch()
    yield made
    made.close()


async def looks(kernel, times=2):
    """It has looked that often since."""
    enough = kernel.looks + times
    await until(lambda: kernel.looks >= enough)


async def test_each_growth_is_told_once(kernel, heard):
    await looks(kernel)
    assert heard == []
    kernel.counts[HOME] = 7
    await looks(kernel)
    assert heard == [IntegrityFailed(home_address=HOME)]
    kernel.counts = {HOME: 8, OTHER: 1}
    await looks(kernel)
    assert heard[1:] == [IntegrityFailed(home_address=HOME), IntegrityFailed(home_address=OTHER)]


async def test_a_state_that_is_made_anew_counts_from_nothing(kernel, heard):
    kernel.counts[HOME] = 7
    await looks(kernel)
    kernel.counts[HOME] = 0
    await looks(kernel)
    kernel.counts[HOME] = 1
    await looks(kernel)
    assert heard == 2 * [IntegrityFailed(home_address=HOME)]


async def test_a_kernel_without_room_is_asked_again(kernel, heard):
    kernel.counts[HOME], kernel.is_full = 7, True
    await looks(kernel)
    assert heard == []
    kernel.is_full = False
    await looks(kernel)
    assert heard == [IntegrityFailed(home_address=HOME)]


async def test_without_keys_nobody_looks_until_there_may_be_some(kernel, watching):
    kernel.counts = {}
    await until(lambda: not watching.is_watching)
    kernel.counts = {HOME: 0}
    watching.watch()
    await looks(kernel)
    assert watching.is_watching


async def test_nobody_looks_after_the_end(watching):
    watching.close()
    watching.close()
    assert not watching.is_watching
