# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether `mnctl decode` and tshark read the same in a capture: `assert disagreements(path) == []`.

Compared is every signalling message: how many there are and in which frame, addresses (IPv6 header, Home Address
option, type 2 routing header), type, and every field of the message that tshark has a name for. Of messages that our
codec refuses, only that tshark sees one of the same type there (it does not verify the MH checksum).
"""

import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any

import pytest

from mnclient.constants import PROTOCOL_MOBILITY
from mnclient.wire import binding, home_agent_discovery, mobility_options, return_routability
from mnclient.wire import neighbor_discovery as discovery
from mnclient.wire import neighbor_options as options
from mnclient.wire.fields import to_binding_units, to_lifetime, to_milliseconds
from mnclient.wire.signalling import ICMPV6_SIGNALLING
from service.inspected import Inspected
from service.inspector import inspect

Record = dict[str, Any]


def disagreements(path: Path) -> list[str]:
    """What the two do not agree on, in words; empty when they agree on every message. Skips without tshark."""
    if not shutil.which("tshark"):
        pytest.skip("tshark is not installed")
    ours: dict[int, list[Inspected]] = defaultdict(list)
    for inspected in inspect(path):
        ours[inspected.frame].append(inspected)
    theirs = _read(path)
    found = []
    for frame in sorted(ours.keys() | theirs.keys()):
        if any(each.kind is None for each in ours[frame]):
            continue  # an extension header so broken that there is no message to compare
        if len(ours[frame]) != len(theirs[frame]):
            found.append(f"frame {frame}: {len(ours[frame])} messages, tshark sees {len(theirs[frame])}")
            continue
        for inspected, record in zip(ours[frame], theirs[frame], strict=True):
            found += [f"frame {frame}: {each}" for each in _differences(expected(inspected), record)]
    return found


def count(path: Path) -> int:
    """How many signalling messages tshark sees in a capture."""
    return sum(map(len, _read(path).values()))


def _differences(ours: Record, theirs: Record) -> list[str]:
    return [
        f"{key}: {value!r}, tshark says {theirs.get(key)!r}" for key, value in ours.items() if theirs.get(key) != value
    ]


# --- what tshark says -----------------------------------------------------------------------------------------------


def _read(path: Path) -> dict[int, list[Record]]:
    command = ["tshark", "-n", "-r", str(path), "-T", "pdml"]
    xml = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    records: dict[int, list[Record]] = defaultdict(list)
    for frame, packet in enumerate(ElementTree.fromstring(xml).findall("packet"), start=1):
        header: ElementTree.Element | None = None
        for protocol in packet.findall("proto"):
            if protocol.get("name") == "ipv6":
                header = protocol
            for each in (protocol, *protocol.findall("proto")):  # tshark puts Mobility Headers into the IPv6 header
                if header is not None and (record := _record(header, each)):
                    records[frame].append(record)
    return records


def _record(header: ElementTree.Element, protocol: ElementTree.Element) -> Record | None:
    """All fields of a message by name, a list where one comes several times; None when this is no signalling."""
    name = protocol.get("name")
    if name not in ("mipv6", "icmpv6"):
        return None
    record: Record = {}
    for field in (*header.iter("field"), *protocol.iter("field")):
        key, value = field.get("name", ""), _value(field.get("show", ""))
        if key in _REPEATED:
            record.setdefault(key, []).append(value)
        else:
            record.setdefault(key, value)
    if name == "icmpv6" and record.get("icmpv6.type") not in ICMPV6_SIGNALLING:
        return None
    return record


_REPEATED = {
    "icmpv6.opt.prefix",
    "icmpv6.opt.prefix.length",
    "icmpv6.opt.prefix.flag.l",
    "icmpv6.opt.prefix.flag.a",
    "icmpv6.opt.prefix.flag.r",
    "icmpv6.opt.prefix.valid_lifetime",
    "icmpv6.opt.prefix.preferred_lifetime",
    "icmpv6.mip6.home_agent_address",
}


def _value(text: str) -> Any:
    """Numbers as numbers and addresses as addresses, so that their spelling does not matter."""
    if text in ("True", "False"):
        return int(text == "True")
    if ":" in text:
        try:
            return IPv6Address(text)
        except ValueError:
            return text
    try:
        return int(text, 0)
    except ValueError:
        return text


# --- what we say, under tshark's names ------------------------------------------------------------------------------


def expected(inspected: Inspected) -> Record:
    """What tshark should say of a message of ours."""
    kind = "mip6.mhtype" if inspected.protocol == PROTOCOL_MOBILITY else "icmpv6.type"
    record: Record = {"ipv6.src": inspected.source, "ipv6.dst": inspected.destination, kind: inspected.kind}
    packet = inspected.packet
    if packet is None:
        return record
    record["ipv6.hlim"] = packet.hop_limit
    record["ipv6.opt.mipv6.home_address"] = packet.home_address
    record["ipv6.routing.mipv6.home_address"] = packet.routing_home_address
    record |= _message(packet.message)
    for option in getattr(packet.message, "options", ()):
        record |= _option(option)
    record |= _prefixes([each for each in getattr(packet.message, "options", ()) if _is_prefix(each)])
    return record


def _message(message: Any) -> Record:
    match message:
        case binding.BindingUpdate():
            return {
                "mip6.bu.seqnr": message.sequence,
                "mip6.bu.lifetime": to_binding_units(message.lifetime),
                "mip6.bu.a_flag": int(message.acknowledge),
                "mip6.bu.h_flag": int(message.home_registration),
                "mip6.bu.l_flag": int(message.link_local_compatibility),
                "mip6.bu.k_flag": int(message.key_management_mobility),
            }
        case binding.BindingAcknowledgement():
            return {
                "mip6.ba.status": message.status,
                "mip6.ba.k_flag": int(message.key_management_mobility),
                "mip6.ba.seqnr": message.sequence,
                "mip6.ba.lifetime": to_binding_units(message.lifetime),
            }
        case binding.BindingError():
            return {"mip6.be.status": message.status, "mip6.be.haddr": message.home_address}
        case return_routability.HomeTestInit():
            return {"mip6.hoti.cookie": int.from_bytes(message.cookie)}
        case return_routability.CareOfTestInit():
            return {"mip6.coti.cookie": int.from_bytes(message.cookie)}
        case return_routability.HomeTest():
            return {"mip6.hot.nindex": message.nonce_index, **_test(message, "hot")}
        case return_routability.CareOfTest():
            return {"mip6.cot.nindex": message.nonce_index, **_test(message, "cot")}
    return _icmpv6(message)


def _test(message: Any, name: str) -> Record:
    # One field name for both tokens: so it is in tshark 4.0.
    return {
        f"mip6.{name}.cookie": int.from_bytes(message.cookie),
        "mip6.hot.token": int.from_bytes(message.keygen_token),
    }


def _icmpv6(message: Any) -> Record:
    match message:
        case discovery.RouterAdvertisement():
            return {
                "icmpv6.nd.ra.cur_hop_limit": message.hop_limit,
                "icmpv6.nd.ra.flag.m": int(message.managed),
                "icmpv6.nd.ra.flag.o": int(message.other),
                "icmpv6.nd.ra.flag.h": int(message.home_agent),
                "icmpv6.nd.ra.flag.prf": message.preference.value,
                "icmpv6.nd.ra.router_lifetime": int(message.router_lifetime),
                "icmpv6.nd.ra.reachable_time": to_milliseconds(message.reachable_time),
                "icmpv6.nd.ra.retrans_timer": to_milliseconds(message.retransmit_timer),
            }
        case discovery.NeighborSolicitation():
            return {"icmpv6.nd.ns.target_address": message.target}
        case discovery.NeighborAdvertisement():
            return {
                "icmpv6.nd.na.target_address": message.target,
                "icmpv6.nd.na.flag.r": int(message.router),
                "icmpv6.nd.na.flag.s": int(message.solicited),
                "icmpv6.nd.na.flag.o": int(message.override),
            }
        case home_agent_discovery.HomeAgentAddressDiscoveryReply():
            listed = {"icmpv6.mip6.home_agent_address": list(message.home_agents)} if message.home_agents else {}
            return {"icmpv6.mip6.identifier": message.identifier, **listed}
        case home_agent_discovery.MobilePrefixAdvertisement():
            flags = {"icmpv6.mip6.flag.m": int(message.managed), "icmpv6.mip6.flag.o": int(message.other)}
            return {"icmpv6.mip6.identifier": message.identifier, **flags}
        case home_agent_discovery.HomeAgentAddressDiscoveryRequest() | home_agent_discovery.MobilePrefixSolicitation():
            return {"icmpv6.mip6.identifier": message.identifier}
    return {}


def _option(option: Any) -> Record:
    match option:
        case mobility_options.AlternateCareOfAddress():
            return {"mip6.acoa.acoa": option.address}
        case mobility_options.BindingRefreshAdvice():
            return {"mip6.bra.interval": to_binding_units(option.interval)}
        case mobility_options.NonceIndices():
            return {"mip6.ni.hni": option.home, "mip6.ni.cni": option.care_of}
        case options.SourceLinkLayerAddress() if len(option.address) == 6:
            return {"icmpv6.opt.src_linkaddr": option.address.hex(":")}
        case options.TargetLinkLayerAddress() if len(option.address) == 6:
            return {"icmpv6.opt.target_linkaddr": option.address.hex(":")}
        case options.AdvertisementInterval():
            return {"icmpv6.opt.advertisement_interval": to_milliseconds(option.interval)}
        case options.HomeAgentInformation():
            lifetime = {"icmpv6.opt.home_agent_lifetime": int(option.lifetime)}
            return {"icmpv6.opt.home_agent_preference": option.preference, **lifetime}
        case options.Mtu():
            return {"icmpv6.opt.mtu": option.mtu}
    return {}


def _is_prefix(option: Any) -> bool:
    return isinstance(option, options.PrefixInformation)


def _prefixes(listed: list[Any]) -> Record:
    if not listed:
        return {}
    return {
        "icmpv6.opt.prefix": [each.prefix for each in listed],
        "icmpv6.opt.prefix.length": [each.prefix_length for each in listed],
        "icmpv6.opt.prefix.flag.l": [int(each.on_link) for each in listed],
        "icmpv6.opt.prefix.flag.a": [int(each.autonomous) for each in listed],
        "icmpv6.opt.prefix.flag.r": [int(each.router_address) for each in listed],
        "icmpv6.opt.prefix.valid_lifetime": [to_lifetime(each.valid_lifetime) for each in listed],
        "icmpv6.opt.prefix.preferred_lifetime": [to_lifetime(each.preferred_lifetime) for each in listed],
    }
