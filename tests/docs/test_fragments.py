# SPDX-License-Identifier: GPL-2.0-or-later
"""Settings, files and lists that the pages show are those that the programs know."""

import re

import pytest

from mnclient.constants import MAX_BINDINGS
from mnclient.model.keys import MAX_KEYS
from mnclient.model.problems import DECLARATIONS
from service.aaa_key_file import load_aaa_keys
from service.guest_rules import MAX_GUESTS
from service.precomputed_key_file import load_precomputed_keys
from service.settings import load
from service.settings_schema import BY_KEY
from tests.docs.answers import ANYTHING, PATTERNS
from tests.docs.blocks import DOCS, blocks, headings, inline_codes

SETTINGS = blocks("toml")
SECRETS = {
    "NODE_KEY": "11" * 20, "HOME_NONCE": "22" * 8, "CARE_OF_NONCE": "33" * 8, "KEY_OF_THE_SERVER": "44" * 16
}  # fmt: skip
WHEN = (DOCS / "guide/when.md").read_text(encoding="utf-8")
ICON = (DOCS / "guide/icon.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("block", SETTINGS, ids=str)
def test_the_service_takes_the_settings(block, tmp_path):
    file = tmp_path / "mnclient.toml"
    file.write_text(block.text, encoding="utf-8")
    assert load(file).given


@pytest.mark.parametrize("page", ["home-agent/server.md", "home-agent/router.md"])
def test_settings_of_a_home_agent_make_one(page, tmp_path):
    (block,) = blocks("toml", page)
    file = tmp_path / "mnclient.toml"
    file.write_text(block.text, encoding="utf-8")
    config = load(file).to_node_config((), b"")
    assert config.home_agent is not None and config.home_agent.links and config.mobile_node is None


def test_there_is_no_other_file():
    assert len(blocks("json")) == 2


def private_file(page, folder):
    """The file that a page shows, as the service wants it."""
    (block,) = blocks("json", page)
    text = block.text
    for word, digits in SECRETS.items():
        text = text.replace(word, digits)
    file = folder / "keys" / "file.json"
    file.parent.mkdir(mode=0o700)
    file.touch(mode=0o600)
    file.write_text(text, encoding="utf-8")
    return file


def test_the_service_takes_the_file_of_precomputed_keys(tmp_path):
    (key,) = load_precomputed_keys(private_file("guide/every-day.md", tmp_path))
    assert str(key.correspondent) == "2001:db8:c::80"


def test_the_service_takes_the_file_of_keys_for_servers(tmp_path):
    (pair,) = load_aaa_keys(private_file("home-agent/keys.md", tmp_path))
    assert [str(each) for each in pair] == ["2001:db8:1::10", "2001:db8:1::1"]


def test_there_is_a_section_for_every_problem_and_no_other():
    assert sorted(headings(WHEN, "h3")) == sorted(each.title for each in DECLARATIONS.values())


def test_every_icon_has_its_row():
    tray_view = (DOCS.parent / "ui/view/tray_view.py").read_text(encoding="utf-8")
    declared = set(re.findall(r'^    [A-Z_]+ = "(tray-[a-z-]+)"', tray_view, re.MULTILINE))
    shown = set(re.findall(r"^\| !\[[^]]+\]\(\.\./\.\./assets/screenshots/(tray-[a-z-]+)\.png\)", ICON, re.MULTILINE))
    assert declared and shown == declared


def test_every_page_of_the_window_has_its_row():
    source = (DOCS.parent / "ui/window/main_window.py").read_text(encoding="utf-8")
    declared = re.findall(r'^    "[a-z]+": \(mark\("([^"]+)"\)', source, re.MULTILINE)
    assert declared == re.findall(r"^\| \*([^*]+)\* \|", ICON, re.MULTILINE)


def test_limits_are_those_of_the_program():
    rows = dict(
        re.findall(
            r"^\| ([^|]+) \| (\d+(?:,\d+)?)[^|]* \| ", (DOCS / "home-agent/running.md").read_text("utf-8"), re.MULTILINE
        )
    )
    assert rows == {
        "bindings at once": f"{MAX_BINDINGS:,}",
        "keys, and so guests that are welcome": str(MAX_KEYS),
        "guests in the list, those that ended included": str(MAX_GUESTS),
        "home links": str(BY_KEY["home_agent.links"].high),
    }
    assert BY_KEY["home_agent.max_lifetime"].default == 3600, "an hour"


def test_words_in_capitals_are_explained():
    text = (DOCS / "developer/documents.md").read_text(encoding="utf-8").split("## Words in capitals")[1]
    assert {*PATTERNS, ANYTHING} <= set(inline_codes(text))
