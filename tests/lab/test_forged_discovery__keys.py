# SPDX-License-Identifier: GPL-2.0-or-later
"""A laptop with a key that looks for its home agent, and somebody on the visited link who answers first."""

from ipaddress import IPv6Address

import pytest

from mnclient.wire.addresses import home_agents_anycast
from tests.lab import settings
from tests.lab.capture import SIGNALLING
from tests.lab.headers import packets
from tests.lab.hostile import BA, ICMPV6, MOBILITY, ROUTING, Stranger, acknowledgement, icmpv6, ipv6, mobility, type_2
from tests.lab.household import Household
from tests.lab.lossy import losing_every_message_to
from tests.lab.registration_tape import Update, updates
from tests.lab.signed import KEY, install
from tests.lab.topology import HOME_AGENT_ADDRESS, HOME_PREFIX, VISITED_A
from tests.lab.traffic import reachable_from_outside
from tests.lab.trial import counters

pytestmark = pytest.mark.lab

HOME_ADDRESS, AGENT, FALSE_AGENT = HOME_PREFIX[0x100], HOME_AGENT_ADDRESS, HOME_PREFIX[0x666]
ANYCAST = home_agents_anycast(HOME_PREFIX)
DHAAD_REQUEST, DHAAD_REPLY = 144, 145
AUTHENTICATION = 9  # the type of the mobility option


@pytest.fixture
def house(lab) -> Household:
    """The laptop in network A, without a key yet: it asks nobody. The true home agent answers no such questions."""
    agent = lab.start_home_agent(settings.protected(settings.home_agent(extra="address_discovery = false\n")))
    lab.move(VISITED_A)
    laptop = lab.start_laptop(settings.protected(settings.laptop_with(HOME_ADDRESS)))
    return Household(lab, home_agent=agent, laptop=laptop)


def reply(request: bytes) -> bytes:
    """The list begins with the false one, who sends it."""
    care_of = IPv6Address(request[8:24])
    body = request[44:46] + bytes(2) + FALSE_AGENT.packed + AGENT.packed
    return ipv6(FALSE_AGENT, care_of, ICMPV6, icmpv6(DHAAD_REPLY, 0, body, FALSE_AGENT, care_of))


def accepted(update: Update, source: IPv6Address) -> bytes:
    """A Binding Acknowledgement that nothing proves."""
    header = mobility(BA, acknowledgement(0, update.sequence), source, HOME_ADDRESS)
    return ipv6(source, update.seen.source, ROUTING, type_2(MOBILITY, HOME_ADDRESS) + header)


@pytest.mark.requirement("MN-15.5-01")
def test_a_reply_is_a_hint_and_only_a_proven_answer_makes_a_home_agent(lab, house):
    """Nothing is ever sent to the false one, and what he says is not believed, whoever he says that he is."""
    house.is_in_state("searching")
    assert "dhaad.sent" not in counters(house.laptop), "it may tell nobody anything"
    with (
        Stranger(lab.nodes["ar-a"], "lan0") as stranger,
        lab.capture(lab.laptop, "eth0", "hint", SIGNALLING) as capture,
    ):
        with losing_every_message_to(lab, AGENT):
            install(house, KEY)

            def request() -> bytes | None:
                asked = [each for each in stranger.received() if each[6] == ICMPV6 and each[40] == DHAAD_REQUEST]
                return next((each for each in asked if IPv6Address(each[24:40]) == ANYCAST), None)

            stranger.send(reply(lab.eventually(request, within=10.0, what="it asks the home link")))
            lab.eventually(lambda: updates(packets(capture.file)), within=5.0, what="it tries the one with its key")
            (entry,) = house.home_addresses()
            assert entry.discovered_home_agents == (FALSE_AGENT, AGENT)
            for source, reason in ((FALSE_AGENT, "source"), (AGENT, "authentication")):
                name = f"ba.ignored.{reason}"
                ignored = counters(house.laptop).get(name, 0)
                stranger.send(accepted(updates(packets(capture.file))[-1], source))
                lab.eventually(
                    lambda name=name, ignored=ignored: counters(house.laptop).get(name, 0) > ignored,
                    within=5.0,
                    what=name,
                )
            assert house.states() == ["registering"]
        house.registered_at(VISITED_A, within=30.0)
    (entry,) = house.home_addresses()
    assert (entry.home_agent, entry.protected) == (AGENT, True)
    sent = updates(packets(capture.file))
    assert {each.seen.destination for each in sent} == {AGENT}
    assert all(AUTHENTICATION in each.options for each in sent)
    lab.eventually(reachable_from_outside(lab, HOME_ADDRESS), within=5.0)
