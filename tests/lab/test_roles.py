# SPDX-License-Identifier: GPL-2.0-or-later
"""Roles are switched while the service runs, by `mnctl`, and take back whatever they did to the machine."""

import json

import pytest

from tests.lab.household import Household
from tests.lab.person import is_told, reads
from tests.lab.standing import changes, standing
from tests.lab.topology import HOME, HOME_AGENT_ADDRESS, HOME_PREFIX, VISITED_A, VISITED_B
from tests.lab.traffic import Probe, TcpTransfer, call_from_outside, reachable_from_outside

pytestmark = pytest.mark.lab

PLAIN = "version = 1\n\n[mobile_node]\nenabled = false\n"
ENABLE = ("--prefix", str(HOME_PREFIX), "--address", str(HOME_AGENT_ADDRESS), "--interface", "home0", "--advertise")
FORWARDING = "net/ipv6/conf/all/forwarding"


@pytest.fixture(scope="module")
def router(lab):
    """A machine on the home link with a service that has no role, and its network then."""
    lab.home_agent.sysctl(FORWARDING, 0)
    service = lab.start_service(lab.home_agent, PLAIN)
    return service, standing(lab.home_agent)


@pytest.fixture(scope="module")
def untouched(lab):
    """The laptop's network before any program of ours."""
    return standing(lab.laptop)


@pytest.fixture(scope="module")
def house(lab, untouched, router):
    """The laptop's service, in a home network without a home agent."""
    return Household(lab, home_agent=router[0], laptop=lab.start_laptop())


@pytest.fixture(scope="module")
def served(lab, house):
    """The role is switched on; the laptop hears it."""
    house.home_agent.mnctl("settings", "set", "home_agent.allow_unprotected_signalling", "true")
    house.home_agent.mnctl("home-agent", "enable", *ENABLE)
    house.home_address()
    return house


def only_the_filter(lines):
    """While a service runs, its table of the packet filter is there, whatever its roles."""
    others = [line for line in lines if "nft: " not in line]
    assert not others, others
    return True


def advertisements(service, file):
    """What `mnctl decode` finds of Router Advertisements in a capture."""
    lines = service.mnctl_process("decode", str(file)).stdout.splitlines()
    return [each for each in map(json.loads, lines) if each["message"] == "RouterAdvertisement"]


def test_nobody_is_a_home_agent(lab, house):
    assert "This machine is not a home agent" in reads(house.home_agent, "home-agent")
    assert "Off: this machine is not a mobile node" in is_told(lab, house.home_agent)
    assert "No home address yet; listening for home agents" in is_told(lab, house.laptop)
    assert lab.home_agent.read_sysctl(FORWARDING) == "0"


def test_a_machine_becomes_a_home_agent(lab, house):
    with lab.capture(lab.laptop, "eth0", "enabled") as capture:
        house.home_agent.mnctl("settings", "set", "home_agent.allow_unprotected_signalling", "true")
        house.home_agent.mnctl("home-agent", "enable", *ENABLE)
        house.home_address()
    first, *_ = advertisements(house.laptop, capture.file)
    assert first["fields"]["home_agent"]
    assert first["fields"]["router_lifetime"] > 0
    assert lab.home_agent.read_sysctl(FORWARDING) == "1"
    is_told(lab, house.home_agent, f"home agent for {HOME_PREFIX} on home0; 0 of at most 20000 bindings")


def test_it_serves(lab, served):
    address = served.home_addresses()[0].address
    with TcpTransfer(lab, address) as transfer, Probe(lab, address) as probe:
        served.step(VISITED_A, probe)
        served.registered_at(VISITED_A)
        transfer.flows()
        assert transfer.finish().intact
    is_told(lab, served.home_agent, "1 of at most 20000 bindings")
    is_told(lab, served.laptop, f"Away, reachable at {address}")


def test_the_mobile_node_role_goes_off_and_on_abroad(lab, untouched, served):
    """Off: de-registered, and nothing of it is in the kernel. On: the same home address, and the connection lives."""
    address = served.home_addresses()[0].address
    with TcpTransfer(lab, address) as transfer:
        served.laptop.mnctl("settings", "set", "mobile_node.enabled", "false")
        lab.eventually(lambda: served.home_agent.mnctl("bindings")["binding_cache"] == [], within=5.0)
        text = is_told(lab, served.laptop, "Off: this machine is not a mobile node")
        assert "registered" not in text
        assert str(address) in reads(served.laptop, "home-addresses")  # kept, and off
        assert only_the_filter(changes(lab.laptop, untouched))
        served.laptop.mnctl("settings", "set", "mobile_node.enabled", "true")
        served.registered_at(VISITED_A)
        transfer.flows()
        assert transfer.finish().intact
    assert [entry.address for entry in served.home_addresses()] == [address]
    is_told(lab, served.laptop, f"Away, reachable at {address}")


def test_the_mobile_node_role_goes_off_and_on_at_home(lab, untouched, served):
    address = served.home_addresses()[0].address
    served.go_home()
    served.laptop.mnctl("settings", "set", "mobile_node.enabled", "false")
    lab.eventually(lambda: only_the_filter(changes(lab.laptop, untouched)), within=5.0)
    served.laptop.mnctl("settings", "set", "mobile_node.enabled", "true")
    served.registered_at(HOME)
    lab.eventually(reachable_from_outside(lab, address), within=5.0)
    is_told(lab, served.laptop, f"At home, reachable at {address}")


def test_off_abroad_and_on_somewhere_else(lab, served):
    address = served.home_addresses()[0].address
    served.laptop.mnctl("settings", "set", "mobile_node.enabled", "false")
    lab.move(VISITED_B)
    served.laptop.mnctl("settings", "set", "mobile_node.enabled", "true")
    served.registered_at(VISITED_B)
    call_from_outside(lab, address)


def test_the_home_agent_role_ends(lab, router, served):
    """Its last advertisement says so, its bindings are gone, and the machine is as it was before."""
    service, before = router
    served.go_home()
    with lab.capture(lab.laptop, "eth0", "disabled") as capture:
        service.mnctl("home-agent", "disable")

        def said() -> bool:
            sent = advertisements(service, capture.file)
            return bool(sent) and sent[-1]["fields"]["router_lifetime"] == 0

        lab.eventually(said, within=5.0, what="the last Router Advertisement has a lifetime of 0")
    last = advertisements(service, capture.file)[-1]
    assert last["source"].startswith("fe80::")
    assert changes(lab.home_agent, before) == []
    is_told(lab, service, "Off: this machine is not a mobile node")
    assert "home_agent" not in service.status()["engine"]


def test_it_begins_again_with_the_links_it_had(lab, served):
    """`disable` keeps the links in the settings, so `enable` alone is enough."""
    served.home_agent.mnctl("home-agent", "enable")
    served.registered_at(HOME)
    lab.eventually(reachable_from_outside(lab, served.home_addresses()[0].address), within=10.0)
    lab.move(VISITED_A)
    served.registered_at(VISITED_A)
    call_from_outside(lab, served.home_addresses()[0].address)
