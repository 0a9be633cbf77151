# SPDX-License-Identifier: GPL-2.0-or-later
"""Every invariant can fail: an engine with a deliberate defect is noticed within some seeds."""

import re
from contextlib import nullcontext
from ipaddress import IPv6Address

import pytest

from mnclient.engine.events import DeadlineReached
from mnclient.engine.mobile_node.link import Link
from mnclient.engine.retransmission import RateLimit
from tests.simulation.adversary import Adversary
from tests.simulation.bounds import exceeded
from tests.simulation.calm import INTERFACES_PROVED, Calm
from tests.simulation.clock import Clock, NeverRests
from tests.simulation.defects import DEFECTS
from tests.simulation.diagram import Diagram
from tests.simulation.invariants import Broken, Invariants
from tests.simulation.run import run
from tests.simulation.servers import Correspondent
from tests.simulation.world import World

MOST_SEEDS = 150
HOME_OF_NOBODY = IPv6Address("2001:db8:dead::1")


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


@pytest.mark.parametrize("is_late, disturbed", [(False, 1), (False, 2), (True, 1)])
def test_rest_is_disturbed_by_an_interface_that_takes_over_once_and_in_time_or_not_at_all(is_late, disturbed):
    calm = Calm(quiet_world())
    if is_late:
        calm._world.clock.run_until(calm._world.clock.now + INTERFACES_PROVED)
    words = iter(["somebody took over"] * disturbed + [""])
    calm._disturbed = lambda: next(words)
    with pytest.raises(Broken, match="took over") if is_late or disturbed > 1 else nullcontext():
        calm.settle()


def test_packets_to_where_nobody_is_are_noticed(monkeypatch):
    """The owner has gone without a word, and the correspondent goes on as if its binding had no end."""
    world = quiet_world(seed=next(seed for seed in range(100) if directly(quiet_world(seed))))
    _, laptop = directly(world)
    for port in laptop.ports.values():
        laptop.plug(port, None)
    for name in ("_check_server", "_check_kernel"):
        monkeypatch.setattr(Invariants, name, lambda *_, **__: None)
    monkeypatch.setattr(Correspondent, "set_state", lambda *_: None)
    with pytest.raises(Broken, match="which its owner left"):
        world.clock.run_until(world.clock.now + 700.0)


def bound_world():
    """One where a correspondent has a binding."""
    world = quiet_world(seed=next(seed for seed in range(100) if directly(quiet_world(seed))))
    return world, *directly(world)


def test_a_kernel_that_changes_by_itself_is_noticed():
    """Nothing else changes, so it is not the binding that is looked at again."""
    world, correspondent, laptop = bound_world()
    correspondent.ways = {laptop.home.address: laptop.home.address}
    with pytest.raises(Broken, match="and sends by"):
        world.invariants.after(correspondent, DeadlineReached())


@pytest.mark.parametrize(
    "changes, words",
    [({"care_of_address": HOME_OF_NOBODY}, "never asked for"), ({"expires": 0.0}, "past its end")],
)
def test_a_binding_that_changes_by_itself_is_noticed(changes, words):
    world, correspondent, _ = bound_world()
    binding = next(iter(correspondent.engine._correspondent_node._registrations.cache))
    for name, value in changes.items():
        setattr(binding, name, value)
    with pytest.raises(Broken, match=words):
        world.invariants.after(correspondent, DeadlineReached())


def test_a_table_without_bound_is_noticed(monkeypatch):
    world = quiet_world()
    adversary = Adversary(world)
    monkeypatch.setattr(Link, "add", lambda link, router: link.routers.__setitem__(router.key, router))
    for _ in range(300):
        adversary._advertise()
    with pytest.raises(Broken, match="routers of an interface has"):
        world.clock.run_until(world.clock.now + 1.0)


def test_a_flood_fills_no_table():
    world = quiet_world()
    adversary = Adversary(world)
    for _ in range(300):
        adversary._advertise()
    world.clock.run_until(world.clock.now + 1.0)
    assert not any(exceeded(host.engine) for host in world.hosts)


@pytest.mark.parametrize("keeps_to_it", [True, False])
def test_who_keeps_to_no_rate_is_noticed(monkeypatch, keeps_to_it):
    """To and fro between two networks, ten times a second."""
    world = quiet_world()
    laptop = world.laptops[0]
    port, links = laptop.ports["eth0"], world.visited[:2]
    for link in links:
        move(world, laptop, port, link, 30.0)

    def hurry():
        for number in range(30):
            move(world, laptop, port, links[number % 2], 0.1)

    if keeps_to_it:
        hurry()
        return
    monkeypatch.setattr(RateLimit, "permits", lambda *_: True)
    with pytest.raises(Broken, match="more than three times in a second"):
        hurry()


def move(world, laptop, port, link, seconds):
    laptop.plug(port, link)
    laptop.tell(port, interrupted=True)
    world.clock.run_until(world.clock.now + seconds)


def directly(world):
    for correspondent in world.correspondents:
        for laptop in world.laptops:
            if laptop.home.address in correspondent.ways:
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
