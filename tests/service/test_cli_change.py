# SPDX-License-Identifier: GPL-2.0-or-later
import json
import os
from pathlib import Path

import pytest

from service import cli, cli_change
from tests.service.fake_core import (
    ADDRESS,
    HOME,
    HOME_AGENT,
    PROPOSED,
    SERVING,
)
from tests.service.test_inspector import capture, encode_packet, update

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "words, call",
    [
        (
            ("home-agents", "add", "2001:db8:1::1", "2001:db8:1::/64", "--pin"),
            ("add_home_agent", HOME_AGENT, HOME, True),
        ),
        (("home-agents", "remove", "2001:db8:1::1"), ("remove_home_agent", HOME_AGENT)),
        (("home-addresses", "add", "2001:db8:1::10"), ("add_home_address", ADDRESS, None, 64)),
        (
            ("home-addresses", "add", "2001:db8:1::10", "--home-agent", "2001:db8:1::1", "--prefix-length", "56"),
            ("add_home_address", ADDRESS, HOME_AGENT, 56),
        ),
        (("home-addresses", "remove", "2001:0DB8:1:0::10"), ("remove_home_address", ADDRESS)),
        (("home-addresses", "prefer", "2001:db8:1::10"), ("prefer_home_address", ADDRESS)),
        (("home-addresses", "accept", "2001:db8:1::20"), ("accept_proposal", PROPOSED)),
        (("home-addresses", "dismiss", "2001:db8:1::20"), ("dismiss_proposal", PROPOSED)),
        (("interfaces", "order", "eth0", "wlan0"), ("set_interface_order", ["eth0", "wlan0"])),
        (("interfaces", "set-priority", "eth0", "7"), ("set_interface_priority", "eth0", 7)),
        (("settings", "set", "mobile_node.enabled", "false"), ("set_setting", "mobile_node.enabled", "false")),
        (
            ("home-agent", "enable", "--prefix", "2001:db8:1::/64", "--address", "2001:db8:1::1"),
            ("set_home_agent_link", HOME, HOME_AGENT, None, False),
        ),
    ],
)
async def test_changes(mnctl, words, call):
    assert await mnctl(*words)
    assert mnctl.core.calls == [call]


async def test_the_home_agent_role(mnctl):
    mnctl.core.values["home_agent.enabled"] = False
    words = ("--prefix", "2001:db8:1::/64", "--address", "2001:db8:1::1", "--interface", "lan0", "--advertise")
    await mnctl("home-agent", "enable", *words)
    await mnctl("home-agent", "enable")
    await mnctl("home-agent", "disable")
    mnctl.core.value = SERVING
    await mnctl("home-agent", "disable", "--prefix", "2001:db8:1::/64")
    assert mnctl.core.calls == [
        ("set_home_agent_link", HOME, HOME_AGENT, "lan0", True),
        ("set_setting", "home_agent.enabled", "true"),
        ("set_setting", "home_agent.enabled", "false"),
        ("remove_home_agent_link", HOME),
    ]
    await mnctl("home-agent", "enable", "--prefix", "2001:db8:1::/64", status=1)
    await mnctl("home-agent", "enable", "--advertise", status=1)
    await mnctl("home-agent", "enable", *words[:4], "--advertise", status=1)
    await mnctl("home-agent", "disable", "--prefix", "2001:db8:9::/64", status=5)
    assert len(mnctl.core.calls) == 4


@pytest.mark.parametrize(
    "words, known",
    [
        (("home-agents", "remove", "2001:db8:9::9"), "Known: 2001:db8:1::1"),
        (("home-addresses", "remove", "2001:db8:9::9"), "Known: 2001:db8:1::10"),
        (("home-addresses", "prefer", "2001:db8:9::9"), "Known: 2001:db8:1::10"),
        (("home-addresses", "accept", "2001:db8:1::10"), "Known: 2001:db8:1::20"),
        (("home-addresses", "dismiss", "2001:db8:1::10"), "Known: 2001:db8:1::20"),
        (("home-addresses", "suggest", "--home-agent", "2001:db8:9::9"), "Known: 2001:db8:1::1"),
        (("interfaces", "set-priority", "wlan7", "7"), "Known: wlan0, eth0"),
        (("settings", "set", "mobile_node.enable", "false"), "mobile_node.enabled"),
        (("settings", "get", "mobile_node.enable"), "mobile_node.enabled"),
        (("decode", "/nonexistent.pcap"), "tcpdump"),
    ],
)
async def test_unknown_things_are_named_with_the_known_ones(mnctl, words, known):
    assert await mnctl(*words, status=5) == ""
    assert known in mnctl.errors
    assert len(mnctl.errors.splitlines()) == 2
    assert mnctl.core.calls == []


def test_decode_needs_no_service(tmp_path, capsys):
    path = capture(tmp_path / "a.pcap", [encode_packet(update())])
    assert cli.main(["decode", str(path)]) == 0
    assert "Binding Update  2001:db8:2::10 -> 2001:db8:1::1" in capsys.readouterr().out
    assert cli.main(["decode", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["fields"]["sequence"] == 7
    assert told["home_address"] == "2001:db8:1::10"
    documented = (ROOT / "docs/json.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in documented for name in told)
    path.write_bytes(b"no capture")
    assert cli.main(["decode", str(path)]) == 1
    assert "is not a packet capture" in capsys.readouterr().err


@pytest.fixture
def swept(monkeypatch):
    calls = []

    async def sweep():
        calls.append("sweep")
        return ["route 2001:db8::/64", "device mn6home"]

    monkeypatch.setattr("mnclient.network.cleanup.sweep", sweep)
    return calls


async def test_reset_network_is_refused_while_a_service_runs_here(mnctl, swept, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    await mnctl("reset-network", status=1)
    assert "A service is running here" in mnctl.errors
    assert swept == []
    assert await mnctl("reset-network", "--force") == "removed route 2001:db8::/64\nremoved device mn6home\n"
    monkeypatch.setattr(cli_change, "_in_this_network", lambda process: process != os.getpid())
    assert await mnctl.json("reset-network") == {"removed": ["route 2001:db8::/64", "device mn6home"]}


async def test_reset_network_without_a_service_or_a_bus(mnctl, swept, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    mnctl.address = "unix:path=/nonexistent"
    await mnctl("reset-network")
    assert swept == ["sweep"]


def without_capabilities(monkeypatch):
    """Also where root runs the tests."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: "Name:\tmnctl\nCapEff:\t0000000000002000\n")


async def test_reset_network_with_the_capability_of_the_service(mnctl, swept, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: "Name:\tmnctl\nCapEff:\t0000000000003000\n")
    await mnctl("reset-network", "--force")
    assert swept == ["sweep"]


async def test_reset_network_is_for_root(mnctl, swept, monkeypatch):
    without_capabilities(monkeypatch)
    await mnctl("reset-network", "--force", status=4)
    assert swept == []
    assert "sudo mnctl reset-network" in mnctl.errors


def test_network_namespaces_are_told_apart():
    assert cli_change._in_this_network(os.getpid())
    assert cli_change._in_this_network(2**30)  # gone, or not ours to see: the careful answer
