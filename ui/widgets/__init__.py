# SPDX-License-Identifier: GPL-2.0-or-later
"""Small widgets that every window uses. They follow the theme by themselves."""

from ui.widgets.banner import Banner
from ui.widgets.card import Card
from ui.widgets.copy_label import CopyLabel
from ui.widgets.empty_state import EmptyState
from ui.widgets.labels import ElidedLabel, IconLabel, StateLabel, heading, quiet, wrapped
from ui.widgets.read_only import read_only
from ui.widgets.switch import Switch

__all__ = [
    "Banner",
    "Card",
    "CopyLabel",
    "ElidedLabel",
    "EmptyState",
    "IconLabel",
    "StateLabel",
    "Switch",
    "heading",
    "quiet",
    "read_only",
    "wrapped",
]
