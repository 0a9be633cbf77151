# SPDX-License-Identifier: GPL-2.0-or-later
"""A table of `ui.view.bindings_view.Table`: sorted by any column, filtered, quick with a thousand rows."""

from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QProxyStyle, QStyle, QTableView, QWidget

from ui import theme
from ui.texts import tr
from ui.view.bindings_view import Cell, Table

KEY: Final = Qt.ItemDataRole.UserRole
Index = QModelIndex | QPersistentModelIndex


class CellModel(QAbstractTableModel):
    """The rows of a table."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table = Table((), ())

    def set_table(self, table: Table) -> None:
        """Show these rows. Where they are about the same things, selection and place stay."""
        if table == self._table:
            return
        same = table.headings == self._table.headings and _names(table) == _names(self._table)
        if not same:
            self.beginResetModel()
        before, self._table = self._table, table
        if not same:
            self.endResetModel()
            return
        for row, (old, new) in enumerate(zip(before.rows, table.rows, strict=True)):
            if old != new:
                self.dataChanged.emit(self.index(row, 0), self.index(row, len(new) - 1))

    def cell(self, row: int, column: int) -> Cell:
        """What stands there."""
        return self._table.rows[row][column]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008 (Qt's)
        return 0 if parent.isValid() else len(self._table.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        return 0 if parent.isValid() else len(self._table.headings)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        cell = self.cell(index.row(), index.column())
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return cell.text
        if role == KEY:
            return cell.key
        if role == Qt.ItemDataRole.DecorationRole and cell.icon:
            return theme.current().icon(cell.icon, cell.role)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:  # noqa: N802
        if orientation is Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return self._table.headings[section]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter
        return None


class _Sorted(QSortFilterProxyModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._wanted = ""

    def look_for(self, text: str) -> None:
        self.beginFilterChange()
        self._wanted = text.strip().casefold()
        self.endFilterChange(QSortFilterProxyModel.Direction.Rows)

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:  # noqa: N802
        source = self.sourceModel()
        cells = (source.cell(row, column) for column in range(source.columnCount()))
        return not self._wanted or any(self._wanted in cell.text.casefold() for cell in cells)

    def lessThan(self, left: Index, right: Index) -> bool:  # noqa: N802
        source = self.sourceModel()
        first, second = source.cell(left.row(), left.column()), source.cell(right.row(), right.column())
        return first.key < second.key


class CellTable(QTableView):
    """The table itself."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cells = CellModel(self)
        self.sorted = _Sorted(self)
        self.sorted.setSourceModel(self.cells)
        self.setModel(self.sorted)
        self.setAccessibleName(name)
        prepare(self)
        self.setSortingEnabled(True)
        self.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        theme.current().changed.connect(self.viewport().update)

    def set_table(self, table: Table) -> None:
        """Show these rows."""
        is_first = not self.cells.columnCount()
        self.cells.set_table(table)
        if is_first and table.headings:
            fit(self)

    def look_for(self, text: str) -> int:
        """Show only rows in which this stands; how many those are."""
        self.sorted.look_for(text)
        return self.sorted.rowCount()


class _Roomy(QProxyStyle):
    """Leaves room between the lines of a table and its words."""

    def pixelMetric(self, metric, option=None, widget=None) -> int:  # noqa: N802
        if metric in (QStyle.PixelMetric.PM_HeaderMargin, QStyle.PixelMetric.PM_FocusFrameHMargin):
            return 8
        return super().pixelMetric(metric, option, widget)


def roomy(view: QAbstractItemView, header: QHeaderView) -> None:
    """More room around the words of a table or list."""
    style = _Roomy("Fusion")
    style.setParent(view)
    for each in (view, header):
        each.setStyle(style)


def prepare(view: QTableView) -> None:
    """The look of every table: rows as wholes, no grid."""
    roomy(view, view.horizontalHeader())
    view.setShowGrid(False)
    view.setAlternatingRowColors(True)
    view.setWordWrap(False)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setTabKeyNavigation(False)
    view.setTextElideMode(Qt.TextElideMode.ElideMiddle)
    view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    height = view.fontMetrics().height() + 14
    view.verticalHeader().hide()
    view.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    view.verticalHeader().setDefaultSectionSize(height)
    header = view.horizontalHeader()
    header.setHighlightSections(False)
    header.setMinimumSectionSize(56)
    header.setFixedHeight(height)
    header.setStretchLastSection(True)
    header.setToolTip(tr("Press a heading to sort by it"))


def fit(view: QTableView, widest: int = 300) -> None:
    """Columns as wide as what stands in the first rows, within reason."""
    header = view.horizontalHeader()
    header.setResizeContentsPrecision(100)
    view.resizeColumnsToContents()
    for column in range(view.model().columnCount()):
        view.setColumnWidth(column, min(view.columnWidth(column), widest))


def _names(table: Table) -> list[Any]:
    return [row[0].key for row in table.rows]
