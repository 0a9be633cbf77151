# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel should look like, as text a person can review."""

from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.constants import DEFAULT_ROUTE_GRACE, RULE_DEFAULT, RULE_ON_LINK, RULE_TO_HOME
from mnclient.engine.events import AddressSettled
from mnclient.engine.mobile_node.desired_state import (
    DesiredState,
    KnownHomeAddress,
    KnownInterface,
    desired_state,
)
from mnclient.model.network_state import DuplicateDetection, NetworkState
from mnclient.model.status import HomeAddressState as State
from tests.mnclient.engine.mobile_node.script import (
    AGENT,
    AGENT_LOCAL,
    AGENT_MAC,
    HOME,
    HOME_PREFIX,
    MAC_B,
    ROUTER_A,
    Script,
    ack,
    advertisement,
    config,
    home,
    link,
    only,
    prefix,
    ra_a,
    ra_home,
    settle,
    updates,
)


def render(state: NetworkState) -> list[str]:
    lines = [f"device {each.name} mtu {each.mtu}" for each in state.devices]
    for each in state.addresses:
        detection = "" if each.duplicate_detection is DuplicateDetection.NONE else f" {each.duplicate_detection.value}"
        flag = " home" if each.home else ""
        lines.append(f"address {each.address}/{each.prefix_length} dev {each.interface}{flag}{detection}")
    for route in state.routes:
        via = f" via {route.gateway}" if route.gateway else ""
        source = f" src {route.preferred_source}" if route.preferred_source else ""
        source += f" metric {route.metric}" if route.metric != 1024 else ""
        through = f" tunnel {route.tunnel}" if route.tunnel else ""
        lines.append(f"route table {route.table} {route.destination}{via} dev {route.interface}{source}{through}")
    for rule in state.rules:
        source = f" from {rule.source}" if rule.source else ""
        source += f" to {rule.destination}" if rule.destination else ""
        source += f" protocol {rule.protocol}" if rule.protocol is not None else ""
        source += " ports {}-{}".format(*rule.destination_ports) if rule.destination_ports else ""
        suppress = "" if rule.suppress_prefix_length is None else f" suppress {rule.suppress_prefix_length}"
        lines.append(f"rule {rule.priority}{source} table {rule.table}{suppress}")
    for tunnel in state.tunnels:
        lines.append(f"tunnel {tunnel.device} for {tunnel.home_address} {tunnel.local} -> {tunnel.remote}")
    for neighbor in state.neighbors:
        lines.append(f"neighbor {neighbor.address} dev {neighbor.interface} {neighbor.link_layer_address.hex(':')}")
    lines += [f"sysctl {each.key}={each.value}" for each in state.sysctls]
    return sorted(lines)


def text(*lines: str) -> list[str]:
    return sorted(lines)


def test_before_any_network_is_heard_and_after_the_role_is_off():
    script = Script()
    assert render(script.state) == text(
        "address 2001:db8:1::100/128 dev mn6home home",
        "device mn6home mtu 1460",
        "route table 627500 ::/0 dev mn6home src 2001:db8:1::100 tunnel 2001:db8:1::100",
        "rule 6270 from 2001:db8:1::100/128 table 627500",
        "rule 6272 to 2001:db8:1::/64 table 627500",
    )
    script.configure(None)
    assert script.state.is_empty()


@pytest.mark.requirement("RFC4429-MN-3.2-03")
def test_while_the_care_of_address_is_optimistic_its_packets_know_no_neighbour_but_the_router():
    """It may not ask for one, and the router is known by its advertisement."""
    script = Script()
    script.register()
    table = [line for line in render(script.state) if line.startswith("route table 627600")]
    by_router = "route table 627600 {} via fe80::a dev eth0{}"
    key_management = by_router.format("2001:db8:1::1/128", f" src {script.care_of} metric 512")
    assert table == [key_management, by_router.format("::/0", "")]
    assert "neighbor fe80::a dev eth0 02:00:00:00:00:aa" in render(script.state)
    settle(script, "eth0")
    assert "route table 627600 2001:db8:a::/64 dev eth0" in render(script.state)


