# SPDX-License-Identifier: GPL-2.0-or-later
"""mnctl as nobody should use it: one sentence and what to do, the right exit status, and never a traceback."""

import asyncio
import json
import os
import random
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from service.interfaces.bus import BusFace
from tests import other_user
from tests.service.conftest import Mnctl
from tests.service.fake_node import Machine
from tests.service.mnctl_process import next_line, run_beside
from tests.service.private_bus import private_bus

ROOT = Path(__file__).resolve().parents[2]
POLICY = ROOT / "installer/dbus/org.mnclient.MobileNode1.conf"
BYTES = "\udcff\udcfe"  # arguments that are not UTF-8, as Python hands them on
HUGE = "9" * 100_000


@pytest.fixture
async def real(tmp_path, capsys, at_the_time_of_the_fake_core):
    """mnctl and the service's true core, with a node that touches no network."""
    with private_bus() as bus:
        async with Machine(tmp_path).running("# nothing\n") as core:
            face = BusFace(core, bus.address)
            await face.start()
            yield Mnctl(core, bus.address, capsys)
            await face.stop()


# What is typed, the exit status, what is said.
WRONG = [
    (("home-addresses", "remove", "2001:db8:99::9"), 5, "There is no home address"),
    (("home-addresses", "prefer", "2001:db8:99::9"), 5, "There is no home address"),
    (("home-addresses", "accept", "2001:db8:99::9"), 5, "no proposed home address"),
    (("home-addresses", "dismiss", "2001:db8:99::9"), 5, "no proposed home address"),
    (("home-addresses", "suggest", "--home-agent", "2001:db8:99::9"), 5, "There is no home agent"),
    (("home-addresses", "add", "fe80::1"), 1, "not a unicast routable address"),
    (("home-addresses", "add", "::"), 1, "not a unicast routable address"),
    (("home-addresses", "add", "ff02::1"), 1, "not a unicast routable address"),
    (("home-agents", "remove", "2001:db8:99::9"), 5, "There is no home agent"),
    (("home-agents", "add", "2001:db8:99::9", "2001:db8:1::/64"), 1, "outside the home prefix"),
    (("interfaces", "set-priority", "wlan9", "5"), 5, "There is no interface wlan9"),
    (("interfaces", "set-priority", "w" * 100_000, "5"), 5, "There is no interface"),
    (("settings", "get", "no.such.key"), 5, "There is no setting"),
    (("settings", "get", HUGE), 5, "There is no setting"),
    (("settings", "set", "no.such.key", "1"), 5, "There is no setting"),
    (("settings", "set", "autoconfiguration.responsiveness", "101"), 1, "from 0 to 100"),
    (("settings", "set", "autoconfiguration.responsiveness", "-1"), 1, "from 0 to 100"),
    (("settings", "set", "autoconfiguration.responsiveness", HUGE), 1, "from 0 to 100"),
    (("settings", "set", "autoconfiguration.responsiveness", "0x" + "f" * 50_000), 1, "from 0 to 100"),
    (("settings", "set", "autoconfiguration.responsiveness", "[" * 100_000), 1, "from 0 to 100"),
    (("settings", "set", "autoconfiguration.responsiveness", "1\nmobile_node = 2"), 1, "one value is wanted"),
    (("settings", "set", "autoconfiguration.responsiveness", ""), 1, "from 0 to 100"),
    (("settings", "set", "mobile_node.identifier", "\x1b[31m"), 1, "eui64"),
    (("home-agent", "enable", "--prefix", "2001:db8:1::/64", "--address", "2001:db8:2::1"), 1, "outside its prefix"),
    (("home-agent", "disable", "--prefix", "2001:db8:1::/64"), 5, "There is no home link"),
    (("settings", "set", "network.datapath", "fast"), 1, "auto, kernel, portable"),
    (("settings", "set", "correspondent_node.max_lifetime", "421"), 1, "from 4 to 420"),
    (("settings", "set", "mobile_node.route_optimization", "true"), 5, "There is no setting"),
    (("settings", "set", "mobile_node.location_privacy", "true"), 5, "Perhaps mobile_node.route_optimization.location"),
    (("settings", "set", "mobile_node.route_optimization.use", "maybe"), 1, "always, only-these, never"),
    (("settings", "set", "mobile_node.route_optimization.location_privacy", "perhaps"), 1, "true or false"),
    (("settings", "set", "mobile_node.route_optimization.correspondents", "[{allow=true}]"), 1, "prefix is missing"),
    (("settings", "set", "mobile_node.traffic_rules", "[{}]"), 1, "about all traffic"),
    (("settings", "set", "mobile_node.traffic_rules", "[{protocol='tcp', ports='9-1'}]"), 1, "before it begins"),
    (("settings", "set", "mobile_node.traffic_rules", "udp"), 1, "not an array of tables"),
    (("decode", "/nowhere/at/all"), 5, "There is no file"),
    (("decode", "/"), 5, "There is no file"),
    (("decode", ""), 5, "There is no file"),
    (("decode", "x" * 5000), 5, "There is no file"),
]


