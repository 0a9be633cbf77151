# SPDX-License-Identifier: GPL-2.0-or-later
"""The packets a mobile node sends, complete with addresses. Each function is the only place that knows its format."""

from collections.abc import Callable
from ipaddress import IPv6Address, IPv6Network
from typing import Final

from mnclient.constants import ND_HOP_LIMIT
from mnclient.engine.actions import SendPacket
from mnclient.model.security import Protection
from mnclient.security.binding_keys import authorize
from mnclient.units import Seconds
from mnclient.wire.addresses import ALL_NODES, ALL_ROUTERS, UNSPECIFIED, home_agents_anycast, solicited_node
from mnclient.wire.binding import BindingUpdate
from mnclient.wire.home_agent_discovery import HomeAgentAddressDiscoveryRequest, MobilePrefixSolicitation
from mnclient.wire.icmpv6 import EchoRequest
from mnclient.wire.mobility_options import AlternateCareOfAddress, MobilityOption, NonceIndices
from mnclient.wire.neighbor_discovery import NeighborAdvertisement, NeighborSolicitation, RouterSolicitation
from mnclient.wire.neighbor_options import NeighborOption, SourceLinkLayerAddress, TargetLinkLayerAddress
from mnclient.wire.packet import Packet
from mnclient.wire.return_routability import CareOfTestInit, HomeTestInit

LINK_LOCAL_BITS: Final = 0xFE80 << 112
IDENTIFIER_MASK: Final = (1 << 64) - 1

Seal = Callable[[BindingUpdate], BindingUpdate]
"""What completes a Binding Update, when nothing in it will change any more."""


def router_solicitation(interface: str, source: IPv6Address | None, link_layer_address: bytes) -> SendPacket:
    """A Router Solicitation from the link-local address, or from :: while there is none (RFC 4861 section 4.1)."""
    options: tuple[NeighborOption, ...] = ()
    if source is not None and link_layer_address:
        options = (SourceLinkLayerAddress(address=link_layer_address),)
    packet = Packet(
        source=source or UNSPECIFIED,
        destination=ALL_ROUTERS,
        message=RouterSolicitation(options=options),
        hop_limit=ND_HOP_LIMIT,
    )
    return SendPacket(packet=packet, interface=interface)


def router_probe(
    interface: str, source: IPv6Address, own_link_layer: bytes, router: IPv6Address, router_link_layer: bytes
) -> SendPacket:
    """A unicast Neighbor Solicitation that asks one router whether it is still there (RFC 4861 section 7.3.3)."""
    options: tuple[NeighborOption, ...] = ()
    if own_link_layer:
        options = (SourceLinkLayerAddress(address=own_link_layer),)
    packet = Packet(
        source=source,
        destination=router,
        message=NeighborSolicitation(target=router, options=options),
        hop_limit=ND_HOP_LIMIT,
    )
    return SendPacket(packet=packet, interface=interface, link_layer_destination=router_link_layer or None)


def home_address_question(interface: str, home_address: IPv6Address) -> SendPacket:
    """A Neighbor Solicitation from :: for the home address: the home agent that defends it answers with its hardware
    address (RFC 6275 section 11.5.5)."""
    packet = Packet(
        source=UNSPECIFIED,
        destination=solicited_node(home_address),
        message=NeighborSolicitation(target=home_address),
        hop_limit=ND_HOP_LIMIT,
    )
    return SendPacket(packet=packet, interface=interface)


def gratuitous_advertisement(
    interface: str, source: IPv6Address, target: IPv6Address, link_layer_address: bytes
) -> SendPacket:
    """Tells the home link that `target` is here again: S=0, O=1, R=0, to all nodes (RFC 6275 section 11.5.5)."""
    message = NeighborAdvertisement(
        target=target,
        router=False,
        solicited=False,
        override=True,
        options=(TargetLinkLayerAddress(address=link_layer_address),),
    )
    packet = Packet(source=source, destination=ALL_NODES, message=message, hop_limit=ND_HOP_LIMIT)
    return SendPacket(packet=packet, interface=interface)


def echo_request(
    source: IPv6Address, destination: IPv6Address, message: EchoRequest, interface: str, hardware: bytes | None
) -> SendPacket:
    """A question of our own (RFC 4443 section 4.1), out of `interface`; to the neighbour `hardware` if it is given."""
    packet = Packet(source=source, destination=destination, message=message)
    return SendPacket(packet=packet, interface=interface, link_layer_destination=hardware)


