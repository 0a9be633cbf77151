# SPDX-License-Identifier: GPL-2.0-or-later
"""What waits for a neighbour that will not answer comes to no error."""

import errno
import socket
from collections.abc import Callable
from ipaddress import IPv6Address

import pytest

from mnclient.model.network_state import Neighbor
from mnclient.network.datapath import Datapath
from mnclient.network.netlink import Executor
from mnclient.network.plan import Operation, Verb
from mnclient.network.portable.datapath import TunnelDatapath
from mnclient.network.rtnetlink import RouteSocket
from mnclient.network.stranded import release_all
from tests.mnclient.network.lab import Lab, Namespace, eventually

pytestmark = pytest.mark.lab

NOBODY = IPv6Address("2001:db8:2::bad")
LONG_ENOUGH = 5.0
"""Seconds; the kernel asks three times in three."""


def host_on_an_empty_link(lab: Lab) -> Namespace:
    host, other = lab.host(), lab.host()
    lab.cable(host, other)
    host.run("ip addr add 2001:db8:2::5/64 dev eth0 nodad")
    return host


def call(host: Namespace) -> socket.socket:
    """A connection that has begun."""

    def begin() -> socket.socket:
        caller = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        caller.setblocking(False)
        assert caller.connect_ex((str(NOBODY), 80)) == errno.EINPROGRESS
        return caller

    return host.inside(begin)


def is_waited_for(host: Namespace) -> bool:
    return "INCOMPLETE" in host.run("ip -6 neigh show dev eth0")


def error_of(caller: socket.socket) -> int:
    return caller.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)


def release(host: Namespace) -> None:
    netlink = RouteSocket()
    release_all(netlink, "eth0")
    netlink.close()


def remove_neighbor(host: Namespace) -> None:
    datapath: Datapath = TunnelDatapath(lambda tunnel: None)
    executor = Executor(datapath)
    item = Neighbor(interface="eth0", address=NOBODY, link_layer_address=bytes(6))
    assert executor.apply([Operation(Verb.REMOVE, item)]) == []
    executor.close()
    datapath.close()


def test_without_us_it_is_an_error(lab: Lab):
    """What all this is for; and that these tests would notice."""
    with call(host_on_an_empty_link(lab)) as caller:
        assert eventually(lambda: error_of(caller), within=LONG_ENOUGH) == errno.EHOSTUNREACH


@pytest.mark.parametrize("let_go", [release, remove_neighbor])
def test_let_go_it_is_only_lost(lab: Lab, let_go: Callable[[Namespace], None]):
    host, other = host_on_an_empty_link(lab), host_on_an_empty_link(lab)
    with call(host) as caller, call(other) as witness:
        assert is_waited_for(host)
        host.inside(lambda: let_go(host))
        assert not is_waited_for(host)
        # What is sent again is for somebody who never answers, but whom nobody has to look for.
        host.run(f"ip neigh replace {NOBODY} dev eth0 lladdr 02:00:00:00:00:99 nud permanent")
        eventually(lambda: error_of(witness), within=LONG_ENOUGH)
        assert error_of(caller) == 0


def test_of_an_interface_that_is_not_there(lab: Lab):
    host = lab.host()

    def ask() -> None:
        netlink = RouteSocket()
        release_all(netlink, "gone0")
        netlink.close()

    host.inside(ask)
