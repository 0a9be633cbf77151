# SPDX-License-Identifier: GPL-2.0-or-later
"""The same attacker where tunnels are the kernel's: all that he forges or plays again, a kind of it at once.

Two minutes or more under emulation, so it runs when it is asked for: `make test TESTS=tests/lab/attack_the_kernel.py`.
"""

import pytest

from tests.lab.asking import ask_status
from tests.lab.attacker import Attacker
from tests.lab.attacker_cases import ATTACKS
from tests.lab.attacking import attack_from, key_is_believed, overhear, scene_of, together
from tests.lab.hostile_cases import NOBODY
from tests.lab.signed import invite_another, signed_house

pytestmark = [pytest.mark.lab, pytest.mark.kernel]

REDIRECTS = (
    "on the link: the way to the home agent is another one",
    "on the link: the way to a correspondent is another one",
)
"""In the name of the router on the link. The kernel believes those about packets of its tunnels (RFC 4861 section 8.1),
as any host on a link can make its neighbours believe (RFC 3756)."""
WITHOUT_REDIRECTS = {name: attack for name, attack in ATTACKS.items() if name not in REDIRECTS}


@pytest.fixture(scope="module")
def house(lab, roaming):
    """Both ends have the key of the laptop's home address, and neither may go without."""
    home = signed_house(roaming)
    invite_another(home, NOBODY)
    assert {ask_status(each).datapath.name for each in (home.home_agent, home.laptop)} == {"kernel"}
    return home


@pytest.fixture(scope="module")
def attacker(lab):
    with Attacker(lab) as there:
        yield there


@pytest.fixture(scope="module")
def said(lab, house):
    return overhear(lab, house)


@pytest.mark.parametrize(("attack", "place"), together(WITHOUT_REDIRECTS))
def test_it_moves_nothing(lab, house, attacker, said, attack, place):
    attack_from(lab, house, attacker, place, attack, scene_of(house, said))


def test_who_has_the_key_is_believed(lab, house, attacker, said):
    key_is_believed(lab, house, attacker, scene_of(house, said))