@pytest.mark.parametrize("words, status, said", WRONG, ids=lambda value: str(value)[:60])
async def test_what_is_wrong_is_said_in_one_sentence(real, words, status, said):
    before = real.core.settings(), real.core.status().home_addresses
    out = await real(*words, status=status)
    assert out == ""
    assert said in real.errors
    assert real.errors.startswith("mnctl: ")
    assert len(real.errors.splitlines()) <= 2
    assert len(real.errors) < 2500
    assert "\x1b" not in real.errors
    assert (real.core.settings(), real.core.status().home_addresses) == before


@pytest.mark.parametrize(
    "words",
    [
        ("home-addresses", "add", "192.0.2.1"),
        ("home-addresses", "add", "2001:db8::5%eth0"),
        ("home-addresses", "add", HUGE),
        ("home-addresses", "add", BYTES),
        ("home-addresses", "add", ""),
        ("home-addresses", "add", "2001:db8::1", "--home-agent", "me"),
        ("interfaces", "set-priority", "eth0", HUGE),
        ("interfaces", "set-priority", "eth0", "-1"),
        ("interfaces", "set-priority", "eth0", "1e3"),
        ("bindings", "--limit", HUGE),
        ("bindings", "--matching", "2001:db8::/129"),
        ("bindings", "--home-addresses", "me"),
        ("bindings", "--care-of-addresses", "home=2001:db8::1"),
        ("bindings", "--matching", "2001:db8::1 interface=x"),
        ("bindings", "clear", "2001:db8::1"),
        ("bindings", "clear", "--care-of-addresses", BYTES),
        ("access", "add", "mobile-node", "allow"),
        ("access", "add", "home-agent", "perhaps"),
        ("access", "add", "home-agent", "deny", "--home-addresses", "2001:db8::1/64"),
        ("access", "remove", "home-agent", "-1"),
        ("debug", "on"),
        ("debug", "on", "everything"),
        ("debug", "louder", "bus"),
        ("home-agent", "advertise", "2001:db8:1::/64", "--lifetime", "nan"),
        ("home-agent", "advertise", "2001:db8:1::/64", "--preference", HUGE),
        ("home-agent", "enable", "--prefix", "2001:db8::/129", "--address", "::1"),
        ("status", "too", "many"),
        ("correspondents", "too", "many"),
        ("correspondent-node", "explode"),
        ("correspondent-node", "enable", "now"),
        ("route-optimization", "enable", "--always", "--only-these"),
        ("route-optimization", "enable", "--only-these", "2001:db8::1/48"),
        ("route-optimization", "enable", "--only-these", BYTES),
        ("route-optimization", "disable", "--only-these"),
        ("route-optimization", HUGE),
        (HUGE,),
        (BYTES,),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_what_cannot_be_meant_is_a_mistake_of_usage(words):
    status, out, errors = await run("unix:path=/nowhere", *words)
    assert (status, out) == (2, "")
    assert "mnctl" in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    "words, status, said",
    [
        (("decode", BYTES), 5, "There is no file"),
        (("settings", "get", BYTES), 2, "not text in UTF-8"),
        (("settings", "set", "mobile_node.identifier", BYTES), 2, "not text in UTF-8"),
        (("interfaces", "set-priority", BYTES, "5"), 2, "not text in UTF-8"),
    ],
)
@pytest.mark.parametrize("form", [(), ("--json",)])
async def test_arguments_that_are_not_text(real, words, status, said, form):
    ended, out, errors = await run(real.address, *form, *words)
    assert ended == status, errors
    assert said in errors
    assert "Traceback" not in errors
    if form and status != 2:
        assert json.loads(out)["error"]["exit_status"] == status


async def run(address, *words, how: str = '"$@"', env=None):
    """mnctl in a process and a shell of its own; `how` says what is done with its streams."""
    command = [sys.executable, "-m", "service.cli", "--bus", address, *words]
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-c",
        how,
        "bash",
        *(os.fsencode(word) for word in command),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, **(env or {})},
    )
    out, errors = await asyncio.wait_for(process.communicate(), 20)
    return process.returncode, out.decode(errors="replace"), errors.decode(errors="replace")


