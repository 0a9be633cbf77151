# SPDX-License-Identifier: GPL-2.0-or-later
import struct
from dataclasses import replace
from ipaddress import IPv6Address

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from mnclient.model.message_log import LoggedMessage
from service.contract import NotAllowed, ServiceUnavailable
from tests.ui import samples

FIRST = LoggedMessage(
    number=1,
    time=1_790_000_000.0,
    interface="wlan0",
    outgoing=True,
    source=samples.CARE_OF,
    destination=samples.HOME_AGENT,
    name="BindingUpdate",
    summary="sequence 7",
    fields=(("Sequence", "7"),),
    packet=bytes(40),
)


def messages(*numbers, **changes):
    return tuple(replace(FIRST, number=number, time=FIRST.time + number, **changes) for number in numbers)


@pytest.fixture
def page(window, session):
    session.answers["watch_messages"] = [messages(1, 2, 3)]
    return window.open_page("log")


def column(page, place):
    return [page.log.index(row, place).data() for row in range(page.log.rowCount())]


def test_messages_as_they_come(page):
    assert column(page, 2) == ["Binding Update"] * 3 and column(page, 1) == ["sent"] * 3
    page._extend(messages(4, malformed="the checksum is wrong"))
    assert column(page, 5)[-1] == "the checksum is wrong" and page.count.text() == "4 messages"


def test_the_fields_of_the_chosen_one(page):
    page.table.setFocus()
    QTest.keyClick(page.table, Qt.Key.Key_Down)
    fields = {
        page.details.topLevelItem(row).text(0): page.details.topLevelItem(row).text(1)
        for row in range(page.details.topLevelItemCount())
    }
    assert fields["Sequence"] == "7" and fields["To"] == str(samples.HOME_AGENT)


def test_filter_by_name_and_by_address(page):
    page._extend(messages(4, name="BindingAcknowledgement", source=IPv6Address("2001:db8:9::9")))
    page.table.selectRow(3)
    QTest.keyClicks(page.filter, "acknowl")
    assert page.log.rowCount() == 1 and page.count.text() == "1 of 4 messages"
    assert page.table.currentIndex().row() == 0  # what was chosen stays so
    page.filter.setText("2001:db8:9::/64")
    assert page.log.rowCount() == 1
    page.filter.setText("nothing like that")
    assert page.empty.isVisible() and page.empty.title() == "Nothing matches" and not page.save.isEnabled()
    page._extend(messages(5))
    assert page.log.rowCount() == 0


def test_pause_and_what_was_missed(page, session):
    QTest.mouseClick(page.pause, Qt.MouseButton.LeftButton)
    assert page.is_paused and page.count.text() == "3 messages, paused"
    session.answers["messages"] = messages(4, 5)
    QTest.mouseClick(page.pause, Qt.MouseButton.LeftButton)
    assert session.asked("messages") == [(3,)] and page.log.rowCount() == 5


def test_no_more_than_a_thousand(page):
    for start in range(4, 3000, 500):
        page._extend(messages(*range(start, start + 500)))
    assert page.log.rowCount() == 1000 and page.log.last == 3003
    assert page.log.shown[0].number == 2004


def test_a_service_that_was_restarted_counts_anew(page, session):
    page._ended(ServiceUnavailable("gone"))
    session.answers["watch_messages"] = [messages(1, 2, summary="new")]
    session.lose()
    session.show(samples.AWAY)
    assert session.asked("watch_messages") == [(0,), (0,)]
    page._extend(replace(each, time=each.time + 100) for each in messages(1, 2, summary="new"))
    assert column(page, 5) == ["new", "new"]


def test_there_is_one_watcher_however_often_one_looks(window, page, session):
    for name in ("overview", "log", "moves", "log"):
        window.open_page(name)
    assert len(session.asked("watch_messages")) == 1
    assert session.asked("messages") == [(3,), (3,)]  # what came meanwhile


def test_it_is_saved_for_wireshark(page, window, tmp_path):
    page.save_to(tmp_path / "log.pcap")
    content = (tmp_path / "log.pcap").read_bytes()
    assert struct.unpack("<I", content[:4])[0] in (0xA1B2C3D4, 0xA1B23C4D) or content[:4] == b"\xa1\xb2\xc3\xd4"
    assert len(content) == 24 + 3 * (16 + 40)
    assert (tmp_path / "log.pcap").stat().st_mode & 0o077 == 0
    assert window.banner.title() == "Saved"


def test_what_cannot_be_saved_is_said(page, window, tmp_path):
    page.save_to(tmp_path / "no such folder" / "log.pcap")
    assert window.banner.title() == "The file was not saved" and "No such file" in window.banner.text()


def test_the_file_dialog(page, tmp_path, qtbot):
    QTest.mouseClick(page.save, Qt.MouseButton.LeftButton)
    assert page.dialog.isVisible()
    page.dialog.setDirectory(str(tmp_path))
    page.dialog.selectFile("out")
    page.dialog.accept()
    qtbot.waitUntil((tmp_path / "out.pcap").exists, timeout=2000)


def test_no_message_yet(window):
    page = window.open_page("log")
    assert page.empty.isVisible() and page.empty.title() == "No message yet" and not page.save.isEnabled()


def test_who_may_not_read_it_is_told_so_and_asked_again(page, window, session):
    page.log.clear()
    page._ended(NotAllowed("Permission was not given", hint="ask the administrator"))
    assert page.empty.isVisible() and page.empty.title() == "Permission was not given"
    assert page.empty.text() == "Ask the administrator"
    window.context.permissions.changed.emit()
    assert len(session.asked("watch_messages")) == 2 and page.log.rowCount() == 3
