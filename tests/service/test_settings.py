# SPDX-License-Identifier: GPL-2.0-or-later
from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.errors import ConfigError
from mnclient.model.config import (
    AccessIdentifier,
    AccessRule,
    AdvertisingConfig,
    CorrespondentNodeConfig,
    CorrespondentPolicy,
    DiscoveryUse,
    HomeAddressConfig,
    HomeAgentConfig,
    HomeLinkConfig,
    IdentifierMethod,
    InterfacePolicy,
    MobileNodeConfig,
    NodeConfig,
    OptimizationUse,
    RouteOptimizationConfig,
    TrafficRule,
)
from service.autoconfiguration.policy import PolicySettings
from service.settings import Settings, default_path, load
from service.settings_schema import scalars

SECRET = bytes(32)

EVERYTHING = """
version = 1

[mobile_node]
enabled = true
home_addresses = [
    { address = "2001:DB8:1:0::100", home_agent = "2001:db8:1::1", preferred = true },
    { address = "2001:db8:2::100", prefix = "2001:db8:2::/60" },
]
identifier = "eui64"
registration_lifetime = 300
first_registration_timeout = 2
allow_unprotected_signalling = true
use_visited_name_servers = false
verify = false
home_agent_discovery = "always"

[mobile_node.route_optimization]
location_privacy = false
use = "only-these"

[[mobile_node.route_optimization.correspondents]]
prefix = "2001:db8:c::/48"

[[mobile_node.route_optimization.correspondents]]
prefix = "2001:db8:c:bad::/64"
allow = false

[[mobile_node.access_identifiers]]
home_address = "2001:DB8:1::0010"
identifier = "laptop@example.org"

[[mobile_node.traffic_rules]]
destination = "2001:db8:dd::/48"

[[mobile_node.traffic_rules]]
protocol = "udp"
ports = 53

[[mobile_node.traffic_rules]]
destination = "2001:db8:ee::1/128"
protocol = "tcp"
ports = "5000-5100"

[network]
datapath = "portable"

[correspondent_node]
enabled = true
max_bindings = 7
max_lifetime = 60

[[correspondent_node.access]]
allow = false
home_addresses = "2001:db8:bad::/48"

[[mobile_node.interfaces]]
name = "wlan0"
priority = 200
enabled = false

[autoconfiguration]
enabled = true
desperation = true
ask_first = false
max_home_addresses = 2
responsiveness = 80
activation_time = 12.5

[[known_home_agents]]
address = "2001:db8:1::1"
preference = 3

[home_agent]
enabled = true
max_lifetime = 1200
max_bindings = 50
refresh_advice = 60
optimistic_forwarding = false
address_discovery = false
prefix_advertisements = false
min_prefix_advertisement_interval = 30
max_prefix_advertisement_interval = 60
allow_unprotected_signalling = true

[[home_agent.links]]
prefix = "2001:db8:1::/64"
address = "2001:db8:1::1"
interface = "eth1"
[home_agent.links.advertise]
min_interval = 0.03
max_interval = 0.07
router_lifetime = 9

[[home_agent.links]]
prefix = "2001:db8:5::/64"
address = "2001:db8:5::1"
virtual = true

[[home_agent.access]]
allow = false
care_of_addresses = "2001:db8:bad::/48"
"""

HOME_ADDRESSES = (
    HomeAddressConfig(
        address=IPv6Address("2001:db8:1::100"),
        prefix=IPv6Network("2001:db8:1::/64"),
        home_agent=IPv6Address("2001:db8:1::1"),
        preferred=True,
    ),
    HomeAddressConfig(address=IPv6Address("2001:db8:2::100"), prefix=IPv6Network("2001:db8:2::/60"), home_agent=None),
)


