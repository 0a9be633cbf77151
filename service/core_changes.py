# SPDX-License-Identifier: GPL-2.0-or-later
"""What `ServiceCore` tells its subscribers: that something changed, and what kind of thing. They ask for the rest."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from mnclient.model.handover import Handover

_log = logging.getLogger(__name__)


class ChangeKind(Enum):
    """What changed."""

    STATUS = "status"  # anything of the engine's status
    HOME_ADDRESSES = "home-addresses"  # the list itself, or which one is preferred or active
    HOME_AGENTS = "home-agents"  # the list of known home agents
    PROPOSALS = "proposals"
    HANDOVER = "handover"  # with `handover`: a move began, advanced or ended
    SETTINGS = "settings"  # with `subject`: the key, "" when it may be any
    KEYS = "keys"
    GUESTS = "guests"  # somebody was invited, came, or is not welcome any more
    PROBLEM = "problem"  # the service's own problems; those of the engine come as STATUS


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that changed."""

    kind: ChangeKind
    handover: Handover | None = None
    subject: str = ""


Subscriber = Callable[[Change], None]


class Subscribers:
    """Who wants to hear of changes. One that fails is logged, and keeps nobody else from hearing."""

    def __init__(self) -> None:
        self._callbacks: dict[int, Subscriber] = {}
        self._serial = 0

    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        """Call `callback` at every change, until the function returned is called (which may be done twice)."""
        self._serial += 1
        number = self._serial
        self._callbacks[number] = callback

        def unsubscribe() -> None:
            self._callbacks.pop(number, None)

        return unsubscribe

    def publish(self, kind: ChangeKind, *, handover: Handover | None = None, subject: str = "") -> None:
        """Tell everybody, in the order in which they subscribed."""
        change = Change(kind=kind, handover=handover, subject=subject)
        for callback in tuple(self._callbacks.values()):
            try:
                callback(change)
            except Exception:
                _log.exception("a subscriber failed at %s", change)
