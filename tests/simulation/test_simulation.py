# SPDX-License-Identifier: GPL-2.0-or-later
"""Every invariant holds in thousands of worlds, and one seed is always the same story."""

import hashlib
import os
import subprocess
import sys

import pytest

from tests.lab.processes import ROOT
from tests.simulation.__main__ import SEEDS
from tests.simulation.campaign import replay_command, results
from tests.simulation.diagram import Diagram
from tests.simulation.run import BLOWS, run

WANTED = int(os.environ.get("SEEDS") or SEEDS)
_STORY = """
import hashlib
from tests.simulation.test_simulation import story
print(hashlib.sha256(story(5).encode()).hexdigest())
"""


def story(seed):
    result = run(seed, diagram=Diagram(100_000, everything=True))
    return f"{result.diagram}\n{result.events} {result.messages} {result.handovers} {result.failure}"


@pytest.mark.timeout(3600)
def test_every_invariant_holds_whatever_happens():
    failed, handovers = [], 0
    for result in results(range(WANTED), os.cpu_count() or 1):
        handovers += result.handovers
        if result.failure:
            failed.append(f"{replay_command(result.seed, BLOWS)}\n{result.failure}")
        if len(failed) >= 3:
            break
    assert not failed, "\n\n".join(failed) + "\n\n" + diagram_of(failed[0])
    assert handovers > 3 * WANTED, "a simulation where nobody moves shows nothing"


def diagram_of(failure):
    seed = int(failure.split("SEED=")[1].split()[0])
    return run(seed, diagram=Diagram()).diagram


def test_a_seed_is_the_same_story_in_every_process():
    mine = hashlib.sha256(story(5).encode()).hexdigest()
    for hashes in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": hashes}
        command = [sys.executable, "-c", _STORY]
        found = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
        assert found.stdout.strip() == mine


def test_other_seeds_are_other_stories():
    assert len({story(seed) for seed in range(3)}) == 3
