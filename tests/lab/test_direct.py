# SPDX-License-Identifier: GPL-2.0-or-later
"""Laptop and correspondent talk directly, and things go wrong: each ends as it should, and the connection lives on."""

from collections.abc import Iterator

import pytest

from mnclient.model.status import CorrespondentState
from tests.lab.capture import SIGNALLING
from tests.lab.direct import correspondent_of, is_direct, talking_directly
from tests.lab.headers import Seen, packets
from tests.lab.lab import Lab
from tests.lab.lossy import losing_every_message_to
from tests.lab.node import Node
from tests.lab.person import reads
from tests.lab.roaming import Roaming
from tests.lab.service import Service
from tests.lab.topology import CORRESPONDENT_ADDRESS, HOME_AGENT_ADDRESS, VISITED_A, VISITED_B, VISITED_B_PREFIX
from tests.lab.traffic import TcpTransfer, call_from_outside

pytestmark = [pytest.mark.lab, pytest.mark.kernel]


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
