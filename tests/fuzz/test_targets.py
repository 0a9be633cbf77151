# SPDX-License-Identifier: GPL-2.0-or-later
"""The targets without a fuzzer: they bear what they are given, they lead to every decoder, and they can fail."""

import inspect
import pkgutil
import sys
from importlib import import_module
from random import Random

import pytest

import mnclient.wire
from mnclient.model.config import NodeConfig
from mnclient.model.status import HomeAddressState
from mnclient.wire import packet
from tests.fuzz import decoders
from tests.fuzz.octets import Octets
from tests.fuzz.play import play
from tests.fuzz.targets import ROLES, TARGETS
from tests.mnclient.engine.hostile_events import CONFIGURATIONS


def damaged(seed: bytes, chance: Random) -> bytes:
    octets = bytearray(seed)
    for _ in range(chance.randrange(4)):
        octets[chance.randrange(len(octets))] = chance.randrange(256)
    return bytes(octets)


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_bears_its_seeds_and_what_is_near_them(name):
    chance = Random(name)
    for seed in TARGETS[name].seeds:
        for octets in (seed, *(damaged(seed, chance) for _ in range(3))):
            TARGETS[name].run(octets)
    TARGETS[name].run(b"")


def all_decoders() -> set[str]:
    modules = (import_module(f"mnclient.wire.{each.name}") for each in pkgutil.iter_modules(mnclient.wire.__path__))
    return {
        f"{module.__name__}.{name}"
        for module in modules
        for name, value in inspect.getmembers(module, inspect.isfunction)
        if name.startswith("decode_") and value.__module__ == module.__name__
    }


def test_the_seeds_lead_to_every_decoder():
    called: set[str] = set()

    def watch(frame, event, argument):
        called.add(f"{frame.f_globals.get('__name__')}.{frame.f_code.co_name}")

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        for name in ("message", "membership", "headers"):
            for seed in TARGETS[name].seeds:
                TARGETS[name].run(seed)
    finally:
        sys.setprofile(before)
    assert len(all_decoders()) > 20
    assert all_decoders() <= called


def reached(config: NodeConfig) -> set[object]:
    """What engines counted, and the states they were in at the end."""
    chance, found = Random(6275), set()
    for _ in range(120):
        played = play(config, chance.randbytes(chance.randrange(40, 200)))
        status = played.engine.status(played.now)
        found |= {*status.counters, *(each.state for each in status.home_addresses)}
        found |= {"bound"} if played.engine.binding_cache(played.now) else set()
    return found


@pytest.mark.parametrize(
    "role, wanted",
    [
        ("mobile-node", {HomeAddressState.REGISTERED, "ba.status.0", "verification.passed", "hot.received"}),
        ("home-agent", {"bound", "bu.accepted", "dad.failed", "bu.refused.135", "binding.expired"}),
        ("correspondent-node", {"correspondent.hoti.answered", "correspondent.bu.refused.138"}),
    ],
)
def test_chance_gets_far_into_the_engine(role, wanted):
    """It is worth something only if states are reached that nobody reaches without the right answer."""
    found = reached(ROLES[role])
    assert wanted <= found
    assert any(str(each).startswith("malformed.") for each in found)


def test_a_decoder_that_raises_something_else_is_found(monkeypatch):
    def broken(*arguments):
        raise IndexError

    monkeypatch.setattr(packet, "decode_mobility_header", broken)
    with pytest.raises(IndexError):
        TARGETS["message"].run(TARGETS["message"].seeds[0])


def test_a_value_that_changes_when_it_is_written_is_found(monkeypatch):
    monkeypatch.setattr(decoders, "encode_packet", lambda value: TARGETS["headers"].seeds[-1][1:])
    with pytest.raises(AssertionError):
        TARGETS["message"].run(TARGETS["message"].seeds[0])


def test_an_engine_that_raises_is_found(monkeypatch):
    def broken(*arguments):
        raise ZeroDivisionError

    monkeypatch.setattr("mnclient.engine.mobile_node.movement.Movement.advertisement_received", broken)
    with pytest.raises(ZeroDivisionError):
        play(CONFIGURATIONS[1], bytes(40))


def test_octets_never_run_out():
    octets = Octets(b"\x01\x02\x03")
    assert (octets.octet(), octets.number(), octets.is_empty) == (1, 0x0203, True)
    assert (octets.octet(), octets.pick("ab"), octets.take(5)) == (0, "a", b"")
