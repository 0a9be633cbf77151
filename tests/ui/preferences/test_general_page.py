# SPDX-License-Identifier: GPL-2.0-or-later
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from mnclient.errors import ConfigError
from service.contract import NotAllowed
from tests.ui.preferences.service_samples import EVERYTHING
from ui.view import preferences_view as view


@pytest.fixture
def page(turn):
    return turn("general")


def test_it_shows_what_is_in_force(page):
    assert page.mobile.switch.isChecked() and not page.home_agent.switch.isChecked()
    assert page.automatic.switch.isChecked() and page.ask_first.switch.isChecked()
    assert not page.desperation.switch.isChecked()
    assert page.maximum.box.value() == 1 and page.responsiveness.slider.value() == 50
    assert page.responsiveness.meaning.text() == "Balanced. Takes a home agent that was heard for about two hours."


def test_the_risk_of_desperation_mode_is_always_told(page):
    assert page.risk.isVisible() and page.risk.text().startswith("Risk:")


def test_what_needs_an_administrator_says_so(page, session, dialog):
    assert page.home_agent.mark.isVisible() and "password" in page.home_agent.mark.toolTip()
    assert not page.mobile.mark.isVisible()
    session.answers["permissions"] = EVERYTHING
    dialog.model.wake()
    assert not page.home_agent.mark.isVisible()


def test_a_switch_by_keyboard(page, service, qtbot):
    page.desperation.switch.setFocus()
    qtbot.keyClick(page.desperation.switch, Qt.Key.Key_Space)
    assert service.settings.get(view.DESPERATION) is True


def test_a_mnemonic_goes_to_its_switch(page, dialog, qtbot):
    qtbot.keyClick(dialog, Qt.Key.Key_D, Qt.KeyboardModifier.AltModifier)
    assert page.desperation.switch.hasFocus()


def test_numbers_out_of_range_cannot_be_entered(page, service, qtbot):
    box = page.maximum.box
    assert (box.minimum(), box.maximum()) == (0, 16)
    box.selectAll()
    qtbot.keyClicks(box, "99999")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: service.settings.get(view.MAX_ADDRESSES) == box.value() != 1)
    assert 0 <= box.value() <= 16


def test_letters_are_not_numbers(page, service, qtbot):
    box = page.maximum.box
    box.selectAll()
    QApplication.clipboard().setText("abc-½💥")
    box.lineEdit().paste()
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert box.value() == 1 and service.session.asked("set_setting") == []


def test_many_steps_are_one_change(page, service, session, dialog, qtbot):
    page.maximum.box.setFocus()
    for _ in range(5):
        qtbot.keyClick(page.maximum.box, Qt.Key.Key_Up)
    qtbot.waitUntil(lambda: service.settings.get(view.MAX_ADDRESSES) == 6)
    assert len(session.asked("set_setting")) == 1
    qtbot.keyClick(page.maximum.box, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert service.settings.get(view.MAX_ADDRESSES) == 1 and page.maximum.box.value() == 1


def test_the_slider_says_what_its_position_means(page, service, qtbot):
    slider = page.responsiveness.slider
    slider.setFocus()
    qtbot.keyClick(slider, Qt.Key.Key_End)
    assert page.responsiveness.meaning.text().startswith("Aggressive.")
    qtbot.waitUntil(lambda: service.settings.get(view.RESPONSIVENESS) == 100)
    assert service.session.asked("set_setting") == [(view.RESPONSIVENESS, "100")]


def test_while_the_slider_is_held_nothing_is_sent(page, service, qtbot):
    slider = page.responsiveness.slider
    slider.setSliderDown(True)
    slider.setSliderPosition(80)
    page.responsiveness.settle()
    service.set_elsewhere(view.RESPONSIVENESS, "10")
    assert slider.sliderPosition() == 80 and service.session.asked("set_setting") == []
    slider.setSliderDown(False)
    assert service.settings.get(view.RESPONSIVENESS) == 80


def test_closing_at_once_does_not_lose_a_change(page, service, dialog, qtbot):
    qtbot.keyClick(page.maximum.box, Qt.Key.Key_Up)
    dialog.close()
    assert service.settings.get(view.MAX_ADDRESSES) == 2


def test_the_wheel_scrolls_and_changes_nothing(page, service, qtbot):
    page.mobile.switch.setFocus()
    for control in (page.maximum.box, page.responsiveness.slider):
        before = control.value()
        place = QPointF(control.rect().center())
        turned = QWheelEvent(
            place,
            QPointF(control.mapToGlobal(place.toPoint())),
            QPoint(0, 120),
            QPoint(0, 120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(control, turned)
        assert control.value() == before


def test_what_has_no_effect_is_off_and_says_why(page, service, qtbot):
    qtbot.mouseClick(page.automatic.switch, Qt.MouseButton.LeftButton)
    for each in (page.ask_first, page.maximum, page.responsiveness, page.desperation):
        assert not each.control.isEnabled() and each.control.toolTip() == "Automatic configuration is off."
    service.set_elsewhere(view.ROLE_MOBILE, "false")
    qtbot.waitUntil(lambda: page.automatic.control.toolTip() == "Only a mobile node has home addresses.")


def test_a_refusal_snaps_back_and_stays_readable(page, session, qtbot):
    session.answers["set_setting"] = NotAllowed("Permission was not given", hint="ask the administrator")
    qtbot.mouseClick(page.home_agent.switch, Qt.MouseButton.LeftButton)
    assert not page.home_agent.switch.isChecked()
    assert page.home_agent.outcome.text() == "Permission was not given: ask the administrator"
    assert page.mobile.outcome.text() == ""


def test_a_number_that_is_refused_snaps_back(page, session, qtbot):
    session.answers["set_setting"] = ConfigError("no", key=view.MAX_ADDRESSES, accepted="another")
    qtbot.keyClick(page.maximum.box, Qt.Key.Key_Up)
    qtbot.waitUntil(lambda: page.maximum.outcome.text() != "")
    assert page.maximum.box.value() == 1


def test_a_change_under_way_is_shown(page, session, qtbot):
    session.hold("set_setting")
    qtbot.mouseClick(page.mobile.switch, Qt.MouseButton.LeftButton)
    assert not page.mobile.switch.isChecked()
    qtbot.waitUntil(lambda: page.mobile.outcome.text() == "Being saved…")
    session.release()
    assert page.mobile.outcome.text() == ""


def test_another_program_is_followed(page, service, qtbot):
    service.set_elsewhere(view.RESPONSIVENESS, "0")
    qtbot.waitUntil(lambda: page.responsiveness.slider.value() == 0)
    assert page.responsiveness.meaning.text().startswith("Conservative.")
    assert service.session.asked("set_setting") == []
