# SPDX-License-Identifier: GPL-2.0-or-later
"""The protocol log of a laptop that moves: what its user reads is what passed on the cable."""

import json
import subprocess
from itertools import pairwise

import pytest

from tests.lab.bulk import send_bulk
from tests.lab.topology import CORRESPONDENT_ADDRESS, VISITED_A

pytestmark = pytest.mark.lab

OCTETS = 200_000


@pytest.fixture(scope="module")
def away(lab, roaming):
    """The laptop has moved to a visited network, and a capture of its cable was made meanwhile."""
    with lab.capture(lab.laptop, "eth0") as capture:
        lab.move(VISITED_A)
        roaming.registered_at(VISITED_A)
    return roaming.laptop, capture.file


def messages(service, *words):
    result = service.mnctl_process("messages", *words)
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def fields(file, shown, wanted):
    """A field of every packet of a file that tshark lets pass."""
    command = ["tshark", "-n", "-r", str(file), "-Y", wanted, "-T", "fields", "-e", shown]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def test_registration_is_in_the_log(away):
    laptop, _ = away
    update, acknowledgement = messages(laptop, "BU")[-1], messages(laptop, "BA")[-1]
    assert (update["outgoing"], acknowledgement["outgoing"]) == (True, False)
    assert acknowledgement["interface"] == "eth0"
    assert update["time"] < acknowledgement["time"]
    assert (update["source"], update["destination"]) == (acknowledgement["destination"], acknowledgement["source"])
    sequence = dict(update["fields"])["sequence"]
    assert dict(acknowledgement["fields"])["sequence"] == sequence
    assert dict(acknowledgement["fields"])["status means"] == "accepted"
    assert not [each for each in messages(laptop) if each["malformed"]]


def test_logged_packets_are_those_on_the_cable(away):
    """Octet by octet, also those that were sent."""
    laptop, capture = away
    command = ["tshark", "-n", "-r", str(capture), "-Y", "mipv6", "-x"]
    dump = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    frames = ["".join(line[6:54].replace(" ", "") for line in block.splitlines()) for block in dump.split("\n\n")]
    on_the_cable = [frame[28:] for frame in frames if frame]  # without the Ethernet header
    logged = [each["packet"].replace(":", "") for each in messages(laptop) if each["name"].startswith("Binding")]
    assert on_the_cable
    assert [each for each in logged if each in on_the_cable] == on_the_cable


def test_advertisement_that_made_it_move_is_there_once(away):
    """The routers of the lab repeat themselves all the time; only the first of each, and a changed one, is kept."""
    laptop, capture = away
    logged = messages(laptop, "RA", "fe80::/10")
    assert logged
    assert len(fields(capture, "frame.number", "icmpv6.type == 134")) > 1
    said = [(each["source"], each["packet"][40 * 3 :]) for each in logged]
    assert not [one for one, other in pairwise(said) if one == other]


def test_saved_file_is_read_by_tshark(away, tmp_path):
    laptop, _ = away
    file = tmp_path / "log.pcap"
    told = json.loads(laptop.mnctl_process("messages", "--save", str(file)).stdout)
    assert told["messages"] == len(fields(file, "frame.number", "ipv6")) > 2
    signalling = told["messages"] - len(fields(file, "frame.number", "icmpv6.type == 133 or icmpv6.type == 134"))
    assert len(fields(file, "mip6.mhtype", "mipv6")) == signalling
    read = laptop.mnctl_process("decode", str(file))
    assert read.returncode == 0, read.stderr
    assert len(read.stdout.splitlines()) == told["messages"]


def test_payload_is_counted_while_away(lab, roaming, away):
    laptop, _ = away

    def octets():
        counters = laptop.counters()
        return counters["payload.received.octets"], counters["payload.sent.octets"]

    received, sent = octets()
    address = str(roaming.home_addresses()[0].address)
    send_bulk(lab.correspondent, lab.laptop, address, OCTETS)
    more_received, more_sent = octets()
    assert OCTETS < more_received - received < OCTETS * 1.3
    assert 0 < more_sent - sent < OCTETS / 2  # acknowledgements of TCP
    send_bulk(lab.laptop, lab.correspondent, str(CORRESPONDENT_ADDRESS), OCTETS, source=address)
    assert OCTETS < octets()[1] - more_sent < OCTETS * 1.3
