# SPDX-License-Identifier: GPL-2.0-or-later
import asyncio
import os
import socket

import pytest

from service.notify import feed_watchdog, notify


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_systemd_is_told(tmp_path, monkeypatch, kind):
    name = f"mnclient-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.settimeout(10)
        receiver.bind(str(tmp_path / name) if kind == "path" else f"\0{name}")
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / name) if kind == "path" else f"@{name}")
        notify("READY=1")
        assert receiver.recv(100) == b"READY=1"


def test_without_systemd_nobody_is_told(monkeypatch, caplog):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify("READY=1")
    assert caplog.text == ""


def test_a_socket_that_is_gone_is_a_log_line(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    notify("READY=1")
    assert "systemd could not be told READY=1" in caplog.text


async def test_a_watchdog_is_fed_twice_as_often_as_it_wants(tmp_path, monkeypatch):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.setblocking(False)
        receiver.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "100000")
        monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
        loop = asyncio.get_running_loop()
        feeding = asyncio.create_task(feed_watchdog())
        async with asyncio.timeout(10):
            first = loop.time()
            assert [await loop.sock_recv(receiver, 100) for _ in range(3)] == [b"WATCHDOG=1"] * 3
        assert loop.time() - first >= 0.09
        feeding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await feeding


@pytest.mark.parametrize(
    "usec, process", [(None, None), ("0", None), ("100000", "1"), ("soon", None), ("-5", None), ("²", None)]
)
async def test_nobody_waits_for_signs_of_life(monkeypatch, usec, process):
    for name, value in (("WATCHDOG_USEC", usec), ("WATCHDOG_PID", process)):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    async with asyncio.timeout(10):
        await feed_watchdog()
