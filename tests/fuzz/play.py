# SPDX-License-Identifier: GPL-2.0-or-later
"""Inputs for the engine: scene after scene, of what may happen and of what may not, in states that were reached by it.

Honest scenes answer what the engine sent, with the right cookies and keys, and chance may change any octet of them: so
inputs get behind the checks that nobody passes by luck.
"""

from collections.abc import Callable
from ipaddress import IPv6Address

from mnclient.engine.actions import SendPacket
from mnclient.engine.events import DatapathChosen, Event, HomeAddressRefused, MalformedReceived, PacketReceived
from mnclient.errors import WireError
from mnclient.model.config import NodeConfig
from mnclient.network.sockets import _classify
from mnclient.security.binding_keys import authorize, binding_key, deletion_key
from mnclient.units import Seconds
from mnclient.wire.binding import BindingUpdate
from mnclient.wire.mobility_options import NonceIndices
from mnclient.wire.packet import Packet, decode_packet, encode_packet
from mnclient.wire.return_routability import CareOfTest, CareOfTestInit, HomeTest, HomeTestInit
from tests.fuzz.frames import FRAMES, resealed
from tests.fuzz.happenings import INTERFACES, MACS, happening
from tests.fuzz.octets import Octets
from tests.fuzz.replies import reply
from tests.mnclient.engine.hostile_events import ADDRESSES, heard, registers
from tests.mnclient.engine.watched import Watched
from tests.mnclient.wire.samples import PACKETS

LONGEST = 16  # scenes
PAUSES = (0.0, 0.0, 0.0, 0.0, 0.01, 0.3, 0.3, 1.0, 1.5, 5.0, 60.0, 250.0, 700.0, 1e5)
LIFETIMES = (420.0, 420.0, 4.0, 0.0, 262140.0)
OURS = ADDRESSES[:2] + ADDRESSES[4:7]
TEMPLATES = tuple(encode_packet(packet) for packet in PACKETS.values())
NEIGHBOURS = ("2", "3", "a", "a", "c", "1")


class Played(Watched):
    """An engine in `config`, and everything that it has said so far, by kind."""

    def __init__(self, config: NodeConfig) -> None:
        self.sent: dict[type, SendPacket] = {}
        super().__init__(config)
        self.give(DatapathChosen(route_optimization=True))

    def look(self, action: SendPacket) -> None:
        super().look(action)
        self.sent[type(action.packet.message)] = action

    def arrive(self, octets: bytes, interface: str, hardware: bytes, *, through_tunnel: bool) -> None:
        """A packet, as the sockets would report it."""
        try:
            packet = decode_packet(octets)
        except WireError as error:
            if len(octets) >= 40:
                self.give(refused(octets, interface, error))
            return
        self.give(
            PacketReceived(
                interface=interface, packet=packet, link_layer_source=hardware, through_tunnel=through_tunnel
            )
        )


def refused(octets: bytes, interface: str, error: WireError) -> Event:
    is_mobility_header, home_address, is_payload = _classify(octets)
    source, destination = IPv6Address(octets[8:24]), IPv6Address(octets[24:40])
    if is_payload and home_address is not None:
        return HomeAddressRefused(source=source, destination=destination, home_address=home_address)
    return MalformedReceived(
        interface=interface,
        source=source,
        destination=destination,
        fault=error.fault,
        pointer=error.offset,
        original=octets,
        home_address=home_address,
        is_mobility_header=is_mobility_header,
    )


def play(config: NodeConfig, data: bytes) -> Played:
    """All scenes of an input; what became of the engine."""
    octets, played = Octets(data), Played(config)
    for _ in range(LONGEST):
        if octets.is_empty:
            break
        octets.pick(SCENES)(played, octets)
        pause = octets.octet()
        played.wait(PAUSES[pause % len(PAUSES)], punctual=pause < 0xC0)
    played.check()
    played.engine.snapshot(played.now)
    return played


def _router(played: Played, octets: Octets) -> None:
    _deliver(played, octets, heard(octets.pick(NEIGHBOURS), octets.pick(INTERFACES)))


