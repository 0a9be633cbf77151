# SPDX-License-Identifier: GPL-2.0-or-later
"""What desktops read, seen by their own validators."""

import configparser
import shutil
import subprocess
import tomllib
import xml.etree.ElementTree as ET

import pytest

from tests.checkout import ROOT
from ui import autostart

DESKTOP = ROOT / "installer/desktop"
METAINFO = DESKTOP / "org.mnclient.Tray.metainfo.xml"
ICON = ROOT / "ui/icons/mnclient.svg"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False)


def entry(name):
    parser = configparser.RawConfigParser()
    parser.optionxform = str
    parser.read(DESKTOP / name, encoding="utf-8")
    return dict(parser["Desktop Entry"])


@pytest.mark.parametrize("name", ["org.mnclient.Tray.desktop", "mnclient.desktop"])
def test_entries_are_valid(name):
    done = run("desktop-file-validate", str(DESKTOP / name))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_software_centres_are_told(tmp_path):
    done = run("appstreamcli", "validate", "--no-net", str(METAINFO))
    assert done.returncode == 0, done.stdout + done.stderr
    wrong = tmp_path / METAINFO.name
    wrong.write_text(METAINFO.read_text(encoding="utf-8").replace("GPL-2.0-or-later</project", "free</project"))
    wrong.write_text(wrong.read_text(encoding="utf-8").replace("<summary>One", "<summery>One"), encoding="utf-8")
    assert run("appstreamcli", "validate", "--no-net", str(wrong)).returncode != 0


def test_they_are_told_of_this_version_and_this_entry():
    root = ET.parse(METAINFO).getroot()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert root.find("releases/release").get("version") == project["version"]
    assert root.findtext("project_license") == project["license"]
    assert (DESKTOP / root.findtext("launchable")).is_file()
    assert root.findtext("provides/mediatype") in entry("org.mnclient.Tray.desktop")["MimeType"]
    for text in ("summary", "description/p", "description/ul/li"):
        told = [each.get(LANGUAGE) for each in root.findall(text)]
        assert told.count("de") == told.count(None) > 0, text


def test_the_icon_is_a_square_drawing_that_the_entries_name():
    root = ET.parse(ICON).getroot()
    assert root.get("width") == root.get("height") and root.get("viewBox")
    assert run("xmllint", "--noout", "--nonet", str(ICON)).returncode == 0
    assert {entry(each.name)["Icon"] for each in DESKTOP.glob("*.desktop")} == {ICON.stem}


def test_a_person_can_switch_autostart_off():
    """The tray's own preferences write a file of the same name, and that one wins."""
    assert autostart.FILE == "mnclient.desktop"
    assert entry(autostart.FILE)["Exec"] == "mnclient --hidden"


def test_invitations_have_a_type(tmp_path):
    (tmp_path / "packages").mkdir()
    shutil.copy(DESKTOP / "mnclient-mime.xml", tmp_path / "packages")
    done = run("update-mime-database", str(tmp_path))
    assert done.returncode == 0 and "rror" not in done.stderr, done.stderr
    assert ":application/x-mnclient-invitation:*.mnclient-invitation\n" in (tmp_path / "globs2").read_text()
