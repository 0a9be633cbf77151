# SPDX-License-Identifier: GPL-2.0-or-later
"""The guests of a home agent in the service as a whole: what they need is there, and goes with them."""

import json
from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.engine.actions import PublishStatus
from mnclient.errors import ConfigError, MobileIPv6Error
from mnclient.model.guest import GuestState, GuestWish
from mnclient.model.keys import KeyKind, KeyOwner
from mnclient.model.problems import ProblemCode
from mnclient.model.status import BindingCacheStatus
from mnclient.model.stored_binding import Stored, StoredBinding
from mnclient.units import Instant, Seconds
from service.contract import InvalidArgument, UnknownThing
from service.core import ChangeKind
from service.state_store import StateStore
from tests.service.fake_node import AGENT, BOOT_TIME, PREFIX, Machine, bindings_on_disk, heard_changes, until

SECRET = bytes.fromhex("c0ffee00c0ffee01c0ffee02c0ffee03")
ADDRESS = IPv6Address("2001:db8:1::10")
CARE_OF = IPv6Address("2001:db8:2::10")
WEEK = 604_800.0
WISH = GuestWish(
    name="laptop",
    kind=KeyKind.RFC4285,
    algorithm="hmac-sha1-96",
    secret=SECRET,
    home_address=ADDRESS,
    expires_time=BOOT_TIME + WEEK,
)
HOME_AGENT = f"""
[mobile_node]
enabled = false
[home_agent]
enabled = true
[[home_agent.links]]
prefix = "{PREFIX}"
address = "{AGENT}"
virtual = true
"""
OPEN = HOME_AGENT.replace("enabled = true", "enabled = true\nallow_unprotected_signalling = true")
CLOSED = HOME_AGENT + "[[home_agent.access]]\nallow = false\n"
BOUND = StoredBinding(home_address=ADDRESS, care_of_address=CARE_OF, sequence=1, remaining=Seconds(60.0))


