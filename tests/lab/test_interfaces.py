# SPDX-License-Identifier: GPL-2.0-or-later
"""A laptop with two interfaces, both plugged in: which one is used, and how it changes to the other."""

import json
import signal

import pytest

from mnclient.constants import MAX_INTERFACE_PATIENCE
from mnclient.model.status import HomeAddressState
from tests.lab.cable import boot_time
from tests.lab.household import Household
from tests.lab.lab import Lab
from tests.lab.person import is_told, reads
from tests.lab.topology import HOME, LINKS, VISITED_A, VISITED_B
from tests.lab.traffic import Probe, TcpTransfer, call_from_outside, reachable_from_outside

pytestmark = pytest.mark.lab

TRUSTED_AGAIN = MAX_INTERFACE_PATIENCE + 15.0
"""Seconds: these tests pull the preferred interface's cable again and again, and it is trusted ever later."""


@pytest.fixture(scope="module")
def two(lab: Lab, roaming):
    """The laptop's usual service, in its home network, with a second interface whose cable hangs."""
    lab.add_second_interface()
    return Household(lab, home_agent=roaming.home_agent, laptop=roaming.laptop)


@pytest.fixture
def plugged(lab: Lab, two: Household):
    """eth0 in network A, preferred; eth1 in network B."""
    two.laptop.mnctl("settings", "set", "mobile_node.interfaces", row("eth0", 10) + row("eth1", 20) + "]")
    replug(lab, "eth0", VISITED_A)
    replug(lab, "eth1", VISITED_B)
    two.registered_at(VISITED_A, within=TRUSTED_AGAIN)
    lab.eventually(lambda: routers(two)["eth1"], within=10.0, what="eth1 hears its router")
    return two


def row(name: str, priority: int, *, enabled: bool = True) -> str:
    """A part of an array of tables, as typed for `mnctl settings set`."""
    start = "[" if name == "eth0" else ", "
    return f'{start}{{name = "{name}", priority = {priority}, enabled = {json.dumps(enabled)}}}'


def replug(lab: Lab, interface: str, link: str) -> None:
    """Have a cable in a link, whatever was before."""
    if lab.cables[interface].link != link:
        if lab.cables[interface].link:
            lab.unplug(interface)
        lab.plug(link, interface)


def routers(two: Household) -> dict[str, bool]:
    """Whether each interface has heard a router."""
    return {each.name: bool(each.routers) for each in two.status().engine.interfaces}


def in_use(two: Household) -> list[str]:
    """The interfaces in use, as `mnctl interfaces` tells a program and a person."""
    told = [each["name"] for each in two.laptop.mnctl("interfaces")["interfaces"] if each["is_active"]]
    lines = reads(two.laptop, "interfaces").splitlines()
    column = lines[0].index("IN USE")
    assert [line.split()[0] for line in lines[1:] if line[column:].startswith("yes")] == told
    return told


def test_the_smaller_number_is_preferred(lab, plugged):
    assert in_use(plugged) == ["eth0"]
    (entry,) = plugged.home_addresses()
    assert entry.interface == "eth0"
    is_told(lab, plugged.laptop, f"{entry.care_of_address} on eth0")
    call_from_outside(lab, entry.address)


def test_unplugging_it_moves_to_the_other_and_plugging_it_back(lab, plugged):
    address = plugged.home_addresses()[0].address
    with TcpTransfer(lab, address) as transfer, Probe(lab, address) as probe:
        unplugged = boot_time()
        lab.unplug("eth0")
        probe.recovered_after(unplugged + 0.02, within=10.0)
        plugged.registered_at(VISITED_B)
        assert in_use(plugged) == ["eth1"]
        is_told(lab, plugged.laptop, " on eth1")
        cost = probe.interruption(unplugged, boot_time()).interruption_ms
        assert cost < 1000  # both links were up: nothing but the registration had to be waited for
        lab.plug(VISITED_A, "eth0")
        plugged.registered_at(VISITED_A, within=TRUSTED_AGAIN)
        transfer.flows()
        assert transfer.finish().intact


