# SPDX-License-Identifier: GPL-2.0-or-later
"""What can be logged in detail while the service runs, by category. Which are on is a setting (`debug`).

Loggers alone: who writes to one asks it first whether anybody wants to know (`isEnabledFor`), and never writes tokens,
cookies, authenticators or keys.
"""

import logging
from collections.abc import Mapping
from enum import Enum


class Category(Enum):
    """The value is the name in the settings."""

    SIGNALLING = "signalling"  # each message sent and heard
    EVENTS = "events"  # what happens to the engine, and what it wants done
    NETWORK = "network"  # each change of the kernel's state
    BUS = "bus"  # each call on the bus

    @property
    def logger(self) -> logging.Logger:
        """Where its lines go."""
        return logging.getLogger(f"mnclient.debug.{self.value}")


def switch(wanted: Mapping[Category, bool]) -> None:
    """Log these categories from now on, and those that are off as the program's log level says."""
    for category, is_on in wanted.items():
        category.logger.setLevel(logging.DEBUG if is_on else logging.NOTSET)
