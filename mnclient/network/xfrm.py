# SPDX-License-Identifier: GPL-2.0-or-later
"""IPv6 transformation states and policies of the kernel (XFRM), by netlink: values in and out, bytes in between.

Knows nothing of Mobile IPv6. States without keys are here: those of the protocols that change the addresses of a packet
(destination options, routing header) in mode *route optimization*; those that encrypt are in `xfrm_esp`. Written with
`struct` and every pad octet of the C structures of linux/xfrm.h spelled out, because a general library does not have
these messages.
"""

import socket
import struct
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv6Address, IPv6Network
from typing import Final

from mnclient.network.rtnetlink import NLM_F_CREATE, NLM_F_EXCL, Message, NetlinkSocket, attribute, attributes

XFRM_MSG_NEWSA: Final = 0x10
XFRM_MSG_DELSA: Final = 0x11
XFRM_MSG_GETSA: Final = 0x12
XFRM_MSG_NEWPOLICY: Final = 0x13
XFRM_MSG_DELPOLICY: Final = 0x14
XFRM_MSG_GETPOLICY: Final = 0x15
XFRM_MSG_UPDPOLICY: Final = 0x19
XFRM_MSG_UPDSA: Final = 0x1A
XFRM_MSG_FLUSHSA: Final = 0x1C
XFRM_MSG_FLUSHPOLICY: Final = 0x1D
XFRM_MSG_REPORT: Final = 0x20

GROUP_STATES: Final = 1 << 2  # XFRMNLGRP_SA
GROUP_POLICIES: Final = 1 << 3  # XFRMNLGRP_POLICY
GROUP_REPORTS: Final = 1 << 5  # XFRMNLGRP_REPORT

ESP: Final = 50
DESTINATION_OPTIONS: Final = 60
ROUTING_HEADER: Final = 43
ANY: Final = IPv6Network("::/0")
UNSPECIFIED: Final = IPv6Address(0)

_NETLINK_XFRM: Final = 6
_STATE_WILDCARD_RECEIVE: Final = 8
_XFRMA_TMPL, XFRMA_SA, _XFRMA_POLICY, XFRMA_SRCADDR, _XFRMA_COADDR, XFRMA_LASTUSED = 5, 6, 7, 13, 14, 15
INET6: Final = int(socket.AF_INET6)
"""The names that follow are shared with `xfrm_esp`: structures of linux/xfrm.h, and places in that of a state."""

SELECTOR: Final = struct.Struct("=16s16sHHHHHBBB3xiI")
ID: Final = struct.Struct("=16sIB3x")
_LIFETIME: Final = struct.Struct("=QQQQQQQQ")
CURRENT: Final = struct.Struct("=QQQQ")
STATE_END: Final = struct.Struct("=IIIIIHBBB7x")  # three statistics, sequence, reqid, family, mode, window, flags
STATE_ID: Final = struct.Struct("=16sIHBx")
_POLICY_END: Final = struct.Struct("=IIBBBB4x")  # priority, index, direction, action, flags, share
_POLICY_ID: Final = struct.Struct("=IB3x")
_TEMPLATE: Final = struct.Struct("=16sIB3xH2x16sIBBBxIII")
FOREVER: Final = _LIFETIME.pack(*(4 * (0xFFFFFFFFFFFFFFFF,)), 0, 0, 0, 0)
STATE_SOURCE: Final = SELECTOR.size + ID.size
STATE_REST: Final = STATE_SOURCE + 16 + _LIFETIME.size + CURRENT.size
STATE_SIZE: Final = STATE_REST + STATE_END.size
_POLICY_REST: Final = SELECTOR.size + _LIFETIME.size + CURRENT.size
_POLICY_SIZE: Final = _POLICY_REST + _POLICY_END.size
_REPORT_SELECTOR: Final = 4
_SOURCE_PORT: Final = 36  # in a selector, in network order
_REPORT_SIZE: Final = _REPORT_SELECTOR + SELECTOR.size
_ALL_ALGORITHMS: Final = 0xFFFFFFFF


class Mode(IntEnum):
    """What a state does to a packet."""

    TRANSPORT = 0
    TUNNEL = 1
    ROUTE_OPTIMIZATION = 2


