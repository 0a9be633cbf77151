# SPDX-License-Identifier: GPL-2.0-or-later
import re
import xml.etree.ElementTree as ElementTree
from ipaddress import IPv6Address
from pathlib import Path

import pytest
from dbus_fast.validators import is_interface_name_valid, is_object_path_valid

from mnclient.errors import ConfigError, MobileIPv6Error, NetworkError, WireError, WireFault
from service import contract
from service.contract import Action

ROOT = Path(__file__).resolve().parents[2]

# The written list: who may do what. A new method, or another permission, is a decision that has to be written here too.
PERMISSIONS = {
    "GetStatus": "read-status",
    "GetBindingCache": "read-status",
    "ClearBindings": "administer",
    "GetHandovers": "read-status",
    "GetMessages": "control",  # it shows tokens with which a reader on the path could forge a binding
    "WatchMessages": "control",
    "GetCounters": "read-status",
    "GetSuggestions": "read-status",
    "GetSettings": "read-status",
    "GetSetting": "read-status",
    "GetSettingsSchema": "read-status",
    "GetPermissions": "read-status",
    "SetSetting": "control",
    "TrySetting": "control",
    "TryInterfaceOrder": "control",
    "AcceptProposal": "control",
    "DismissProposal": "control",
    "PreferHomeAddress": "control",
    "SetInterfacePriority": "control",
    "SetInterfaceOrder": "control",
    "AddHomeAddress": "manage-addresses",
    "TryHomeAddress": "manage-addresses",
    "KeepHomeAddress": "control",  # of whoever began the trial, with manage-addresses
    "CancelTrial": "control",
    "SetKey": "manage-keys",
    "TryKey": "manage-keys",
    "ProvideKey": "control",  # the secret of a key that SetKey declared, so that nobody types a password at each login
    "RemoveKey": "manage-keys",
    "RemoveHomeAddress": "manage-addresses",
    "AddHomeAgent": "manage-addresses",
    "AcceptHomeAgent": "manage-addresses",
    "RemoveHomeAgent": "manage-addresses",
    "GetGuests": "read-status",
    "Invite": "administer",  # it makes a key and access rules, for somebody else
    "RotateKey": "administer",
    "Revoke": "administer",
    "SetHomeAgentLink": "administer",
    "RemoveHomeAgentLink": "administer",
    "Reload": "administer",
    "Get": "read-status",
    "GetAll": "read-status",
    "GetManagedObjects": "read-status",
    "Introspect": "read-status",
}


def test_every_method_has_the_permission_of_the_written_list():
    declared = {
        member: method.action.value.removeprefix("org.mnclient.")
        for methods in contract.METHODS.values()
        for member, method in methods.items()
    }
    assert declared == PERMISSIONS


def test_polkit_policy_declares_exactly_our_actions():
    policy = ElementTree.parse(ROOT / "installer/polkit/org.mnclient.policy").getroot()
    allowed = {
        action.get("id"): {each.tag: each.text for each in action.find("defaults")} for action in policy.iter("action")
    }
    assert set(allowed) == {action.value for action in Action}
    assert allowed[Action.READ_STATUS.value]["allow_active"] == "yes"
    for action in (Action.MANAGE_KEYS, Action.ADMINISTER):
        assert set(allowed[action.value].values()) == {"auth_admin_keep"}
    assert all(defaults["allow_any"].startswith("auth_admin") for defaults in allowed.values())


def test_bus_policy_gives_the_name_to_root_and_the_service_only():
    policy = ElementTree.parse(ROOT / "installer/dbus/org.mnclient.MobileNode1.conf").getroot()
    owners = [part.get("user") for part in policy.iter("policy") for rule in part if rule.get("own")]
    assert owners == ["root", "mnclient"]
    rules = [rule for part in policy.iter("policy") for rule in part]
    assert {rule.get("own") or rule.get("send_destination") for rule in rules} == {contract.BUS_NAME}


