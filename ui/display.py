# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether there is a screen. Qt ends the program when it finds none, without a word that a person would understand."""

import os
import re
import socket
from collections.abc import Mapping
from typing import Final

from ui.texts import tr

PATIENCE: Final = 3.0
_X_PORT: Final = 6000
_X_SOCKETS: Final = "/tmp/.X11-unix"


def why_no_display(environment: Mapping[str, str] = os.environ) -> str:
    """A sentence that says why no window can be shown; "" when one can."""
    if environment.get("QT_QPA_PLATFORM"):
        return ""  # somebody knows better
    wayland, x = environment.get("WAYLAND_DISPLAY", ""), environment.get("DISPLAY", "")
    if not wayland and not x:
        return tr("There is no display here: start mnclient from a desktop. In a terminal, mnctl does the same.")
    if (wayland and _is_wayland(wayland, environment)) or (x and _is_x(x)):
        return ""
    return tr("The display {display} does not answer.", display=wayland or x)


def _is_wayland(name: str, environment: Mapping[str, str]) -> bool:
    return _connects(socket.AF_UNIX, os.path.join(environment.get("XDG_RUNTIME_DIR", ""), name))  # noqa: PTH118


def _is_x(display: str) -> bool:
    found = re.fullmatch(r"(?:unix)?(.*):(\d+)(?:\.\d+)?", display)
    if not found:
        return False
    host, number = found[1].removeprefix("/"), int(found[2])
    if not host:
        return any(_connects(socket.AF_UNIX, f"{start}{_X_SOCKETS}/X{number}") for start in ("", "\0"))
    try:
        with socket.create_connection((host, _X_PORT + number), PATIENCE):
            return True
    except OSError:
        return False


def _connects(family: socket.AddressFamily, address: str) -> bool:
    with socket.socket(family) as line:
        line.settimeout(PATIENCE)
        try:
            line.connect(address)
        except OSError:
            return False
    return True
