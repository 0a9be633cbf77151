# SPDX-License-Identifier: GPL-2.0-or-later
"""Mobile prefix discovery under IPsec on a real kernel, as it is on the wire (RFC 4877 sections 4.1 and 4.2)."""

import pytest

from tests.lab import settings
from tests.lab.esp import DOWN, UP, seen, start_keyed
from tests.lab.headers import packets
from tests.lab.hostile import reload
from tests.lab.proven import LASTING, READ_AGAIN, SOON
from tests.lab.roaming import Roaming
from tests.lab.topology import HOME_AGENT_ADDRESS, VISITED_A

pytestmark = [pytest.mark.lab, pytest.mark.kernel]

PREFIX_DISCOVERY = (146, 147)  # types of ICMPv6


@pytest.mark.requirement("RFC4877-MN-4.2-04", "RFC4877-ALL-4.1-04")
def test_question_and_answer_are_encrypted_and_name_the_home_address(lab):
    """The home agent tells of a home prefix that is to end sooner, the laptop asks, and believes the answer."""
    roaming = Roaming(lab)
    key = start_keyed(roaming)
    lab.move(VISITED_A)
    roaming.registered_at(VISITED_A)
    care_of = str(roaming.home_addresses()[0].care_of_address)
    shorter = settings.protected(settings.home_agent(pace=lab.pace, extra=SOON))
    text = f"{shorter}valid_lifetime = {LASTING}\npreferred_lifetime = {LASTING}\n"
    with lab.capture(lab.home_agent, "core0", "prefixes") as capture:
        roaming.home_agent.settings.write_text(text, encoding="utf-8")
        reload(lab, roaming.home_agent, READ_AGAIN)
        lab.eventually(
            lambda: roaming.home_addresses()[0].valid_until is not None, within=20.0, what="the answer is believed"
        )
    found = [each for each in seen(capture.file, key) if each.headers[-1] == "icmpv6"]
    assert {each.spi for each in found} == {UP, DOWN}
    assert not [each for each in packets(capture.file) if each.icmp_type in PREFIX_DISCOVERY], "in clear"
    ends = (care_of, str(HOME_AGENT_ADDRESS))
    for each in found:
        is_up = each.spi == UP
        header, named = ("ipv6.dstopts", each.home_option) if is_up else ("ipv6.routing", each.routed_to)
        assert each.headers == [header, "esp", "icmpv6"] and named == str(key.home_address)
        assert (each.source, each.destination) == (ends if is_up else ends[::-1])
