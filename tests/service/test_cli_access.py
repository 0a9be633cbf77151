# SPDX-License-Identifier: GPL-2.0-or-later
"""What administrators say of others: bindings to end, who may register, how a home link is advertised, the log."""

from dataclasses import replace

import pytest

from mnclient.debugging import Category, switch
from service.interfaces.bus import BusFace
from tests.service.conftest import Mnctl
from tests.service.fake_core import SERVING, bindings
from tests.service.fake_node import Machine
from tests.service.private_bus import private_bus

LINK = """
[[home_agent.links]]
prefix = "2001:db8:1::/64"
address = "2001:db8:1::1"
interface = "lan0"

[[home_agent.links]]
prefix = "2001:db8:7::/64"
address = "2001:db8:7::1"
virtual = true
"""


@pytest.fixture
async def real(tmp_path, capsys, at_the_time_of_the_fake_core):
    """mnctl and the service's true core, with a node that touches no network."""
    with private_bus() as bus:
        async with Machine(tmp_path).running(LINK) as core:
            face = BusFace(core, bus.address)
            await face.start()
            yield Mnctl(core, bus.address, capsys)
            await face.stop()
    switch(dict.fromkeys(Category, False))


async def test_bindings_are_shown_by_what_one_looks_for(mnctl):
    mnctl.core.value = SERVING
    first, second = bindings(2)
    mnctl.core.cache = (replace(first, interface="lan0"), second)
    for words, count in (
        ((), 2),
        (("--interface", "lan0"), 1),
        (("--interface", ""), 1),
        (("--home-addresses", "2001:db8:1::11"), 1),
        (("--care-of-addresses", "2001:db8:2::/64"), 2),
        (("--care-of-addresses", "2001:db8:2::/64", "--interface", "lan1"), 0),
        (("--matching", "2001:db8:2::10", "--home-addresses", "2001:db8:1::/64"), 1),
    ):
        assert (await mnctl.json("bindings", *words))["binding_cache_total"] == count, words
    text = await mnctl("bindings")
    assert " lan0 " in text


async def test_bindings_are_ended(mnctl):
    mnctl.core.value = SERVING
    mnctl.core.cache = bindings(3)
    assert await mnctl("bindings", "clear", "--matching", "2001:db8:1::10") == "1 binding is ended.\n"
    assert await mnctl.json("bindings", "clear", "--home-addresses", "2001:db8:9::/64") == {"ok": True, "cleared": 0}
    assert await mnctl("bindings", "clear", "--all") == "2 bindings are ended.\n"
    assert mnctl.core.cache == ()


@pytest.mark.parametrize("words", [(), ("--all", "--matching", "2001:db8::/32"), ("--all", "--interface", "lan0")])
async def test_it_must_be_clear_which(mnctl, words):
    mnctl.core.cache = bindings(1)
    assert await mnctl("bindings", "clear", *words, status=1) == ""
    assert "name some, or all with --all" in mnctl.errors.lower()
    assert mnctl.core.calls == []


async def test_rules_of_access(real):
    assert (await real("access")).count("There is no rule: everybody may.") == 2
    await real("access", "add", "home-agent", "deny")
    home, visited = "2001:db8:1::10/128", "2001:db8:2::/64"
    allow = ("allow", "--home-addresses", home, "--care-of-addresses", visited)
    await real("access", "add", "home-agent", *allow, "--at", "1")
    await real("access", "add", "correspondent-node", "deny", "--care-of-addresses", visited)
    everywhere = "::/0"
    assert await real.json("access") == {
        "home_agent": [
            {"allow": True, "home_addresses": home, "care_of_addresses": visited},
            {"allow": False, "home_addresses": everywhere, "care_of_addresses": everywhere},
        ],
        "correspondent_node": [{"allow": False, "home_addresses": everywhere, "care_of_addresses": visited}],
    }
    assert "first rule that matches" in await real("access")
    await real("access", "remove", "home-agent", "1")
    assert [row["allow"] for row in real.core.setting("home_agent.access")] == [False]


async def test_how_a_home_link_is_advertised(real):
    words = ("--min-interval", "0.03", "--max-interval", "0.07", "--preference", "10", "--lifetime", "600")
    await real("home-agent", "advertise", "2001:db8:1::/64", *words)
    await real("home-agent", "advertise", "2001:db8:1::/64", "--router-lifetime", "0")
    link, virtual = real.core.setting("home_agent.links")
    said = {name: link["advertise"][name] for name in ("min_interval", "max_interval", "preference", "lifetime")}
    assert said == {"min_interval": 0.03, "max_interval": 0.07, "preference": 10, "lifetime": 600.0}
    assert link["advertise"]["router_lifetime"] == 0
    assert "advertise" not in virtual


async def test_what_is_logged_in_detail(real):
    assert set((await real.json("debug"))["debug"].values()) == {False}
    await real("debug", "on", "signalling", "bus")
    assert Category.BUS.logger.isEnabledFor(10)
    assert not Category.EVENTS.logger.isEnabledFor(10)
    assert (await real.json("debug"))["debug"] == {
        "signalling": True, "events": False, "network": False, "bus": True,
    }  # fmt: skip
    await real("debug", "off", "bus")
    assert not Category.BUS.logger.isEnabledFor(10)
    assert (await real("debug")).count("yes") == 1


WRONG = [
    (("access", "add", "home-agent", "deny", "--at", "3"), 5, "no place 3"),
    (("access", "add", "home-agent", "deny", "--at", "0"), 5, "no place 0"),
    (("access", "remove", "home-agent", "1"), 5, "no rule 1"),
    (("home-agent", "advertise", "2001:db8:1::/64"), 1, "Nothing is said"),
    (("home-agent", "advertise", "2001:db8:2::/64", "--preference", "1"), 5, "no home link"),
    (("home-agent", "advertise", "2001:db8:7::/64", "--preference", "1"), 1, "nobody to advertise to"),
    (("home-agent", "advertise", "2001:db8:1::/64", "--preference", "65536"), 1, "0 to 65535"),
    (("home-agent", "advertise", "2001:db8:1::/64", "--max-interval", "0.06"), 1, "0.07"),
    (("home-agent", "advertise", "2001:db8:1::/64", "--min-interval", "0.02"), 1, "0.03"),
    (("home-agent", "advertise", "2001:db8:1::/64", "--min-interval", "5", "--max-interval", "5"), 1, "0.75"),
]


@pytest.mark.parametrize("words, status, said", WRONG, ids=lambda value: str(value)[-60:])
async def test_what_is_wrong_changes_nothing(real, words, status, said):
    before = real.core.setting("home_agent.links"), real.core.setting("home_agent.access")
    assert await real(*words, status=status) == ""
    assert said in real.errors
    assert (real.core.setting("home_agent.links"), real.core.setting("home_agent.access")) == before
