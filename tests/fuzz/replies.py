# SPDX-License-Identifier: GPL-2.0-or-later
"""What an honest other end says to a packet of ours, so that an input can get further than chance alone would."""

from collections.abc import Callable, Sequence

from mnclient.engine.actions import SendPacket
from mnclient.engine.events import PacketReceived
from mnclient.units import Seconds
from mnclient.wire.addresses import ALL_NODES, UNSPECIFIED
from mnclient.wire.binding import BindingAcknowledgement, BindingError, BindingUpdate
from mnclient.wire.icmpv6 import EchoReply, EchoRequest
from mnclient.wire.neighbor_discovery import NeighborAdvertisement, NeighborSolicitation, RouterSolicitation
from mnclient.wire.neighbor_options import TargetLinkLayerAddress
from mnclient.wire.packet import Packet
from mnclient.wire.return_routability import CareOfTestInit, HomeTestInit
from tests.fuzz.octets import Octets
from tests.mnclient.engine.hostile_events import heard
from tests.mnclient.engine.mobile_node.peer import Peer

STATUSES = (0, 0, 0, 0, 0, 1, 128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 139, 174, 255)
FORGOTTEN = 255  # no acknowledgement, but a Binding Error
LIFETIMES = (600.0, 4.0, 0.0, 420.0, 262140.0)
MAC = bytes.fromhex("020000000002")


def reply(sent: Sequence[SendPacket], octets: Octets) -> PacketReceived | None:
    """The answer to one of the packets sent, None when there is none to answer."""
    answerable = [each for each in sent if type(each.packet.message) in _REPLIES]
    if not answerable:
        return None
    action = octets.pick(answerable)
    return _REPLIES[type(action.packet.message)](action, octets)


def _acknowledgement(action: SendPacket, octets: Octets) -> PacketReceived:
    packet, update = action.packet, action.packet.message
    assert isinstance(update, BindingUpdate)
    status, form = octets.pick(STATUSES), octets.octet()
    if status == FORGOTTEN:
        error = BindingError(status=1 + form % 3, home_address=packet.home_address or packet.source)
        return _back(action, error)
    lifetime = LIFETIMES[form % len(LIFETIMES)] if form & 0x80 else update.lifetime
    sequence = (update.sequence + (form & 3 if form & 0x70 == 0x70 else 0)) % 65536
    if not update.home_registration:
        peer = Peer(packet.destination)
        return peer.acknowledge(action, status, lifetime=lifetime, sequence=sequence, signed=form % 16 != 15)
    message = BindingAcknowledgement(status=status, sequence=sequence, lifetime=Seconds(lifetime))
    return _back(action, message, routed=packet.home_address is not None)


def _echo(action: SendPacket, octets: Octets) -> PacketReceived:
    request = action.packet.message
    assert isinstance(request, EchoRequest)
    if octets.octet() < 0x80:  # our own question to our home address, sent back by the home agent
        return PacketReceived(interface="mn6home", packet=action.packet, through_tunnel=True)
    message = EchoReply(identifier=request.identifier, sequence=request.sequence, data=request.data)
    return _back(action, message)


def _neighbor(action: SendPacket, octets: Octets) -> PacketReceived:
    request, form = action.packet.message, octets.octet()
    assert isinstance(request, NeighborSolicitation)
    to_all = form & 2 or action.packet.source == UNSPECIFIED  # who has no address yet cannot be answered alone
    message = NeighborAdvertisement(
        target=request.target,
        router=bool(form & 1),
        solicited=not to_all,
        override=bool(form & 4),
        options=(TargetLinkLayerAddress(address=MAC),) if form & 8 else (),
    )
    destination = ALL_NODES if to_all else action.packet.source
    packet = Packet(source=request.target, destination=destination, message=message, hop_limit=255)
    return PacketReceived(interface=action.interface or "wlan0", packet=packet, link_layer_source=MAC)


def _back(
    action: SendPacket, message: BindingAcknowledgement | BindingError | EchoReply, *, routed: bool = False
) -> PacketReceived:
    sent = action.packet
    home_address = sent.home_address if routed else None
    packet = Packet(
        source=sent.destination, destination=sent.source, message=message, routing_home_address=home_address
    )
    return PacketReceived(interface=action.interface or "wlan0", packet=packet)


_REPLIES: dict[type, Callable[[SendPacket, Octets], PacketReceived]] = {
    BindingUpdate: _acknowledgement,
    HomeTestInit: lambda action, octets: Peer(action.packet.destination).home_test(action),
    CareOfTestInit: lambda action, octets: Peer(action.packet.destination).care_of_test(action),
    EchoRequest: _echo,
    NeighborSolicitation: _neighbor,
    RouterSolicitation: lambda action, octets: heard(octets.pick("23ac"), action.interface or "wlan0"),
}
