# SPDX-License-Identifier: GPL-2.0-or-later
"""Two keys of one home address: the mark says under which a message came."""

from dataclasses import replace

import pytest

from mnclient.constants import DECRYPTED_MARK
from mnclient.engine.actions import SendPacket
from tests.mnclient.network.lab import eventually
from tests.mnclient.network.test_protected_sockets import FAREWELL, HOST, LAPTOP, MINE, Ends, decrypted

pytestmark = pytest.mark.lab

NEW = replace(MINE, spi_in=MINE.spi_in + 5, spi_out=MINE.spi_out + 5, secret=bytes(20))
BOTH = replace(HOST, also=(NEW,))


@pytest.fixture
def ends(lab):
    return Ends(lab)


def sends(ends):
    ends.laptop.protect(LAPTOP)
    assert ends.laptop_host.inside(lambda: ends.laptop.send(SendPacket(packet=FAREWELL, protection=MINE.protection)))


@pytest.mark.parametrize("parity, key", [(0, MINE), (1, NEW)])
def test_each_is_heard_by_its_name(ends, parity, key):
    decrypted(ends.agent_host, DECRYPTED_MARK + parity)
    ends.agent.protect(BOTH)
    sends(ends)
    assert [each.protection for each in ends.hears()] == [key.protection]


@pytest.mark.requirement("HA-5.1-01")
def test_one_that_counts_no_longer_is_not_heard(ends):
    decrypted(ends.agent_host, DECRYPTED_MARK + 1)
    ends.agent.protect(BOTH)
    ends.agent.change(HOST, BOTH)
    sends(ends)

    def refused():
        ends.agent_host.inside(ends.agent.catch_up)
        return ends.counters["receive.protected.unexpected"]

    assert eventually(refused) == 1 and ends.heard == []


def test_what_waits_is_kept_where_its_key_is_believed_on(ends):
    """A mobile node's message is not lost because another one begins to change its key, or it does itself."""
    decrypted(ends.agent_host)
    ends.agent.protect(HOST)
    sends(ends)
    ends.agent.change(BOTH, HOST)
    ends.agent.change(replace(HOST, association=NEW, also=(MINE,)), BOTH)
    assert [each.protection for each in ends.hears()] == [MINE.protection]


def test_what_waits_under_a_key_that_went_is_thrown_away(ends):
    decrypted(ends.agent_host)
    ends.agent.protect(HOST)
    sends(ends)
    other = replace(HOST, association=replace(MINE, secret=bytes(20)))

    def drained():
        ends.agent.change(other, HOST)
        return ends.counters["receive.before-protection"]

    assert eventually(drained) == 1 and ends.heard == []


def test_what_is_sent_goes_under_the_present_one(ends):
    answer = SendPacket(packet=FAREWELL, protection=NEW.protection)
    ends.laptop.protect(replace(LAPTOP, also=(NEW,)))
    assert not ends.laptop.send(answer)
    ends.laptop.change(replace(LAPTOP, association=NEW), replace(LAPTOP, also=(NEW,)))
    assert ends.laptop_host.inside(lambda: ends.laptop.send(answer))
    ends.laptop.change(None, replace(LAPTOP, association=NEW))
    assert not ends.laptop.send(answer)
