# SPDX-License-Identifier: GPL-2.0-or-later
"""The protocol log: what this computer and its home agent say to each other, as it happens."""

from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QSplitter,
    QStackedLayout,
    QTableView,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from mnclient.errors import MobileIPv6Error
from service.client import NotAllowed, pcap_of
from ui import theme
from ui.texts import mark, tr, trn
from ui.view import messages_view
from ui.view.wording import capital
from ui.widgets import EmptyState, quiet
from ui.widgets.cell_table import prepare, roomy
from ui.widgets.search_field import SearchField
from ui.window.context import Context
from ui.window.log_model import MESSAGE, LogModel
from ui.window.page import Page

_WIDTHS: Final = (110, 104, 190, 190, 190, 200)


class LogPage(Page):
    """A table, the details of the chosen message, a filter, a pause, and a file to take away."""

    HELP = mark(
        "Filter by a name, an address or a network such as 2001:db8::/32. The saved file can be opened with Wireshark."
        " It holds what protects your home address: give it only to people you trust."
    )

    def __init__(self, context: Context, title: str) -> None:
        super().__init__(context, title)
        self.log = LogModel(self)
        self._is_following = False
        self._is_shown = False
        self._after = 0
        self._refused: NotAllowed | None = None
        self._build_tools()
        self.table = QTableView()
        self.table.setModel(self.log)
        self.table.setAccessibleName(title)
        prepare(self.table)
        self.table.setWordWrap(False)
        for column, width in enumerate(_WIDTHS):
            self.table.setColumnWidth(column, width)
        self.details = QTreeWidget()
        self.details.setColumnCount(2)
        self.details.setHeaderLabels([tr("Field"), tr("Value")])
        self.details.setRootIsDecorated(False)
        self.details.setAlternatingRowColors(True)
        self.details.setUniformRowHeights(True)
        roomy(self.details, self.details.header())
        self.details.setAccessibleName(tr("The chosen message"))
        self.empty = EmptyState("log", "", "")
        self._place = QWidget()
        self._layout = QStackedLayout(self._place)
        self.split = QSplitter(Qt.Orientation.Vertical)
        self.split.setChildrenCollapsible(False)
        self.split.addWidget(self.table)
        self.split.addWidget(self.details)
        self.split.setStretchFactor(0, 3)
        self.split.setStretchFactor(1, 2)
        self._layout.addWidget(self.split)
        self._layout.addWidget(self.empty)
        self.count = quiet("")
        self.add(self._place, 1)
        self.add(self.count)
        self.table.selectionModel().currentChanged.connect(lambda now, before: self._show_details())
        context.permissions.changed.connect(self._again)
        theme.current().changed.connect(self._redraw)
        self._redraw()
        self._show()

    @property
    def is_paused(self) -> bool:
        """Whether what comes is not shown for the moment."""
        return self.pause.isChecked()

    def enter(self) -> None:
        self._is_shown = True
        self._follow()

    def leave(self) -> None:
        self._is_shown = False

    def find(self) -> None:
        self.filter.take()

    def save_to(self, path: Path) -> None:
        """Write what is shown as a file for Wireshark; an error is told."""
        messages = self.log.shown
        try:
            path.write_bytes(pcap_of(messages))
            path.chmod(0o600)  # it holds what proves the right to a binding
        except OSError as error:
            reason = error.strerror or str(error)
            self.context.said.emit(
                "error", tr("The file was not saved"), tr("{file}: {reason}", file=path, reason=reason)
            )
            return
        text = trn("{count} message in {file}", "{count} messages in {file}", len(messages), file=path)
        self.context.said.emit("info", tr("Saved"), text)

    # --- how it is put together ---

    def _build_tools(self) -> None:
        self.filter = SearchField(tr("Filter by name or address"))
        self.filter.textChanged.connect(self._look)
        self.pause = QPushButton(tr("&Pause"))
        self.pause.setCheckable(True)
        self.pause.toggled.connect(self._pause)
        self.save = QPushButton(tr("&Save"))
        self.save.setToolTip(tr("Save what is shown, to be opened with Wireshark"))
        self.save.clicked.connect(self._choose_file)
        tools = QWidget()
        column = QVBoxLayout(tools)
        column.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.filter, 1)
        row.addWidget(self.pause)
        row.addWidget(self.save)
        column.addLayout(row)
        self.add(tools)

    # --- messages ---

    def _follow(self) -> None:
        """What was missed, and then what comes. One watcher at most; it ends with the service, and begins anew."""
        if self._is_following:
            self._catch_up()
            return
        self._refused = None
        self._is_following = True
        self.context.session.ask(self._watch, then=self._ended, failed=self._ended)

    async def _watch(self, client: Any) -> None:
        stream = client.watch_messages(self._after)
        async for messages in stream:
            if not self._is_shown:
                await stream.aclose()  # the service need not tell any more
                return
            if not self.is_paused:
                self._extend(messages)

    def _ended(self, reason: MobileIPv6Error | None) -> None:
        self._is_following = False
        self._refused = reason if isinstance(reason, NotAllowed) else None
        self._show()
        # The next service counts from 1 again.
        self._after = 0 if reason is not None else self.log.last

    def _again(self) -> None:
        """Permissions are others: what was refused may be allowed now."""
        if self._is_shown and self._refused is not None:
            self._follow()

    def _catch_up(self) -> None:
        if not self.is_paused:
            after = self.log.last
            self.context.session.ask(
                lambda client: client.messages(after),
                then=lambda messages: self._extend(messages or ()),
                failed=_silent,
            )

    def _extend(self, messages: Any) -> None:
        bar = self.table.verticalScrollBar()
        is_at_end = bar.value() >= bar.maximum()
        self.log.extend(messages)
        self._show()
        if is_at_end:
            self.table.scrollToBottom()

    # --- what the person does ---

    def _pause(self, paused: bool) -> None:
        self.pause.setText(tr("&Go on") if paused else tr("&Pause"))
        self._redraw()
        self._show()
        if not paused:
            self._catch_up()

    def _look(self) -> None:
        index = self.table.currentIndex()
        chosen = index.data(MESSAGE).number if index.isValid() else None
        self.log.look_for(self.filter.text())
        row = None if chosen is None else self.log.row_of(chosen)
        if row is not None:
            self.table.selectRow(row)
        self._show()
        self._show_details()

    def _choose_file(self) -> None:
        dialog = QFileDialog(self, tr("Save the protocol log"), str(Path.home() / "mnclient.pcap"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([tr("Packet captures (*.pcap)"), tr("All files (*)")])
        dialog.setDefaultSuffix("pcap")
        dialog.fileSelected.connect(lambda name: self.save_to(Path(name)))
        self.dialog = dialog
        dialog.open()

    # --- what is seen ---

    def _show(self) -> None:
        kept, shown = len(self.log.everything), self.log.rowCount()
        self._layout.setCurrentWidget(self.split if shown else self.empty)
        if not shown and kept:
            self.empty.say("search", tr("Nothing matches"), tr("No message has this name or address."))
        elif not shown and self._refused is not None:
            self.empty.say("lock", tr(self._refused.title), capital(tr(self._refused.hint)), "warning")
        elif not shown:
            text = tr("Messages appear here when this computer moves or its registration is renewed.")
            self.empty.say("log", tr("No message yet"), text)
        words = trn("{count} message", "{count} messages", kept)
        if shown < kept:
            words = tr("{shown} of {all}", shown=shown, all=words)
        self.count.setText(tr("{words}, paused", words=words) if self.is_paused else words)
        self.save.setEnabled(shown > 0)

    def _show_details(self) -> None:
        self.details.clear()
        index = self.table.currentIndex()
        if not index.isValid():
            return
        for name, value in messages_view.details(index.data(MESSAGE)):
            item = QTreeWidgetItem([name, value])
            item.setToolTip(1, value)
            item.setSizeHint(1, QSize(0, self.fontMetrics().height() + 10))
            self.details.addTopLevelItem(item)
        self.details.resizeColumnToContents(0)
        self.details.setColumnWidth(0, min(self.details.columnWidth(0) + 16, 220))

    def _redraw(self) -> None:
        self.pause.setIcon(theme.current().icon("play" if self.is_paused else "pause", "text"))
        self.save.setIcon(theme.current().icon("save", "text"))


def _silent(error: MobileIPv6Error) -> None:
    """The window says by itself that the service is away; what was missed comes with the next look."""
