# SPDX-License-Identifier: GPL-2.0-or-later
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ui.widgets.search_field import LONGEST, SearchField


def test_escape_empties_it_before_it_closes_anything(qtbot, light):
    window = QWidget()
    field = SearchField("Filter")
    QVBoxLayout(window).addWidget(field)
    QShortcut(QKeySequence("Esc"), window).activated.connect(window.close)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    field.take()
    QTest.keyClicks(field, "wlan0")
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert field.text() == "" and window.isVisible()
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert not window.isVisible()


def test_nobody_types_a_novel(qtbot, light):
    field = SearchField("Filter")
    qtbot.addWidget(field)
    field.setText("x" * 5000)
    assert len(field.text()) == LONGEST
