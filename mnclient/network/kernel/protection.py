# SPDX-License-Identifier: GPL-2.0-or-later
"""Protection of signalling as transformation states and policies of the kernel. Pure.

The kernel selects policies by home addresses, wherever the mobile node is (RFC 4877 section 4.2): a Home Address option
or a type 2 routing header is undone before ESP on arrival, and put in front of it on departure. Outgoing Binding
Updates get their option from a state in mode *ro*, as direct routes do; the routing header of an answer comes with the
answer.

Each policy names the SPI it wants, so that a home address is bound to exactly one association (RFC 6275 section 5.1): a
message under another one's is dropped by the kernel. As long as a policy is there without its state nothing passes.

While one key succeeds another two are let in, and one is sent under. The policies for what comes in name no SPI then:
each state has a selector, and the kernel drops what it has decrypted for another home address than its own.
"""

from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network
from typing import Final

from mnclient.constants import (
    DECRYPTED_MARK,
    PROTOCOL_ICMPV6,
    PROTOCOL_MOBILITY,
    XFRM_PRIORITY_PAYLOAD,
    XFRM_PRIORITY_PROTECTED,
    XFRM_PRIORITY_PROTECTED_TUNNEL,
    XFRM_REQID,
)
from mnclient.model.keys import spi_parity
from mnclient.model.network_state import ProtectedSignalling, ProtectedTunnel, TunnelEnd
from mnclient.model.security import SecurityAssociation
from mnclient.network.xfrm import (
    ANY,
    DESTINATION_OPTIONS,
    ESP,
    ROUTING_HEADER,
    UNSPECIFIED,
    Direction,
    Mode,
    Policy,
    Selector,
    State,
    Template,
)
from mnclient.network.xfrm_esp import EspState
from mnclient.security.esp_keys import Purpose, Sender, association_key, purpose_spi

BINDING_UPDATE, BINDING_ACKNOWLEDGEMENT = (PROTOCOL_MOBILITY, 5), (PROTOCOL_MOBILITY, 6)
HOME_TEST_INIT, HOME_TEST = (PROTOCOL_MOBILITY, 1), (PROTOCOL_MOBILITY, 3)
PREFIX_SOLICITATION, PREFIX_ADVERTISEMENT = (PROTOCOL_ICMPV6, 146), (PROTOCOL_ICMPV6, 147)

FROM_MOBILE_NODE: Final = (BINDING_UPDATE, PREFIX_SOLICITATION)
FROM_HOME_AGENT: Final = (BINDING_ACKNOWLEDGEMENT, PREFIX_ADVERTISEMENT)

_BEHIND_A_HEADER: Final = (PROTOCOL_ICMPV6, PROTOCOL_ICMPV6)
"""ICMPv6 behind a Home Address option or a routing header, as Linux before 6.7 reads it: by that header's next header.

Whatever its type is: between these two only prefix discovery comes so, and no type has this number.
"""

Kind = tuple[int, int]
"""Protocol, and type of its message."""
Selected = tuple[int, int | None]
"""The same, None for every type."""


def signalling_states(item: ProtectedSignalling) -> tuple[State | EspState, ...]:
    """The pair in transport mode (RFC 4877 sections 6.1 and 6.3), and what undoes or makes the other headers."""
    is_mobile = item.end is TunnelEnd.MOBILE_NODE
    home, agent = item.association.home_address, item.association.home_agent
    states: list[State | EspState] = []
    for each in item.believed:
        incoming, outgoing = _spis(each, Purpose.SIGNALLING)
        up, down = (outgoing, incoming) if is_mobile else (incoming, outgoing)
        to_agent = _esp(each, (home, agent), _between(home, agent), up, Purpose.SIGNALLING, Sender.MOBILE_NODE)
        to_home = _esp(each, (agent, home), _between(agent, home), down, Purpose.SIGNALLING, Sender.HOME_AGENT)
        states += [to_agent, _marking(to_home)] if is_mobile else [_marking(to_agent), to_home]
    if is_mobile:
        states.append(_header(agent, home, ROUTING_HEADER, UNSPECIFIED))
        if item.care_of_address is not None:
            states.append(_header(home, agent, DESTINATION_OPTIONS, item.care_of_address))
    return tuple(states)