class Direction(IntEnum):
    """Which packets a policy is for."""

    IN = 0
    OUT = 1
    FORWARD = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """The packets meant. `protocol` 0 is every one, and needed for a `type`: of the Mobility Header, or of ICMPv6.

    `interface` is the index of the one by which they leave, 0 for any.
    """

    source: IPv6Network
    destination: IPv6Network
    protocol: int = 0
    type: int | None = None
    interface: int = 0


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
    """The state that a policy asks for. `optional`: packets without it pass as well. `spi` 0 is any."""

    source: IPv6Address
    destination: IPv6Address
    protocol: int
    reqid: int
    optional: bool = False
    mode: Mode = Mode.ROUTE_OPTIMIZATION
    spi: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What is done with the packets of `selector`; without templates they pass as they are.

    Of several templates the first is the innermost. The policy with the smallest `priority` wins. `last_used` is in
    seconds since 1970, read only, None for never.
    """

    selector: Selector
    direction: Direction
    priority: int
    templates: tuple[Template, ...] = ()
    last_used: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A packet was refused because no state allowed its transformation. `care_of` is None when it is not told.

    `upper_layer` is the protocol of what it carried, `kind` its source port, of ICMPv6 the type.
    """

    protocol: int
    source: IPv6Address
    destination: IPv6Address
    care_of: IPv6Address | None
    upper_layer: int = 0
    kind: int = 0


class XfrmSocket(NetlinkSocket):
    """A netlink socket for these messages. OSError where the kernel has no XFRM."""

    def __init__(self, groups: int = 0) -> None:
        super().__init__(_NETLINK_XFRM, groups)


# --- requests -------------------------------------------------------------------------------------------------------


def state_addition(state: State) -> Message:
    """Adds a state; EEXIST when there is one of the same identity."""
    return Message(XFRM_MSG_NEWSA, NLM_F_CREATE | NLM_F_EXCL, _state_body(state, Mode.ROUTE_OPTIMIZATION))


def state_removal(state: State) -> Message:
    """Removes a state; ESRCH when there is none."""
    body = STATE_ID.pack(state.destination.packed, 0, INET6, state.protocol)
    return Message(XFRM_MSG_DELSA, 0, body + attribute(XFRMA_SRCADDR, state.source.packed))


def state_trial(protocol: int) -> Message:
    """Adds nothing, whatever the kernel: EINVAL when it knows states of this protocol, EPROTONOSUPPORT otherwise.

    These states exist in mode route optimization alone, which the kernel checks after it has found their type.
    """
    nobody = State(source=UNSPECIFIED, destination=UNSPECIFIED, protocol=protocol, care_of=UNSPECIFIED, reqid=0)
    return Message(XFRM_MSG_NEWSA, NLM_F_CREATE | NLM_F_EXCL, _state_body(nobody, 0))


def state_question(state: State) -> Message:
    """Asks for the state of this identity."""
    body = STATE_ID.pack(state.destination.packed, 0, INET6, state.protocol)
    return Message(XFRM_MSG_GETSA, 0, body + attribute(XFRMA_SRCADDR, state.source.packed))


def policy_addition(policy: Policy, *, replace: bool = False) -> Message:
    """Adds a policy; EEXIST when there is one for the same packets and direction, which `replace` takes away."""
    body = packed_selector(policy.selector) + FOREVER + bytes(CURRENT.size)
    body += _POLICY_END.pack(policy.priority, 0, policy.direction, 0, 0, 0)
    if policy.templates:
        body += attribute(_XFRMA_TMPL, b"".join(map(_template, policy.templates)))
    return Message(XFRM_MSG_UPDPOLICY if replace else XFRM_MSG_NEWPOLICY, 0, body)


def policy_removal(policy: Policy) -> Message:
    """Removes the policy with this selector and direction; ENOENT when there is none."""
    return Message(XFRM_MSG_DELPOLICY, 0, packed_selector(policy.selector) + _POLICY_ID.pack(0, policy.direction))


def policy_question(policy: Policy) -> Message:
    """Asks for the policy with this selector and direction."""
    return Message(XFRM_MSG_GETPOLICY, 0, packed_selector(policy.selector) + _POLICY_ID.pack(0, policy.direction))


def state_dump() -> Message:
    """Asks for all states."""
    return Message(XFRM_MSG_GETSA, 0, b"")


def policy_dump() -> Message:
    """Asks for all policies."""
    return Message(XFRM_MSG_GETPOLICY, 0, b"")


def packed_selector(selector: Selector) -> bytes:
    """The kernel's structure; it has the type of a message in the place of the source port, in network order."""
    return SELECTOR.pack(
        selector.destination.network_address.packed,
        selector.source.network_address.packed,
        0,
        0,
        socket.htons(selector.type or 0),
        0 if selector.type is None else 0xFFFF,
        INET6,
        selector.destination.prefixlen,
        selector.source.prefixlen,
        selector.protocol,
        selector.interface,
        0,
    )


