# SPDX-License-Identifier: GPL-2.0-or-later
"""A rented server as home: a prefix is routed to it, nobody else is on it, and the laptop is never at home.

The lab's home agent plays the server. It is made one at run time, and no host that forwards to begin with.
"""

import time

import pytest

from mnclient.model.status import HomeAddressState
from tests.lab.person import is_told, reads
from tests.lab.roaming import Roaming
from tests.lab.standing import changes, standing
from tests.lab.topology import VISITED_A, VISITED_B
from tests.lab.traffic import Probe, TcpTransfer, call_from_outside, reachable_from_outside

pytestmark = pytest.mark.lab

PREFIX = "2001:db8:7::/64"
SERVER = "2001:db8:7::1"
HOME_ADDRESS = "2001:db8:7::10"

PLAIN = """\
version = 1

[mobile_node]
enabled = false

[home_agent]
allow_unprotected_signalling = true
"""


@pytest.fixture(scope="module")
def rented(lab):
    """The server as it was rented: it forwards nothing."""
    lab.nodes["r"].ip(f"route add {PREFIX} via 2001:db8:ffff:0:1::2")
    lab.home_agent.sysctl("net/ipv6/conf/all/forwarding", 0)
    return standing(lab.home_agent)


@pytest.fixture(scope="module")
def plain(lab, rented):
    """A service with neither role runs on it; the network then, which differs by the filter of the service."""
    service = lab.start_service(lab.home_agent, PLAIN)
    return service, standing(lab.home_agent)


@pytest.fixture(scope="module")
def server(plain):
    service, _ = plain
    service.mnctl("home-agent", "enable", "--prefix", PREFIX, "--address", SERVER)
    return service


@pytest.fixture(scope="module")
def laptop(lab, server):
    made = Roaming(lab)
    lab.move(VISITED_A)
    made.start_laptop()
    return made


def bindings(server):
    return [
        (entry["home_address"], entry["care_of_address"], entry["detecting"])
        for entry in server.mnctl("bindings")["binding_cache"]
    ]


def test_the_server_says_what_it_serves(lab, server):
    (link,) = server.status()["engine"]["home_agent"]["links"]
    assert (link["prefix"], link["address"], link["interface"], link["is_up"]) == (PREFIX, SERVER, "", True)
    is_told(lab, server, "home agent for 2001:db8:7::/64 on a virtual link; 0 of at most 20000 bindings")
    assert "(virtual)" in reads(server, "home-agent", "show")


def test_its_own_address_answers(lab, server):
    lab.correspondent.run(["ping", "-6", "-c", "1", "-W", "2", SERVER])


def test_nobody_is_there_yet(lab, server):
    """An address that nobody registered is unreachable at once, instead of going in circles until its hops end."""
    told = lab.correspondent.run(["ping", "-6", "-c", "1", "-W", "2", HOME_ADDRESS], check=False)
    assert "unreachable" in told


def test_the_laptop_registers_from_a_foreign_network(lab, server, laptop):
    assert "No home address yet" in is_told(lab, laptop.laptop)
    laptop.laptop.mnctl("home-addresses", "add", HOME_ADDRESS, "--home-agent", SERVER)
    asked = time.monotonic()
    laptop.registered_at(VISITED_A)
    assert time.monotonic() - asked < 3.0  # nobody to test the address against: no second of waiting is needed
    call_from_outside(lab, HOME_ADDRESS)
    care_of = str(laptop.home_addresses()[0].care_of_address)
    assert bindings(server) == [(HOME_ADDRESS, care_of, False)]
    is_told(lab, laptop.laptop, f"Away, reachable at {HOME_ADDRESS}", "not protected", f"Home agent          {SERVER}")


def test_it_moves_on_and_its_connection_lives(lab, server, laptop):
    with TcpTransfer(lab, HOME_ADDRESS) as transfer, Probe(lab, HOME_ADDRESS) as probe:
        step = laptop.step(VISITED_B, probe)
        transfer.flows()
        assert transfer.finish().intact
    assert step.record is not None
    assert (step.record.from_link, step.record.to_link) == (VISITED_A, VISITED_B)
    assert [entry[0] for entry in bindings(server)] == [HOME_ADDRESS]
    call_from_outside(lab, HOME_ADDRESS)


def test_another_home_address_beside_it(lab, server, laptop):
    """Two machines of the virtual home talk to each other through it; here they are two addresses of one laptop."""
    second = "2001:db8:7::20"
    laptop.laptop.mnctl("home-addresses", "add", second, "--home-agent", SERVER)
    laptop.registered_at(VISITED_B)
    lab.eventually(reachable_from_outside(lab, second), within=5.0)
    laptop.laptop.mnctl("home-addresses", "remove", second)
    lab.eventually(lambda: [entry[0] for entry in bindings(server)] == [HOME_ADDRESS], within=5.0)
    call_from_outside(lab, HOME_ADDRESS)


def test_giving_the_address_up_ends_the_binding_at_once(lab, server, laptop):
    laptop.laptop.mnctl("home-addresses", "remove", HOME_ADDRESS)
    lab.eventually(lambda: bindings(server) == [], within=5.0, what="the binding is gone from the home agent")
    assert HOME_ADDRESS not in lab.laptop.run(["ip", "-6", "-o", "addr"])
    is_told(lab, laptop.laptop, "No home address yet")
    assert "Empty." in reads(laptop.laptop, "bindings")


@pytest.mark.requirement("MN-6.1.7-01")
def test_an_address_outside_the_prefix_is_refused_and_said_so(lab, server, laptop):
    """The home agent is not in the list of known ones, so only its answer tells that it does not serve the address.

    In another network than the home agent the address is refused at once: no Binding Update would be sent to it.
    """
    wrong = "2001:db8:8::10"
    asked = laptop.laptop.mnctl_process("home-addresses", "add", wrong, "--home-agent", SERVER)
    assert asked.returncode != 0
    assert "outside the home prefix 2001:db8:8::/64" in asked.stderr
    assert laptop.home_addresses() == ()
    laptop.laptop.mnctl("home-addresses", "add", wrong, "--home-agent", SERVER, "--prefix-length", "44")

    def refused() -> bool:
        return [entry.state for entry in laptop.home_addresses()] == [HomeAddressState.REFUSED]

    lab.eventually(refused, within=5.0)
    text = is_told(lab, laptop.laptop, f"NOT reachable at {wrong}", "The home agent does not serve this home address")
    assert f"The home agent {SERVER} says that {wrong} is not in a network it serves." in text
    laptop.laptop.mnctl("home-addresses", "remove", wrong)
    is_told(lab, laptop.laptop, "No home address yet")


def test_the_role_ends_and_the_server_is_as_it_was(lab, rented, plain, server, laptop):
    laptop.laptop.mnctl("home-addresses", "add", HOME_ADDRESS, "--home-agent", SERVER)
    laptop.registered_at(VISITED_B)
    server.mnctl("home-agent", "disable", "--prefix", PREFIX)
    assert server.status()["engine"]["home_agent"]["links"] == []
    assert bindings(server) == []
    server.mnctl("home-agent", "disable")
    assert "home_agent" not in server.status()["engine"]
    assert changes(lab.home_agent, plain[1]) == []
    assert server.stop() == 0
    assert changes(lab.home_agent, rented) == []