def signalling_policies(item: ProtectedSignalling) -> tuple[Policy, ...]:
    """What these messages need, each direction with its own SPI."""
    association, is_mobile = item.association, item.end is TunnelEnd.MOBILE_NODE
    home, agent = association.home_address, association.home_agent
    incoming, outgoing = _wanted_spis(item, Purpose.SIGNALLING)
    up, down = (outgoing, incoming) if is_mobile else (incoming, outgoing)
    upwards: list[Template] = [_transport(home, agent, up)]
    downwards: list[Template] = [_transport(agent, home, down)]
    if not is_mobile:
        upwards.append(_header_template(UNSPECIFIED, agent, DESTINATION_OPTIONS, optional=True))
    else:
        downwards.append(_header_template(agent, home, ROUTING_HEADER, optional=True))
        if item.care_of_address is not None:
            upwards.append(_header_template(home, agent, DESTINATION_OPTIONS, optional=False))
    up_is, down_is = (Direction.OUT, Direction.IN) if is_mobile else (Direction.IN, Direction.OUT)
    return (
        *(_policy(_between(home, agent, kind), up_is, upwards) for kind in _kinds(FROM_MOBILE_NODE, up_is)),
        *(_policy(_between(agent, home, kind), down_is, downwards) for kind in _kinds(FROM_HOME_AGENT, down_is)),
    )


def _kinds(kinds: tuple[Kind, ...], direction: Direction) -> list[Selected]:
    """As policies select them: by type, which Linux does not always find in what comes in.

    Of a Mobility Header it finds none: decode_session6 looks for it behind the header, and since 6.7 nowhere. Of ICMPv6
    behind another header it takes the octet that follows the IPv6 header, until 6.7.
    """
    if direction is not Direction.IN:
        return list(kinds)
    found: list[Selected] = [(each, None if each == PROTOCOL_MOBILITY else kind) for each, kind in kinds]
    return [*found, _BEHIND_A_HEADER]


def tunnel_states(item: ProtectedTunnel) -> tuple[EspState, ...]:
    """The pair in tunnel mode (RFC 4877 section 6.2); at a mobile node one more for each address it just left."""
    is_mobile = item.end is TunnelEnd.MOBILE_NODE
    home, agent = item.association.home_address, item.association.home_agent
    care_of = item.care_of_address
    protocol = 0 if item.payload else PROTOCOL_MOBILITY
    from_home = Selector(source=IPv6Network(home), destination=ANY, protocol=protocol)
    to_home = Selector(source=ANY, destination=IPv6Network(home), protocol=protocol)
    ends = (care_of, *(each for each in item.accept_local if each != care_of)) if is_mobile else (care_of,)
    states: list[EspState] = []
    for each in item.believed:
        incoming, outgoing = _spis(each, Purpose.TUNNEL)
        up, down = (outgoing, incoming) if is_mobile else (incoming, outgoing)
        sent = _esp(each, (care_of, agent), from_home, up, Purpose.TUNNEL, Sender.MOBILE_NODE)
        heard = [_esp(each, (agent, end), to_home, down, Purpose.TUNNEL, Sender.HOME_AGENT) for end in ends]
        states += [sent, *map(_marking, heard)] if is_mobile else [_marking(sent), *heard]
    return tuple(states)