EVERYTHING_FOR_THE_NODE = NodeConfig(
    mobile_node=MobileNodeConfig(
        home_addresses=HOME_ADDRESSES,
        interfaces=(InterfacePolicy(name="wlan0", priority=200, enabled=False),),
        access_identifiers=(
            AccessIdentifier(home_address=IPv6Address("2001:db8:1::10"), identifier="laptop@example.org"),
        ),
        identifier_method=IdentifierMethod.EUI64,
        stable_secret=SECRET,
        registration_lifetime=300.0,
        initial_bindack_timeout_first_reg=2.0,
        allow_unprotected_signalling=True,
        route_optimization=RouteOptimizationConfig(
            use=OptimizationUse.ONLY_THESE,
            correspondents=(
                CorrespondentPolicy(prefix=IPv6Network("2001:db8:c::/48"), allow=True),
                CorrespondentPolicy(prefix=IPv6Network("2001:db8:c:bad::/64"), allow=False),
            ),
            location_privacy=False,
        ),
        traffic_rules=(
            TrafficRule(destination=IPv6Network("2001:db8:dd::/48")),
            TrafficRule(protocol=17, ports=(53, 53)),
            TrafficRule(destination=IPv6Network("2001:db8:ee::1/128"), protocol=6, ports=(5000, 5100)),
        ),
        use_visited_name_servers=False,
        verify=False,
        home_agent_discovery=DiscoveryUse.ALWAYS,
    ),
    correspondent_node=CorrespondentNodeConfig(
        access=(AccessRule(allow=False, home_addresses=IPv6Network("2001:db8:bad::/48")),),
        max_bindings=7,
        max_lifetime=60.0,
    ),
    home_agent=HomeAgentConfig(
        links=(
            HomeLinkConfig(
                prefix=IPv6Network("2001:db8:1::/64"),
                address=IPv6Address("2001:db8:1::1"),
                interface="eth1",
                advertising=AdvertisingConfig(
                    min_interval=0.03, max_interval=0.07, min_delay_between=0.03, router_lifetime=9.0
                ),
            ),
            HomeLinkConfig(prefix=IPv6Network("2001:db8:5::/64"), address=IPv6Address("2001:db8:5::1"), interface=None),
        ),
        access=(AccessRule(allow=False, care_of_addresses=IPv6Network("2001:db8:bad::/48")),),
        max_lifetime=1200.0,
        max_bindings=50,
        refresh_advice=60.0,
        optimistic_forwarding=False,
        address_discovery=False,
        prefix_advertisements=False,
        min_prefix_advertisement_interval=30.0,
        max_prefix_advertisement_interval=60.0,
        allow_unprotected_signalling=True,
    ),
)


@pytest.mark.requirement("MN-13-01", "HA-13-01", "HA-7.5-01")
def test_everything_that_can_be_said_reaches_the_node():
    settings = Settings.parse(EVERYTHING)
    assert settings.home_addresses == HOME_ADDRESSES
    assert settings.to_node_config(HOME_ADDRESSES, SECRET) == EVERYTHING_FOR_THE_NODE


def test_what_is_said_to_the_service_stays_there():
    settings = Settings.parse(EVERYTHING)
    assert settings.datapath == "portable"
    assert settings.policy() == PolicySettings(
        desperation=True, ask_first=False, max_home_addresses=2, responsiveness=80, activation_time=12.5
    )
    assert [(str(each.prefix), each.pinned, each.preference) for each in settings.known_home_agents] == [
        ("2001:db8:1::/64", True, 3)
    ]


@pytest.mark.requirement("HA-7.5-02")
def test_the_defaults_are_those_of_the_node():
    default = Settings()
    assert default.to_node_config((), SECRET) == NodeConfig(mobile_node=MobileNodeConfig(stable_secret=SECRET))
    on = Settings.parse("home_agent.enabled = true")
    assert on.to_node_config((), SECRET).home_agent == HomeAgentConfig()
    assert default.policy() == PolicySettings()
    assert default.datapath == "auto"
    reachable = Settings.parse("correspondent_node.enabled = true")
    assert reachable.to_node_config((), SECRET).correspondent_node == CorrespondentNodeConfig()
    link = 'home_agent.links = [{prefix="2001:db8:1::/64", address="2001:db8:1::1", interface="a", advertise={}}]'
    (made,) = Settings.parse(f"home_agent.enabled = true\n{link}").to_node_config((), SECRET).home_agent.links
    assert made.advertising == AdvertisingConfig()


@pytest.mark.requirement("HA-13-02")
@pytest.mark.parametrize("longest, shortest", [(600, 200), (9, 3), (4, 3), (0.07, 0.0525)])
def test_the_shortest_interval_follows_the_longest(longest, shortest):
    link = f'prefix="2001:db8:1::/64", address="2001:db8:1::1", interface="a", advertise={{max_interval={longest}}}'
    settings = Settings.parse(f"home_agent.enabled = true\nhome_agent.links = [{{{link}}}]")
    (made,) = settings.to_node_config((), SECRET).home_agent.links
    assert made.advertising.min_interval == pytest.approx(shortest)
    assert made.advertising.min_delay_between == pytest.approx(min(shortest, 3))


@pytest.mark.requirement("HA-13-01")
def test_the_shortest_time_between_two_advertisements_can_be_said_down_to_30_milliseconds():
    link = 'prefix="2001:db8:1::/64", address="2001:db8:1::1", interface="a", advertise={min_delay_between=%s}'
    text = f"home_agent.enabled = true\nhome_agent.links = [{{{link}}}]"
    for said in (0.03, 1.5):
        (made,) = Settings.parse(text % said).to_node_config((), SECRET).home_agent.links
        assert made.advertising.min_delay_between == said
    with pytest.raises(ConfigError, match="min_delay_between"):
        Settings.parse(text % 0.029)


def test_roles_are_switched_by_themselves():
    off = Settings.parse("mobile_node.enabled = false")
    assert off.to_node_config(HOME_ADDRESSES, SECRET) == NodeConfig()
    assert not off.policy().enabled, "a machine that is no mobile node takes no home address"


@pytest.mark.parametrize("content", [None, b"", b"\n  \n", b"# only words\n", b"\xef\xbb\xbfversion = 1\n"])
def test_a_missing_or_empty_file_gives_the_defaults(tmp_path, content):
    path = tmp_path / "mnclient.toml"
    if content is not None:
        path.write_bytes(content)
    assert load(path) == Settings()


