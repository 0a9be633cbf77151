# SPDX-License-Identifier: GPL-2.0-or-later
"""Durations between seconds and the units of the wire."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnclient.units import Seconds
from mnclient.wire import fields
from tests.mnclient.wire.strategies import thorough, u16, u32


@pytest.mark.requirement("ALL-6.1.7-02")
@pytest.mark.parametrize(
    ("seconds", "units"),
    [(0, 0), (0.001, 1), (3.999, 1), (4, 1), (7.999, 1), (8, 2), (262140, 65535), (262144, 65535), (math.inf, 65535)],
)
def test_binding_units_round_down_but_never_to_zero(seconds: float, units: int) -> None:
    assert fields.to_binding_units(Seconds(seconds)) == units


@thorough
@given(seconds=st.floats(4, 262140))
def test_binding_units_never_promise_more(seconds: float) -> None:
    assert seconds - 4 < fields.from_binding_units(fields.to_binding_units(Seconds(seconds))) <= seconds


@thorough
@given(units=u16, value=u32)
def test_round_trips(units: int, value: int) -> None:
    assert fields.to_binding_units(fields.from_binding_units(units)) == units
    assert fields.to_milliseconds(fields.from_milliseconds(value)) == value
    assert fields.to_lifetime(fields.from_lifetime(value)) == value


def test_only_infinity_is_for_ever() -> None:
    assert fields.to_lifetime(Seconds(math.inf)) == 0xFFFFFFFF
    assert fields.from_lifetime(0xFFFFFFFF) == math.inf
    assert fields.to_lifetime(Seconds(1e12)) == 0xFFFFFFFE


def test_other_fields_are_bounded() -> None:
    assert fields.to_whole_seconds(Seconds(math.inf), 16) == 0xFFFF
    assert fields.to_whole_seconds(Seconds(0.5), 16) == 1
    assert fields.to_whole_seconds(Seconds(9.9), 16) == 9
    assert fields.to_milliseconds(Seconds(math.inf)) == 0xFFFFFFFF
    assert fields.to_milliseconds(Seconds(0.0001)) == 1
    assert fields.to_milliseconds(Seconds(0)) == 0


@pytest.mark.parametrize("value", [-1.0, -math.inf, math.nan])
def test_durations_are_not_negative(value: float) -> None:
    with pytest.raises(ValueError, match="lifetime must not be negative"):
        fields.check_duration("lifetime", Seconds(value))


def test_ranges() -> None:
    fields.check_unsigned("sequence", 0xFFFF, 16)
    fields.check_octets("cookie", bytes(8), 8)
    for value in (-1, 0x10000):
        with pytest.raises(ValueError, match="sequence must be from 0 to 65535"):
            fields.check_unsigned("sequence", value, 16)
    with pytest.raises(ValueError, match="cookie must be 8 octets, not 7"):
        fields.check_octets("cookie", bytes(7), 8)
