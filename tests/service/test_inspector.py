# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures made with our codec and with scapy, read back and compared with what tshark says."""

import json
import struct
from dataclasses import replace
from ipaddress import IPv6Address

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scapy.all import IPv6, raw
from scapy.layers.inet6 import (
    HAO,
    MIP6MH_BA,
    MIP6MH_BRR,
    MIP6MH_BU,
    ICMPv6MPSol,
    ICMPv6ND_RA,
    ICMPv6NDOptPrefixInfo,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrRouting,
    MIP6MH_HoTI,
    MIP6OptAltCoA,
)

from mnclient.errors import MobileIPv6Error, WireFault
from mnclient.units import Seconds
from mnclient.wire import binding, home_agent_discovery, mobility_options, return_routability
from mnclient.wire import neighbor_discovery as discovery
from mnclient.wire import neighbor_options as options
from mnclient.wire.ipv6_extension import Ipv6Headers, encode_ipv6
from mnclient.wire.packet import Packet, encode_packet
from service import inspector_text
from service.inspector import inspect
from tests.service.tshark_compare import count, disagreements

HOME, CARE_OF, AGENT = map(IPv6Address, ("2001:db8:1::10", "2001:db8:2::10", "2001:db8:1::1"))
ROUTER, HOST, ALL_NODES = map(IPv6Address, ("fe80::1", "fe80::2", "ff02::1"))
MAC = bytes.fromhex("020000000001")
BEGIN = 1_790_000_000
ETHERNET = MAC + MAC + b"\x86\xdd"


def update(**changes):
    """A home registration as a mobile node away from home sends it."""
    alternate = mobility_options.AlternateCareOfAddress(address=CARE_OF)
    message = binding.BindingUpdate(
        sequence=7, lifetime=Seconds(600.0), acknowledge=True, home_registration=True, options=(alternate,)
    )
    return Packet(source=CARE_OF, destination=AGENT, home_address=HOME, message=replace(message, **changes))


def acknowledgement(status=0):
    advice = mobility_options.BindingRefreshAdvice(interval=Seconds(300.0))
    message = binding.BindingAcknowledgement(
        status=status, sequence=7, lifetime=Seconds(600.0), key_management_mobility=True, options=(advice,)
    )
    return Packet(source=AGENT, destination=CARE_OF, routing_home_address=HOME, message=message)


def plain(message, source=CARE_OF, destination=AGENT):
    return Packet(source=source, destination=destination, message=message)


ADVERTISEMENT = discovery.RouterAdvertisement(
    hop_limit=64,
    managed=True,
    other=False,
    home_agent=True,
    preference=options.RouterPreference.HIGH,
    router_lifetime=Seconds(1800.0),
    reachable_time=Seconds(30.0),
    retransmit_timer=Seconds(1.0),
    options=(
        options.SourceLinkLayerAddress(address=MAC),
        options.PrefixInformation(
            prefix=AGENT,
            prefix_length=64,
            on_link=True,
            autonomous=True,
            router_address=True,
            valid_lifetime=Seconds(float("inf")),
            preferred_lifetime=Seconds(3600.0),
        ),
        options.PrefixInformation(
            prefix=IPv6Address("2001:db8:9::"),
            prefix_length=64,
            on_link=True,
            autonomous=False,
            router_address=False,
            valid_lifetime=Seconds(7200.0),
            preferred_lifetime=Seconds(0.0),
        ),
        options.AdvertisementInterval(interval=Seconds(0.07)),
        options.HomeAgentInformation(preference=5, lifetime=Seconds(900.0)),
        options.Mtu(mtu=1400),
    ),
)
TARGET = options.TargetLinkLayerAddress(address=MAC)
COOKIE, TOKEN = b"12345678", b"abcdefgh"
EVERY_MESSAGE = [
    update(),
    update(lifetime=Seconds(0.0), acknowledge=False, home_registration=False, key_management_mobility=True),
    update(options=(mobility_options.NonceIndices(home=1, care_of=2),), link_local_compatibility=True),
    acknowledgement(),
    acknowledgement(status=132),
    plain(binding.BindingRefreshRequest()),
    plain(binding.BindingError(status=1, home_address=HOME)),
    plain(return_routability.HomeTestInit(cookie=COOKIE), source=HOME),
    plain(return_routability.CareOfTestInit(cookie=COOKIE)),
    plain(return_routability.HomeTest(nonce_index=3, cookie=COOKIE, keygen_token=TOKEN)),
    plain(return_routability.CareOfTest(nonce_index=4, cookie=COOKIE, keygen_token=TOKEN)),
    plain(discovery.RouterSolicitation(options=(options.SourceLinkLayerAddress(address=MAC),)), HOST, ALL_NODES),
    plain(ADVERTISEMENT, ROUTER, ALL_NODES),
    plain(discovery.NeighborSolicitation(target=ROUTER), HOST, ROUTER),
    plain(
        discovery.NeighborAdvertisement(target=ROUTER, router=True, solicited=False, override=True, options=(TARGET,)),
        ROUTER,
        ALL_NODES,
    ),
    plain(home_agent_discovery.HomeAgentAddressDiscoveryRequest(identifier=9)),
    plain(home_agent_discovery.HomeAgentAddressDiscoveryReply(identifier=9, home_agents=(AGENT, HOME))),
    replace(plain(home_agent_discovery.MobilePrefixSolicitation(identifier=4)), home_address=HOME),
    plain(home_agent_discovery.MobilePrefixAdvertisement(identifier=4, managed=True, other=False), AGENT, CARE_OF),
]
TCP = encode_ipv6(Ipv6Headers(source=HOME, destination=AGENT, next_header=6, payload=bytes(20)))
ECHO = encode_ipv6(Ipv6Headers(source=HOME, destination=AGENT, next_header=58, payload=b"\x80" + bytes(7)))


