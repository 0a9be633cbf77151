# SPDX-License-Identifier: GPL-2.0-or-later
import base64
import logging

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QLineEdit

from mnclient.model.invitation import parse_invitation
from mnclient.model.keys import KeyKind, KeyOwner
from service.contract import NotAllowed
from tests.ui import samples
from tests.ui.keys.samples import COMPUTERS, USERS, with_keys
from ui.view import keys_view as view

OCTETS = bytes(range(0x80, 0x90))
KEY = OCTETS.hex()
WORST = [
    "",
    " ",
    "x",
    "abc",
    "00" * 15,
    "00" * 17,
    "a" * 100_000,
    "\0",
    "💥" * 16,
    "ключ",
    "<b>key</b>",
    "\u202e" + "00" * 16,
]


@pytest.fixture
def form(dialog, qtbot):
    qtbot.mouseClick(dialog.add_button, Qt.MouseButton.LeftButton)
    assert dialog.form.isVisible()
    return dialog.form


def filled(form, qtbot, text=KEY):
    fields = form.fields
    qtbot.keyClicks(fields.secret, text)
    qtbot.keyClicks(fields.spi_in, "5001")
    qtbot.keyClicks(fields.spi_out, "5002")
    return fields


def test_the_home_agent_is_filled_in(form):
    assert form.fields.home_agent.text() == str(samples.HOME_AGENT)
    form.fields.address.setCurrentText(str(samples.SECOND_ADDRESS))
    assert form.fields.home_agent.text() == "2001:db8:7::1"


def test_the_length_is_checked_while_it_is_typed(form, qtbot):
    fields = form.fields
    assert "Paste or type" in fields.state.text() and not fields.save_button.isEnabled()
    qtbot.keyClicks(fields.secret, "00112233")
    assert fields.state.text() == "This is 4 octets; it must be 16 octets."
    fields.kind.setCurrentIndex(1)
    assert "it must be 36 octets" in fields.state.text()


def test_enter_a_key_with_the_keyboard(form, session, qtbot):
    fields = filled(form, qtbot)
    assert fields.state.text() == "16 octets, as it should be."
    qtbot.keyClick(fields.spi_out, Qt.Key.Key_Return)
    expected = (samples.ADDRESS, samples.HOME_AGENT, KeyKind.RFC4285, "hmac-sha1-96", 5001, 5002, OCTETS)
    assert session.asked("set_key") == [(*expected, KeyOwner.COMPUTER)]
    assert not form.isVisible() and fields.secret.text() == ""


def test_base64_into_the_keyring(form, session, keyring, qtbot):
    fields = filled(form, qtbot, base64.b64encode(OCTETS).decode())
    qtbot.mouseClick(fields.in_keyring, Qt.MouseButton.LeftButton, pos=fields.in_keyring.rect().center() / 4)
    fields.in_keyring.setChecked(True)
    qtbot.mouseClick(fields.save_button, Qt.MouseButton.LeftButton)
    assert session.asked("set_key")[0][-2:] == (OCTETS, KeyOwner.USER)
    assert [each.octets for each in keyring.kept.values()] == [OCTETS]


@pytest.mark.parametrize("text", WORST)
def test_the_worst_keys_cannot_be_saved(form, session, qtbot, text):
    fields = filled(form, qtbot, "")
    fields.secret.setText(text)
    assert not fields.save_button.isEnabled() and fields.state.text()
    assert not text.strip() or text.strip() not in fields.state.text() or len(text) < 4
    qtbot.keyClick(fields.secret, Qt.Key.Key_Return)
    assert session.asked("set_key") == []


@pytest.mark.parametrize("text", ["", "0", "255", "4294967296", "-1", "0x", "abc", "1e9", "\0", "٣٠٠"])
def test_the_worst_numbers_cannot_be_saved(form, qtbot, text):
    fields = filled(form, qtbot)
    for line in (fields.spi_in, fields.spi_out):
        before = line.text()
        line.setText(text)
        assert not fields.save_button.isEnabled() and "from 256" in fields.state.text()
        line.setText(before)
    assert fields.save_button.isEnabled()


@pytest.mark.parametrize("text", ["", "home", "fe80::1%eth0", "1.2.3.4", "💥"])
def test_the_worst_home_agents_cannot_be_saved(form, qtbot, text):
    fields = filled(form, qtbot)
    fields.home_agent.setText(text)
    assert not fields.save_button.isEnabled()


def test_a_key_is_never_shown(form, qtbot):
    fields = filled(form, qtbot)
    assert fields.secret.echoMode() is QLineEdit.EchoMode.Password
    assert OCTETS.hex() not in fields.secret.displayText()
    QApplication.clipboard().setText("before")
    fields.secret.selectAll()
    for keys in (QKeySequence.StandardKey.Copy, QKeySequence.StandardKey.Cut):
        qtbot.keySequence(fields.secret, keys)
        assert QApplication.clipboard().text() == "before"
    shown = " ".join(each.text() for each in form.findChildren(QLineEdit) if each is not fields.secret)
    assert OCTETS.hex() not in shown
    assert [
        each
        for each in form.findChildren(QLineEdit)
        if each.echoMode() is QLineEdit.EchoMode.Normal and each is fields.secret
    ] == []