def tunnel_policies(item: ProtectedTunnel, index: int = 0) -> tuple[Policy, ...]:
    """`index` is that of the tunnel's device: a home agent encrypts what would leave through it alone (10.4.6)."""
    association, is_mobile = item.association, item.end is TunnelEnd.MOBILE_NODE
    home, agent, care_of = association.home_address, association.home_agent, item.care_of_address
    incoming, outgoing = _wanted_spis(item, Purpose.TUNNEL)
    up, down = (outgoing, incoming) if is_mobile else (incoming, outgoing)
    upwards = [_template(care_of, agent, up, Mode.TUNNEL)]
    downwards = [_template(agent, care_of, down, Mode.TUNNEL)]
    policies: list[Policy] = []
    for protocol, priority in _protected_in_tunnel(item):
        sent = Selector(source=IPv6Network(home), destination=ANY, protocol=protocol)
        # What is for the home agent itself and no payload is signalling, or read before the kernel judges it.
        own = () if protocol else (Direction.IN,)
        ways = (Direction.OUT,) if is_mobile else (Direction.FORWARD, *own)
        policies += [_policy(sent, way, upwards, priority) for way in ways]
        heard = Selector(
            source=ANY, destination=IPv6Network(home), protocol=protocol, interface=0 if is_mobile else index
        )
        policies.append(_policy(heard, Direction.IN if is_mobile else Direction.OUT, downwards, priority))
        if not is_mobile and not protocol:
            # What this host says itself has no device yet when the kernel looks for a policy.
            policies.append(_policy(_between(agent, home), Direction.OUT, downwards, priority))
    return tuple(policies)


def _protected_in_tunnel(item: ProtectedTunnel) -> list[tuple[int, int]]:
    """The protocols meant, 0 for all, each with its priority: signalling before payload (RFC 4877 section 6).

    Of Mobility Headers every type: the kernel does not know it when it forwards.
    """
    found = [(PROTOCOL_MOBILITY, XFRM_PRIORITY_PROTECTED_TUNNEL)]
    return [*found, (0, XFRM_PRIORITY_PAYLOAD)] if item.payload else found


def decrypted_mark(spi: int) -> int:
    """What packets carry that came under an association with this incoming SPI."""
    return DECRYPTED_MARK + spi_parity(spi)


def _marking(state: EspState) -> EspState:
    """An incoming one: what it has decrypted, and nothing else, carries the mark."""
    return replace(state, mark=decrypted_mark(state.spi))


def _spis(association: SecurityAssociation, purpose: Purpose) -> tuple[int, int]:
    return purpose_spi(association.spi_in, purpose), purpose_spi(association.spi_out, purpose)


def _wanted_spis(item: ProtectedSignalling | ProtectedTunnel, purpose: Purpose) -> tuple[int, int]:
    """What policies ask for, coming and going; 0 for the SPI of any association with the right ends."""
    incoming, outgoing = _spis(item.association, purpose)
    return (0 if item.also else incoming), outgoing


def _between(source: IPv6Address, destination: IPv6Address, kind: Selected | None = None) -> Selector:
    protocol, message = kind or (0, None)
    return Selector(source=IPv6Network(source), destination=IPv6Network(destination), protocol=protocol, type=message)


def _esp(
    association: SecurityAssociation,
    ends: tuple[IPv6Address, IPv6Address],
    selector: Selector,
    spi: int,
    purpose: Purpose,
    sender: Sender,
) -> EspState:
    return EspState(
        source=ends[0],
        destination=ends[1],
        spi=spi,
        mode=Mode.TRANSPORT if purpose is Purpose.SIGNALLING else Mode.TUNNEL,
        selector=selector,
        reqid=XFRM_REQID,
        algorithm=association.algorithm,
        key=association_key(association, purpose, sender),
    )


def _header(source: IPv6Address, destination: IPv6Address, protocol: int, care_of: IPv6Address) -> State:
    return State(source=source, destination=destination, protocol=protocol, care_of=care_of, reqid=XFRM_REQID)


def _header_template(source: IPv6Address, destination: IPv6Address, protocol: int, *, optional: bool) -> Template:
    return Template(source=source, destination=destination, protocol=protocol, reqid=XFRM_REQID, optional=optional)


def _transport(source: IPv6Address, destination: IPv6Address, spi: int) -> Template:
    return _template(source, destination, spi, Mode.TRANSPORT)


def _template(source: IPv6Address, destination: IPv6Address, spi: int, mode: Mode) -> Template:
    return Template(source=source, destination=destination, protocol=ESP, reqid=XFRM_REQID, mode=mode, spi=spi)


def _policy(
    selector: Selector, direction: Direction, templates: list[Template], priority: int = XFRM_PRIORITY_PROTECTED
) -> Policy:
    return Policy(selector=selector, direction=direction, priority=priority, templates=tuple(templates))
