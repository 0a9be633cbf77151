# SPDX-License-Identifier: GPL-2.0-or-later
"""IPv6 transformation states and policies of the kernel (XFRM), by netlink: values in and out, bytes in between.

Knows nothing of Mobile IPv6. Only what carries no keys is here: states of the protocols that change the addresses of a
packet (destination options, routing header) in mode *route optimization*. Written with `struct` and every pad octet of
the C structures of linux/xfrm.h spelled out, because a general library does not have these messages.
"""

import socket
import struct
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv6Address, IPv6Network
from typing import Final

from mnclient.constants import PROTOCOL_ICMPV6
from mnclient.network.rtnetlink import NLM_F_CREATE, NLM_F_EXCL, Message, NetlinkSocket, attribute, attributes

XFRM_MSG_NEWSA: Final = 0x10
XFRM_MSG_DELSA: Final = 0x11
XFRM_MSG_GETSA: Final = 0x12
XFRM_MSG_NEWPOLICY: Final = 0x13
XFRM_MSG_DELPOLICY: Final = 0x14
XFRM_MSG_GETPOLICY: Final = 0x15
XFRM_MSG_UPDPOLICY: Final = 0x19
XFRM_MSG_FLUSHSA: Final = 0x1C
XFRM_MSG_FLUSHPOLICY: Final = 0x1D
XFRM_MSG_REPORT: Final = 0x20

GROUP_STATES: Final = 1 << 2  # XFRMNLGRP_SA
GROUP_POLICIES: Final = 1 << 3  # XFRMNLGRP_POLICY
GROUP_REPORTS: Final = 1 << 5  # XFRMNLGRP_REPORT

DESTINATION_OPTIONS: Final = 60
ROUTING_HEADER: Final = 43
ANY: Final = IPv6Network("::/0")
UNSPECIFIED: Final = IPv6Address(0)

_NETLINK_XFRM: Final = 6
_MODE_ROUTE_OPTIMIZATION: Final = 2
_STATE_WILDCARD_RECEIVE: Final = 8
_XFRMA_TMPL, _XFRMA_SA, _XFRMA_POLICY, _XFRMA_SRCADDR, _XFRMA_COADDR, _XFRMA_LASTUSED = 5, 6, 7, 13, 14, 15
_INET6: Final = int(socket.AF_INET6)

_SELECTOR: Final = struct.Struct("=16s16sHHHHHBBB3xiI")
_ID: Final = struct.Struct("=16sIB3x")
_LIFETIME: Final = struct.Struct("=QQQQQQQQ")
_CURRENT: Final = struct.Struct("=QQQQ")
_STATE_END: Final = struct.Struct("=IIIIIHBBB7x")  # three statistics, sequence, reqid, family, mode, window, flags
_STATE_ID: Final = struct.Struct("=16sIHBx")
_POLICY_END: Final = struct.Struct("=IIBBBB4x")  # priority, index, direction, action, flags, share
_POLICY_ID: Final = struct.Struct("=IB3x")
_TEMPLATE: Final = struct.Struct("=16sIB3xH2x16sIBBBxIII")
_FOREVER: Final = _LIFETIME.pack(*(4 * (0xFFFFFFFFFFFFFFFF,)), 0, 0, 0, 0)
_STATE_SOURCE: Final = _SELECTOR.size + _ID.size
_STATE_REST: Final = _STATE_SOURCE + 16 + _LIFETIME.size + _CURRENT.size
_STATE_SIZE: Final = _STATE_REST + _STATE_END.size
_POLICY_REST: Final = _SELECTOR.size + _LIFETIME.size + _CURRENT.size
_POLICY_SIZE: Final = _POLICY_REST + _POLICY_END.size
_REPORT_SELECTOR: Final = 4
_REPORT_SIZE: Final = _REPORT_SELECTOR + _SELECTOR.size
_ALL_ALGORITHMS: Final = 0xFFFFFFFF


