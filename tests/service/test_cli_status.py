# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.model.handover import Stage
from mnclient.model.problems import Problem, ProblemCode
from mnclient.model.service_status import Datapath
from mnclient.model.status import (
    CorrespondentNodeStatus,
    CorrespondentState,
    HomeAddressState,
    HomeAgentSource,
    HomeAgentStatus,
    HomeLinkStatus,
    Phase,
)
from mnclient.units import Instant
from service import cli_status
from service.cli_output import Output
from tests.service.fake_core import BOOT_TIME, DIRECT, UNRESPONSIVE, with_address, with_engine

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
        (
            with_engine(phase=Phase.OFF, correspondent_node=CorrespondentNodeStatus(bindings=2, max_bindings=9)),
            "Not a mobile node; correspondent node; 2 of at most 9 bindings",
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
    assert set(cli_status.CORRESPONDENT_STATES) == set(CorrespondentState)
    assert set(cli_status.STAGES) == set(Stage)
    output = Output(boot_time=BOOT_TIME)
    for phase in Phase:
        assert cli_status.headline(with_engine(phase=phase), output)
        assert cli_status.headline(with_engine(phase=phase, home_addresses=()), output)


def lines(status):
    return cli_status.details(status, Output(boot_time=BOOT_TIME, now=BOOT_TIME + 1000.0))


@pytest.mark.usefixtures("at_the_time_of_the_fake_core")
@pytest.mark.parametrize(
    "changes, expected",
    [
        ({}, [("Registered", "until 14:40, not protected"), ("Verified", "not tried yet")]),
        (
            {"verified": True, "verified_at": Instant(940.0)},
            [("Verified", "yes, 14:29: a packet came back through the home agent")],
        ),
        ({"verified": True}, [("Verified", "yes: a packet came back through the home agent")]),
        (
            {"verified": False, "verified_at": Instant(940.0)},
            [("Verified", "NO: packets do not come back through the home agent since 14:29")],
        ),
        ({"verified": False}, [("Verified", "NO: packets do not come back through the home agent")]),
        (
            {"state": HomeAddressState.RETURNING, "registered_until": None, "protected": True},
            [("State", "back home, telling the home agent"), ("Registered", "yes, protected")],
        ),
        ({"registered": False, "state": HomeAddressState.AT_HOME}, [("State", "at home")]),
    ],
)
def test_registered_and_verified_are_two_facts(changes, expected):
    told = lines(with_address(**changes))
    assert set(expected) <= set(told)
    is_registered = changes.get("registered", True)
    assert all((label in dict(told)) == is_registered for label in ("Registered", "Verified"))


@pytest.mark.parametrize(
    "here, wish, direct, words",
    [
        ("none", "", 0, "not possible: kernel lacks xfrm"),
        ("none", "location privacy is on", 0, "not possible: kernel lacks xfrm"),
        ("kernel", "location privacy is on", 2, "off: location privacy is on"),
        ("kernel", "", 0, "on, no correspondent direct"),
        ("kernel", "", 1, "on, 1 correspondent direct"),
        ("kernel", "", 2, "on, 2 correspondents direct"),
    ],
)
def test_route_optimisation_with_its_reason(here, wish, direct, words):
    status = replace(
        with_engine(correspondents=(DIRECT,) * direct + (UNRESPONSIVE,)),
        route_optimization=Datapath(name=here, reason="kernel lacks xfrm"),
        route_optimization_off=wish,
    )
    assert ("Route optimisation", words) in lines(status)
    off = replace(status, engine=replace(status.engine, phase=Phase.OFF))
    assert "Route optimisation" not in dict(lines(off)), "it is a matter of the mobile node"


@pytest.mark.usefixtures("at_the_time_of_the_fake_core")
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"home_agent": None}, "none"),
        ({"home_agent_source": HomeAgentSource.CONFIGURED}, "2001:db8:1::1"),
        ({"home_agent_source": HomeAgentSource.DISCOVERED}, "2001:db8:1::1 (found by its prefix)"),
        (
            {
                "home_agent_source": HomeAgentSource.DISCOVERED,
                "discovered_home_agents": (IPv6Address("2001:db8:1::1"), IPv6Address("2001:db8:1::2")),
            },
            "2001:db8:1::1 (found by its prefix; others there: 2001:db8:1::2)",
        ),
    ],
)
def test_the_home_agent_and_how_it_was_found(changes, words):
    given = {"home_agent": IPv6Address("2001:db8:1::1"), **changes}
    assert ("Home agent", words) in lines(with_address(**given))


@pytest.mark.usefixtures("at_the_time_of_the_fake_core")
def test_how_long_the_home_prefix_lasts():
    assert "Home prefix" not in dict(lines(with_address()))
    told = dict(lines(with_address(valid_until=Instant(1600.0))))
    assert told["Home prefix"].endswith("::/64, valid until 14:40")
