# SPDX-License-Identifier: GPL-2.0-or-later
import asyncio
import json
import os
from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.constants import MAX_HOME_ADDRESSES, MAX_KNOWN_HOME_AGENTS
from mnclient.engine.actions import PublishStatus, ReportHandover, ReportHomeAddress
from mnclient.errors import MobileIPv6Error, NetworkError
from mnclient.model.handover import Handover, Outcome
from mnclient.model.service_status import Origin
from mnclient.model.status import HomeAddressState
from mnclient.model.stored_binding import Stored, StoredBinding, StoredRegistration
from service.core import Change, ChangeKind
from tests.service.fake_node import AGENT, EUI64, HARDWARE, PREFIX, Machine, bindings_on_disk, heard_changes, turn

DESPERATE = '[autoconfiguration]\ndesperation = true\ndesperation_joins = "any"\n'
HOME = IPv6Address("2001:db8:1::100")
OTHER = IPv6Address("2001:db8:2::100")


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


async def test_it_starts_knowing_nothing(machine):
    async with machine.running() as core:
        status = core.status()
        assert (status.home_addresses, status.known_home_agents, status.proposals) == ((), (), ())
        assert status.engine.problems == ()
        assert status.datapath.name == "portable"
        assert len(machine.node.config.mobile_node.stable_secret) == 32
        assert machine.node.config.home_agent is None


