# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether the tray starts with the person's session: an entry in the desktop's autostart folder."""

import os
import shutil
import sys
from pathlib import Path
from typing import Final

from mnclient.errors import MobileIPv6Error

FILE: Final = "mnclient.desktop"
PROGRAM: Final = "mnclient"

_ENTRY: Final = """\
[Desktop Entry]
Type=Application
Name=mnclient
Comment=Shows where your home address is
Exec={command} --hidden
Icon=mnclient
Terminal=false
X-GNOME-Autostart-enabled=true
"""


class CannotChangeAutostart(MobileIPv6Error):
    """The entry could not be written or removed."""


def path() -> Path:
    """Where the entry is."""
    folder = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(folder) / "autostart" / FILE


def system_path() -> Path | None:
    """The entry for everybody that a package has installed; a person's own of the same name wins over it."""
    folders = os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    places = (Path(folder) / "autostart" / FILE for folder in folders.split(":") if folder)
    return next((each for each in places if each.is_file()), None)


def is_enabled() -> bool:
    """Whether the tray starts with the session."""
    entry = path() if path().exists() else system_path()
    try:
        text = entry.read_text(encoding="utf-8") if entry is not None else "Hidden=true"
    except (OSError, ValueError):
        return False
    lines = {line.strip().replace(" ", "").lower() for line in text.splitlines()}
    return not lines & {"hidden=true", "x-gnome-autostart-enabled=false"}


def set_enabled(enabled: bool) -> None:
    """Start the tray with the session, or no more. CannotChangeAutostart when the folder cannot be written."""
    place = path()
    try:
        if not enabled and system_path() is None:
            place.unlink(missing_ok=True)
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        unfinished = place.with_suffix(".new")
        entry = _ENTRY if enabled else _ENTRY + "Hidden=true\n"
        unfinished.write_text(entry.format(command=command()), encoding="utf-8")
        unfinished.replace(place)
    except OSError as error:
        hint = f"{place}: {error.strerror}"
        raise CannotChangeAutostart("Starting with the session could not be changed", hint=hint) from error


def command() -> str:
    """What starts this program, as a desktop entry writes it."""
    installed = shutil.which(PROGRAM)
    beside = Path(sys.executable).with_name(PROGRAM)
    if installed or beside.exists():
        return _quoted(installed or str(beside))
    return f"{_quoted(sys.executable)} -m ui"


def _quoted(word: str) -> str:
    if not set(word) & set(" \"'\\><~|&;$*?#()`%\t"):
        return word
    escaped = "".join("\\" + letter if letter in '"`$\\' else letter for letter in word)
    return '"' + escaped.replace("\\", "\\\\").replace("%", "%%") + '"'
