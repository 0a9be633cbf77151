# SPDX-License-Identifier: GPL-2.0-or-later
"""Route optimisation in the kernel: a laptop abroad and a correspondent, each with a Network of its own."""

import socket
from dataclasses import dataclass, replace
from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.engine.events import HomeAddressRefused, NetworkStateFailed, NetworkStateRestored
from mnclient.model.network_state import (
    Address,
    BindingUpdateReception,
    OptimizationEnd,
    Route,
    RouteOptimization,
    Rule,
    TunnelDevice,
)
from tests.mnclient.network.lab import Lab, Namespace, Node, add_address, eventually

pytestmark = [pytest.mark.lab, pytest.mark.kernel]

HOME, CARE_OF = IPv6Address("2001:db8:1::100"), IPv6Address("2001:db8:2::5")
CORRESPONDENT = IPv6Address("2001:db8:4::1")
AT_MOBILE = RouteOptimization(
    end=OptimizationEnd.MOBILE_NODE, home_address=HOME, correspondent=CORRESPONDENT, care_of_address=CARE_OF
)
AT_CORRESPONDENT = replace(AT_MOBILE, end=OptimizationEnd.CORRESPONDENT)


@dataclass
class Ends:
    """mobile --- correspondent, on one link; nobody else has the home address, so what arrives came directly."""

    lab: Lab
    mobile: Namespace
    correspondent: Namespace
    mobile_node: Node
    correspondent_node: Node

    def set_mobile(self, *items: RouteOptimization) -> None:
        self.mobile_node.set(
            devices=[TunnelDevice(name="mn6home")],
            addresses=[Address(interface="mn6home", address=HOME, home=True)],
            routes=[
                Route(
                    destination=IPv6Network("::/0"),
                    interface="mn6home",
                    table=627500,
                    preferred_source=HOME,
                    tunnel=HOME,
                )
            ],
            rules=[Rule(priority=6270, table=627500, source=IPv6Network(HOME))],
            route_optimizations=items,
        )

    def set_correspondent(self, *items: RouteOptimization) -> None:
        """Where it is mobile too, its own address is a home address: to others the kernel takes no routing header."""
        is_mobile = any(each.end is OptimizationEnd.MOBILE_NODE for each in items)
        self.correspondent_node.set(
            devices=[TunnelDevice(name="mn6home")] * is_mobile,
            addresses=[Address(interface="mn6home", address=CORRESPONDENT, home=True)] * is_mobile,
            receptions=[BindingUpdateReception()],
            route_optimizations=items,
        )

    def sockets(self) -> tuple[socket.socket, socket.socket]:
        return self.lab.socket(self.mobile, str(HOME)), self.lab.socket(self.correspondent, str(CORRESPONDENT))


@pytest.fixture
def ends(lab: Lab) -> Ends:
    mobile, correspondent = (lab.host(detects_duplicates=False) for _ in range(2))
    lab.cable(mobile, correspondent)
    add_address(mobile, f"{CARE_OF}/64")
    add_address(correspondent, "2001:db8:2::ff/64")
    add_address(correspondent, f"{CORRESPONDENT}/128", "lo")
    mobile.run("ip -6 route add default via 2001:db8:2::ff")
    correspondent.run("ip -6 route add default via 2001:db8:2::fe")  # nobody: what goes this way is lost
    eventually(lambda: "1 received" in mobile.run(f"ping -c1 -W1 {CORRESPONDENT}", check=False))
    built = Ends(lab, mobile, correspondent, *(lab.node(each, "kernel").start() for each in (mobile, correspondent)))
    assert built.mobile_node.network.capabilities.route_optimization.name == "kernel"
    built.set_mobile(AT_MOBILE)
    built.set_correspondent(AT_CORRESPONDENT)
    return built


@pytest.mark.requirement("ALL-9.3.1-02")
def test_packets_go_directly_both_ways(ends):
    home, correspondent = ends.sockets()
    home.sendto(b"from home", (str(CORRESPONDENT), correspondent.getsockname()[1]))
    data, source = correspondent.recvfrom(100)
    assert (data, source[0]) == (b"from home", str(HOME)), "the socket sees the home address"
    correspondent.sendto(b"to home", source)
    data, source = home.recvfrom(100)
    assert (data, source[0]) == (b"to home", str(CORRESPONDENT))


