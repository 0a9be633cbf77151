# SPDX-License-Identifier: GPL-2.0-or-later
"""Every command line in the pages is one that its program takes, also those that no lab can run."""

import re

import pytest

from service.settings_schema import BY_KEY
from tests.docs import form
from tests.docs.blocks import ROOT, WORDS, blocks, inline_codes, name_of, pages

FOLDERS = ("assets/", "docs/", "installer/", "mnclient/", "service/", "tests/", "tools/", "ui/")
PROGRAMS = ("mnctl", "mnclient", "mnclientd", "make", "sudo", "openssl", "ssh", "systemctl")
PAGES = {name_of(page): page.read_text(encoding="utf-8") for page in pages()}
NOT_ALL_OF_IT = "the following arguments are required"  # `mnctl decode` is the name of a command
PACKAGES = ("make deb", "build/deb/")


def lines():
    return [(str(block), each.text) for block in blocks("console") for each in block.commands()]


def is_about_packages(line):
    return any(each in line for each in PACKAGES)


def test_there_are_commands_in_the_pages():
    assert len(lines()) > 100


@pytest.mark.parametrize("place, line", [each for each in lines() if not is_about_packages(each[1])])
def test_it_is_a_command_line(place, line):
    assert form.faults(line) == [], place


@pytest.mark.skipif(not (ROOT / "installer/debian").is_dir(), reason="this checkout makes no Debian packages")
@pytest.mark.parametrize("place, line", [each for each in lines() if is_about_packages(each[1])])
def test_packages_are_made_and_installed_so(place, line):
    assert form.faults(line) == [], place
    control = (ROOT / "installer/debian/control").read_text(encoding="utf-8")
    named = set(re.findall(r"build/deb/([a-z-]+)_", line))
    assert named <= set(re.findall(r"^Package: (\S+)$", control, re.MULTILINE)), place


def test_words_behind_console_are_known():
    assert [str(block) for block in blocks("console") if not WORDS.issuperset(block.words)] == []


def test_languages_are_those_that_are_tested():
    found = {token for text in PAGES.values() for token in re.findall(r"^```(\w+)", text, re.MULTILINE)}
    assert found == {"console", "toml", "json", "python", "text"}


@pytest.mark.parametrize("page", PAGES)
def test_what_stands_between_backticks_exists(page):
    wrong = []
    for code in inline_codes(PAGES[page]):
        if code.split(" ")[0] in PROGRAMS and " " in code and not is_about_packages(code):
            wrong += [each for each in form.faults(code) if NOT_ALL_OF_IT not in each]
        elif form.is_setting(code):
            wrong += [f"there is no setting {code}"] * (code.split(" ")[0] not in BY_KEY)
        elif code.startswith(FOLDERS) and " " not in code:
            wrong += [f"there is no {code}"] * (not (ROOT / code).exists())
    assert wrong == []


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_links_outside_of_the_pages_lead_somewhere(name):
    links = re.findall(r"\]\(([^)#:]+)", (ROOT / name).read_text(encoding="utf-8"))
    assert len(links) > 3
    assert [each for each in links if not (ROOT / each).exists()] == []


@pytest.mark.parametrize(
    "line",
    [
        "mnctl statsu",
        "mnctl home-addresses add here",
        "mnctl settings set mobile_node.enabeld true",
        "sudo mnctl keys rotate",
        "mnctl --json status | jk .engine",
        "mnclient --windows problems",
        "mnclientd --settings FILE",
        "make documents",
        "systemctl restart mnclient",
        "ssh laptop sudo mnctl jion -",
        "tools/no-such-tool",
        "mnctl 'status",
        "",
    ],
)
def test_a_wrong_command_line_is_found(line):
    assert len(form.faults(line)) == 1


@pytest.mark.parametrize("code, expected", [("home_agent.links", True), ("keys.json", False), ("a b", False)])
def test_settings_are_told_from_other_words(code, expected):
    assert form.is_setting(code) is expected
