# SPDX-License-Identifier: GPL-2.0-or-later
"""What the unit gives the service, done by hand: another user, two capabilities, /proc/sys read-only but for IPv6."""

import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests import other_user
from tests.checkout import ROOT
from tests.installer.unit_rights import setpriv

UNIT = (ROOT / "installer/systemd/mnclientd.service").read_text(encoding="utf-8")
NOBODY = str(other_user.NOBODY)

MOUNTS = """
mount --bind /proc/sys /proc/sys && mount -o remount,ro,bind /proc/sys
mount --bind /proc/sys/net/ipv6 /proc/sys/net/ipv6 && mount -o remount,rw,bind /proc/sys/net/ipv6
ip link set lo up
"""


def as_service(command):
    """A shell script that becomes what the unit says, in namespaces of its own, and runs the command."""
    return f"{MOUNTS}exec {shlex.join(setpriv(UNIT, NOBODY))} {command}"


@pytest.fixture
def inside():
    """Runs or starts a script as the service, in network and mount namespaces of its own."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("needs root and setpriv: it gives capabilities to another user")
    if subprocess.run(["unshare", "--net", "--mount", "true"], check=False, capture_output=True).returncode:
        pytest.skip("namespaces are not allowed here")
    assert "\nReadWritePaths=/proc/sys/net/ipv6\n" in UNIT and "\nProtectKernelTunables=yes\n" in UNIT
    started = []

    def start(script, **environment):
        process = subprocess.Popen(
            ["unshare", "--net", "--mount", "--propagation", "private", "sh", "-ec", script],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, **environment},
        )
        started.append(process)
        return process

    yield start
    for each in started:
        each.kill()
        each.communicate()


def test_settings_of_ipv6_can_be_written_and_others_cannot(inside):
    script = """sh -c 'echo 1 > /proc/sys/net/ipv6/conf/all/forwarding && cat /proc/sys/net/ipv6/conf/all/forwarding
        (echo 1 > /proc/sys/net/ipv4/ip_forward) 2>/dev/null || echo refused
        (echo 1 > /proc/sys/kernel/printk) 2>/dev/null || echo refused'"""
    out, errors = inside(as_service(script)).communicate(timeout=30)
    assert out.split() == ["1", "refused", "refused"], errors


def as_udev_leaves_tun(folder):
    """A script that makes /dev/net/tun everybody's, as udev does; not every machine of tests has udev."""
    return f"mknod -m 666 {folder}/tun c 10 200 && mount --bind {folder}/tun /dev/net/tun\n"


@pytest.fixture
def folder():
    """One that another user may enter, which those of pytest are not."""
    with tempfile.TemporaryDirectory(prefix="mnclient-unit-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_a_home_agent_runs_and_leaves_nothing(inside, folder):
    if reason := other_user.why_not():
        pytest.skip(reason)
    state = folder / "state"
    state.mkdir()
    os.chown(state, int(NOBODY), int(NOBODY))
    preset = ROOT / "installer/examples/home-agent.toml"
    daemon = f"{sys.executable} -m service.daemon --bus none --config {preset} --state-dir {state}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(folder / "notify"))
        (folder / "notify").chmod(0o777)
        systemd.settimeout(60)
        service = inside(as_udev_leaves_tun(folder) + as_service(daemon), NOTIFY_SOCKET=str(folder / "notify"))
        assert systemd.recv(100) == b"READY=1"
    with open(f"/proc/{service.pid}/ns/net", "rb") as network:  # noqa: PTH123  # it keeps the namespace
        until(lambda: "mn6agent" in within(network, "ip", "-brief", "link"))
        until(lambda: within(network, "cat", "/proc/sys/net/ipv6/conf/all/forwarding") == "1")
        until(lambda: "ip6 mnclient" in within(network, "nft", "list", "tables"))
        os.kill(service.pid, signal.SIGTERM)
        _, errors = service.communicate(timeout=30)
        assert service.returncode == 0, errors
        assert "mn6" not in within(network, "ip", "-brief", "link")
        assert within(network, "cat", "/proc/sys/net/ipv6/conf/all/forwarding") == "0"
        assert within(network, "nft", "list", "tables") == ""
    assert {each.stat().st_uid for each in state.iterdir()} == {int(NOBODY)}


def until(condition):
    """Waits for it, half a minute at most."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


def within(network, *command):
    """What a command prints in this network namespace."""
    place = f"--net=/proc/{os.getpid()}/fd/{network.fileno()}"
    return subprocess.run(["nsenter", place, *command], capture_output=True, text=True, check=True).stdout.strip()