def test_text_of_the_interface_names_everything():
    text = (ROOT / "docs/dbus.txt").read_text(encoding="utf-8")
    for interface in (
        contract.MANAGER,
        contract.HOME_AGENT,
        contract.HOME_ADDRESS,
        contract.INTERFACE,
        contract.BINDING,
        contract.CORRESPONDENT,
    ):
        assert interface in text
        section = text.split(f"Interface       {interface}\n")[1].split("\nInterface       ")[0]
        for member, method in contract.METHODS.get(interface, {}).items():
            arguments = ", ".join(f"{kind} {name}" for name, kind in method.arguments)
            assert re.search(rf"^\s+\S.*\b{member}\({re.escape(arguments)}\)$", section, re.MULTILINE), member
            words = re.split(r"\n(?=\S|\t\t\S)", section.split(f" {member}(")[1])[0]
            assert f"Permission: {method.action.value}" in words, member
            assert "Possible errors: " in words, member
        for name, kind in contract.PROPERTIES[interface].items():
            assert re.search(rf"^\s+{kind} {name} \[readonly\]$", section, re.MULTILINE), name
    for _, name, _ in contract.ERRORS:
        assert name.removeprefix(contract.BUS_NAME) in text


@pytest.mark.parametrize("name", ["eth0", "wlan0.7", "br-lan", "übertragung", "a/b", "-"])
def test_any_interface_name_makes_a_path(name):
    assert is_object_path_valid(contract.interface_path(name))


def test_paths_are_different_for_different_things():
    names = ["a.b", "a_b", "a-b", "a_2eb"]
    assert len({contract.interface_path(name) for name in names}) == len(names)
    one, other = IPv6Address("2001:db8::1"), IPv6Address("fe80::1%eth0")
    paths = [contract.home_agent_path(one), contract.home_agent_path(other), contract.home_address_path(one)]
    paths += [contract.binding_path(one, other), contract.binding_path(other, one)]
    paths += [contract.correspondent_path(one, other), contract.correspondent_path(other, one)]
    assert all(is_object_path_valid(path) for path in paths)
    assert len(set(paths)) == len(paths)


@pytest.mark.parametrize(
    "error",
    [
        contract.NotAllowed("no", hint="ask"),
        contract.UnknownThing("what?", hint="that"),
        contract.InvalidArgument("bad"),
        ConfigError("wrong type", key="a.b", accepted="1 to 3", file="/etc/x.toml"),
        NetworkError("refused", operation="route add", errno=1, hint="look"),
        MobileIPv6Error("something", hint="else"),
        MobileIPv6Error("only a title"),
    ],
)
def test_errors_survive_the_bus(error):
    name, text = contract.error_to_bus(error)
    assert is_interface_name_valid(name)
    arrived = contract.error_from_bus(name, text)
    assert type(arrived) is type(error)
    assert str(arrived) == str(error)
    assert vars(arrived) == vars(error)


def test_an_error_of_another_class_arrives_as_its_nearest_relative():
    error = WireError("short", fault=WireFault.TRUNCATED, offset=3, section="6.1")
    arrived = contract.error_from_bus(*contract.error_to_bus(error))
    assert type(arrived) is MobileIPv6Error
    assert (arrived.title, arrived.hint) == (error.title, error.hint)


@pytest.mark.parametrize("text", ["", "title", "title\n\nnot json", 'title\nhint\n["a list"]', "a\nb\nc\nd"])
@pytest.mark.parametrize("name", [each[1] for each in contract.ERRORS] + ["org.example.New", ""])
def test_any_error_text_is_understood_somehow(name, text):
    assert contract.error_from_bus(name, text).title == text.split("\n")[0]


def test_lines_in_a_title_do_not_become_a_hint():
    name, text = contract.error_to_bus(MobileIPv6Error("first\nsecond", hint="do\nthis"))
    arrived = contract.error_from_bus(name, text)
    assert (arrived.title, arrived.hint) == ("first second", "do this")
