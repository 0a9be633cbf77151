# SPDX-License-Identifier: GPL-2.0-or-later
"""Where settings live, and how one that is changed at run time gets there.

The administrator's file is the place, and its comments are kept. Where the service may not write it (the usual
hardening makes /etc read-only), the change goes into an *overlay*, `settings.toml` in the state directory: a file of
the same form whose values stand above those of the administrator's file, key by key. A key that can be written to the
administrator's file again leaves the overlay. Without any place to write, the change holds until the service ends, and
a warning is logged.

What was accepted last is kept as `settings.last-good.toml`, so that a slip of the pen in the file and a restart
together do not take the home address away.
"""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from mnclient.errors import ConfigError
from service.atomic_file import write_atomically
from service.settings import Settings, declaration, load, read_text
from service.settings_declaration import Setting
from service.settings_schema import SETTINGS_VERSION
from service.settings_values import plain_copy

_log = logging.getLogger(__name__)

OVERLAY_NAME: Final = "settings.toml"
LAST_GOOD_NAME: Final = "settings.last-good.toml"
_NEW_FILE_MODE: Final = 0o644


class SettingsFile:
    """The administrator's file and the overlay above it."""

    def __init__(self, path: Path, state_directory: Path, set_aside: Callable[[str, str], None]) -> None:
        """`set_aside(name, reason)` is called for a damaged overlay: it is ours, and must not stop anything."""
        self.path = path
        self.overlay_path = state_directory / OVERLAY_NAME
        self.last_good_path = state_directory / LAST_GOOD_NAME
        self._set_aside = set_aside

    def load(self) -> Settings:
        """What the two files say together; ConfigError when that is not accepted."""
        text = read_text(self.path)
        settings = self._above(Settings.parse(text, file=str(self.path)), self._overlay())
        self._keep_last_good(text)
        return settings

    def load_last_good(self) -> Settings:
        """What was accepted last, for a start with a file that is not; the defaults when there is nothing."""
        base = Settings()
        try:
            base = load(self.last_good_path)
            return self._above(base, self._overlay())
        except ConfigError as error:
            _log.warning("not all of the last good settings can be used: %s", error)
            return base

    def store(self, current: Settings, key: str, value: object) -> Settings:
        """Write one checked value and give the settings that follow.

        What was edited in the file meanwhile takes effect, too. ConfigError when the whole would not be accepted;
        then nothing is written.
        """
        current.with_given({key: value})
        overlay = self._overlay()
        try:
            result, text = self._edited(self.path, key, value)
            remaining = {name: each for name, each in overlay.items() if name != key}
            result = self._above(result, remaining)
            self._write(self.path, text)
            self._keep_last_good(text)
        except OSError as error:
            _log.info("%s cannot be written (%s); the change goes to %s", self.path, error.strerror, self.overlay_path)
            return self._store_in_overlay(current, key, value)
        if key in overlay:
            self._drop_from_overlay(key)
        return result

    def _store_in_overlay(self, current: Settings, key: str, value: object) -> Settings:
        result, text = self._edited(self.overlay_path, key, value)
        try:
            base = load(self.path)
        except ConfigError:
            base = current  # the last good settings
        settings = self._above(base, result.given)
        try:
            self._write_state(self.overlay_path, text)
        except OSError as error:
            _log.warning("%s = %s holds until the service ends: %s", key, value, error)
        return settings

    def _keep_last_good(self, text: str) -> None:
        try:
            if not self.last_good_path.exists() or self.last_good_path.read_text(encoding="utf-8") != text:
                self._write_state(self.last_good_path, text)
        except (OSError, UnicodeDecodeError) as error:
            _log.info("the last good settings are not kept: %s", error)

    def _drop_from_overlay(self, key: str) -> None:
        try:
            self._write(self.overlay_path, without_value(read_text(self.overlay_path), key))
        except OSError as error:
            _log.warning("%s stays in %s: %s", key, self.overlay_path, error)

    def _write_state(self, path: Path, text: str) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._write(path, text)

    def _edited(self, path: Path, key: str, value: object) -> tuple[Settings, str]:
        """The file with the value, checked as a whole: what is written must be what is read next time."""
        text = with_value(read_text(path), key, value, str(path))
        settings = Settings.parse(text, file=str(path))
        if settings.given.get(key) != value:
            raise ConfigError("the value cannot be written into this file", key=key, accepted="", file=str(path))
        return settings, text

    def _overlay(self) -> dict[str, object]:
        """The values of the overlay. One that is not accepted is set aside: nobody but the service writes it."""
        try:
            overlay = load(self.overlay_path).given
        except ConfigError as error:
            self._set_aside(OVERLAY_NAME, f"{error.key}: {error.title}")
            return {}
        if overlay:
            _log.info("%s stands above %s for: %s", self.overlay_path, self.path, ", ".join(sorted(overlay)))
        return overlay

    def _above(self, base: Settings, overlay: Mapping[str, object]) -> Settings:
        try:
            return base.with_given(overlay)
        except ConfigError as error:
            where = str(self.overlay_path)
            raise ConfigError(error.title, key=error.key, accepted=error.accepted, file=where) from None

    @staticmethod
    def _write(path: Path, text: str) -> None:
        mode = path.stat().st_mode & 0o777 if path.exists() else _NEW_FILE_MODE
        write_atomically(path, text.encode(), mode)


def with_value(text: str, key: str, value: object, file: str = "") -> str:
    """The text of a settings file with one value set; other lines stay as they are. ConfigError if it is not TOML."""
    import tomlkit  # 60 ms, and only needed when something is written
    from tomlkit.exceptions import TOMLKitError
    from tomlkit.items import InlineTable

    *sections, name = key.split(".")
    try:
        document = tomlkit.parse(text)
    except (TOMLKitError, ValueError, RecursionError) as error:
        raise ConfigError(f"this is not TOML: {error}", key="the file", accepted="TOML 1.0", file=file) from None
    if "version" not in document and not text.strip():
        document["version"] = SETTINGS_VERSION
    container: Any = document
    for section in sections:
        if section not in container:
            container[section] = tomlkit.inline_table() if isinstance(container, InlineTable) else tomlkit.table()
        container = container[section]
    item = _toml(value, declaration(key))
    if name in container and not declaration(key).is_scalar:
        del container[name]  # it may have been written as [[headers]], which cannot stay where they are
    container[name] = item
    return tomlkit.dumps(document)


def without_value(text: str, key: str) -> str:
    """The text of a settings file with one value taken out."""
    import tomlkit

    *sections, name = key.split(".")
    document = tomlkit.parse(text)
    container: Any = document
    for section in sections:
        container = container.get(section, {})
    container.pop(name, None)
    return tomlkit.dumps(document)


def _toml(value: object, setting: Setting) -> Any:
    """Arrays are written one table a line, without members that only repeat the default."""
    import tomlkit

    if setting.is_scalar:
        number_of_seconds = isinstance(value, float) and value.is_integer()
        return int(value) if number_of_seconds and isinstance(value, float) else value
    array = tomlkit.array()
    for row in value if isinstance(value, tuple) else ():
        array.append(_inline(row, setting.fields))
    return array.multiline(bool(value))


def _inline(row: Mapping[str, object], fields: tuple[Setting, ...]) -> Any:
    import tomlkit

    result = tomlkit.inline_table()
    for field in fields:
        if field.key in row and (field.fields or row[field.key] != field.default):
            value = row[field.key]
            result[field.key] = _inline(value, field.fields) if isinstance(value, Mapping) else plain_copy(value)
    return result