def tunnelled(data):
    return encode_ipv6(Ipv6Headers(source=CARE_OF, destination=AGENT, next_header=41, payload=data))


def pcap(frames, link_type):
    begin = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link_type)
    records = (struct.pack("<IIII", BEGIN + at, 123456, len(each), len(each)) + each for at, each in enumerate(frames))
    return begin + b"".join(records)


def pcapng(frames, link_type):
    blocks = [(0x0A0D0D0A, struct.pack(">IHHq", 0x1A2B3C4D, 1, 0, -1)), (1, struct.pack(">HHI", link_type, 0, 65535))]
    for at, each in enumerate(frames):
        moment = (BEGIN + at) * 1_000_000 + 123456
        head = struct.pack(">IIIII", 0, moment >> 32, moment & 0xFFFFFFFF, len(each), len(each))
        blocks.append((6, head + each + bytes(-len(each) % 4)))
    sized = ((kind, struct.pack(">I", len(body) + 12), body) for kind, body in blocks)
    return b"".join(struct.pack(">I", kind) + size + body + size for kind, size, body in sized)


def capture(path, frames, link_type=101, form=pcap):
    path.write_bytes(form(frames, link_type))
    return path


def test_every_message_agrees_with_tshark(tmp_path):
    path = capture(tmp_path / "a.pcap", [encode_packet(each) for each in EVERY_MESSAGE])
    assert [replace(each.packet, hop_limit=64) for each in inspect(path)] == EVERY_MESSAGE  # ND: always 255
    assert count(path) == len(EVERY_MESSAGE)
    assert disagreements(path) == []


def test_what_scapy_writes_agrees_with_tshark(tmp_path):
    home, care_of, agent = str(HOME), str(CARE_OF), str(AGENT)
    frames = [
        IPv6(src=care_of, dst=agent)
        / IPv6ExtHdrDestOpt(options=[HAO(hoa=home)])
        / MIP6MH_BU(seq=12, mhtime=150, flags="AH", options=[MIP6OptAltCoA(acoa=care_of)]),
        IPv6(src=agent, dst=care_of)
        / IPv6ExtHdrRouting(type=2, addresses=[home])
        / MIP6MH_BA(seq=12, mhtime=75, status=135, flags=0),
        IPv6(src=agent, dst=care_of) / MIP6MH_BRR(),
        IPv6(src=care_of, dst=agent) / IPv6(src=home, dst=agent) / MIP6MH_HoTI(cookie=COOKIE),
        IPv6(src="fe80::1", dst="ff02::1", hlim=255)
        / ICMPv6ND_RA(routerlifetime=1800, H=1)
        / ICMPv6NDOptPrefixInfo(prefix=agent, prefixlen=64, R=1),
        IPv6(src=care_of, dst=agent) / IPv6ExtHdrDestOpt(options=[HAO(hoa=home)]) / ICMPv6MPSol(id=5),
    ]
    path = capture(tmp_path / "scapy.pcap", [raw(each) for each in frames])
    messages = list(inspect(path))
    assert [each.error for each in messages] == [None] * 6
    assert messages[1].packet.message.status == 135
    assert messages[3].tunnels == ((CARE_OF, AGENT),)
    assert disagreements(path) == []


