# SPDX-License-Identifier: GPL-2.0-or-later
"""One of several things to choose: a card with a round button. What belongs to the choice opens below it."""

from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QEnterEvent, QFont, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from ui import theme
from ui.widgets.labels import IconLabel, StateLabel, TintedLabel, quiet, wrapped
from ui.wizard.round_button import RoundButton

RADIUS = 8.0
_LINE = 20
"""Height of the first line: circle, picture and title are beside each other in it."""
INDENT = 28


class ChoiceCard(QFrame):
    """`radio` carries the choice; widgets in `details` are there only while it is chosen."""

    def __init__(
        self, title: str, text: str = "", *, icon: str = "", group: QButtonGroup, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.radio = RoundButton()
        self.radio.setAccessibleName(title)
        self._title = wrapped(title)
        font = self._title.font()
        font.setWeight(QFont.Weight.DemiBold)
        self._title.setFont(font)
        self._text = quiet(text)
        self._badge = TintedLabel("", "good")
        self._badge.setWordWrap(False)
        self._warning = StateLabel("warning", "", "warning", 16)
        self._inside = QWidget()
        self.details = QVBoxLayout(self._inside)
        self.details.setContentsMargins(INDENT, 8, 0, 0)
        self.details.setSpacing(8)
        self._hovered = False
        for each in (self.radio, self._title):
            each.setMinimumHeight(_LINE)
        self._arrange(icon)
        self.say(title, text)
        group.addButton(self.radio)
        self.radio.toggled.connect(self._open)
        self.radio.installEventFilter(self)
        self._open(False)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme.current().changed.connect(self.update)

    def say(self, title: str, text: str, badge: str = "", warning: str = "") -> None:
        """Other words for the same choice."""
        self._title.setText(title)
        self._text.setText(text)
        self._text.setVisible(bool(text))
        self._badge.setText(badge)
        self._badge.setVisible(bool(badge))
        if warning:
            self._warning.set_state("warning", warning, "warning")
        self._warning.setVisible(bool(warning))
        self.radio.setAccessibleName(f"{title}, {badge}" if badge else title)
        self.radio.setAccessibleDescription(" ".join(filter(None, (text, warning))))

    def choose(self, is_chosen: bool) -> None:
        """Show it as the chosen one, without saying so to anybody."""
        if is_chosen and not self.radio.isChecked():
            self.radio.setChecked(True)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        if event.button() is Qt.MouseButton.LeftButton and self.isEnabled():
            self.radio.setFocus(Qt.FocusReason.MouseFocusReason)
            self.radio.click()

    def enterEvent(self, event: QEnterEvent) -> None:  # noqa: N802
        self._hovered = True
        self.update()

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802
        self._hovered = False
        self.update()

    def eventFilter(self, watched: QWidget, event: QEvent) -> bool:  # noqa: N802
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.update()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        colours = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_chosen = self.radio.isChecked()
        width = 2.0 if is_chosen else 1.0
        edge = "accent" if is_chosen or self._hovered or self.radio.hasFocus() else "line"
        inside = QRectF(self.rect()).adjusted(width / 2, width / 2, -width / 2, -width / 2)
        painter.setPen(QPen(colours.colour(edge), width))
        painter.setBrush(colours.colour("card"))
        painter.drawRoundedRect(inside, RADIUS, RADIUS)
        if is_chosen and not colours.look.is_contrast:
            tint = colours.colour("accent")
            tint.setAlphaF(0.06)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tint)
            painter.drawRoundedRect(inside, RADIUS, RADIUS)
        if self.radio.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colours.colour("accent"), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(4.5, 4.5, -4.5, -4.5), RADIUS - 4, RADIUS - 4)

    def _arrange(self, icon: str) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.radio, 0, Qt.AlignmentFlag.AlignTop)
        if icon:
            head.addWidget(IconLabel(icon, "quiet", _LINE), 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self._title)
        for each in (self._badge, self._text, self._warning):
            words.addWidget(each)
        head.addLayout(words, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self._inside)

    def _open(self, is_chosen: bool) -> None:
        self._inside.setVisible(is_chosen and self.details.count() > 0)
        self.update()