def test_when_it_was_used_last(ends):
    home, correspondent = ends.sockets()
    assert ends.mobile_node.network.last_used(AT_MOBILE) is None
    home.sendto(b"x", (str(CORRESPONDENT), correspondent.getsockname()[1]))
    correspondent.recv(10)
    assert ends.mobile_node.network.last_used(AT_MOBILE) is not None
    assert ends.mobile_node.network.last_used(replace(AT_MOBILE, correspondent=IPv6Address("2001:db8:4::2"))) is None


def test_another_care_of_address_takes_the_place_of_the_last_one(ends):
    home, correspondent = ends.sockets()
    moved = IPv6Address("2001:db8:2::6")
    add_address(ends.mobile, f"{moved}/64")
    ends.set_mobile(replace(AT_MOBILE, care_of_address=moved))
    ends.set_correspondent(replace(AT_CORRESPONDENT, care_of_address=moved))
    home.sendto(b"after the move", (str(CORRESPONDENT), correspondent.getsockname()[1]))
    data, source = correspondent.recvfrom(100)
    assert data == b"after the move"
    correspondent.sendto(b"and back", source)
    assert home.recv(100) == b"and back"
    assert str(CARE_OF) not in ends.correspondent.run("ip xfrm state").replace(str(moved), "")


@pytest.mark.requirement("CN-9.3.1-02")
def test_a_home_address_without_a_binding_is_refused_and_reported(ends):
    home, correspondent = ends.sockets()
    ends.set_correspondent()
    home.sendto(b"nobody believes this", (str(CORRESPONDENT), correspondent.getsockname()[1]))
    ends.correspondent_node.hears(HomeAddressRefused, source=CARE_OF, destination=CORRESPONDENT, home_address=HOME)
    correspondent.setblocking(False)
    with pytest.raises(BlockingIOError):
        correspondent.recv(100)


def test_what_somebody_deletes_comes_back(ends):
    for command in ("ip xfrm state flush", "ip xfrm policy flush"):
        before = [ends.mobile.run(f"ip xfrm {kind}").count("src ") for kind in ("state", "policy")]
        assert min(before) > 0
        ends.mobile.run(command)
        eventually(
            lambda before=before: (
                [ends.mobile.run(f"ip xfrm {kind}").count("src ") for kind in ("state", "policy")] == before
            )
        )
    home, correspondent = ends.sockets()
    home.sendto(b"again", (str(CORRESPONDENT), correspondent.getsockname()[1]))
    assert correspondent.recv(100) == b"again"


def test_a_policy_of_somebody_else_is_left_alone_and_told(ends):
    ends.set_mobile()
    theirs = f"ip xfrm policy add src {HOME} dst {CORRESPONDENT} dir out action block priority 42"
    ends.mobile.run(theirs)
    ends.set_mobile(AT_MOBILE)
    failed = ends.mobile_node.hears(NetworkStateFailed)
    assert "another program has a transformation policy" in failed.reason
    assert "priority 42" in ends.mobile.run("ip xfrm policy")
    assert "proto hao" not in ends.mobile.run("ip xfrm state"), "nothing half done"
    ends.mobile.run(theirs.replace(" add ", " delete ").replace(" action block priority 42", ""))
    ends.set_mobile()
    ends.mobile_node.hears(NetworkStateRestored)
    ends.set_mobile(AT_MOBILE)
    eventually(lambda: "proto hao" in ends.mobile.run("ip xfrm state"))


def test_foreign_states_and_policies_survive_our_comings_and_goings(ends):
    ends.mobile.run("ip xfrm state add src 2001:db8:9::1 dst 2001:db8:9::2 proto hao mode ro coa 2001:db8:9::3")
    ends.mobile.run("ip xfrm policy add src 2001:db8:9::1 dst 2001:db8:9::2 dir out priority 7")
    ends.mobile_node.stop()
    states, policies = ends.mobile.run("ip xfrm state"), ends.mobile.run("ip xfrm policy")
    assert "src 2001:db8:9::1 dst 2001:db8:9::2" in states and "coa 2001:db8:9::3" in states
    assert "src 2001:db8:9::1/128 dst 2001:db8:9::2/128" in policies and "priority 7" in policies
    assert str(HOME) not in states + policies


