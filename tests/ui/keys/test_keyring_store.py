# SPDX-License-Identifier: GPL-2.0-or-later
import logging
import shutil
import tempfile
import threading
from ipaddress import IPv6Address
from pathlib import Path

import pytest

from tests.ui.keys.secret_service import SecretServiceBus
from ui.keys.keyring_store import (
    MOST_CALLS,
    KeyringAbsent,
    KeyringLocked,
    KeyringSlow,
    KeyringStore,
    KeyringTrouble,
    key_name,
)
from ui.view.key_text import Secret

NAME = key_name(IPv6Address("2001:db8:1::10"), IPv6Address("2001:db8:1::1"), 4097)
SECRET = Secret(bytes(range(0x80, 0x90)))
NOT_HERE = [each for each in ("dbus-daemon", "gnome-keyring-daemon", "busctl") if shutil.which(each) is None]
needs_keyring = pytest.mark.skipif(bool(NOT_HERE), reason=f"not installed: {', '.join(NOT_HERE)}")


@pytest.fixture
def bus(monkeypatch):
    folder = Path(tempfile.mkdtemp(prefix="keyring-"))  # short: a socket's path has at most 107 octets
    made = SecretServiceBus(folder)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", made.address)
    yield made
    made.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def ask(qtbot, qapp):
    """Calls the store and waits for the answer: what `then` got, or the error."""

    def call(method, *arguments):
        answers = []
        method(*arguments, then=answers.append, failed=answers.append)
        qtbot.waitUntil(lambda: bool(answers), timeout=20_000)
        return answers[0]

    return call


class Backend:
    """A keyring that does what a test wants."""

    def __init__(self, act):
        self.get_password = self.delete_password = self.set_password = act


@needs_keyring
def test_a_key_is_kept_replaced_and_forgotten(bus, ask):
    bus.start_keyring()
    store = KeyringStore()
    assert ask(store.fetch, NAME) is None
    assert ask(store.save, NAME, SECRET) is None
    assert ask(store.fetch, NAME) == SECRET
    assert ask(store.save, NAME, Secret(b"another")) is None
    assert ask(store.fetch, NAME) == Secret(b"another")
    assert ask(store.delete, NAME) is None
    assert ask(store.fetch, NAME) is None
    assert ask(store.delete, NAME) is None  # what is gone may be deleted again
    assert store.waiting == 0


@needs_keyring
def test_keys_have_different_names(bus, ask):
    bus.start_keyring()
    store = KeyringStore()
    ask(store.save, NAME, SECRET)
    assert ask(store.fetch, key_name(IPv6Address("2001:db8:1::10"), IPv6Address("2001:db8:1::1"), 4098)) is None


@needs_keyring
def test_a_locked_keyring_is_a_sentence(bus, ask):
    bus.start_keyring()
    store = KeyringStore()
    ask(store.save, NAME, SECRET)
    bus.lock()
    for error in (ask(store.fetch, NAME), ask(store.save, NAME, SECRET), ask(store.delete, NAME)):
        assert isinstance(error, KeyringLocked)
        assert error.title == "Your keyring is locked"


@needs_keyring
def test_without_a_keyring_there_is_a_sentence(bus, ask):
    error = ask(KeyringStore().save, NAME, SECRET)
    assert isinstance(error, KeyringAbsent) and error.hint


def test_without_a_bus_there_is_a_sentence(ask, monkeypatch, tmp_path):
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path / 'nothing'}")
    assert isinstance(ask(KeyringStore().fetch, NAME), KeyringAbsent)


@needs_keyring
def test_a_keyring_that_crashed_is_a_sentence_and_may_come_back(bus, ask):
    bus.start_keyring()
    store = KeyringStore()
    ask(store.save, NAME, SECRET)
    bus.stop_keyring()
    assert isinstance(ask(store.fetch, NAME), KeyringTrouble)
    bus.start_keyring()
    assert ask(store.fetch, NAME) == SECRET


@needs_keyring
def test_a_keyring_that_crashes_while_it_is_asked(bus, qtbot):
    bus.start_keyring()
    store, answers = KeyringStore(), []
    bus.freeze_keyring()
    store.fetch(NAME, then=answers.append, failed=answers.append)
    bus.stop_keyring()
    qtbot.waitUntil(lambda: bool(answers), timeout=20_000)
    assert isinstance(answers[0], KeyringTrouble)


@needs_keyring
def test_a_keyring_that_never_answers_is_a_sentence_in_time(bus, ask):
    bus.start_keyring()
    bus.freeze_keyring()
    assert isinstance(ask(KeyringStore(patience=200).fetch, NAME), KeyringSlow)


def test_a_late_answer_still_counts(qtbot):
    unlocked, answers = threading.Event(), []
    store = KeyringStore(lambda: Backend(lambda *_: unlocked.wait(20) and "c2VjcmV0"), patience=50)
    store.fetch(NAME, then=answers.append, failed=answers.append)
    qtbot.waitUntil(lambda: len(answers) == 1)
    assert isinstance(answers[0], KeyringSlow)
    unlocked.set()
    qtbot.waitUntil(lambda: len(answers) == 2)
    assert answers[1] == Secret(b"secret")


def test_a_stuck_keyring_gets_no_more_than_a_few_threads(qtbot):
    unlocked, answers = threading.Event(), []
    store = KeyringStore(lambda: Backend(lambda *_: unlocked.wait(20) and None))
    for _ in range(MOST_CALLS + 3):
        store.fetch(NAME, then=lambda _: None, failed=answers.append)
    assert store.waiting == MOST_CALLS
    assert [type(each) for each in answers] == [KeyringSlow] * 3
    unlocked.set()
    qtbot.waitUntil(lambda: store.waiting == 0)


def test_what_is_not_a_key_is_a_sentence(ask):
    error = ask(KeyringStore(lambda: Backend(lambda *_: "not base64 \0")).fetch, NAME)
    assert isinstance(error, KeyringTrouble) and "not a key" in error.title


def test_no_key_in_errors_and_logs(ask, caplog):
    def fail(*arguments):
        raise RuntimeError(f"cannot store {arguments}")

    caplog.set_level(logging.DEBUG)
    error = ask(KeyringStore(lambda: Backend(fail)).save, NAME, SECRET)
    assert isinstance(error, KeyringTrouble)
    shown = f"{error!r} {error} {error.__cause__!r} {error.__context__!r} {caplog.text}"
    assert "gIGC" not in shown and repr(SECRET.octets)[2:-1] not in shown
    assert "RuntimeError" in caplog.text


def test_other_backends_of_the_library_are_not_used(ask, monkeypatch, tmp_path):
    """An environment that asks for another backend, such as one that stores plain text, is not obeyed."""
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path / 'nothing'}")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    assert isinstance(ask(KeyringStore().save, NAME, SECRET), KeyringAbsent)
