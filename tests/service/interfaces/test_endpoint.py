# SPDX-License-Identifier: GPL-2.0-or-later
import asyncio
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest
from dbus_fast import Message, MessageFlag, MessageType
from dbus_fast.aio import MessageBus

from mnclient.model.keys import KeyKind, KeyOwner
from mnclient.model.status import CorrespondentState, Phase
from mnclient.units import Instant
from service import contract
from service.bus_connection import connect
from service.codec import from_variants, to_plain
from service.interfaces import endpoint
from service.interfaces.bus import BusFace
from service.interfaces.objects import describe
from tests.service.fake_core import (
    ADDRESS,
    AWAY,
    BOOT_TIME,
    CORRESPONDENT,
    DIRECT,
    HOME,
    HOME_AGENT,
    SERVING,
    FakeCore,
    bindings,
    with_engine,
)
from tests.service.interfaces.on_a_bus import call, eventually, listen, service
from tests.service.private_bus import connect_as, private_bus
from tests.service.test_contract import PERMISSIONS


async def test_status_in_one_call():
    async with service() as (_, caller, _face):
        reply = await call(caller, "GetStatus")
        assert from_variants(reply.body[0]) == to_plain(AWAY)


async def test_everything_exported_is_in_the_written_list():
    """Walks from / to every object, as a tool would, and compares what it finds with the contract and the list."""
    async with service(FakeCore(SERVING)) as (_, caller, _face):
        found = {}
        paths = ["/"]
        while paths:
            path = paths.pop()
            reply = await call(caller, "Introspect", interface=contract.INTROSPECTABLE, path=path)
            node = ElementTree.fromstring(reply.body[0])
            paths += [f"{path.rstrip('/')}/{child.get('name')}" for child in node.findall("node")]
            found |= {each.get("name"): each for each in node.findall("interface")}
    methods = {name: {m.get("name") for m in each.findall("method")} for name, each in found.items()}
    properties = {name: {p.get("name"): p for p in each.findall("property")} for name, each in found.items()}
    assert {name: members for name, members in methods.items() if members} == {
        name: set(members) for name, members in contract.METHODS.items()
    }
    assert {member for members in methods.values() for member in members} == set(PERMISSIONS)
    for name, declared in contract.PROPERTIES.items():
        assert {key: p.get("type") for key, p in properties[name].items()} == declared
        assert {p.get("access") for p in properties[name].values()} <= {"read"}
    for name, declared in contract.SIGNALS.items():
        assert {s.get("name") for s in found[name].findall("signal")} == set(declared)


async def test_objects_and_their_properties():
    async with service() as (_, caller, _face):
        objects = (await call(caller, "GetManagedObjects", interface=contract.OBJECT_MANAGER)).body[0]
        assert objects == {path: each for path, each in describe(AWAY).items() if path != contract.ROOT_PATH}
        assert len(objects) == 5
        for path, interfaces in objects.items():
            for interface, properties in interfaces.items():
                every = await call(caller, "GetAll", interface, interface=contract.PROPERTIES_INTERFACE, path=path)
                assert every.body[0] == properties
        phase = await call(caller, "Get", contract.MANAGER, "Phase", interface=contract.PROPERTIES_INTERFACE)
        assert phase.body[0].value == "registered"


