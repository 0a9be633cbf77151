# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures of the lab. A module of tests shares one lab; `at_home` brings the laptop home before a test."""

import socket
from collections.abc import Iterator
from ipaddress import IPv6Address
from pathlib import Path

import pytest

from tests.lab.hostile import Stranger, frames
from tests.lab.lab import Lab
from tests.lab.roaming import Roaming
from tests.lab.skipping import skip_where_not_allowed
from tests.lab.topology import BRIDGES, VISITED_A


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    skip_where_not_allowed(items, Path(__file__).parent)


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


@pytest.fixture(scope="module")
def abroad(lab: Lab, roaming: Roaming) -> Roaming:
    """The same, in a foreign network and registered."""
    lab.move(VISITED_A)
    roaming.registered_at(VISITED_A)
    return roaming


@pytest.fixture(scope="module")
def stranger(lab: Lab, abroad: Roaming) -> Iterator[Stranger]:
    """Somebody out there who sends what he wants, while the laptop is abroad."""
    with Stranger(lab.correspondent, "core0") as there:
        yield there


@pytest.fixture
def onto_link(lab: Lab) -> Iterator[socket.socket]:
    """Puts frames on the link of network A, as if the switch had made them up."""
    with frames(lab.nodes["switch"], BRIDGES[VISITED_A]) as opened:
        yield opened


@pytest.fixture
def at_home(roaming: Roaming) -> Roaming:
    """The same, brought home before the test, whatever the test before it did."""
    roaming.go_home()
    return roaming


@pytest.fixture
def home_address(at_home: Roaming) -> IPv6Address:
    """The laptop's home address."""
    return at_home.home_addresses()[0].address
