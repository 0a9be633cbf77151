# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys in the service as a whole, and that their secrets are nowhere but where they belong."""

import contextlib
import logging
import traceback
from base64 import b64encode

import pytest

from mnclient.errors import MobileIPv6Error
from mnclient.model.keys import KeyOwner
from mnclient.model.problems import ProblemCode
from service.client import Client
from service.core import ChangeKind
from service.interfaces.bus import BusFace
from tests.service.fake_node import Machine, heard_changes
from tests.service.interfaces.on_a_bus import call
from tests.service.private_bus import private_bus
from tests.service.test_key_store import AGENT, GOOD, HOME, IDENTITY, OTHER_SECRET, SECRET

ORDER = ("home_address", "home_agent", "kind", "algorithm", "spi_in", "spi_out", "secret", "owner")


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def codes(core):
    return [each.code for each in core.status().engine.problems]


async def test_keys_are_in_the_status_and_their_changes_are_told(machine):
    async with machine.running() as core:
        changes = heard_changes(core)
        core.keys.set(**GOOD)
        core.keys.set(**GOOD | {"owner": KeyOwner.USER, "spi_in": 2000, "spi_out": 2001})
        assert [each.spi_out for each in core.status().keys] == [1001, 2001]
        assert core.status().protections == ()
        assert changes == [ChangeKind.HOME_AGENTS, ChangeKind.KEYS, ChangeKind.KEYS]  # paired once
    async with machine.running() as core:
        assert [each.available for each in core.status().keys] == [True, False]
        changes = heard_changes(core)
        core.keys.provide(HOME, AGENT, 2001, SECRET)
        core.keys.remove(*IDENTITY)
        assert [each.available for each in core.status().keys] == [True]
        assert changes == [ChangeKind.KEYS] * 2


async def test_a_stop_overwrites_them(machine):
    async with machine.running() as core:
        core.keys.set(**GOOD)
        core.keys.set(**GOOD | {"owner": KeyOwner.USER, "spi_in": 2000, "spi_out": 2001})
        held = list(core.keys._store._secrets.values())
    assert [bytes(each) for each in held] == [bytes(16)] * 2


async def test_a_file_that_is_open_is_a_problem_until_it_is_not(machine):
    async with machine.running() as core:
        core.keys.set(**GOOD)
    path = machine.state / "keys/keys.json"
    path.chmod(0o644)
    async with machine.running() as core:
        assert core.status().keys == ()
        (problem,) = core.status().engine.problems
        assert problem.code is ProblemCode.KEY_FILE_REFUSED
        assert str(path) in problem.text() and "mode 0644" in problem.text()
        assert "systemctl reload" in problem.remedy()
        with pytest.raises(MobileIPv6Error, match="cannot be changed"):
            core.keys.set(**GOOD | {"spi_in": 2000, "spi_out": 2001})
        path.chmod(0o600)
        changes = heard_changes(core)
        core.reload()
        assert ChangeKind.KEYS in changes
        assert codes(core) == []
        assert [each.spi_out for each in core.status().keys] == [1001]


async def test_a_damaged_file_is_a_problem_that_does_not_stop_it(machine):
    async with machine.running() as core:
        core.keys.set(**GOOD)
    (machine.state / "keys/keys.json").write_bytes(b"{")
    async with machine.running() as core:
        assert codes(core) == [ProblemCode.KEY_FILE_SET_ASIDE]
        core.keys.set(**GOOD)
    async with machine.running() as core:
        assert codes(core) == []
        assert len(core.status().keys) == 1


# --- secrecy --------------------------------------------------------------------------------------------------------


def forms(secret):
    """How the octets of a secret could appear in something that is read."""
    plain = repr(secret)[2:-1]
    listed = ", ".join(map(str, secret))
    octal = "".join(f"\\{octet:03o}" for octet in secret)
    text = [secret.hex(), secret.hex().upper(), secret.hex(":"), secret.hex(" "), plain, listed, octal]
    return [secret, *(each.encode() for each in text), b64encode(secret)]


def found(secret, octets):
    return [form for form in forms(secret) if form in octets]


def everything_in(folder, but):
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file() and path != but)