def _reply(played: Played, octets: Octets) -> None:
    event = reply(list(played.sent.values()), octets)
    if event is not None:
        _deliver(played, octets, event)


def _registration(played: Played, octets: Octets) -> None:
    choice = octets.octet()
    home, agent = (
        ("2001:db8:1::100", "2001:db8:1::1") if choice & 8 else (f"2001:db8:7::10{choice & 7}", "2001:db8:7::1")
    )
    _deliver(played, octets, registers(home, agent, octets.number(), LIFETIMES[choice >> 4 & 3]))


def _test_init(played: Played, octets: Octets) -> None:
    """Half of a return routability procedure with us as the correspondent."""
    kind = octets.pick((HomeTestInit, CareOfTestInit))
    packet = Packet(source=octets.pick(ADDRESSES), destination=octets.pick(OURS), message=kind(cookie=b"chocolat"))
    _deliver(played, octets, PacketReceived(interface="wlan0", packet=packet))


def _signed_update(played: Played, octets: Octets) -> None:
    """A Binding Update to us as the correspondent, with the keys that we gave out."""
    home, care_of = (played.sent.get(kind) for kind in (HomeTest, CareOfTest))
    if home is None:
        return
    token, lifetime = home.packet.message, octets.pick(LIFETIMES)  # type: ignore[union-attr]
    other = care_of.packet.message if care_of is not None else token  # type: ignore[union-attr]
    home_address = home.packet.destination
    address = care_of.packet.destination if care_of is not None else home_address
    assert isinstance(token, HomeTest)
    assert isinstance(other, HomeTest | CareOfTest)
    update = BindingUpdate(
        sequence=octets.number(),
        lifetime=Seconds(lifetime),
        acknowledge=octets.octet() < 0xC0,
        home_registration=False,
        options=(NonceIndices(home=token.nonce_index, care_of=other.nonce_index if lifetime else 0),),
    )
    key = binding_key(token.keygen_token, other.keygen_token) if lifetime else deletion_key(token.keygen_token)
    about = address if lifetime else home_address
    signed = authorize(update, key, about, home.packet.source)
    packet = Packet(
        source=address, destination=home.packet.source, message=signed, home_address=home.packet.destination
    )
    _deliver(played, octets, PacketReceived(interface="wlan0", packet=packet))


def _template(played: Played, octets: Octets) -> None:
    _arrive(played, octets, octets.pick(TEMPLATES))


def _made_by_chance(played: Played, octets: Octets) -> None:
    frame = octets.pick(FRAMES)
    packet = frame.sealed_around(octets.take(octets.octet()))
    packet = packet[:8] + octets.pick(ADDRESSES).packed + octets.pick(ADDRESSES).packed + packet[40:]
    _arrive(played, octets, packet)


def _happening(played: Played, octets: Octets) -> None:
    played.give(happening(octets))


def _deliver(played: Played, octets: Octets, event: PacketReceived) -> None:
    """An honest packet; most often unchanged."""
    if octets.octet() < 0xA0:
        played.give(event)
        return
    _arrive(played, octets, encode_packet(event.packet), event)


def _arrive(played: Played, octets: Octets, packet: bytes, like: PacketReceived | None = None) -> None:
    """A packet with some octets changed, from somewhere."""
    changed = bytearray(packet)
    for _ in range(octets.octet() % 4):
        changed[octets.number() % len(changed)] = octets.octet()
    interface = like.interface if like else octets.pick(INTERFACES)
    hardware = like.link_layer_source if like else octets.pick(MACS)
    through_tunnel = like.through_tunnel if like else octets.octet() >= 0xC0
    played.arrive(resealed(bytes(changed)), interface, hardware, through_tunnel=through_tunnel)


SCENES: tuple[Callable[[Played, Octets], None], ...] = (
    _router, _reply, _reply, _reply, _registration, _registration, _test_init, _signed_update,
    _template, _made_by_chance, _happening, _happening,
)  # fmt: skip