def home_registration(
    *,
    home_address: IPv6Address,
    home_agent: IPv6Address,
    care_of_address: IPv6Address,
    sequence: int,
    lifetime: Seconds,
    link_local_compatibility: bool,
    protection: Protection | None,
    seal: Seal,
) -> SendPacket:
    """A Binding Update from abroad (RFC 6275 section 11.7.1). K stays clear: no key management to move.

    `seal` completes the message with what proves it, if it is to prove itself.
    """
    options: tuple[MobilityOption, ...] = (AlternateCareOfAddress(address=care_of_address),)
    message = BindingUpdate(
        sequence=sequence,
        lifetime=lifetime,
        acknowledge=True,
        home_registration=True,
        link_local_compatibility=link_local_compatibility,
        options=options,
    )
    return SendPacket(
        packet=Packet(source=care_of_address, destination=home_agent, message=seal(message), home_address=home_address),
        protection=protection,
    )


def home_deregistration(
    *,
    home_address: IPv6Address,
    home_agent: IPv6Address,
    sequence: int,
    link_local_compatibility: bool,
    interface: str,
    home_agent_link_layer: bytes | None,
    protection: Protection | None,
    seal: Seal,
) -> SendPacket:
    """The Binding Update of a node that is home again: lifetime 0, sent from the home address (section 11.5.5)."""
    message = BindingUpdate(
        sequence=sequence,
        lifetime=Seconds(0.0),
        acknowledge=True,
        home_registration=True,
        link_local_compatibility=link_local_compatibility,
    )
    return SendPacket(
        packet=Packet(source=home_address, destination=home_agent, message=seal(message)),
        interface=interface,
        link_layer_destination=home_agent_link_layer,
        protection=protection,
    )


def discovery_request(care_of_address: IPv6Address, home_prefix: IPv6Network, identifier: int) -> SendPacket:
    """Asks the home link for its home agents: to their anycast address, from the care-of address (section 6.5)."""
    message = HomeAgentAddressDiscoveryRequest(identifier=identifier)
    return SendPacket(
        packet=Packet(source=care_of_address, destination=home_agents_anycast(home_prefix), message=message)
    )


def prefix_solicitation(
    home_address: IPv6Address,
    home_agent: IPv6Address,
    care_of_address: IPv6Address,
    identifier: int,
    protection: Protection | None,
) -> SendPacket:
    """Asks the home agent for the home prefixes (RFC 6275 sections 6.7 and 11.4.2)."""
    message = MobilePrefixSolicitation(identifier=identifier)
    return SendPacket(
        packet=Packet(source=care_of_address, destination=home_agent, message=message, home_address=home_address),
        protection=protection,
    )


def home_test_init(home_address: IPv6Address, correspondent: IPv6Address, cookie: bytes) -> SendPacket:
    """A Home Test Init: from the home address, so abroad through the tunnel (RFC 6275 section 11.6.1)."""
    return SendPacket(
        packet=Packet(source=home_address, destination=correspondent, message=HomeTestInit(cookie=cookie))
    )


def care_of_test_init(care_of_address: IPv6Address, correspondent: IPv6Address, cookie: bytes) -> SendPacket:
    """A Care-of Test Init: from the care-of address itself, directly (RFC 6275 section 11.6.1)."""
    return SendPacket(
        packet=Packet(source=care_of_address, destination=correspondent, message=CareOfTestInit(cookie=cookie))
    )


def correspondent_registration(
    *,
    home_address: IPv6Address,
    correspondent: IPv6Address,
    care_of_address: IPv6Address,
    sequence: int,
    lifetime: Seconds,
    nonce_indices: NonceIndices | None,
    key: bytes,
    options: tuple[MobilityOption, ...] = (),
    seal: Seal | None = None,
) -> SendPacket:
    """A Binding Update to a correspondent (RFC 6275 section 11.7.2): H clear, A set, signed with `key`.

    `lifetime` zero deletes the binding; at home `care_of_address` is the home address, and there is no Home Address
    option. The authenticator of a deletion is made with the home address wherever it is sent from (section 6.2.7).
    With a precomputed key there are no nonce indices (RFC 4449 section 3). `seal` adds what proves more than `key`.
    """
    message = BindingUpdate(
        sequence=sequence,
        lifetime=lifetime,
        acknowledge=True,
        home_registration=False,
        options=options if nonce_indices is None else (nonce_indices, *options),
    )
    signed = authorize(
        message if seal is None else seal(message),
        key,
        care_of_address if lifetime > 0 else home_address,
        correspondent,
    )
    return SendPacket(
        packet=Packet(
            source=care_of_address,
            destination=correspondent,
            message=signed,
            home_address=home_address if care_of_address != home_address else None,
        )
    )


def authenticator_of(update: SendPacket) -> bytes | None:
    """The authenticator of a Binding Update to a correspondent."""
    message = update.packet.message
    data = message.authorization_data if isinstance(message, BindingUpdate) else None
    return None if data is None else data.authenticator


def link_local_with_identifier_of(address: IPv6Address) -> IPv6Address:
    """The link-local address whose interface identifier is that of `address`."""
    return IPv6Address(LINK_LOCAL_BITS | int(address) & IDENTIFIER_MASK)
