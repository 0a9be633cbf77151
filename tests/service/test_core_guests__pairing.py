# SPDX-License-Identifier: GPL-2.0-or-later
"""Both ends of an invitation as a person has them: two services, two buses, one file, and mnctl."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from mnclient.model.guest import GuestState
from mnclient.model.invitation import parse_invitation
from mnclient.model.keys import KeyKind
from service import cli
from service.interfaces.bus import BusFace
from tests.service.fake_node import Machine
from tests.service.private_bus import private_bus
from tests.service.test_core_guests import BOUND, HOME_AGENT


@pytest.fixture
def protections(monkeypatch):
    def have(*kinds):
        monkeypatch.setattr("tests.service.fake_node.FakeNode.protections", kinds)

    have("rfc4285")
    return have


@asynccontextmanager
async def service(folder, settings=""):
    folder.mkdir(exist_ok=True)
    machine = Machine(folder)
    with private_bus() as bus:
        async with machine.running(settings) as core:
            face = BusFace(core, bus.address)
            await face.start()
            core.machine = machine
            core.address = bus.address
            yield core
            await face.stop()


async def mnctl(core, *words):
    return await asyncio.to_thread(cli.main, ["--bus", core.address, *words])


@pytest.mark.parametrize("kind", list(KeyKind))
async def test_the_two_ends_fit_together(tmp_path, monkeypatch, capsys, protections, kind):
    protections("esp", "rfc4285")
    monkeypatch.setattr("service.cli_output.time.time", lambda: 1_800_000_000.0)
    path = tmp_path / "invitation"
    async with service(tmp_path / "agent", HOME_AGENT) as agent, service(tmp_path / "laptop") as laptop:
        words = ("--protection", kind.value, "--output", str(path))
        assert await mnctl(agent, "invite", "laptop", *words) == 0
        assert await mnctl(laptop, "join", str(path), "--later") == 0
        (theirs,) = agent.machine.node.config.home_agent.associations
        (home,) = laptop.machine.node.config.mobile_node.home_addresses
        assert home.association == replace(theirs, spi_in=theirs.spi_out, spi_out=theirs.spi_in)
        assert (home.address, home.home_agent, theirs.kind) == (theirs.home_address, theirs.home_agent, kind)
        assert [(each.address, each.pinned) for each in laptop.status().known_home_agents] == [(home.home_agent, True)]

        assert await mnctl(laptop, "join", str(path)) == 1
        assert "was used here already" in capsys.readouterr().err

        agent.guests.registered([replace(BOUND, home_address=home.address)])
        (guest,) = agent.guests.listing()
        assert guest.state is GuestState.USED

        assert await mnctl(agent, "revoke", "laptop") == 0
        assert agent.machine.node.config.home_agent.associations == ()
        assert await mnctl(agent, "revoke", "laptop") == 5
        assert "was revoked already" in capsys.readouterr().err
    secret = parse_invitation(path.read_bytes()).secret.hex()
    written = [each for each in tmp_path.rglob("*") if each.is_file() and each != path]
    with_secret = [each for each in written if secret in each.read_text(encoding="utf-8")]
    assert with_secret == [tmp_path / "laptop/state/keys/keys.json"], "revoked, the home agent has forgotten it"


async def test_two_invitations_for_one_address(tmp_path, monkeypatch, capsys, protections):
    monkeypatch.setattr("service.cli_output.time.time", lambda: 1_800_000_000.0)
    place = ("--home-address", "2001:db8:1::10")
    async with service(tmp_path / "agent", HOME_AGENT) as agent:
        assert await mnctl(agent, "invite", "one", *place, "--output", str(tmp_path / "one")) == 0
        assert await mnctl(agent, "invite", "two", *place, "--output", str(tmp_path / "two")) == 1
        assert "2001:db8:1::10 belongs to the guest one" in capsys.readouterr().err
        assert not (tmp_path / "two").exists()


async def test_a_machine_that_is_no_home_agent_invites_nobody(tmp_path, monkeypatch, capsys, protections):
    monkeypatch.setattr("service.cli_output.time.time", lambda: 1_800_000_000.0)
    async with service(tmp_path / "laptop") as laptop:
        assert await mnctl(laptop, "invite", "x", "--output", str(tmp_path / "x")) == 1
        assert "is no home agent" in capsys.readouterr().err
