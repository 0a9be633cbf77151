# SPDX-License-Identifier: GPL-2.0-or-later
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnclient.errors import ConfigError
from service.settings import Settings, load
from service.settings_schema import SETTINGS

SEVENTEEN = [f"{{address='2001:db8::{number:x}'}}" for number in range(1, 18)]
LONG = "\N{LATIN SMALL LETTER E WITH ACUTE}" * 127  # of two octets each
HA = "prefix='2001:db8:1::/64', address='2001:db8:1::1', interface='a'"

# What is written, the key that is named, and pieces of what is said about it.
BAD = [
    ("mobile_node = [", "end of document", ["this is not TOML", "TOML 1.0"]),
    ("[mobile_node]\nenabled = yes\n", "line 2, column 11", ["this is not TOML: Invalid value"]),
    ("enabled = 1\nenabled = 2", "end of document", ["this is not TOML: Cannot overwrite a value"]),
    ("version = 2", "version", ["version 2 is newer than this program", "accepted: 1, or a newer mnclient"]),
    ("version = '1'", "version", ["'1' is not a version", "accepted: 1"]),
    ("version = true", "version", ["true is not a version"]),
    ("mobilenode.enabled = true", "mobilenode", ["no such key; did you mean mobile_node?"]),
    ("known_home_agent = []", "known_home_agent", ["did you mean known_home_agents?"]),
    ("mobile_node = 3", "mobile_node", ["3 is not a section", "[mobile_node]"]),
    ("mobile_node.enable = true", "mobile_node.enable", ["did you mean enabled?", "accepted: access_identifiers"]),
    ("mobile_node.xyz = true", "mobile_node.xyz", ["there is no such key (accepted"]),
    ("mobile_node.enabled = 'yes'", "mobile_node.enabled", ["'yes' is not true or false", "accepted: true or false"]),
    ("mobile_node.enabled = 1", "mobile_node.enabled", ["1 is not true or false"]),
    ("mobile_node.identifier = 'mac'", "mobile_node.identifier", ["eui64, stable-opaque, temporary"]),
    ("mobile_node.identifier = 3", "mobile_node.identifier", ["3 is not one of the words"]),
    ("mobile_node.registration_lifetime = 3.9", "mobile_node.registration_lifetime", ["from 4 to 262140"]),
    ("mobile_node.registration_lifetime = 262141", "mobile_node.registration_lifetime", ["262141 is out of range"]),
    ("mobile_node.registration_lifetime = nan", "mobile_node.registration_lifetime", ["nan is not a number"]),
    ("mobile_node.registration_lifetime = inf", "mobile_node.registration_lifetime", ["inf is out of range"]),
    ("mobile_node.registration_lifetime = true", "mobile_node.registration_lifetime", ["true is not a number"]),
    ("autoconfiguration.responsiveness = 101", "autoconfiguration.responsiveness", ["a whole number from 0 to 100"]),
    ("autoconfiguration.responsiveness = 5.5", "autoconfiguration.responsiveness", ["5.5 is not a whole number"]),
    ("autoconfiguration.max_home_addresses = -1", "autoconfiguration.max_home_addresses", ["from 0 to 16"]),
    ("mobile_node.home_addresses = 'x'", "mobile_node.home_addresses", ["'x' is not an array of tables"]),
    ("mobile_node.home_addresses = ['x']", "mobile_node.home_addresses[1]", ["'x' is not a table"]),
    ("mobile_node.home_addresses = [{}]", "mobile_node.home_addresses[1].address", ["address is missing"]),
    (
        "mobile_node.home_addresses = [{address='2001:db8::1', agent='::2'}]",
        "mobile_node.home_addresses[1].agent",
        ["did you mean home_agent?"],
    ),
    (
        "mobile_node.home_addresses = [{address='192.0.2.1'}]",
        "mobile_node.home_addresses[1].address",
        ["'192.0.2.1' is not an IPv6 address", "like 2001:db8:1::100"],
    ),
    (
        "mobile_node.home_addresses = [{address='2001:db8::5%eth0'}]",
        "mobile_node.home_addresses[1].address",
        ["is not an IPv6 address"],
    ),
    (
        "mobile_node.home_addresses = [{address='fe80::1'}]",
        "mobile_node.home_addresses[1].address",
        ["fe80::1 is not a unicast routable address"],
    ),
    (
        "mobile_node.home_addresses = [{address='2001:db8:1::'}]",
        "mobile_node.home_addresses[1].address",
        ["anycast address of all routers", "another address in 2001:db8:1::/64"],
    ),
    (
        "mobile_node.home_addresses = [{address='2001:db8:2::5', prefix='2001:db8:1::/64'}]",
        "mobile_node.home_addresses[1].address",
        ["2001:db8:2::5 is outside its prefix 2001:db8:1::/64", "accepted: an address inside 2001:db8:1::/64"],
    ),
    (
        "mobile_node.home_addresses = [{address='2001:db8:2::5', prefix='2001:db8:2::5/64'}]",
        "mobile_node.home_addresses[1].prefix",
        ["has host bits set", "an IPv6 prefix like 2001:db8:1::/64"],
    ),
    (
        "mobile_node.home_addresses = [{address='2001:db8:2::5', prefix='2001:db8:2::'}]",
        "mobile_node.home_addresses[1].prefix",
        ["is not an IPv6 prefix"],
    ),
    (
        "mobile_node.home_addresses = [{address='2001:db8:2::5'}, {address='2001:db8:2:0::5'}]",
        "mobile_node.home_addresses[2].address",
        ["2001:db8:2::5 is listed twice"],
    ),
    (
        "mobile_node.home_addresses = ["
        "{address='2001:db8::5', preferred=true}, {address='2001:db8::6', preferred=true}]",
        "mobile_node.home_addresses[2].preferred",
        ["two home addresses are preferred", "true for at most one"],
    ),
    (
        "mobile_node.home_addresses = [{address='2001:db8::5', home_agent='2001:db8::5'}]",
        "mobile_node.home_addresses[1].home_agent",
        ["this is the home address itself"],
    ),
    (
        f"mobile_node.home_addresses = [{', '.join(SEVENTEEN)}]",
        "mobile_node.home_addresses",
        ["17 are too many", "at most 16"],
    ),
    (
        "mobile_node.interfaces = [{name='a'}, {name='b'}, {name='a'}]",
        "mobile_node.interfaces[3].name",
        ["a is listed twice", "each interface once"],
    ),
    ("mobile_node.interfaces = [{name='a', priority=0}]", "mobile_node.interfaces[1].priority", ["from 1 to 999"]),
    (
        "mobile_node.interfaces = [{name='sixteen-letters!'}]",
        "mobile_node.interfaces[1].name",
        ["has 16 characters", "text of 1 to 15 characters"],
    ),
    (
        "known_home_agents = [{address='2001:db8::1', prefix='2001:db8:1::/64'}]",
        "known_home_agents[1].address",
        ["2001:db8::1 is outside its prefix 2001:db8:1::/64"],
    ),
    (
        "known_home_agents = [{address='2001:db8::1'}, {address='2001:db8::1'}]",
        "known_home_agents[2].address",
        ["listed twice"],
    ),
    (
        "home_agent.links = [{prefix='2001:db8:1::/64', address='2001:db8:2::1', interface='a'}]",
        "home_agent.links[1].address",
        ["2001:db8:2::1 is outside its prefix 2001:db8:1::/64"],
    ),
    (
        "home_agent.links = [{prefix='2001:db8:1::/64', address='2001:db8:1::1'}]",
        "home_agent.links[1].interface",
        ["interface is missing", "or virtual = true"],
    ),
    (f"home_agent.links = [{{{HA}, virtual=true}}]", "home_agent.links[1].virtual", ["has no interface"]),
    (
        f"home_agent.links = [{{{HA}}}, {{{HA}}}]",
        "home_agent.links[2].prefix",
        ["2001:db8:1::/64 overlaps the prefix of another home link"],
    ),
    (
        "home_agent.links = [{prefix='2001:db8:1::/64', address='2001:db8:1::1', virtual=true, advertise={}}]",
        "home_agent.links[1].advertise",
        ["nobody is on a virtual home link"],
    ),
    (
        f"home_agent.links = [{{{HA}, advertise={{min_interval=0.06, max_interval=0.07}}}}]",
        "home_agent.links[1].advertise.min_interval",
        ["0.06 is too long for a max_interval of 0.07", "from 0.03 to 0.0525"],
    ),
    (
        f"home_agent.links = [{{{HA}, advertise={{min_interval=0.02}}}}]",
        "home_agent.links[1].advertise.min_interval",
        ["from 0.03 to 1350"],
    ),
    (
        f"home_agent.links = [{{{HA}, advertise={{router_lifetime=599}}}}]",
        "home_agent.links[1].advertise.router_lifetime",
        ["599 is too short", "0, or from 600 (max_interval) to 9000"],
    ),
    (
        f"home_agent.links = [{{{HA}, advertise={{min_interval=0.03, max_interval=0.07, router_lifetime=0.5}}}}]",
        "home_agent.links[1].advertise.router_lifetime",
        ["0.5 is too short", "0, or from 1 (RFC 6275 section 7.5) to 9000"],
    ),
    (
        "home_agent.min_prefix_advertisement_interval = 61\nhome_agent.max_prefix_advertisement_interval = 60",
        "home_agent.min_prefix_advertisement_interval",
        ["61 is longer than the longest", "from 1 to 60"],
    ),
    (
        "mobile_node.home_agent_discovery = 'sometimes'",
        "mobile_node.home_agent_discovery",
        ["always", "when-unknown", "never"],
    ),
    (
        f"home_agent.links = [{{{HA}, advertise={{valid_lifetime=10, preferred_lifetime=11}}}}]",
        "home_agent.links[1].advertise.preferred_lifetime",
        ["cannot be preferred for longer than it is valid", "from 0 to 10"],
    ),
    (
        f"home_agent.links = [{{{HA}, advertise={{answer_delay=0.6}}}}]",
        "home_agent.links[1].advertise.answer_delay",
        ["from 0 to 0.5"],
    ),
    ("network.datapath = 'fast'", "network.datapath", ["'fast' is not one of the words", "auto, kernel, portable"]),
    ("network.path = 'auto'", "network.path", ["no such key; did you mean datapath?"]),
    ("network = 'kernel'", "network", ["'kernel' is not a section"]),
    (
        "mobile_node.route_optimization = true",
        "mobile_node.route_optimization",
        ["true is not a section", "a section [mobile_node.route_optimization]"],
    ),
    (
        "mobile_node.route_optimization.use = 'sometimes'",
        "mobile_node.route_optimization.use",
        ["'sometimes' is not one of the words", "always, only-these, never"],
    ),
    (
        "mobile_node.route_optimization.location_privacy = 'no'",
        "mobile_node.route_optimization.location_privacy",
        ["'no' is not true or false"],
    ),
    (
        "mobile_node.route_optimization.privacy = true",
        "mobile_node.route_optimization.privacy",
        ["there is no such key", "accepted: correspondents, location_privacy, use"],
    ),
    (
        "mobile_node.location_privacy = true",
        "mobile_node.location_privacy",
        ["did you mean route_optimization.location_privacy?"],
    ),
    (
        "mobile_node.route_optimization.correspondents = [{allow=true}]",
        "mobile_node.route_optimization.correspondents[1].prefix",
        ["prefix is missing"],
    ),
    (
        "mobile_node.route_optimization.correspondents = [{prefix='2001:db8::1'}]",
        "mobile_node.route_optimization.correspondents[1].prefix",
        ["is not an IPv6 prefix"],
    ),
    (
        "mobile_node.route_optimization.correspondents = [{prefix='2001:db8::/48'}, {prefix='2001:DB8::/48'}]",
        "mobile_node.route_optimization.correspondents[2].prefix",
        ["2001:db8::/48 is listed twice", "each prefix once"],
    ),
    (
        "mobile_node.access_identifiers = [{home_address='2001:db8::1', identifier='a b@example.org'}]",
        "mobile_node.access_identifiers[1].identifier",
        ["cannot be a network access identifier", "like laptop@example.org"],
    ),
    (
        f"mobile_node.access_identifiers = [{{home_address='2001:db8::1', identifier='{LONG}'}}]",
        "mobile_node.access_identifiers[1].identifier",
        ["cannot be a network access identifier", "253 octets"],
    ),
    (
        "mobile_node.access_identifiers = [{home_address='2001:db8::1', identifier=''}]",
        "mobile_node.access_identifiers[1].identifier",
        ["has 0 characters"],
    ),
    (
        "mobile_node.access_identifiers = [{home_address='fe80::1', identifier='a@b'}]",
        "mobile_node.access_identifiers[1].home_address",
        ["not a unicast routable address"],
    ),
    (
        "mobile_node.access_identifiers = [{home_address='2001:db8::1', identifier='a@b'},"
        " {home_address='2001:DB8::1', identifier='c@d'}]",
        "mobile_node.access_identifiers[2].home_address",
        ["2001:db8::1 is listed twice"],
    ),
    (
        "mobile_node.traffic_rules = [{}]",
        "mobile_node.traffic_rules[1]",
        ["about all traffic", "destination, protocol"],
    ),
    (
        "mobile_node.traffic_rules = [{destination='2001:db8::/48'}, {ports=53}]",
        "mobile_node.traffic_rules[2].protocol",
        ["ports are of a protocol, which is missing", "tcp, udp"],
    ),
    ("mobile_node.traffic_rules = [{protocol='icmp'}]", "mobile_node.traffic_rules[1].protocol", ["tcp, udp"]),
    ("mobile_node.traffic_rules = [{protocol=17}]", "mobile_node.traffic_rules[1].protocol", ["tcp, udp"]),
    *(
        (
            f"mobile_node.traffic_rules = [{{protocol='tcp', ports={ports}}}]",
            "mobile_node.traffic_rules[1].ports",
            [said, "a port like 53, or a range like"],
        )
        for ports, said in [
            ("0", "0 is not a port from 1 to 65535"),
            ("65536", "65536 is not a port"),
            ("-1", "-1 is not a port"),
            ("true", "true is not a port"),
            ("53.0", "53.0 is not a port"),
            ("[53]", "[53] is not a port"),
            ("''", "'' is not a port"),
            ("'53-'", "'53-' is not a port"),
            ("'-53'", "'-53' is not a port"),
            ("'1-2-3'", "'1-2-3' is not a port"),
            ("'5100-5000'", "'5100-5000' ends before it begins"),
            ("'\u0661'", "is not a port"),
            ("'" + "9" * 5000 + "'", "is not a port"),
        ]
    ),
    (
        f"mobile_node.traffic_rules = [{', '.join(['{protocol=' + chr(39) + 'tcp' + chr(39) + '}'] * 65)}]",
        "mobile_node.traffic_rules",
        ["65 are too many", "at most 64"],
    ),
    ("mobile_node.verify = 1", "mobile_node.verify", ["1 is not true or false"]),
    ("mobile_node.use_visited_name_servers = 'x'", "mobile_node.use_visited_name_servers", ["is not true or false"]),
    ("correspondent_node.enabled = 1", "correspondent_node.enabled", ["1 is not true or false"]),
    ("correspondent_node.max_bindings = 0", "correspondent_node.max_bindings", ["from 1 to 100000"]),
    ("correspondent_node.max_lifetime = 421", "correspondent_node.max_lifetime", ["from 4 to 420"]),
    ("correspondent_node.links = []", "correspondent_node.links", ["there is no such key"]),
    (
        "correspondent_node.access = [{care_of_addresses='x'}]",
        "correspondent_node.access[1].care_of_addresses",
        ["not an IPv6 prefix"],
    ),
    ("home_agent.access = [{home_addresses='x'}]", "home_agent.access[1].home_addresses", ["not an IPv6 prefix"]),
]


