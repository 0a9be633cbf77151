# SPDX-License-Identifier: GPL-2.0-or-later
import asyncio
import json
import re
import signal
from dataclasses import fields, replace
from pathlib import Path

import pytest

from mnclient.model.handover import Stage
from mnclient.model.problems import Problem, ProblemCode
from mnclient.model.service_status import ServiceStatus
from mnclient.model.settings_description import SettingDescription
from mnclient.model.status import Phase
from mnclient.units import Instant
from service.cli_show import shown
from service.cli_status import STAGES
from service.codec import from_plain, to_plain
from service.contract import Action
from service.interfaces.bus import BusFace
from service.settings import Settings
from service.settings_schema import BY_KEY, SETTINGS
from service.settings_values import checked
from tests.service.fake_core import (
    AWAY,
    HANDOVER,
    SERVING,
    FakeCore,
    bindings,
    with_engine,
)
from tests.service.mnctl_process import next_line, run_beside
from tests.service.private_bus import private_bus

ROOT = Path(__file__).resolve().parents[2]


async def test_status_answers_the_human_question_first(mnctl):
    lines = (await mnctl("status")).splitlines()
    assert lines[0] == "Away, reachable at 2001:db8:1::10 (registered until 14:40, not protected, not verified)"
    text = "\n".join(lines)
    for part in (
        r"Home agent +2001:db8:1::1$",
        r"Care-of address +2001:db8:2::10 on wlan0$",
        r"Registered +until 14:40, not protected$",
        r"Verified +not tried yet$",
        r"Datapath +portable: kernel lacks ip6_tunnel$",
        r"Route optimisation +not possible: kernel lacks ip6_tunnel$",
        r"Proposed +2001:db8:1::20 \(from the hardware address of wlan0\)$",
        r"Last move +2001:db8:1::10 moved from home to 2001:db8:2::/64 in 140 ms$",
        r"Warning +Registrations are not protected. Anybody on the path",
    ):
        assert re.search("^  " + part, text, re.MULTILINE), part


async def test_status_in_json_is_the_status(mnctl):
    assert from_plain(ServiceStatus, await mnctl.json("status")) == AWAY
    assert json.loads(await mnctl("--json", "status")) == to_plain(AWAY)


@pytest.mark.parametrize(
    "words, expected",
    [
        (("home-agents",), ["2001:db8:1::1", "2001:db8:1::/64", "0.75", "12", "110 s ago", "wlan0", "learned"]),
        (
            ("home-addresses",),
            ["registered until 14:40, not protected", "2001:db8:1::20", "proposed: from the hardware"],
        ),
        (("home-addresses", "suggest"), ["2001:db8:1::20", "EUI-64"]),
        (("home-addresses", "suggest", "--home-agent", "2001:db8:1::1"), ["2001:db8:1::20"]),
        (("interfaces",), ["wlan0", "fe80::1", "eth0", "down"]),
        (("correspondents",), ["not possible: kernel lacks ip6_tunnel", "No correspondent has sent anything"]),
        (("bindings",), ["2001:db8:1::1 (home agent)", "14:40", "yes"]),
        (("handovers",), ["home", "2001:db8:2::/64", "completed in 140 ms", "link up 100 ms", "router heard 120 ms"]),
        (("settings",), ["mobile_node.enabled", "true", "3600", "Lists", "mobile_node.traffic_rules"]),
        (
            ("settings", "get", "mobile_node.route_optimization.correspondents"),
            ['[{ prefix = "2001:db8:c::/48", allow = false }]\n'],
        ),
        (("settings", "get", "home_agent.max_lifetime"), ["3600\n"]),
        (("home-agent",), ["not a home agent"]),
        (("home-agent", "show"), ["not a home agent"]),
        (("problems",), ["warning: Registrations are not protected", "What to do: Install a key", "Since 14:28"]),
    ],
)
async def test_tables(mnctl, words, expected):
    text = await mnctl(*words)
    for part in expected:
        assert part in text


async def test_plain_tables_have_columns(mnctl):
    head, row = (await mnctl("home-agents")).splitlines()
    assert head.split()[0] == "ADDRESS"
    assert row.index("2001:db8:1::/64") == head.index("HOME NETWORK")


async def test_nothing_to_list_is_said(mnctl):
    mnctl.core.value = replace(
        AWAY,
        home_addresses=(),
        known_home_agents=(),
        proposals=(),
        handovers=(),
        engine=replace(AWAY.engine, home_addresses=(), interfaces=(), binding_update_list=(), problems=()),
    )
    for words in ("home-agents", "home-addresses", "interfaces", "bindings", "handovers", "problems"):
        assert re.search(r"(No |no |Empty|not moved).*\.|mnctl", await mnctl(words)), words


