# SPDX-License-Identifier: GPL-2.0-or-later
"""Laptop and correspondent talk directly, and things go wrong: each ends as it should, and the connection lives on."""

from collections.abc import Iterator
from ipaddress import IPv6Address

import pytest

from mnclient.model.status import CorrespondentState
from tests.lab.capture import SIGNALLING
from tests.lab.direct import between_the_two, correspondent_of, forget_nonces, is_direct, talking_directly
from tests.lab.headers import Seen, packets
from tests.lab.lab import Lab
from tests.lab.lossy import losing_every_message_to
from tests.lab.node import Node
from tests.lab.person import reads
from tests.lab.registration_tape import acknowledgements, updates
from tests.lab.return_routability import AUTHORIZATION, NONCE_INDICES
from tests.lab.roaming import Roaming
from tests.lab.service import Service
from tests.lab.topology import (
    ARMS,
    CORRESPONDENT_ADDRESS,
    HOME,
    HOME_AGENT_ADDRESS,
    VISITED_A,
    VISITED_B,
    VISITED_B_PREFIX,
)
from tests.lab.traffic import TcpTransfer, call_from_outside

pytestmark = [pytest.mark.lab, pytest.mark.kernel]

PARAMETER_PROBLEM = 4
PLAIN_HOST = IPv6Address(next(arm.node_address for arm in ARMS if arm.node == "ar-b"))


@pytest.fixture(scope="module")
def correspondent(lab: Lab, roaming: Roaming) -> Iterator[Service]:
    with talking_directly(roaming) as service:
        yield service


@pytest.fixture
def direct(lab: Lab, at_home: Roaming, correspondent: Service) -> Roaming:
    """The laptop in network A, talking directly."""
    lab.move(VISITED_A)
    at_home.registered_at(VISITED_A)
    is_direct(at_home)
    return at_home


def transformations(node: Node) -> list[str]:
    """What there is of states and policies in the kernel, without what changes by use."""
    lines = node.run(["ip", "xfrm", "state"]) + node.run(["ip", "xfrm", "policy"])
    return sorted(line for line in lines.splitlines() if "lastused" not in line)


@pytest.mark.requirement("CN-9.3.1-03", "MN-11.3.6-04")
def test_the_correspondent_is_restarted(lab, direct, correspondent):
    """It has forgotten the binding; a Binding Error tells the laptop so."""
    address = direct.home_addresses()[0].address
    with TcpTransfer(lab, address) as transfer:
        correspondent.kill()
        correspondent.start()
        lab.eventually(correspondent.is_ready, within=15.0, what="the correspondent is back")
        transfer.flows(within=30.0)
        is_direct(direct, within=30.0)
        transfer.flows()
        assert transfer.finish().intact


@pytest.mark.requirement("MN-11.7.2-05")
def test_the_correspondent_is_told_of_a_new_place_only_when_the_home_agent_has_accepted_it(lab, direct, correspondent):
    """The test from there is answered, and nothing comes of it as long as the home agent hears nothing."""

    def there(kind: str) -> list[Seen]:
        """Messages to and from network B."""
        seen = [each for each in packets(capture.file) if each.message == kind]
        return [each for each in seen if each.source in VISITED_B_PREFIX or each.destination in VISITED_B_PREFIX]

    with lab.capture(lab.laptop, "eth0", "not-yet", SIGNALLING) as capture:
        with losing_every_message_to(lab, HOME_AGENT_ADDRESS):
            lab.move(VISITED_B)
            lab.eventually(
                lambda: (tests := there("CoT")) and there("BU")[-1].at > tests[0].at,
                within=20.0,
                what="the correspondent has answered, and the home agent is asked again",
            )
        direct.registered_at(VISITED_B, within=40.0)
        is_direct(direct, within=40.0)
    accepted = next(each for each in there("BA") if each.source == HOME_AGENT_ADDRESS)
    told = next(each for each in there("BU") if each.destination == CORRESPONDENT_ADDRESS)
    assert there("CoT")[0].at < accepted.at < told.at


