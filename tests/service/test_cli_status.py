# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.model.problems import Problem, ProblemCode
from mnclient.model.status import HomeAddressState, HomeAgentStatus, HomeLinkStatus, Phase
from mnclient.units import Instant
from service import cli_status
from service.cli_output import Output
from tests.service.fake_core import AWAY, BOOT_TIME, with_address, with_engine

HOME_LINK = HomeLinkStatus(
    prefix=IPv6Network("2001:db8:7::/64"), address=IPv6Address("2001:db8:7::1"), interface="", is_up=True, bindings=1
)


@pytest.mark.parametrize(
    "status, words",
    [
        (with_engine(phase=Phase.OFF, home_agent=None), "Off: this machine is not a mobile node"),
        (
            with_engine(phase=Phase.OFF, home_agent=HomeAgentStatus(links=(HOME_LINK,), bindings=1)),
            "Home agent for 2001:db8:7::/64 on a virtual link: 1 mobile node is away from home",
        ),
        (
            with_engine(phase=Phase.OFF, home_agent=HomeAgentStatus()),
            "Home agent for no home link: 0 mobile nodes are away from home",
        ),
        (with_engine(phase=Phase.NO_NETWORK), "No network: nobody can reach 2001:db8:1::10"),
        (with_engine(phase=Phase.AT_HOME), "At home, reachable at 2001:db8:1::10"),
        (with_engine(phase=Phase.REGISTERING), "Away, telling the home agent where 2001:db8:1::10 is now"),
        (with_address(protected=True), "reachable at 2001:db8:1::10 (registered until 14:40, protected, not verified)"),
        (with_address(verified=True), "(registered until 14:40, not protected, verified)"),
        (
            with_address(verified=False),
            "NOT reachable at 2001:db8:1::10 (registered until 14:40, not protected, NOT ver",
        ),
        (with_address(registered_until=Instant(90_000.0)), "registered until 2026-09-22 15:13"),
        (
            with_engine(
                phase=Phase.PROBLEM,
                problems=(
                    Problem(code=ProblemCode.UNPROTECTED_SIGNALLING),
                    Problem(code=ProblemCode.HOME_AGENT_SILENT, subject="x", detail="y"),
                ),
            ),
            "Away, NOT reachable at 2001:db8:1::10: The home agent does not answer",
        ),
        (
            with_engine(phase=Phase.PROBLEM, problems=()),
            "NOT reachable at 2001:db8:1::10: the home agent did not accept",
        ),
        (with_engine(phase=Phase.NO_HOME_ADDRESS, home_addresses=()), "mnctl home-addresses accept 2001:db8:1::20"),
        (replace(with_engine(phase=Phase.NO_HOME_ADDRESS), proposals=()), "mnctl home-addresses suggest"),
        (
            replace(with_engine(phase=Phase.NO_HOME_ADDRESS), proposals=(), known_home_agents=()),
            "listening for home agents",
        ),
    ],
)
@pytest.mark.usefixtures("at_the_time_of_the_fake_core")
def test_headlines(status, words):
    assert words in cli_status.headline(status, Output(boot_time=BOOT_TIME))


def test_every_state_has_words():
    assert set(cli_status.STATES) == set(HomeAddressState)
    output = Output(boot_time=BOOT_TIME)
    for phase in Phase:
        assert cli_status.headline(with_engine(phase=phase), output)
        assert cli_status.headline(with_engine(phase=phase, home_addresses=()), output)


@pytest.mark.parametrize(
    "before, after, told",
    [
        (AWAY, AWAY, []),
        (AWAY, with_address(registered_until=Instant(2000.0)), []),
        (AWAY, replace(AWAY, proposals=()), []),
        (
            replace(AWAY, proposals=()),
            AWAY,
            ["Proposed: home address 2001:db8:1::20 (from the hardware address of wlan0)"],
        ),
        (AWAY, replace(AWAY, home_addresses=()), ["Home address 2001:db8:1::10 is gone"]),
        (replace(AWAY, handovers=()), AWAY, ["2001:db8:1::10 moved from home to 2001:db8:2::/64 in 140 ms"]),
        (AWAY, with_engine(problems=()), ["Solved: Registrations are not protected"]),
        (AWAY, with_engine(interfaces=()), ["wlan0 is gone", "eth0 is gone"]),
        (with_engine(interfaces=AWAY.engine.interfaces[:1]), AWAY, ["eth0 is down"]),
    ],
)
def test_what_is_news(before, after, told):
    assert cli_status.changes(before, after, Output(boot_time=BOOT_TIME)) == told