@pytest.mark.parametrize(
    "key, text, value",
    [
        ("autoconfiguration.responsiveness", "80", 80),
        ("autoconfiguration.responsiveness", " 80 ", 80),
        ("mobile_node.route_optimization.location_privacy", "off", False),
        ("mobile_node.route_optimization.use", "never", "never"),
        ("mobile_node.traffic_rules", "[{protocol='tcp', ports='80'}]", [{"protocol": "tcp", "ports": 80}]),
        ("mobile_node.traffic_rules", "[{protocol='tcp', ports=' 80 - 80'}]", [{"protocol": "tcp", "ports": 80}]),
        ("autoconfiguration.desperation", "true", True),
        ("autoconfiguration.desperation", "on", True),
        ("autoconfiguration.desperation", "No", False),
        ("mobile_node.registration_lifetime", "300", 300.0),
        ("mobile_node.registration_lifetime", "4.5", 4.5),
        ("mobile_node.identifier", "eui64", "eui64"),
        ("mobile_node.identifier", '"eui64"', "eui64"),
        ("mobile_node.interfaces", "[]", []),
        ("mobile_node.interfaces", "[{name='a'}]", [{"name": "a", "priority": 100, "enabled": True}]),
    ],
)
def test_values_as_they_are_typed(key, text, value):
    settings = Settings().with_value(key, text)
    assert settings.get(key) == value
    assert type(settings.get(key)) is type(value)


@pytest.mark.parametrize(
    "key, text, said",
    [
        (
            "autoconfiguration.responsiveness",
            "eager",
            "'eager' is not a whole number (accepted: a whole number from 0 to",
        ),
        ("autoconfiguration.responsiveness", "", "accepted: a whole number from 0 to 100"),
        ("autoconfiguration.responsiveness", "1\nevil = 2", "one value is wanted"),
        ("autoconfiguration.desperation", "maybe", "accepted: true or false"),
        ("mobile_node.identifier", "MAC", "accepted: eui64, stable-opaque, temporary"),
        ("mobile_node.responsiveness", "1", "did you mean autoconfiguration.responsiveness?"),
        ("mobile_node.interfaces", "[{name='a'}, {name='a'}]", "listed twice"),
    ],
)
def test_values_that_are_typed_wrongly(key, text, said):
    with pytest.raises(ConfigError) as caught:
        Settings().with_value(key, text)
    assert said in str(caught.value)
    assert caught.value.key.startswith(key)


def test_every_single_value_is_described():
    described = Settings().describe()
    assert list(described) == [setting.key for setting in scalars()]
    assert described["mobile_node.allow_unprotected_signalling"] is False
    assert all(type(value) in (bool, int, float, str) for value in described.values())


def test_what_is_got_cannot_change_what_is_in_force():
    settings = Settings.parse(EVERYTHING)
    settings.get("mobile_node.interfaces")[0]["name"] = "eth9"
    assert settings.get("mobile_node.interfaces")[0]["name"] == "wlan0"


def test_the_default_place(monkeypatch):
    monkeypatch.delenv("CONFIGURATION_DIRECTORY", raising=False)
    assert str(default_path()) == "/etc/mnclient/mnclient.toml"
    monkeypatch.setenv("CONFIGURATION_DIRECTORY", "/etc/other:/etc/another")
    assert str(default_path()) == "/etc/other/mnclient.toml"


@pytest.mark.requirement("HA-13-01")
def test_discovery_and_prefix_advertisements_are_on_with_the_intervals_of_the_text():
    role = Settings.parse("[home_agent]\nenabled = true\n").to_node_config((), SECRET).home_agent
    assert role is not None
    assert (role.address_discovery, role.prefix_advertisements) == (True, True)
    assert (role.min_prefix_advertisement_interval, role.max_prefix_advertisement_interval) == (600.0, 86_400.0)


@pytest.mark.requirement("MN-11.5.2-02")
def test_a_home_address_needs_no_home_agent():
    settings = Settings.parse('[[mobile_node.home_addresses]]\naddress = "2001:db8:1::100"\n')
    (home,) = settings.home_addresses
    assert (home.home_agent, home.prefix) == (None, IPv6Network("2001:db8:1::/64"))
    assert settings.to_node_config((home,), SECRET).mobile_node.home_agent_discovery is DiscoveryUse.WHEN_UNKNOWN


@pytest.mark.requirement("RFC4285-HA-6-01")
def test_timestamps_may_be_seven_seconds_off_or_what_is_said_but_never_as_few_as_three():
    for said, expected in (("", 7.0), ("replay_window = 4\n", 4.0), ("replay_window = 60.5\n", 60.5)):
        role = Settings.parse(f"[home_agent]\nenabled = true\n{said}").to_node_config((), SECRET).home_agent
        assert role is not None and role.replay_window == expected
    with pytest.raises(ConfigError, match="out of range"):
        Settings.parse("[home_agent]\nreplay_window = 3\n")
