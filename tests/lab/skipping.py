# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of the lab, where it cannot be built."""

from pathlib import Path

import pytest

from tests.lab.rights import why_not


def skip_where_not_allowed(items: list[pytest.Item], folder: Path) -> None:
    """Tests of the lab in this folder skip, and say why, where it cannot be built."""
    reason = why_not()
    for item in items:
        if reason and item.get_closest_marker("lab") and folder in item.path.parents:
            item.add_marker(pytest.mark.skip(reason=reason))
