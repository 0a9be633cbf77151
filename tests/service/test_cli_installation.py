# SPDX-License-Identifier: GPL-2.0-or-later
import json
import os
import stat

import pytest

from service import cli, cli_installation
from service.installation import PARTS


@pytest.fixture
def no_bus(monkeypatch):
    monkeypatch.setenv("MNCLIENT_BUS", "unix:path=/nonexistent")


@pytest.fixture
def commands(tmp_path, monkeypatch):
    """A system of its own whose programs write down how they were called; `refuse` makes one fail."""
    log, programs = tmp_path / "log", tmp_path / "programs"
    programs.mkdir()
    for name in ("systemctl", "systemd-sysusers"):
        script = programs / name
        script.write_text(
            f'#!/bin/sh\necho "{name} $*" >> {log}\n'
            f'case "$*" in "$(cat {tmp_path}/refuse 2>/dev/null)") echo "Unit is masked."; exit 1 ;; esac\n'
        )
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setattr(cli_installation, "SYSTEM", tmp_path)
    monkeypatch.setattr(cli_installation, "SYSTEMD_RUNS", programs)
    monkeypatch.setattr("service.installation.check_programs", lambda folder: None)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return lambda: log.read_text().splitlines() if log.exists() else []


def test_below_a_folder(no_bus, tmp_path, capsys):
    assert cli.main(["install-service", "--root", str(tmp_path), "--programs", "/opt/mnclient/bin"]) == 0
    out = capsys.readouterr().out
    assert all(f"wrote {tmp_path / place}\n" in out for place in PARTS.values())
    assert "not started" in out
    (tmp_path / PARTS["modules/mnclient.conf"]).write_text("edited")
    assert cli.main(["uninstall-service", "--root", str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] and told["kept"] == [str(tmp_path / PARTS["modules/mnclient.conf"])]
    assert len(told["removed"]) == len(PARTS) - 1


@pytest.mark.parametrize("command", ["install-service", "uninstall-service"])
def test_only_root_may(no_bus, command, capsys, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert cli.main([command]) == 4
    assert f"sudo mnctl {command}" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["install-service", "uninstall-service"])
def test_a_folder_that_is_none(no_bus, command, capsys, tmp_path):
    (tmp_path / "file").touch()
    for place in ("nowhere", "file"):
        assert cli.main([command, "--root", str(tmp_path / place)]) == 1
        assert "is no folder" in capsys.readouterr().err


def test_nothing_to_remove(no_bus, tmp_path, capsys):
    assert cli.main(["uninstall-service", "--root", str(tmp_path)]) == 1
    assert "Nothing was installed from here" in capsys.readouterr().err


def test_on_the_running_system_the_service_starts_and_stops(no_bus, commands, tmp_path, capsys):
    root = ["--root", str(tmp_path)]
    assert cli.main(["install-service", *root, "--programs", "/opt/mnclient/bin"]) == 0
    assert "is installed and runs" in capsys.readouterr().out
    assert commands() == [
        "systemd-sysusers /etc/sysusers.d/mnclient.conf",
        "systemctl daemon-reload",
        "systemctl reload dbus.service",
        "systemctl --quiet is-active NetworkManager.service",
        "systemctl reload NetworkManager.service",
        "systemctl --quiet is-active systemd-networkd.service",
        "systemctl reload systemd-networkd.service",
        "systemctl enable mnclientd.service mnclient-sweep.service",
        "systemctl restart mnclientd.service",
    ]
    assert cli.main(["uninstall-service", *root]) == 0
    assert commands()[9:] == [
        "systemctl disable --now mnclientd.service mnclient-sweep.service",
        "systemctl daemon-reload",
        "systemctl reload dbus.service",
    ]


def test_what_systemd_refuses_is_said_in_its_words(no_bus, commands, tmp_path, capsys):
    (tmp_path / "refuse").write_text("restart mnclientd.service")
    root = ["--root", str(tmp_path)]
    assert cli.main(["install-service", *root, "--programs", "/opt/mnclient/bin"]) == 1
    assert capsys.readouterr().err == "mnctl: systemctl restart mnclientd.service failed.\n  Unit is masked.\n"
    assert cli.main(["uninstall-service", *root]) == 0


def test_a_network_manager_that_refuses_does_not_stop_the_installation(no_bus, commands, tmp_path, capsys):
    (tmp_path / "refuse").write_text("reload NetworkManager.service")
    assert cli.main(["install-service", "--root", str(tmp_path), "--programs", "/opt/mnclient/bin"]) == 0
    assert "NetworkManager.service was not told (Unit is masked.): it leaves" in capsys.readouterr().out
    assert commands()[-1] == "systemctl restart mnclientd.service"


def test_a_network_manager_that_does_not_run_is_not_told(no_bus, commands, tmp_path):
    (tmp_path / "refuse").write_text("--quiet is-active NetworkManager.service")
    assert cli.main(["install-service", "--root", str(tmp_path), "--programs", "/opt/mnclient/bin"]) == 0
    assert "systemctl reload NetworkManager.service" not in commands()
    assert "systemctl reload systemd-networkd.service" in commands()