@pytest.mark.parametrize("form", [pcap, pcapng])
@pytest.mark.parametrize(
    "link_type, header",
    [
        (1, ETHERNET),
        (1, MAC + MAC + b"\x81\x00\x00\x07\x86\xdd"),
        (1, MAC + MAC + b"\x88\xa8\x00\x07\x81\x00\x00\x08\x86\xdd"),
        (113, bytes(14) + b"\x86\xdd"),
        (276, b"\x86\xdd" + bytes(18)),
        (101, b""),
        (229, b""),
        (12, b""),
    ],
)
def test_link_types(tmp_path, form, link_type, header):
    frames = [header + encode_packet(update()), header + tunnelled(encode_packet(update())), header + TCP]
    path = capture(tmp_path / "capture", frames, link_type, form)
    messages = list(inspect(path))
    assert [each.packet for each in messages] == [update(), update()]
    assert [each.frame for each in messages] == [1, 2]
    assert messages[0].time == pytest.approx(BEGIN + 0.123456, abs=1e-5)
    assert disagreements(path) == []


def test_what_is_no_signalling_is_left_out(tmp_path):
    ipv4 = MAC + MAC + b"\x08\x00" + bytes(40)
    esp = encode_ipv6(Ipv6Headers(source=HOME, destination=AGENT, next_header=50, payload=bytes(64)))
    frames = [
        ipv4,
        b"",
        bytes(13),
        ETHERNET,
        ETHERNET + TCP,
        ETHERNET + ECHO,
        ETHERNET + esp,
        ETHERNET + tunnelled(TCP),
    ]
    path = capture(tmp_path / "a.pcap", frames, link_type=1)
    assert list(inspect(path)) == []
    assert disagreements(path) == []


def broken(data, at, value):
    return data[:at] + bytes((value,)) + data[at + 1 :]


def test_malformed_messages_are_shown_with_the_reason(tmp_path):
    whole = encode_packet(plain(binding.BindingRefreshRequest()))
    frames = [
        broken(whole, 44, whole[44] ^ 1),  # checksum
        raw(IPv6(src=str(CARE_OF), dst=str(AGENT)) / MIP6MH_BRR(mhtype=0, nh=6)),
        encode_packet(update())[:60],  # cut inside the destination options: tshark sees no message either
        whole[:46],
        raw(IPv6(src=str(CARE_OF), dst=str(AGENT)) / IPv6ExtHdrFragment(m=1, id=1) / MIP6MH_BRR()),
        raw(IPv6(src=str(CARE_OF), dst=str(AGENT)) / IPv6ExtHdrFragment(offset=5, id=1) / MIP6MH_BRR()),
    ]
    messages = list(inspect(capture(tmp_path / "a.pcap", frames)))
    assert [each.frame for each in messages] == [1, 2, 3, 4, 5]
    assert all(each.packet is None for each in messages)
    assert messages[0].error.fault is WireFault.BAD_CHECKSUM
    assert messages[1].error.fault is WireFault.BAD_PAYLOAD_PROTO
    assert messages[3].error.fault is WireFault.TRUNCATED
    assert "fragment" in messages[4].error.title
    text = inspector_text.line(messages[0])
    assert "Binding Refresh Request" in text
    assert "MALFORMED: the checksum of the Mobility Header is wrong" in text
    told = inspector_text.members(messages[0])
    assert told["malformed"]["fault"] == "bad-checksum"
    assert "fields" not in told


def test_bad_checksums_and_unknown_types_are_seen_by_both(tmp_path):
    whole = encode_packet(plain(binding.BindingRefreshRequest()))
    path = capture(tmp_path / "a.pcap", [broken(whole, 44, whole[44] ^ 1), broken(whole, 42, 99)])
    assert [each.kind for each in inspect(path)] == [0, 99]
    assert [inspector_text.name(each) for each in inspect(path)] == ["BindingRefreshRequest", "UnknownMobilityHeader"]
    assert disagreements(path) == []


