# SPDX-License-Identifier: GPL-2.0-or-later
"""Two home agents on the home link, and a laptop that knows none of them: it finds both, and one of them dies."""

import struct
from ipaddress import IPv6Address

import pytest

from mnclient.model.status import HomeAgentSource
from mnclient.wire.binding import BindingUpdate
from mnclient.wire.home_agent_discovery import HomeAgentAddressDiscoveryReply, HomeAgentAddressDiscoveryRequest
from tests.lab import settings
from tests.lab.hostile import ICMPV6, Stranger, icmpv6, ipv6
from tests.lab.household import Household
from tests.lab.messages import of_kind
from tests.lab.person import reads
from tests.lab.topology import HOME_PREFIX, VISITED_A, VISITED_B
from tests.lab.traffic import TcpTransfer, reachable_from_outside

pytestmark = pytest.mark.lab

HOME_ADDRESS = HOME_PREFIX[0x100]
PREFERRED, OTHER = HOME_PREFIX[11], HOME_PREFIX[12]
ANYCAST = IPv6Address("2001:db8:1:0:fdff:ffff:ffff:fffe")
DHAAD_REPLY = 145


@pytest.fixture(scope="module")
def agents(lab):
    """Two machines that are home agents of one link; the lab's router only forwards."""
    started = {}
    for number, address, preference in ((11, PREFERRED, 20), (12, OTHER, 10)):
        box = lab.add_home_link_box(number)
        text = settings.home_agent(address=address, preference=preference)
        started[address] = lab.start_service(box, text)
    for service in started.values():
        lab.eventually(lambda service=service: len(listed(service)) == 2, within=10.0, what="they hear each other")
    return started


def listed(service) -> list[str]:
    """The home agents list of a home agent, the best first."""
    role = service.status()["engine"]["home_agent"]
    return [address for each in role["home_agents"] for address in each["addresses"]]


@pytest.fixture(scope="module")
def capture_file(lab, agents):
    """What passes between the home link and the core while the laptop, abroad from the start, finds its home agent."""
    lab.move(VISITED_A)
    with lab.capture(lab.home_agent, "core0", "discovery") as capture:
        patient = "registration_lifetime = 12.0\nfirst_registration_timeout = 4.0"  # a busy machine is no dead one
        text = settings.laptop_with(HOME_ADDRESS, extra=patient)
        house = Household(lab, laptop=lab.start_laptop(text))
        house.registered_at(VISITED_A, within=20.0)
    return capture.file, house


@pytest.fixture(scope="module")
def capture(capture_file):
    return capture_file[0]


@pytest.fixture(scope="module")
def house(capture_file):
    return capture_file[1]


@pytest.mark.requirement("HA-8.4-01")
def test_both_are_members_of_the_anycast_address(lab, agents):
    for service in agents.values():
        members = service.node.run(["cat", "/proc/net/anycast6"])
        assert f"{int(ANYCAST):032x}" in members
        assert str(ANYCAST) in service.node.run(["ip", "-6", "route", "show", "table", "local", "type", "anycast"])
        assert listed(service) == [str(PREFERRED), str(OTHER)]


@pytest.mark.requirement("MN-6.5-02", "MN-8.5-02", "MN-11.4.1-01", "MN-11.5.2-02")
def test_the_home_link_is_asked_from_the_visited_network(capture, house):
    (request, _), *_ = of_kind(capture, HomeAgentAddressDiscoveryRequest)
    assert request.destination == ANYCAST
    assert request.source == house.home_addresses()[0].care_of_address
    assert request.home_address is None


@pytest.mark.requirement("HA-6.5-01", "HA-10.5.1-02", "HA-10.5.1-03")
def test_one_of_them_answers_with_both_the_preferred_first(capture, house):
    (request, asked), *_ = of_kind(capture, HomeAgentAddressDiscoveryRequest)
    (reply, message), *_ = of_kind(capture, HomeAgentAddressDiscoveryReply)
    assert reply.source in (PREFERRED, OTHER)
    assert (reply.destination, reply.routing_home_address) == (request.source, None)
    assert message.identifier == asked.identifier
    assert message.home_agents == (PREFERRED, OTHER)


@pytest.mark.requirement("MN-11.4.1-02")
def test_the_first_of_the_list_is_registered_with(lab, capture, house):
    (update, _), *_ = of_kind(capture, BindingUpdate)
    assert update.destination == PREFERRED
    entry = house.home_addresses()[0]
    assert (entry.home_agent, entry.home_agent_source) == (PREFERRED, HomeAgentSource.DISCOVERED)
    assert entry.discovered_home_agents == (PREFERRED, OTHER)
    assert f"{PREFERRED} (found by its prefix; others there: {OTHER})" in reads(house.laptop, "status")
    lab.eventually(reachable_from_outside(lab, HOME_ADDRESS), within=5.0)


