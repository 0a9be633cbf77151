# SPDX-License-Identifier: GPL-2.0-or-later
"""What `tools/test-install` says where it cannot work, and how waiting ends."""

import os
import signal

import pytest

from tests.install_lab import __main__ as program
from tests.install_lab.failure import Failed, until
from tests.install_lab.guest import Program, children
from tests.install_lab.story import Part
from tests.lab.processes import Process


def test_it_needs_root(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "root" in program.why_not(tmp_path)


def test_it_needs_its_programs(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "mmdebstrap" in program.why_not(tmp_path)


def test_it_needs_both_packages(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(program, "PROGRAMS", ())
    (tmp_path / "mnclient_1_all.deb").touch()
    assert "make deb" in program.why_not(tmp_path)
    (tmp_path / "mnclient-desktop_1_all.deb").touch()
    assert program.why_not(tmp_path) == ""


def test_waiting_has_an_end():
    until(lambda: True, "it is so")
    with pytest.raises(Failed, match="never so"):
        until(lambda: False, "never so", within=0)


def test_a_signal_goes_to_the_program_and_not_to_what_waits_for_it(tmp_path):
    """As nsenter does, the shell waits for a child, and ends with its status."""
    outer = Process(["sh", "-c", "sleep 60; exit $?"], tmp_path / "log")
    until(lambda: children(outer.pid), "the child runs")
    assert Program(outer).end(signal.SIGTERM) == 128 + signal.SIGTERM
    assert not children(outer.pid)


def test_nobody_manages_a_network_without_systemd(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["test-install", "--manager", "NetworkManager"])
    with pytest.raises(SystemExit, match="2"):
        program.parse_arguments()
    assert "--init systemd" in capsys.readouterr().err


def test_a_machine_needs_its_programs(monkeypatch, tmp_path):
    monkeypatch.setattr("tests.install_lab.machine.trial.why_not", lambda: "")
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert "mke2fs" in program.why_no_machine()


@pytest.mark.parametrize(
    "words, complaint",
    [
        (["--from", "3"], "--init systemd or machine"),
        (["--init", "machine", "--from", "0"], "counted from 1"),
    ],
)
def test_a_part_that_is_none_is_refused(monkeypatch, capsys, words, complaint):
    monkeypatch.setattr("sys.argv", ["test-install", *words])
    with pytest.raises(SystemExit, match="2"):
        program.parse_arguments()
    assert complaint in capsys.readouterr().err


def test_a_part_is_named_by_its_steps(monkeypatch):
    monkeypatch.setattr("sys.argv", ["test-install", "--init", "machine", "--from", "4", "--to", "6"])
    assert program.parse_arguments().part == Part(4, 6)
