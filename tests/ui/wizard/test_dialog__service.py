# SPDX-License-Identifier: GPL-2.0-or-later
"""The wizard and the real service, on a bus of their own: only the network is not there."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from mnclient.engine.actions import PublishStatus
from mnclient.model.keys import KeyOwner
from mnclient.model.status import HomeAddressState, HomeAddressStatus, InterfaceStatus, Phase
from mnclient.model.stored_binding import Stored, StoredRegistration
from mnclient.units import Seconds
from service.interfaces.bus import BusFace
from tests.service.fake_node import AGENT, PREFIX, Machine
from tests.service.private_bus import private_bus
from tests.ui import samples
from tests.ui.wizard.people import INVITATION, write
from ui.desk import Desk
from ui.session import Session
from ui.view.wizard_flow import State
from ui.wizard.dialog import WizardDialog

SETTINGS = """version = 1
[[mobile_node.interfaces]]
name = "eth0"
priority = 7
"""
INTERFACES = tuple(
    InterfaceStatus(name=name, priority=priority, enabled=True, is_up=True, care_of_address=samples.CARE_OF)
    for name, priority in (("eth0", 7), ("wlan0", 100))
)


def network(node, state, **more):
    """What the engine says as long as its home addresses stand like this."""
    plain = type(node).status

    def status():
        homes = tuple(
            HomeAddressStatus(
                address=each.address,
                prefix=each.prefix,
                home_agent=each.home_agent,
                state=state,
                care_of_address=samples.CARE_OF,
                **more,
            )
            for each in node.config.mobile_node.home_addresses
        )
        return replace(plain(node), phase=Phase.REGISTERING, home_addresses=homes, interfaces=INTERFACES)

    node.status = status
    node.observer(PublishStatus())


async def until(qapp, condition):
    async with asyncio.timeout(20):
        while not condition():
            qapp.processEvents()
            await asyncio.sleep(0.002)


@asynccontextmanager
async def opened(qapp, folder, user_settings):
    with private_bus() as bus:
        machine = Machine(folder)
        async with machine.running(SETTINGS) as core:
            face = BusFace(core, bus.address)
            await face.start()
            session = Session(bus.address)
            session.start()
            desk = Desk(session, user_settings)
            wizard = WizardDialog(desk)
            network(machine.node, HomeAddressState.REGISTERING)
            machine.node.hear(AGENT, PREFIX)
            await until(qapp, lambda: session.status is not None and session.status.known_home_agents)
            wizard.show()
            await until(qapp, lambda: wizard.address_page is not None and wizard.guide._suggestions)
            try:
                yield SimpleNamespace(
                    core=core, node=machine.node, machine=machine, wizard=wizard, session=session, face=face
                )
            finally:
                wizard._may_close = True
                wizard.close()
                await session.close()
                await face.stop()


def press(wizard, key=Qt.Key.Key_Return):
    QTest.keyClick(wizard, key)


def everything(room):
    """All that a trial could leave behind."""
    stored = room.machine.stored() if (room.machine.state / "state.json").exists() else {}
    return room.core.settings(), stored.get("home_addresses"), room.core.status().keys, room.node.home_addresses


async def to_trial(qapp, room):
    for state in (State.ADDRESS, State.PROTECTION, State.INTERFACES):
        press(room.wizard)
        await until(qapp, lambda wanted=state: room.wizard.guide.state is wanted)
    room.wizard.interfaces_page.list.setCurrentRow(1)
    room.wizard.interfaces_page.move(-1)
    press(room.wizard)
    await until(qapp, lambda: room.node.home_addresses and room.wizard.guide.runner.is_trying)


async def test_a_home_address_is_got_and_kept(qapp, tmp_path, user_settings, light):
    async with opened(qapp, tmp_path, user_settings) as room:
        await to_trial(qapp, room)
        wanted = str(room.wizard.guide.draft.suggestion)
        assert room.node.home_addresses == [wanted]
        assert room.machine.stored().get("home_addresses", []) == []  # on trial, it is nowhere on the disk
        network(room.node, HomeAddressState.REGISTERED, registered=True, verified=True)
        await until(qapp, lambda: room.wizard.guide.state is State.DONE)
        assert [each["address"] for each in room.machine.stored()["home_addresses"]] == [wanted]
        assert room.core.setting("mobile_node.allow_unprotected_signalling") is True
        press(room.wizard, Qt.Key.Key_Escape)
        assert room.node.home_addresses == [wanted]


async def test_closing_in_the_middle_leaves_everything_as_it_was(qapp, tmp_path, user_settings, light):
    async with opened(qapp, tmp_path, user_settings) as room:
        before = everything(room)
        await to_trial(qapp, room)
        assert everything(room) != before
        room.wizard._may_close = True
        room.wizard.close()
        await until(qapp, lambda: room.wizard.guide.runner.is_idle)
        assert everything(room) == before


async def test_a_key_of_an_invitation_goes_when_the_trial_goes(qapp, tmp_path, user_settings, light):
    async with opened(qapp, tmp_path, user_settings) as room:
        before = everything(room)
        room.wizard.import_invitation(write(tmp_path / "invitation"))
        await until(qapp, lambda: room.wizard.guide.draft.invitation is not None)
        for state in (State.PROTECTION, State.INTERFACES):
            press(room.wizard)
            await until(qapp, lambda wanted=state: room.wizard.guide.state is wanted)
        press(room.wizard)
        await until(qapp, lambda: room.wizard.guide.runner.is_trying)
        (key,) = room.core.status().keys
        assert (key.home_address, key.spi_out) == (INVITATION.home_address, INVITATION.spi_out)
        await until(qapp, lambda: room.session.status.keys)
        press(room.wizard, Qt.Key.Key_Escape)
        assert room.wizard.question is not None
        next(each for each in room.wizard.question.buttons() if "Close" in each.text()).click()
        await until(qapp, lambda: room.wizard.guide.runner.is_idle)
        assert everything(room) == before


def registration(spi):
    return StoredRegistration(
        home_address=INVITATION.home_address, home_agent=AGENT, sequence=9, remaining=Seconds(600.0), spi=spi
    )


async def test_a_new_key_takes_the_place_of_the_one_before(qapp, tmp_path, user_settings, light):
    async with opened(qapp, tmp_path, user_settings) as room:
        address, known = INVITATION.home_address, {"registered": True, "verified": True}
        room.node.protections = ("rfc4285",)
        room.core.add_home_address(address, AGENT)
        old = ("hmac-sha1-96", 9000, 9001, bytes(16), KeyOwner.COMPUTER)
        room.core.keys.set(address, AGENT, INVITATION.kind, *old)
        network(room.node, HomeAddressState.REGISTERED, **known, accepted_spi=9001)
        await until(qapp, lambda: room.session.status.keys)
        room.wizard.import_invitation(write(tmp_path / "second", replace(INVITATION, identity="me@example.org")))
        await until(qapp, lambda: room.wizard.guide.draft.invitation is not None)
        press(room.wizard)
        await until(qapp, lambda: room.wizard.guide.runner.is_trying)
        assert [each.spi_out for each in room.core.keys.infos()] == [9001, INVITATION.spi_out]
        (home,) = room.node.config.mobile_node.home_addresses
        assert (home.association.spi_out, home.association.identifier) == (INVITATION.spi_out, "me@example.org")
        network(room.node, HomeAddressState.REGISTERED, **known, accepted_spi=INVITATION.spi_out)
        await until(qapp, lambda: room.wizard.guide.state is State.DONE)
        room.node.stored = Stored(registrations=(registration(INVITATION.spi_out),))
        room.node.report(address)
        await until(qapp, lambda: [each.spi_out for each in room.core.keys.infos()] == [INVITATION.spi_out])
        named = {"home_address": str(address), "identifier": "me@example.org"}
        assert room.core.setting("mobile_node.access_identifiers") == [named]


async def test_a_program_that_ends_gives_its_trial_up(qapp, tmp_path, user_settings, light):
    async with opened(qapp, tmp_path, user_settings) as room:
        await to_trial(qapp, room)
        await room.session.close()
        await until(qapp, lambda: room.node.home_addresses == [])


async def test_a_service_that_goes_and_comes_in_the_middle(qapp, tmp_path, user_settings, light):
    async with opened(qapp, tmp_path, user_settings) as room:
        before = everything(room)
        await to_trial(qapp, room)
        await room.face.stop()
        await until(qapp, lambda: room.wizard.guide.state is State.FAILED)
        room.wizard.footer.back.click()
        assert room.wizard.guide.state is State.INTERFACES and not room.wizard.guide.runner.is_idle
        await room.face.start()
        await until(qapp, lambda: room.wizard.guide.runner.is_idle)
        assert everything(room) == before


pytestmark = pytest.mark.timeout(120)