@pytest.fixture
def machine(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.service.fake_node.FakeNode.protections", ("rfc4285",))
    return Machine(tmp_path)


def states(core):
    return {each.name: each.state for each in core.guests.listing()}


def associations(machine):
    return [(str(each.home_address), each.secret) for each in machine.node.config.home_agent.associations]


def registers(machine, binding=BOUND):
    machine.node.stored = Stored(bindings=(binding,))
    machine.node.observer(PublishStatus())


async def test_an_invitation_makes_a_key_that_the_node_uses(machine):
    async with machine.running(HOME_AGENT) as core:
        changes = heard_changes(core)
        guest = core.guests.invite(WISH)
        assert (guest.home_address, guest.home_agent, guest.state) == (ADDRESS, AGENT, GuestState.INVITED)
        assert core.guests.listing() == (guest,)
        assert associations(machine) == [(str(ADDRESS), SECRET)]
        (key,) = core.keys.infos()
        assert (key.spi_in, key.spi_out) == (guest.spi_in, guest.spi_out)
        assert key.owner is KeyOwner.COMPUTER
        assert ChangeKind.GUESTS in changes
        assert core.setting("home_agent.access") == []
    path = machine.state / "guests.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert SECRET.hex() not in path.read_text() and json.loads(path.read_text())["version"] == 1
    async with machine.running() as core:
        assert core.guests.listing() == (guest,)
        assert associations(machine) == [(str(ADDRESS), SECRET)]


async def test_without_an_address_a_free_one_is_chosen(machine):
    async with machine.running(HOME_AGENT) as core:
        wish = replace(WISH, home_address=None)
        made = [core.guests.invite(replace(wish, name=f"{number}")) for number in range(3)]
        assert len({each.home_address for each in made}) == 3
        assert all(each.home_address in PREFIX for each in made)
        assert len({spi for each in made for spi in (each.spi_in, each.spi_out)}) == 6


async def test_it_is_used_at_the_first_registration_with_its_key(machine):
    async with machine.running(HOME_AGENT) as core:
        core.guests.invite(WISH)
        registers(machine, replace(BOUND, remaining=Seconds(0.0)))  # of a binding that is gone
        registers(machine, replace(BOUND, home_address=IPv6Address("2001:db8:1::11")))
        await bindings_on_disk(core)
        assert states(core) == {"laptop": GuestState.INVITED}
        changes = heard_changes(core)
        registers(machine)
        await until(lambda: states(core) == {"laptop": GuestState.USED})
        assert core.guests.listing()[0].used_time == BOOT_TIME
        assert ChangeKind.GUESTS in changes
    machine.elapsed = 2 * WEEK
    async with machine.running() as core:
        assert states(core) == {"laptop": GuestState.USED}, "what was used does not expire"
        assert associations(machine)


async def test_another_key_is_not_a_use_of_the_invitation(machine):
    async with machine.running(HOME_AGENT) as core:
        guest = core.guests.invite(WISH)
        machine.node.elapsed += 1.0
        core.keys.set(ADDRESS, AGENT, KeyKind.RFC4285, "hmac-sha1-96", 300, 301, SECRET, KeyOwner.COMPUTER)
        core.guests.registered([BOUND])
        assert states(core) == {"laptop": GuestState.INVITED}
        core.keys.remove(ADDRESS, AGENT, 301)
        core.keys.remove(*guest.key_identity)
        core.guests.registered([BOUND])
        assert states(core) == {"laptop": GuestState.INVITED}
        assert not core.guests.listing()[0].has_key


async def test_a_key_that_cannot_protect_is_no_use_either(machine):
    async with machine.running(HOME_AGENT) as core:
        core.guests.invite(WISH)
        machine.node.protections = ()
        core.guests.registered([BOUND])
        assert states(core) == {"laptop": GuestState.INVITED}


async def test_what_was_not_used_in_time_loses_its_key(machine):
    async with machine.running(HOME_AGENT) as core:
        core.guests.invite(WISH)
        machine.node.elapsed = WEEK - 1.0
        core.resumed()
        assert states(core) == {"laptop": GuestState.INVITED}
        machine.node.elapsed = WEEK
        core.resumed()
        assert states(core) == {"laptop": GuestState.EXPIRED}
        assert core.keys.infos() == () and associations(machine) == []
        with pytest.raises(UnknownThing, match="has expired already"):
            core.guests.revoke("laptop")
        core.guests.invite(replace(WISH, expires_time=None))
        assert states(core) == {"laptop": GuestState.INVITED}


async def test_time_passes_without_being_asked(machine):
    async with machine.running(HOME_AGENT) as core:
        core.guests.invite(replace(WISH, expires_time=BOOT_TIME + 0.5))
        machine.node.elapsed = 0.5
        assert core.keys.infos() != ()
        await until(lambda: core.keys.infos() == ())


async def test_it_expires_while_the_service_does_not_run(machine):
    async with machine.running(HOME_AGENT) as core:
        core.guests.invite(WISH)
    machine.elapsed = WEEK
    async with machine.running() as core:
        assert core.keys.infos() == () and associations(machine) == []
        assert states(core) == {"laptop": GuestState.EXPIRED}


async def test_revoked_its_key_its_access_and_its_binding_end(machine):
    async with machine.running(HOME_AGENT) as core:
        core.guests.invite(replace(WISH, care_of_addresses=(IPv6Network("2001:db8:2::/64"),)))
        assert [each["allow"] for each in core.setting("home_agent.access")] == [True, False]
        ended = core.guests.revoke("laptop")
        assert ended.state is GuestState.REVOKED and not ended.has_key
        assert core.guests.listing() == (ended,)
        assert core.keys.infos() == () and associations(machine) == []
        assert core.setting("home_agent.access") == []
        assert machine.node.dismissed.home_addresses == IPv6Network(ADDRESS)
        with pytest.raises(UnknownThing, match="was revoked already"):
            core.guests.revoke("laptop")
        with pytest.raises(UnknownThing, match="There is no guest nobody"):
            core.guests.revoke("nobody")


async def test_where_everybody_is_believed_a_revoked_one_is_kept_out(machine):
    async with machine.running(OPEN) as core:
        core.guests.invite(WISH)
        assert core.setting("home_agent.access") == []
        core.guests.revoke("laptop")
        (rule,) = core.setting("home_agent.access")
        assert (rule["allow"], rule["home_addresses"]) == (False, f"{ADDRESS}/128")
        core.guests.invite(WISH)
        assert core.setting("home_agent.access") == [], "invited again it may come back"


async def test_a_closed_home_agent_opens_for_its_guest(machine):
    async with machine.running(CLOSED) as core:
        core.guests.invite(WISH)
        first, second = machine.node.config.home_agent.access
        assert first.allow and first.home_addresses == IPv6Network(ADDRESS)
        assert not second.allow
        core.guests.revoke("laptop")
        assert len(machine.node.config.home_agent.access) == 1


async def test_two_invitations_are_not_for_one_address_or_name(machine):
    async with machine.running(HOME_AGENT) as core:
        core.guests.invite(WISH)
        with pytest.raises(InvalidArgument, match="belongs to the guest laptop") as caught:
            core.guests.invite(replace(WISH, name="other"))
        assert "mnctl revoke laptop" in caught.value.hint
        with pytest.raises(InvalidArgument, match="laptop is a guest already"):
            core.guests.invite(replace(WISH, home_address=PREFIX[99]))
        core.guests.invite(replace(WISH, name="a b", home_address=PREFIX[98]))
        with pytest.raises(InvalidArgument, match="a b is a guest already") as caught:
            core.guests.invite(replace(WISH, name="a b", home_address=PREFIX[97]))
        assert "mnctl revoke 'a b'" in caught.value.hint
        core.guests.revoke("a b")
        key = IPv6Address("2001:db8:1::20")
        core.keys.set(key, AGENT, KeyKind.RFC4285, "hmac-sha1-96", 300, 301, SECRET, KeyOwner.COMPUTER)
        with pytest.raises(InvalidArgument, match="has a key already"):
            core.guests.invite(replace(WISH, name="other", home_address=key))
        machine.node.bindings = (
            BindingCacheStatus(
                home_address=PREFIX[33],
                care_of_address=CARE_OF,
                sequence=1,
                lifetime=Seconds(60.0),
                expires=Instant(60.0),
                home_registration=True,
            ),
        )
        with pytest.raises(InvalidArgument, match="somebody is registered with it"):
            core.guests.invite(replace(WISH, name="other", home_address=PREFIX[33]))
        assert states(core) == {"laptop": GuestState.INVITED, "a b": GuestState.REVOKED}
        assert len(core.keys.infos()) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": b"short"},
        {"algorithm": "md5"},
        {"kind": KeyKind.ESP},
        {"home_address": AGENT},
        {"home_agent": IPv6Address("2001:db8:1::2")},
        {"expires_time": BOOT_TIME - 86_400.0},
        {"name": "\x1b[2J"},
    ],
)
async def test_a_refused_wish_changes_nothing(machine, wrong):
    async with machine.running(HOME_AGENT) as core:
        with pytest.raises(MobileIPv6Error) as caught:
            core.guests.invite(replace(WISH, **wrong))
        assert caught.value.hint and SECRET.hex() not in str(caught.value)
        assert core.guests.listing() == () and core.keys.infos() == ()
        assert core.setting("home_agent.access") == []


