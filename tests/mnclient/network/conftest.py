# SPDX-License-Identifier: GPL-2.0-or-later
"""The `lab` fixture."""

from collections.abc import Iterator

import pytest

from tests.mnclient.network.lab import Lab, why_not

_reason: list[str] = []


@pytest.fixture
def lab() -> Iterator[Lab]:
    if not _reason:
        _reason.append(why_not())
    if _reason[0]:
        pytest.skip(_reason[0])
    built = Lab()
    yield built
    built.close()
