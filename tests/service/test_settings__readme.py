# SPDX-License-Identifier: GPL-2.0-or-later
"""The settings that the README shows are accepted, and mean what it says."""

import re
from pathlib import Path

import pytest

from mnclient.model.config import OptimizationUse
from service.settings import Settings

README = Path(__file__).resolve().parents[2] / "README.md"
BLOCKS = re.findall(r"```toml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


def test_the_readme_shows_all_roles():
    assert len(BLOCKS) == 3


@pytest.mark.parametrize("text", BLOCKS)
def test_they_are_accepted(text):
    assert Settings.parse(text).given


@pytest.mark.parametrize("text", BLOCKS[:2])
def test_what_registers_or_is_registered_at_says_that_it_is_not_protected(text):
    settings = Settings.parse(text)
    assert settings.get("mobile_node.allow_unprotected_signalling") or settings.get(
        "home_agent.allow_unprotected_signalling"
    )


def test_the_laptop_of_the_readme_has_two_interfaces_and_prints_where_it_is():
    mobile_node = Settings.parse(BLOCKS[0]).to_node_config((), b"").mobile_node
    assert [(each.name, each.priority) for each in mobile_node.interfaces] == [("eth0", 10), ("wlan0", 20)]
    assert [(each.protocol, each.ports) for each in mobile_node.traffic_rules] == [(6, (631, 631))]
    assert mobile_node.route_optimization.location_privacy, "nobody is told where it is unless it says so"


def test_both_ends_of_the_short_way_are_in_the_readme():
    config = Settings.parse(BLOCKS[2]).to_node_config((), b"")
    optimization = config.mobile_node.route_optimization
    assert (optimization.location_privacy, optimization.use) == (False, OptimizationUse.ALWAYS)
    assert [(str(each.prefix), each.allow) for each in optimization.correspondents] == [("2001:db8:bad::/48", False)]
    assert config.correspondent_node.max_bindings == 200
    assert [rule.allow for rule in config.correspondent_node.access] == [False]


def test_the_home_agent_of_the_readme_is_one():
    config = Settings.parse(BLOCKS[1]).to_node_config((), b"")
    assert config.mobile_node is None
    assert config.home_agent is not None
    (link,) = config.home_agent.links
    assert (link.interface, link.advertising is not None, config.home_agent.max_bindings) == ("lan0", True, 500)
    assert [rule.allow for rule in config.home_agent.access] == [False]
