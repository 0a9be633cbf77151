# SPDX-License-Identifier: GPL-2.0-or-later
"""Every invariant can fail: an engine with a deliberate defect is noticed within some seeds."""

import re

import pytest

from tests.simulation.calm import Calm
from tests.simulation.clock import Clock, NeverRests
from tests.simulation.defects import DEFECTS
from tests.simulation.diagram import Diagram
from tests.simulation.invariants import Broken, Invariants
from tests.simulation.run import run
from tests.simulation.servers import Correspondent
from tests.simulation.world import World

MOST_SEEDS = 150


def first_failure():
    for seed in range(MOST_SEEDS):
        result = run(seed)
        if result.failure:
            return result
    raise AssertionError(f"not noticed in {MOST_SEEDS} seeds")


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_is_noticed_and_drawn(name):
    defect = DEFECTS[name]
    with defect.made():
        found = first_failure()
        again = run(found.seed, diagram=Diagram())
    assert re.search(defect.words, found.failure)
    assert again.failure == found.failure, "the diagram is of the same story"
    assert again.diagram.startswith("sequenceDiagram\n")
    assert "->>" in again.diagram


def quiet_world(seed=0):
    """Everybody has started, and nothing bad happens."""
    world = World(seed)
    world.begin()
    world.calm()
    world.clock.run_until(world.clock.now + 60.0)
    return world


def test_calm_is_calm():
    Calm(quiet_world()).settle()


def test_packets_to_where_nobody_is_are_noticed(monkeypatch):
    """The owner has gone without a word, and the correspondent goes on as if its binding had no end."""
    world = quiet_world(seed=next(seed for seed in range(100) if directly(quiet_world(seed))))
    _, laptop = directly(world)
    for port in laptop.ports.values():
        laptop.plug(port, None)
    for name in ("_check_server", "_check_kernel"):
        monkeypatch.setattr(Invariants, name, lambda *_: None)
    monkeypatch.setattr(Correspondent, "set_state", lambda *_: None)
    with pytest.raises(Broken, match="which its owner left"):
        world.clock.run_until(world.clock.now + 700.0)


def directly(world):
    for correspondent in world.correspondents:
        for laptop in world.laptops:
            if laptop.home.address in correspondent.ways():
                return correspondent, laptop
    return None


def test_a_clock_that_stands_still_is_noticed():
    clock = Clock()

    def again():
        clock.after(0.0, again)

    again()
    with pytest.raises(NeverRests):
        clock.run_until(clock.now + 1.0)


def test_an_exception_of_an_engine_is_a_failure(monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("made up")

    monkeypatch.setattr("mnclient.engine.home_agent.home_agent.HomeAgent.handle", broken)
    assert "ZeroDivisionError: made up" in run(0).failure
