# SPDX-License-Identifier: GPL-2.0-or-later
"""The attacker when the laptop is at home: nobody gets a binding for it, and it stays where it is."""

from dataclasses import replace

import pytest

from mnclient.model.status import HomeAddressState
from tests.lab.attacker import BESIDE, CORE, Attacker, listening, overheard
from tests.lab.attacker_cases import update_of
from tests.lab.attacker_home_cases import ATTACKS_AT_HOME
from tests.lab.attacking import attack_from, bindings, cases_of, counted, overhear, scene_of
from tests.lab.hostile import update
from tests.lab.signed import signed_house
from tests.lab.topology import HOME
from tests.lab.traffic import call_from_outside

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def house(roaming):
    """Both ends have the key of the laptop's home address, and neither may go without."""
    return signed_house(roaming)


@pytest.fixture(scope="module")
def attacker(lab):
    with Attacker(lab) as there:
        yield there


@pytest.fixture(scope="module")
def said(lab, house):
    """What was heard while the laptop was away; now it is at home again."""
    heard = overhear(lab, house)
    with listening(lab) as packets:
        lab.move(HOME)
        house.registered_at(HOME)
    assert bindings(house) == []
    last = overheard(packets)
    return replace(
        heard,
        farewells=heard.farewells + last.farewells,
        farewell_answers=heard.farewell_answers + last.farewell_answers,
    )


@pytest.fixture
def scene(house, said):
    found = scene_of(house, said)
    assert found.is_at_home
    return found


@pytest.mark.parametrize(("name", "place"), cases_of(ATTACKS_AT_HOME))
def test_it_moves_nothing(lab, house, attacker, scene, name, place):
    """Nobody is believed so far that the home agent looks whether the home address is in use."""
    believed = counted(house.home_agent, "dad.started")
    attack_from(lab, house, attacker, place, ATTACKS_AT_HOME[name], scene)
    assert [each.state for each in house.home_addresses()] == [HomeAddressState.AT_HOME]
    assert counted(house.home_agent, "dad.started") == believed


@pytest.mark.parametrize("place", [CORE, BESIDE])
def test_who_has_the_key_is_believed(lab, house, attacker, scene, place):
    """The counterpart: nothing else was wrong with what he sent. The laptop defends its address (section 10.3.1)."""
    started, failed = (counted(house.home_agent, f"dad.{each}") for each in ("started", "failed"))
    attacker.send(place, update_of(scene, update((scene.sequence + 1 + started) % 65536)))
    lab.eventually(lambda: counted(house.home_agent, "dad.failed") > failed, within=5.0, what="he is believed")
    assert counted(house.home_agent, "dad.started") == started + 1
    assert bindings(house) == []
    call_from_outside(lab, scene.home)
