# SPDX-License-Identifier: GPL-2.0-or-later
"""The login, in a system that is none: what is taken for a window and for a picture, and what is not."""

import base64
import subprocess

import pytest

from tests.install_lab import login
from tests.install_lab.failure import Failed
from tests.install_lab.login import LINE, TELLING, FirstLogin
from tests.install_lab.result import Result

HEADER = bytes(4096)


def lines(number):
    """A screen of so many lines, none like another."""
    return b"".join(each.to_bytes(2) * (LINE // 2) for each in range(1, number + 1))


class Desktop:
    """A system that answers by the program."""

    def __init__(self, screen=b"", state="active", windows="4194311\n"):
        self._answers = {
            "base64": base64.b64encode(HEADER + screen).decode(),
            "env": windows,
            "journalctl": "no display",
        }
        self._state = state
        self.commands = []

    def run(self, command, *, check=True, user=""):
        self.commands.append(command[0])
        said = self._state if command[:2] == ["systemctl", "is-active"] else self._answers.get(command[0], "")
        return subprocess.CompletedProcess(command, 0, said, "")


@pytest.mark.parametrize(
    "desktop, words",
    [
        (Desktop(state="failed"), "the tray has ended: no display"),
        (Desktop(windows=""), "has opened a window: not within"),
        (Desktop(screen=bytes(100)), "what the service says: not within"),
        (Desktop(screen=lines(TELLING - 2)), "what the service says: not within"),
        (Desktop(screen=lines(TELLING)), "no picture can be made"),
    ],
)
def test_what_is_no_login(desktop, words, tmp_path, monkeypatch):
    monkeypatch.setattr(login, "WITHIN", 0.1 if "not within" in words else 5.0)
    with pytest.raises(Failed, match=words):
        FirstLogin(desktop, tmp_path / "picture.png").go(None, Result("none"))
    assert not (tmp_path / "picture.png").exists()
