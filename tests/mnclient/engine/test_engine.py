# SPDX-License-Identifier: GPL-2.0-or-later
"""The roles behind one door: switched at run time, added up in one status."""

from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.engine.actions import SetNetworkState
from mnclient.engine.engine import Engine
from mnclient.engine.events import Configured, DeadlineReached, LinkChanged, MalformedReceived, Stopping
from mnclient.errors import WireFault
from mnclient.model.config import HomeAddressConfig, MobileNodeConfig, NodeConfig
from mnclient.model.problems import ProblemCode
from mnclient.model.status import Phase
from mnclient.units import Instant
from mnclient.wire.binding import BindingError
from mnclient.wire.neighbor_discovery import NeighborSolicitation
from tests.mnclient.engine.home_agent.script import (
    CONFIG,
    ETH0_UP,
    HOME,
    VIRTUAL_HOME,
    FakeEntropy,
    acks,
    binding_update,
    packets,
)

NOW = Instant(100.0)
WLAN0_UP = LinkChanged(
    interface="wlan0", is_up=True, link_layer_address=b"\2\0\0\0\0\5", link_local_address=IPv6Address("fe80::5")
)
MOBILE = MobileNodeConfig(
    home_addresses=(
        HomeAddressConfig(
            address=IPv6Address("2001:db8:a::1"),
            prefix=IPv6Network("2001:db8:a::/64"),
            home_agent=IPv6Address("2001:db8:a::ff"),
        ),
    ),
    stable_secret=bytes(16),
    allow_unprotected_signalling=True,
)
ONLY_HOME_AGENT = NodeConfig(home_agent=CONFIG)
BOTH = NodeConfig(home_agent=CONFIG, mobile_node=MOBILE)


def engine(*configurations: NodeConfig, links: tuple[LinkChanged, ...] = (ETH0_UP, WLAN0_UP)) -> Engine:
    made = Engine(FakeEntropy())
    for event in (*links, *(Configured(config=each) for each in configurations)):
        made.handle(event, NOW)
    return made


def wanted(actions) -> dict[str, bool]:
    """Owners, and whether they want anything now."""
    return {each.owner: not each.state.is_empty() for each in actions if isinstance(each, SetNetworkState)}


def test_with_no_role_nothing_happens():
    node = engine()
    assert node.handle(WLAN0_UP, NOW) == []
    assert node.handle(binding_update(), NOW) == []
    assert node.next_deadline() is None
    status = node.status(NOW)
    assert (status.now, status.phase, status.home_agent, status.problems) == (NOW, Phase.OFF, None, ())
    assert node.binding_cache(NOW) == ()
    assert node.handovers() == ()


def test_the_mobile_node_is_off_while_only_the_home_agent_is_on():
    status = engine(ONLY_HOME_AGENT).status(NOW)
    assert (status.phase, status.home_addresses, status.interfaces) == (Phase.OFF, (), ())
    assert status.home_agent is not None
    assert status.home_agent.links[0].is_up


def test_both_roles_are_one_status():
    node = engine(BOTH)
    status = node.status(NOW)
    assert status.phase is not Phase.OFF
    assert [each.address for each in status.home_addresses] == [MOBILE.home_addresses[0].address]
    assert {each.name for each in status.interfaces} >= {"wlan0"}
    assert status.home_agent is not None
    assert ProblemCode.UNPROTECTED_SIGNALLING in {each.code for each in status.problems}


def test_a_role_switched_on_later_knows_the_interfaces():
    node = engine(NodeConfig())
    actions = node.handle(Configured(config=ONLY_HOME_AGENT), NOW)
    assert wanted(actions) == {"home-agent": True}
    assert packets(node.handle(binding_update(home=HOME), NOW), NeighborSolicitation)
    node.handle(Configured(config=BOTH), NOW)
    assert {each.name for each in node.status(NOW).interfaces if each.is_up} >= {"wlan0"}


