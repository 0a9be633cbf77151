# SPDX-License-Identifier: GPL-2.0-or-later
"""Scapy as an independent codec: it writes what we write, and we read what it writes.

Its defaults differ from the standard in many places, so every field is given here.
"""

import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from mnclient.wire.packet import decode_packet, encode_packet
from tests.mnclient.wire.samples import PACKETS
from tests.mnclient.wire.vectors import (
    ANYCAST,
    CARE_OF,
    CARE_OF_COOKIE,
    CARE_OF_TOKEN,
    CORRESPONDENT,
    HOME,
    HOME_AGENT,
    HOME_COOKIE,
    HOME_TOKEN,
)

COA, CN, HA, HOA = str(CARE_OF), str(CORRESPONDENT), str(HOME_AGENT), str(HOME)
MAC = "00:11:22:33:44:55"


@pytest.fixture(scope="module")
def s() -> ModuleType:
    """Scapy's IPv6 layers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the libraries it imports
        return pytest.importorskip("scapy.layers.inet6")  # type: ignore[no-any-return]


def routed(s: ModuleType, source: str) -> Any:
    header = s.IPv6ExtHdrRouting(type=2, segleft=1, addresses=[HOA])
    return s.IPv6(src=source, dst=COA) / header


def away(s: ModuleType, destination: str) -> Any:
    return s.IPv6(src=COA, dst=destination) / s.IPv6ExtHdrDestOpt(options=[s.HAO(hoa=HOA)])


def authorization(s: ModuleType, octets: str) -> Any:
    return s.MIP6OptBindingAuthData(olen=12, authenticator=int(octets, 16))


def prefix(s: ModuleType) -> Any:
    return s.ICMPv6NDOptPrefixInfo(
        prefixlen=64, L=1, A=1, R=1, validlifetime=0xFFFFFFFF, preferredlifetime=600, prefix=HA
    )


def router_advertisement(s: ModuleType) -> Any:
    return (
        s.IPv6(src="fe80::1", dst="ff02::1", hlim=255)
        / s.ICMPv6ND_RA(chlim=64, M=0, O=0, H=1, prf=3, routerlifetime=1800, reachabletime=30000, retranstimer=1000)
        / s.ICMPv6NDOptSrcLLAddr(lladdr=MAC)
        / s.ICMPv6NDOptMTU(mtu=1400)
        / prefix(s)
        / s.ICMPv6NDOptAdvInterval(advint=70)
        / s.ICMPv6NDOptHAInfo(pref=10, lifetime=1800)
        / s.ICMPv6NDOptRDNSS(lifetime=1200, dns=[HA, CN])
    )


WRITTEN: dict[str, Callable[[ModuleType], Any]] = {
    "BRR": lambda s: s.IPv6(src=CN, dst=HOA) / s.MIP6MH_BRR(),
    "HoTI": lambda s: s.IPv6(src=HOA, dst=CN) / s.MIP6MH_HoTI(cookie=HOME_COOKIE),
    "CoTI": lambda s: s.IPv6(src=COA, dst=CN) / s.MIP6MH_CoTI(cookie=CARE_OF_COOKIE),
    "HoT": lambda s: s.IPv6(src=CN, dst=HOA) / s.MIP6MH_HoT(index=5, cookie=HOME_COOKIE, token=HOME_TOKEN),
    "CoT": lambda s: s.IPv6(src=CN, dst=COA) / s.MIP6MH_CoT(index=6, cookie=CARE_OF_COOKIE, token=CARE_OF_TOKEN),
    "BU": lambda s: (
        away(s, CN)
        / s.MIP6MH_BU(
            seq=0x1234,
            flags="A",
            mhtime=105,
            options=[s.MIP6OptNonceIndices(olen=4, hni=5, coni=6), authorization(s, "1bcc83fbfa6e69e4cbb81df0")],
        )
    ),
    "BA": lambda s: (
        routed(s, CN)
        / s.MIP6MH_BA(status=0, flags=0, seq=0x1234, mhtime=105, options=[authorization(s, "9028656a63b3f85bb8ba83dd")])
    ),
    "home BU": lambda s: away(s, HA) / s.MIP6MH_BU(seq=1, flags="AHL", mhtime=15, options=[s.MIP6OptAltCoA(acoa=COA)]),
    "home BA": lambda s: (
        routed(s, HA) / s.MIP6MH_BA(status=0, flags=0, seq=1, mhtime=15, options=[s.MIP6OptBRAdvice(rinter=10)])
    ),
    "BE": lambda s: s.IPv6(src=CN, dst=COA) / s.MIP6MH_BE(status=1, ha=HOA),
    "DHAAD Request": lambda s: s.IPv6(src=COA, dst=str(ANYCAST)) / s.ICMPv6HAADRequest(id=0x0A0B, R=0),
    "DHAAD Reply": lambda s: s.IPv6(src=HA, dst=COA) / s.ICMPv6HAADReply(id=0x0A0B, R=0, addresses=[HA, CN]),
    "MPS": lambda s: away(s, HA) / s.ICMPv6MPSol(id=0x0C0D),
    "MPA": lambda s: routed(s, HA) / s.ICMPv6MPAdv(id=0x0C0D, flags=2) / prefix(s),
    "RA": router_advertisement,
    "NS": lambda s: s.IPv6(src="::", dst="ff02::1:ff00:10", hlim=255) / s.ICMPv6ND_NS(tgt=HOA),
    "NA": lambda s: (
        s.IPv6(src=HA, dst="ff02::1", hlim=255)
        / s.ICMPv6ND_NA(R=0, S=0, O=1, tgt=HOA)
        / s.ICMPv6NDOptDstLLAddr(lladdr=MAC)
    ),
    "Parameter Problem": lambda s: s.IPv6(src=CN, dst=COA) / s.ICMPv6ParamProblem(code=2, ptr=46),
}


def test_every_sample_is_written() -> None:
    assert WRITTEN.keys() == PACKETS.keys()


@pytest.mark.parametrize("name", PACKETS)
def test_both_write_the_same(s: ModuleType, name: str) -> None:
    theirs = WRITTEN[name](s)
    if PACKETS[name].hop_limit == 64:
        theirs.hlim = 64
    assert bytes(theirs) == encode_packet(PACKETS[name])


@pytest.mark.parametrize("name", PACKETS)
def test_we_read_theirs(s: ModuleType, name: str) -> None:
    assert decode_packet(bytes(WRITTEN[name](s))) == PACKETS[name]


READ: dict[str, dict[str, dict[str, Any]]] = {
    "home BU": {
        "HAO": {"hoa": HOA},
        "MIP6MH_BU": {"nh": 59, "len": 3, "seq": 1, "mhtime": 15},
        "MIP6OptAltCoA": {"acoa": COA},
    },
    "BU": {"MIP6MH_BU": {"seq": 0x1234, "mhtime": 105}, "MIP6OptNonceIndices": {"hni": 5, "coni": 6}},
    "home BA": {
        "IPv6ExtHdrRouting": {"type": 2, "segleft": 1, "addresses": [HOA]},
        "MIP6MH_BA": {"status": 0, "seq": 1, "mhtime": 15},
        "MIP6OptBRAdvice": {"rinter": 10},
    },
    "HoT": {"MIP6MH_HoT": {"index": 5, "cookie": HOME_COOKIE, "token": HOME_TOKEN}},
    "CoTI": {"MIP6MH_CoTI": {"cookie": CARE_OF_COOKIE}},
    "BE": {"MIP6MH_BE": {"status": 1, "ha": HOA}},
    "DHAAD Reply": {"ICMPv6HAADReply": {"id": 0x0A0B, "addresses": [HA, CN]}},
    "MPA": {"ICMPv6MPAdv": {"id": 0x0C0D}, "ICMPv6NDOptPrefixInfo": {"R": 1, "prefix": HA, "prefixlen": 64}},
    "RA": {
        "ICMPv6ND_RA": {"H": 1, "M": 0, "prf": 3, "routerlifetime": 1800},
        "ICMPv6NDOptHAInfo": {"pref": 10, "lifetime": 1800},
        "ICMPv6NDOptAdvInterval": {"advint": 70},
        "ICMPv6NDOptRDNSS": {"lifetime": 1200, "dns": [HA, CN]},
        "ICMPv6NDOptSrcLLAddr": {"lladdr": MAC},
    },
    "NA": {"ICMPv6ND_NA": {"R": 0, "S": 0, "O": 1, "tgt": HOA}, "ICMPv6NDOptDstLLAddr": {"lladdr": MAC}},
}


@pytest.mark.parametrize("name", READ)
def test_they_read_ours(s: ModuleType, name: str) -> None:
    theirs = s.IPv6(encode_packet(PACKETS[name]))
    options = [option for layer in theirs.layers() for option in getattr(theirs[layer], "options", [])]
    for kind, fields in READ[name].items():
        found = theirs.getlayer(kind) or next(option for option in options if type(option).__name__ == kind)
        assert {field: getattr(found, field) for field in fields} == fields