def _state_body(state: State, mode: int) -> bytes:
    ends = (state.sender or state.source, state.destination)
    hosts = [ANY if each == UNSPECIFIED else IPv6Network(each) for each in ends]
    flags = _STATE_WILDCARD_RECEIVE if state.wildcard else 0
    body = packed_selector(Selector(source=hosts[0], destination=hosts[1]))
    body += ID.pack(state.destination.packed, 0, state.protocol) + state.source.packed
    body += FOREVER + bytes(CURRENT.size)
    body += STATE_END.pack(0, 0, 0, 0, state.reqid, INET6, mode, 0, flags)
    return body + attribute(_XFRMA_COADDR, state.care_of.packed)


def _template(template: Template) -> bytes:
    return _TEMPLATE.pack(
        template.destination.packed,
        socket.htonl(template.spi),
        template.protocol,
        INET6,
        template.source.packed,
        template.reqid,
        template.mode,
        0,
        template.optional,
        _ALL_ALGORITHMS,
        _ALL_ALGORITHMS,
        _ALL_ALGORITHMS,
    )


# --- what the kernel says -------------------------------------------------------------------------------------------


def read_state(body: bytes) -> State | None:
    """An XFRM_MSG_NEWSA; None for other families, and for states with keys."""
    if len(body) < STATE_SIZE:
        return None
    destination, _, protocol = ID.unpack_from(body, SELECTOR.size)
    *_, reqid, family, mode, _, flags = STATE_END.unpack_from(body, STATE_REST)
    found = attributes(body, STATE_SIZE)
    if family != INET6 or mode != Mode.ROUTE_OPTIMIZATION:
        return None
    used = found.get(XFRMA_LASTUSED)
    source = IPv6Address(body[STATE_SOURCE : STATE_SOURCE + 16])
    sender = read_selector(body, 0).source.network_address
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
    if family != INET6 or direction not in tuple(Direction):
        return None
    *_, used = CURRENT.unpack_from(body, SELECTOR.size + _LIFETIME.size)
    templates = attributes(body, _POLICY_SIZE).get(_XFRMA_TMPL, b"")
    return Policy(
        selector=read_selector(body, 0),
        direction=Direction(direction),
        priority=priority,
        templates=tuple(
            _read_template(templates, offset)
            for offset in range(0, len(templates) - _TEMPLATE.size + 1, _TEMPLATE.size)
        ),
        last_used=used or None,
    )


def read_removed_state(body: bytes) -> State | None:
    """The state of an XFRM_MSG_DELSA."""
    return read_state(attributes(body, STATE_ID.size).get(XFRMA_SA, b""))


def read_removed_policy(body: bytes) -> Policy | None:
    """The policy of an XFRM_MSG_DELPOLICY, without its template."""
    return read_policy(attributes(body, SELECTOR.size + _POLICY_ID.size).get(_XFRMA_POLICY, b""))


def read_report(body: bytes) -> Report | None:
    """An XFRM_MSG_REPORT; None for other families."""
    if len(body) < _REPORT_SIZE or struct.unpack_from("=H", body, _REPORT_SELECTOR + 40)[0] != INET6:
        return None
    selector = read_selector(body, _REPORT_SELECTOR)
    care_of = attributes(body, _REPORT_SIZE).get(_XFRMA_COADDR)
    return Report(
        protocol=body[0],
        source=selector.source.network_address,
        destination=selector.destination.network_address,
        care_of=IPv6Address(care_of) if care_of is not None and len(care_of) == 16 else None,
        upper_layer=selector.protocol,
        kind=int.from_bytes(body[_REPORT_SELECTOR + _SOURCE_PORT : _REPORT_SELECTOR + _SOURCE_PORT + 2]),
    )


def read_selector(body: bytes, offset: int) -> Selector:
    """A selector as it stands at `offset`."""
    destination, source, _, _, port, mask, _, to, length, protocol, interface, _ = SELECTOR.unpack_from(body, offset)
    return Selector(
        source=IPv6Network((source, min(length, 128)), strict=False),
        destination=IPv6Network((destination, min(to, 128)), strict=False),
        protocol=protocol,
        type=socket.ntohs(port) if mask else None,
        interface=interface,
    )


def _read_template(data: bytes, offset: int) -> Template:
    destination, spi, protocol, _, source, reqid, mode, _, optional, *_ = _TEMPLATE.unpack_from(data, offset)
    return Template(
        source=IPv6Address(source),
        destination=IPv6Address(destination),
        protocol=protocol,
        reqid=reqid,
        optional=bool(optional),
        mode=Mode(mode) if mode in tuple(Mode) else Mode.TRANSPORT,
        spi=socket.ntohl(spi),
    )