@pytest.mark.parametrize(
    "address", ["unix:path=/nowhere", "rubbish", "unix:", "tcp:host=256.0.0.1,port=1", BYTES, "a" * 5000]
)
async def test_a_bus_that_cannot_be(address):
    status, out, errors = await run(address, "status")
    assert (status, out) == (3, "") or (status == 2 and address == BYTES)
    assert errors.startswith("mnctl: ")
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    "how, status, said",
    [
        ('"$@" <&-', 0, ""),
        ('"$@" >&-', 0, ""),
        ('"$@" 2>&-', 0, ""),
        ('"$@" <&- >&- 2>&-', 0, ""),
        ('"$@" >/dev/full', 1, "mnctl: the output: No space left on device.\n"),
        ('"$@" | true; exit ${PIPESTATUS[0]}', 0, ""),
    ],
)
@pytest.mark.parametrize("form", [(), ("--json",)])
async def test_streams_that_are_closed_or_full(mnctl, how, status, said, form):
    ended, _, errors = await run(mnctl.address, "handovers", *form, how=how)
    assert (ended, errors) == (status, said)


async def test_without_permission(tmp_path):
    """An ordinary user, with the bus policy that is installed: everything may be asked, little is granted."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("only root can be somebody else")
    if reason := other_user.why_not():
        pytest.skip(reason)
    as_nobody = shlex.join(other_user.AS_NOBODY) + ' "$@"'
    with private_bus(more=f"<include>{POLICY}</include>") as bus:
        async with Machine(tmp_path).running("# nothing\n") as core:
            face = BusFace(core, bus.address)
            await face.start()
            before = core.settings()
            for words in (
                ("settings", "set", "mobile_node.enabled", "false"),
                ("home-addresses", "add", "2001:db8:99::9"),
                ("home-agent", "enable", "--prefix", "2001:db8:1::/64", "--address", "2001:db8:1::1"),
                ("correspondent-node", "enable"),
                ("route-optimization", "enable"),
                ("route-optimization", "disable"),
            ):
                status, out, errors = await run(bus.address, *words, how=as_nobody)
                assert (status, out) == (4, ""), errors
                assert errors.startswith("mnctl: ")
                assert len(errors.splitlines()) == 2
                status, out, _ = await run(bus.address, "--json", *words, how=as_nobody)
                assert json.loads(out)["error"]["exit_status"] == 4
            assert core.settings() == before
            await face.stop()


async def test_a_service_that_goes_away_in_the_middle_of_watch(tmp_path):
    with private_bus() as bus:
        async with Machine(tmp_path).running("# nothing\n") as core:
            first = BusFace(core, bus.address)
            await first.start()
            process = await run_beside(bus.address, "watch")
            assert "No home address" in await next_line(process)
            await first.stop()
            assert "The service has stopped; waiting" in await next_line(process)
            second = BusFace(core, bus.address)
            await second.start()
            assert "No home address" in await next_line(process)
            bus.stop()  # and now the whole bus
            assert "The service has stopped; waiting" in await next_line(process)
            process.terminate()
            _, errors = await process.communicate()
            assert errors == b""
            await second.stop()


def garbage() -> dict[str, bytes]:
    noise = random.Random(6275).randbytes
    newer = bytes.fromhex("0a0d0d0a1c0000004d3c2b1a01000000")
    pcap = bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000")
    return {
        "empty": b"",
        "text": b"this is no capture\n" * 100,
        "noise": noise(5000),
        "a header of noise": pcap + noise(3000),
        "half a header": pcap[:13],
        "a packet of four gigabytes": pcap + bytes(8) + b"\xff" * 8 + bytes(100),
        "a newer capture with a block of no length": newer + bytes(16),
        "a newer capture of noise": newer + bytes.fromhex("ffffffffffffffff1c000000") + noise(999),
    }


@pytest.mark.parametrize("name", garbage())
async def test_decode_of_what_is_no_capture(mnctl, tmp_path, name):
    file = tmp_path / "file.pcap"
    file.write_bytes(garbage()[name])
    status, out, errors = await run(mnctl.address, "decode", str(file))
    assert status in (0, 1)
    assert "Traceback" not in errors
    if status or not out:
        assert not out
    if status:
        assert errors.startswith("mnctl: ")
        assert len(errors.splitlines()) <= 2


@pytest.mark.parametrize("count", range(0, 121, 24))
async def test_decode_of_a_capture_that_breaks_off(mnctl, tmp_path, count):
    packet = bytes.fromhex("6000000000103b40") + bytes(32) + bytes(16)
    whole = bytes.fromhex("d4c3b2a1020004000000000000000000ffff000065000000")
    whole += bytes(8) + len(packet).to_bytes(4, "little") * 2 + packet
    file = tmp_path / "file.pcap"
    file.write_bytes(whole[: max(24, len(whole) - count)])
    status, _, errors = await run(mnctl.address, "decode", str(file))
    assert status in (0, 1)
    assert "Traceback" not in errors
