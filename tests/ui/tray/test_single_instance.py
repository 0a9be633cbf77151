# SPDX-License-Identifier: GPL-2.0-or-later
import asyncio

import pytest
from dbus_fast import Variant

from ui.tray import single_instance
from ui.tray.session_bus import SessionBus
from ui.tray.single_instance import SingleInstance, Wish, hand_over, wish_from_line, wish_of


@pytest.mark.parametrize(
    "member, body, expected",
    [
        ("Activate", [{}], Wish("window")),
        ("Activate", [{"activation-token": Variant("s", "t")}], Wish("window", "", "t")),
        ("Open", [["file:///tmp/an%20invitation"], {}], Wish("invitation", "/tmp/an invitation")),
        ("ActivateAction", ["preferences", [], {}], Wish("preferences")),
        ("ActivateAction", ["window", [Variant("s", "agents")], {}], Wish("window", "agents")),
        ("ActivateAction", ["window", [Variant("u", 3)], {}], Wish("window")),
        ("ActivateAction", ["remove-everything", [], {}], None),
        ("ActivateAction", ["window"], None),
        ("Open", [[], {}], None),
        ("Activate", [], None),
        ("Activate", ["x"], None),
        ("Shout", [{}], None),
    ],
)
def test_calls_of_the_application_interface(member, body, expected):
    assert wish_of(member, body) == expected


NONSENSE = [b"", b"\n", b"nonsense\n", b"[]\n", b'["quit"]\n', b'["window", "", "", ""]\n', b"7\n", b"\xff\xff\n"]


@pytest.mark.parametrize("line", NONSENSE)
def test_nonsense_in_the_socket_is_no_wish(line):
    assert wish_from_line(line) is None


@pytest.fixture
def runtime_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


async def test_over_the_socket(runtime_folder):
    heard = []
    bus = SessionBus()  # not connected
    assert not await hand_over(bus, Wish("window"))
    first = SingleInstance(bus, heard.append)
    assert await first.claim()
    assert await hand_over(bus, Wish("window", "agents", "t"))
    assert heard == [Wish("window", "agents", "t")]
    assert not await SingleInstance(bus, heard.append).claim()
    await first.close()
    assert list(runtime_folder.iterdir()) == []


async def test_whoever_says_nothing_or_too_much_is_no_hindrance(runtime_folder, monkeypatch):
    monkeypatch.setattr(single_instance, "PATIENCE", 0.05)
    heard = []
    bus = SessionBus()
    first = SingleInstance(bus, heard.append)
    assert await first.claim()
    for line in (b"", b"x" * 200_000, b"\n"):
        reader, writer = await asyncio.open_unix_connection(single_instance.socket_path())
        writer.write(line)
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
    monkeypatch.setattr(single_instance, "PATIENCE", 5.0)
    assert await hand_over(bus, Wish("wizard"))
    assert heard == [Wish("wizard")]
    await first.close()


async def test_without_a_folder_each_is_its_own(monkeypatch):
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    bus = SessionBus()
    assert await SingleInstance(bus, print).claim()
    assert not await hand_over(bus, Wish("window"))
