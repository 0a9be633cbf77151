# SPDX-License-Identifier: GPL-2.0-or-later
"""The programs of the self-test, and what a killed one left."""

import os
import sys
import tempfile

import pytest

from service.daemon import parser
from service.self_test import programs
from service.self_test.programs import daemon, sweep
from service.settings import Settings


@pytest.fixture
def folders(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in ("mnclient-self-test-11-ab_c", "mnclient-self-test-12-abc", "mnclient-self-test-x-abc", "other"):
        (tmp_path / name / "below").mkdir(parents=True)
    return tmp_path


def test_only_folders_of_dead_runs_are_removed(folders):
    assert sweep(lambda process: process == 12) == ["mnclient-self-test-11-ab_c"]
    kept = ["mnclient-self-test-12-abc", "mnclient-self-test-x-abc", "other"]
    assert sorted(each.name for each in folders.iterdir()) == kept
    assert sweep(lambda process: process == 12) == []


def test_who_lives_is_asked_of_the_kernel(folders):
    (folders / f"mnclient-self-test-{os.getpid()}-abc").mkdir()
    (folders / "mnclient-self-test-1-abc").mkdir()
    sweep()
    kept = {each.name for each in folders.iterdir()}
    assert {f"mnclient-self-test-{os.getpid()}-abc", "mnclient-self-test-1-abc"} <= kept


def test_the_programs_are_those_that_users_start(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "mnctl")])
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin/python"))
    assert daemon() == [str(tmp_path / "bin/python"), "-m", "service.daemon"]
    (tmp_path / "mnclientd").touch(mode=0o755)
    assert daemon() == [str(tmp_path / "mnclientd")]


@pytest.mark.parametrize("interface", ["home0", "lan0"])
def test_the_settings_are_accepted(interface):
    text = programs._advertising(programs.network.HOME_PREFIX, programs.network.HOME_AGENT, interface)
    assert Settings.parse(text).get("home_agent.enabled") is True
    (home,) = Settings.parse(programs._LAPTOP).home_addresses
    assert home.address == programs.network.HOME_ADDRESS
    assert parser().parse_args(["--bus", "none", "--foreground"]).bus == "none"
