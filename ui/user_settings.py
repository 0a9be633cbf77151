# SPDX-License-Identifier: GPL-2.0-or-later
"""What one person wants of the tray: kept in the person's own folder, not in the service's settings.

A file that cannot be read is set aside and the defaults hold; nothing of it is worth a refusal to start.
"""

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import Enum
from pathlib import Path
from typing import Any, Final

import platformdirs
from PySide6.QtCore import QObject, Signal

_log = logging.getLogger(__name__)

APPLICATION: Final = "mnclient"
FILE: Final = "tray.json"


class Notice(Enum):
    """Kinds of notifications, each of which can be muted."""

    PROPOSAL = "proposal"
    HANDOVER = "handover"
    PROBLEM = "problem"
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """All of a person's wishes."""

    muted: tuple[str, ...] = (Notice.HANDOVER.value,)  # moves are meant to go unnoticed
    theme: str = "desktop"
    """"desktop", "light", "dark" or "contrast"."""
    language: str = ""
    """Of `ui.language.available_languages`; "": what the desktop wants."""
    told_without_tray: bool = False
    """The person has been told once that this desktop shows no tray icons."""
    wizard_offered: bool = False
    """The wizard has been shown at the first run."""
    window: dict[str, Any] = field(default_factory=dict)
    """Page and size of the status window."""


class UserSettings(QObject):
    """Signals:
    changed(Wishes): something is wanted otherwise.
    """

    changed = Signal(object)

    def __init__(self, folder: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.path = (folder or platformdirs.user_config_path(APPLICATION)) / FILE
        self._wishes = _read(self.path)

    @property
    def wishes(self) -> Wishes:
        """What is wanted now."""
        return self._wishes

    def change(self, **changes: Any) -> None:
        """Want this otherwise, and remember it. What cannot be written holds until the program ends."""
        wishes = replace(self._wishes, **changes)
        if wishes == self._wishes:
            return
        self._wishes = wishes
        _write(self.path, wishes)
        self.changed.emit(wishes)

    def is_muted(self, notice: Notice) -> bool:
        """Whether this kind of notification is unwanted."""
        return notice.value in self._wishes.muted


def _read(path: Path) -> Wishes:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return _wishes(values)
    except FileNotFoundError:
        return Wishes()
    except (OSError, ValueError) as error:
        _log.warning("%s cannot be read (%s); the defaults hold", path, error)
        _set_aside(path)
        return Wishes()


def _wishes(values: object) -> Wishes:
    if not isinstance(values, Mapping):
        raise ValueError("it is not an object")
    known = {each.name for each in fields(Wishes)} & values.keys()
    wishes = replace(Wishes(), **{name: values[name] for name in known})
    if not isinstance(wishes.muted, list | tuple) or not isinstance(wishes.window, dict):
        raise ValueError("a value is of another kind")
    return replace(wishes, muted=tuple(str(each) for each in wishes.muted))


def _set_aside(path: Path) -> None:
    try:
        path.replace(path.with_suffix(".damaged"))
    except OSError as error:
        _log.warning("%s cannot be set aside: %s", path, error)


def _write(path: Path, wishes: Wishes) -> None:
    unfinished = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("w", encoding="utf-8") as file:
            json.dump(asdict(wishes), file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as error:
        _log.warning("%s cannot be written: %s", path, error)
