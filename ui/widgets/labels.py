# SPDX-License-Identifier: GPL-2.0-or-later
"""Labels: pictures, states as picture and word, headings, and texts too long for their place."""

from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont, QPalette, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from ui import theme
from ui.view.wording import isolated
from ui.widgets.pictures import picture

LARGE: Final = 1.5
MEDIUM: Final = 1.15


def heading(text: str, size: float = LARGE, parent: QWidget | None = None) -> QLabel:
    """A title. `size`: how much larger than the text around it."""
    label = wrapped(text, parent)
    font = label.font()
    font.setPointSizeF(font.pointSizeF() * size)
    font.setWeight(QFont.Weight.DemiBold)
    label.setFont(font)
    return label


def wrapped(text: str, parent: QWidget | None = None) -> QLabel:
    """A text over as many lines as it needs. What comes from outside is never read as markup."""
    label = QLabel(text, parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    policy = label.sizePolicy()
    policy.setHorizontalPolicy(QSizePolicy.Policy.Preferred)
    policy.setHeightForWidth(True)
    label.setSizePolicy(policy)
    label.setMinimumWidth(1)
    return label


def quiet(text: str, parent: QWidget | None = None) -> "TintedLabel":
    """A text that steps back: an explanation, a unit."""
    return TintedLabel(text, "quiet", parent)


class TintedLabel(QLabel):
    """A wrapped text in the colour of a role."""

    def __init__(self, text: str = "", role: str = "text", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setMinimumWidth(1)
        self._role = role
        theme.current().changed.connect(self._tint)
        self._tint()

    def set_role(self, role: str) -> None:
        """Another meaning, another colour."""
        if role != self._role:
            self._role = role
            self._tint()

    def _tint(self) -> None:
        _tint(self, self._role)


class IconLabel(QLabel):
    """A picture of ui/icons. It says nothing by itself: a word stands beside it."""

    def __init__(self, name: str, role: str = "text", size: int = 20, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = (name, role, size)
        self.setFixedSize(QSize(size, size))
        theme.current().changed.connect(self._draw)
        self._draw()

    def set_icon(self, name: str, role: str) -> None:
        """Another picture, or another colour."""
        if (name, role) != self._shown[:2]:
            self._shown = (name, role, self._shown[2])
            self._draw()

    def _draw(self) -> None:
        name, role, size = self._shown
        self.setPixmap(picture(name, role, size, self.devicePixelRatioF()))


class StateLabel(QWidget):
    """A state as a picture and a word, both in the colour of its role."""

    def __init__(
        self,
        icon: str = "info",
        text: str = "",
        role: str = "quiet",
        size: int = 18,
        *,
        wrap: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._icon = IconLabel(icon, role, size)
        self._label = TintedLabel(text, role)
        self._label.setWordWrap(wrap)
        self._label.setAlignment(Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignTop)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._label, 1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.setAccessibleName(text)

    def set_state(self, icon: str, text: str, role: str) -> None:
        """Show another state."""
        self._icon.set_icon(icon, role)
        self._label.set_role(role)
        if text != self._label.text():
            self._label.setText(text)
            self.setAccessibleName(text)

    def text(self) -> str:
        """The word."""
        return self._label.text()


class ElidedLabel(QLabel):
    """One line; what does not fit is left out of its middle, and shown in full as a tooltip."""

    def __init__(self, text: str = "", role: str = "text", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._full = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._role = role
        theme.current().changed.connect(self._tint)
        self._tint()
        self.set_text(text)

    def set_text(self, text: str) -> None:
        """Show another text."""
        clean = isolated(text)
        if clean != self._full:
            self._full = clean
            self.setAccessibleName(clean)
            self._fit()

    def full_text(self) -> str:
        """The text, however much of it fits."""
        return self._full

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        return QSize(self.fontMetrics().horizontalAdvance(self._full) + 2, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(min(self.sizeHint().width(), self.fontMetrics().averageCharWidth() * 8), self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._fit()

    def _tint(self) -> None:
        _tint(self, self._role)

    def _fit(self) -> None:
        shown = self.fontMetrics().elidedText(self._full, Qt.TextElideMode.ElideMiddle, max(self.width(), 1))
        self.setText(shown)
        self.setToolTip(self._full if shown != self._full else "")
        self.updateGeometry()


def _tint(widget: QWidget, role: str) -> None:
    palette = widget.palette()
    usual = "quiet" if role == "text" else role
    palette.setColor(QPalette.ColorRole.WindowText, theme.current().colour(role))
    palette.setColor(QPalette.ColorGroup.Disabled, QPalette.ColorRole.WindowText, theme.current().colour(usual))
    widget.setPalette(palette)
