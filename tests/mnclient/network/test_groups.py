# SPDX-License-Identifier: GPL-2.0-or-later
"""Solicited-node groups, joined at once, and anycast addresses."""

import errno
import socket
import sys
from ipaddress import IPv6Address
from pathlib import Path

import pytest

from mnclient.network.groups import AnycastMemberships, SolicitedNodeGroups

ADDRESS = IPv6Address("2001:db8::12:3456")
GROUP = "ff0200000000000000000001ff123456"


def memberships() -> str:
    return Path("/proc/net/igmp6").read_text()


@pytest.mark.skipif(not Path("/proc/net/igmp6").exists(), reason="this host has no IPv6")
def test_a_group_is_joined_and_left():
    groups, index = SolicitedNodeGroups(), socket.if_nametoindex("lo")
    groups.join(index, ADDRESS)
    groups.join(index, ADDRESS)
    assert GROUP in memberships()
    groups.leave(index, ADDRESS)
    assert GROUP not in memberships()
    groups.close()


def test_an_interface_that_is_not_there_is_no_harm():
    groups = SolicitedNodeGroups()
    groups.join(999_999, ADDRESS)
    groups.leave(999_999, ADDRESS)
    groups.close()


def test_a_host_without_ipv6(monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(errno.EAFNOSUPPORT, "no")

    monkeypatch.setattr(socket, "socket", refuse)
    groups = SolicitedNodeGroups()
    groups.join(1, ADDRESS)
    groups.leave(1, ADDRESS)
    groups.close()


class Sockets:
    """Stands in for the kernel: notes what is asked, and refuses what it is told to."""

    def __init__(self, refused: dict[int, int]) -> None:
        self.asked: list[int] = []
        self.closed = 0
        self._refused = refused

    def __call__(self, *_: object) -> "Sockets":
        return self

    def setsockopt(self, _: int, option: int, request: bytes) -> None:
        assert request == ADDRESS.packed + (7).to_bytes(4, sys.byteorder)
        self.asked.append(option)
        if option in self._refused:
            raise OSError(self._refused[option], "refused")

    def close(self) -> None:
        self.closed += 1


JOIN, LEAVE = 27, 28


def test_an_anycast_address_is_joined_anew_each_time(monkeypatch):
    """The kernel forgets its route with the link, and refuses nothing that is there already."""
    kernel = Sockets({LEAVE: errno.ENOENT})
    monkeypatch.setattr(socket, "socket", kernel)
    anycast = AnycastMemberships()
    anycast.leave(7, ADDRESS)
    assert kernel.asked == [], "nothing was ever joined"
    anycast.join(7, ADDRESS)
    anycast.join(7, ADDRESS)
    assert kernel.asked == [LEAVE, JOIN] * 2
    anycast.leave(7, ADDRESS)
    anycast.close()
    anycast.close()
    assert kernel.closed == 1


@pytest.mark.parametrize("option", [JOIN, LEAVE])
def test_what_the_kernel_refuses_of_anycast_addresses_is_said(monkeypatch, option):
    monkeypatch.setattr(socket, "socket", Sockets({option: errno.EPERM}))
    with pytest.raises(PermissionError):
        AnycastMemberships().join(7, ADDRESS)