@pytest.mark.requirement("MN-11.4.1-05")
def test_after_a_move_the_one_with_the_binding_is_told(lab, house):
    with lab.capture(lab.home_agent, "core0", "moved") as moved:
        lab.move(VISITED_B)
        house.registered_at(VISITED_B)
    assert {update.destination for update, _ in of_kind(moved.file, BindingUpdate)} == {PREFERRED}
    assert of_kind(moved.file, HomeAgentAddressDiscoveryRequest) == []


@pytest.mark.requirement("MN-11.4.1-04", "MN-11.4.1-06")
def test_the_other_takes_over_from_one_that_dies(lab, agents, house):
    """A machine that loses its power: its service and its link are gone at once, and nobody says goodbye."""
    dead = agents[PREFERRED]
    with (
        TcpTransfer(lab, HOME_ADDRESS) as transfer,
        lab.capture(lab.home_agent, "core0", "takeover") as takeover,
    ):
        dead.kill()
        dead.node.ip("link set home0 down")

        def taken_over() -> bool:
            entry = house.home_addresses()[0]
            assert entry.home_agent == OTHER, f"it is {entry.home_agent}, {entry.state.value}"
            return entry.registered

        lab.eventually(taken_over, within=30.0, what="the other home agent has the binding")
        transfer.flows(within=60.0)
        assert transfer.finish().intact
    asked = [update.destination for update, message in of_kind(takeover.file, BindingUpdate) if message.lifetime > 0]
    assert asked.index(OTHER) >= 2, "the one with the binding was asked first, and more than once"
    assert of_kind(takeover.file, HomeAgentAddressDiscoveryRequest) == [], "the list was kept"
    lab.eventually(reachable_from_outside(lab, HOME_ADDRESS), within=5.0)


@pytest.mark.requirement("MN-11.4.1-04", "MN-11.4.1-05")
def test_the_service_starts_again_with_the_home_agent_it_had(lab, house):
    with lab.capture(lab.home_agent, "core0", "restarted") as restarted:
        house.laptop.restart()
        lab.eventually(house.laptop.is_ready, within=15.0)
        house.registered_at(VISITED_B)
    assert of_kind(restarted.file, HomeAgentAddressDiscoveryRequest) == []
    assert {update.destination for update, _ in of_kind(restarted.file, BindingUpdate)} == {OTHER}


@pytest.mark.requirement("MN-11.7.1-10")
def test_the_binding_is_deleted_when_the_role_goes_off(lab, agents, house):
    with lab.capture(lab.home_agent, "core0", "off") as off:
        house.laptop.mnctl("settings", "set", "mobile_node.enabled", "false")
        lab.eventually(lambda: agents[OTHER].mnctl("bindings")["binding_cache"] == [], within=5.0)
    (*_, (update, message)) = of_kind(off.file, BindingUpdate)
    assert (update.destination, message.lifetime) == (OTHER, 0)


@pytest.mark.requirement("MN-11.4.1-08")
def test_an_administrator_switches_discovery_off(lab, agents, house):
    """Then the anycast address is nobody's, and the laptop says that it has no home agent. It goes on asking, and who
    does not know the identifier of its request is not believed.
    """
    agents[OTHER].mnctl("settings", "set", "home_agent.address_discovery", "false")
    lab.eventually(
        lambda: f"{int(ANYCAST):032x}" not in agents[OTHER].node.run(["cat", "/proc/net/anycast6"]),
        within=5.0,
        what="it is nobody's",
    )
    house.laptop.stop()
    house.laptop.forget()
    house.laptop.start()
    lab.eventually(house.laptop.is_ready, within=15.0)
    with lab.capture(lab.home_agent, "core0", "asking") as asking:
        house.laptop.mnctl("settings", "set", "mobile_node.enabled", "true")
        house.is_in_state("searching")
        lab.eventually(lambda: of_kind(asking.file, HomeAgentAddressDiscoveryRequest), within=5.0, what="it asks")
    assert IPv6Address(HOME_ADDRESS) == house.home_addresses()[0].address
    ((request, asked), *_) = of_kind(asking.file, HomeAgentAddressDiscoveryRequest)
    body = struct.pack("!HH", asked.identifier ^ 1, 0) + OTHER.packed
    with Stranger(agents[OTHER].node, "home0") as somebody:
        somebody.send(ipv6(OTHER, request.source, ICMPV6, icmpv6(DHAAD_REPLY, 0, body, OTHER, request.source)))
        lab.eventually(lambda: house.laptop.counters().get("dhaad.ignored.identifier"), within=5.0)
    assert house.home_addresses()[0].home_agent is None
    agents[OTHER].mnctl("settings", "set", "home_agent.address_discovery", "true")
    house.registered_at(VISITED_B, within=60.0)