async def mistreat(core, client):
    """Every way to hand a secret over, right and wrong. The words of all errors, tracebacks included."""
    told = []
    users = GOOD | {"owner": KeyOwner.USER, "spi_in": 2000, "spi_out": 2001}
    attempts = [
        lambda: client.set_key(*(GOOD[name] for name in ORDER)),
        lambda: client.set_key(*(users[name] for name in ORDER)),
        lambda: client.provide_key(HOME, AGENT, 2001, SECRET),
        lambda: client.provide_key(HOME, AGENT, 2001, OTHER_SECRET),
        lambda: client.provide_key(HOME, AGENT, 1001, SECRET),
        lambda: client.provide_key(HOME, AGENT, 9001, SECRET),
        lambda: client.provide_key(HOME, AGENT, 2001, SECRET + SECRET),
        lambda: client.set_setting("mobile_node.enabled", "perhaps"),
    ]
    wrong = {"algorithm": "md5", "spi_in": 1, "home_agent": HOME, "owner": KeyOwner.USER, "secret": SECRET[:-1]}
    for name, value in wrong.items():
        changed = GOOD | {name: value}
        attempts.append(lambda changed=changed: client.set_key(*(changed[each] for each in ORDER)))
    for attempt in attempts:
        try:
            await attempt()
        except MobileIPv6Error as error:
            told.append("".join(traceback.format_exception(error)) + repr(error) + repr(vars(error)))
    (client_bus, path) = client._bus, core.keys._store.path
    for member, body, signature in (
        ("SetKey", [SECRET], "ay"),
        ("SetKey", ["x", "y", "z", "w", 1, 2, SECRET, "v"], None),
        ("ProvideKey", ["x", "y", 1, SECRET], None),
    ):
        reply = await call(client_bus, member, *body, signature=signature)
        told.append(repr(reply.body) + repr(reply))
    path.parent.chmod(0o755)
    with contextlib.suppress(MobileIPv6Error):
        await client.set_key(*(GOOD[name] for name in ORDER))
    path.parent.chmod(0o700)
    return told


async def test_a_secret_is_nowhere_but_in_the_key_file(machine, caplog, capfd, monkeypatch):
    caplog.set_level(logging.DEBUG)
    replies = []
    with private_bus() as bus:
        async with machine.running() as core:
            face = BusFace(core, bus.address)
            await face.start()
            async with Client.connect(bus.address) as client, Client.connect(bus.address) as watcher:
                seen = watcher.watch()
                replies.append(repr(await anext(seen)))
                told = await mistreat(core, client)
                replies.append(repr(await anext(seen)))
                for member in ("GetStatus", "GetSettings", "GetSettingsSchema", "GetPermissions", "GetHandovers"):
                    replies.append(repr((await call(client._bus, member)).body))
                managed = await call(client._bus, "GetManagedObjects", interface="org.freedesktop.DBus.ObjectManager")
                replies.append(repr(managed.body))
                monkeypatch.setattr(core.keys._store, "set", lambda *_: 1 / 0)
                with pytest.raises(MobileIPv6Error, match="made a mistake"):
                    await client.set_key(*(GOOD[name] for name in ORDER))
                await seen.aclose()
            reprs = [repr(each) for each in (core.status(), core.keys, core.keys._store, core, machine.node.configs)]
            await face.stop()
    key_file = machine.state / "keys/keys.json"
    assert "ZeroDivisionError" in caplog.text, "the log was listened to"
    captured = capfd.readouterr()
    places = {
        "the log": caplog.text.encode(),
        "the output": (captured.out + captured.err).encode(),
        "errors": "".join(told).encode(),
        "replies": "".join(replies).encode(),
        "reprs": "".join(reprs).encode(),
        "the state folder": everything_in(machine.state, but=key_file),
    }
    for where, octets in places.items():
        assert octets or where == "the output", where
        assert found(SECRET, octets) == [] and found(OTHER_SECRET, octets) == [], where
    assert found(SECRET, key_file.read_bytes()) == [SECRET.hex().encode()], "the search can find something"


@pytest.mark.parametrize("write", [repr, lambda octets: str(list(octets)), lambda octets: octets.hex(":")])
def test_the_search_finds_what_it_looks_for(write):
    assert found(SECRET, write(SECRET).encode())


async def test_the_node_is_told_of_keys_as_they_come_and_go(machine):
    async with machine.running() as core:
        core.add_home_address(HOME, AGENT)
        core.keys.set(**GOOD)
        assert association_of(machine).secret == SECRET and association_of(machine).spi_in == 1000
        core.keys.remove(*IDENTITY)
        assert association_of(machine) is None
        core.keys.set(**GOOD | {"owner": KeyOwner.USER})
    async with machine.running() as core:
        assert association_of(machine).secret == b""
        core.keys.provide(*IDENTITY, SECRET)
        assert association_of(machine).secret == SECRET


async def test_what_the_node_can_protect_is_in_the_status(machine):
    async with machine.running() as core:
        machine.node.protections = ("esp",)
        assert core.status().protections == ("esp",)


def association_of(machine):
    (home,) = machine.node.config.mobile_node.home_addresses
    return home.association
