# SPDX-License-Identifier: GPL-2.0-or-later
"""A correspondent for tests, on paper: it answers tests and Binding Updates as RFC 6275 section 9 says, or lies."""

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import IPv6Address

from mnclient.engine.actions import Action, AskRouteUse, SendPacket
from mnclient.engine.events import CorrespondentHeard, DatapathChosen, PacketReceived, RouteUseKnown
from mnclient.model.config import MobileNodeConfig, RouteOptimizationConfig
from mnclient.model.network_state import OptimizationEnd, RouteOptimization
from mnclient.model.status import CorrespondentState, CorrespondentStatus
from mnclient.security.binding_keys import (
    authorize,
    binding_key,
    care_of_keygen_token,
    deletion_key,
    home_keygen_token,
    is_authorized,
)
from mnclient.units import Instant, Seconds
from mnclient.wire.binding import BindingAcknowledgement, BindingError, BindingRefreshRequest, BindingUpdate
from mnclient.wire.mobility_options import MobilityOption
from mnclient.wire.packet import Packet, decode_packet, encode_packet
from mnclient.wire.return_routability import CareOfTest, CareOfTestInit, HomeTest, HomeTestInit
from tests.mnclient.engine.mobile_node.script import (
    HOME,
    Script,
    ack,
    config,
    link,
    only,
    sent,
    updates,
)

PEER = IPv6Address("2001:db8:cc::30")
NODE_KEY, NONCE = bytes(range(20)), b"\xa0" * 8
OPEN = RouteOptimizationConfig(location_privacy=False)
HOME_NONCE, CARE_OF_NONCE = 5, 6


def open_config(*homes: object, **rest: object) -> MobileNodeConfig:
    """Route optimisation with everybody."""
    return config(*homes, **{"route_optimization": OPEN, **rest})  # type: ignore[arg-type]


class Peer:
    """A correspondent. `nonce` may be changed, as by a restart."""

    def __init__(self, address: IPv6Address = PEER) -> None:
        self.address = address
        self.nonce = NONCE
        self.sequence: int | None = None

    def home_test(self, init: SendPacket) -> PacketReceived:
        packet, message = on_wire(init), on_wire(init).message
        assert isinstance(message, HomeTestInit)
        test = HomeTest(
            nonce_index=HOME_NONCE,
            cookie=message.cookie,
            keygen_token=home_keygen_token(NODE_KEY, packet.source, self.nonce),
        )
        return arrived(self.address, packet.source, test, through_tunnel=True)

    def care_of_test(self, init: SendPacket) -> PacketReceived:
        packet, message = on_wire(init), on_wire(init).message
        assert isinstance(message, CareOfTestInit)
        test = CareOfTest(
            nonce_index=CARE_OF_NONCE,
            cookie=message.cookie,
            keygen_token=care_of_keygen_token(NODE_KEY, packet.source, self.nonce),
        )
        return arrived(self.address, packet.source, test)

    def key(self, update: SendPacket) -> bytes:
        packet = on_wire(update)
        assert isinstance(packet.message, BindingUpdate)
        home = home_keygen_token(NODE_KEY, packet.effective_source, self.nonce)
        if packet.message.lifetime == 0:
            return deletion_key(home)
        return binding_key(home, care_of_keygen_token(NODE_KEY, packet.source, self.nonce))

    def accepts(self, update: SendPacket) -> bool:
        """Whether the authenticator of a Binding Update is right."""
        packet = on_wire(update)
        assert isinstance(packet.message, BindingUpdate)
        return is_authorized(packet.message, self.key(update), self.registered(packet), self.address)

    def signed(self, update: SendPacket, key: bytes, about: IPv6Address) -> bool:
        """Whether a Binding Update carries the authenticator of this key, for this care-of address."""
        message = on_wire(update).message
        assert isinstance(message, BindingUpdate)
        return is_authorized(message, key, about, self.address)

    @staticmethod
    def registered(packet: Packet) -> IPv6Address:
        assert isinstance(packet.message, BindingUpdate)
        return packet.source if packet.message.lifetime > 0 else packet.effective_source

    def acknowledge(
        self,
        update: SendPacket,
        status: int = 0,
        *,
        lifetime: float | None = None,
        sequence: int | None = None,
        signed: bool = True,
        key: bytes | None = None,
        options: tuple[MobilityOption, ...] = (),
    ) -> PacketReceived:
        packet = on_wire(update)
        message = packet.message
        assert isinstance(message, BindingUpdate)
        answer = BindingAcknowledgement(
            status=status,
            sequence=message.sequence if sequence is None else sequence,
            lifetime=Seconds(message.lifetime if lifetime is None else lifetime),
            options=options,
        )
        if signed:
            answer = authorize(answer, key or self.key(update), self.registered(packet), self.address)
        routed = packet.home_address
        wire = Packet(source=self.address, destination=packet.source, message=answer, routing_home_address=routed)
        return PacketReceived(interface="eth0", packet=decode_packet(encode_packet(wire)))

    def lost_binding(self, care_of: IPv6Address, status: int = 1, home_address: IPv6Address = HOME) -> PacketReceived:
        return arrived(self.address, care_of, BindingError(status=status, home_address=home_address))

    def refresh_request(self) -> PacketReceived:
        return arrived(self.address, HOME, BindingRefreshRequest(), through_tunnel=True)

    def heard(self, home_address: IPv6Address = HOME) -> CorrespondentHeard:
        return CorrespondentHeard(home_address=home_address, correspondent=self.address)

    def use(self, last: float | None, home_address: IPv6Address = HOME) -> RouteUseKnown:
        return RouteUseKnown(
            end=OptimizationEnd.MOBILE_NODE,
            home_address=home_address,
            correspondent=self.address,
            last_used=None if last is None else Instant(last),
        )


