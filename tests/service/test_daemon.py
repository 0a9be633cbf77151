# SPDX-License-Identifier: GPL-2.0-or-later
import asyncio
import logging
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from mnclient.errors import NetworkError
from service import daemon
from service.daemon import EXIT_FAILED, EXIT_NO_BUS, EXIT_OK, main, parser, serve
from tests.service.fake_node import Machine, until

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


@pytest.fixture
def systemd(tmp_path, monkeypatch):
    """What systemd hears."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / "notify"))
        receiver.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield receiver


async def hears(systemd, message):
    async with asyncio.timeout(10):
        assert await asyncio.get_running_loop().sock_recv(systemd, 100) == message


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_runs_until_it_is_told_to_stop(machine, systemd, number):
    service = asyncio.create_task(serve(machine.core, "none"))
    await hears(systemd, b"READY=1")
    assert machine.node.is_running
    os.kill(os.getpid(), number)
    await hears(systemd, b"STOPPING=1")
    assert await service == EXIT_OK
    assert not machine.node.is_running


async def test_a_hangup_reads_the_settings_again(machine, systemd, caplog):
    caplog.set_level(logging.INFO)
    service = asyncio.create_task(serve(machine.core, "none"))
    await hears(systemd, b"READY=1")
    for text, lifetime, said in [
        ("300", 300.0, "the settings were read again"),
        ("wrong", 300.0, "the settings stay as they were"),
        ("400", 400.0, "the settings were read again"),
    ]:
        caplog.clear()
        machine.settings.write_text(f"mobile_node.registration_lifetime = {text}\n")
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda said=said: said in caplog.text)
        assert machine.node.config.mobile_node.registration_lifetime == lifetime
    os.kill(os.getpid(), signal.SIGTERM)
    assert await service == EXIT_OK


async def test_a_node_that_fails_ends_the_service(machine, systemd, caplog):
    service = asyncio.create_task(serve(machine.core, "none"))
    await hears(systemd, b"READY=1")
    machine.node.failure.set()
    assert await service == EXIT_FAILED
    assert "a defect" in caplog.text
    assert not machine.node.is_running


async def test_a_system_that_refuses_the_network_is_one_sentence(machine, caplog):
    machine.start_error = NetworkError("raw sockets are not permitted", operation="", hint="run it as root")
    assert await serve(machine.core, "none") == EXIT_FAILED
    assert caplog.messages[-1] == "the service cannot start: raw sockets are not permitted: run it as root"


async def test_a_bus_that_is_not_there_is_one_sentence(machine, tmp_path, caplog):
    assert await serve(machine.core, f"unix:path={tmp_path}/no-bus") == EXIT_NO_BUS
    said = caplog.messages[-1]
    assert "There is no bus at" in said
    assert said.endswith("to run without one: --bus none")
    assert "\n" not in said
    assert not machine.node.is_running


async def test_bad_settings_do_not_keep_it_from_starting(machine, systemd, caplog):
    machine.settings.write_text("mobile_node.enabled = 1\n")
    service = asyncio.create_task(serve(machine.core, "none"))
    await hears(systemd, b"READY=1")
    assert f"{machine.settings}: mobile_node.enabled: 1 is not true or false" in caplog.text
    os.kill(os.getpid(), signal.SIGTERM)
    assert await service == EXIT_OK


def test_the_version(capsys):
    assert main(["--version"]) == EXIT_OK
    assert capsys.readouterr().out.startswith("mnclientd ")


def test_arguments():
    options = parser().parse_args(["--bus", "none", "--config", "a", "--state-dir", "b", "--foreground"])
    assert (options.bus, options.config, options.state_dir, options.foreground) == ("none", Path("a"), Path("b"), True)
    assert parser().parse_args([]).bus == "system"
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(["--log-level", "loud"])
    assert ended.value.code == 2


@pytest.fixture
def root_logger(monkeypatch):
    """The handlers that the test sets are closed, and those of pytest come back."""
    logger = logging.getLogger()
    before, level = list(logger.handlers), logger.level
    logger.handlers.clear()
    yield logger
    for each in logger.handlers:
        each.close()
    logger.handlers[:] = before
    logger.setLevel(level)


def test_the_journal_gets_priorities_on_every_line(root_logger, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("service.journal.SOCKET", tmp_path / "gone")
    daemon._log_to("info", for_journal=True)
    logging.getLogger("x").warning("one\ntwo")
    assert capsys.readouterr().err == "<4>one\n<4>two\n"


def test_a_journal_with_a_socket_gets_fields(root_logger, monkeypatch, tmp_path, capsys):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
        journal.bind(str(tmp_path / "journal"))
        journal.settimeout(10)
        monkeypatch.setattr("service.journal.SOCKET", tmp_path / "journal")
        daemon._log_to("info", for_journal=True)
        logging.getLogger("x").warning("one")
        entry = journal.recv(65_536)
    assert b"MESSAGE=one\nPRIORITY=4\nSYSLOG_IDENTIFIER=mnclientd\nLOGGER=x\n" in entry
    assert capsys.readouterr().err == ""


async def test_the_watchdog_hears_until_the_service_stops(machine, systemd, monkeypatch):
    monkeypatch.setenv("WATCHDOG_USEC", "20000")
    service = asyncio.create_task(serve(machine.core, "none"))
    await hears(systemd, b"READY=1")
    for _ in range(3):
        await hears(systemd, b"WATCHDOG=1")
    os.kill(os.getpid(), signal.SIGTERM)
    assert await service == EXIT_OK


LATER = ["tomlkit", "rich", "cryptography", "segno", "scapy", "dbus_fast", "pyroute2", "keyring", "importlib.metadata"]


def test_what_a_start_does_not_need_is_not_imported():
    code = f"import sys, service.daemon; print([name for name in {LATER} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"