async def test_a_home_agents_view(mnctl):
    mnctl.core.value = SERVING
    mnctl.core.cache = bindings(300)
    assert "home agent for 2001:db8:1::/64 on a virtual link; 3 of at most 20000 bindings" in await mnctl("status")
    assert "(virtual)" in await mnctl("home-agent")
    text = await mnctl("bindings", "--limit", "7")
    assert "7 of 300" in text
    assert text.count("2001:db8:1::1") >= 8
    told = await mnctl.json("bindings", "--matching", "2001:db8:2::20/127")
    assert told["binding_cache_total"] == 2
    assert [each["home_address"] for each in told["binding_cache"]] == ["2001:db8:1::20", "2001:db8:1::21"]
    assert len((await mnctl.json("bindings", "--limit", "300", "--offset", "10"))["binding_cache"]) == 290


async def test_json_everywhere(mnctl):
    mnctl.core.value = SERVING
    members = {
        ("home-agents",): {"boot_time", "home_agents"},
        ("home-addresses",): {"boot_time", "home_addresses", "proposals"},
        ("home-addresses", "suggest"): {"suggestions"},
        ("interfaces",): {"boot_time", "interfaces"},
        ("bindings",): {
            "boot_time",
            "binding_update_list",
            "correspondents",
            "binding_cache",
            "binding_cache_total",
        },
        ("correspondents",): {"boot_time", "correspondents"},
        ("route-optimization",): {"boot_time", "state", "reason", "location_privacy", "use", "policies"},
        ("route-optimization", "enable"): {"ok"},
        ("correspondent-node",): {"boot_time", "enabled", "bindings", "max_bindings"},
        ("correspondent-node", "disable"): {"ok"},
        ("settings", "set", "network.datapath", "kernel"): {"ok", "restart_needed"},
        ("handovers",): {"boot_time", "handovers"},
        ("settings",): {"settings"},
        ("settings", "get", "mobile_node.enabled"): {"key", "value"},
        ("home-agent",): {"boot_time", "enabled", "links", "bindings", "max_bindings", "home_agents"},
        ("problems",): {"boot_time", "problems"},
        ("keys",): {"keys", "protections"},
        ("permissions",): {"permissions"},
        ("settings", "describe"): {"settings"},
        ("--version",): {"version"},
        ("home-agents", "remove", "2001:db8:1::1"): {"ok"},
    }
    documented = (ROOT / "docs/json.md").read_text(encoding="utf-8")
    for words, expected in members.items():
        told = await mnctl.json(*words)
        assert set(told) == expected, words
        for name in expected:
            assert f"`{name}`" in documented, name
    addresses = (await mnctl.json("home-addresses"))["home_addresses"]
    assert addresses[0]["status"]["state"] == "registered"
    problem = (await mnctl.json("problems"))["problems"][0]
    assert problem["title"] == "Registrations are not protected"
    assert problem["visible"] is True
    assert (await mnctl.json("handovers"))["handovers"][0]["offsets"]["binding_acknowledged"] == 0.14


async def test_everything_of_an_optimised_and_standing_by_laptop(mnctl):
    mnctl.core.value = SERVING
    text = await mnctl("status")
    for part in (
        r"Verified +yes, 14:29: a packet came back through the home agent$",
        r"Standby +no address yet on eth0$",
        r"Role +correspondent node; 2 of at most 1000 bindings$",
        r"Route optimisation +on, 1 correspondent direct$",
    ):
        assert re.search("^  " + part, text, re.MULTILINE), part
    _, wlan0, eth0 = sorted((await mnctl("interfaces")).splitlines(), key=lambda line: line[0] != "I")[:3]
    assert re.search(r"eth0 +50 +up +- +standby +NO ANSWER", wlan0 + eth0)
    assert re.search(r"wlan0 +100 +up +away +yes +answers", wlan0 + eth0)


async def test_a_move_is_told_with_all_its_stages(mnctl):
    stages = tuple((stage, Instant(900.0 + number / 100)) for number, stage in enumerate(Stage))
    mnctl.core.value = replace(AWAY, handovers=(replace(HANDOVER, stages=stages),))
    text = await mnctl("handovers")
    for number, stage in enumerate(Stage):
        assert f"{STAGES[stage]} {number * 10} ms" in text
    assert "verified 80 ms, correspondents told 90 ms" in text
    documented = (ROOT / "docs/json.md").read_text(encoding="utf-8")
    offsets = (await mnctl.json("handovers"))["handovers"][0]["offsets"]
    assert list(offsets) == [stage.value for stage in Stage]
    assert all(f'"{name}"' in documented for name in offsets)


def test_every_field_of_the_status_is_documented():
    documented = (ROOT / "docs/json.md").read_text(encoding="utf-8")

    def names(value):
        if isinstance(value, dict):
            for name, each in value.items():
                yield name
                yield from names(each)
        elif isinstance(value, list):
            for each in value:
                yield from names(each)

    missing = {name for name in names(to_plain(SERVING)) if f"`{name}`" not in documented} - {"binding_updates_sent"}
    assert missing == set()


