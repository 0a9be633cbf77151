# SPDX-License-Identifier: GPL-2.0-or-later
import pytest

from tests.ui.keys.samples import COMPUTERS, USERS, with_keys
from tests.ui.preferences.service_samples import ORDINARY
from ui.keys.dialog import KeysDialog
from ui.keys.keyring_store import KeyringLocked, KeyringTrouble


class FakeKeyring:
    """A store whose answers come at once; `broken` is the error it gives instead."""

    def __init__(self):
        self.kept = {}
        self.broken = None
        self.asked = []

    def save(self, name, secret, then, failed):
        self._do("save", name, lambda: self.kept.update({name: secret}), then, failed)

    def fetch(self, name, then, failed):
        self._do("fetch", name, lambda: self.kept.get(name), then, failed)

    def delete(self, name, then, failed):
        self._do("delete", name, lambda: self.kept.pop(name, None) and None, then, failed)

    def lock(self):
        self.broken = KeyringLocked("Your keyring is locked", hint="Unlock it, then try again.")

    def fail(self):
        self.broken = KeyringTrouble("Your keyring could not be used", hint="Log out and in again.")

    def _do(self, what, name, act, then, failed):
        self.asked.append((what, name))
        if self.broken is not None:
            failed(self.broken)
        else:
            then(act())


@pytest.fixture
def keyring():
    return FakeKeyring()


@pytest.fixture
def dialog(desk, session, keyring, qtbot):
    """The keys of a laptop with two home addresses, open on the screen."""
    desk.key_courier.store = keyring
    session.answers["permissions"] = ORDINARY
    session.show(with_keys(COMPUTERS, USERS))
    made = KeysDialog(desk)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    return made
