# SPDX-License-Identifier: GPL-2.0-or-later
"""The style of the looks with high contrast: an edge, in the colour of text, around whatever can be used.

Fusion takes its edges from a darker shade of the ground, and black has none. Boxes and fields have theirs from `Style`.
"""

from typing import Final

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPalette, QPen
from PySide6.QtWidgets import QStyle, QStyleOption, QStyleOptionComplex, QWidget

from ui.style import Style

_PRIMITIVES: Final = frozenset(
    {
        QStyle.PrimitiveElement.PE_PanelButtonCommand,
        QStyle.PrimitiveElement.PE_PanelLineEdit,
        QStyle.PrimitiveElement.PE_Frame,
    }
)
_CONTROLS: Final = frozenset({QStyle.ComplexControl.CC_ComboBox, QStyle.ComplexControl.CC_SpinBox})


class Edges(Style):
    """The usual style, with edges that are seen on black and on white."""

    def drawPrimitive(  # noqa: N802 (Qt's name)
        self,
        element: QStyle.PrimitiveElement,
        option: QStyleOption,
        painter: QPainter,
        widget: QWidget | None = None,
    ) -> None:
        super().drawPrimitive(element, option, painter, widget)
        if element in _PRIMITIVES:
            _edge(option, painter)

    def drawComplexControl(  # noqa: N802
        self,
        control: QStyle.ComplexControl,
        option: QStyleOptionComplex,
        painter: QPainter,
        widget: QWidget | None = None,
    ) -> None:
        super().drawComplexControl(control, option, painter, widget)
        if control in _CONTROLS:
            _edge(option, painter)


def _edge(option: QStyleOption, painter: QPainter) -> None:
    has_focus = bool(option.state & QStyle.StateFlag.State_HasFocus)
    role = QPalette.ColorRole.Highlight if has_focus else QPalette.ColorRole.Text
    painter.save()
    painter.setPen(QPen(option.palette.color(role), 2 if has_focus else 1))
    painter.drawRect(QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -0.5))
    painter.restore()