@pytest.mark.requirement("RFC8028-MN-3.2-02", "MN-11.3.1-08")
def test_registered_abroad():
    script = Script()
    script.register()
    settle(script, "eth0")
    care_of = script.care_of
    assert render(script.state) == text(
        f"address {care_of}/64 dev eth0 optimistic",
        "address 2001:db8:1::100/128 dev mn6home home",
        "device mn6home mtu 1460",
        "neighbor fe80::a dev eth0 02:00:00:00:00:aa",
        "route table 627500 ::/0 dev mn6home src 2001:db8:1::100 tunnel 2001:db8:1::100",
        "route table 627600 2001:db8:a::/64 dev eth0",
        f"route table 627600 2001:db8:1::1/128 via fe80::a dev eth0 src {care_of} metric 512",
        "route table 627600 ::/0 via fe80::a dev eth0",
        "rule 6269 to 2001:db8:1::1/128 protocol 17 ports 4500-4500 table 627600",
        "rule 6269 to 2001:db8:1::1/128 protocol 17 ports 500-500 table 627600",
        "rule 6270 from 2001:db8:1::100/128 table 627500",
        f"rule 6271 from {care_of}/128 table 627600",
        "rule 6272 to 2001:db8:1::/64 table 627500",
        "rule 6274 table 254 suppress 0",
        "rule 6275 table 627500",
        "sysctl net/ipv6/conf/eth0/optimistic_dad=1",
        "sysctl net/ipv6/conf/eth0/use_optimistic=1",
        f"tunnel mn6home for 2001:db8:1::100 {care_of} -> 2001:db8:1::1",
    )


def test_at_home():
    script = Script()
    script.give(link())
    script.give(ra_home())
    script.give(AddressSettled(interface="eth0", address=HOME))
    assert render(script.state) == text(
        "address 2001:db8:1::100/128 dev eth0 normal",
        "address 2001:db8:1::100/128 dev mn6home home",
        "device mn6home mtu 1460",
        "route table 627500 2001:db8:1::/64 dev eth0 src 2001:db8:1::100",
        "route table 627500 ::/0 dev mn6home src 2001:db8:1::100 metric 4096 tunnel 2001:db8:1::100",
        "route table 627500 ::/0 via fe80::a:1 dev eth0 src 2001:db8:1::100",
        "rule 6270 from 2001:db8:1::100/128 table 627500",
        "rule 6272 to 2001:db8:1::/64 table 627500",
        "rule 6274 table 254 suppress 0",
        "rule 6275 table 627500",
    )


def tables_to_home_prefix(script: Script) -> list[int]:
    rules = [each for each in script.state.rules if each.priority == RULE_TO_HOME]
    assert {each.destination for each in rules} <= {HOME_PREFIX}
    return sorted(each.table for each in rules)


@pytest.mark.requirement("RFC6724-MN-5-01")
def test_neighbours_at_home_see_the_home_address_when_it_is_settled_there_and_not_before():
    """A tentative address is no source, and while the home agent defends it nothing but signalling leaves from it."""
    script = Script()
    script.give(link())
    script.give(ra_home())
    assert script.where is State.DETECTING
    assert tables_to_home_prefix(script) == []
    script.give(AddressSettled(interface="eth0", address=HOME))
    assert tables_to_home_prefix(script) == [627500]
    script.give(link(interrupted=True))
    script.give(ra_home())
    assert script.where is State.DETECTING
    assert tables_to_home_prefix(script) == []


@pytest.mark.requirement("RFC6724-MN-5-01", "MN-11.5.5-01")
def test_on_the_way_home_the_rule_to_the_home_prefix_opens_nothing():
    script = Script()
    script.register()
    assert tables_to_home_prefix(script) == [627500]
    script.give(link(interrupted=True))
    update = only(updates(script.give(ra_home())))
    assert script.where is State.RETURNING
    assert tables_to_home_prefix(script) == []
    script.give(ack(update))
    assert script.where is State.AT_HOME
    assert tables_to_home_prefix(script) == [627500]


def ways_by_eth0(script: Script) -> set[str]:
    """Where packets of the home address go without a tunnel."""
    return {str(each.destination) for each in script.state.routes if (each.table, each.interface) == (627500, "eth0")}


def known_neighbors(script: Script) -> dict[IPv6Address, bytes]:
    return {each.address: each.link_layer_address for each in script.state.neighbors}


@pytest.mark.requirement("MN-11.5.5-03")
def test_on_the_way_home_the_kernel_has_to_ask_for_nobody_before_the_home_agent_has_answered():
    """It would ask from the home address, which is still defended: all goes by the router, whose hardware is known."""
    script = Script()
    script.register()
    script.give(link(interrupted=True))
    update = only(updates(script.give(ra_home())))
    assert script.where is State.RETURNING
    assert ways_by_eth0(script) == {f"{AGENT}/128", "::/0"}
    assert known_neighbors(script) == {AGENT: AGENT_MAC, AGENT_LOCAL: AGENT_MAC}
    script.give(ack(update))
    assert ways_by_eth0(script) == {str(HOME_PREFIX), "::/0"}
    assert known_neighbors(script) == {}


