# SPDX-License-Identifier: GPL-2.0-or-later
"""What systemd reads, seen by systemd's own programs."""

import os
import re
import subprocess

import pytest

from mnclient.constants import TUNNEL_DEVICE_KERNEL
from service.settings import Settings
from tests.benchmarks.package import MOST_EXPOSED, exposure
from tests.checkout import ROOT

INSTALLER = ROOT / "installer"
UNITS = sorted((INSTALLER / "systemd").glob("*.service"))


@pytest.fixture
def unit_folder(tmp_path):
    """The units with programs that are there."""
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    folder = tmp_path / "units"
    folder.mkdir()
    for unit in UNITS:
        text = re.sub(r"/usr/(sbin/mnclientd|bin/mnctl)", str(program), unit.read_text(encoding="utf-8"))
        (folder / unit.name).write_text(text, encoding="utf-8")
    return folder


def analyze(*arguments, folder):
    return subprocess.run(
        ["systemd-analyze", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{folder}:", "SYSTEMD_LOG_LEVEL": "warning"},
    )


@pytest.mark.parametrize("name", [each.name for each in UNITS])
def test_units_are_valid(name, unit_folder):
    done = analyze("verify", "--man=no", f"{unit_folder}/{name}", folder=unit_folder)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_a_mistake_in_a_unit_would_be_seen(unit_folder):
    unit = unit_folder / "mnclientd.service"
    unit.write_text(unit.read_text(encoding="utf-8").replace("ProtectHome=yes", "ProtectHouse=yes"), encoding="utf-8")
    assert "ProtectHouse" in analyze("verify", "--man=no", str(unit), folder=unit_folder).stderr


@pytest.mark.parametrize("name", [each.name for each in UNITS])
def test_units_are_hardly_exposed(name, unit_folder):
    assert 0 < exposure(unit_folder / name) <= MOST_EXPOSED


def test_the_service_has_two_capabilities():
    text = (INSTALLER / "systemd/mnclientd.service").read_text(encoding="utf-8")
    for name in ("AmbientCapabilities", "CapabilityBoundingSet"):
        assert re.findall(rf"^{name}=(.*)$", text, re.MULTILINE) == ["CAP_NET_ADMIN CAP_NET_RAW"]


def test_the_user_can_be_made(tmp_path):
    done = subprocess.run(
        ["systemd-sysusers", "--dry-run", f"--root={tmp_path}", str(INSTALLER / "sysusers/mnclient.conf")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "mnclient" in done.stdout + done.stderr


def test_the_user_is_what_unit_and_bus_call_it(tmp_path):
    (tmp_path / "etc").mkdir()
    configuration = str(INSTALLER / "sysusers/mnclient.conf")
    done = subprocess.run(
        ["systemd-sysusers", f"--root={tmp_path}", configuration], capture_output=True, text=True, check=False
    )
    if done.returncode != 0 and os.geteuid() != 0:
        pytest.skip(f"only root can make users: {done.stderr.strip()}")
    name, *_, home, shell = (tmp_path / "etc/passwd").read_text().strip().split(":")
    assert (name, home) == ("mnclient", "/var/lib/mnclient") and shell.endswith("nologin")
    assert "\nUser=mnclient\n" in (INSTALLER / "systemd/mnclientd.service").read_text(encoding="utf-8")
    assert '<policy user="mnclient">' in (INSTALLER / "dbus/org.mnclient.MobileNode1.conf").read_text(encoding="utf-8")


def test_modules_are_those_of_this_kernel_or_built_in():
    names = [
        line for line in (INSTALLER / "modules/mnclient.conf").read_text().splitlines() if line and line[0] not in "#;"
    ]
    assert names and all(re.fullmatch(r"[a-z0-9_]+", each) for each in names)


def test_network_managers_leave_our_devices_alone():
    from mnclient import constants

    ours = [value for name, value in vars(constants).items() if "DEVICE" in name and isinstance(value, str)]
    assert TUNNEL_DEVICE_KERNEL in ours and all(each.startswith("mn6") for each in ours)
    network = (INSTALLER / "network-managers/05-mnclient.network").read_text(encoding="utf-8")
    manager = (INSTALLER / "network-managers/mnclient-networkmanager.conf").read_text(encoding="utf-8")
    assert "\nName=mn6*\n" in network and "\nUnmanaged=yes\n" in network
    assert "\nmatch-device=interface-name:mn6*\n" in manager and "\nmanaged=0\n" in manager


def test_the_home_agent_preset_is_accepted():
    text = (INSTALLER / "examples/home-agent.toml").read_text(encoding="utf-8")
    settings = Settings.parse(text, file="home-agent.toml")
    assert settings.given["home_agent.enabled"] is True and settings.given["mobile_node.enabled"] is False


def sweep_condition():
    """The command that decides whether the sweep runs, as a shell takes it."""
    text = (INSTALLER / "systemd/mnclient-sweep.service").read_text(encoding="utf-8")
    return re.findall(r"^ExecCondition=/bin/sh -c '(.*)'$", text, re.MULTILINE)[0]


@pytest.mark.parametrize("active, runs", [(0, False), (3, True)])
def test_nothing_is_swept_while_the_service_is_at_work(tmp_path, active, runs):
    (tmp_path / "systemctl").write_text(f"#!/bin/sh\nexit {active}\n")
    (tmp_path / "systemctl").chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run(["/bin/sh", "-c", sweep_condition()], env={"PATH": path}, check=False)
    assert (done.returncode == 0) == runs


@pytest.mark.parametrize(
    "result, cleans",
    [("success", True), ("timeout", True), ("signal", False), ("core-dump", False), ("watchdog", False)],
)
def test_what_a_crash_left_is_kept_for_the_next_start(tmp_path, result, cleans):
    text = (INSTALLER / "systemd/mnclientd.service").read_text(encoding="utf-8")
    command = re.findall(r"^ExecStopPost=/bin/sh -c '(.*)'$", text, re.MULTILINE)[0]
    (tmp_path / "mnctl").write_text(f'#!/bin/sh\necho "$*" > {tmp_path}/called\n')
    (tmp_path / "mnctl").chmod(0o755)
    command = command.replace("/usr/bin/mnctl", str(tmp_path / "mnctl"))
    subprocess.run(["/bin/sh", "-c", command], env={**os.environ, "SERVICE_RESULT": result}, check=True)
    assert (tmp_path / "called").exists() == cleans
    assert not cleans or (tmp_path / "called").read_text() == "reset-network\n"