@pytest.mark.requirement("MN-11.7.3-03")
def test_the_correspondent_is_restarted_before_a_move(lab, direct, correspondent):
    """That it does not know the home nonce it says without a signature: the home test is made again, and no other."""
    forget_nonces(lab, correspondent)
    with lab.capture(lab.laptop, "eth0", "forgotten") as capture:
        lab.move(VISITED_B)
        direct.registered_at(VISITED_B)
        is_direct(direct)
    seen = between_the_two(capture.file)
    refused = acknowledgements(seen)[0]
    update = updates(seen)[0]
    assert (refused.status, refused.sequence) == (136, update.sequence)
    assert AUTHORIZATION not in refused.options
    accepted = next(each for each in acknowledgements(seen) if each.status == 0)
    renewed = next(each for each in updates(seen) if each.sequence == accepted.sequence)
    between = {each.innermost.message for each in seen if refused.seen.at < each.at < renewed.seen.at}
    assert {"HoTI", "HoT"} <= between <= {"HoTI", "HoT", "BU", "BA"}
    assert renewed.options[NONCE_INDICES][:2] != update.options[NONCE_INDICES][:2]


@pytest.mark.requirement("MN-11.6.1-02", "MN-11.7.3-03")
def test_the_correspondent_is_restarted_before_the_laptop_comes_home(lab, direct, correspondent):
    """The laptop needs another home token to delete the binding, and asks for nothing else."""
    forget_nonces(lab, correspondent)
    with lab.capture(lab.laptop, "eth0", "forgotten-at-home") as capture:
        lab.move(HOME)
        direct.registered_at(HOME)
        lab.eventually(lambda: correspondent_of(direct) is None, within=20.0, what="the laptop is done with it")
    seen = between_the_two(capture.file)
    assert {each.innermost.message for each in seen} == {"BU", "BA", "HoTI", "HoT"}
    first, last = updates(seen)[0], updates(seen)[-1]
    asked = next(each for each in seen if each.message == "HoTI")
    (home,) = direct.home_addresses()
    assert first.seen.at < asked.at < last.seen.at
    assert {each.source for each in seen if each.message in ("HoTI", "BU")} == {home.address}
    assert {(each.lifetime, each.options[NONCE_INDICES][2:]) for each in updates(seen)} == {(0, bytes(2))}
    assert first.options[NONCE_INDICES] != last.options[NONCE_INDICES]
    assert (acknowledgements(seen)[0].status, acknowledgements(seen)[-1].status) == (136, 0)


def test_transformations_deleted_by_hand_come_back(lab, direct, correspondent):
    address = direct.home_addresses()[0].address
    with TcpTransfer(lab, address) as transfer:
        for node in (lab.laptop, lab.correspondent):
            before = transformations(node)
            assert any("proto hao" in line for line in before)
            for kind in ("state", "policy"):
                node.run(["ip", "xfrm", kind, "flush"])
                lab.eventually(
                    lambda node=node, before=before: transformations(node) == before,
                    within=5.0,
                    what=f"every {kind} on {node.name} is back",
                )
        transfer.flows()
        assert transfer.finish().intact
    is_direct(direct)


def test_rules_and_the_tunnel_device_deleted_by_hand_come_back(lab, direct, correspondent):
    address = direct.home_addresses()[0].address
    rules = lab.laptop.run(["ip", "-6", "rule"])
    with TcpTransfer(lab, address) as transfer:
        for line in rules.splitlines():
            priority = line.partition(":")[0]
            if priority.startswith("62"):
                lab.laptop.run(["ip", "-6", "rule", "del", "pref", priority])
        lab.eventually(lambda: lab.laptop.run(["ip", "-6", "rule"]) == rules, within=5.0, what="the rules are back")
        lab.laptop.ip("link del mn6tunnel")
        lab.eventually(
            lambda: str(address) in lab.laptop.run(["ip", "-6", "-o", "addr", "show", "dev", "mn6tunnel"], check=False),
            within=5.0,
            what="the device is back with its address",
        )
        transfer.flows()
        assert transfer.finish().intact
    call_from_outside(lab, address)