def test_set_priority_switches_at_once(lab, plugged):
    address = plugged.home_addresses()[0].address
    with TcpTransfer(lab, address) as transfer, Probe(lab, address) as probe:
        asked = boot_time()
        plugged.laptop.mnctl("interfaces", "set-priority", "eth1", "5")
        plugged.registered_at(VISITED_B)
        assert boot_time() - asked < 10.0, "an interface that is not trusted waits longer"
        probe.recovered_after(boot_time(), within=5.0)
        transfer.flows()
        assert transfer.finish().intact
        lost = probe.interruption(asked, boot_time()).probes_lost
    assert lost <= 10  # the old way in was open all the time
    assert in_use(plugged) == ["eth1"]
    is_told(lab, plugged.laptop, " on eth1", f"reachable at {address}")


def test_of_equal_priority_none_is_left_for_the_other(lab, plugged):
    plugged.laptop.mnctl("interfaces", "set-priority", "eth1", "5")
    plugged.registered_at(VISITED_B)
    moves = len(plugged.handovers())
    plugged.laptop.mnctl("interfaces", "set-priority", "eth0", "5")
    plugged.laptop.mnctl("interfaces", "set-priority", "eth1", "5")
    assert in_use(plugged) == ["eth1"]
    assert len(plugged.handovers()) == moves


def test_a_disabled_interface_is_left(lab, plugged):
    """And with the other one unplugged there is no network, whatever the disabled one has."""
    address = plugged.home_addresses()[0].address
    with TcpTransfer(lab, address) as transfer:
        without = row("eth0", 10, enabled=False) + row("eth1", 20) + "]"
        plugged.laptop.mnctl("settings", "set", "mobile_node.interfaces", without)
        plugged.registered_at(VISITED_B)
        assert in_use(plugged) == ["eth1"]
        assert "disabled" in reads(plugged.laptop, "interfaces")
        assert "proto 135" not in lab.laptop.run(["ip", "-6", "route", "show", "table", "all", "dev", "eth0"])
        transfer.flows()
        assert transfer.finish().intact
    lab.unplug("eth1")
    is_told(lab, plugged.laptop, "No network: nobody can reach", within=10.0)
    plugged.laptop.mnctl("settings", "set", "mobile_node.interfaces", row("eth0", 10) + row("eth1", 20) + "]")
    plugged.registered_at(VISITED_A)


def test_a_settings_file_edited_by_hand_and_read_again(lab, plugged):
    """SIGHUP, as `systemctl reload` sends it."""
    text = plugged.laptop.settings.read_text(encoding="utf-8")
    assert text.count("priority = 20") == 1, text
    plugged.laptop.settings.write_text(text.replace("priority = 20", "priority = 2"), encoding="utf-8")
    assert plugged.laptop.process is not None
    plugged.laptop.process.popen.send_signal(signal.SIGHUP)
    plugged.registered_at(VISITED_B)
    assert in_use(plugged) == ["eth1"]


def test_the_other_interface_is_at_home(lab, plugged):
    """What is registered stays with the preferred interface; what is at home stays there until its cable is pulled."""
    replug(lab, "eth1", HOME)
    lab.eventually(
        lambda: [each.name for each in plugged.status().engine.interfaces if each.is_home] == ["eth1"], within=10.0
    )
    plugged.registered_at(VISITED_A)
    (entry,) = plugged.home_addresses()
    call_from_outside(lab, entry.address)
    with TcpTransfer(lab, entry.address) as transfer:
        lab.unplug("eth0")
        plugged.registered_at(HOME)
        is_told(lab, plugged.laptop, f"At home, reachable at {entry.address}")
        assert in_use(plugged) == ["eth1"]
        transfer.flows()
        lab.plug(VISITED_A, "eth0")
        lab.eventually(lambda: in_use(plugged) == ["eth0"], within=TRUSTED_AGAIN)
        (entry,) = plugged.home_addresses()
        assert (entry.state, entry.interface) == (HomeAddressState.AT_HOME, "eth1")
        transfer.flows()
        lab.unplug("eth1")
        plugged.registered_at(VISITED_A)
        transfer.flows()
        assert transfer.finish().intact
    (entry,) = plugged.home_addresses()
    lab.eventually(reachable_from_outside(lab, entry.address), within=5.0)
    assert entry.care_of_address in LINKS[VISITED_A]