@pytest.mark.requirement("RFC7217-MN-5-02")
async def test_the_secret_is_made_once(machine):
    async with machine.running(crash=True):
        first = machine.node.config.mobile_node.stable_secret
    assert len(first) * 8 >= 128
    async with machine.running():
        assert machine.node.config.mobile_node.stable_secret == first
    assert (machine.state / "state.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.requirement("RFC7217-MN-5-02")
async def test_the_secret_is_the_administrators_to_change(machine, monkeypatch):
    """In the file of the state: another one is taken, and one that is too short, or none, makes a new one."""
    drawn = []
    monkeypatch.setattr(os, "urandom", lambda count, draw=os.urandom: drawn.append(draw(count)) or drawn[-1])
    async with machine.running():
        assert machine.node.config.mobile_node.stable_secret in drawn, "of the system's source of random numbers"
    for chosen, is_taken in ((bytes(range(32)), True), (bytes(range(15)), False), (b"", False)):
        document = machine.stored() | {"stable_secret": chosen.hex()}
        (machine.state / "state.json").write_text(json.dumps(document))
        async with machine.running():
            secret = machine.node.config.mobile_node.stable_secret
        assert (secret == chosen) is is_taken
        assert len(secret) == 32


async def test_a_home_address_is_taken_stored_and_told_to_the_node(machine):
    async with machine.running(DESPERATE, crash=True) as core:
        changes = heard_changes(core)
        machine.node.hear()
        await turn()
        assert machine.node.home_addresses == [str(EUI64)]
        (config,) = machine.node.config.mobile_node.home_addresses
        assert (config.home_agent, config.prefix, config.preferred) == (AGENT, PREFIX, True)
        assert config.home_agent_link_layer == b"\x02\x00\x00\x00\x00\x01", "pinned on first use"
        assert {ChangeKind.HOME_ADDRESSES, ChangeKind.HOME_AGENTS} <= set(changes)
        assert machine.stored()["home_addresses"][0]["address"] == str(EUI64), "on disk although it crashes now"
    machine.host = [HARDWARE.__class__(name="eth0", link_layer_address=bytes.fromhex("02ffffffffff"))]
    async with machine.running() as core:
        assert machine.node.home_addresses == [str(EUI64)], "a crash and a randomised address change nothing"
        (managed,) = core.status().home_addresses
        assert managed.origin is Origin.LEARNED
        machine.node.hear()
        await turn()
        assert machine.node.home_addresses == [str(EUI64)]


async def test_the_known_home_agents_survive_a_restart(machine):
    async with machine.running() as core:
        machine.node.hear()
        machine.node.elapsed += 600
        machine.node.hear()
        (before,) = core.status().known_home_agents
    async with machine.running() as core:
        assert core.status().known_home_agents == (before,)
        assert before.advertisements == 2


async def test_advertisements_are_not_written_one_by_one(machine):
    async with machine.running() as core:
        machine.node.hear()
        for _ in range(1000):
            machine.node.hear()
        assert "advertisements" not in (machine.state / "state.json").read_text()
        assert core.status().known_home_agents[0].advertisements == 1001
    assert machine.stored()["home_agents"][0]["advertisements"] == 1001


async def test_a_flood_of_home_agents_is_bounded(machine):
    async with machine.running() as core:
        for number in range(5000):
            prefix = IPv6Network((0x20010DB8 << 96 | number << 64, 64))
            machine.node.hear(address=prefix[1], prefix=prefix)
        assert len(core.status().known_home_agents) == MAX_KNOWN_HOME_AGENTS


async def test_active_is_what_was_acknowledged(machine):
    async with machine.running(DESPERATE) as core:
        machine.node.hear()
        await turn()
        assert not core.status().home_addresses[0].active
        machine.node.report(EUI64)
        assert core.status().home_addresses[0].active
        machine.node.report(EUI64, HomeAddressState.REGISTERING)
        machine.node.elapsed += 31
        assert not core.status().home_addresses[0].active


async def proposed(machine, core):
    core.set_setting("autoconfiguration.responsiveness", "100")
    for _ in range(5):
        machine.node.hear()
        machine.node.elapsed += 600
    (proposal,) = core.status().proposals
    assert (proposal.address, proposal.home_agent) == (EUI64, AGENT)


async def test_a_proposal_is_accepted(machine):
    async with machine.running() as core:
        await proposed(machine, core)
        assert machine.node.home_addresses == []
        core.accept_proposal(EUI64)
        assert machine.node.home_addresses == [str(EUI64)]
        assert core.status().proposals == ()
        assert core.status().home_addresses[0].origin is Origin.LEARNED


async def test_a_proposal_that_was_dismissed_stays_so_until_its_home_agent_is_forgotten(machine):
    async with machine.running() as core:
        await proposed(machine, core)
        core.dismiss_proposal(EUI64)
        machine.node.hear()
        assert core.status().proposals == ()
    async with machine.running() as core:
        machine.node.hear()
        assert core.status().proposals == ()
        core.remove_home_agent(AGENT)
        await proposed(machine, core)


async def test_removed_it_does_not_come_right_back(machine):
    async with machine.running(DESPERATE) as core:
        machine.node.hear()
        await turn()
        core.remove_home_address(EUI64)
        machine.node.hear()
        await turn()
        assert machine.node.home_addresses == []
    async with machine.running() as core:
        machine.node.hear()
        await turn()
        assert machine.node.home_addresses == []
        core.remove_home_agent(AGENT)
        machine.node.hear()
        await turn()
        assert machine.node.home_addresses == [str(EUI64)]


async def test_home_addresses_by_hand(machine):
    async with machine.running() as core:
        core.add_home_address(HOME, AGENT)
        core.add_home_address(OTHER, None, 60)
        core.prefer_home_address(OTHER)
        assert machine.node.home_addresses == [str(HOME), str(OTHER)]
    async with machine.running() as core:
        first, second = core.status().home_addresses
        assert (first.home_agent, first.preferred, first.origin) == (AGENT, False, Origin.MANUAL)
        assert (second.home_agent, second.preferred, str(second.prefix)) == (None, True, "2001:db8:2::/60")
        assert [each.preferred for each in machine.node.config.mobile_node.home_addresses] == [False, True]
        core.remove_home_address(OTHER)
        assert machine.node.home_addresses == [str(HOME)]
        assert core.status().home_addresses[0].preferred, "there is always one"


async def test_without_naming_one_the_known_home_agent_of_the_network_is_taken(machine):
    async with machine.running() as core:
        machine.node.hear()
        core.add_home_address(HOME, None)
        assert core.status().home_addresses[0].home_agent == AGENT


async def test_a_home_agent_heard_later_is_pinned_for_the_node(machine):
    async with machine.running() as core:
        core.add_home_address(HOME, AGENT)
        assert machine.node.config.mobile_node.home_addresses[0].home_agent_link_layer is None
        machine.node.hear()
        assert machine.node.config.mobile_node.home_addresses[0].home_agent_link_layer == b"\x02\x00\x00\x00\x00\x01"
        before = len(machine.node.configs)
        machine.node.hear(link_layer_address=b"\x02\x00\x00\x00\x00\x66")
        assert len(machine.node.configs) == before, "another router's claim is not followed"


async def test_home_addresses_of_the_settings(machine):
    text = """
    [mobile_node]
    home_addresses = [
        { address = "2001:db8:1::100" },
        { address = "2001:db8:2::100", preferred = true }, # the second floor
    ]
    """
    async with machine.running(text) as core:
        assert [(each.origin, each.preferred) for each in core.status().home_addresses] == [
            (Origin.ADMINISTRATOR, False),
            (Origin.ADMINISTRATOR, True),
        ]
        core.prefer_home_address(HOME)
        core.remove_home_address(OTHER)
        assert machine.node.home_addresses == [str(HOME)]
        assert str(OTHER) not in machine.settings.read_text()


async def test_sixteen_home_addresses_are_the_most(machine):
    async with machine.running() as core:
        for number in range(1, MAX_HOME_ADDRESSES + 1):
            core.add_home_address(HOME + number, None)
        with pytest.raises(MobileIPv6Error, match="16 home addresses, and more are not possible: remove one"):
            core.add_home_address(HOME, None)


async def test_home_agents_by_hand(machine):
    async with machine.running() as core:
        core.add_home_agent(AGENT, PREFIX, True)
        (agent,) = core.status().known_home_agents
        assert (agent.origin, agent.pinned, agent.last_heard_time) == (Origin.MANUAL, True, None)
    async with machine.running() as core:
        core.remove_home_agent(AGENT)
        assert core.status().known_home_agents == ()


async def test_a_list_full_of_pinned_home_agents(machine):
    async with machine.running() as core:
        for number in range(1, MAX_KNOWN_HOME_AGENTS + 1):
            core.add_home_agent(AGENT + number, PREFIX, True)
        with pytest.raises(MobileIPv6Error, match="list of known home agents is full"):
            core.add_home_agent(AGENT, PREFIX, True)


async def test_home_agents_of_the_settings(machine):
    text = '[[known_home_agents]]\naddress = "2001:db8:1::1"\n'
    async with machine.running(text) as core:
        (agent,) = core.status().known_home_agents
        assert (agent.origin, agent.pinned) == (Origin.ADMINISTRATOR, True)
        machine.node.hear()
        machine.settings.write_text("")
        core.reload()
        (agent,) = core.status().known_home_agents
        assert (agent.origin, agent.pinned) == (Origin.LEARNED, False)
        machine.settings.write_text(text)
        core.reload()
        core.remove_home_agent(AGENT)
        assert core.status().known_home_agents == ()
        assert "2001:db8:1::1" not in machine.settings.read_text()


async def test_suggestions(machine):
    async with machine.running() as core:
        assert core.suggestions(None) == ()
        machine.node.hear()
        expected = [EUI64, IPv6Address("2001:db8:1:0:123:4567:89ab:cdef")]
        assert [each.address for each in core.suggestions(AGENT)] == expected
        assert [each.address for each in core.suggestions(None)] == expected


@pytest.mark.requirement("RFC8981-MN-3.4-01")
async def test_temporary_care_of_addresses_are_not_suggested(machine):
    machine.host = [HARDWARE.__class__(name="eth0", link_layer_address=b"", identifiers=(bytes(7) + b"\x05",))]
    async with machine.running() as core:
        machine.node.hear()
        assert [str(each.address) for each in core.suggestions(None)] == ["2001:db8:1::5"]
        core.set_setting("mobile_node.identifier", "temporary")
        assert core.suggestions(None) == ()


BINDING = StoredBinding(home_address=HOME, care_of_address=OTHER, sequence=9, remaining=600.0)


async def test_the_home_agents_bindings_survive_a_restart(machine):
    async with machine.running("home_agent.enabled = true\n"):
        machine.node.stored = Stored(bindings=(BINDING,))
    machine.elapsed += 100
    async with machine.running():
        (restored,) = machine.node.restored.bindings
        assert (restored.home_address, restored.sequence, restored.remaining) == (HOME, 9, 500.0)


async def test_they_survive_a_stop_that_takes_long(machine):
    """The node tells of what it withdraws, and knows nothing any more when that would be written."""
    async with machine.running("home_agent.enabled = true\n") as core:
        node = machine.node
        node.stored = Stored(bindings=(BINDING,))

        async def stop():
            node.is_running = False
            node.observer(PublishStatus())
            await bindings_on_disk(core)

        node.stop = stop
    async with machine.running():
        assert len(machine.node.restored.bindings) == 1


async def test_a_machine_that_is_no_home_agent_stores_no_bindings(machine):
    async with machine.running():
        machine.node.observer(PublishStatus())
    assert not (machine.state / "bindings.json").exists()


async def test_what_was_told_to_home_agents_survives_a_crash(machine):
    registration = StoredRegistration(home_address=HOME, home_agent=AGENT, sequence=9, remaining=600.0)
    async with machine.running() as core:
        core.add_home_address(HOME, AGENT)
        machine.node.stored = Stored(registrations=(registration,))
        machine.node.observer(
            ReportHomeAddress(home_address=HOME, home_agent=AGENT, state=HomeAddressState.REGISTERED, status=0)
        )
        for _ in range(500):
            if (machine.state / "bindings.json").exists():
                break
            await asyncio.sleep(0.01)
        assert '"sequence": 9' in (machine.state / "bindings.json").read_text(), "on disk although it crashes now"
    async with machine.running():
        assert machine.node.restored.registrations == (registration,)


async def test_subscribers_hear_of_handovers_and_a_failing_one_harms_nobody(machine):
    handover = Handover(
        number=1,
        home_address=HOME,
        from_network="home",
        to_network="2001:db8:2::/64",
        interface="eth0",
        started=1.0,
        stages=(),
        outcome=Outcome.UNDER_WAY,
    )
    async with machine.running() as core:
        changes = []
        core.subscribe(lambda change: 1 / 0)
        unsubscribe = core.subscribe(changes.append)
        machine.node.observer(ReportHandover(handover=handover))
        machine.node.observer(PublishStatus())
        unsubscribe()
        unsubscribe()
        machine.node.observer(PublishStatus())
    assert changes == [Change(kind=ChangeKind.HANDOVER, handover=handover), Change(kind=ChangeKind.STATUS)]


async def test_a_node_that_cannot_start_is_told(machine):
    machine.start_error = NetworkError("not permitted", operation="open a raw socket", errno=1)
    core = machine.core()
    with pytest.raises(NetworkError, match="not permitted"):
        await core.start()


async def test_nothing_is_left_behind_in_the_folder(machine):
    async with machine.running(DESPERATE) as core:
        machine.node.hear()
        await turn()
        core.set_setting("autoconfiguration.responsiveness", "7")
    assert sorted(path.name for path in machine.state.iterdir()) == [
        "bindings.json",
        "settings.last-good.toml",
        "state.json",
    ]


async def test_the_node_is_made_for_the_datapath_of_the_settings(machine):
    async with machine.running("network.datapath = 'kernel'\n") as core:
        assert machine.node.datapath_wish == "kernel"
        core.set_setting("network.datapath", "portable")
        assert machine.node.datapath_wish == "kernel", "it is another one after a restart, as the setting says"
    async with machine.running():
        assert machine.node.datapath_wish == "portable"
    machine.settings.write_text("network.datapath = 3\n")
    async with machine.running():
        assert machine.node.datapath_wish == "portable", "the last good settings"


async def test_waking_up_is_told_to_the_node(machine):
    async with machine.running() as core:
        core.resumed()
        assert machine.node.resumptions == 1
