# SPDX-License-Identifier: GPL-2.0-or-later
"""Takes an invitation out of a file: read, perhaps unsealed with a passphrase, and not too old."""

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from mnclient.errors import MobileIPv6Error
from mnclient.model.invitation import (
    LARGEST_INVITATION,
    Invitation,
    InvitationError,
    SealedInvitation,
    parse_invitation,
)
from service.client import open_invitation
from ui.texts import tr
from ui.wizard.background import Background


class Invitations(QObject):
    """Signals:
    imported(Invitation): it can be used.
    sealed(str): a passphrase is needed for the invitation of this name.
    opening(): the passphrase is being tried.
    refused(MobileIPv6Error): it cannot be used, and why. A sealed one can be tried again.
    """

    imported = Signal(object)
    sealed = Signal(str)
    opening = Signal()
    refused = Signal(object)

    def __init__(self, wall_clock: Callable[[], float] = time.time, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = Background(self)
        self._wall_clock = wall_clock
        self._sealed: SealedInvitation | None = None

    def read(self, path: Path) -> None:
        """Import this file."""
        self._sealed = None
        self._background.run(lambda: read_invitation(path), self._take, self.refused.emit)

    def unseal(self, passphrase: str) -> None:
        """Open the sealed one that was read last."""
        sealed = self._sealed
        if sealed is None or self._background.is_busy:
            return
        self.opening.emit()
        self._background.run(lambda: open_invitation(sealed, passphrase), self._take, self._still_sealed)

    def forget(self) -> None:
        """Begin anew."""
        self._background.forget()
        self._sealed = None

    def _take(self, found: Invitation | SealedInvitation) -> None:
        if isinstance(found, SealedInvitation):
            self._sealed = found
            self.sealed.emit(found.name)
            return
        self._sealed = None
        if found.expires_time is not None and found.is_expired(self._wall_clock()):
            self.refused.emit(expired(found.expires_time, self._wall_clock()))
        else:
            self.imported.emit(found)

    def _still_sealed(self, error: MobileIPv6Error) -> None:
        if self._sealed is not None:
            self.sealed.emit(self._sealed.name)
        self.refused.emit(error)


def read_invitation(path: Path) -> Invitation | SealedInvitation:
    """The invitation in a file; MobileIPv6Error in words for a person when there is none."""
    try:
        if not path.is_file():
            raise InvitationError(tr("This is not a file"), accepted=tr("an invitation that was saved as a file"))
        with path.open("rb") as file:
            content = file.read(LARGEST_INVITATION + 1)
    except OSError as error:
        raise MobileIPv6Error(tr("The file cannot be read"), hint=error.strerror or type(error).__name__) from error
    return parse_invitation(content)


def expired(expires_time: float, now: float) -> MobileIPv6Error:
    """It is too old, or this computer's clock is wrong."""
    day, today = (datetime.fromtimestamp(each).astimezone() for each in (expires_time, now))
    title = tr(
        "This invitation expired on {day:%Y-%m-%d at %H:%M}; here it is {today:%Y-%m-%d, %H:%M}", day=day, today=today
    )
    hint = tr("Ask the person who sent it for a new one; or set the clock of this computer, if that is wrong.")
    return MobileIPv6Error(title, hint=hint)
