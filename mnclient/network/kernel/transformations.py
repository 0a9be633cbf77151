# SPDX-License-Identifier: GPL-2.0-or-later
"""Route optimisation, and with `protection` all the rest, as transformation states and policies of the kernel.

A state adds or takes away the Home Address option or the type 2 routing header, a policy says for which packets (RFC
6275 sections 6.3 and 6.4; Linux calls it mode *ro*). No I/O happens here.

Where both ends are mobile there are two items for the same packets, each end being the other's correspondent. The
kernel has one policy for them, which then asks for both headers. On the wire the routing header comes first (section
6.4.1), so that it is read while the source is still the other end's care-of address: that takes a state of its own.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from ipaddress import IPv6Address, IPv6Network
from typing import Final

from mnclient.constants import (
    PROTOCOL_ICMPV6,
    PROTOCOL_MOBILITY,
    XFRM_PRIORITY,
    XFRM_PRIORITY_PAYLOAD,
    XFRM_PRIORITY_PROTECTED,
    XFRM_PRIORITY_PROTECTED_TUNNEL,
    XFRM_REQID,
)
from mnclient.model.network_state import (
    BindingUpdateReception,
    OptimizationEnd,
    ProtectedSignalling,
    ProtectedTunnel,
    RouteOptimization,
)
from mnclient.network.datapath import Optimization, Transformation
from mnclient.network.kernel.protection import (
    signalling_policies,
    signalling_states,
    tunnel_policies,
    tunnel_states,
)
from mnclient.network.xfrm import (
    ANY,
    DESTINATION_OPTIONS,
    ROUTING_HEADER,
    UNSPECIFIED,
    Direction,
    Policy,
    Selector,
    State,
    Template,
)
from mnclient.network.xfrm_esp import EspState

_HAND_MADE: Final = 255  # IPPROTO_RAW: packets that a process has built whole, as all our signalling
_SIGNALLING_PRIORITY: Final = XFRM_PRIORITY - 1
_NEIGHBORS: Final = range(133, 138)  # ICMPv6 types of Neighbor Discovery, RFC 4861 section 4
_PRIORITIES: Final = (
    XFRM_PRIORITY,
    _SIGNALLING_PRIORITY,
    XFRM_PRIORITY_PROTECTED,
    XFRM_PRIORITY_PROTECTED_TUNNEL,
    XFRM_PRIORITY_PAYLOAD,
)


@dataclass(frozen=True, slots=True)
class Transformations:
    """States and policies, in the order in which they are added: what a policy asks for is there before it."""

    states: tuple[State | EspState, ...] = ()
    policies: tuple[Policy, ...] = ()


def transformations(item: Transformation, device: int = 0) -> Transformations:
    """What an item means in the kernel. `device` is the index of the tunnel's device."""
    match item:
        case ProtectedSignalling():
            return Transformations(signalling_states(item), signalling_policies(item))
        case ProtectedTunnel():
            return Transformations(tunnel_states(item), tunnel_policies(item, device))
        case BindingUpdateReception():
            return _reception()
        case _:
            return _direct(item)


def _direct(item: RouteOptimization) -> Transformations:
    is_mobile = item.end is OptimizationEnd.MOBILE_NODE
    ends = (item.home_address, item.correspondent) if is_mobile else (item.correspondent, item.home_address)
    leaving, arriving = (DESTINATION_OPTIONS, ROUTING_HEADER) if is_mobile else (ROUTING_HEADER, DESTINATION_OPTIONS)
    states: list[State] = []
    policies: list[Policy] = []
    if item.outgoing:
        states.append(_state(*ends, leaving, item.care_of_address))
        policies += (_policy(*ends, Direction.OUT, leaving), _as_built(*ends))
    if item.incoming:
        # The mobile node takes packets at whichever care-of address of its own they still reach.
        care_of = UNSPECIFIED if is_mobile else item.care_of_address
        states.append(_state(ends[1], ends[0], arriving, care_of))
        policies.append(_policy(ends[1], ends[0], Direction.IN, arriving))
    return Transformations(tuple(states), tuple(policies))


Pair = tuple[IPv6Address, IPv6Address]
"""An address of this host, and one of the host it talks to."""


def pair_of(item: Optimization) -> Pair:
    """Whose packets an item is about: home address and correspondent, whichever is here first."""
    if isinstance(item, BindingUpdateReception):
        return UNSPECIFIED, UNSPECIFIED
    if item.end is OptimizationEnd.MOBILE_NODE:
        return item.home_address, item.correspondent
    return item.correspondent, item.home_address


