# SPDX-License-Identifier: GPL-2.0-or-later
"""The preferences and the real service."""

from ipaddress import IPv6Address

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.service.fake_node import AGENT, PREFIX
from tests.ui.real_service import real_service
from ui.session import Reach
from ui.view import preferences_view as view

PRIVATE_OFF = "version = 1\n[mobile_node.route_optimization]\nlocation_privacy = false\n"


def shown(room, page):
    dialog = room.desk.open_preferences(page)
    return dialog, dialog.pages.currentWidget()


async def test_a_change_reaches_the_file_and_is_undone(qapp, tmp_path, user_settings, light):
    async with real_service(qapp, tmp_path, user_settings) as room:
        dialog, page = shown(room, "general")
        await room.until(lambda: page.maximum.box.isEnabled() and page.ask_first.switch.isChecked())
        assert page.maximum.box.maximum() == 16
        QTest.mouseClick(page.ask_first.switch, Qt.MouseButton.LeftButton)
        await room.until(lambda: room.core.setting(view.ASK_FIRST) is False)
        assert "ask_first = false" in room.machine.settings.read_text()
        await room.until(dialog.undo_bar.isVisible)
        QTest.keyClick(dialog, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        await room.until(lambda: room.core.setting(view.ASK_FIRST) is True)
        await room.until(lambda: page.ask_first.switch.isChecked() and not dialog.undo_bar.isVisible())


async def test_another_program_changes_what_no_status_shows(qapp, tmp_path, user_settings, light):
    async with real_service(qapp, tmp_path, user_settings) as room:
        _, page = shown(room, "general")
        await room.until(lambda: page.responsiveness.slider.value() == 50)
        room.core.set_setting(view.RESPONSIVENESS, "90")
        await room.until(lambda: page.responsiveness.slider.value() == 90)
        assert page.responsiveness.meaning.text().startswith("Aggressive.")


async def test_rules_are_read_back_as_they_were_sent(qapp, tmp_path, user_settings, light):
    async with real_service(qapp, tmp_path, user_settings, PRIVATE_OFF) as room:
        dialog, page = shown(room, "privacy")
        await room.until(lambda: page.exceptions.add_button.isEnabled() and page.traffic.add_button.isEnabled())
        page.exceptions.add()
        page.exceptions.form.prefix.setText("2001:DB8:5::/48")
        page.exceptions.form.save_button.click()
        await room.until(lambda: room.core.setting(view.EXCEPTIONS))
        assert room.core.setting(view.EXCEPTIONS) == [{"prefix": "2001:db8:5::/48", "allow": False}]
        page.traffic.add()
        page.traffic.form.protocol.setCurrentIndex(2)
        page.traffic.form.ports.setText("5000-5100")
        page.traffic.form.save_button.click()
        await room.until(lambda: room.core.setting(view.TRAFFIC_RULES))
        await room.until(lambda: len(dialog.model.undo_stack.changes) == 2 and not dialog.model._again.isActive())
        for key in (view.TRAFFIC_RULES, view.EXCEPTIONS):
            dialog.model.undo()
            await room.until(lambda key=key: room.core.setting(key) == [])


async def test_a_refusal_in_the_words_of_the_service(qapp, tmp_path, user_settings, light):
    async with real_service(qapp, tmp_path, user_settings, PRIVATE_OFF) as room:
        _, page = shown(room, "privacy")
        await room.until(page.exceptions.add_button.isEnabled)
        for number in range(2):
            page.exceptions.add()
            page.exceptions.form.prefix.setText("2001:db8:5::/48")
            page.exceptions.form.save_button.click()
            await room.until(lambda number=number: page.exceptions.list.count() == 1 or number)
        await room.until(lambda: page.exceptions.outcome.text() not in ("", "Being saved…"))
        assert page.exceptions.list.count() == 1 and "2001:db8:5::/48" in page.exceptions.outcome.text()


async def test_a_home_address_suggested_by_an_agent_heard(qapp, tmp_path, user_settings, light):
    async with real_service(qapp, tmp_path, user_settings) as room:
        dialog, page = shown(room, "home-addresses")
        room.machine.node.hear(AGENT, PREFIX)
        await room.until(lambda: page.agents.list.count() == 1)
        page.agents.list.setCurrentRow(0)
        await room.until(lambda: page.agents.add_buttons)
        address = next(iter(page.agents.add_buttons))
        page.agents.add_buttons[address].click()
        await room.until(lambda: list(page.rows) == [address])
        assert room.core.status().home_addresses[0].home_agent == AGENT
        page._remove(address)
        await room.until(lambda: not page.rows)
        dialog.model.undo()
        await room.until(lambda: list(page.rows) == [address])


async def test_an_address_by_hand_that_cannot_be_one(qapp, tmp_path, user_settings, light):
    async with real_service(qapp, tmp_path, user_settings) as room:
        _, page = shown(room, "home-addresses")
        await room.until(page.by_hand_button.isEnabled)
        page.by_hand_button.click()
        page.form.address.setText("fe80::1")
        page.form.add_button.click()
        await room.until(lambda: "not a unicast routable address" in page.form.state.text())
        page.form.address.setText("2001:db8:1::77")
        page.form.add_button.click()
        await room.until(lambda: IPv6Address("2001:db8:1::77") in page.rows and not page.form.isVisible())


async def test_the_service_is_restarted_under_the_open_window(qapp, tmp_path, user_settings, light):
    async with real_service(qapp, tmp_path, user_settings) as room:
        dialog, page = shown(room, "general")
        await room.until(page.mobile.switch.isEnabled)
        reached = []
        room.desk.session.reach_changed.connect(lambda each: reached.append(each.reach))
        await room.restart()
        await room.until(lambda: Reach.ABSENT in reached and dialog.model.is_reachable)
        QTest.mouseClick(page.ask_first.switch, Qt.MouseButton.LeftButton)
        await room.until(lambda: room.core.setting(view.ASK_FIRST) is False)
