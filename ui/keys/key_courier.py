# SPDX-License-Identifier: GPL-2.0-or-later
"""Hands the person's own keys to the service, which keeps them in memory only: after each start of it, and of us.

A keyring that cannot be used is told once, not at every change of the status. One that was locked is not asked again
until somebody wants it (`retry`): it would ask for its password again and again.
"""

import time
from collections.abc import Callable
from typing import Any, Final

from PySide6.QtCore import QObject, Signal

from mnclient.errors import MobileIPv6Error
from mnclient.model.keys import KeyInfo, KeyOwner
from mnclient.model.service_status import ServiceStatus
from ui.keys.keyring_store import KeyringLocked, KeyringStore, KeyringTrouble, key_name
from ui.session import Reach, Reached
from ui.texts import mark
from ui.view.key_text import Secret

RETRY_SECONDS: Final = 60.0
"""A key that could not be handed over is tried again with the next change of the status after this time."""
MISSING: Final = (
    mark("Your keyring does not have the key of your home address"),
    mark("Enter it again: open Keys, and replace it."),
)


class KeyCourier(QObject):
    """Signals:
    troubled(MobileIPv6Error): a key could not be handed over; said once for each kind of trouble.
    recovered(): the service has all keys again after trouble.
    """

    troubled = Signal(object)
    recovered = Signal()

    def __init__(
        self,
        session: Any,
        store: KeyringStore | None = None,
        clock: Callable[[], float] = time.monotonic,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.store = store or KeyringStore(parent=self)
        self.trouble: MobileIPv6Error | None = None
        self._session = session
        self._clock = clock
        self._is_wanted = False  # somebody waits for an answer, even if it is the same
        self._under_way: set[Any] = set()
        self._not_before: dict[Any, float] = {}
        session.status_changed.connect(self.look)
        session.reach_changed.connect(self._reach_changed)

    def look(self, status: ServiceStatus) -> None:
        """Hand over what the service is missing."""
        missing = [each for each in status.keys if each.owner is KeyOwner.USER and not each.available]
        for each in missing:
            if each.identity not in self._under_way and self._clock() >= self._not_before.get(each.identity, 0.0):
                self._fetch(each)
        if not missing and self.trouble is not None:
            self.trouble = None
            self.recovered.emit()

    def retry(self) -> None:
        """Somebody unlocked the keyring, or wants to: try everything now."""
        self._not_before.clear()
        self._is_wanted = True
        if self._session.status is not None:
            self.look(self._session.status)

    def _reach_changed(self, reached: Reached) -> None:
        if reached.reach is not Reach.READY:
            self._not_before = {  # another start of the service: what failed for it may succeed now
                key: instant for key, instant in self._not_before.items() if instant == float("inf")
            }

    def _fetch(self, key: KeyInfo) -> None:
        self._under_way.add(key.identity)
        self.store.fetch(
            key_name(*key.identity),
            then=lambda secret: self._fetched(key, secret),
            failed=lambda error: self._failed(key, error),
        )

    def _fetched(self, key: KeyInfo, secret: Secret | None) -> None:
        if secret is None:
            self._failed(key, KeyringTrouble(MISSING[0], hint=MISSING[1]))
            return
        self._session.ask(
            lambda client: client.provide_key(*key.identity, secret.octets),
            then=lambda _: self._under_way.discard(key.identity),
            failed=lambda error: self._failed(key, error),
        )

    def _failed(self, key: KeyInfo, error: MobileIPv6Error) -> None:
        self._under_way.discard(key.identity)
        forever = isinstance(error, KeyringLocked)
        self._not_before[key.identity] = float("inf") if forever else self._clock() + RETRY_SECONDS
        is_new = self.trouble is None or self.trouble.title != error.title or self._is_wanted
        self._is_wanted = False
        self.trouble = error
        if is_new:
            self.troubled.emit(error)
