# SPDX-License-Identifier: GPL-2.0-or-later
import os
import socket

import pytest

from service.notify import notify


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
