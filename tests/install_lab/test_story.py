# SPDX-License-Identifier: GPL-2.0-or-later
"""Which steps of the story are told."""

import pytest

from tests.install_lab.failure import Failed
from tests.install_lab.story import WHOLE, Part


@pytest.mark.parametrize(
    "part, numbers, is_installed",
    [
        (WHOLE, [1, 2, 3, 4, 5], False),
        (Part(first=2), [2, 3, 4, 5], False),
        (Part(first=3), [3, 4, 5], True),
        (Part(first=4, last=4), [4], True),
        (Part(last=2), [1, 2], False),
        (Part(last=9), [1, 2, 3, 4, 5], False),
    ],
)
def test_a_part_of_five_steps(part, numbers, is_installed):
    assert ([*part.of(5)], part.is_installed_already) == (numbers, is_installed)


@pytest.mark.parametrize("part", [Part(first=6), Part(first=4, last=3)])
def test_a_part_without_a_step_is_none(part):
    with pytest.raises(Failed, match="no step"):
        part.of(5)