@pytest.mark.parametrize("text, key, pieces", BAD, ids=[key for _, key, _ in BAD])
def test_what_is_not_accepted_is_told_with_file_key_and_accepted_values(tmp_path, text, key, pieces):
    path = tmp_path / "mnclient.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert (caught.value.file, caught.value.key) == (str(path), key)
    assert caught.value.accepted
    said = str(caught.value)
    assert said.startswith(f"{path}: {key}: ")
    for piece in pieces:
        assert piece in said


def test_a_file_that_is_not_text(tmp_path):
    path = tmp_path / "mnclient.toml"
    path.write_bytes(b"version = 1\n\xff\xfe")
    with pytest.raises(ConfigError, match="octet 12: this is not text"):
        load(path)


def test_a_file_that_is_a_folder(tmp_path):
    with pytest.raises(ConfigError, match="it cannot be read"):
        load(tmp_path)


@given(st.text(max_size=60) | st.sampled_from([f"{setting.key} = 5" for setting in SETTINGS]))
def test_any_text_is_settings_or_a_config_error(text):
    try:
        given_keys = set(Settings.parse(text).given)
    except ConfigError as error:
        given_keys = set()
        words = (error.title, error.key)
        assert all(words)
    assert given_keys <= {setting.key for setting in SETTINGS}
