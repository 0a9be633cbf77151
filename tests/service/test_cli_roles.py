# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace

import pytest

from mnclient.model.service_status import Datapath
from mnclient.model.status import CorrespondentNodeStatus, Phase
from service.contract import NotAllowed
from service.settings_schema import PRIVACY, PRIVACY_OFF
from tests.service.fake_core import AWAY, SERVING, with_engine

USE = "mobile_node.route_optimization.use"
POLICIES = "mobile_node.route_optimization.correspondents"
NODE = "correspondent_node.enabled"
PRIVATE = replace(
    AWAY,
    route_optimization=Datapath(name="kernel", reason=""),
    route_optimization_off="location privacy is on",
)


async def test_route_optimisation_is_shown_with_what_it_costs(mnctl):
    mnctl.core.value = PRIVATE
    text = await mnctl("route-optimization")
    assert text == await mnctl("route-optimization", "show")
    for part in (
        "Route optimisation: off: location privacy is on",
        f"Location privacy: on. {PRIVACY_OFF}",
        "Packets may go directly to: everybody, but those in this list with a no",
        "2001:db8:c::/48",
        "Switch it on: mnctl route-optimization enable",
    ):
        assert part in text
    assert await mnctl.json("route-optimization") == {
        "boot_time": AWAY.boot_time,
        "state": "off",
        "reason": "location privacy is on",
        "location_privacy": True,
        "use": "always",
        "policies": [{"prefix": "2001:db8:c::/48", "allow": False}],
    }
    mnctl.core.value = AWAY
    text = await mnctl("route-optimization")
    assert "not possible: kernel lacks ip6_tunnel" in text
    assert "Switch it on" not in text


@pytest.mark.parametrize(
    "words, use, set_before",
    [
        ((), "always", []),
        ((), "only-these", []),
        ((), "never", [("set_setting", USE, "always")]),
        (("--always",), "only-these", [("set_setting", USE, "always")]),
        (("--only-these",), "never", [("set_setting", USE, "only-these")]),
        (
            ("--only-these", "2001:db8:c::/48", "2001:db8:d::/48", "2001:db8:d::/48"),
            "always",
            [
                (
                    "set_setting",
                    POLICIES,
                    '[{ prefix = "2001:db8:5::/48", allow = true }, { prefix = "2001:db8:c::/48", allow = true }, '
                    '{ prefix = "2001:db8:d::/48", allow = true }]',
                ),
                ("set_setting", USE, "only-these"),
            ],
        ),
    ],
)
async def test_nobody_is_told_before_it_is_clear_who_may_be(mnctl, words, use, set_before):
    mnctl.core.value = SERVING
    mnctl.core.values[USE] = use
    mnctl.core.values[POLICIES] = [
        {"prefix": "2001:db8:5::/48", "allow": True},
        {"prefix": "2001:db8:c::/48", "allow": False},
    ]
    text = await mnctl("route-optimization", "enable", *words)
    assert mnctl.core.calls == [*set_before, ("set_setting", PRIVACY, "false")]
    assert text == f"Route optimisation is wanted. {PRIVACY_OFF}\n"


async def test_a_wish_without_effect_is_told(mnctl):
    assert "But this machine cannot: kernel lacks ip6_tunnel" in await mnctl("route-optimization", "enable")
    mnctl.core.value = replace(PRIVATE, route_optimization_off="the settings allow it with nobody")
    text = await mnctl("route-optimization", "enable", "--only-these")
    assert "It has no effect yet: the settings allow it with nobody" in text
    mnctl.core.value = with_engine(phase=Phase.OFF, correspondent_node=CorrespondentNodeStatus(max_bindings=9))
    assert "But this machine cannot: kernel lacks ip6_tunnel" in await mnctl("correspondent-node", "enable")
    assert "0 of at most 9 bindings; not possible here: kernel lacks ip6_tunnel" in await mnctl("status")


async def test_route_optimisation_is_switched_off(mnctl):
    assert "Route optimisation is off" in await mnctl("route-optimization", "disable")
    assert mnctl.core.calls == [("set_setting", PRIVACY, "true")]


async def test_the_correspondent_node_role(mnctl):
    assert "Make it one: mnctl correspondent-node enable" in await mnctl("correspondent-node")
    assert (await mnctl.json("correspondent-node", "show"))["enabled"] is False
    mnctl.core.value = SERVING
    assert "correspondent node; 2 of at most 1000 bindings" in await mnctl("correspondent-node", "show")
    told = await mnctl.json("correspondent-node")
    assert (told["enabled"], told["bindings"], told["max_bindings"]) == (True, 2, 1000)
    text = await mnctl("correspondent-node", "enable")
    assert text == "Mobile nodes may exchange packets with this machine directly\n"
    assert "not a correspondent node any more" in await mnctl("correspondent-node", "disable")
    assert mnctl.core.calls == [("set_setting", NODE, "true"), ("set_setting", NODE, "false")]


@pytest.mark.parametrize("role", ["route-optimization", "correspondent-node"])
@pytest.mark.parametrize("switch", ["enable", "disable"])
async def test_a_refusal_is_not_told_as_done(mnctl, role, switch):
    mnctl.core.refusal = NotAllowed("Permission was not given", hint="do it as root")
    assert await mnctl(role, switch, status=4) == ""
    assert mnctl.errors == "mnctl: Permission was not given.\n  Do it as root\n"
    assert mnctl.core.calls == []


@pytest.mark.parametrize(
    "key, value, said",
    [
        ("network.datapath", "kernel", "It takes effect when the service is started again: systemctl restart"),
        (PRIVACY, "false", PRIVACY_OFF),
    ],
)
async def test_what_a_setting_brings_with_it_is_told(mnctl, key, value, said):
    mnctl.core.values[PRIVACY] = False
    assert f"{key} is set to {value}. {said}" in await mnctl("settings", "set", key, value)