def test_the_comparison_can_fail(tmp_path, monkeypatch):
    path = capture(tmp_path / "a.pcap", [encode_packet(update()), encode_packet(acknowledgement())])
    other = capture(tmp_path / "b.pcap", [encode_packet(update(sequence=8)), encode_packet(acknowledgement()), TCP])
    monkeypatch.setattr("tests.service.tshark_compare.inspect", lambda _path: inspect(other))
    assert disagreements(path) == ["frame 1: mip6.bu.seqnr: 8, tshark says 7"]
    monkeypatch.setattr("tests.service.tshark_compare.inspect", lambda _path: iter([]))
    assert disagreements(path) == [f"frame {number}: 0 messages, tshark sees 1" for number in (1, 2)]


@pytest.mark.parametrize("content", [b"", b"not a capture at all", b"\xa1\xb2\xc3\xd4", b"\x0a\x0d\x0d\x0a" + bytes(8)])
def test_what_is_no_capture_is_said_in_a_sentence(tmp_path, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(MobileIPv6Error, match="is not a packet capture"):
        list(inspect(path))


def test_a_folder_is_no_capture(tmp_path):
    with pytest.raises(MobileIPv6Error, match="is not a packet capture"):
        list(inspect(tmp_path))


def test_an_unknown_link_type_is_said(tmp_path):
    with pytest.raises(MobileIPv6Error, match="link type 105"):
        list(inspect(capture(tmp_path / "wifi.pcap", [TCP], link_type=105)))


@pytest.mark.parametrize("form", [pcap, pcapng])
@pytest.mark.parametrize("missing", [1, 10, 60])
def test_a_file_that_breaks_off_is_read_to_there(tmp_path, form, missing):
    path = capture(tmp_path / "a", [encode_packet(update()), encode_packet(acknowledgement())], form=form)
    path.write_bytes(path.read_bytes()[:-missing])
    messages = inspect(path)
    assert next(messages).packet == update()  # what comes before the break counts
    with pytest.raises(MobileIPv6Error, match="in the middle of a packet"):
        list(messages)


@given(st.binary(max_size=120), st.integers(min_value=0, max_value=5))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_anything_in_a_packet_is_survived(tmp_path, noise, kind):
    start = encode_packet(update())
    frames = [ETHERNET + start[: 40 + kind * 8] + noise, ETHERNET + noise, ETHERNET + tunnelled(noise)]
    for each in inspect(capture(tmp_path / "noise.pcap", frames, link_type=1)):
        assert (each.packet is None) != (each.error is None)
        assert inspector_text.line(each)
        assert json.dumps(inspector_text.members(each), default=str)


def test_deep_tunnels_end(tmp_path):
    data = encode_packet(update())
    for _ in range(20):
        data = tunnelled(data)
    assert list(inspect(capture(tmp_path / "a.pcap", [data]))) == []


def test_lines_for_people(tmp_path, monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    frames = [encode_packet(update()), encode_packet(acknowledgement(132)), tunnelled(encode_packet(EVERY_MESSAGE[7]))]
    lines = [inspector_text.line(each) for each in inspect(capture(tmp_path / "a.pcap", frames))]
    first, second, third = (line.split("  ", 1)[1] for line in lines)
    assert first == (
        "Binding Update  2001:db8:2::10 -> 2001:db8:1::1  home address 2001:db8:1::10  "
        "sequence 7, lifetime 600 s, acknowledge, home registration  "
        "[Alternate Care-of Address: address 2001:db8:2::10]"
    )
    assert "routed to home address 2001:db8:1::10" in second
    assert "(the home address does not belong to the home agent's network)" in second
    assert third.endswith("in tunnel 2001:db8:2::10 -> 2001:db8:1::1")


def test_all_fields_in_json(tmp_path):
    path = capture(tmp_path / "a.pcap", [encode_packet(acknowledgement(128)), encode_packet(EVERY_MESSAGE[12])])
    one, other = (inspector_text.members(each) for each in inspect(path))
    assert one["message"] == "BindingAcknowledgement"
    assert (one["protocol"], one["type"]) == (135, 6)
    assert one["routing_home_address"] == HOME
    assert one["status_text"] == "rejected without a reason"
    fields = {"status": 128, "sequence": 7, "lifetime": 600.0, "key_management_mobility": True}
    assert one["fields"] == fields
    assert one["options"] == [{"option": "BindingRefreshAdvice", "interval": 300.0}]
    assert other["fields"]["preference"] == "high"
    assert other["options"][1]["valid_lifetime"] == float("inf")
