# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from mnclient.errors import ConfigError
from mnclient.model.service_status import Datapath
from tests.ui import samples
from ui.view import preferences_view as view


@pytest.fixture
def page(turn):
    return turn("privacy")


def opened(rules, button, qtbot):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert rules.form.isVisible()
    return rules.form


def test_one_clear_sentence(page):
    assert "Nobody learns where you are" in page.privacy.property("search")


def test_the_choice_by_keyboard(page, service, dialog, qtbot):
    page.use.box.setFocus()
    qtbot.keyClick(page.use.box, Qt.Key.Key_End)
    assert service.settings.get(view.DIRECT_USE) == "never"
    assert dialog.undo_bar.words.text() == "Changed: Use direct paths: With nobody"


def test_with_location_privacy_direct_paths_are_off(page, service, qtbot):
    qtbot.mouseClick(page.privacy.switch, Qt.MouseButton.LeftButton)
    assert service.settings.get(view.PRIVACY) is True
    assert not page.use.box.isEnabled() and not page.exceptions.add_button.isEnabled()
    assert page.use.box.toolTip() == "Location privacy is on, so nothing goes directly."
    assert page.traffic.add_button.isEnabled()


def test_a_computer_that_cannot_send_directly_says_why(page, session):
    assert not page.host.isVisible()
    session.show(replace(samples.TWO_ADDRESSES, route_optimization=Datapath(name="none", reason="no such module")))
    assert page.host.isVisible() and "no such module" in page.host.text()


def test_add_an_exception_and_undo(page, service, session, dialog, qtbot):
    form = opened(page.exceptions, page.exceptions.add_button, qtbot)
    assert not form.save_button.isEnabled()
    qtbot.keyClicks(form.prefix, "2001:db8:5::/48")
    form.allow.setCurrentIndex(1)
    assert form.state.text() == "Directly to 2001:db8:5::/48"
    qtbot.keyClick(form.prefix, Qt.Key.Key_Return)
    assert not form.isVisible()
    assert service.settings.get(view.EXCEPTIONS)[1] == {"prefix": "2001:db8:5::/48", "allow": True}
    assert page.exceptions.list.count() == 2
    dialog.model.undo()
    assert page.exceptions.list.count() == 1


def test_edit_a_traffic_rule(page, service, qtbot):
    rules = page.traffic
    assert not rules.edit_button.isEnabled()
    rules.list.setFocus()
    rules.list.setCurrentRow(1)
    form = opened(rules, rules.edit_button, qtbot)
    assert form.ports.text() == "5000-5100" and form.protocol.currentData() == "udp"
    form.ports.setText("53")
    form.destination.setText("2001:db8:7::1")
    qtbot.mouseClick(form.save_button, Qt.MouseButton.LeftButton)
    assert service.settings.get(view.TRAFFIC_RULES)[1] == {
        "destination": "2001:db8:7::1/128",
        "protocol": "udp",
        "ports": 53,
    }
    assert rules.list.item(1).text() == "UDP port 53 at 2001:db8:7::1/128"


def test_remove_with_the_delete_key_and_undo(page, service, dialog, qtbot):
    rules = page.traffic
    rules.list.setFocus()
    rules.list.setCurrentRow(0)
    qtbot.keyClick(rules.list, Qt.Key.Key_Delete)
    assert len(service.settings.get(view.TRAFFIC_RULES)) == 1
    qtbot.keyClick(rules.list, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert len(service.settings.get(view.TRAFFIC_RULES)) == 2


@pytest.mark.parametrize("text", ["x", "2001:db8::1/32", "::/129", "1.2.3.0/24", "\0", "💥" * 99, "<i>", "9" * 5000])
def test_the_worst_prefixes_cannot_be_saved(page, service, qtbot, text):
    form = opened(page.exceptions, page.exceptions.add_button, qtbot)
    form.prefix.setText(text)
    assert not form.save_button.isEnabled() and form.state.text()
    qtbot.keyClick(form.prefix, Qt.Key.Key_Return)
    assert service.session.asked("set_setting") == []


@pytest.mark.parametrize("text", ["0", "65536", "1-", "-", "9-1", "http", "1,2", "\0", "٣"])
def test_the_worst_ports_cannot_be_saved(page, service, qtbot, text):
    form = opened(page.traffic, page.traffic.add_button, qtbot)
    assert not form.ports.isEnabled() and form.ports.toolTip()
    form.protocol.setCurrentIndex(1)
    form.ports.setText(text)
    assert form.ports.isEnabled() and not form.save_button.isEnabled()


def test_a_rule_for_everything_says_so(page, qtbot):
    form = opened(page.traffic, page.traffic.add_button, qtbot)
    assert form.state.text() == "All traffic"


def test_a_refused_rule_is_told_and_not_shown(page, session, qtbot):
    session.answers["set_setting"] = ConfigError("listed twice", key=view.EXCEPTIONS, accepted="each prefix once")
    form = opened(page.exceptions, page.exceptions.add_button, qtbot)
    form.prefix.setText("2001:db8:bad::/48")
    qtbot.mouseClick(form.save_button, Qt.MouseButton.LeftButton)
    assert page.exceptions.list.count() == 1
    assert "listed twice" in page.exceptions.outcome.text()


def test_a_rule_removed_elsewhere_while_it_is_edited(page, service, qtbot):
    page.traffic.list.setCurrentRow(1)
    form = opened(page.traffic, page.traffic.edit_button, qtbot)
    service.set_elsewhere(view.TRAFFIC_RULES, "[]")
    qtbot.waitUntil(lambda: page.traffic.list.count() == 0)
    qtbot.mouseClick(form.save_button, Qt.MouseButton.LeftButton)
    assert service.settings.get(view.TRAFFIC_RULES) == [{"protocol": "udp", "ports": "5000-5100"}]


def test_there_is_room_for_so_many(page, service, qtbot):
    rows = ", ".join(f'{{ protocol = "tcp", ports = {number} }}' for number in range(1, 65))
    service.set_elsewhere(view.TRAFFIC_RULES, f"[{rows}]")
    qtbot.waitUntil(lambda: page.traffic.list.count() == 64)
    assert not page.traffic.add_button.isEnabled() and page.traffic.add_button.toolTip() == "There is no room for more."