async def test_young_problems_are_not_shown_unless_asked_for(mnctl):
    young = Problem(code=ProblemCode.HOME_AGENT_SILENT, subject="a", detail="b", since=Instant(998.0))
    mnctl.core.value = with_engine(problems=(young,))
    assert await mnctl("problems") == "No problems.\n"
    assert "does not answer" in await mnctl("problems", "--all")
    assert "does not answer" not in await mnctl("status")


async def test_watch_prints_a_line_per_change_and_ends_quietly(mnctl):
    process = await run_beside(mnctl.address, "watch")
    assert "Away, reachable at 2001:db8:1::10" in await next_line(process)
    mnctl.core.change(with_engine(phase=Phase.AT_HOME))
    assert re.match(r"(\d{4}-\d\d-\d\d )?\d\d:\d\d  At home, reachable", await next_line(process))
    mnctl.core.change(with_engine(phase=Phase.AT_HOME, counters={"x": 1}))  # no news
    mnctl.core.change(replace(with_engine(phase=Phase.AT_HOME), known_home_agents=()))
    assert "Home agent 2001:db8:1::1 is forgotten" in await next_line(process)
    process.send_signal(signal.SIGINT)
    out, err = await asyncio.wait_for(process.communicate(), 20)
    assert (process.returncode, out, err) == (130, b"", b"")


async def test_watch_in_json_is_a_status_per_line(mnctl):
    process = await run_beside(mnctl.address, "watch", "--json")
    assert from_plain(ServiceStatus, json.loads(await next_line(process))) == AWAY
    mnctl.core.change(SERVING)
    assert from_plain(ServiceStatus, json.loads(await next_line(process))) == SERVING
    process.send_signal(signal.SIGINT)
    await asyncio.wait_for(process.communicate(), 20)


async def test_watch_outlives_the_service():
    with private_bus() as bus:
        face = BusFace(FakeCore(), bus.address)
        await face.start()
        process = await run_beside(bus.address, "watch")
        assert "Away" in await next_line(process)
        await face.stop()
        assert "The service has stopped" in await next_line(process)
        again = BusFace(FakeCore(with_engine(phase=Phase.OFF)), bus.address)
        await again.start()
        assert "Off" in await next_line(process)
        await again.stop()
        process.send_signal(signal.SIGINT)
        await asyncio.wait_for(process.communicate(), 20)


@pytest.mark.parametrize(
    "key, value",
    [
        ("mobile_node.traffic_rules", [{"protocol": "udp", "ports": 53}, {"destination": "2001:db8::/48"}]),
        ("mobile_node.traffic_rules", [{"protocol": "tcp", "ports": "5000-5100"}]),
        ("mobile_node.interfaces", [{"name": 'a"\\b', "priority": 7, "enabled": False}]),
        ("mobile_node.interfaces", []),
        (
            "home_agent.links",
            [
                {
                    "prefix": "2001:db8:1::/64",
                    "address": "2001:db8:1::1",
                    "interface": "eth0",
                    "virtual": False,
                    "advertise": {"max_interval": 9.5},
                }
            ],
        ),
    ],
)
def test_a_list_can_be_typed_as_it_is_shown(key, value):
    settings = Settings().with_value(key, shown(value))
    assert settings == Settings().with_given({key: checked(BY_KEY[key], value, key)})
    again = Settings().with_value(key, shown(settings.get(key)))
    assert again == settings


async def test_settings_are_described(mnctl):
    text = await mnctl("settings", "describe", "mobile_node.interfaces")
    for part in ("Wishes about single interfaces", "- name, required", "from 1 to 999", "Default: 100"):
        assert part in text
    assert "administrator" not in text
    text = await mnctl("settings", "describe", "network.datapath")
    assert "auto, kernel, portable" in text and "administrator" in text and "started again" in text
    everything = await mnctl("settings", "describe")
    assert all(f"{each.key}\n" in everything for each in SETTINGS)
    (told,) = (await mnctl.json("settings", "describe", "network.datapath"))["settings"]
    assert (told["kind"], told["default"], told["needs_restart"]) == ("word", "auto", True)
    documented = (ROOT / "docs/json.md").read_text(encoding="utf-8")
    assert all(f"`{each.name}`" in documented for each in fields(SettingDescription))
    await mnctl("settings", "describe", "no.such.key", status=5)


async def test_permissions_of_the_service_itself(mnctl):
    assert "org.mnclient.manage-keys       yes" in await mnctl("permissions")
    told = (await mnctl.json("permissions"))["permissions"]
    assert told == {action.value: "yes" for action in Action}