async def test_methods_reach_the_core():
    other = str(HOME[7])
    async with service() as (core, caller, _face):
        for member, body, expected in [
            ("AddHomeAddress", [str(ADDRESS), str(HOME_AGENT), 64], ("add_home_address", ADDRESS, HOME_AGENT, 64)),
            ("AddHomeAddress", [str(ADDRESS), "", 56], ("add_home_address", ADDRESS, None, 56)),
            ("RemoveHomeAddress", [str(ADDRESS)], ("remove_home_address", ADDRESS)),
            ("PreferHomeAddress", [other], ("prefer_home_address", HOME[7])),
            ("AcceptProposal", [other], ("accept_proposal", HOME[7])),
            ("DismissProposal", [other], ("dismiss_proposal", HOME[7])),
            ("AddHomeAgent", [other, str(HOME), True], ("add_home_agent", HOME[7], HOME, True)),
            ("RemoveHomeAgent", [other], ("remove_home_agent", HOME[7])),
            ("SetInterfacePriority", ["wlan0", 10], ("set_interface_priority", "wlan0", 10)),
            ("SetSetting", ["home_agent.max_lifetime", "60"], ("set_setting", "home_agent.max_lifetime", "60")),
            ("SetHomeAgentLink", [str(HOME), other, "", False], ("set_home_agent_link", HOME, HOME[7], None, False)),
            ("SetHomeAgentLink", [str(HOME), other, "lan", True], ("set_home_agent_link", HOME, HOME[7], "lan", True)),
            ("RemoveHomeAgentLink", [str(HOME)], ("remove_home_agent_link", HOME)),
            ("SetInterfaceOrder", [["wlan0", "eth0"]], ("set_interface_order", ["wlan0", "eth0"])),
            ("TryHomeAddress", [str(ADDRESS), "", 56], ("try_home_address", ADDRESS, None, 56)),
            ("KeepHomeAddress", [str(ADDRESS)], ("keep_home_address", ADDRESS)),
            ("TryHomeAddress", [other, str(HOME_AGENT), 64], ("try_home_address", HOME[7], HOME_AGENT, 64)),
            ("CancelTrial", [other], ("cancel_trial", HOME[7])),
            (
                "SetKey",
                [str(ADDRESS), str(HOME_AGENT), "esp", "aes-gcm-128", 256, 257, b"secret", "user"],
                ("set_key", ADDRESS, HOME_AGENT, KeyKind.ESP, "aes-gcm-128", 256, 257, b"secret", KeyOwner.USER),
            ),
            (
                "ProvideKey",
                [str(ADDRESS), str(HOME_AGENT), 257, b"secret"],
                ("provide_key", ADDRESS, HOME_AGENT, 257, b"secret"),
            ),
            ("RemoveKey", [str(ADDRESS), str(HOME_AGENT), 257], ("remove_key", ADDRESS, HOME_AGENT, 257)),
            ("Reload", [], ("reload",)),
        ]:
            reply = await call(caller, member, *body)
            assert reply.message_type is MessageType.METHOD_RETURN, reply.body
            assert reply.body == []
            assert core.calls.pop() == expected


async def test_reading_methods():
    async with service() as (core, caller, _face):
        assert from_variants((await call(caller, "GetSettings")).body[0]) == core.values
        assert from_variants((await call(caller, "GetSetting", "autoconfiguration.max_home_addresses")).body[0]) == 2
        assert from_variants((await call(caller, "GetHandovers")).body[0]) == to_plain(AWAY.handovers)
        for agent in ("", str(HOME_AGENT)):
            reply = await call(caller, "GetSuggestions", agent)
            assert from_variants(reply.body[0]) == to_plain(core.suggestions(None))


@pytest.mark.parametrize(
    "member, body, name, words",
    [
        ("RemoveHomeAddress", ["2001:db8::g"], "InvalidArgument", "'2001:db8::g' is not an IPv6 address"),
        ("RemoveHomeAddress", ["fe80::1%eth0"], "InvalidArgument", "is not an IPv6 address"),
        ("RemoveHomeAddress", [""], "InvalidArgument", "is not an IPv6 address"),
        ("RemoveKey", ["2001:db8::1", "x", 256], "InvalidArgument", "'x' is not an IPv6 address (home_agent)"),
        (
            "SetKey",
            ["2001:db8::1", "2001:db8::2", "ah", "x", 1, 2, b"", "user"],
            "InvalidArgument",
            "'ah' cannot be used here (kind)\none of: rfc4285, esp",
        ),
        (
            "SetKey",
            ["2001:db8::1", "2001:db8::2", "esp", "x", 1, 2, b"", "me"],
            "InvalidArgument",
            "'me' cannot be used here (owner)\none of: computer, user",
        ),
        ("AddHomeAgent", ["::1", "2001:db8::1/64", False], "InvalidArgument", "is not an IPv6 prefix"),
        ("GetBindingCache", [0, 1, "wlan0"], "InvalidArgument", "neither an IPv6 address nor a prefix"),
        ("GetSuggestions", ["2001:db8:9::1"], "Failed", "No home agent 2001:db8:9::1 is known"),
        ("GetSetting", ["x.y"], "InvalidSetting", "there is no such setting"),
    ],
)
async def test_errors_have_names_and_words(member, body, name, words):
    async with service() as (_, caller, _face):
        reply = await call(caller, member, *body)
        assert reply.message_type is MessageType.ERROR
        assert reply.error_name == contract.ERROR_PREFIX + name
        assert words in reply.body[0]
        assert contract.error_from_bus(reply.error_name, reply.body[0]).hint


