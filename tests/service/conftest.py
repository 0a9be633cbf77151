# SPDX-License-Identifier: GPL-2.0-or-later
"""mnctl as a person runs it, against a service with a fake core on a bus of its own."""

import asyncio
import json

import pytest

from service import cli, cli_output
from service.interfaces.bus import BusFace
from tests.service.fake_core import BOOT_TIME, FakeCore
from tests.service.private_bus import private_bus


@pytest.fixture
def at_the_time_of_the_fake_core(monkeypatch):
    """In UTC, and a hundred seconds after the handover."""
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setattr(cli_output.time, "time", lambda: BOOT_TIME + 1000.0)
    monkeypatch.delenv("MNCLIENT_BUS", raising=False)


class Mnctl:
    """Runs commands against a service with a fake core; `status` of the last one stays to be looked at."""

    def __init__(self, core, address, capsys):
        self.core, self.address, self._capsys = core, address, capsys
        self.status, self.errors = None, ""

    async def __call__(self, *words, status=0, bus=True):
        where = ("--bus", self.address) if bus else ()
        self._capsys.readouterr()
        self.status = await asyncio.to_thread(cli.main, [*where, *words])
        captured = self._capsys.readouterr()
        self.errors = captured.err
        assert self.status == status, captured.err
        return captured.out

    async def json(self, *words):
        return json.loads(await self(*words, "--json"))


@pytest.fixture
async def mnctl(capsys, at_the_time_of_the_fake_core):
    with private_bus() as bus:
        core = FakeCore()
        face = BusFace(core, bus.address)
        await face.start()
        yield Mnctl(core, bus.address, capsys)
        await face.stop()