def arrived(
    source: IPv6Address, destination: IPv6Address, message: object, *, through_tunnel: bool = False
) -> PacketReceived:
    packet = Packet(source=source, destination=destination, message=message)  # type: ignore[arg-type]
    return PacketReceived(interface="eth0", packet=packet, through_tunnel=through_tunnel)


def on_wire(action: SendPacket) -> Packet:
    """A packet as its receiver reads it."""
    return decode_packet(encode_packet(action.packet))


def tampered(event: PacketReceived, **rest: object) -> PacketReceived:
    """The same packet with other addresses."""
    return replace(event, packet=replace(event.packet, **rest))  # type: ignore[arg-type]


def home_inits(actions: Iterable[Action]) -> list[SendPacket]:
    return sent(actions, HomeTestInit)


def care_of_inits(actions: Iterable[Action]) -> list[SendPacket]:
    return sent(actions, CareOfTestInit)


def told(actions: Iterable[Action]) -> list[SendPacket]:
    """The Binding Updates to correspondents among the actions."""
    return [each for each in updates(actions) if not each.packet.message.home_registration]  # type: ignore[union-attr]


def told_home(actions: Iterable[Action]) -> list[SendPacket]:
    return [each for each in updates(actions) if each.packet.message.home_registration]  # type: ignore[union-attr]


def questions(actions: Iterable[Action]) -> list[AskRouteUse]:
    return [each for each in actions if isinstance(each, AskRouteUse)]


class Abroad(Script):
    """A mobile node that is registered abroad, allowed to talk directly and able to."""

    def __init__(self, chosen: MobileNodeConfig | None = None) -> None:
        super().__init__(chosen or open_config())
        self.peer = Peer()
        self.give(DatapathChosen(route_optimization=True))
        self.register()

    @property
    def status(self) -> CorrespondentStatus:
        return only(each for each in self.node.correspondents(self.now) if each.address == self.peer.address)

    @property
    def talks(self) -> CorrespondentState:
        return self.status.state

    @property
    def route(self) -> RouteOptimization | None:
        """What the kernel was told about the peer."""
        return next((each for each in self.routes if each.correspondent == self.peer.address), None)

    def test(self, begun: list[Action] | None = None) -> list[Action]:
        """Payload is heard, or what was `begun`, and both tests are answered: up to the Binding Update."""
        actions = self.give(self.peer.heard()) if begun is None else begun
        home, care_of = only(home_inits(actions)), only(care_of_inits(actions))
        return [*self.give(self.peer.home_test(home)), *self.give(self.peer.care_of_test(care_of))]

    def bind(self, begun: list[Action] | None = None) -> SendPacket:
        """The whole procedure; the Binding Update that was."""
        update = only(told(self.test(begun)))
        self.give(self.peer.acknowledge(update))
        assert self.talks is CorrespondentState.DIRECT
        return update

    def move(self, event: PacketReceived) -> tuple[list[Action], list[Action]]:
        """To another network: what is done on arrival, and when the home agent has answered."""
        self.give(link(interrupted=True))
        arrival = self.give(event)
        return arrival, self.give(ack(only(told_home(arrival))))