def test_after_a_crash_the_next_start_takes_direct_routes_out(ends):
    ends.mobile_node.stop(withdraw=False)
    assert str(HOME) in ends.mobile.run("ip xfrm policy")
    again = ends.lab.node(ends.mobile, "kernel").start()
    assert str(HOME) not in ends.mobile.run("ip xfrm policy")
    again.stop()


THEIR_CARE_OF = IPv6Address("2001:db8:2::ff")
AT_MOBILE_TOO = replace(AT_CORRESPONDENT, home_address=CORRESPONDENT, correspondent=HOME, care_of_address=THEIR_CARE_OF)
AT_THE_OTHER = (replace(AT_MOBILE_TOO, end=OptimizationEnd.MOBILE_NODE), AT_CORRESPONDENT)


def exchange(ends: Ends) -> None:
    home, other = ends.sockets()
    home.sendto(b"there", (str(CORRESPONDENT), other.getsockname()[1]))
    data, source = other.recvfrom(100)
    assert (data, source[0]) == (b"there", str(HOME))
    other.sendto(b"and back", source)
    data, source = home.recvfrom(100)
    assert (data, source[0]) == (b"and back", str(CORRESPONDENT))


@pytest.mark.requirement("ALL-9.3.1-02")
def test_both_ends_are_mobile(ends):
    """Each is the other's correspondent: option and routing header in one packet, by one policy (section 6.4.1)."""
    ends.mobile.run("ip -6 route replace default via 2001:db8:2::fe")  # nobody, as at the other end
    ends.set_mobile(AT_MOBILE, AT_MOBILE_TOO)
    ends.set_correspondent(*AT_THE_OTHER)
    exchange(ends)
    for node in (ends.mobile, ends.correspondent):
        assert node.run("ip xfrm policy").count("proto hao") == node.run("ip xfrm policy").count("proto route2") + 1 * (
            node is ends.correspondent  # what lets first Binding Updates in
        )


def test_both_were_mobile_and_one_went_home(ends):
    ends.set_mobile(AT_MOBILE, AT_MOBILE_TOO)
    ends.set_correspondent(*AT_THE_OTHER)
    exchange(ends)
    ends.set_mobile(AT_MOBILE)
    ends.set_correspondent(AT_CORRESPONDENT)
    exchange(ends)
    states = ends.mobile.run("ip xfrm state")
    assert str(THEIR_CARE_OF) not in states and "proto hao" in states
    ends.set_mobile()
    assert str(HOME) not in ends.mobile.run("ip xfrm policy") + ends.mobile.run("ip xfrm state")


def test_both_are_mobile_and_one_of_them_moves(ends):
    ends.set_mobile(AT_MOBILE, AT_MOBILE_TOO)
    ends.set_correspondent(*AT_THE_OTHER)
    exchange(ends)
    moved = IPv6Address("2001:db8:2::6")
    add_address(ends.mobile, f"{moved}/64")
    ends.set_mobile(replace(AT_MOBILE, care_of_address=moved), AT_MOBILE_TOO)
    ends.set_correspondent(AT_THE_OTHER[0], replace(AT_CORRESPONDENT, care_of_address=moved))
    exchange(ends)
    assert str(CARE_OF) not in ends.correspondent.run("ip xfrm state").replace(str(moved), "")


def test_both_are_mobile_and_all_of_it_comes_back_when_deleted(ends):
    ends.set_mobile(AT_MOBILE, AT_MOBILE_TOO)
    ends.set_correspondent(*AT_THE_OTHER)
    for kind in ("state", "policy"):
        before = sorted(line for line in ends.mobile.run(f"ip xfrm {kind}").splitlines() if "src " in line)
        ends.mobile.run(f"ip xfrm {kind} flush")
        eventually(
            lambda kind=kind, before=before: (
                sorted(line for line in ends.mobile.run(f"ip xfrm {kind}").splitlines() if "src " in line) == before
            )
        )
    exchange(ends)