def combined(items: Collection[Optimization]) -> Transformations:
    """What all the items of one pair mean together: one, or where both ends are mobile two of different `end`."""
    single = [transformations(each) for each in items]
    states = [state for each in single for state in each.states]
    policies = _merged(policy for each in single for policy in each.policies)
    arriving = {each.end: each for each in items if isinstance(each, RouteOptimization) and each.incoming}
    mobile, correspondent = (arriving.get(end) for end in (OptimizationEnd.MOBILE_NODE, OptimizationEnd.CORRESPONDENT))
    if mobile is not None and correspondent is not None:
        state = _state(correspondent.care_of_address, mobile.home_address, ROUTING_HEADER, UNSPECIFIED)
        states.append(replace(state, sender=mobile.correspondent))
    return Transformations(tuple(states), tuple(policies))


def _merged(policies: Iterable[Policy]) -> list[Policy]:
    """One policy where the kernel has room for one only. The option is nearer to the payload than the header."""
    merged: dict[tuple[Direction, Selector], Policy] = {}
    for policy in policies:
        where = policy.direction, policy.selector
        other = merged.get(where, policy)
        if not policy.templates or not other.templates or policy == other:
            merged[where] = policy
            continue
        both = policy.templates[0], other.templates[0]
        inner, outer = sorted(both, key=lambda each: each.protocol == ROUTING_HEADER)
        if policy.direction is Direction.IN:  # its state is the one of the other end's care-of address
            outer = replace(outer, source=UNSPECIFIED)
        merged[where] = replace(policy, templates=(inner, outer))
    return list(merged.values())


def _state(source: IPv6Address, destination: IPv6Address, protocol: int, care_of: IPv6Address) -> State:
    return State(source=source, destination=destination, protocol=protocol, care_of=care_of, reqid=XFRM_REQID)


def _between(source: IPv6Address, destination: IPv6Address, protocol: int = 0) -> Selector:
    return Selector(source=IPv6Network(source), destination=IPv6Network(destination), protocol=protocol)


def _policy(source: IPv6Address, destination: IPv6Address, direction: Direction, protocol: int) -> Policy:
    """Incoming packets may also come as they are: through the home agent, or from before the binding."""
    optional = direction is Direction.IN
    template = Template(source=source, destination=destination, protocol=protocol, reqid=XFRM_REQID, optional=optional)
    selector = _between(source, destination)
    return Policy(selector=selector, direction=direction, priority=XFRM_PRIORITY, templates=(template,))


def _as_built(source: IPv6Address, destination: IPv6Address) -> Policy:
    """Signalling between the two leaves as it was built: a Home Test goes through the home agent, binding or not."""
    selector = _between(source, destination, _HAND_MADE)
    return Policy(selector=selector, direction=Direction.OUT, priority=_SIGNALLING_PRIORITY)


def _reception() -> Transformations:
    """Any Home Address option is undone, and then only a Mobility Header passes: the rest is refused and reported.

    Neighbor Discovery between neighbours is what it is, whatever bindings there are (section 9.3.2).
    """
    anybody = State(
        source=UNSPECIFIED,
        destination=UNSPECIFIED,
        protocol=DESTINATION_OPTIONS,
        care_of=UNSPECIFIED,
        reqid=XFRM_REQID,
        wildcard=True,
    )
    template = Template(
        source=UNSPECIFIED, destination=UNSPECIFIED, protocol=DESTINATION_OPTIONS, reqid=XFRM_REQID, optional=True
    )
    selector = Selector(source=ANY, destination=ANY, protocol=PROTOCOL_MOBILITY)
    policy = Policy(selector=selector, direction=Direction.IN, priority=_SIGNALLING_PRIORITY, templates=(template,))
    plain = [Selector(source=ANY, destination=ANY, protocol=PROTOCOL_ICMPV6, type=each) for each in _NEIGHBORS]
    plainly = [Policy(selector=each, direction=Direction.OUT, priority=_SIGNALLING_PRIORITY) for each in plain]
    return Transformations((anybody,), (policy, *plainly))


def is_ours(found: State | EspState | Policy) -> bool:
    """Whether something in the kernel carries our marks."""
    if isinstance(found, Policy):
        return found.priority in _PRIORITIES
    return found.reqid == XFRM_REQID