async def test_a_mistake_of_ours_is_logged_and_not_told(caplog):
    async with service() as (core, caller, _face):
        core.refusal = ZeroDivisionError("the secret of the house")
        reply = await call(caller, "Reload")
        assert reply.error_name == contract.ERROR_PREFIX + "Internal"
        assert "secret" not in reply.body[0]
        assert "the secret of the house" in caplog.text
        core.refusal = None
        assert (await call(caller, "Reload")).message_type is MessageType.METHOD_RETURN


@pytest.mark.parametrize(
    "interface, member, signature, body",
    [
        (contract.MANAGER, "Explode", "", []),
        (contract.MANAGER, "Reload", "s", ["now"]),
        (contract.MANAGER, "GetStatus", "u", [1]),
        (None, "GetStatus", "", []),
        ("org.example.Other", "GetStatus", "", []),
        (contract.HOME_ADDRESS, "Remove", "", []),
        (contract.PROPERTIES_INTERFACE, "Explode", "", []),
    ],
)
async def test_what_is_not_in_the_contract_is_unknown(interface, member, signature, body):
    async with service() as (core, caller, _face):
        reply = await call(caller, member, *body, interface=interface, signature=signature)
        assert reply.error_name == "org.freedesktop.DBus.Error.UnknownMethod"
        assert core.calls == []


@pytest.mark.parametrize(
    "path, interface, member, body",
    [
        (contract.ROOT_PATH + "/home_address/nobody", contract.PROPERTIES_INTERFACE, "GetAll", [contract.HOME_ADDRESS]),
        (contract.ROOT_PATH, contract.PROPERTIES_INTERFACE, "GetAll", ["org.example.Other"]),
        (contract.ROOT_PATH, contract.PROPERTIES_INTERFACE, "Get", [contract.MANAGER, "Mood"]),
        (contract.home_address_path(ADDRESS), contract.MANAGER, "Reload", []),
        ("/", contract.OBJECT_MANAGER, "GetManagedObjects", []),
        ("/org/example", contract.INTROSPECTABLE, "Introspect", []),
    ],
)
async def test_what_is_not_there_is_unknown(path, interface, member, body):
    async with service() as (core, caller, _face):
        reply = await call(caller, member, *body, interface=interface, path=path)
        assert reply.error_name == contract.ERROR_PREFIX + "Unknown"
        assert core.calls == []


async def test_the_binding_cache_comes_in_pages():
    core = FakeCore(SERVING)
    core.cache = tuple(reversed(bindings(2500)))
    async with service(core) as (_, caller, _face):
        collected = []
        while True:
            entries, total = (await call(caller, "GetBindingCache", len(collected), 100_000, "")).body
            assert total == 2500
            assert len(entries) <= contract.MAX_BINDING_CACHE_PAGE
            if not entries:
                break
            collected += [each["sequence"].value for each in entries]
        assert collected == list(range(2500))
        one = (await call(caller, "GetBindingCache", 0, 10, "2001:db8:2::10")).body
        assert [each["home_address"].value for each in one[0]] == ["2001:db8:1::10"]
        assert (await call(caller, "GetBindingCache", 0, 10, "2001:db8:1::/120")).body[1] == 240
        assert (await call(caller, "GetBindingCache", 0, 10, "2001:db8:7::/64")).body == [[], 0]