def test_what_was_typed_is_gone_when_the_form_is_cancelled(form, qtbot):
    fields = filled(form, qtbot)
    qtbot.keyClick(form, Qt.Key.Key_Escape)
    assert not form.isVisible() and fields.secret.text() == ""


def test_a_refusal_is_told_and_logs_hold_no_key(form, session, qtbot, caplog):
    caplog.set_level(logging.DEBUG)
    session.answers["set_key"] = NotAllowed("Permission was not given", hint="ask the administrator")
    fields = filled(form, qtbot)
    qtbot.mouseClick(fields.save_button, Qt.MouseButton.LeftButton)
    assert form.isVisible() and fields.state.text() == "Permission was not given: ask the administrator"
    assert OCTETS.hex() not in caplog.text and repr(OCTETS)[2:-1] not in caplog.text
    assert fields.save_button.isEnabled()


def test_a_locked_keyring_is_told_in_the_form(form, session, keyring, qtbot):
    keyring.lock()
    fields = filled(form, qtbot)
    fields.in_keyring.setChecked(True)
    qtbot.mouseClick(fields.save_button, Qt.MouseButton.LeftButton)
    assert fields.state.text() == "Your keyring is locked: Unlock it, then try again."
    assert session.asked("set_key") == []


def test_a_slow_service_is_shown_and_the_key_is_sent_once(form, session, qtbot):
    session.hold("set_key")
    fields = filled(form, qtbot)
    for _ in range(3):
        form.save()
    qtbot.waitUntil(lambda: fields.state.text() == "Being saved…")
    assert len(session.asked("set_key")) == 1
    session.release()
    assert not form.isVisible()


def test_closed_while_it_is_sent(form, session, dialog, qtbot):
    session.hold("set_key")
    fields = filled(form, qtbot)
    form.save()
    qtbot.keyClick(form, Qt.Key.Key_Escape)
    assert fields.secret.text() == ""
    session.release()
    assert dialog.outcome.text() == "The key is saved."


def test_a_new_key_goes_into_a_file_and_to_the_service(form, session, qtbot, tmp_path):
    fields = form.fields
    qtbot.mouseClick(fields.make_one, Qt.MouseButton.LeftButton)
    fields.make_one.setChecked(True)
    assert fields.save_button.isEnabled() and not fields.secret.isVisible()
    qtbot.mouseClick(fields.save_button, Qt.MouseButton.LeftButton)
    path = tmp_path / "key.mnclient"
    form.file_dialog.fileSelected.emit(str(path))
    (sent,) = session.asked("set_key")
    written = parse_invitation(path.read_text())
    assert sent[6] == written.secret and len(written.secret) == 16
    assert sent[4:6] == (written.spi_in, written.spi_out)
    assert len({written.spi_in, written.spi_out, 4097, 4098, 5098}) == 5
    assert (written.home_address, written.prefix) == (samples.ADDRESS, samples.HOME)


def test_new_keys_are_all_different(form, session, tmp_path):
    for number in range(5):
        form.make(tmp_path / str(number))
    assert len({each[6] for each in session.asked("set_key")}) == 5


def test_a_file_that_cannot_be_written_means_no_key(form, session, tmp_path):
    form.fields.make_one.setChecked(True)
    form.make(tmp_path / "missing" / "key")
    assert "could not be written" in form.fields.state.text() and session.asked("set_key") == []


def test_what_this_version_does_with_the_key(form, session):
    assert form.fields.unused.text() == view.KEPT_ONLY and form.fields.unused.isVisible()
    session.show(with_keys(COMPUTERS, protections=("rfc4285",)))
    form.check()
    assert not form.fields.unused.isVisible()


def test_without_a_home_address_there_is_nothing_to_protect(desk, dialog, session):
    session.show(samples.FIRST_RUN)
    dialog.add()
    assert "no home address yet" in dialog.form.fields.state.text()
    assert not dialog.form.fields.save_button.isEnabled()


def test_replace_keeps_what_the_key_is_for(dialog, session, qtbot):
    dialog.list.setCurrentRow(1)
    qtbot.mouseClick(dialog.replace_button, Qt.MouseButton.LeftButton)
    fields = dialog.form.fields
    assert not fields.address.isEnabled() and not fields.home_agent.isEnabled()
    assert fields.kind.currentData() is KeyKind.ESP and fields.in_keyring.isChecked()
    filled(dialog.form, qtbot, "ab" * 36)
    qtbot.mouseClick(fields.save_button, Qt.MouseButton.LeftButton)
    assert [name for name, _ in session.requests if name.endswith("_key")] == ["set_key", "remove_key"]
    assert session.asked("remove_key") == [USERS.identity]
