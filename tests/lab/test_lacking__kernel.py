# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel datapath needs is missing, comes later, or is taken: the portable one serves, and says why."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address
from pathlib import Path

import pytest

from mnclient.model.service_status import Datapath
from tests.kernel_lab.probe import is_emulated
from tests.lab.lab import Lab
from tests.lab.person import reads
from tests.lab.roaming import Roaming
from tests.lab.snapshot import differences, snapshots
from tests.lab.topology import HOME, VISITED_A
from tests.lab.traffic import call_from_outside

pytestmark = [pytest.mark.lab, pytest.mark.kernel]

MODULE = "ip6_tunnel"
REFUSAL = Path("/etc/modprobe.d/mnclient-test.conf")
OF_THE_MODULE = "ip6tnl0"
"""The kernel's own device: in every namespace from when the module is loaded. Nobody can remove it alone."""

LACKING = Datapath(name="portable", reason=f"kernel lacks {MODULE}")
TAKEN = Datapath(name="portable", reason="somebody else's device has the name mn6tunnel")
KERNEL = Datapath(name="kernel", reason="")


@contextmanager
def without_the_module() -> Iterator[None]:
    """For the block: it is not loaded, and cannot be."""
    REFUSAL.write_text(f"install {MODULE} /bin/false\n", encoding="ascii")
    try:
        subprocess.run(["modprobe", "--remove", MODULE], check=True, capture_output=True)
        yield
    finally:
        REFUSAL.unlink()


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
    yield made
    made.stop_laptop()
    if made.home_agent.is_running():
        made.home_agent.stop()


@pytest.mark.skipif(not is_emulated(), reason="takes a module from the running kernel: only in the virtual machine")
def test_a_module_that_is_missing_and_comes_later(lab, roaming):
    """Used from the next start on. What the module's loading makes is not ours to remove; nothing else stays."""
    with without_the_module():
        before = snapshots([lab.laptop])
        roaming.start()
        told(roaming, LACKING)
        carries(lab, roaming, "mn6home")
    start_again(lab, roaming)
    told(roaming, KERNEL)
    carries(lab, roaming, "mn6tunnel")
    assert roaming.laptop.stop() == 0
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
