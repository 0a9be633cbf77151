# SPDX-License-Identifier: GPL-2.0-or-later
"""What we write is read by tshark and by our own reader."""

import shutil
import subprocess

import pytest

from service.inspector import inspect
from service.message_feed import logged
from service.pcap import packets_of, pcap_of
from tests.service.samples_of_messages import TIME, filled

MESSAGES = [logged(each) for each in filled().after(0, 100)]


def test_our_reader_finds_the_same_messages(tmp_path):
    file = tmp_path / "log.pcap"
    file.write_bytes(pcap_of(MESSAGES))
    found = list(inspect(file))
    assert [each.time for each in found] == pytest.approx([TIME, TIME + 0.5, TIME + 1, TIME + 1.5], abs=1e-6)
    assert [each.source for each in found] == [each.source for each in MESSAGES]
    assert [bool(each.error) for each in found] == [bool(each.malformed) for each in MESSAGES]


def test_file_grows_by_appending(tmp_path):
    assert pcap_of(MESSAGES) == pcap_of(()) + packets_of(MESSAGES[:1]) + packets_of(MESSAGES[1:])


@pytest.mark.skipif(not shutil.which("tshark"), reason="tshark is not installed")
def test_tshark_reads_every_packet(tmp_path):
    file = tmp_path / "log.pcap"
    file.write_bytes(pcap_of(MESSAGES))
    command = ["tshark", "-n", "-r", str(file), "-T", "fields", "-e", "frame.time_epoch", "-e", "ipv6.src", "-e"]
    result = subprocess.run([*command, "mip6.mhtype"], capture_output=True, text=True, check=True)
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert [float(row[0]) for row in rows] == pytest.approx([each.time for each in MESSAGES], abs=1e-6)
    assert [row[1] for row in rows] == [str(each.source) for each in MESSAGES]
    assert [row[2] for row in rows] == ["", "5", "6", "5"]
    assert (
        "Malformed"
        not in subprocess.run(
            ["tshark", "-n", "-r", str(file), "-V"], capture_output=True, text=True, check=True
        ).stdout
    )


def test_rounding_up_to_a_whole_second_is_no_million_microseconds():
    record = packets_of([logged((1, 1.9999999, "", True, MESSAGES[1].packet))])
    assert record[:8] == (2).to_bytes(4, "little") + bytes(4)
