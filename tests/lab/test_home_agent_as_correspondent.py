# SPDX-License-Identifier: GPL-2.0-or-later
"""A Home Test Init that comes by the tunnel: for the home agent itself, or for somebody behind it."""

from ipaddress import IPv6Address

import pytest

from tests.lab import settings
from tests.lab.headers import Seen, packets
from tests.lab.hostile import HOTI, MOBILITY, Stranger, ipv6, mobility
from tests.lab.lab import Lab
from tests.lab.roaming import Roaming
from tests.lab.topology import CORRESPONDENT_ADDRESS, HOME_AGENT_ADDRESS, VISITED_A

pytestmark = pytest.mark.lab

COOKIE = b"biscuits"
CORRESPONDENT = """
[correspondent_node]
enabled = true
"""


@pytest.fixture(scope="module")
def away(lab: Lab) -> Roaming:
    """The laptop in network A; the home agent is a correspondent too."""
    made = Roaming(lab)
    agent = lab.start_home_agent(settings.home_agent(pace=lab.pace) + CORRESPONDENT)
    made.adopt(agent, lab.start_laptop())
    made.home_address()
    lab.move(VISITED_A)
    made.registered_at(VISITED_A)
    return made


def sent_through_the_tunnel(lab: Lab, home: IPv6Address, destination: IPv6Address) -> None:
    header = mobility(HOTI, bytes(2) + COOKIE, home, destination)
    with Stranger(lab.laptop, "eth0") as laptop:
        laptop.send(ipv6(home, destination, MOBILITY, header))


def of_cookie(seen: list[Seen], kind: str) -> list[Seen]:
    return [each for each in seen if each.innermost.message == kind and COOKIE in each.innermost.body]


@pytest.mark.requirement("RFC4877-HA-4.3-01")
def test_it_answers_what_is_for_itself_and_forwards_what_is_not(lab: Lab, away: Roaming):
    """By the destination alone. Without a datapath for direct packets the answer is that there will be none."""
    (entry,) = away.home_addresses()

    def answers() -> list[Seen]:
        every = [each for each in packets(cable.file) if each.innermost.destination == entry.address]
        return [each for each in every if each.innermost.message in ("HoT", "BE")]

    with (
        lab.capture(lab.laptop, "eth0", "asked") as cable,
        lab.capture(lab.correspondent, "core0", "forwarded") as far,
    ):
        sent_through_the_tunnel(lab, entry.address, HOME_AGENT_ADDRESS)
        lab.eventually(answers, within=5.0, what="the home agent answers")
        sent_through_the_tunnel(lab, entry.address, CORRESPONDENT_ADDRESS)
        lab.eventually(lambda: of_cookie(packets(far.file), "HoTI"), within=5.0, what="it is forwarded")
    assert len(of_cookie(packets(cable.file), "HoTI")) == 2
    assert {each.innermost.source for each in answers()} == {HOME_AGENT_ADDRESS}
    assert all(each.inner is not None for each in answers()), "by the tunnel, as it came"
    (forwarded,) = of_cookie(packets(far.file), "HoTI")
    assert (forwarded.source, forwarded.destination, forwarded.inner) == (entry.address, CORRESPONDENT_ADDRESS, None)
