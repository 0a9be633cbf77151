# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures of the lab. A module of tests shares one lab; `at_home` brings the laptop home before a test."""

from collections.abc import Iterator
from ipaddress import IPv6Address
from pathlib import Path

import pytest

from tests.lab.lab import Lab
from tests.lab.rights import why_not
from tests.lab.roaming import Roaming


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    reason = why_not()
    for item in items:
        if reason and item.get_closest_marker("lab") and Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """The topology, without any program of ours."""
    with Lab() as built:
        yield built


@pytest.fixture(scope="module")
def roaming(lab: Lab) -> Roaming:
    """A home agent, and a laptop at home with its home address."""
    started = Roaming(lab)
    started.start()
    return started


@pytest.fixture
def at_home(roaming: Roaming) -> Roaming:
    """The same, brought home before the test, whatever the test before it did."""
    roaming.go_home()
    return roaming


@pytest.fixture
def home_address(at_home: Roaming) -> IPv6Address:
    """The laptop's home address."""
    return at_home.home_addresses()[0].address
