# SPDX-License-Identifier: GPL-2.0-or-later
from ipaddress import IPv6Address

import pytest

from mnclient.engine.actions import Note, ReportHomeAgent
from mnclient.engine.mobile_node.discovery import MAX_REPORTS, MAX_ROUTERS
from mnclient.units import Seconds
from mnclient.wire.neighbor_options import HomeAgentInformation
from tests.mnclient.engine.mobile_node.script import (
    AGENT,
    AGENT_LOCAL,
    AGENT_MAC,
    HOME_PREFIX,
    NET_A,
    NET_B,
    Script,
    advertisement,
    config,
    link,
    only,
    policy,
    prefix,
    ra_home,
)


def reports(actions) -> list[ReportHomeAgent]:
    return [each for each in actions if isinstance(each, ReportHomeAgent)]


@pytest.fixture
def listening() -> Script:
    script = Script()
    script.give(link())
    return script


@pytest.mark.requirement("MN-7.1-01", "MN-7.2-01", "ALL-7.4-01")
def test_a_home_agent_is_reported_with_the_defaults(listening):
    assert only(reports(listening.give(ra_home(lifetime=900.0)))) == ReportHomeAgent(
        interface="eth0",
        link_local_address=AGENT_LOCAL,
        link_layer_address=AGENT_MAC,
        address=AGENT,
        prefix=HOME_PREFIX,
        preference=0,
        lifetime=Seconds(900.0),
    )


def test_its_own_information_counts_more(listening):
    information = HomeAgentInformation(preference=7, lifetime=Seconds(60.0))
    report = only(reports(listening.give(ra_home(information=information))))
    assert (report.preference, report.lifetime) == (7, 60.0)


@pytest.mark.requirement("MN-7.1-01")
def test_other_routers_are_not(listening):
    assert not reports(listening.give(ra_home(home_agent=False)))


def test_every_global_address_is_reported(listening):
    second = IPv6Address("2001:db8:a::9")
    event = advertisement(
        AGENT_LOCAL, AGENT_MAC, prefix(HOME_PREFIX, router=AGENT), prefix(NET_A, router=second), NET_B, home_agent=True
    )
    assert [each.address for each in reports(listening.give(event))] == [AGENT, second]


def test_one_that_is_no_default_router_is_reported_too(listening):
    assert reports(listening.give(ra_home(lifetime=0.0)))


def test_without_a_global_address_it_is_noted_once(listening):
    event = advertisement(AGENT_LOCAL, AGENT_MAC, HOME_PREFIX, home_agent=True)
    actions = listening.give(event) + listening.give(event)
    assert not reports(actions)
    assert [each.kind for each in actions if isinstance(each, Note)].count("home-agent-without-address") == 1


def test_it_needs_no_home_address_but_an_enabled_interface():
    script = Script(config(interfaces=(policy("eth1", enabled=False),)))
    script.give(link("eth1"))
    assert not reports(script.give(ra_home(interface="eth1")))
    assert not reports(script.give(ra_home(interface="unknown")))


def test_reports_are_limited_per_router_and_altogether(listening):
    assert sum(len(reports(listening.give(ra_home()))) for _ in range(100)) == MAX_REPORTS
    listening.pass_time(1.1)
    assert sum(len(reports(listening.give(ra_home()))) for _ in range(100)) == MAX_REPORTS
    listening.pass_time(1.1)
    total = 0
    for number in range(500):
        source = IPv6Address(int(IPv6Address("fe80::5:0")) + number)
        event = advertisement(source, number.to_bytes(6), prefix(HOME_PREFIX, router=AGENT), home_agent=True)
        total += len(reports(listening.give(event)))
    assert total == MAX_ROUTERS
