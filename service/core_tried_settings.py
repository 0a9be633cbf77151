# SPDX-License-Identifier: GPL-2.0-or-later
"""Settings on trial: in force above the stored ones, in no file, and each belongs to the caller that set it."""

from mnclient.errors import ConfigError
from service.settings import Settings


class TriedSettings:
    """The values on trial, by key. What is set last holds, whoever sets it."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[str, object]] = {}  # the caller, and the checked value

    def put(self, key: str, value: object, caller: str) -> None:
        """This value is on trial now."""
        self._values[key] = caller, value

    def forget(self, key: str) -> None:
        """Somebody decided: whatever was on trial here is not any more."""
        self._values.pop(key, None)

    def of(self, caller: str) -> dict[str, object]:
        """What this caller has on trial."""
        return {key: value for key, (each, value) in self._values.items() if each == caller}

    def above(self, stored: Settings) -> Settings:
        """What is in force. Stored settings that do not go with those on trial are worth more, and end the trials."""
        try:
            return stored.with_given({key: value for key, (_, value) in self._values.items()})
        except ConfigError:
            self._values.clear()
            return stored
