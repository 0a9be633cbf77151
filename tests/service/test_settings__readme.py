# SPDX-License-Identifier: GPL-2.0-or-later
"""The settings that the README shows are accepted, and mean what it says."""

import re
from pathlib import Path

import pytest

from service.settings import Settings

README = Path(__file__).resolve().parents[2] / "README.md"
BLOCKS = re.findall(r"```toml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


def test_the_readme_shows_both_roles():
    assert len(BLOCKS) == 2


@pytest.mark.parametrize("text", BLOCKS)
def test_they_are_accepted(text):
    settings = Settings.parse(text)
    assert settings.get("mobile_node.allow_unprotected_signalling") or settings.get(
        "home_agent.allow_unprotected_signalling"
    )


def test_the_home_agent_of_the_readme_is_one():
    config = Settings.parse(BLOCKS[1]).to_node_config((), b"")
    assert config.mobile_node is None
    assert config.home_agent is not None
    (link,) = config.home_agent.links
    assert (link.interface, link.advertising is not None, config.home_agent.max_bindings) == ("lan0", True, 500)
    assert [rule.allow for rule in config.home_agent.access] == [False]
