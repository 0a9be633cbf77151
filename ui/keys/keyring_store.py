# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys that are the person's own, in the desktop's keyring (Secret Service): GNOME Keyring, KWallet, KeePassXC.

    store.fetch(name, then=lambda secret: ..., failed=lambda error: ...)

A keyring may ask the person for a password, be stuck, or not be there. Each call therefore runs in a thread of its own
and never blocks; `then` or `failed` is called in the thread of the store. A call that takes too long fails with
KeyringSlow; if its answer comes after all, `then` is called too.

The keyring library has other backends, one of which stores plain text. None but the Secret Service is ever used.
"""

import base64
import binascii
import logging
import threading
from collections.abc import Callable
from ipaddress import IPv6Address
from typing import Any, Final

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from mnclient.errors import MobileIPv6Error
from ui.texts import mark
from ui.view.key_text import Secret

_log = logging.getLogger(__name__)

SERVICE: Final = "mnclient"
"""The name under which the keyring lists our keys."""
PATIENCE_MILLISECONDS: Final = 60_000
"""A person may have to find the password of the keyring."""
MOST_CALLS: Final = 4
"""Calls that have no answer yet: each is a thread, and a keyring that is stuck keeps it."""

Done = Callable[[Any], Any]
Failed = Callable[[MobileIPv6Error], Any]


class KeyringTrouble(MobileIPv6Error):
    """The keyring could not be used."""


class KeyringLocked(KeyringTrouble):
    """It is locked, and was not unlocked when it asked."""


class KeyringAbsent(KeyringTrouble):
    """There is no keyring on this desktop."""


class KeyringSlow(KeyringTrouble):
    """It has not answered yet."""


LOCKED: Final = (mark("Your keyring is locked"), mark("Unlock it, then try again."))
ABSENT: Final = (
    mark("There is no keyring on this desktop"),
    mark("Install GNOME Keyring or KWallet, or keep the key on this computer."),
)
SLOW: Final = (mark("Your keyring does not answer"), mark("Perhaps it waits for its password: look for its window."))
BROKEN: Final = (mark("Your keyring could not be used"), mark("Log out and in again, then try once more."))
DAMAGED: Final = (mark("What your keyring has is not a key"), mark("Delete the key and enter it again."))


def key_name(home_address: IPv6Address, home_agent: IPv6Address, spi_out: int) -> str:
    """The name of a key in the keyring: one for each home address, home agent and outgoing SPI."""
    return f"{home_address} {home_agent} {spi_out}"


class KeyringStore(QObject):
    """`backend` makes what has get_password, set_password and delete_password; it runs in the thread of the call."""

    def __init__(
        self,
        backend: Callable[[], Any] | None = None,
        patience: int = PATIENCE_MILLISECONDS,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._backend = backend or _secret_service
        self._patience = patience
        self._calls: set[_Call] = set()

    @property
    def waiting(self) -> int:
        """Calls that have no answer yet."""
        return len(self._calls)

    def save(self, name: str, secret: Secret, then: Done, failed: Failed) -> None:
        """Keep a key, in place of one with the same name."""
        text = Secret(base64.b64encode(secret.octets))
        self._start(lambda: self._backend().set_password(SERVICE, name, text.octets.decode()), then, failed)

    def fetch(self, name: str, then: Done, failed: Failed) -> None:
        """`then` gets the key as a Secret, or None when the keyring has none of this name."""
        self._start(lambda: _secret(self._backend().get_password(SERVICE, name)), then, failed)

    def delete(self, name: str, then: Done, failed: Failed) -> None:
        """Forget a key. One that is not there is forgotten already."""
        self._start(lambda: _delete(self._backend(), name), then, failed)

    def _start(self, work: Callable[[], Any], then: Done, failed: Failed) -> None:
        if len(self._calls) >= MOST_CALLS:
            failed(KeyringSlow(SLOW[0], hint=SLOW[1]))
            return
        call = _Call(work, then, failed, self._patience)
        self._calls.add(call)
        call.ended.connect(lambda: self._calls.discard(call))
        call.start()


class _Call(QObject):
    """One call: its thread reports with a signal, which Qt delivers in the thread that made the call."""

    answered = Signal(object, object)
    ended = Signal()

    def __init__(self, work: Callable[[], Any], then: Done, failed: Failed, patience: int) -> None:
        super().__init__()
        self._work, self._then, self._failed = work, then, failed
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(patience)
        self._timer.timeout.connect(lambda: failed(KeyringSlow(SLOW[0], hint=SLOW[1])))
        self.answered.connect(self._answer, Qt.ConnectionType.QueuedConnection)

    def start(self) -> None:
        self._timer.start()
        # A daemon: a keyring that never answers must not keep the program from ending.
        threading.Thread(target=self._run, name="keyring", daemon=True).start()

    def _run(self) -> None:
        result, error = None, None
        try:
            result = self._work()
        except Exception as problem:  # libraries and daemons of others: whatever it is, it is told in words
            error = _trouble(problem)
        try:
            self.answered.emit(result, error)
        except RuntimeError:
            _log.debug("the program ended before the keyring answered")

    def _answer(self, result: Any, error: MobileIPv6Error | None) -> None:
        is_late = not self._timer.isActive()
        self._timer.stop()
        self.ended.emit()
        if error is None:
            self._then(result)
        elif not is_late:
            self._failed(error)


def _secret_service() -> Any:
    import keyring.errors
    import secretstorage
    from keyring.backends import SecretService

    try:
        _ = SecretService.Keyring.priority  # raises where there is no Secret Service
    except Exception as error:  # which ones depends on what is missing: the library, the bus, the service
        raise keyring.errors.NoKeyringError(type(error).__name__) from None

    class Keyring(SecretService.Keyring):
        """The library's, but it leaves the bus when the keyring is locked or fails."""

        def get_preferred_collection(self) -> Any:
            connection = secretstorage.dbus_init()
            try:
                collection = secretstorage.get_default_collection(connection)
                if collection.is_locked():
                    collection.unlock()
                    if collection.is_locked():  # the person would not
                        raise keyring.errors.KeyringLocked
            except BaseException:
                connection.close()
                raise
            return collection

    return Keyring()


def _delete(backend: Any, name: str) -> None:
    import keyring.errors

    try:
        backend.delete_password(SERVICE, name)
    except keyring.errors.PasswordDeleteError:
        return  # there was none


def _secret(text: str | None) -> Secret | None:
    if text is None:
        return None
    try:
        return Secret(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        raise KeyringTrouble(DAMAGED[0], hint=DAMAGED[1]) from None


def _trouble(error: Exception) -> KeyringTrouble:
    """The same in our words. Nothing of the error's own text is kept: it could hold what was to be stored."""
    import keyring.errors

    if isinstance(error, KeyringTrouble):
        return error.with_traceback(None)
    if isinstance(error, keyring.errors.KeyringLocked):
        return KeyringLocked(LOCKED[0], hint=LOCKED[1])
    if isinstance(error, keyring.errors.NoKeyringError):
        return KeyringAbsent(ABSENT[0], hint=ABSENT[1])
    _log.warning("the keyring failed with %s", type(error).__name__)
    return KeyringTrouble(BROKEN[0], hint=BROKEN[1])
