# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets that did not fit their key, as the kernel counts them: told when there are more, and no oftener."""

import asyncio
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
        self.looked_at = []

    def failures(self):
        self.looked_at.append(asyncio.get_running_loop().time())
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


def whose(heard):
    return [each.home_address for each in heard if isinstance(each, IntegrityFailed)]


async def looks(kernel, times=2):
    """It has looked that often since."""
    enough = len(kernel.looked_at) + times
    await until(lambda: len(kernel.looked_at) >= enough)


async def test_each_growth_is_told_once(kernel, heard):
    await looks(kernel)
    assert heard == []
    kernel.counts[HOME] = 7
    await looks(kernel)
    assert whose(heard) == [HOME]
    kernel.counts = {HOME: 8, OTHER: 1}
    await looks(kernel)
    assert whose(heard) == [HOME, HOME, OTHER]


async def test_a_state_that_is_made_anew_counts_from_nothing(kernel, heard):
    kernel.counts[HOME] = 7
    await looks(kernel)
    kernel.counts[HOME] = 0
    await looks(kernel)
    kernel.counts[HOME] = 1
    await looks(kernel)
    assert whose(heard) == [HOME, HOME]


async def test_a_kernel_without_room_is_asked_again(kernel, heard):
    kernel.counts[HOME], kernel.is_full = 7, True
    await looks(kernel)
    assert heard == []
    kernel.is_full = False
    await looks(kernel)
    assert whose(heard) == [HOME]


async def test_how_long_ago_it_was_at_most_is_said(kernel, heard):
    """That is since the last look that had an answer."""
    await looks(kernel)
    kernel.is_full = True
    answered = len(kernel.looked_at) - 1
    await looks(kernel, times=10)
    kernel.counts[HOME], kernel.is_full = 7, False
    await until(lambda: heard)
    told = len(kernel.looked_at) - 1
    (event,) = heard
    between = kernel.looked_at[told - 1] - kernel.looked_at[answered]
    assert 0.0 < between <= event.within <= kernel.looked_at[told] - kernel.looked_at[answered - 1]


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
