# SPDX-License-Identifier: GPL-2.0-or-later
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester

from ui.view.bindings_view import Cell, Table
from ui.widgets.cell_table import CellTable


def table(*keys, text="x"):
    return Table(("Number", "Word"), tuple((Cell(str(key), key), Cell(text, text, "check", "good")) for key in keys))


@pytest.fixture
def view(qtbot, light):
    made = CellTable("Numbers")
    made.tester = QAbstractItemModelTester(made.cells, QAbstractItemModelTester.FailureReportingMode.Warning)
    qtbot.addWidget(made)
    made.set_table(table(10, 9, 100))
    made.show()
    return made


def shown(view):
    return [view.model().index(row, 0).data() for row in range(view.model().rowCount())]


def test_numbers_are_sorted_as_numbers(view):
    assert shown(view) == ["9", "10", "100"]
    view.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    assert shown(view) == ["100", "10", "9"]


def test_other_words_for_the_same_things_keep_the_selection(view):
    view.selectRow(1)
    view.set_table(table(10, 9, 100, text="y"))
    assert view.currentIndex().row() == 1 and view.model().index(1, 1).data() == "y"


def test_a_filter(view):
    assert view.look_for(" 10 ") == 2
    view.set_table(table(10, 110, 7))
    assert shown(view) == ["10", "110"]
    assert view.look_for("") == 3


def test_states_have_a_picture(view):
    assert not view.model().index(0, 1).data(Qt.ItemDataRole.DecorationRole).isNull()
    assert view.model().headerData(1, Qt.Orientation.Horizontal) == "Word"