@pytest.mark.requirement("MN-11.7.2-04")
def test_with_location_privacy_nobody_is_told(lab, direct, correspondent):
    """Switched on while talking directly, the binding is deleted and packets go through the home agent again."""
    (entry,) = direct.home_addresses()
    direct.laptop.mnctl("settings", "set", "mobile_node.route_optimization.location_privacy", "true")
    try:
        lab.eventually(lambda: not correspondent.mnctl("bindings")["binding_cache"], within=20.0, what="no binding")
        call_from_outside(lab, entry.address)
        found = correspondent_of(direct)
        assert found is None or found.state is CorrespondentState.TUNNELLED
        assert "proto hao" not in lab.laptop.run(["ip", "xfrm", "state"])
    finally:
        direct.laptop.mnctl("settings", "set", "mobile_node.route_optimization.location_privacy", "false")
    is_direct(direct, within=90.0)


def test_a_policy_of_another_program_is_in_the_way(lab, at_home, correspondent):
    """Packets go through the home agent, the status says why, what is theirs is left alone, and it is tried again."""
    (entry,) = at_home.home_addresses()
    selector = ["src", str(entry.address), "dst", str(CORRESPONDENT_ADDRESS), "dir", "out"]
    lab.laptop.run(["ip", "xfrm", "policy", "add", *selector, "action", "allow", "priority", "42"])
    lab.move(VISITED_A)
    at_home.registered_at(VISITED_A)

    def told() -> bool:
        call_from_outside(lab, entry.address)
        found = correspondent_of(at_home)
        return found is not None and found.state is not CorrespondentState.DIRECT and "refused" in found.reason

    lab.eventually(told, within=30.0, what="the laptop says that its system refuses the direct route")
    assert "refused" in reads(at_home.laptop, "correspondents")
    assert "priority 42" in lab.laptop.run(["ip", "xfrm", "policy"])
    assert "proto hao" not in lab.laptop.run(["ip", "xfrm", "state"])
    lab.laptop.run(["ip", "xfrm", "policy", "delete", *selector])
    is_direct(at_home, within=90.0)


@pytest.mark.requirement("MN-11.3.5-01", "MN-11.6.2-05")
def test_a_host_that_knows_nothing_of_it_is_asked_once(lab, direct):
    """A kernel and no service: it says so, and packets go through the home agent."""
    (entry,) = direct.home_addresses()
    with lab.capture(lab.laptop, "eth0", "asked-once") as capture:
        call_from(lab.nodes["ar-b"], entry.address)
        lab.eventually(lambda: is_without_support(direct, PLAIN_HOST), within=10.0, what="the laptop has understood")
    seen = packets(capture.file)
    assert {"HoTI", "CoTI"} <= {e.innermost.message for e in seen if e.innermost.destination == PLAIN_HOST}
    assert any(has_no_such_header(each, PLAIN_HOST) for each in seen)
    assert is_left_alone(lab, direct, lab.nodes["ar-b"], PLAIN_HOST)


def is_without_support(roaming: Roaming, address: IPv6Address) -> bool:
    """Whether the laptop has been told that somebody knows nothing of it, and not only waited in vain."""
    found = [each for each in roaming.status().engine.correspondents if each.address == address]
    told = CorrespondentState.UNRESPONSIVE, "it does not know Mobile IPv6"
    return [(each.state, each.reason) for each in found] == [told]


def has_no_such_header(seen: Seen, source: IPv6Address) -> bool:
    """Whether somebody says that he does not know a Next Header."""
    found = seen.innermost
    return found.source == source and found.icmp_type == PARAMETER_PROBLEM and found.body[1] == 1


def call_from(node: Node, address: IPv6Address) -> None:
    node.run(["ping", "-6", "-c", "3", "-i", "0.2", "-W", "5", str(address)])


def is_left_alone(lab: Lab, roaming: Roaming, node: Node, address: IPv6Address) -> bool:
    """Whether somebody is neither told nor asked anything although he is talked to, and gets no direct packet."""
    (entry,) = roaming.home_addresses()
    with lab.capture(lab.laptop, "eth0", "left-alone") as capture:
        call_from(node, entry.address)
    seen = [each for each in packets(capture.file) if address in (each.innermost.source, each.innermost.destination)]
    assert seen and all(each.inner is not None and not each.innermost.message for each in seen)
    kernel = lab.laptop.run(["ip", "xfrm", "policy"]) + lab.laptop.run(["ip", "xfrm", "state"])
    return f"dst {address}" not in kernel
