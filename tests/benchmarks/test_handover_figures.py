# SPDX-License-Identifier: GPL-2.0-or-later
"""The limit of a handover and its figures: known moves in, known numbers out."""

import pytest

from tests.benchmarks.handover_figures import Limits, Sample, figures_of, limit_ms
from tests.lab.interruption import OneWay
from tests.lab.topology import HOME, VISITED_A, VISITED_B

LIMITS = Limits(home_agent_ms=0.5, router_ms=0.2)


def sample(from_link: str, to_link: str, **changes: object) -> Sample:
    cost = OneWay(silence_ms=12.0, lost=11, sent=900, begun=1.0, recovered=1.013, unsteadiness_ms=0.5)
    values = {
        "from_link": from_link,
        "to_link": to_link,
        "cost": {"to_laptop": cost, "to_correspondent": cost},
        "plugged_ms": 3.0,
        "advertised_ms": 20.0,
        "updated_ms": 22.0,
        "stages_ms": {"link_up": 4.0, "binding_update": 21.5},
        "signalling": (("BU", 96), ("BA", 80)),
    }
    return Sample(**(values | changes))


def test_a_new_network_is_known_from_its_advertisement():
    assert limit_ms(sample(HOME, VISITED_A), LIMITS, known=False) == pytest.approx(20.5)


def test_a_known_router_is_asked():
    assert limit_ms(sample(VISITED_A, VISITED_B), LIMITS, known=True) == pytest.approx(3.7)


def test_home_is_always_known_and_its_agent_a_neighbour():
    assert limit_ms(sample(VISITED_B, HOME), LIMITS, known=False) == pytest.approx(3.4)


def test_no_advertisement_no_limit():
    assert limit_ms(sample(HOME, VISITED_A, advertised_ms=None), LIMITS, known=False) is None


def test_every_direction_stage_and_message_has_its_figure():
    samples = [sample(HOME, VISITED_A), sample(HOME, VISITED_A, stages_ms={"link_up": 6.0}), sample(VISITED_B, HOME)]
    figures = {each.name: each for each in figures_of("new", samples, LIMITS, budgets={HOME: 20.0, "": 10.0})}
    assert figures["new: home > away: silence correspondent to laptop"].verdict == "OVER"
    assert figures["new: away > home: silence laptop to correspondent"].verdict == "within"
    assert figures["new: home > away: limit (waiting for the router, round trips)"].value == 20.5
    assert figures["new: home > away: from the advertisement to the Binding Update, on the wire"].value == 2.0
    assert figures["new: home > away: stage link_up"].value == 5.0
    update = figures["new: home > away: stage binding_update"]
    assert (update.value, update.details, update.samples) == (16.5, {"after the pull": 21.5}, 1)
    assert figures["new: home > away: signalling packets"].value == 2
    assert figures["new: home > away: signalling octets"].value == 176
    assert figures["new: home > away: signalling octets"].details == {"the protocol's minimum": 176}
    assert figures["new: away > home: signalling octets"].details == {"the protocol's minimum": 112}
    assert "new: away > home: from the advertisement to the Binding Update, on the wire" not in figures
