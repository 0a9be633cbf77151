# SPDX-License-Identifier: GPL-2.0-or-later
"""tshark reads what we write. It does not verify the checksum of a Mobility Header; that of ICMPv6 it does."""

import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from mnclient.wire.packet import encode_packet
from tests.mnclient.wire.samples import PACKETS

_LINKTYPE_IPV6 = 229

EXPECTED = {
    "BRR": {"mip6.mhtype": "0", "mip6.hlen": "0", "mip6.proto": "59"},
    "HoTI": {"mip6.mhtype": "1", "mip6.hoti.cookie": "0x0102030405060708"},
    "CoTI": {"mip6.mhtype": "2", "mip6.coti.cookie": "0x1112131415161718"},
    "HoT": {"mip6.hot.nindex": "5", "mip6.hot.cookie": "0x0102030405060708", "mip6.hot.token": "0x98a67513cec18470"},
    "CoT": {"mip6.cot.nindex": "6", "mip6.cot.cookie": "0x1112131415161718"},
    "BU": {"mip6.bu.seqnr": "4660", "mip6.bu.lifetime": "105", "mip6.ni.hni": "5", "mip6.ni.cni": "6"},
    "BA": {"mip6.ba.seqnr": "4660", "mip6.ba.status": "0", "ipv6.routing.mipv6.home_address": "2001:db8:1::10"},
    "home BU": {
        "ipv6.src": "2001:db8:2::20",
        "ipv6.opt.mipv6.home_address": "2001:db8:1::10",
        "mip6.hlen": "3",
        "mip6.csum": "0x51d4",
        "mip6.bu.seqnr": "1",
        "mip6.bu.a_flag": "1",
        "mip6.bu.h_flag": "1",
        "mip6.bu.l_flag": "1",
        "mip6.bu.k_flag": "0",
        "mip6.bu.lifetime": "15",
        "mip6.acoa.acoa": "2001:db8:2::20",
    },
    "home BA": {"mip6.ba.k_flag": "0", "mip6.ba.lifetime": "15", "mip6.bra.interval": "10"},
    "BE": {"mip6.be.status": "1", "mip6.be.haddr": "2001:db8:1::10"},
    "DHAAD Request": {"icmpv6.mip6.identifier": "2571", "icmpv6.checksum.status": "1"},
    "DHAAD Reply": {
        "icmpv6.mip6.home_agent_address": "2001:db8:1::1,2001:db8:3::30",
        "icmpv6.checksum.status": "1",
    },
    "MPS": {"icmpv6.mip6.identifier": "3085"},
    "MPA": {
        "icmpv6.mip6.flag.m": "1",
        "icmpv6.mip6.flag.o": "0",
        "icmpv6.opt.prefix": "2001:db8:1::1",
        "icmpv6.opt.prefix.flag.r": "1",
    },
    "RA": {
        "ipv6.hlim": "255",
        "icmpv6.checksum.status": "1",
        "icmpv6.nd.ra.flag.h": "1",
        "icmpv6.nd.ra.flag.prf": "3",
        "icmpv6.nd.ra.router_lifetime": "1800",
        "icmpv6.nd.ra.reachable_time": "30000",
        "icmpv6.nd.ra.retrans_timer": "1000",
        "icmpv6.opt.linkaddr": "00:11:22:33:44:55",
        "icmpv6.opt.mtu": "1400",
        "icmpv6.opt.prefix": "2001:db8:1::1",
        "icmpv6.opt.prefix.length": "64",
        "icmpv6.opt.prefix.valid_lifetime": "4294967295",
        "icmpv6.opt.prefix.preferred_lifetime": "600",
        "icmpv6.opt.home_agent_preference": "10",
        "icmpv6.opt.home_agent_lifetime": "1800",
    },
    "NS": {"icmpv6.nd.ns.target_address": "2001:db8:1::10", "icmpv6.checksum.status": "1"},
    "NA": {
        "icmpv6.nd.na.flag.r": "0",
        "icmpv6.nd.na.flag.s": "0",
        "icmpv6.nd.na.flag.o": "1",
        "icmpv6.opt.linkaddr": "00:11:22:33:44:55",
    },
}

_FIELDS = sorted({field for fields in EXPECTED.values() for field in fields} | {"_ws.malformed"})


def capture(packets: list[bytes]) -> bytes:
    """A capture file of raw IPv6 packets."""
    header = struct.pack("!IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 0xFFFF, _LINKTYPE_IPV6)
    return header + b"".join(struct.pack("!IIII", 0, 0, len(octets), len(octets)) + octets for octets in packets)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """What tshark sees in each packet: field by field."""
    program = shutil.which("tshark")
    if program is None:
        pytest.skip("tshark is not installed")
    file: Path = tmp_path_factory.mktemp("tshark") / "packets.pcap"
    file.write_bytes(capture([encode_packet(PACKETS[name]) for name in EXPECTED]))
    wanted = [argument for field in _FIELDS for argument in ("-e", field)]
    command = [program, "-n", "-r", str(file), "-T", "fields", *wanted]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        pytest.fail(done.stderr)
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    return {name: dict(zip(_FIELDS, line, strict=True)) for name, line in zip(EXPECTED, lines, strict=True)}


@pytest.mark.parametrize("name", EXPECTED)
def test_tshark_reads_ours(seen: dict[str, dict[str, str]], name: str) -> None:
    assert {field: seen[name][field] for field in EXPECTED[name]} == EXPECTED[name]
    assert seen[name]["_ws.malformed"] == ""
