# SPDX-License-Identifier: GPL-2.0-or-later
"""`mnctl doctor` on a laptop abroad: where all is well, and where something is not."""

import json
import os
import subprocess
from contextlib import contextmanager

import pytest

from tests import other_user
from tests.lab.patience import patient
from tests.lab.processes import ROOT
from tests.lab.service import program
from tests.lab.topology import HOME_AGENT_ADDRESS, VISITED_A
from tests.lab.traffic import reachable_from_outside

pytestmark = pytest.mark.lab

SIGNALLING = "protocol 135 (registrations)"


class Checked:
    """What the doctor says on the laptop."""

    def __init__(self, service, before=()):
        places = ["--config", str(service.settings), "--state-dir", str(service.state)]
        command = [*before, *program("mnctl", "service.cli"), "--bus", service.bus.address, "--json", "doctor", *places]
        ended = subprocess.run(
            service.node.command(command),
            cwd=ROOT,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=patient(60.0),
        )
        assert ended.returncode in (0, 1), ended.stderr
        self.status = ended.returncode
        self.checks = json.loads(ended.stdout)["checks"]

    def __getitem__(self, name):
        (check,) = [each for each in self.checks if each["name"] == name]
        return check

    def verdict(self, name):
        return self[name]["verdict"]

    def failed(self):
        return [each["name"] for each in self.checks if each["verdict"] == "failed"]


@pytest.fixture
def laptop(lab, abroad):
    """Away and verified."""

    def verified():
        return all(entry.verified for entry in abroad.home_addresses())

    lab.eventually(verified, within=10.0, what="the home address is verified")
    return abroad.laptop


@contextmanager
def filtered(node, hook, rule):
    """A firewall on a node, with one rule."""
    node.run(["nft", f"add table inet fw; add chain inet fw c {{ type filter hook {hook} priority 0; }}"])
    try:
        node.run(["nft", f"add rule inet fw c {rule}"])
        yield
    finally:
        node.run(["nft", "delete table inet fw"])


def test_where_all_is_well_nothing_fails(laptop):
    checked = Checked(laptop)
    assert (checked.status, checked.failed()) == (0, [])
    for step in ("home agent", "network", "route", "next hop", "answers", "registered", "verified"):
        assert checked.verdict(step) == "ok", checked[step]
    for name in ("running", "version", "IPv6", "datapath", SIGNALLING, "policy rules", "IPsec policies"):
        assert checked.verdict(name) == "ok", checked[name]


def test_a_firewall_that_drops_registrations_is_found(laptop):
    with filtered(laptop.node, "output", "meta l4proto 135 drop"):
        checked = Checked(laptop)
    assert checked.status == 1 and SIGNALLING in checked.failed()
    assert "chain c of table inet fw" in checked[SIGNALLING]["reason"]


def test_a_firewall_that_drops_tunnels_or_neighbours_is_found(laptop):
    with filtered(laptop.node, "input", "ip6 saddr 2001:db8:dead::1 meta l4proto { 41, 58 } drop"):
        checked = Checked(laptop)
    assert (checked.verdict("protocol 41 (tunnels)"), checked.verdict("ICMPv6 (neighbours)")) == ("warning", "warning")
    assert checked.verdict(SIGNALLING) == "ok"


def test_a_firewall_that_forbids_a_home_agent_to_forward_is_found(abroad, laptop):
    home_agent = abroad.home_agent
    assert Checked(home_agent).verdict("forwarded packets") == "ok"
    with filtered(home_agent.node, "forward", "drop"):
        checked = Checked(home_agent)
    assert "forwarded packets" in checked.failed() and "oifname" in checked["forwarded packets"]["remedy"]


def test_a_policy_of_ipsec_in_the_way_is_found(laptop):
    policy = ["src", "::/0", "dst", f"{HOME_AGENT_ADDRESS}/128", "proto", "135", "dir", "in"]
    laptop.node.run(["ip", "xfrm", "policy", "add", *policy, "action", "block", "priority", "99"])
    try:
        checked = Checked(laptop)
    finally:
        laptop.node.run(["ip", "xfrm", "policy", "delete", *policy])
    assert checked.verdict("IPsec policies") == "failed"


def test_somebody_who_may_nothing_is_told_what_only_root_sees(lab, laptop):
    if reason := other_user.why_not():
        pytest.skip(reason)
    lab.folder.chmod(0o755)
    checked = Checked(laptop, other_user.AS_NOBODY)
    assert checked.verdict("what you may do") == "failed"
    assert checked[SIGNALLING]["reason"] == "The firewall: only root can see this."
    assert checked.verdict("IPv6") == "ok"


def test_a_home_agent_that_is_off_is_found_step_by_step(lab, abroad, laptop):
    with filtered(lab.nodes["r"], "forward", f"ip6 daddr {HOME_AGENT_ADDRESS} drop"):
        checked = Checked(laptop)
        assert checked.verdict("answers") == "warning", "registered still, so the echo alone says little"
        laptop.restart()
        lab.eventually(laptop.is_ready, within=15.0)
        lab.eventually(lambda: bool(abroad.status().engine.home_addresses), within=10.0)
        lab.eventually(
            lambda: all(entry.care_of_address for entry in abroad.home_addresses()),
            within=10.0,
            what="a care-of address",
        )
        checked = Checked(laptop)
    assert checked.status == 1
    assert [checked.verdict(step) for step in ("route", "next hop", "answers")] == ["ok", "ok", "failed"]
    assert checked["registered"]["reason"] == "not reached"
    abroad.registered_at(VISITED_A, within=60.0)


def _problems(laptop):
    return {each["code"] for each in laptop.mnctl("problems")["problems"]}


def test_ipv6_switched_off_is_found(lab, abroad, laptop):
    laptop.node.sysctl("net/ipv6/conf/all/disable_ipv6", 1)
    try:
        checked = Checked(laptop)
        lab.eventually(lambda: "no-ipv6" in _problems(laptop), within=10.0, what="mnctl problems says so, too")
        assert "no-care-of-address" not in _problems(laptop), "no network is to blame"
    finally:
        laptop.node.sysctl("net/ipv6/conf/all/disable_ipv6", 0)
    assert {"IPv6", "IPv6 on interfaces"} <= set(checked.failed())
    abroad.registered_at(VISITED_A, within=60.0)
    (entry,) = abroad.home_addresses()
    lab.eventually(reachable_from_outside(lab, entry.address), within=15.0, what="its addresses are back")
    lab.eventually(lambda: not _problems(laptop) & {"no-ipv6", "network-refused"}, within=10.0, what="all is well")


def test_a_dead_service_is_found_and_the_way_examined_without_it(lab, abroad, laptop):
    (entry,) = abroad.home_addresses()
    laptop.stop()
    try:
        checked = Checked(laptop)
    finally:
        laptop.start()
        lab.eventually(laptop.is_ready, within=15.0)
    assert checked.status == 1 and checked.failed()[0] == "running"
    assert checked["home agent"]["group"] == f"home address {entry.address}"
    assert (checked.verdict("route"), checked.verdict("answers")) == ("ok", "ok")
    assert checked.verdict("registered") == "failed" and "systemctl start" in checked["registered"]["remedy"]
    abroad.registered_at(VISITED_A, within=60.0)
