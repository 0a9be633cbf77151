# SPDX-License-Identifier: GPL-2.0-or-later
"""What is there when a deadline is noticed came before it, however much that is."""

import pytest

from mnclient.network import sockets as module
from mnclient.network.sockets import SignallingSockets


class Queue:
    """A socket with so many packets in it; `arriving` more while each is read."""

    def __init__(self, count: int, arriving: int = 0) -> None:
        self.count, self.arriving = count, arriving

    def recvfrom_into(self, buffer: bytearray) -> tuple[int, tuple[object, ...]]:
        if not self.count:
            raise BlockingIOError
        self.count += self.arriving - 1
        return 40, ("eth0", 0, 0, 0, b"")


def sockets_of(queue: Queue) -> tuple[SignallingSockets, list[int]]:
    made = SignallingSockets.__new__(SignallingSockets)  # reading is all that is done
    read: list[int] = []
    made._packets, made._buffer = queue, bytearray(1500)
    made._received = lambda *_: read.append(1)
    return made, read


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 1000])
async def test_all_of_it_is_read(count):
    sockets, read = sockets_of(Queue(count))
    sockets.catch_up()
    assert len(read) == count


async def test_a_flood_does_not_hold_it_for_ever():
    sockets, read = sockets_of(Queue(1, arriving=1))
    sockets.catch_up()
    assert 1000 < len(read) == module._BATCH * module._BACKLOG


async def test_otherwise_it_takes_turns_with_everything_else():
    sockets, read = sockets_of(Queue(1000))
    sockets._readable()
    assert len(read) == module._BATCH
