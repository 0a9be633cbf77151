# SPDX-License-Identifier: GPL-2.0-or-later
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ui import autostart


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "system"))
    return tmp_path / "config" / "autostart"


def test_on_and_off(folder):
    assert not autostart.is_enabled()
    autostart.set_enabled(True)
    assert autostart.is_enabled()
    assert [each.name for each in folder.iterdir()] == ["mnclient.desktop"]
    assert "--hidden" in autostart.path().read_text(encoding="utf-8")
    autostart.set_enabled(True)
    autostart.set_enabled(False)
    assert not autostart.is_enabled()
    autostart.set_enabled(False)


@pytest.mark.parametrize("line", ["Hidden=true", "X-GNOME-Autostart-enabled=false", "hidden = True"])
def test_an_entry_that_the_desktop_has_switched_off(line):
    autostart.set_enabled(True)
    with autostart.path().open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    assert not autostart.is_enabled()
    autostart.set_enabled(True)
    assert autostart.is_enabled()


def test_an_entry_that_cannot_be_read(folder):
    folder.mkdir(parents=True)
    autostart.path().write_bytes(b"\xff\xfe")
    assert not autostart.is_enabled()


def test_an_entry_for_everybody_is_switched_off_for_one(tmp_path):
    everybody = tmp_path / "system/autostart/mnclient.desktop"
    everybody.parent.mkdir(parents=True)
    everybody.write_bytes(Path("installer/desktop/mnclient.desktop").read_bytes())
    before = everybody.read_bytes()
    assert autostart.is_enabled()
    autostart.set_enabled(False)
    assert not autostart.is_enabled()
    assert "Hidden=true" in autostart.path().read_text(encoding="utf-8")
    autostart.set_enabled(True)
    assert autostart.is_enabled()
    assert everybody.read_bytes() == before


def test_a_folder_that_cannot_be_written(folder):
    folder.parent.mkdir(parents=True)
    folder.write_text("not a folder", encoding="utf-8")
    with pytest.raises(autostart.CannotChangeAutostart) as refused:
        autostart.set_enabled(True)
    assert str(autostart.path()) in refused.value.hint


def test_the_command_is_written_as_entries_want_it(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: "/opt/my programs/50%/mnclient")
    assert autostart.command() == '"/opt/my programs/50%%/mnclient"'
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/mnclient")
    assert autostart.command() == "/usr/bin/mnclient"


def test_the_entries_are_valid():
    autostart.set_enabled(True)
    for file in (autostart.path(), "installer/desktop/org.mnclient.Tray.desktop"):
        done = subprocess.run(["desktop-file-validate", file], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, ""), os.fspath(file)
