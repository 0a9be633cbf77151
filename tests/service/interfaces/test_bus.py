# SPDX-License-Identifier: GPL-2.0-or-later
import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from dbus_fast import DBusError, MessageType

from mnclient.errors import MobileIPv6Error
from service import contract
from service.bus_connection import connect
from service.codec import from_variants, to_plain
from service.core_changes import Change, ChangeKind
from service.interfaces.bus import BusFace
from tests.service.fake_core import AWAY, SERVING, FakeCore
from tests.service.interfaces.on_a_bus import call, eventually, listen, service
from tests.service.private_bus import connect_as, private_bus

ROOT = Path(__file__).resolve().parents[3]


async def test_many_changes_are_gathered():
    async with service() as (core, caller, _face):
        heard = await listen(caller)
        loop = asyncio.get_running_loop()
        begin, count = loop.time(), 0
        while loop.time() - begin < 0.3:
            count += 1
            core.change(replace(AWAY, version=str(count)))
            await asyncio.sleep(0)
        await eventually(
            lambda: (
                [each.member for each in heard[-2:]] == ["PropertiesChanged", "StatusChanged"]
                and from_variants(heard[-2].body)[1] == {"Version": str(count)}
            )
        )
        told = sum(each.member == "StatusChanged" for each in heard)
        elapsed = loop.time() - begin
        assert count > 50
        assert 2 <= told <= elapsed / 0.05 + 2


class Counted:
    """In place of an endpoint."""

    published = 0

    def publish(self, *, settings_changed):
        self.published += 1

    def close(self):
        pass


async def test_a_change_is_published_when_it_is_quiet_or_when_it_is_time(monkeypatch):
    face, endpoint = BusFace(FakeCore(), "unix:path=/nonexistent"), Counted()
    face._endpoint = endpoint
    loop = asyncio.get_running_loop()
    begin = now = loop.time() + 1000
    with monkeypatch.context() as patched:
        patched.setattr(loop, "time", lambda: now)
        for milliseconds in (0, 20, 40, 60, 70):
            now = begin + milliseconds / 1000
            face._changed(None)
            face._publish_when_quiet()
            assert endpoint.published == 0, "in the middle of changes"
        now = begin + 0.081
        face._publish_when_quiet()
        assert endpoint.published == 1, "nobody waits for ever"
        face._changed(None)
        now += 0.031
        face._publish_when_quiet()
        assert endpoint.published == 2, "it is quiet"
    await face.stop()


async def test_a_setting_that_the_status_does_not_show_is_told():
    async with service() as (core, caller, _face):
        heard = await listen(caller)
        core.tell()
        core.tell(Change(kind=ChangeKind.SETTINGS, subject="autoconfiguration.responsiveness"))
        core.tell()
        await eventually(lambda: heard)
        assert (await call(caller, "GetStatus")).message_type is MessageType.METHOD_RETURN
        core.change(replace(AWAY, version="9"))
        await eventually(lambda: any(each.member == "PropertiesChanged" for each in heard))
        await eventually(lambda: heard[-1].member == "StatusChanged")
        assert [each.member for each in heard] == ["StatusChanged", "PropertiesChanged", "StatusChanged"]


async def test_the_name_is_not_shared():
    async with service() as (_, caller, _face):
        bus_address = "unix:path=" + caller._bus_address[0][1]["path"]
        second = BusFace(FakeCore(), bus_address)
        with pytest.raises(MobileIPv6Error, match="already has the name"):
            await second.start()
        await second.stop()
        assert (await call(caller, "GetStatus")).message_type is MessageType.METHOD_RETURN


@pytest.mark.parametrize("address", ["unix:path=/nonexistent/bus", "nonsense", "unix:path=/tmp", "carrier:pigeon=1"])
async def test_without_a_bus_there_is_a_clear_error(address):
    core = FakeCore()
    with pytest.raises(MobileIPv6Error, match="There is no bus at"):
        await BusFace(core, address).start()
    assert not core.is_watched


async def test_a_refused_name_is_explained():
    policy = '<policy context="mandatory"><deny own="*"/></policy>'
    with private_bus(more=policy) as bus, pytest.raises(MobileIPv6Error, match="refuses the name") as raised:
        await BusFace(FakeCore(), bus.address).start()
    assert "org.mnclient.MobileNode1.conf" in raised.value.hint


async def test_the_service_comes_back_with_the_bus():
    core = FakeCore()
    with private_bus() as bus:
        face = BusFace(core, bus.address)
        await face.start()
        bus.stop()
        core.change(SERVING)  # while there is nobody to tell
        bus.start()
        caller = await connect(bus.address)
        async with asyncio.timeout(20):
            while (reply := await call(caller, "GetStatus")).message_type is MessageType.ERROR:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert from_variants(reply.body[0]) == to_plain(SERVING)
        heard = await listen(caller)
        core.change(AWAY)
        await eventually(lambda: heard)
        caller.disconnect()
        await face.stop()
        await face.stop()
    assert not core.is_watched


async def test_after_stop_the_name_is_free():
    with private_bus() as bus:
        first = BusFace(FakeCore(), bus.address)
        await first.start()
        await first.stop()
        second = BusFace(FakeCore(SERVING), bus.address)
        await second.start()
        await second.stop()


async def test_our_bus_policy_lets_root_have_the_name_and_others_call():
    """The file that is installed, on a bus that forbids what the system bus forbids."""
    conf = ROOT / "installer/dbus/org.mnclient.MobileNode1.conf"
    strict = '<policy context="default"><deny own="*"/><deny send_type="method_call"/>'
    strict += '<allow send_destination="org.freedesktop.DBus"/></policy>'
    with private_bus(more=f"{strict}<include>{conf}</include>") as bus:
        stranger = await connect_as(bus.address, 65534)
        with pytest.raises(DBusError, match="not allowed to own"):
            await stranger.request_name(contract.BUS_NAME)
        face = BusFace(FakeCore(), bus.address)
        await face.start()
        reply = await call(stranger, "GetStatus")
        assert reply.error_name == contract.ERROR_PREFIX + "NotAllowed"  # it came through to us, and we said no
        stranger.disconnect()
        await face.stop()