async def test_a_disk_that_refuses_changes_nothing(machine, monkeypatch):
    async with machine.running(CLOSED) as core:
        write = StateStore.write
        monkeypatch.setattr(
            StateStore, "write", lambda self, name, content: name != "guests.json" and write(self, name, content)
        )
        with pytest.raises(MobileIPv6Error, match="The guests cannot be stored"):
            core.guests.invite(WISH)
        monkeypatch.undo()
        monkeypatch.setattr("tests.service.fake_node.FakeNode.protections", ("rfc4285",))
        (machine.state / "keys").mkdir(mode=0o755, exist_ok=True)
        (machine.state / "keys").chmod(0o755)
        with pytest.raises(MobileIPv6Error, match="keys cannot be changed"):
            core.guests.invite(WISH)
        (machine.state / "keys").chmod(0o700)

        def full(_rules):
            raise ConfigError("there are too many rows", key="home_agent.access", accepted="1024 at most")

        monkeypatch.setattr(core, "store_home_agent_access", full)
        with pytest.raises(ConfigError):
            core.guests.invite(WISH)
        assert core.guests.listing() == () and core.keys.infos() == ()
    assert json.loads((machine.state / "guests.json").read_text())["guests"] == []


async def test_a_half_written_store_is_set_aside_and_its_keys_stay(machine):
    async with machine.running(HOME_AGENT) as core:
        core.guests.invite(WISH)
        core.guests.invite(replace(WISH, name="other", home_address=PREFIX[99]))
    path = machine.state / "guests.json"
    whole = path.read_text()
    path.write_text(whole.replace(str(PREFIX[99]), "nowhere"))
    async with machine.running() as core:
        assert states(core) == {"laptop": GuestState.INVITED}
        (problem,) = [each for each in core.status().engine.problems if each.code is ProblemCode.STATE_FILE_SET_ASIDE]
        assert "1 of 2 guests" in problem.text() and "mnctl keys" in problem.text()
        assert len(core.keys.infos()) == 2
    path.write_text(whole[: len(whole) // 2])
    async with machine.running() as core:
        assert core.guests.listing() == ()
        with pytest.raises(InvalidArgument, match="has a key already"):
            core.guests.invite(WISH)


async def test_a_crash_between_entry_and_key_leaves_a_guest_that_says_so(machine):
    async with machine.running(HOME_AGENT) as core:
        core.guests.invite(WISH)
    (machine.state / "keys/keys.json").unlink()
    async with machine.running() as core:
        (guest,) = core.guests.listing()
        assert guest.state is GuestState.INVITED and not guest.has_key
        core.guests.revoke("laptop")
        assert core.guests.invite(WISH).has_key


async def test_a_key_file_that_is_refused_keeps_its_guests(machine):
    async with machine.running(HOME_AGENT) as core:
        core.guests.invite(WISH)
    path = machine.state / "keys/keys.json"
    path.chmod(0o644)
    machine.elapsed = WEEK
    async with machine.running() as core:
        assert core.keys.infos() == ()
        assert states(core) == {"laptop": GuestState.INVITED}, "its key would be back with the file"
        with pytest.raises(MobileIPv6Error, match="mode 0644"):
            core.guests.revoke("laptop")
        path.chmod(0o600)
        core.reload()
        assert states(core) == {"laptop": GuestState.EXPIRED} and core.keys.infos() == ()


async def test_a_use_at_the_last_moment_is_remembered(machine):
    async with machine.running(HOME_AGENT) as core:
        core.guests.invite(WISH)
        machine.node.stored = Stored(bindings=(BOUND,))
    async with machine.running() as core:
        assert states(core) == {"laptop": GuestState.USED}


async def test_an_end_that_cannot_be_stored_is_tried_again(machine):
    async with machine.running(HOME_AGENT) as core:
        core.guests.invite(WISH)
        (machine.state / "keys").chmod(0o755)
        with pytest.raises(MobileIPv6Error, match="keys cannot be changed"):
            core.guests.revoke("laptop")
        machine.node.elapsed = WEEK
        assert states(core) == {"laptop": GuestState.INVITED}, "the key is there, so it is not said to have ended"
        (machine.state / "keys").chmod(0o700)
        assert states(core) == {"laptop": GuestState.EXPIRED}
