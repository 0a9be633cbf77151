# SPDX-License-Identifier: GPL-2.0-or-later
import os
import re
import subprocess
import sys
import tomllib

import pytest

from service.settings import Settings
from service.settings_schema import SETTINGS
from tests.checkout import ROOT
from tests.installer import manual_pages

PAGES = sorted((ROOT / "docs/man").iterdir())


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="argparse words its help a little differently")
def test_pages_are_current(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "47")
    monkeypatch.setenv("MNCLIENT_BUS", "unix:path=/nonexistent")
    assert manual_pages.main([str(tmp_path)]) == 0
    for page in tmp_path.iterdir():
        written = (ROOT / "docs/man" / page.name).read_text(encoding="utf-8")
        assert page.read_text(encoding="utf-8") == written, "run: make man"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_are_well_formed(page):
    result = subprocess.run(
        ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", str(page)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "MANROFFSEQ": "", "MANWIDTH": "80"},
    )
    assert result.stderr == ""
    text = re.sub(".\b", "", result.stdout)  # bold letters are written twice
    assert {"NAME", "SYNOPSIS", "DESCRIPTION"} <= set(text.splitlines())


def test_every_setting_is_described():
    text = (ROOT / "docs/man/mnclient.toml.5").read_text(encoding="utf-8").replace("\\-", "-")
    missing = [each.key for each in SETTINGS if f".B {each.key}\n{each.description}\n" not in text]
    assert missing == []


def test_the_example_is_accepted():
    text = (ROOT / "docs/man/mnclient.toml.5").read_text(encoding="utf-8")
    example = text.split(".SH EXAMPLE\n.nf\n")[1].split(".fi")[0]
    assert tomllib.loads(example)["version"] == 1
    Settings.parse(example, file="the example")


@pytest.mark.parametrize("text, troff", [(".TH", "\\&.TH"), ("'x", "\\&'x"), ("a\\b-c", "a\\eb\\-c")])
def test_text_stays_text(text, troff):
    assert manual_pages._plain(text) == troff
