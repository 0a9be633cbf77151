# SPDX-License-Identifier: GPL-2.0-or-later
import asyncio
import json
import re
import signal
import stat

import pytest

from mnclient.model.message_log import LoggedMessage
from service.codec import from_plain
from service.inspector import inspect
from service.interfaces.bus import BusFace
from service.message_feed import logged
from tests.service.fake_core import FakeCore
from tests.service.fake_node import until
from tests.service.mnctl_process import next_line, run_beside
from tests.service.private_bus import private_bus
from tests.service.samples_of_messages import BA, filled


@pytest.fixture
def log(mnctl):
    mnctl.core.message_log = filled()
    return mnctl.core.message_log


async def test_a_line_for_each(mnctl, log):
    lines = (await mnctl("messages")).splitlines()
    assert lines[1] == (
        "14:28:20.750000  sent on wlan0  Binding Update  2001:db8:2::10 -> 2001:db8:1::1  home address 2001:db8:1::10"
        "  sequence 7, lifetime 600 s, acknowledge, home registration"
        "  [Alternate Care-of Address: address 2001:db8:2::10]"
    )
    assert re.search("  heard on wlan0  Binding Update .*  MALFORMED: the checksum", lines[3])
    assert len(lines) == 4


async def test_json_is_the_message(mnctl, log):
    lines = (await mnctl("messages", "--json")).splitlines()
    assert [from_plain(LoggedMessage, json.loads(each)) for each in lines] == [*map(logged, log.after(0, 100))]


async def test_filter(mnctl, log):
    assert len((await mnctl("messages", "BU", "BA")).splitlines()) == 3
    assert len((await mnctl("messages", "malformed")).splitlines()) == 1
    assert await mnctl("messages", "HoTI") == "There are no such messages.\n"
    assert await mnctl("messages", "HoTI", "--json") == ""


async def test_nonsense_in_the_filter_says_what_is_understood(mnctl, log):
    await mnctl("messages", "BU", "nonsense", status=1)
    assert "'nonsense' says nothing about a message" in mnctl.errors
    assert "Write BRR, HoTI" in mnctl.errors


async def test_saved_file_is_a_capture_for_its_owner_alone(mnctl, log, tmp_path):
    file = tmp_path / "log.pcap"
    assert await mnctl("messages", "BU", "--save", str(file)) == f"2 messages saved in {file}\n"
    assert len(list(inspect(file))) == 2
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    told = await mnctl.json("messages", "malformed", "--save", str(file))
    assert told == {"ok": True, "messages": 1, "file": str(file)}
    assert len(list(inspect(file))) == 1


@pytest.mark.parametrize("follow", [[], ["--follow"]])
async def test_places_where_nothing_can_be_saved(mnctl, log, tmp_path, follow):
    await mnctl("messages", "--save", str(tmp_path / "nowhere" / "log.pcap"), *follow, status=5)
    assert f"There is no folder {tmp_path / 'nowhere'}" in mnctl.errors
    await mnctl("messages", "--save", str(tmp_path), *follow, status=1)
    assert "cannot be written (Is a directory)" in mnctl.errors
    await mnctl("messages", "--save", "a\0b", *follow, status=1)
    assert "cannot be written" in mnctl.errors


async def test_without_a_service_no_file_is_begun(mnctl, tmp_path):
    nobody = f"unix:path={tmp_path}/no-bus"
    for follow in ([], ["--follow"]):
        await mnctl("--bus", nobody, "messages", "--save", str(tmp_path / "log.pcap"), *follow, status=3, bus=False)
    assert not (tmp_path / "log.pcap").exists()


async def test_counters(mnctl):
    assert (await mnctl("counters")).splitlines() == [
        "COUNTER                  VALUE",
        "payload.received.octets  1099511627776",
        "payload.sent.octets      0",
    ]
    assert await mnctl.json("counters") == {"counters": mnctl.core.counters()}


async def test_following_goes_on_and_outlives_the_service(tmp_path):
    file = tmp_path / "log.pcap"
    with private_bus() as bus:
        core = FakeCore()
        face = BusFace(core, bus.address)
        await face.start()
        process = await run_beside(bus.address, "messages", "--follow", "BA", "--save", str(file))
        await until(lambda: core.message_log.listener is not None)
        core.message_log.note("wlan0", False, BA)
        assert "heard on wlan0  Binding Acknowledgement" in await next_line(process)
        assert len(list(inspect(file))) == 1
        await face.stop()
        assert "The service has stopped" in await next_line(process)
        core = FakeCore()
        face = BusFace(core, bus.address)
        await face.start()
        await until(lambda: core.message_log.listener is not None)
        core.message_log.note("eth0", False, BA)
        assert "heard on eth0" in await next_line(process)
        process.send_signal(signal.SIGINT)
        assert (await asyncio.wait_for(process.communicate(), 20))[1] == b""
        assert process.returncode == 130
        assert len(list(inspect(file))) == 2
        await face.stop()