class Direction(IntEnum):
    """Which packets a policy is for."""

    IN = 0
    OUT = 1
    FORWARD = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """The packets meant. `protocol` 0 is every one; of ICMPv6, `icmp_type` may name one type."""

    source: IPv6Network
    destination: IPv6Network
    protocol: int = 0
    icmp_type: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A state without keys; what tells it from others is `source`, `destination` and `protocol`.

    `care_of` "::" matches every address. `wildcard`: it is also tried for packets of other addresses. `reqid` ties it
    to policies, and is free for a mark. `sender` is the source that the packet has in the end, when another
    transformation changes it after this one. `last_used` is in seconds since 1970, read only, None when the kernel says
    nothing.
    """

    source: IPv6Address
    destination: IPv6Address
    protocol: int
    care_of: IPv6Address
    reqid: int
    wildcard: bool = False
    sender: IPv6Address | None = None
    last_used: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """The state that a policy asks for. `optional`: packets without it pass as well."""

    source: IPv6Address
    destination: IPv6Address
    protocol: int
    reqid: int
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What is done with the packets of `selector`; without a template they pass as they are.

    `outer` is a second state that is asked for, nearer to the wire than the first. The policy with the smallest
    `priority` wins. `last_used` is in seconds since 1970, read only, None for never.
    """

    selector: Selector
    direction: Direction
    priority: int
    template: Template | None = None
    outer: Template | None = None
    last_used: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A packet was refused because no state allowed its transformation. `care_of` is None when it is not told."""

    protocol: int
    source: IPv6Address
    destination: IPv6Address
    care_of: IPv6Address | None


class XfrmSocket(NetlinkSocket):
    """A netlink socket for these messages. OSError where the kernel has no XFRM."""

    def __init__(self, groups: int = 0) -> None:
        super().__init__(_NETLINK_XFRM, groups)


# --- requests -------------------------------------------------------------------------------------------------------


def state_addition(state: State) -> Message:
    """Adds a state; EEXIST when there is one of the same identity."""
    return Message(XFRM_MSG_NEWSA, NLM_F_CREATE | NLM_F_EXCL, _state_body(state, _MODE_ROUTE_OPTIMIZATION))


def state_removal(state: State) -> Message:
    """Removes a state; ESRCH when there is none."""
    body = _STATE_ID.pack(state.destination.packed, 0, _INET6, state.protocol)
    return Message(XFRM_MSG_DELSA, 0, body + attribute(_XFRMA_SRCADDR, state.source.packed))


def state_trial(protocol: int) -> Message:
    """Adds nothing, whatever the kernel: EINVAL when it knows states of this protocol, EPROTONOSUPPORT otherwise.

    These states exist in mode route optimization alone, which the kernel checks after it has found their type.
    """
    nobody = State(source=UNSPECIFIED, destination=UNSPECIFIED, protocol=protocol, care_of=UNSPECIFIED, reqid=0)
    return Message(XFRM_MSG_NEWSA, NLM_F_CREATE | NLM_F_EXCL, _state_body(nobody, 0))


def state_question(state: State) -> Message:
    """Asks for the state of this identity."""
    body = _STATE_ID.pack(state.destination.packed, 0, _INET6, state.protocol)
    return Message(XFRM_MSG_GETSA, 0, body + attribute(_XFRMA_SRCADDR, state.source.packed))


def policy_addition(policy: Policy, *, replace: bool = False) -> Message:
    """Adds a policy; EEXIST when there is one for the same packets and direction, which `replace` takes away."""
    body = _selector(policy.selector) + _FOREVER + bytes(_CURRENT.size)
    body += _POLICY_END.pack(policy.priority, 0, policy.direction, 0, 0, 0)
    if policy.template is not None:
        templates = [policy.template] if policy.outer is None else [policy.template, policy.outer]
        body += attribute(_XFRMA_TMPL, b"".join(map(_template, templates)))
    return Message(XFRM_MSG_UPDPOLICY if replace else XFRM_MSG_NEWPOLICY, 0, body)


def policy_removal(policy: Policy) -> Message:
    """Removes the policy with this selector and direction; ENOENT when there is none."""
    return Message(XFRM_MSG_DELPOLICY, 0, _selector(policy.selector) + _POLICY_ID.pack(0, policy.direction))


def policy_question(policy: Policy) -> Message:
    """Asks for the policy with this selector and direction."""
    return Message(XFRM_MSG_GETPOLICY, 0, _selector(policy.selector) + _POLICY_ID.pack(0, policy.direction))


def state_dump() -> Message:
    """Asks for all states."""
    return Message(XFRM_MSG_GETSA, 0, b"")


def policy_dump() -> Message:
    """Asks for all policies."""
    return Message(XFRM_MSG_GETPOLICY, 0, b"")


def _selector(selector: Selector) -> bytes:
    icmp_type = selector.icmp_type
    return _SELECTOR.pack(
        selector.destination.network_address.packed,
        selector.source.network_address.packed,
        0,
        0,
        0 if icmp_type is None else socket.htons(icmp_type),  # where other protocols have the source port
        0 if icmp_type is None else 0xFFFF,
        _INET6,
        selector.destination.prefixlen,
        selector.source.prefixlen,
        selector.protocol,
        0,
        0,
    )


def _state_body(state: State, mode: int) -> bytes:
    ends = (state.sender or state.source, state.destination)
    hosts = [ANY if each == UNSPECIFIED else IPv6Network(each) for each in ends]
    flags = _STATE_WILDCARD_RECEIVE if state.wildcard else 0
    body = _selector(Selector(source=hosts[0], destination=hosts[1]))
    body += _ID.pack(state.destination.packed, 0, state.protocol) + state.source.packed
    body += _FOREVER + bytes(_CURRENT.size)
    body += _STATE_END.pack(0, 0, 0, 0, state.reqid, _INET6, mode, 0, flags)
    return body + attribute(_XFRMA_COADDR, state.care_of.packed)


def _template(template: Template) -> bytes:
    return _TEMPLATE.pack(
        template.destination.packed,
        0,
        template.protocol,
        _INET6,
        template.source.packed,
        template.reqid,
        _MODE_ROUTE_OPTIMIZATION,
        0,
        template.optional,
        _ALL_ALGORITHMS,
        _ALL_ALGORITHMS,
        _ALL_ALGORITHMS,
    )


# --- what the kernel says -------------------------------------------------------------------------------------------


def read_state(body: bytes) -> State | None:
    """An XFRM_MSG_NEWSA; None for other families, and for states with keys."""
    if len(body) < _STATE_SIZE:
        return None
    destination, _, protocol = _ID.unpack_from(body, _SELECTOR.size)
    *_, reqid, family, mode, _, flags = _STATE_END.unpack_from(body, _STATE_REST)
    found = attributes(body, _STATE_SIZE)
    if family != _INET6 or mode != _MODE_ROUTE_OPTIMIZATION:
        return None
    used = found.get(_XFRMA_LASTUSED)
    source = IPv6Address(body[_STATE_SOURCE : _STATE_SOURCE + 16])
    sender = _read_selector(body, 0).source.network_address
    return State(
        source=source,
        destination=IPv6Address(destination),
        protocol=protocol,
        care_of=IPv6Address(found.get(_XFRMA_COADDR, bytes(16))),
        reqid=reqid,
        wildcard=bool(flags & _STATE_WILDCARD_RECEIVE),
        sender=None if sender == source else sender,
        last_used=int(struct.unpack("=Q", used)[0]) if used is not None and len(used) == 8 else None,
    )


def read_policy(body: bytes) -> Policy | None:
    """An XFRM_MSG_NEWPOLICY; None for other families, and for policies of sockets."""
    if len(body) < _POLICY_SIZE:
        return None
    family = struct.unpack_from("=H", body, 40)[0]
    priority, _, direction, _, _, _ = _POLICY_END.unpack_from(body, _POLICY_REST)
    if family != _INET6 or direction not in tuple(Direction):
        return None
    *_, used = _CURRENT.unpack_from(body, _SELECTOR.size + _LIFETIME.size)
    found = attributes(body, _POLICY_SIZE).get(_XFRMA_TMPL, b"")
    templates = [
        _read_template(found[start : start + _TEMPLATE.size])
        for start in range(0, len(found) - _TEMPLATE.size + 1, _TEMPLATE.size)
    ]
    return Policy(
        selector=_read_selector(body, 0),
        direction=Direction(direction),
        priority=priority,
        template=templates[0] if templates else None,
        outer=templates[1] if len(templates) > 1 else None,
        last_used=used or None,
    )


def read_removed_state(body: bytes) -> State | None:
    """The state of an XFRM_MSG_DELSA."""
    return read_state(attributes(body, _STATE_ID.size).get(_XFRMA_SA, b""))


def read_removed_policy(body: bytes) -> Policy | None:
    """The policy of an XFRM_MSG_DELPOLICY, without its template."""
    return read_policy(attributes(body, _SELECTOR.size + _POLICY_ID.size).get(_XFRMA_POLICY, b""))


def read_report(body: bytes) -> Report | None:
    """An XFRM_MSG_REPORT; None for other families."""
    if len(body) < _REPORT_SIZE or struct.unpack_from("=H", body, _REPORT_SELECTOR + 40)[0] != _INET6:
        return None
    selector = _read_selector(body, _REPORT_SELECTOR)
    care_of = attributes(body, _REPORT_SIZE).get(_XFRMA_COADDR)
    return Report(
        protocol=body[0],
        source=selector.source.network_address,
        destination=selector.destination.network_address,
        care_of=IPv6Address(care_of) if care_of is not None and len(care_of) == 16 else None,
    )


def _read_selector(body: bytes, offset: int) -> Selector:
    destination, source, _, _, port, mask, _, to, length, protocol, _, _ = _SELECTOR.unpack_from(body, offset)
    return Selector(
        source=IPv6Network((source, min(length, 128)), strict=False),
        destination=IPv6Network((destination, min(to, 128)), strict=False),
        protocol=protocol,
        icmp_type=socket.ntohs(port) if mask and protocol == PROTOCOL_ICMPV6 else None,
    )


def _read_template(data: bytes) -> Template:
    destination, _, protocol, _, source, reqid, _, _, optional, *_ = _TEMPLATE.unpack_from(data)
    return Template(
        source=IPv6Address(source),
        destination=IPv6Address(destination),
        protocol=protocol,
        reqid=reqid,
        optional=bool(optional),
    )
