# SPDX-License-Identifier: GPL-2.0-or-later
"""A home agent that advises to refresh early: how early, and in which of its answers (RFC 6275 section 6.2.4)."""

import pytest

from tests.lab.headers import packets
from tests.lab.registration_tape import REFRESH_ADVICE, acknowledgements
from tests.lab.topology import HOME, VISITED_A

pytestmark = pytest.mark.lab

UNIT = 4  # seconds, of lifetimes and of the advice alike


@pytest.mark.requirement("HA-6.2.4-01", "HA-10.3.2-03")
@pytest.mark.parametrize("advice", [8, 262140], ids=["shorter than the lifetime", "longer than any lifetime"])
def test_the_advice_is_below_the_lifetime_granted_and_only_there(lab, at_home, advice):
    at_home.home_agent.mnctl("settings", "set", "home_agent.refresh_advice", str(advice))
    with lab.capture(lab.laptop, "eth0", "advised") as capture:
        for link in (VISITED_A, HOME):
            lab.move(link)
            at_home.registered_at(link)
    answers = acknowledgements(packets(capture.file))
    granted, let_go = ([each for each in answers if bool(each.lifetime) is given] for given in (True, False))
    assert granted and let_go
    for each in granted:
        advised = int.from_bytes(each.options[REFRESH_ADVICE])
        assert 0 < advised < each.lifetime
        assert advised == min(advice // UNIT, each.lifetime - 1)
    assert not [each for each in let_go if REFRESH_ADVICE in each.options]
