# SPDX-License-Identifier: GPL-2.0-or-later
"""What a person may see but not change stays visible, and says why."""

from typing import Final

from PySide6.QtWidgets import QWidget

_TOOLTIP: Final = "tooltip before it was read-only"


def read_only(widget: QWidget, reason: str) -> None:
    """Switch a control off and give the reason as its tooltip; an empty reason switches it on again."""
    before = widget.property(_TOOLTIP)
    if reason:
        if before is None:
            widget.setProperty(_TOOLTIP, widget.toolTip())
        widget.setToolTip(reason)
    elif before is not None:
        widget.setToolTip(before)
        widget.setProperty(_TOOLTIP, None)
    widget.setEnabled(not reason)
    widget.setAccessibleDescription(reason)
