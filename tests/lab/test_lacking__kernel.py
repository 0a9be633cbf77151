# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel datapath needs is missing, comes later, or is taken: the portable one serves, and says why."""

import json
from collections.abc import Iterator
from ipaddress import IPv6Address

import pytest

from mnclient.model.service_status import Datapath
from tests.lab.lab import Lab
from tests.lab.modules import MODULE, OF_THE_MODULE, as_before, is_loaded, takes_a_module, without_the_module
from tests.lab.person import reads
from tests.lab.roaming import Roaming
from tests.lab.snapshot import differences, snapshots
from tests.lab.topology import HOME, VISITED_A
from tests.lab.traffic import call_from_outside

pytestmark = [pytest.mark.lab, pytest.mark.kernel]

LACKING = Datapath(name="portable", reason=f"kernel lacks {MODULE}")
TAKEN = Datapath(name="portable", reason="somebody else's device has the name mn6tunnel")
KERNEL = Datapath(name="kernel", reason="")


def told(roaming: Roaming, expected: Datapath) -> None:
    """Programs and people are told the same."""
    assert roaming.status().datapath == expected
    words = f"{expected.name}: {expected.reason}" if expected.reason else expected.name
    (line,) = [line for line in reads(roaming.laptop, "status").splitlines() if "Datapath" in line]
    assert line.split(maxsplit=1)[1] == words


def carries(lab: Lab, roaming: Roaming, device: str) -> IPv6Address:
    """At home and away the home address is reachable, and it is on this device."""
    lab.move(VISITED_A)
    roaming.registered_at(VISITED_A)
    (entry,) = roaming.home_addresses()
    call_from_outside(lab, entry.address)
    assert str(entry.address) in lab.laptop.run(["ip", "-6", "-o", "addr", "show", "dev", device])
    lab.move(HOME)
    roaming.registered_at(HOME)
    call_from_outside(lab, entry.address)
    return entry.address


def start_again(lab: Lab, roaming: Roaming) -> None:
    """Both, at home."""
    for service in (roaming.home_agent, roaming.laptop):
        service.restart()
        lab.eventually(service.is_ready, within=15.0, what="the service is back")
    roaming.registered_at(HOME)


@pytest.fixture
def roaming(lab: Lab) -> Iterator[Roaming]:
    """Not started. What was started is stopped after the test, however it ends."""
    made = Roaming(lab)
    with as_before():
        yield made
    made.stop()
    if lab.cables["eth0"].link != HOME:
        lab.move(HOME)


def devices_of_the_module(lab: Lab) -> dict[str, tuple[bool, int]]:
    """By machine: whether it is up, and how many addresses it has."""
    found = {}
    for node in lab.nodes.values():
        for each in json.loads(node.run(["ip", "-json", "addr"])):
            if each["ifname"] == OF_THE_MODULE:
                found[node.name] = ("UP" in each["flags"], len(each["addr_info"]))
    return found


@takes_a_module
def test_a_module_that_is_missing_and_comes_later(lab, roaming):
    """Used from the next start on. What the module's loading makes is not ours to remove; nothing else stays."""
    with without_the_module():
        before = snapshots([lab.laptop])
        roaming.start()
        told(roaming, LACKING)
        carries(lab, roaming, "mn6home")
        assert devices_of_the_module(lab) == {}
    assert not is_loaded(), "nobody has asked for it yet"
    start_again(lab, roaming)
    told(roaming, KERNEL)
    carries(lab, roaming, "mn6tunnel")
    assert devices_of_the_module(lab) == dict.fromkeys(lab.nodes, (False, 0))
    assert [roaming.laptop.stop(), roaming.home_agent.stop()] == [0, 0]
    assert devices_of_the_module(lab) == dict.fromkeys(lab.nodes, (False, 0)), "they stay"
    left = differences(before, snapshots([lab.laptop]))
    assert left, "this would show nothing"
    assert [line for line in left if OF_THE_MODULE not in line] == []


@pytest.mark.parametrize("kind", ["dummy", "bridge"])
def test_the_name_of_the_tunnel_device_is_taken(lab, roaming, kind):
    lab.laptop.ip(f"link add mn6tunnel type {kind}")
    try:
        roaming.start()
        told(roaming, TAKEN)
        carries(lab, roaming, "mn6home")
        assert kind in lab.laptop.run(["ip", "-d", "link", "show", "mn6tunnel"]), "it is left alone"
    finally:
        lab.laptop.ip("link del mn6tunnel")
    start_again(lab, roaming)
    told(roaming, KERNEL)
    carries(lab, roaming, "mn6tunnel")
