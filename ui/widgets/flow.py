# SPDX-License-Identifier: GPL-2.0-or-later
"""Widgets side by side that go on in the next line where there is no more room, like words."""

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget


class Flow(QWidget):
    """Add widgets with `add`."""

    def __init__(self, gap: int = 16, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._gap = gap
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._entries: list[QWidget] = []

    def add(self, widget: QWidget) -> None:
        """One more, at the end."""
        widget.setParent(self)
        self._entries.append(widget)
        self.updateGeometry()

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        width = sum(each.sizeHint().width() + self._gap for each in self._entries) - self._gap
        return QSize(max(width, 0), max((each.sizeHint().height() for each in self._entries), default=0))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        width = max((each.sizeHint().width() for each in self._entries), default=0)
        return QSize(width, self.heightForWidth(max(self.width(), width)))

    def hasHeightForWidth(self) -> bool:  # noqa: N802
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802
        return self._arrange(width, move=False)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._arrange(self.width(), move=True)
        self.updateGeometry()

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.LayoutRequest:  # a widget wants another size
            self._arrange(self.width(), move=True)
            self.updateGeometry()
        return super().event(event)

    def _arrange(self, width: int, *, move: bool) -> int:
        x = y = height = 0
        for each in self._entries:
            size = each.sizeHint()
            if x and x + size.width() > width:
                x, y, height = 0, y + height + 6, 0
            if move:
                each.setGeometry(x, y, min(size.width(), width), size.height())
            x += size.width() + self._gap
            height = max(height, size.height())
        return y + height
