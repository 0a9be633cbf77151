# SPDX-License-Identifier: GPL-2.0-or-later
"""A Binding Update as its receiver reads it: what makes it worth an answer, and the answer (RFC 6275 section 9.5)."""

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address

from mnclient.engine.actions import SendPacket
from mnclient.engine.events import PacketReceived
from mnclient.model.config import HomeLinkConfig
from mnclient.units import Seconds
from mnclient.wire.addresses import UNSPECIFIED, is_link_local, is_multicast, is_unicast_routable
from mnclient.wire.binding import BindingAcknowledgement, BindingStatus, BindingUpdate
from mnclient.wire.mobility_options import MobilityOption
from mnclient.wire.packet import Packet


@dataclass(frozen=True, slots=True)
class Request:
    """A Binding Update with the addresses it is about, and the way it came."""

    update: BindingUpdate
    home_address: IPv6Address
    care_of_address: IPv6Address
    event: PacketReceived

    @property
    def is_deregistration(self) -> bool:
        """True when the binding is to be deleted (section 10.3.2)."""
        return self.update.lifetime <= 0


def read(event: PacketReceived, update: BindingUpdate) -> Request:
    """The request in a packet; the care-of address is the alternate one if there is one (section 9.5.1)."""
    packet = event.packet
    alternate = update.alternate_care_of_address if update.options else None
    return Request(
        update,
        packet.source if packet.home_address is None else packet.home_address,
        packet.source if alternate is None else alternate,
        event,
    )


def fault(request: Request) -> str:
    """Why a Binding Update must be discarded without an answer (sections 9.3.1, 9.5.1, 9.5.4); "" when it is sound."""
    source = request.event.packet.source
    if is_multicast(source) or source == UNSPECIFIED:
        return "source"
    if request.event.packet.routing_home_address is not None:
        return "routing-header"  # no Binding Update is sent so (section 6.1)
    if not is_unicast_routable(request.home_address):
        return "home-address"
    if not is_unicast_routable(request.care_of_address):
        return "care-of-address"
    update = request.update
    if update.home_registration and update.options and update.nonce_indices is not None:
        return "nonce-indices"
    if update.home_registration and not request.is_deregistration and request.event.packet.home_address is None:
        return "no-home-address-option"  # section 10.3.1
    return ""


def acknowledge(
    request: Request,
    link: HomeLinkConfig | None,
    status: BindingStatus,
    *,
    sequence: int | None = None,
    lifetime: Seconds = Seconds(0.0),
    options: tuple[MobilityOption, ...] = (),
    sign: Callable[[BindingAcknowledgement], BindingAcknowledgement] | None = None,
) -> SendPacket:
    """The Binding Acknowledgement of a request (section 9.5.4), to the IPv6 source of the Binding Update.

    `sequence` is that of the request unless given. A mobile node that is at home cannot be asked for its link-layer
    address, because we may still be answering for it ourselves: the answer goes where the request came from (10.3.2).
    K is never set: there is no dynamic key management. It goes under the security association that the request came
    under (section 10.3.1). `sign` completes the message with its authenticator.
    """
    event, packet = request.event, request.event.packet
    message = BindingAcknowledgement(
        status=status,
        sequence=request.update.sequence if sequence is None else sequence,
        lifetime=lifetime,
        options=options,
    )
    answer = Packet(
        source=packet.destination,
        destination=packet.source,
        message=message if sign is None else sign(message),
        routing_home_address=packet.home_address,
    )
    if link is not None and event.interface == link.interface and packet.source == request.home_address:
        link_layer_source = event.link_layer_source or None
        return SendPacket(
            packet=answer,
            interface=event.interface,
            link_layer_destination=link_layer_source,
            protection=event.protection,
        )
    interface = event.interface if is_link_local(packet.source) else None
    return SendPacket(packet=answer, interface=interface, protection=event.protection)
