# SPDX-License-Identifier: GPL-2.0-or-later
"""The network of this machine: settings, rules, filters, transformations, and the way to a home agent."""

import os
import socket
import struct
import time
from collections.abc import Mapping
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any, Final

from mnclient.units import Seconds
from service.doctor.facts import ONLY_ROOT, NetworkFacts, WayFacts
from service.facts.programs import ask, ask_json, find, objects

_SETTINGS: Final = Path("/proc/sys/net/ipv6/conf")
_NAMES: Final = ("accept_ra", "disable_ipv6", "forwarding")
_ECHO_REQUEST: Final = 128
_ECHO_REPLY: Final = 129
_TRIES: Final = 3
_PATIENCE: Final = Seconds(1.0)
"""For an answer: half around the world and back is 0.3 s, and an address is resolved before."""


def read_network(*, is_root: bool) -> NetworkFacts:
    """All but the ways to home agents."""
    rules, rules_unknown = ask_json(["ip", "-j", "-6", "rule", "show"])
    routes, _ = ask_json(["ip", "-j", "-6", "route", "show", "default"])
    transformations = ask(["ip", "xfrm", "policy", "show"]) if is_root else None
    ruleset, ruleset_unknown = ask_json(["nft", "-j", "list", "ruleset"]) if is_root else (None, ONLY_ROOT)
    return NetworkFacts(
        settings=_settings(),
        has_default_route=bool(objects(routes)),
        rules=objects(rules),
        rules_unknown=rules_unknown,
        transformations=transformations.output if transformations is not None else "",
        transformations_unknown=transformations.reason if transformations is not None else ONLY_ROOT,
        ruleset=objects(ruleset.get("nftables")) if isinstance(ruleset, dict) else (),
        ruleset_unknown=ruleset_unknown,
    )


def _settings() -> dict[str, Mapping[str, str]]:
    """Of each interface that has IPv6 in the kernel."""
    found: dict[str, Mapping[str, str]] = {}
    try:
        folders = sorted(_SETTINGS.iterdir())
    except OSError:
        return found  # no IPv6
    for folder in folders:
        values = {}
        for name in _NAMES:
            try:
                values[name] = (folder / name).read_text(encoding="ascii").strip()
            except OSError:
                continue  # the interface has gone, or the kernel lacks this one
        found[folder.name] = values
    return found


def read_way(home_agent: IPv6Address, source: IPv6Address | None) -> WayFacts:
    """The way to a home agent from the care-of address (None: whatever the kernel takes)."""
    of_source = ["from", str(source)] if source is not None else []
    if find("ip") is None:
        answered, echo_unknown = echo(home_agent, source)
        return WayFacts(unseen="the program ip is not installed", is_answered=answered, echo_unknown=echo_unknown)
    routes, reason = ask_json(["ip", "-j", "-6", "route", "get", str(home_agent), *of_source])
    if reason or not objects(routes):
        return WayFacts(no_route=reason.removeprefix("RTNETLINK answers: ") or "the kernel names none")
    route = objects(routes)[0]
    interface, next_hop = str(route.get("dev", "")), _address(route.get("gateway"))
    answered, echo_unknown = echo(home_agent, source)
    return WayFacts(
        interface=interface,
        next_hop=next_hop,
        neighbor=_neighbor(next_hop or home_agent, interface),
        is_answered=answered,
        echo_unknown=echo_unknown,
    )


def _neighbor(address: IPv6Address, interface: str) -> str:
    found, _ = ask_json(["ip", "-j", "-6", "neigh", "show", "to", str(address), "dev", interface])
    return ", ".join(str(state) for entry in objects(found) for state in entry.get("state", ()))


def _address(value: Any) -> IPv6Address | None:
    try:
        return IPv6Address(value) if value is not None else None
    except ValueError:
        return None


def echo(address: IPv6Address, source: IPv6Address | None = None) -> tuple[bool | None, str]:
    """Whether an address answers an echo request (RFC 4443 section 4.1); None and why when none can be sent."""
    try:
        with _opened() as opened:
            if source is not None:
                opened.bind((str(source), 0))
            return _asks(opened, address), ""
    except OSError as error:
        return None, f"An echo request cannot be sent: {error.strerror or error}"


def _opened() -> socket.socket:
    """The kind of socket that ordinary users may have where the administrator lets them; else root's."""
    try:
        return socket.socket(socket.AF_INET6, socket.SOCK_DGRAM, socket.IPPROTO_ICMPV6)
    except PermissionError:
        return socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)


def _asks(opened: socket.socket, address: IPv6Address) -> bool:
    identifier = os.urandom(8)
    for sequence in range(_TRIES):
        request = struct.pack("!BBHHH", _ECHO_REQUEST, 0, 0, os.getpid() & 0xFFFF, sequence) + identifier
        opened.sendto(request, (str(address), 0))  # the kernel computes the checksum
        until = time.monotonic() + _PATIENCE
        while (left := until - time.monotonic()) > 0:
            opened.settimeout(left)
            try:
                answer, sender = opened.recvfrom(2048)
            except TimeoutError:
                break
            is_reply = answer[:1] == bytes((_ECHO_REPLY,)) and answer.endswith(identifier)
            if is_reply and IPv6Address(sender[0]) == address:
                return True
    return False