async def test_changes_become_signals_from_the_right_paths():
    async with service() as (core, caller, _face):
        heard = await listen(caller)
        moved = replace(AWAY, engine=replace(AWAY.engine, phase=Phase.AT_HOME), proposals=())
        core.change(replace(moved, known_home_agents=()))
        await eventually(lambda: any(each.member == "StatusChanged" for each in heard))
        summary = [(each.member, each.path, each.body) for each in heard]
        path = contract.home_agent_path(HOME_AGENT)
        changed = {"Phase": "at-home", "Proposals": []}
        assert summary[0] == ("InterfacesRemoved", contract.ROOT_PATH, [path, [contract.HOME_AGENT]])
        assert summary[1][:2] == ("PropertiesChanged", contract.ROOT_PATH)
        assert from_variants(summary[1][2]) == [contract.MANAGER, changed, []]
        assert summary[2] == ("StatusChanged", contract.ROOT_PATH, [])
        heard.clear()
        core.change(AWAY)
        await eventually(lambda: any(each.member == "StatusChanged" for each in heard))
        added = next(each for each in heard if each.member == "InterfacesAdded")
        assert added.path == contract.ROOT_PATH
        assert added.body == [path, describe(AWAY)[path]]


async def test_correspondents_are_objects_that_change():
    path = contract.correspondent_path(CORRESPONDENT, ADDRESS)
    direct = with_engine(SERVING, correspondents=(DIRECT,))
    gone = replace(DIRECT, state=CorrespondentState.UNRESPONSIVE, care_of_address=None, expires=None, reason="silent")
    async with service(FakeCore(with_engine(SERVING, correspondents=()))) as (core, caller, _face):
        heard = await listen(caller)
        for status in (direct, with_engine(SERVING, correspondents=(gone,)), with_engine(SERVING, correspondents=())):
            heard.clear()
            core.change(status)
            await eventually(lambda: any(each.member == "StatusChanged" for each in heard))
            signal = heard[0]
            if status is direct:
                assert signal.member == "InterfacesAdded"
                reply = await call(
                    caller, "GetAll", contract.CORRESPONDENT, interface=contract.PROPERTIES_INTERFACE, path=path
                )
                assert from_variants(reply.body[0]) == {
                    "Address": "2001:db8:c::80",
                    "HomeAddress": "2001:db8:1::10",
                    "State": "direct",
                    "CareOfAddress": "2001:db8:2::10",
                    "Expires": BOOT_TIME + 1300.0,
                    "Retry": 0.0,
                    "Reason": "it knows the care-of address",
                }
            elif status.engine.correspondents:
                assert (signal.member, signal.path) == ("PropertiesChanged", path)
                changed = {"State": "unresponsive", "CareOfAddress": "", "Expires": 0.0, "Reason": "silent"}
                assert from_variants(signal.body) == [contract.CORRESPONDENT, changed, []]
            else:
                assert signal.body == [path, [contract.CORRESPONDENT]]


async def test_new_facts_of_old_objects():
    async with service(FakeCore(SERVING)) as (core, caller, _face):

        async def get(path, interface, name):
            answer = await call(caller, "Get", interface, name, interface=contract.PROPERTIES_INTERFACE, path=path)
            return answer.body[0].value

        manager = contract.ROOT_PATH, contract.MANAGER
        home_address = contract.home_address_path(ADDRESS), contract.HOME_ADDRESS
        wired = contract.interface_path("eth0"), contract.INTERFACE
        wireless = contract.interface_path("wlan0"), contract.INTERFACE
        assert await get(*manager, "RouteOptimization") == "on"
        assert await get(*manager, "RouteOptimizationReason") == ""
        assert await get(*manager, "CorrespondentNodeRole") is True
        assert await get(*manager, "CorrespondentBindings") == 2
        assert await get(*home_address, "Verified") == "yes"
        assert await get(*home_address, "VerifiedAt") == BOOT_TIME + 950.0
        assert (await get(*wired, "Standby"), await get(*wireless, "Standby")) == (True, False)
        assert await get(*wired, "ReachesHomeAgent") == "no"
        assert await get(*wireless, "ReachesHomeAgent") == "yes"
        core.change(AWAY)
        await eventually(lambda: core.is_watched)
        heard = await listen(caller)
        core.change(replace(AWAY, version="2"))
        await eventually(lambda: heard)
        assert await get(*manager, "RouteOptimization") == "impossible"
        assert await get(*manager, "RouteOptimizationReason") == "kernel lacks ip6_tunnel"
        assert await get(*wired, "ReachesHomeAgent") == "unknown"
        assert await get(*home_address, "VerifiedAt") == 0.0


