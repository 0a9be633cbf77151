# SPDX-License-Identifier: GPL-2.0-or-later
"""The real mnclientd with settings and state that nobody should give it, in an empty network of its own."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mnclient.model.problems import ProblemCode
from service.client import Client
from service.settings_file import LAST_GOOD_NAME, OVERLAY_NAME
from service.state_store import BINDINGS_FILE, STATE_FILE
from tests.service.private_bus import private_bus

ROOT = Path(__file__).resolve().parents[2]
GOOD = "[mobile_node]\nregistration_lifetime = 300\n"
HOME = "[[mobile_node.home_addresses]]\naddress = "

# What is in the file, the key that is named, and what is said to be accepted.
REFUSED = {
    "not TOML": (b"mobile_node = [", "end of document", "TOML 1.0"),
    "binary garbage": (b"\x7fELF\x02\x01\x01\x00\xff\xfe" * 99, "octet", "UTF-8"),
    "5 MB": (b"# nothing\n" * 500_000, "the file", "at most 1024 KiB"),
    "brackets without end": (b"a = " + b"[" * 100_000, "the file", "TOML 1.0"),
    "a number without end": (b"a = " + b"9" * 5000, "the file", "TOML 1.0"),
    "a newer version": (b"version = 99\n", "version", "1, or a newer mnclient"),
    "a version without end": (b"version = 0x" + b"f" * 9000, "version", "1, or a newer mnclient"),
    "a wrong type": (b"mobile_node.enabled = 'yes'\n", "mobile_node.enabled", "true or false"),
    "a number out of range": (b"mobile_node.registration_lifetime = 1\n", "registration_lifetime", "from 4 to 262140"),
    "an unknown key": (b"mobile_node.colour = 'red'\n", "mobile_node.colour", "allow_unprotected_signalling"),
    "an address outside its prefix": (
        (HOME + "'2001:db8:2::5'\nprefix = '2001:db8:1::/64'\n").encode(),
        "mobile_node.home_addresses[1].address",
        "an address inside 2001:db8:1::/64",
    ),
    "an address twice": (
        (HOME + "'2001:db8:2::5'\n" + HOME + "'2001:db8:2::5'\n").encode(),
        "mobile_node.home_addresses[2].address",
        "",
    ),
    "a folder": (None, "the file", "a file the service may read"),
}


class Daemon:
    """mnclientd in a network namespace of its own, with its log in a file."""

    def __init__(self, folder: Path, bus: str) -> None:
        self.settings, self.state, self.log = folder / "mnclient.toml", folder / "state", folder / "log"
        self.bus = bus
        self.process: subprocess.Popen[bytes] | None = None
        self._read = 0

    def start(self, *arguments: str) -> None:
        files = ["--bus", self.bus, "--config", str(self.settings), "--state-dir", str(self.state), "--foreground"]
        command = [*ALONE, sys.executable, "-m", "service.daemon", *files, *arguments]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
        self.says("ready, version")

    def says(self, words: str) -> str:
        """What it has logged since the last call, once `words` are in it."""
        assert self.process is not None
        deadline = time.monotonic() + 10.0
        while words not in (new := self.log.read_text(errors="replace")[self._read :]):
            assert self.process.poll() is None, f"it ended with {self.process.returncode}:\n{new}"
            assert time.monotonic() < deadline, f"it does not say {words!r}:\n{new}"
            time.sleep(0.005)
        self._read += len(new)
        return new

    def hang_up(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGHUP)

    def stop(self, status: int = 0) -> None:
        """End it in order; a test that left a traceback in its log fails."""
        if self.process is not None:
            self.process.terminate()
            assert self.process.wait(10) == status
            self.process = None
            assert "Traceback" not in self.log.read_text(errors="replace")

    def write(self, content: bytes | None) -> None:
        """Give the settings file this content; None makes a folder of it."""
        if self.settings.is_dir():
            self.settings.rmdir()
        if content is None:
            self.settings.unlink(missing_ok=True)
            self.settings.mkdir()
        else:
            self.settings.write_bytes(content)

    def ask(self) -> tuple[object, list[str]]:
        """The registration lifetime in force, and the problems of the settings as `mnctl problems` has them."""

        async def asked():
            async with Client.connect(self.bus, interactive=False) as client:
                status = await client.status()
                return await client.setting("mobile_node.registration_lifetime"), status.engine.problems

        lifetime, problems = asyncio.run(asked())
        return lifetime, [each.detail for each in problems if each.code is ProblemCode.SETTINGS_REJECTED]


def _alone() -> list[str]:
    """The command that runs another one in an empty network, or nothing where that is not allowed."""
    for command in (["unshare", "--net"], ["unshare", "--map-root-user", "--net"]):
        try:
            if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
                return command
        except OSError:
            break
    return []


ALONE = _alone()
pytestmark = pytest.mark.skipif(not ALONE, reason="network namespaces are not allowed here")


@pytest.fixture(scope="module")
def bus():
    with private_bus() as started:
        yield started.address


@pytest.fixture
def daemon(tmp_path, bus):
    made = Daemon(tmp_path, bus)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.process.kill()
        made.process.wait()


@pytest.mark.parametrize("content", [None, b"", b"\xef\xbb\xbf", b"\r\n\r\n", b"version = 1"])
def test_a_missing_or_empty_file_is_no_problem(daemon, content):
    if content is not None:
        daemon.write(content)
    daemon.start()
    assert daemon.ask() == (600.0, [])
    daemon.stop()


def test_a_refused_file_changes_nothing_while_it_runs(daemon):
    """Each in turn over SIGHUP: file, key and accepted values are named, and the last good settings stay in force."""
    daemon.write(GOOD.encode())
    daemon.start()
    for name, (content, key, accepted) in REFUSED.items():
        daemon.write(content)
        daemon.hang_up()
        log = daemon.says("the settings stay as they were")
        (line,) = [line for line in log.splitlines() if "stay as they were" in line]
        for piece in (str(daemon.settings), key, accepted):
            assert piece in line, name
        assert len(line) < 1000
        lifetime, problems = daemon.ask()
        assert lifetime == 300.0
        assert len(problems) == 1
        assert line.endswith(problems[0])
    daemon.write(b"[mobile_node]\nregistration_lifetime = 400\n")
    daemon.hang_up()
    daemon.says("read again")
    assert daemon.ask() == (400.0, [])
    daemon.stop()


def test_a_refused_file_and_a_restart_together_change_nothing(daemon):
    daemon.write(GOOD.encode())
    daemon.start()
    daemon.stop()
    for content, key, _ in (REFUSED["not TOML"], REFUSED["binary garbage"], REFUSED["a newer version"]):
        daemon.write(content)
        daemon.start()
        lifetime, problems = daemon.ask()
        assert lifetime == 300.0
        assert [str(daemon.settings) in each and key in each for each in problems] == [True]
        daemon.stop()
    assert "starting with the last good settings" in daemon.log.read_text()


@pytest.mark.parametrize("name", ["not TOML", "5 MB", "a folder"])
def test_a_first_start_with_a_refused_file(daemon, name):
    content, key, accepted = REFUSED[name]
    daemon.write(content)
    daemon.start()
    lifetime, (problem,) = daemon.ask()
    assert lifetime == 600.0
    assert key in problem
    assert accepted in problem
    daemon.stop()


def test_a_file_that_cannot_be_read(daemon):
    daemon.settings.symlink_to(daemon.settings)  # which even root cannot
    daemon.start()
    _, (problem,) = daemon.ask()
    assert f"{daemon.settings}: the file: it cannot be read" in problem
    daemon.stop()


GARBAGE = {
    "nothing": b"",
    "noise": bytes(range(256)) * 40,
    "brackets without end": b"[" * 200_000,
    "a list": b"[1, 2, 3]",
    "no version": b"{}",
    "a newer version": b'{"version": 99, "bindings": 7}',
    "the wrong types": b'{"version": 1, "home_agents": {"a": 1}, "home_addresses": [[]], "bindings": [null], '
    b'"stable_secret": 5, "hardware_addresses": [], "dismissed": 1, "preferred_home_address": {}}',
    "half of it": b'{"version": 1, "home_agents": [{"address": "2001:d',
    "numbers without end": b'{"version": 1, "bindings": [' + b"9" * 5000 + b"]}",
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_in_every_file_of_the_state(daemon, name):
    """The home-agent role is on, so that bindings are read, too."""
    daemon.write(b"[home_agent]\nenabled = true\n")
    daemon.state.mkdir()
    for file in (STATE_FILE, BINDINGS_FILE, OVERLAY_NAME, LAST_GOOD_NAME):
        (daemon.state / file).write_bytes(GARBAGE[name])
    daemon.start()
    assert daemon.ask() == (600.0, [])
    daemon.stop()
    daemon.start()  # what it wrote itself, it understands
    daemon.stop()
    assert daemon.log.read_text().count("ready, version") == 2


def test_a_state_directory_full_of_folders_and_loops(daemon):
    daemon.state.mkdir()
    for file in (STATE_FILE, BINDINGS_FILE):
        (daemon.state / file).mkdir()
    (daemon.state / OVERLAY_NAME).symlink_to(OVERLAY_NAME)
    (daemon.state / LAST_GOOD_NAME).mkdir()
    daemon.write(GOOD.encode())
    daemon.start()
    assert daemon.ask() == (300.0, [])
    daemon.stop()


def test_a_state_directory_that_cannot_be_made(daemon):
    daemon.state.write_text("a file stands where the folder should be")
    daemon.write(GOOD.encode())
    daemon.start()
    assert daemon.ask() == (300.0, [])
    daemon.stop()
    assert "cannot be written" in daemon.log.read_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_a_read_only_state_directory(daemon, tmp_path):
    daemon.state.mkdir()
    daemon.write(GOOD.encode())
    subprocess.run(["mount", "--bind", "-o", "ro", str(daemon.state), str(daemon.state)], check=True)
    try:
        daemon.start()
        assert daemon.ask() == (300.0, [])
        daemon.stop()
    finally:
        subprocess.run(["umount", str(daemon.state)], check=True)
    assert "Read-only file system" in daemon.log.read_text()


@pytest.mark.parametrize(
    "arguments, status, words",
    [
        (("--bus",), 2, "expected one argument"),
        (("--colour",), 2, "unrecognized arguments"),
        (("--log-level", "\udcff"), 2, "invalid choice"),
        (("--bus", "unix:path=/nowhere/at/all"), 69, "to run without one: --bus none"),
        (("--bus", "rubbish"), 69, "to run without one: --bus none"),
        (("--bus", ""), 69, "to run without one: --bus none"),
        (("--bus", "\udcff\udcfe"), 69, "to run without one: --bus none"),
    ],
)
def test_it_never_ends_without_a_sentence(tmp_path, arguments, status, words):
    files = ["--config", str(tmp_path / "a"), "--state-dir", str(tmp_path / "b")]
    command = [*ALONE, sys.executable, "-m", "service.daemon", *files, *arguments]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=20)
    said = result.stderr.decode(errors="replace")
    assert result.returncode == status, said
    assert words in said
    assert "Traceback" not in said
