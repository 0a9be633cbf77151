# SPDX-License-Identifier: GPL-2.0-or-later
"""The connection of the self-test sees what is lost, doubled or out of order."""

import struct

import pytest

from service.self_test.connection import Connection


def numbers(*values):
    return b"".join(struct.pack("!Q", value) for value in values)


@pytest.fixture
def connection():
    return Connection(None, None)


def test_numbers_in_order(connection):
    assert connection._count(numbers(0, 1, 2)) == b""
    assert (connection.received, connection.broken) == (3, "")


def test_parts_wait_for_the_rest(connection):
    rest = connection._count(numbers(0, 1)[:11])
    assert len(rest) == 3 and connection.received == 1
    assert connection._count(rest + numbers(0, 1)[11:]) == b"" and connection.received == 2


@pytest.mark.parametrize("values", [(1,), (0, 2), (0, 0), (0, 1, 1 << 63)])
def test_anything_else_breaks_it(connection, values):
    connection._count(numbers(*values))
    assert "came back in place of" in connection.broken


def test_silence_is_measured_since_it_was_asked_for(connection, monkeypatch):
    now = connection._last
    monkeypatch.setattr("service.self_test.connection.time.monotonic", lambda: now + 2.5)
    assert connection.silence() == pytest.approx(2.5)