async def test_what_is_the_same_is_not_told():
    async with service() as (core, caller, _face):
        heard = await listen(caller)
        core.change(replace(AWAY, engine=replace(AWAY.engine, now=Instant(1001.0))))  # only time has passed
        core.tell()
        await call(caller, "GetStatus")
        core.change(replace(AWAY, version="0.2"))
        await eventually(lambda: heard)
        assert [each.member for each in heard if each.member == "PropertiesChanged"] == ["PropertiesChanged"]


async def test_strangers_are_refused_everything_and_nothing_happens():
    """On a bus without polkit only root and the service's own user may."""
    with private_bus() as bus:
        core = FakeCore()
        face = BusFace(core, bus.address)
        await face.start()
        stranger = await connect_as(bus.address, 65534)
        samples = {"s": "2001:db8::1", "u": 1, "b": True, "as": ["wlan0"], "ay": b"secret", "t": 1, "d": 1.0}
        for interface, methods in contract.METHODS.items():
            for member, method in methods.items():
                body = [samples[kind] for _, kind in method.arguments]
                reply = await call(stranger, member, *body, interface=interface)
                assert reply.error_name == contract.ERROR_PREFIX + "NotAllowed", (member, reply.body)
                if member not in ("SetSetting", "TrySetting"):
                    assert method.action.value in reply.body[0]
        assert core.calls == []
        stranger.disconnect()
        await face.stop()


async def test_calls_that_want_no_answer_get_none():
    async with service() as (core, caller, _face):
        message = Message(
            contract.BUS_NAME,
            contract.ROOT_PATH,
            contract.MANAGER,
            "Reload",
            flags=MessageFlag.NO_REPLY_EXPECTED,
        )
        errors = []
        caller.add_message_handler(lambda reply: errors.append(reply) if reply.reply_serial else None)
        await caller.send(message)
        await eventually(lambda: core.calls == [("reload",)])
        await call(caller, "GetStatus")
        assert [each.reply_serial for each in errors if each.reply_serial == message.serial] == []


class Undecided:
    """An authority that is still asking."""

    def __init__(self):
        self.asked = 0
        self.answer = asyncio.Event()

    async def check(self, sender, action, *, interactive=False):
        self.asked += 1
        await self.answer.wait()


async def test_waiting_calls_of_one_caller_are_bounded():
    with private_bus() as bus:
        own = await connect(bus.address)
        undecided = Undecided()
        subject = endpoint.Endpoint(FakeCore(), own, undecided)
        caller, other = await connect(bus.address), await connect(bus.address)
        ask = [_get_status(caller, own.unique_name) for _ in range(endpoint.MAX_CALLS_PER_CALLER + 5)]
        await eventually(lambda: sum(each.done() for each in ask) == 5)
        refused = [each.result().error_name for each in ask if each.done()]
        assert refused == ["org.freedesktop.DBus.Error.LimitsExceeded"] * 5
        third = _get_status(other, own.unique_name)
        await eventually(lambda: undecided.asked == endpoint.MAX_CALLS_PER_CALLER + 1)
        undecided.answer.set()
        replies = await asyncio.wait_for(asyncio.gather(*ask, third), 10)
        assert sum(each.message_type is MessageType.METHOD_RETURN for each in replies) == len(ask) + 1 - 5
        subject.close()
        for each in (own, caller, other):
            each.disconnect()


def _get_status(bus: MessageBus, destination):
    message = Message(destination, contract.ROOT_PATH, contract.MANAGER, "GetStatus")
    return asyncio.ensure_future(bus.call(message))
