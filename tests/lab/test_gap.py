# SPDX-License-Identifier: GPL-2.0-or-later
"""Between two networks programs see a pause, never an error: nothing is unreachable, it only takes longer."""

import errno
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.lab.cable import boot_time
from tests.lab.lab import Lab
from tests.lab.node import inside
from tests.lab.topology import CORRESPONDENT_ADDRESS, HOME, VISITED_A, VISITED_B

pytestmark = pytest.mark.lab

GAP = 1.5
"""Seconds without a network."""
PORT = 7011


class Program:
    """What an ordinary program on the laptop does meanwhile: it chooses no address, and knows of no move."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.datagrams = 0
        with inside(lab.laptop.namespace):
            self.talker = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.callers: list[socket.socket] = []

    def talks(self) -> None:
        """A datagram to the correspondent; any error fails the test."""
        self.talker.sendto(b"still there?", (str(CORRESPONDENT_ADDRESS), 9))
        self.datagrams += 1

    def calls(self) -> socket.socket:
        """Begins a connection to the correspondent."""
        with inside(self.lab.laptop.namespace):
            caller = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        caller.setblocking(False)
        assert caller.connect_ex((str(CORRESPONDENT_ADDRESS), PORT)) == errno.EINPROGRESS
        self.callers.append(caller)
        return caller

    def during(self, seconds: float) -> None:
        """Talks all the time, and calls now and then."""
        end, next_call = boot_time() + seconds, 0.0

        def goes_on() -> bool:
            nonlocal next_call
            self.talks()
            if boot_time() >= next_call:
                self.calls()
                next_call = boot_time() + 0.3
            return boot_time() >= end

        self.lab.eventually(goes_on, within=seconds + 5.0)

    def is_connected(self) -> bool:
        """Whether every call that was begun got through."""
        for caller in self.callers:
            error = caller.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            assert not error, errno.errorcode[error]
        return all(_has_peer(caller) for caller in self.callers)

    def close(self) -> None:
        for each in (self.talker, *self.callers):
            each.close()


def _has_peer(caller: socket.socket) -> bool:
    try:
        caller.getpeername()
    except OSError:
        return False
    return True


@contextmanager
def program(lab: Lab) -> Iterator[Program]:
    """A program on the laptop and somebody at the correspondent who takes its calls."""
    with inside(lab.correspondent.namespace):
        listener = socket.create_server(("::", PORT), family=socket.AF_INET6, backlog=64)
    with listener:
        made = Program(lab)
        try:
            yield made
        finally:
            made.close()


@pytest.mark.parametrize("start", [HOME, VISITED_A])
def test_with_the_cable_out(lab, at_home, start):
    if start != HOME:
        lab.move(start)
        at_home.registered_at(start)
    with program(lab) as user:
        user.during(0.2)
        lab.unplug()
        user.during(GAP)
        lab.plug(VISITED_B)
        at_home.registered_at(VISITED_B)
        lab.eventually(user.is_connected, within=15.0, what="every call gets through")
        user.during(0.2)


@pytest.mark.parametrize("start", [HOME, VISITED_A])
def test_calls_before_the_service_knows(lab, at_home, start):
    """What is sent into the dead link waits for a neighbour that will not answer; it must not come to an error."""
    if start != HOME:
        lab.move(start)
        at_home.registered_at(start)
    with program(lab) as user:
        user.during(0.2)
        os.kill(at_home.laptop.pid, signal.SIGSTOP)
        lab.unplug()
        user.during(0.5)
        os.kill(at_home.laptop.pid, signal.SIGCONT)
        user.during(GAP)
        lab.plug(VISITED_B)
        at_home.registered_at(VISITED_B)
        lab.eventually(user.is_connected, within=15.0, what="every call gets through")


@pytest.mark.parametrize("start", [HOME, VISITED_A])
def test_with_the_interface_switched_off(lab, at_home, start):
    """The kernel throws away the interface's routes and addresses at once, before anybody can react."""
    if start != HOME:
        lab.move(start)
        at_home.registered_at(start)
    with program(lab) as user:
        user.during(0.2)
        lab.laptop.ip("link set eth0 down")
        user.during(GAP)
        lab.laptop.ip("link set eth0 up")
        at_home.registered_at(start)
        lab.eventually(user.is_connected, within=15.0, what="every call gets through")
        user.during(0.2)
