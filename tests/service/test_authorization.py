# SPDX-License-Identifier: GPL-2.0-or-later
"""Decisions with a polkit played by the test, and on a real bus with the real polkitd and our policy file."""

import asyncio
import json

import pytest
from dbus_fast import DBusError, Message, Variant

from service.authorization import Authority, required_action, setting_action
from service.contract import MANAGER, METHODS, Action, NotAllowed, Permission
from service.settings_schema import scalars
from tests.checkout import ROOT
from tests.service.polkitd import decided, polkit_bus  # noqa: F401  # a fixture

YES, NO, CHALLENGE = (True, False), (False, False), (False, True)


class PlayedBus:
    """Answers what an Authority asks: who a caller is, and what polkit thinks of it. Notes the questions to polkit."""

    def __init__(self, user=1000, polkit=NO):
        self.user, self.polkit = user, polkit
        self.questions, self.credential_calls = [], 0

    async def call(self, message):
        await asyncio.sleep(0)
        if message.member == "GetConnectionCredentials":
            self.credential_calls += 1
            credentials = {} if self.user is None else {"UnixUserID": Variant("u", self.user)}
            return self.reply(message, "a{sv}", [credentials])
        assert message.member == "CheckAuthorization"
        self.questions.append(message.body)
        if isinstance(self.polkit, Exception):
            raise self.polkit
        if isinstance(self.polkit, str):
            return Message.new_error(self.asked(message), self.polkit, "no")
        return self.reply(message, "(bba{ss})", [[*self.polkit, {}]])

    def asked(self, message):
        message.serial, message.sender = 1, ":1.1"
        return message

    def reply(self, message, signature, body):
        return Message.new_method_return(self.asked(message), signature, body)


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("user", [0, 990])
async def test_root_and_the_service_itself_are_not_asked(user, action):
    bus = PlayedBus(user=user)
    await Authority(bus.call, own_user=990).check(":1.7", action)
    assert bus.questions == []


async def test_polkit_is_asked_about_the_caller():
    bus = PlayedBus(polkit=YES)
    authority = Authority(bus.call, own_user=990)
    await authority.check(":1.7", Action.CONTROL)
    await authority.check(":1.7", Action.ADMINISTER, interactive=True)
    subject = ["system-bus-name", {"name": Variant("s", ":1.7")}]
    assert bus.questions == [
        [subject, "org.mnclient.control", {}, 0, ""],
        [subject, "org.mnclient.administer", {}, 1, ""],
    ]
    assert bus.credential_calls == 1  # a unique name never changes hands


@pytest.mark.parametrize(
    "polkit, words",
    [
        (NO, "ask the administrator"),
        (CHALLENGE, "confirm it with a password"),
        ("org.freedesktop.DBus.Error.ServiceUnknown", "polkit does not answer"),
        ("org.freedesktop.PolicyKit1.Error.Failed", "polkit does not answer"),
        (DBusError("org.freedesktop.DBus.Error.Failed", "x"), "polkit does not answer"),
        (EOFError(), "polkit does not answer"),
    ],
)
async def test_everything_but_a_yes_is_a_no(polkit, words):
    authority = Authority(PlayedBus(polkit=polkit).call, own_user=990)
    with pytest.raises(NotAllowed, match=words) as raised:
        await authority.check(":1.7", Action.READ_STATUS)
    assert "org.mnclient.read-status" in raised.value.title


async def test_a_caller_without_a_name_for_its_user_is_refused():
    with pytest.raises(NotAllowed, match="does not say who"):
        await Authority(PlayedBus(user=None, polkit=YES).call).check(":1.7", Action.READ_STATUS)


async def test_callers_remembered_are_bounded():
    bus = PlayedBus(user=0)
    authority = Authority(bus.call)
    for number in range(2000):
        await authority.check(f":1.{number}", Action.CONTROL)
    assert len(authority._users) <= 256


@pytest.mark.parametrize(
    "polkit, permission",
    [
        (YES, Permission.YES),
        (NO, Permission.NO),
        (CHALLENGE, Permission.PASSWORD),
        ("org.freedesktop.DBus.Error.ServiceUnknown", Permission.NO),
        (EOFError(), Permission.NO),
    ],
)
async def test_permissions_are_told_without_asking_anybody(polkit, permission):
    bus = PlayedBus(polkit=polkit)
    assert await Authority(bus.call, own_user=990).permissions(":1.7") == dict.fromkeys(Action, permission)
    assert sorted(question[1] for question in bus.questions) == sorted(action.value for action in Action)
    assert {question[3] for question in bus.questions} == {0}, "without interaction"


async def test_root_may_everything():
    bus = PlayedBus(user=0)
    assert await Authority(bus.call).permissions(":1.7") == dict.fromkeys(Action, Permission.YES)
    assert bus.questions == []


def test_every_method_asks_for_what_its_contract_says():
    for interface, methods in METHODS.items():
        for member, method in methods.items():
            if member not in ("SetSetting", "TrySetting"):  # the setting decides
                assert required_action(interface, member, []) is method.action
    with pytest.raises(KeyError):
        required_action(MANAGER, "Explode", [])


