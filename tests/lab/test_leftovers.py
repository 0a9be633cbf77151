# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever ends our programs, the machine's network is as it was before them."""

import pytest

from tests.lab.lab import Lab
from tests.lab.roaming import Roaming
from tests.lab.snapshot import differences, snapshot, snapshots
from tests.lab.topology import HOME, VISITED_A, VISITED_B

pytestmark = pytest.mark.lab


def accepts_advertisements(lab: Lab, link: str) -> None:
    """Wait until the laptop's kernel has formed its own address on a link, so that it is in the snapshot before."""
    prefix = str(lab.routers[link].prefix).removesuffix("::/64")
    lab.eventually(
        lambda: prefix in lab.laptop.run(["ip", "-6", "-o", "addr", "show", "dev", "eth0", "-tentative"]),
        within=10.0,
        what=f"the kernel has an address on {link}",
    )


@pytest.fixture(scope="module")
def before(lab):
    return {"ha": snapshot(lab.home_agent)}


@pytest.fixture(scope="module")
def served(lab, before):
    """A home agent; the laptop's kernel has been in every network already; no service on the laptop yet."""
    made = Roaming(lab)
    made.start_home_agent()
    for link in (VISITED_A, VISITED_B):
        lab.move(link)
        accepts_advertisements(lab, link)
    lab.move(HOME)
    return made


@pytest.fixture
def laptop_before(lab, served):
    if lab.cables["eth0"].link != HOME:
        lab.move(HOME)
    yield snapshots([lab.laptop])
    served.stop_laptop()  # a test that failed half way must not spoil the next
    served.forget_bindings()


def roam(lab: Lab, roaming: Roaming, *, end_at: str) -> None:
    roaming.start_laptop()
    address = roaming.home_address()
    assert str(address) in lab.laptop.run(["ip", "-6", "-o", "addr"])
    for link in (VISITED_A, VISITED_B):
        lab.move(link)
        roaming.registered_at(link)
    if end_at == HOME:
        lab.move(HOME)
        roaming.registered_at(HOME)


def test_the_snapshot_sees_what_is_left_behind(lab, served, laptop_before):
    lab.laptop.ip("addr add 2001:db8:9::9/128 dev lo")
    lab.laptop.run(["ip", "-6", "rule", "add", "pref", "30000", "lookup", "99"])
    assert len(differences(laptop_before, snapshots([lab.laptop]))) == 2
    lab.laptop.ip("addr del 2001:db8:9::9/128 dev lo")
    lab.laptop.run(["ip", "-6", "rule", "del", "pref", "30000"])
    assert differences(laptop_before, snapshots([lab.laptop])) == []


@pytest.mark.parametrize("end_at", [HOME, VISITED_B])
def test_stop_leaves_nothing(lab, served, laptop_before, end_at):
    roam(lab, served, end_at=end_at)
    assert served.laptop.stop() == 0
    assert differences(laptop_before, snapshots([lab.laptop])) == []


def test_reset_network_after_a_kill_leaves_nothing(lab, served, laptop_before):
    roam(lab, served, end_at=VISITED_B)
    served.laptop.kill()
    assert differences(laptop_before, snapshots([lab.laptop])) != []  # or this test would show nothing
    result = served.laptop.mnctl_process("reset-network")
    assert result.returncode == 0, result.stderr
    assert differences(laptop_before, snapshots([lab.laptop])) == []


def test_the_next_start_sweeps_what_a_kill_left(lab, served, laptop_before):
    roam(lab, served, end_at=VISITED_B)
    served.laptop.kill()
    served.laptop.start()
    lab.eventually(served.laptop.is_ready, within=15.0)
    assert served.laptop.stop() == 0
    assert differences(laptop_before, snapshots([lab.laptop])) == []


def test_the_home_agent_leaves_nothing(lab, served, before):
    """Runs last: it ends the home agent of this module."""
    assert served.home_agent.stop() == 0
    assert differences(before, snapshots([lab.home_agent])) == []
