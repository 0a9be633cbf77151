# SPDX-License-Identifier: GPL-2.0-or-later
"""Sequence numbers that the home agent has seen: kept over a restart, and told to a laptop that is behind."""

import pytest

from service.state_store import BINDINGS_FILE
from tests.lab.asking import ask
from tests.lab.headers import packets
from tests.lab.hostile import told, update
from tests.lab.hostile_cases import to_agent
from tests.lab.registration_tape import acknowledgements, updates
from tests.lab.topology import CORRESPONDENT_ADDRESS, VISITED_B
from tests.lab.traffic import reachable_from_outside

pytestmark = pytest.mark.lab

AHEAD = 1000
OUT_OF_WINDOW = 135


@pytest.mark.requirement("HA-15.3-01")
def test_a_home_agent_that_was_restarted_has_forgotten_none(lab, abroad, stranger):
    """After a crash: what it has seen before is as old as it was."""
    (entry,) = ask(abroad.home_agent)[1]
    kept = abroad.home_agent.state / BINDINGS_FILE
    lab.eventually(lambda: kept.exists() and str(entry.care_of_address) in kept.read_text(), within=5.0)
    abroad.home_agent.kill()
    abroad.home_agent.start()
    lab.eventually(abroad.home_agent.is_ready, within=15.0)
    stranger.received()
    stranger.send(to_agent(update(entry.sequence), entry.home_address))
    answers = lab.eventually(lambda: [told(each) for each in stranger.received()], within=5.0)
    assert answers == [f"BA {OUT_OF_WINDOW} sequence {entry.sequence} via {entry.home_address}"]
    assert [each.care_of_address for each in ask(abroad.home_agent)[1]] == [entry.care_of_address]


@pytest.mark.requirement("MN-11.7.1-15", "MN-11.7.3-07", "MN-11.7.3-10")
def test_the_number_of_the_refusal_is_adopted(lab, abroad, stranger):
    """Somebody else, without a key as the laptop is, has registered meanwhile."""
    (entry,) = ask(abroad.home_agent)[1]
    stranger.send(to_agent(update((entry.sequence + AHEAD) % 2**16), entry.home_address))
    lab.eventually(
        lambda: ask(abroad.home_agent)[1][0].care_of_address == CORRESPONDENT_ADDRESS, within=5.0, what="it is believed"
    )
    with lab.capture(lab.laptop, "eth0", "adopted") as capture:
        lab.move(VISITED_B)
        abroad.registered_at(VISITED_B)
    seen = packets(capture.file)
    refusal = next(each for each in acknowledgements(seen) if each.status == OUT_OF_WINDOW)
    assert refusal.sequence == (entry.sequence + AHEAD) % 2**16
    following = next(each for each in updates(seen) if each.seen.at > refusal.seen.at)
    assert following.sequence == (refusal.sequence + 1) % 2**16
    assert any(each.status == 0 and each.sequence == following.sequence for each in acknowledgements(seen))
    lab.eventually(reachable_from_outside(lab, entry.home_address), within=5.0)
