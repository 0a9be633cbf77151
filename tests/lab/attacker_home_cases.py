# SPDX-License-Identifier: GPL-2.0-or-later
"""The same attacker beside the laptop at home: what he forges and plays again gives nobody a binding.

Not here: what any host on a link can do to its neighbours (RFC 3756), as to take over their hardware addresses.
"""

from dataclasses import replace

from tests.lab.attacker import AGENT_LOCAL, AGENT_MAC, BESIDE, CORE
from tests.lab.attacker_cases import (
    ATTACKS,
    HALVES,
    HOME_HERE,
    PLAYED_AGAIN,
    STRANGER_LOCAL,
    TO_AGENT_BY,
    Attack,
    neighbour_says,
    router_says,
)
from tests.lab.hostile import prefix_option
from tests.lab.second_router import HIGH, route_option

ANOTHER_NET = prefix_option("2001:db8:bad::")
ANOTHER_AGENT = prefix_option("2001:db8:1::bad", flags=0xE0)
EVERYWHERE_BY_HIM = tuple(route_option(each, 1800, HIGH) for each in (*HALVES, *TO_AGENT_BY))
ENDS_HERE = prefix_option("2001:db8:1::", flags=0xC0, valid=0, preferred=0)

AT_HOME = {
    "a router of another network": Attack(lambda w: [router_says(STRANGER_LOCAL, ANOTHER_NET)] * 3),
    "a router that leads to everything": Attack(
        lambda w: [router_says(STRANGER_LOCAL, ANOTHER_NET, *EVERYWHERE_BY_HIM)] * 3
    ),
    "a router by which the home prefix ends": Attack(lambda w: [router_says(STRANGER_LOCAL, ENDS_HERE)] * 3),
    "another home agent": Attack(lambda w: [router_says(STRANGER_LOCAL, ANOTHER_AGENT)] * 3),
    "another home agent of the same address": Attack(lambda w: [router_says(STRANGER_LOCAL, HOME_HERE)] * 3),
    "the home agent with another hardware address": Attack(lambda w: [router_says(AGENT_LOCAL, HOME_HERE)] * 3),
    "the home agent in another network": Attack(
        lambda w: [router_says(AGENT_LOCAL, HOME_HERE, ANOTHER_NET)] * 3, hardware=AGENT_MAC
    ),
    "the home address is somebody else's": Attack(lambda w: [neighbour_says(w.home, w.home)]),
}


def _beside(name: str, attack: Attack) -> Attack:
    """Where he is; what was said before he can send from anywhere as well."""
    return replace(attack, places=(CORE, BESIDE) if name.startswith("again: ") else (BESIDE,), questions=0)


ATTACKS_AT_HOME: dict[str, Attack] = {
    **{name: _beside(name, attack) for name, attack in ATTACKS.items() if not name.startswith("on the link: ")},
    **{f"at home: {name}": _beside(name, attack) for name, attack in AT_HOME.items()},
}
assert {f"again: {name}" for name in PLAYED_AGAIN} <= ATTACKS_AT_HOME.keys()
