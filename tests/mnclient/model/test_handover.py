# SPDX-License-Identifier: GPL-2.0-or-later
"""The record of a move, and how long it took."""

from ipaddress import IPv6Address

import pytest

from mnclient.model.handover import Handover, Outcome, Stage
from mnclient.units import Instant


def move(*stages: tuple[Stage, float]) -> Handover:
    return Handover(
        number=1,
        home_address=IPv6Address("2001:db8:1::10"),
        from_network="home",
        to_network="2001:db8:2::/64",
        interface="eth0",
        started=Instant(100.0),
        stages=tuple((stage, Instant(100.0 + offset)) for stage, offset in stages),
        outcome=Outcome.UNDER_WAY,
    )


@pytest.mark.parametrize(
    "stages, duration",
    [
        ((), None),
        (((Stage.BINDING_UPDATE, 0.01),), None),
        (((Stage.BINDING_ACKNOWLEDGED, 0.02),), 0.02),
        (((Stage.BINDING_ACKNOWLEDGED, 0.02), (Stage.FIRST_PAYLOAD, 0.5)), 0.02),
        (((Stage.FIRST_PAYLOAD, 0.01), (Stage.BINDING_ACKNOWLEDGED, 1.01)), 0.01),
    ],
)
def test_a_move_lasts_until_the_home_address_works_again(stages, duration):
    found = move(*stages).duration()
    assert found == (None if duration is None else pytest.approx(duration))


def test_offsets_count_from_the_start():
    assert move((Stage.LINK_DOWN, 0.0), (Stage.LINK_UP, 1.5)).offsets() == {Stage.LINK_DOWN: 0.0, Stage.LINK_UP: 1.5}
