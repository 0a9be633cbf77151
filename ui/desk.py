# SPDX-License-Identifier: GPL-2.0-or-later
"""The windows of this person's desk: each at most once, made when it is first wanted.

Windows are imported when they are opened, so that the tray is on the screen at once.
"""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QWidget

from ui.keys.key_courier import KeyCourier
from ui.session import Session
from ui.user_settings import UserSettings


class Desk(QObject):
    """Opens windows, brings them to the front, and ends the program."""

    def __init__(self, session: Session, user_settings: UserSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.user_settings = user_settings
        self.key_courier = KeyCourier(session, parent=self)
        self._windows: dict[str, QWidget] = {}

    def open_window(self, page: str = "") -> QWidget:
        """The status window, on this page ("" for the one it shows): see `ui.window.main_window.PAGES`."""
        from ui.window.main_window import MainWindow

        window = self._window("status", lambda: MainWindow(self))
        if page:
            window.show_page(page)
        return _to_front(window)

    def open_preferences(self, page: str = "") -> QWidget:
        """The preferences, on this page: see `ui.preferences.dialog.PAGES`."""
        from ui.preferences.dialog import PreferencesDialog

        window = self._window("preferences", lambda: PreferencesDialog(self))
        if page:
            window.show_page(page)
        return _to_front(window)

    def open_wizard(self, invitation: Path | None = None) -> QWidget:
        """The home-address wizard, perhaps with an invitation to begin with."""
        from ui.wizard.dialog import WizardDialog

        window = self._window("wizard", lambda: WizardDialog(self))
        if invitation is not None:
            window.import_invitation(invitation)
        return _to_front(window)

    def open_keys(self) -> QWidget:
        """The keys of this computer and of this person."""
        from ui.keys.dialog import KeysDialog

        return _to_front(self._window("keys", lambda: KeysDialog(self)))

    def quit(self) -> None:
        """End the program; the service goes on."""
        QApplication.quit()

    def _window(self, name: str, make: Callable[[], QWidget]):
        if name not in self._windows:
            window = make()
            window.setObjectName(name)
            self._windows[name] = window
        return self._windows[name]


def _to_front(window: QWidget) -> QWidget:
    if window.isMinimized():
        window.showNormal()
    window.show()
    window.raise_()
    window.activateWindow()
    return window
