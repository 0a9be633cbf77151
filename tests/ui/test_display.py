# SPDX-License-Identifier: GPL-2.0-or-later
import socket

import pytest

from ui import display
from ui.display import why_no_display


def test_none():
    assert why_no_display({}).startswith("There is no display here")


def test_a_platform_that_somebody_chose():
    assert why_no_display({"QT_QPA_PLATFORM": "offscreen"}) == ""


@pytest.mark.parametrize("name", [":99999", "nonsense", "/tmp:x", "unix:4711"])
def test_one_that_is_not_there(name):
    assert why_no_display({"DISPLAY": name}) == f"The display {name} does not answer."


def test_one_that_is_there(tmp_path, monkeypatch):
    monkeypatch.setattr(display, "_X_SOCKETS", str(tmp_path))
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "X7"))
        server.listen()
        assert why_no_display({"DISPLAY": ":7.0"}) == ""
        assert why_no_display({"DISPLAY": ":8"}) != ""


def test_one_on_another_machine(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(display, "_X_PORT", server.getsockname()[1] - 3)
        assert why_no_display({"DISPLAY": "127.0.0.1:3"}) == ""


def test_wayland(tmp_path):
    environment = {"WAYLAND_DISPLAY": "wayland-0", "XDG_RUNTIME_DIR": str(tmp_path)}
    assert why_no_display(environment) == "The display wayland-0 does not answer."
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "wayland-0"))
        server.listen()
        assert why_no_display(environment) == ""
