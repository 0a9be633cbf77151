# SPDX-License-Identifier: GPL-2.0-or-later
"""The lab, for the pages that are typed in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.lab import Lab
from tests.lab.skipping import skip_where_not_allowed


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    skip_where_not_allowed(items, Path(__file__).parent)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """The topology, without any program of ours."""
    with Lab() as built:
        yield built
