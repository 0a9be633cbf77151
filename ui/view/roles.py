# SPDX-License-Identifier: GPL-2.0-or-later
"""The roles of colours: what a state means. `ui.theme` has a colour for each; a shape or a word says the same."""

from typing import Final

GOOD: Final = "good"
BUSY: Final = "busy"
WARNING: Final = "warning"
BAD: Final = "bad"
QUIET: Final = "quiet"
ACCENT: Final = "accent"
