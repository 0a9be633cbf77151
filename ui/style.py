# SPDX-License-Identifier: GPL-2.0-or-later
"""Fusion, flat, with outlines that can be seen: in a dark palette it draws some of them in nearly black."""

from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QProxyStyle, QStyle, QStyleOption, QStyleOptionButton, QWidget

_BOXES: Final = (QStyle.PrimitiveElement.PE_IndicatorCheckBox, QStyle.PrimitiveElement.PE_IndicatorItemViewItemCheck)
_SIDE: Final = 15.0
_CORNER: Final = 3.0
_BUTTON_CORNER: Final = 5.0
_ROOM: Final = QSize(12, 4)
"""Around the words of a button, in addition to Fusion's."""
_HOVER: Final = 0.07
_PRESSED: Final = 0.16
"""How much of the ink is in the ground of a button that the mouse is on, or that is pressed."""


class Style(QProxyStyle):
    """Buttons, check boxes, radio buttons and the frames of fields are drawn in the colours of the theme."""

    def __init__(self) -> None:
        super().__init__("Fusion")

    def drawPrimitive(  # noqa: N802 (Qt's name)
        self,
        element: QStyle.PrimitiveElement,
        option: QStyleOption,
        painter: QPainter,
        widget: QWidget | None = None,
    ) -> None:
        if element in _BOXES:
            _draw_box(option, painter)
        elif element is QStyle.PrimitiveElement.PE_IndicatorRadioButton:
            _draw_radio(option, painter)
        elif element is QStyle.PrimitiveElement.PE_FrameLineEdit:
            _draw_frame(option, painter)
        elif element is QStyle.PrimitiveElement.PE_PanelButtonCommand:
            _draw_button(option, painter)
        else:
            super().drawPrimitive(element, option, painter, widget)

    def sizeFromContents(  # noqa: N802
        self, kind: QStyle.ContentsType, option: QStyleOption, size: QSize, widget: QWidget | None = None
    ) -> QSize:
        found = super().sizeFromContents(kind, option, size, widget)
        return found + _ROOM if kind is QStyle.ContentsType.CT_PushButton else found


def _draw_box(option: QStyleOption, painter: QPainter) -> None:
    ink, ground, mark = _inks(option)
    place = _square(option)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(ink, 1.5))
    painter.setBrush(ground)
    painter.drawRoundedRect(place, _CORNER, _CORNER)
    painter.setPen(QPen(mark, 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    left, top, side = place.left(), place.top(), place.width()
    if option.state & QStyle.StateFlag.State_On:
        points = [(0.25, 0.52), (0.43, 0.70), (0.76, 0.32)]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline([QPointF(left + x * side, top + y * side) for x, y in points])
    elif option.state & QStyle.StateFlag.State_NoChange:
        middle = place.center().y()
        painter.drawLine(QPointF(left + 0.28 * side, middle), QPointF(left + 0.72 * side, middle))
    painter.restore()


def _draw_radio(option: QStyleOption, painter: QPainter) -> None:
    ink, ground, mark = _inks(option)
    place = _square(option)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(ink, 1.5))
    painter.setBrush(ground)
    painter.drawEllipse(place)
    if option.state & QStyle.StateFlag.State_On:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(mark)
        painter.drawEllipse(place.center(), place.width() * 0.22, place.width() * 0.22)
    painter.restore()


def _draw_frame(option: QStyleOption, painter: QPainter) -> None:
    ink = _outline()
    if option.state & QStyle.StateFlag.State_HasFocus:
        ink = _colour("accent")
    elif not option.state & QStyle.StateFlag.State_Enabled:
        ink.setAlphaF(0.4)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(ink, 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -0.5), 2, 2)
    painter.restore()


def _draw_button(option: QStyleOption, painter: QPainter) -> None:
    has_focus = bool(option.state & QStyle.StateFlag.State_HasFocus)
    width = 2.0 if has_focus else 1.0
    inset = width / 2
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(_button_edge(option), width))
    painter.setBrush(_button_ground(option))
    place = QRectF(option.rect).adjusted(inset, inset, -inset, -inset)
    painter.drawRoundedRect(place, _BUTTON_CORNER, _BUTTON_CORNER)
    painter.restore()


def _button_ground(option: QStyleOption) -> QColor:
    state, ground = option.state, option.palette.button().color()
    if not state & QStyle.StateFlag.State_Enabled:
        return _colour("surface")
    if state & (QStyle.StateFlag.State_Sunken | QStyle.StateFlag.State_On):
        return _mixed(ground, option.palette.buttonText().color(), _PRESSED)
    if state & QStyle.StateFlag.State_MouseOver:
        return _mixed(ground, option.palette.buttonText().color(), _HOVER)
    return ground


def _button_edge(option: QStyleOption) -> QColor:
    accent = _colour("accent")
    is_strong = option.palette.button().color() == accent
    if not option.state & QStyle.StateFlag.State_Enabled:
        return _colour("line")
    if option.state & QStyle.StateFlag.State_HasFocus:
        return _colour("text") if is_strong else accent
    is_default = isinstance(option, QStyleOptionButton) and bool(
        option.features & QStyleOptionButton.ButtonFeature.DefaultButton
    )
    return accent if is_default or is_strong else _outline()


def _mixed(ground: QColor, ink: QColor, part: float) -> QColor:
    pairs = zip(ground.getRgbF()[:3], ink.getRgbF()[:3], strict=True)
    return QColor.fromRgbF(*(low + (high - low) * part for low, high in pairs))


def _inks(option: QStyleOption) -> tuple[QColor, QColor, QColor]:
    """The colours of outline, ground and mark."""
    is_on = bool(option.state & (QStyle.StateFlag.State_On | QStyle.StateFlag.State_NoChange))
    inks = [_colour("accent"), _colour("accent"), _colour("on_accent")] if is_on else []
    if option.state & QStyle.StateFlag.State_Selected:  # in a list, on the ground of what is selected
        inks = [_colour(each) for each in ("on_accent", "on_accent" if is_on else "accent", "accent")]
    inks = inks or [_colour("quiet"), _colour("card"), _colour("text")]
    if option.state & QStyle.StateFlag.State_HasFocus:
        inks[0] = _colour("text")
    if not option.state & QStyle.StateFlag.State_Enabled:
        for each in inks[:2]:
            each.setAlphaF(0.4)
    return inks[0], inks[1], inks[2]


def _square(option: QStyleOption) -> QRectF:
    rect = QRectF(option.rect)
    side = min(_SIDE, rect.width() - 1, rect.height() - 1)
    return QRectF(rect.center().x() - side / 2, rect.center().y() - side / 2, side, side)


def _outline() -> QColor:
    ink = _colour("quiet")
    ink.setAlphaF(0.8)
    return ink


def _colour(role: str) -> QColor:
    from ui import theme  # which puts this style to use

    return QColor(theme.current().colour(role))
