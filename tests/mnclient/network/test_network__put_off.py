# SPDX-License-Identifier: GPL-2.0-or-later
"""What is put off is still done on a real kernel: when asked for, when the time has come, and before the end."""

from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.model.network_state import EMPTY, NetworkState, Route
from mnclient.network.plan import is_tidying
from tests.mnclient.network.lab import Lab, Namespace, Node, eventually

pytestmark = pytest.mark.lab

WAY = Route(destination=IPv6Network("2001:db8:7::/48"), interface="eth0", gateway=IPv6Address("fe80::1"))


def is_there(host: Namespace) -> bool:
    return "2001:db8:7::/48 via fe80::1" in host.run("ip -6 route show proto 135")


@pytest.fixture
def host(lab: Lab) -> Namespace:
    host, other = lab.host(), lab.host()
    lab.cable(host, other)
    return host


@pytest.fixture
def node(lab: Lab, host: Namespace) -> Node:
    node = lab.node(host).start()
    node.set(routes=[WAY])
    assert is_there(host)
    node.run(node.network.set_state("test", EMPTY, is_tidying))
    assert is_there(host), "put off"
    return node


def test_it_is_done_when_asked_for(node: Node, host: Namespace):
    async def complete() -> None:
        node.network.complete()

    node.run(complete())
    assert not is_there(host)


def test_it_is_done_when_the_time_has_come(node: Node, host: Namespace):
    async def complete_soon() -> None:
        node.network.complete_soon()
        node.network.complete_soon()

    node.run(complete_soon())
    eventually(lambda: not is_there(host))


def test_it_is_done_before_what_is_not_put_off(node: Node, host: Namespace):
    node.set(owner="another", routes=[])
    assert not is_there(host)


def test_wanted_again_it_stays(node: Node, host: Namespace):
    async def complete() -> None:
        await node.network.set_state("test", NetworkState(routes=frozenset((WAY,))), is_tidying)
        node.network.complete()

    node.run(complete())
    assert is_there(host)


def test_nothing_is_left_at_the_end(node: Node, host: Namespace):
    node.stop()
    assert not is_there(host)
