# SPDX-License-Identifier: GPL-2.0-or-later
"""Policies that protect, in a real kernel: they are there first, stop everything without their states, and stay.

Where the kernel has no ESP at all, no state can be there: that is a case of its own, and the one tried here. What a
kernel does that has it is tried in the lab.
"""

import errno
import socket
from collections import Counter
from dataclasses import replace

import pytest

from mnclient.engine.actions import SendPacket
from mnclient.network.kernel import direct
from mnclient.network.kernel.direct import DirectRoutes
from mnclient.network.netlink import Answer
from mnclient.network.protected_sockets import ProtectedSockets
from mnclient.network.xfrm_esp import EspState
from tests.mnclient.network.lab import add_address
from tests.mnclient.network.test_protected_sockets import (
    AGENT,
    CARE_OF,
    FAR_TUNNEL,
    FAREWELL,
    HOME,
    HOST,
    LAPTOP,
    MINE,
    OTHER,
    TUNNEL,
)

pytestmark = pytest.mark.lab

AT_HOME = replace(LAPTOP, care_of_address=None)


@pytest.fixture
def neighbour(lab):
    return lab.host()


@pytest.fixture
def host(lab, neighbour):
    made = lab.host(detects_duplicates=False)
    lab.cable(made, neighbour)
    add_address(made, f"{HOME}/64")
    made.run(f"ip -6 neigh add {AGENT} lladdr 02:00:00:00:00:01 dev eth0")
    return made


@pytest.fixture
def routes(lab, host):
    made = host.inside(DirectRoutes)
    lab.defer(made.close)
    return made


def policies(host):
    """A line for each, with what it needs."""
    text = host.run("ip xfrm policy").replace("\n\t\t", " ").replace("\n\t", " | ")
    return sorted(" ".join(line.split()) for line in text.splitlines())


def has_esp(host):
    return not host.inside(direct.why_not_protected)


def settled(answer, host):
    """It is in force where the kernel has ESP; otherwise it is refused, and the policies are there all the same."""
    refused = (errno.EPROTONOSUPPORT, errno.ENOSYS)  # no ESP, or not this algorithm
    assert answer.errno in ((0,) if has_esp(host) else refused)


@pytest.mark.requirement("RFC4877-ALL-4.3-01")
def test_signalling_at_the_mobile_node(host, routes):
    settled(routes.set(LAPTOP, None), host)
    found = policies(host)
    assert [each.partition(" | tmpl")[0] for each in found] == [
        f"src {AGENT}/128 dst {HOME}/128 proto ipv6-icmp type 147 | dir in priority 6272 ptype main",
        f"src {AGENT}/128 dst {HOME}/128 proto ipv6-icmp type 58 | dir in priority 6272 ptype main",
        f"src {AGENT}/128 dst {HOME}/128 proto mobility-header | dir in priority 6272 ptype main",
        f"src {HOME}/128 dst {AGENT}/128 proto ipv6-icmp type 146 | dir out priority 6272 ptype main",
        f"src {HOME}/128 dst {AGENT}/128 proto mobility-header type 5 | dir out priority 6272 ptype main",
    ]
    assert all("proto esp spi 0x000003e" in each and "mode transport" in each for each in found)
    assert all("proto route2" in each and "level use" in each for each in found[:3])
    assert all("proto hao" in each and "level use" not in each for each in found[3:])
    settled(routes.set(AT_HOME, LAPTOP), host)
    assert not any("hao" in each for each in policies(host)) and len(policies(host)) == 5
    routes.remove(AT_HOME)
    assert policies(host) == []


@pytest.mark.parametrize("item, count", [(HOST, 5), (TUNNEL, 2), (replace(FAR_TUNNEL, payload=True), 6)])
def test_what_is_set_is_swept_and_known_as_ours(host, routes, item, count):
    settled(routes.set(item, None), host)
    settled(routes.set(item, None), host)  # safe to repeat
    assert len(policies(host)) == count
    host.inside(lambda: direct.sweep(protection_too=False))
    assert len(policies(host)) == count, "a start lets nothing through"
    routes.settle()
    assert len(policies(host)) == count
    lines = host.inside(direct.sweep)
    assert len([line for line in lines if "policy" in line]) == count and policies(host) == []