@pytest.mark.parametrize(
    "key, action",
    [
        ("mobile_node.enabled", Action.CONTROL),
        ("autoconfiguration.desperation", Action.CONTROL),
        ("mobile_node.allow_unprotected_signalling", Action.ADMINISTER),
        ("home_agent.enabled", Action.ADMINISTER),
        ("correspondent_node.enabled", Action.ADMINISTER),
        ("network.datapath", Action.ADMINISTER),
        ("mobile_node.route_optimization.location_privacy", Action.CONTROL),
        ("mobile_node.route_optimization", Action.ADMINISTER),
        ("no.such.key", Action.ADMINISTER),
        ("", Action.ADMINISTER),
    ],
)
def test_settings_that_concern_others_need_an_administrator(key, action):
    assert setting_action(key) is action
    for member in ("SetSetting", "TrySetting"):
        assert required_action(MANAGER, member, [key, "1"]) is action


def test_every_setting_of_the_home_agent_needs_an_administrator():
    keys = [each.key for each in scalars() if each.key.startswith("home_agent.")]
    assert len(keys) > 4
    assert {setting_action(key) for key in keys} == {Action.ADMINISTER}


# --- the real polkitd -----------------------------------------------------------------------------------------------

# Runs in a mount namespace of its own, where only our policy and one rule exist. To be an active local user needs a
# login session, so the rule plays one: the user "daemon" (1) gets what the policy gives active users without asking.
INSIDE = """
import asyncio, json, os, subprocess, sys
sys.path.insert(0, {root!r})
from dbus_fast import Message, MessageFlag
from service import contract
from service.interfaces.bus import BusFace
from tests.service.fake_core import FakeCore
from tests.service.private_bus import connect_as

async def ask(bus, member, *body, interactive=False):
    method = contract.METHODS[contract.MANAGER][member]
    flags = MessageFlag.ALLOW_INTERACTIVE_AUTHORIZATION if interactive else MessageFlag.NONE
    message = Message(contract.BUS_NAME, contract.ROOT_PATH, contract.MANAGER, member, signature=method.signature,
                      body=list(body), flags=flags)
    reply = await asyncio.wait_for(bus.call(message), 20)
    return reply.error_name.rpartition(".")[2] if reply.error_name else "yes"

async def told(bus):
    message = Message(contract.BUS_NAME, contract.ROOT_PATH, contract.MANAGER, "GetPermissions")
    reply = await asyncio.wait_for(bus.call(message), 20)
    return {{}} if reply.error_name else reply.body[0]

async def polkit_is_up(bus):
    daemon = "org.freedesktop.DBus"
    question = Message(daemon, "/org/freedesktop/DBus", daemon, "NameHasOwner", signature="s",
                       body=["org.freedesktop.PolicyKit1"])
    return (await bus.call(question)).body[0]

async def main(address):
    face = BusFace(FakeCore(), address)
    await face.start()
    answers, permissions = {{}}, {{}}
    for user in (0, 1, 2, 3, 65534):
        caller = await connect_as(address, user)
        async with asyncio.timeout(30):
            while not await polkit_is_up(caller):
                await asyncio.sleep(0.05)
        answers[str(user)] = [
            await ask(caller, "GetStatus"),
            await ask(caller, "AcceptProposal", "2001:db8::1"),
            await ask(caller, "SetSetting", "autoconfiguration.max_home_addresses", "1"),
            await ask(caller, "SetSetting", "home_agent.max_lifetime", "1"),
            await ask(caller, "AddHomeAddress", "2001:db8::1", "", 64, interactive=True),
            await ask(caller, "Reload"),
        ]
        permissions[str(user)] = await told(caller)
        caller.disconnect()
    await face.stop()
    print(json.dumps([answers, permissions]))

asyncio.run(main(sys.argv[1]))
"""

RULE = """
polkit.addRule(function(action, subject) {
  if (subject.user == "daemon") {
    if (action.id == "org.mnclient.read-status" || action.id == "org.mnclient.control") { return polkit.Result.YES; }
  }
  if (subject.user == "bin") {
    if (action.id == "org.mnclient.read-status") { return polkit.Result.YES; }
    if (action.id == "org.mnclient.manage-keys") { return polkit.Result.YES; }
  }
  if (subject.user == "sys" && action.id == "org.mnclient.administer") { return polkit.Result.YES; }
});
"""


def test_the_real_polkitd_decides_by_our_policy(polkit_bus):  # noqa: F811
    answers, permissions = json.loads(decided(polkit_bus, RULE, INSIDE.format(root=str(ROOT))))
    no = "NotAllowed"
    assert answers["0"] == ["yes"] * 6
    assert answers["1"] == ["yes", "yes", "yes", no, no, no]
    assert answers["65534"] == [no] * 6
    assert answers["2"] == ["yes", no, no, no, "yes", no], "who may manage keys may manage addresses"
    assert answers["3"] == [no, no, no, "yes", "yes", "yes"], "who may administer may manage addresses"
    assert permissions["65534"] == {}, "not even what it may not do"
    assert set(permissions["0"].values()) == {"yes"}
    actions = ["read-status", "control", "manage-addresses", "manage-keys", "administer"]
    for user, expected in (
        ("1", ["yes", "yes", "password", "password", "password"]),
        ("2", ["yes", "password", "yes", "yes", "password"]),
    ):
        assert [permissions[user]["org.mnclient." + each] for each in actions] == expected
