# SPDX-License-Identifier: GPL-2.0-or-later
"""The lab measures what it says: proven with static routes in the place of our programs."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.lab.cable import boot_time
from tests.lab.lab import NotInTime
from tests.lab.leftovers import namespaces_of_runs, sweep_dead_runs
from tests.lab.node import NAMESPACES
from tests.lab.patience import patient
from tests.lab.processes import ROOT
from tests.lab.renumbering import Renumbering
from tests.lab.standin import ADDRESS, StandIn
from tests.lab.topology import HOME, VISITED_A, VISITED_B
from tests.lab.traffic import Probe, Streams, TcpTransfer, call_from_outside

pytestmark = pytest.mark.lab
BUSY = 500.0  # ms that a busy machine may have been silent by itself when the cable was pulled


@pytest.fixture(scope="module")
def stand_in(lab):
    made = StandIn(lab)
    made.turn_to(HOME)
    return made


def test_a_stream_and_a_probe_through_a_move(lab, stand_in):
    with TcpTransfer(lab, ADDRESS, rate=100_000) as transfer, Probe(lab, ADDRESS) as probe:
        for link in (VISITED_A, VISITED_B, HOME):
            move = lab.move(link)
            stand_in.turn_to(link)
            probe.recovered_after(move.plugged, within=5.0)
            seen_again = boot_time()
            transfer.flows()
            interruption = probe.interruption(move.unplugged, seen_again)
            assert move.unplugged < interruption.recovered <= seen_again
            # a neighbour whose first solicitation is lost is found a second later: how long that lasts is the kernels'
            assert interruption.interruption_ms < (seen_again - move.unplugged) * 1000 + BUSY
        assert interruption.recovered > move.plugged
        verdict = transfer.finish()
    assert (verdict.survived, verdict.intact, verdict.error) == (True, True, "")
    assert verdict.bytes > 0
    assert call_from_outside(lab, ADDRESS) < 1.0


def test_the_probe_sees_as_long_a_silence_as_the_cable_is_out(lab, stand_in):
    with Probe(lab, ADDRESS) as probe:
        unplugged = boot_time()
        lab.unplug()
        out = boot_time()
        lab.eventually(lambda: boot_time() > out + 0.2, within=1.0)
        into = boot_time()
        lab.plug(HOME)
        plugged = boot_time()
        probe.recovered_after(plugged, within=5.0)
        seen_again = boot_time()
        lab.eventually(lambda: boot_time() > seen_again + 0.5, within=1.0)
        silence = probe.interruption(unplugged, seen_again).interruption_ms
        lost = probe.interruption(unplugged, boot_time()).probes_lost
        sent = [at for at in probe.records(unplugged).sent.values() if out < at < into - 0.02]
    # a busy machine may answer later, never earlier
    assert (into - out) * 1000 - 25 < silence < (seen_again - unplugged) * 1000 + BUSY
    assert sent and lost >= len(sent) - 1


def test_the_streams_see_each_direction_by_itself(lab, stand_in):
    with Streams(lab, ADDRESS, rate=200) as streams:
        cut = boot_time()
        lab.nodes["r"].ip(f"route replace blackhole {ADDRESS}/128")
        is_cut = boot_time()
        lab.eventually(lambda: boot_time() > is_cut + 0.3, within=1.0)
        stand_in.turn_to(HOME)
        restored = boot_time()
        streams.flow_after(restored, within=5.0)
        seen_again = boot_time()
        lab.eventually(lambda: boot_time() > seen_again + 0.5, within=1.0)
        cost = streams.cost(cut, boot_time())
        assert streams.refused() == {"to_laptop": {}, "to_correspondent": {}}
    assert 250 < cost["to_laptop"].silence_ms < (seen_again - cut) * 1000 + BUSY
    assert cost["to_laptop"].lost >= 40
    assert cost["to_correspondent"].lost == 0


def test_a_link_is_made_a_network_where_nobody_has_been(lab, stand_in):
    """Its router has another address, hardware address and prefix, advertises it, and is reached from outside."""
    renumbering = Renumbering(lab)
    before = lab.nodes["ar-a"].run(["cat", "/sys/class/net/lan0/address"])
    prefixes = [renumbering.renew(VISITED_A), renumbering.renew(VISITED_A)]
    assert len({*prefixes, lab.routers[VISITED_B].prefix}) == 3
    assert lab.nodes["ar-a"].run(["cat", "/sys/class/net/lan0/address"]) != before
    lab.correspondent.run(["ping", "-6", "-c", "1", "-W", "2", str(prefixes[1][1])])
    lab.laptop.sysctl("net/ipv6/conf/eth0/accept_ra", 1)
    lab.move(VISITED_A)
    lab.eventually(
        lambda: str(prefixes[1][0])[:-1] in lab.laptop.run(["ip", "-6", "-o", "addr", "show", "dev", "eth0"]),
        within=10.0,
    )
    lab.laptop.sysctl("net/ipv6/conf/eth0/accept_ra", 0)
    lab.move(HOME)
    stand_in.turn_to(HOME)


def test_a_broken_stream_is_said_to_be_broken(lab, stand_in):
    with TcpTransfer(lab, ADDRESS, rate=100_000) as transfer:
        lab.laptop.run(["ss", "-K", "dport", "!=", "1"], check=False)
        lab.laptop.ip(f"addr del {ADDRESS}/128 dev lo")
        verdict = transfer.finish(within=1.0)
        lab.laptop.ip(f"addr add {ADDRESS}/128 dev lo")
    assert not verdict.survived
    assert not verdict.intact
    assert verdict.error


def test_nobody_there_is_noticed(lab, stand_in):
    with pytest.raises(AssertionError, match="nobody outside can reach"):
        call_from_outside(lab, "2001:db8:1::dead", within=0.3)


def test_the_carrier_goes_and_comes_at_once(lab, stand_in):
    """An interface index shared by both ends of the cable would make the kernel report it a second late."""

    def flags() -> str:
        return lab.laptop.run(["ip", "-o", "link", "show", "eth0"])

    took = []
    for _ in range(3):  # a busy machine may be late once; the kernel would be late each time
        lab.unplug()
        begin = time.monotonic()
        lab.eventually(lambda: "NO-CARRIER" in flags(), within=3.0)
        lab.plug(HOME)
        lab.eventually(lambda: "LOWER_UP" in flags(), within=3.0)
        took.append(time.monotonic() - begin)
    assert min(took) < 0.8


def test_waiting_in_vain_shows_the_whole_lab(lab):
    with pytest.raises(NotInTime, match=r"(?s)pigs fly.*--- laptop.*eth0"):
        lab.eventually(lambda: False, within=0.05, what="pigs fly")


def test_a_capture_holds_packets(lab, stand_in):
    with lab.capture(lab.correspondent, "core0") as capture:
        call_from_outside(lab, ADDRESS)
    assert capture.file.stat().st_size > 24 + 4 * 80


BUILD_AND_WAIT = """
import sys
from tests.lab.lab import Lab
import signal
signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
with Lab() as lab:
    print(lab.laptop.namespace, lab.folder, flush=True)
    signal.pause()
"""


@pytest.fixture
def other_lab():
    command = [sys.executable, "-c", BUILD_AND_WAIT]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        namespace, folder = process.stdout.readline().split()
        yield process, namespace, folder
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_lab_leaves_nothing(other_lab, number):
    process, namespace, folder = other_lab
    assert (NAMESPACES / namespace).exists()
    process.send_signal(number)
    process.wait(timeout=patient(20))
    assert process.pid not in namespaces_of_runs().values()
    assert not Path(folder).exists()


def test_a_killed_lab_is_swept_by_the_next(other_lab):
    process, namespace, folder = other_lab
    process.kill()
    process.wait(timeout=patient(20))
    assert namespace in sweep_dead_runs()
    assert process.pid not in namespaces_of_runs().values()
    assert not Path(folder).exists()
