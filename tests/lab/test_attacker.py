# SPDX-License-Identifier: GPL-2.0-or-later
"""An attacker with everything but the key: whatever he forges or plays again, wherever he sits, he moves nothing.

For each attack: the home agent's binding and what the laptop thinks of itself are as before, and who calls the home
address from outside reaches it. That everything was dealt with is known from packets behind it, to both ends.
"""

import pytest

from tests.lab.attacker import CORE, VISITED, Attacker
from tests.lab.attacker_cases import ATTACKS
from tests.lab.attacking import (
    attack_from,
    bindings,
    cases_of,
    counted,
    dealt_with,
    key_is_believed,
    overhear,
    scene_of,
    standing,
)
from tests.lab.hostile import BU, DESTINATION_OPTIONS, MOBILITY, home_option, ipv6, update
from tests.lab.hostile_cases import AGENT, NOBODY, STRANGER
from tests.lab.signed import FROM_THEM, THEIR_KEY, invite_another, signed, signed_house
from tests.lab.test_hostile_advertisements import crowd, invented_agent
from tests.lab.traffic import reachable_from_outside

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def house(lab, roaming):
    """Both ends have the key of the laptop's home address, and neither may go without."""
    home = signed_house(roaming)
    invite_another(home, NOBODY)
    return home


@pytest.fixture(scope="module")
def attacker(lab):
    with Attacker(lab) as there:
        yield there


@pytest.fixture(scope="module")
def said(lab, house):
    return overhear(lab, house)


@pytest.fixture
def scene(house, said):
    return scene_of(house, said)


@pytest.mark.parametrize(("name", "place"), cases_of(ATTACKS))
def test_it_moves_nothing(lab, house, attacker, scene, name, place):
    attack_from(lab, house, attacker, place, ATTACKS[name], scene)


def test_a_flood_of_advertisements_moves_nothing(lab, house, attacker, scene):
    """Two thousand routers that are all home agents, some of ours among them."""
    before = bindings(house), standing(house)
    heard = counted(house.laptop, "ra.received")
    for frame in crowd(2000, invented_agent):
        attacker.send(VISITED, frame[14:], frame[6:12])
    dealt_with(lab, house, attacker, VISITED, scene)
    assert counted(house.laptop, "ra.received") > heard + 300, "they were not simply lost on the way"
    assert (bindings(house), standing(house)) == before
    # The kernel's own table of neighbours, one for all namespaces of this machine, is full of routers for a while.
    lab.eventually(reachable_from_outside(lab, scene.home), within=25.0)


def test_who_has_another_key_is_believed_of_his_own_home_address(lab, house, attacker, scene):
    """The counterpart of his attacks: the key is good, for what it is for."""
    before = bindings(house)
    data = signed(BU, update(1), NOBODY, AGENT, home=NOBODY, care_of=STRANGER, key=THEIR_KEY, spi=FROM_THEM)
    attacker.send(CORE, ipv6(STRANGER, AGENT, DESTINATION_OPTIONS, home_option(MOBILITY, NOBODY) + data))
    lab.eventually(lambda: len(bindings(house)) == 2, within=5.0, what="he is registered, too")
    assert [each for each in bindings(house) if each in before] == before


@pytest.mark.requirement("RFC4285-ALL-5.1-01", "RFC4285-ALL-5.1-02")
def test_who_has_the_key_is_believed(lab, house, attacker, scene):
    key_is_believed(lab, house, attacker, scene)
