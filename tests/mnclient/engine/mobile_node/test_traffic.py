# SPDX-License-Identifier: GPL-2.0-or-later
"""Traffic that uses the care-of address on purpose: rules of the person, and the visited network's name servers."""

from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.constants import MAX_NAME_SERVERS, MAX_TRAFFIC_RULES, RULE_KEY_MANAGEMENT, RULE_ON_LINK, RULE_TRAFFIC
from mnclient.engine.events import AddressSettled
from mnclient.model.config import MobileNodeConfig, TrafficRule
from mnclient.units import Seconds
from mnclient.wire.neighbor_options import RecursiveNameServers, RouteInformation, RouterPreference
from tests.mnclient.engine.mobile_node.script import (
    AGENT,
    HOME,
    MAC_B,
    NET_A,
    ROUTER_A,
    ROUTER_B,
    Script,
    advertisement,
    config,
    link,
    ra_a,
    ra_b,
    ra_home,
    settle,
)
from tests.mnclient.engine.mobile_node.test_desired_state import render

SERVER, OTHER = IPv6Address("2001:db8:a::53"), IPv6Address("2001:db8:b::53")
WEB = TrafficRule(destination=IPv6Network("2001:db8:5::/48"), protocol=6, ports=(80, 443))


def servers(*addresses: IPv6Address, lifetime: float = 600.0) -> RecursiveNameServers:
    return RecursiveNameServers(addresses=addresses, lifetime=Seconds(lifetime))


def rules(script: Script) -> list[str]:
    return [line for line in render(script.state) if line.startswith(f"rule {RULE_TRAFFIC}")]


def abroad(chosen: MobileNodeConfig | None = None, **advertised: object) -> Script:
    script = Script(chosen or config())
    script.register(ra_a(**advertised))
    settle(script, "eth0")
    return script


def asking(address: IPv6Address) -> list[str]:
    to = f"rule {RULE_TRAFFIC} to {address}/128"
    ways = ("protocol 17 ports 53-53", "protocol 6 ports 53-53", "protocol 6 ports 853-853")
    return sorted(f"{to} {way} table 627600" for way in ways)


@pytest.mark.requirement("MN-11.3.1-04")
def test_a_rule_leads_to_the_care_of_address():
    script = abroad(config(traffic_rules=(WEB,)))
    assert rules(script) == [f"rule {RULE_TRAFFIC} to 2001:db8:5::/48 protocol 6 ports 80-443 table 627600"]
    table = [line for line in render(script.state) if line.startswith("route table 627600") and str(AGENT) not in line]
    assert table == [
        "route table 627600 2001:db8:a::/64 dev eth0",
        f"route table 627600 2001:db8:a::/64 dev eth0 src {script.care_of} metric 512",
        "route table 627600 ::/0 via fe80::a dev eth0",
        f"route table 627600 ::/0 via fe80::a dev eth0 src {script.care_of} metric 512",
    ]
    assert RULE_TRAFFIC < RULE_ON_LINK


def test_name_servers_of_the_visited_network_are_asked_from_the_care_of_address():
    script = abroad(name_servers=servers(SERVER))
    assert rules(script) == asking(SERVER)


def test_name_servers_go_when_their_time_is_over_or_they_are_withdrawn():
    script = abroad(name_servers=servers(SERVER))
    script.pass_time(599.0)
    assert rules(script) == asking(SERVER)
    script.pass_time(2.0)
    assert rules(script) == []
    script.give(ra_a(name_servers=servers(SERVER)))
    assert rules(script) == asking(SERVER)
    script.give(ra_a(name_servers=servers(SERVER, lifetime=0.0)))
    assert rules(script) == []


def test_another_network_has_other_name_servers():
    script = abroad(name_servers=servers(SERVER))
    script.give(link(interrupted=True))
    script.give(ra_b(name_servers=servers(OTHER)))
    assert rules(script) == asking(OTHER)
    assert all(route.preferred_source == script.care_of for route in script.state.routes if route.metric == 512)


def test_not_when_it_is_not_wanted():
    assert rules(abroad(config(use_visited_name_servers=False), name_servers=servers(SERVER))) == []


def test_at_home_there_are_no_such_rules():
    script = Script(config(traffic_rules=(WEB,)))
    script.give(link())
    script.give(ra_home(name_servers=servers(SERVER)))
    script.give(AddressSettled(interface="eth0", address=HOME))
    assert rules(script) == []


def test_no_advertisement_leads_traffic_of_home_past_the_tunnel():
    hostile = servers(AGENT, HOME, IPv6Address("2001:db8:1::53"), IPv6Address("fe80::53"))
    assert rules(abroad(name_servers=hostile)) == []


def test_a_flood_of_name_servers_is_bounded():
    many = servers(*(SERVER + number for number in range(100)))
    assert len(rules(abroad(name_servers=many))) == 3 * MAX_NAME_SERVERS
    named = tuple(TrafficRule(destination=IPv6Network((int(SERVER) + n, 128))) for n in range(2 * MAX_TRAFFIC_RULES))
    assert len(rules(abroad(config(traffic_rules=named), name_servers=many))) == MAX_TRAFFIC_RULES


# --- key management with the home agent ------------------------------------------------------------------------------


def key_management(script: Script) -> list[str]:
    return [line for line in render(script.state) if line.startswith(f"rule {RULE_KEY_MANAGEMENT}")]


@pytest.mark.requirement("MN-11.3.2-04")
def test_key_management_with_the_home_agent_uses_the_care_of_address():
    """Before anything else is decided, also for packets of the home address; and in each network anew."""
    script = abroad()
    agent = f"rule {RULE_KEY_MANAGEMENT} to {AGENT}/128 protocol 17"
    assert key_management(script) == [f"{agent} ports {port}-{port} table 627600" for port in (4500, 500)]
    assert min(each.priority for each in script.state.rules) == RULE_KEY_MANAGEMENT
    for heard in (None, ra_b()):
        if heard is not None:
            script.give(link(interrupted=True))
            script.give(heard)
        (way,) = [each for each in script.state.routes if each.destination == IPv6Network((int(AGENT), 128))]
        assert (way.table, way.preferred_source, way.tunnel) == (627600, script.care_of, None)


def test_it_goes_by_the_current_router_whatever_another_one_names():
    """As all signalling with the home agent."""
    far = RouteInformation(
        prefix=IPv6Network("2001:db8:1::/48"), preference=RouterPreference.HIGH, lifetime=Seconds(600.0)
    )
    script = abroad()
    script.give(advertisement(ROUTER_B, MAC_B, NET_A, far))
    (way,) = [each for each in script.state.routes if each.destination == IPv6Network((int(AGENT), 128))]
    assert way.gateway == ROUTER_A


def test_at_home_key_management_is_as_everything_else():
    script = Script()
    script.give(link())
    script.give(ra_home())
    script.give(AddressSettled(interface="eth0", address=HOME))
    assert key_management(script) == []