def test_one_role_goes_off_and_the_other_stays():
    node = engine(BOTH)
    node.handle(binding_update(home=VIRTUAL_HOME), NOW)
    actions = node.handle(Configured(config=NodeConfig(mobile_node=MOBILE)), NOW)
    assert wanted(actions) == {f"home-agent:{VIRTUAL_HOME}": False, "home-agent": False}
    assert node.status(NOW).home_agent is None
    assert node.status(NOW).phase is not Phase.OFF
    assert node.handle(binding_update(2, home=VIRTUAL_HOME), NOW) == []
    node.handle(Configured(config=NodeConfig()), NOW)
    assert node.status(NOW).phase is Phase.OFF
    node.handle(DeadlineReached(), Instant(NOW + 10))  # the sequence number of the binding is forgotten
    assert node.next_deadline() is None


def test_the_earliest_deadline_of_all_roles_counts():
    node = engine(ONLY_HOME_AGENT)
    assert node.next_deadline() is None
    node.handle(binding_update(home=HOME), NOW)
    assert node.next_deadline() == NOW + 1
    assert [ack.status for ack in acks(node.handle(DeadlineReached(), Instant(NOW + 1)))] == [0]


def test_stopping_empties_every_owner():
    node = engine(BOTH)
    made = wanted(node.handle(binding_update(home=VIRTUAL_HOME), NOW))
    assert made == {f"home-agent:{VIRTUAL_HOME}": True}
    ended = wanted(node.handle(Stopping(), NOW))
    assert {"home-agent", f"home-agent:{VIRTUAL_HOME}"} <= ended.keys()
    assert not any(ended.values())
    assert node.next_deadline() is None


@pytest.mark.requirement("HA-15.3-01")
def test_bindings_outlive_the_engine():
    node = engine(ONLY_HOME_AGENT)
    node.handle(binding_update(7, home=VIRTUAL_HOME), NOW)
    node.handle(Stopping(), NOW)
    new = Engine(FakeEntropy())
    new.restore(node.snapshot(NOW), NOW)
    assert f"home-agent:{VIRTUAL_HOME}" in wanted(new.handle(Configured(config=ONLY_HOME_AGENT), NOW))
    assert [each.home_address for each in new.binding_cache(NOW)] == [VIRTUAL_HOME]
    assert [ack.status for ack in acks(new.handle(binding_update(7, home=VIRTUAL_HOME), NOW))] == [135]


def malformed(fault: WireFault) -> MalformedReceived:
    return MalformedReceived(
        interface="wlan0",
        source=IPv6Address("2001:db8:2::9"),
        destination=IPv6Address("2001:db8:1::1"),
        fault=fault,
        pointer=42,
        original=bytes(48),
        is_mobility_header=True,
    )


@pytest.mark.requirement("ALL-9.2-02")
def test_malformed_packets_are_counted_and_answered_whatever_the_roles():
    node = engine()
    (sent,) = packets(node.handle(malformed(WireFault.UNKNOWN_TYPE), NOW), BindingError)
    assert sent.packet.message.status == 2
    assert node.handle(malformed(WireFault.BAD_CHECKSUM), NOW) == []
    assert node.handle(malformed(WireFault.BAD_CHECKSUM), NOW) == []
    counters = node.status(NOW).counters
    assert counters["malformed.unknown-type"] == 1
    assert counters["malformed.bad-checksum"] == 2


def test_counters_of_all_roles_are_in_the_status():
    node = engine(BOTH)
    node.handle(binding_update(home=VIRTUAL_HOME), NOW)
    assert node.status(NOW).counters["bu.accepted"] == 1


def test_no_fault_and_no_address_makes_it_raise():
    node = engine(BOTH)
    for fault in WireFault:
        for source in ("::", "::1", "ff02::1", "fe80::1", "2001:db8::1"):
            event = replace(malformed(fault), source=IPv6Address(source), original=b"", pointer=0)
            node.handle(event, NOW)
    assert sum(count for name, count in node.status(NOW).counters.items() if name.startswith("malformed.")) == 5 * len(
        WireFault
    )
