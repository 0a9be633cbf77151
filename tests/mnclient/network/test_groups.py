# SPDX-License-Identifier: GPL-2.0-or-later
"""Solicited-node groups, joined at once."""

import errno
import socket
from ipaddress import IPv6Address
from pathlib import Path

import pytest

from mnclient.network.groups import SolicitedNodeGroups

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