@pytest.mark.requirement("MN-11.5.5-01")
def test_on_the_way_home_nothing_leaves_while_the_binding_update_waits_for_the_home_agents_hardware():
    script = Script()
    script.register()
    script.give(link(interrupted=True))
    assert not updates(script.give(advertisement(ROUTER_A, MAC_B, prefix(HOME_PREFIX))))
    assert ways_by_eth0(script) == {f"{AGENT}/128"}
    assert updates(script.pass_time(1.5))
    assert ways_by_eth0(script) == {f"{AGENT}/128", "::/0"}
    assert known_neighbors(script) == {ROUTER_A: MAC_B}


@pytest.mark.requirement("MN-11.6.3-02")
def test_the_tunnel_begins_with_the_binding_update():
    script = Script()
    script.give(link())
    script.give(ra_a())
    assert script.where is State.REGISTERING
    assert only(script.state.tunnels).local == script.care_of
    script.give(link(up=False))
    assert not script.state.tunnels


def defaults(script: Script) -> set[int]:
    return {each.table for each in script.state.rules if each.priority == RULE_DEFAULT}


def test_new_connections_wait_for_a_silent_home_agent_only_so_long():
    script = Script()
    script.give(link())
    script.give(ra_a())
    assert defaults(script) == set()
    script.give(ack(only(updates(script.actions))))
    assert defaults(script) == {627500}
    script.give(link(interrupted=True))
    script.pass_time(DEFAULT_ROUTE_GRACE - 0.1)
    assert defaults(script) == {627500}
    script.pass_time(0.2)
    assert defaults(script) == set()
    assert not [each for each in script.state.rules if each.priority == RULE_ON_LINK]


def test_new_connections_wait_as_long_as_there_is_no_link_at_all():
    """Nothing else could carry them: a pause is better than an error."""
    script = Script()
    script.register()
    script.give(link(up=False))
    script.pass_time(100 * DEFAULT_ROUTE_GRACE)
    assert defaults(script) == {627500}
    script.give(link())
    assert defaults(script) == set()


def test_new_connections_use_the_preferred_home_address():
    second = home(IPv6Address("2001:db8:2::5"), IPv6Network("2001:db8:2::/64"), IPv6Address("2001:db8:2::1"))
    for chosen, table in (
        (second, 627500),
        (home(second.address, second.prefix, second.home_agent, preferred=True), 627501),
    ):
        script = Script(config(home(), chosen))
        script.give(link())
        for update in updates(script.give(ra_a())):
            script.give(ack(update, home_address=update.packet.home_address, source=update.packet.destination))
        assert defaults(script) == {table}


@pytest.mark.parametrize("link_mtu, expected", [(1500, 1460), (9000, 8960), (1300, 1280), (0, 1280)])
def test_the_tunnel_leaves_room_for_its_header(link_mtu, expected):
    script = Script()
    script.give(link(mtu=link_mtu))
    script.give(ra_a())
    assert only(script.state.devices).mtu == expected
    script.give(link(up=False, mtu=link_mtu))
    assert only(script.state.devices).mtu == expected


def test_tables_keep_their_numbers_when_a_home_address_goes():
    second = home(IPv6Address("2001:db8:1::200"))
    script = Script(config(home(), second))
    script.configure(config(second))
    rule = only(each for each in script.state.rules if each.source == IPv6Network("2001:db8:1::200/128"))
    assert rule.table == 627501
    script.configure(config(second, home()))
    rule = only(each for each in script.state.rules if each.source == IPv6Network("2001:db8:1::100/128"))
    assert rule.table == 627500
    assert HOME in HOME_PREFIX


def test_an_unchanged_state_is_not_said_again():
    script = Script()
    script.register()
    for _ in range(5):
        script.pass_time(10.0)
        assert script.give(ra_a()) == []


def known(default=None, mtu=1500):
    homes = [KnownHomeAddress(address=HOME, prefix=HOME_PREFIX, index=0, home_agent=None, on_device=True)]
    interfaces = [KnownInterface(name="wlan0", index=1, router=None, care_of=(HOME,))]
    return homes, interfaces, default, mtu


def test_it_is_worked_out_when_something_else_is_known():
    desired = DesiredState()
    first = desired.of(known())
    assert first == desired_state(*known())
    assert desired.of(known()) is first
    for other in (known(default=627500), known(mtu=1280), known()):
        assert desired.of(other) == desired_state(*other)
    assert desired.of(known()) == first
