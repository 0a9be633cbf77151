# SPDX-License-Identifier: GPL-2.0-or-later
"""To do something to a laptop and its home agent, and to see that nothing has moved."""

from dataclasses import replace
from typing import Any, Final

import pytest

from tests.lab.asking import ask
from tests.lab.attacker import CORE, Attacker, Overheard, listening, overheard
from tests.lab.attacker_cases import Attack, Scene, update_of
from tests.lab.hostile import BA, BU, MOBILITY, acknowledgement, ipv6, mobility, update
from tests.lab.hostile_cases import AGENT, STRANGER, to_laptop
from tests.lab.household import Household
from tests.lab.lab import Lab
from tests.lab.service import Service
from tests.lab.topology import HOME, VISITED_A, VISITED_B
from tests.lab.traffic import call_from_outside

KINDS: Final = ("an update", "again", "on the link")


def overhear(lab: Lab, house: Household) -> Overheard:
    """The laptop visits network B, goes home, and is in network A then; the attacker has seen all of it."""
    with listening(lab) as packets:
        for link in (VISITED_B, HOME, VISITED_A):
            lab.move(link)
            house.registered_at(link)
    heard = overheard(packets)
    assert len(heard.updates) >= 2 and len(heard.acknowledgements) >= 2
    assert heard.farewells and heard.farewell_answers
    return heard


def scene_of(house: Household, said: Overheard) -> Scene:
    """As it is now, with the laptop away; where it is at home the home address is where it is."""
    (mine,) = house.home_addresses()
    found = [each for each in ask(house.home_agent)[1] if each.home_address == mine.address]
    if not found:
        told = [each.sequence for each in ask(house.laptop)[0].engine.binding_update_list]
        return Scene(mine.address, mine.address, told[0] if told else _last_sequence(said), said)
    return Scene(mine.address, found[0].care_of_address, found[0].sequence, said)


def _last_sequence(said: Overheard) -> int:
    return int.from_bytes(said.farewells[-1][46:48])


Held = list[tuple[Any, ...]]


def bindings(house: Household, *, numbered: bool = True) -> Held:
    """What the home agent holds; `numbered`: with sequence numbers, which tell that nobody asked for anything."""
    return [
        (each.home_address, each.care_of_address, each.sequence if numbered else None)
        for each in ask(house.home_agent)[1]
    ]


def standing(house: Household, *, numbered: bool = True) -> tuple[Any, ...]:
    """What the laptop thinks of itself: where it is, by which router, and what it has told whom."""
    engine = ask(house.laptop)[0].engine
    (entry,) = engine.home_addresses
    entries = engine.binding_update_list
    told = [(each.destination, each.care_of_address, each.sequence if numbered else None) for each in entries]
    ways = [
        (each.name, each.care_of_address, [router.address for router in each.routers if router.is_current])
        for each in engine.interfaces
        if each.is_active
    ]
    state = (entry.address, entry.state, entry.home_agent, entry.care_of_address, entry.registered, entry.protected)
    return engine.phase, state, told, ways


def counted(service: Service, name: str) -> int:
    return ask(service)[0].engine.counters.get(name, 0)


def dealt_with(lab: Lab, house: Household, attacker: Attacker, place: str, scene: Scene) -> None:
    """Wait until both ends have taken what was sent before from there."""
    ignored = "ba.ignored.source" if scene.is_at_home else "ba.ignored.home-address"
    at_agent = counted(house.home_agent, "bu.discarded.correspondent")
    at_laptop = counted(house.laptop, ignored)
    attacker.send(place, ipv6(STRANGER, AGENT, MOBILITY, mobility(BU, update(1, flags=0), STRANGER, AGENT)))
    attacker.send(place, to_laptop(scene, BA, acknowledgement(0, 1), source=STRANGER))  # type: ignore[arg-type]
    lab.eventually(
        lambda: (
            counted(house.home_agent, "bu.discarded.correspondent") > at_agent
            and counted(house.laptop, ignored) > at_laptop
        ),
        within=5.0,
        what="all packets are dealt with",
    )


def attack_from(lab: Lab, house: Household, attacker: Attacker, place: str, attack: Attack, scene: Scene) -> None:
    """Do it, and see that nothing has moved."""
    numbered = not attack.questions
    before = bindings(house, numbered=numbered), standing(house, numbered=numbered)
    sent = counted(house.laptop, "bu.sent")
    for packet in attack.packets(scene):
        attacker.send(place, packet, attack.hardware)
    dealt_with(lab, house, attacker, place, scene)

    def still() -> bool:
        assert (bindings(house, numbered=numbered), standing(house, numbered=numbered)) == before
        return True

    if attack.questions:  # the answer to a question may be under way
        lab.eventually(still, within=5.0)
    still()
    assert counted(house.laptop, "bu.sent") - sent <= 2 * attack.questions, "each, and its repetition after a second"
    call_from_outside(lab, scene.home)
    still()


def key_is_believed(lab: Lab, house: Household, attacker: Attacker, scene: Scene) -> None:
    """The counterpart: the same hand-made update with nothing wrong moves the binding, so the others were good."""
    attacker.send(CORE, update_of(scene, update((scene.sequence + 1) % 65536)))
    lab.eventually(
        lambda: (scene.home, STRANGER) in [each[:2] for each in bindings(house)],
        within=5.0,
        what="the binding is the attacker's",
    )
    lab.move(HOME)
    house.registered_at(HOME)
    call_from_outside(lab, scene.home)


def rows_of(name: str) -> tuple[pytest.MarkDecorator, ...]:
    """The requirements that an attack of this name is about."""
    found = ["RFC4285-ALL-5-03"] if "without a key" in name else []
    if name.startswith("an update") and ("clock a day" in name or "of yesterday" in name):
        found.append("RFC4285-HA-6-01")
    if "under a key of its own" in name or "half of the right authenticator" in name:
        found.append("RFC4285-ALL-5.1.1-01")
    return (pytest.mark.requirement(*found),) if found else ()


def cases_of(attacks: dict[str, Attack]) -> list[Any]:
    """Each attack from each of its places, as parameters (name, place)."""
    return [
        pytest.param(name, place, id=f"{name}, {place}", marks=rows_of(name))
        for name, attack in attacks.items()
        for place in attack.places
    ]


def together(attacks: dict[str, Attack]) -> list[Any]:
    """The attacks of a kind from a place at once, as parameters (attack, place): where each for itself takes too long.

    One kind are those whose names begin alike, that are sent with one hardware address, and that cost as much.
    """
    kinds: dict[tuple[str, str, bytes, int], list[Attack]] = {}
    for name, attack in attacks.items():
        kind = next((each for each in KINDS if name.startswith(each)), "to the laptop")
        for place in attack.places:
            kinds.setdefault((kind, place, attack.hardware, attack.questions), []).append(attack)
    return [
        pytest.param(_merged(found), place, id=f"{kind}, {place}, as {hardware.hex(':')}, {questions} questions")
        for (kind, place, hardware, questions), found in kinds.items()
    ]


def _merged(attacks: list[Attack]) -> Attack:
    return replace(attacks[0], packets=lambda scene: [packet for each in attacks for packet in each.packets(scene)])
