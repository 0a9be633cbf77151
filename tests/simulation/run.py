# SPDX-License-Identifier: GPL-2.0-or-later
"""One run: a seed, a world, some blows, and the calm."""

from __future__ import annotations

import gc
import traceback
from dataclasses import dataclass, field
from typing import Final

from tests.simulation.adversary import Adversary
from tests.simulation.calm import Calm
from tests.simulation.diagram import Diagram
from tests.simulation.faults import Faults
from tests.simulation.world import World

BLOWS: Final = 40


@dataclass(frozen=True)
class Result:
    """What came of a seed. `failure` is "" when all was well; `diagram` is there when one was wanted.

    `simulated` is virtual time in seconds, `faults` counts the blows by kind.
    """

    seed: int
    failure: str
    handovers: int
    events: int
    messages: int
    simulated: float
    reached_after: float = 0.0
    direct_after: float = 0.0
    diagram: str = ""
    faults: dict[str, int] = field(default_factory=dict)


def run(seed: int, *, diagram: Diagram | None = None, blows: int = BLOWS) -> Result:
    """Run one seed. A defect of any kind is a failure, not an exception.

    A world dies as a whole, so nothing is gained by looking for garbage before.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return _run(seed, diagram, blows)
    finally:
        gc.collect(0)
        if was_enabled:
            gc.enable()


def _run(seed: int, diagram: Diagram | None, blows: int) -> Result:
    world = World(seed, diagram)
    calm, failure = None, ""
    faults = Faults(world, Adversary(world))
    try:
        world.begin()
        faults.run(blows)
        faults.end()
        calm = Calm(world)
        calm.settle()
    except AssertionError as error:
        failure = str(error) or traceback.format_exc(limit=-4)
    except Exception:  # whatever an engine raises is a finding
        failure = traceback.format_exc(limit=-6)
    counters = world.invariants.counters
    return Result(
        seed=seed,
        failure=failure,
        handovers=world.invariants.handovers,
        events=counters["events"],
        messages=counters["sent"],
        simulated=world.clock.now - 1000.0,
        reached_after=calm.reached_after if calm is not None else 0.0,
        direct_after=calm.direct_after if calm is not None else 0.0,
        diagram=diagram.text() if diagram is not None else "",
        faults=dict(faults.struck),
    )
