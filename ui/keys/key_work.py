# SPDX-License-Identifier: GPL-2.0-or-later
"""What it takes to install, replace and delete a key: the keyring and the service, in an order that loses nothing.

A key of the person's own is in the keyring before the service hears of it, and leaves the keyring after the service has
forgotten it. When a step fails, what was done before it is taken back.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject

from mnclient.errors import MobileIPv6Error
from mnclient.model.invitation import Invitation, invitation_text
from mnclient.model.keys import KeyInfo, KeyOwner
from ui.keys.keyring_store import KeyringStore, key_name
from ui.texts import mark
from ui.view.keys_view import KeyPlan

Failed = Callable[[MobileIPv6Error], Any]


class CannotWriteKeyFile(MobileIPv6Error):
    """The file for the home agent could not be written."""


class KeyWork(QObject):
    """Each method calls `then` without arguments, or `failed` with what went wrong."""

    def __init__(self, session: Any, store: KeyringStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._store = session, store

    def install(self, plan: KeyPlan, then: Callable[[], Any], failed: Failed) -> None:
        """Give the service a key."""
        if plan.owner is not KeyOwner.USER:
            self._set(plan, then, failed)
            return
        name = key_name(plan.home_address, plan.home_agent, plan.spi_out)

        def take_back(error: MobileIPv6Error) -> None:
            # the keyring may fail now, too; what the person has to know is why the service refused
            self._store.delete(name, then=lambda _: failed(error), failed=lambda _: failed(error))

        self._store.save(name, plan.secret, then=lambda _: self._set(plan, then, take_back), failed=failed)

    def replace(self, old: KeyInfo, plan: KeyPlan, then: Callable[[], Any], failed: Failed) -> None:
        """Give the service a key, and have it forget another."""
        if plan.spi_out == old.spi_out and plan.owner is old.owner:
            self.install(plan, then, failed)  # the service puts it in place of the old one
            return
        self.install(plan, lambda: self.delete(old, then, failed), failed)

    def delete(self, key: KeyInfo, then: Callable[[], Any], failed: Failed) -> None:
        """Have the service, and the keyring, forget a key."""

        def forget(_: object) -> None:
            if key.owner is KeyOwner.USER:
                self._store.delete(key_name(*key.identity), then=lambda _: then(), failed=failed)
            else:
                then()

        self._session.ask(lambda client: client.remove_key(*key.identity), then=forget, failed=failed)

    def _set(self, plan: KeyPlan, then: Callable[[], Any], failed: Failed) -> None:
        self._session.ask(
            lambda client: client.set_key(
                plan.home_address,
                plan.home_agent,
                plan.kind,
                plan.algorithm,
                plan.spi_in,
                plan.spi_out,
                plan.secret.octets,
                plan.owner,
            ),
            then=lambda _: then(),
            failed=failed,
        )


def write_key_file(path: Path, invitation: Invitation) -> None:
    """Write the key for whoever runs the home agent, into a file that nobody else can read."""
    unfinished = path.with_name(path.name + ".new")
    try:
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(invitation_text(invitation))
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL in it
        unfinished_is_gone(unfinished)
        hint = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        raise CannotWriteKeyFile(CANNOT_WRITE, hint=hint) from None


def unfinished_is_gone(path: Path) -> None:
    """Leave no half of a key file behind."""
    try:
        path.unlink(missing_ok=True)
    except (OSError, ValueError):
        return  # it was never written


CANNOT_WRITE = mark("The file for the home agent could not be written")