def test_what_an_earlier_run_has_left_goes_when_nobody_wants_it(lab, host, routes):
    settled(routes.set(HOST, None), host)
    settled(routes.set(TUNNEL, None), host)
    later = host.inside(DirectRoutes)
    lab.defer(later.close)
    settled(later.set(HOST, None), host)
    later.settle()
    assert len(policies(host)) == 5


@pytest.mark.requirement("HA-10.4.6-03")
def test_a_home_agent_encrypts_what_leaves_by_the_tunnel_alone(host, routes):
    host.run("ip link add mn6tunnel type veth peer name other")
    settled(host.inside(lambda: routes.set(FAR_TUNNEL, None)), host)
    (leaving,) = [each for each in policies(host) if "dir out" in each]
    assert "dev mn6tunnel" in leaving


def test_a_move_of_the_tunnel_is_one_replacement(host, routes):
    settled(routes.set(TUNNEL, None), host)
    moved = replace(TUNNEL, care_of_address=OTHER, accept_local=(CARE_OF,))
    settled(routes.set(moved, TUNNEL), host)
    found = policies(host)
    assert len(found) == 2 and all(str(OTHER) in each and str(CARE_OF) not in each for each in found)


def test_a_policy_of_somebody_else_is_not_replaced(host, routes):
    host.run(f"ip xfrm policy add src {HOME} dst {AGENT} proto 135 type 5 dir out action allow priority 42")
    answer = routes.set(LAPTOP, None)
    assert answer.errno == errno.EEXIST and "another program" in answer.reason
    assert any("priority 42" in each for each in policies(host))


@pytest.mark.kernel
def test_a_state_of_somebody_else_with_our_number_is_not_replaced(host, routes):
    """An SPI belongs to whoever has it first: the other program's packets would be lost."""
    name = f"src {HOME} dst {AGENT} proto esp spi {LAPTOP.association.spi_out}"
    host.run(f"ip xfrm state add {name} reqid 77 mode transport aead rfc4106(gcm(aes)) 0x{'7' * 40} 128")
    answer = routes.set(LAPTOP, None)
    assert answer.errno == errno.EEXIST and "another program has a transformation state" in answer.reason
    assert "reqid 77" in host.run("ip xfrm state")


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOENT])
def test_an_algorithm_that_the_kernel_lacks_is_named(host, routes, monkeypatch, number):
    monkeypatch.setattr(direct, "esp_addition", lambda state: state)
    request = routes._netlink.request

    def lacking(messages):
        is_esp = isinstance(messages[0], EspState)
        return [Answer(number, "it said no")] if is_esp else request(messages)

    monkeypatch.setattr(routes._netlink, "request", lacking)
    answer = routes.set(LAPTOP, None)
    assert answer.errno == number
    assert f"the kernel lacks the algorithm {LAPTOP.association.algorithm}" in answer.reason


@pytest.mark.requirement("MN-5.1-01", "RFC4877-ALL-4.1-01")
def test_without_its_state_a_policy_lets_nothing_out(lab, host, neighbour, routes):
    """The moment between the two, or a kernel that lacks the algorithm: what is sent does not leave in clear."""
    if has_esp(host):
        pytest.skip("this kernel has ESP: tried in the lab")
    counters = Counter()
    sockets = host.inside(lambda: ProtectedSockets(lambda event: None, counters))
    lab.defer(sockets._close_all)
    sockets.protect(AT_HOME)
    wire = neighbour.inside(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x86DD)))
    lab.defer(wire.close)
    wire.settimeout(0.5)
    action = SendPacket(packet=FAREWELL, interface="eth0", protection=MINE.protection)
    assert host.inside(lambda: sockets.send(action)), "without a policy it would leave"
    assert carries_signalling(wire)
    settled(routes.set(AT_HOME, None), host)
    host.inside(lambda: sockets.send(action))
    assert not carries_signalling(wire)


def carries_signalling(wire):
    """Whether a Mobility Header passes within a moment."""
    try:
        while wire.recv(2048)[6] != 135:
            pass
    except TimeoutError:
        return False
    return True
