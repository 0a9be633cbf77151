# SPDX-License-Identifier: GPL-2.0-or-later
"""Somebody who hears the core, sends there under any name, and sits on visited links: replays, forges and floods.

It does not read what is inside a tunnel (RFC 6275 section 15 wants that protected), so it never has both tokens of a
return routability procedure. Of laptops that have a key it forges home registrations and their answers, too; of the
others it leaves those alone, because only protection could save them. Keys are set by hand here, so even what is
protected can be repeated (section 5.1): that it does only while the home agent remembers the number.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv6Address
from typing import Final

from mnclient.errors import WireError
from mnclient.units import Seconds
from mnclient.wire.addresses import ALL_NODES
from mnclient.wire.binding import (
    BindingAcknowledgement,
    BindingError,
    BindingRefreshRequest,
    BindingUpdate,
)
from mnclient.wire.icmpv6 import ParameterProblem, RouterAdvertisement
from mnclient.wire.mobility_options import BindingAuthorizationData, NonceIndices
from mnclient.wire.neighbor_options import (
    HomeAgentInformation,
    NeighborOption,
    PrefixInformation,
    RouterPreference,
    SourceLinkLayerAddress,
)
from mnclient.wire.packet import Packet
from mnclient.wire.return_routability import CareOfTest, CareOfTestInit, HomeTest, HomeTestInit
from tests.simulation import addresses
from tests.simulation.invariants import REPEATED_WITHIN
from tests.simulation.links import Datagram, datagram
from tests.simulation.mobile import Laptop
from tests.simulation.network import decoded
from tests.simulation.world import World

NAME: Final = "adversary"
ELSEWHERE: Final = IPv6Address("2001:db8:bad::1")
FLOOD: Final = 60  # packets at once
KEPT: Final = 400  # packets it remembers
_ERRORS: Final = (1, 2)
_STATUSES: Final = (0, 1, 128, 129, 130, 132, 133, 134, 135, 136, 137, 138, 174)


class Adversary:
    """It hears from the beginning, and acts when told to."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._random = world.random
        self._heard: deque[tuple[float, Datagram]] = deque(maxlen=KEPT)
        self._updates: deque[Datagram] = deque(maxlen=KEPT)
        self._attacks: tuple[Callable[[], None], ...] = (
            self._replay,
            self._replay_update,
            self._change_update,
            self._forge_update,
            self._forge_test,
            self._forge_acknowledgement,
            self._forge_home_update,
            self._forge_home_acknowledgement,
            self._forge_error,
            self._advertise,
            self._ask_for_tests,
            self._send_rubbish,
        )
        self._correspondents = {each.address for each in world.correspondents}
        self.is_active = True
        world.network.taps.append(self._hear)

    def attack(self) -> None:
        """One blow, or a flood of one kind."""
        blow = self._random.choice(self._attacks)
        for _ in range(FLOOD if self._random.random() < 0.1 else self._random.randint(1, 3)):
            blow()

    def _hear(self, sent: Datagram) -> None:
        if not self.is_active or sent.origin == NAME or sent.payload is not None:
            return
        self._heard.append((self._world.clock.now, sent))
        if sent.octets and sent.destination in self._correspondents:
            if isinstance(decoded(sent.octets).message, BindingUpdate):
                self._updates.append(sent)

    # --- what it says ------------------------------------------------------------------------------------------------

    def _send(self, packet: Packet) -> None:
        self._world.network.send(datagram(packet, NAME))

    def _someone(self) -> tuple[Laptop, IPv6Address, IPv6Address, IPv6Address]:
        """A laptop, its home address, a care-of address it has or had, and a correspondent."""
        laptop = self._random.choice(self._world.laptops)
        care_of = sorted({address for _, address in laptop.addresses} | laptop.left_at.keys() | {ELSEWHERE})
        correspondent = self._random.choice(self._world.correspondents).address
        return laptop, laptop.home.address, self._random.choice(care_of), correspondent

    def _replay(self) -> None:
        """As it was: any message, but those of home registrations only soon."""
        if not self._heard:
            return
        at, sent = self._random.choice(self._heard)
        if not self._is_sacred(at, sent):
            self._world.network.send(sent)

    def _replay_update(self) -> None:
        """As it was: a Binding Update to a correspondent, however old."""
        if self._updates:
            self._world.network.send(self._random.choice(self._updates))

    def _change_update(self) -> None:
        """A real Binding Update to a correspondent, for another care-of address, time or number; its seal breaks."""
        if not self._updates:
            return
        packet = decoded(self._random.choice(self._updates).octets)
        assert isinstance(packet.message, BindingUpdate)
        _, _, care_of, _ = self._someone()
        random = self._random
        message = replace(
            packet.message,
            sequence=(packet.message.sequence + random.randrange(3)) % (1 << 16),
            lifetime=Seconds(random.choice((0.0, 4.0, 420.0))),
        )
        source = care_of if random.random() < 0.7 else packet.source
        self._send(
            Packet(
                source=source,
                destination=packet.destination,
                message=message,
                home_address=packet.home_address or packet.source,
            )
        )

    def _is_sacred(self, at: float, sent: Datagram) -> bool:
        """Whether it is of a home registration that only protection could keep from being repeated now."""
        is_late = self._world.clock.now - at > REPEATED_WITHIN
        return is_late and bool(sent.octets) and self._is_of_a_home_registration(decoded(sent.octets))

    def _is_of_a_home_registration(self, packet: Packet) -> bool:
        if not isinstance(packet.message, BindingUpdate | BindingAcknowledgement):
            return False
        return any(agent.address in (packet.source, packet.destination) for agent in self._world.agents)

    def _is_good_without_a_key(self, octets: bytes) -> bool:
        """Whether chance has met the checksum of a home registration that nothing else protects."""
        try:
            packet = decoded(octets)
        except WireError:
            return False
        keyed = {laptop.home.address for laptop in self._world.laptops if laptop.home.association is not None}
        ends = packet.source, packet.destination, packet.home_address, packet.routing_home_address
        return self._is_of_a_home_registration(packet) and keyed.isdisjoint(ends)

    def _forge_update(self) -> None:
        """To a correspondent, with a seal that is none."""
        _, home_address, care_of, correspondent = self._someone()
        random = self._random
        indices = NonceIndices(home=random.randrange(1 << 16), care_of=random.randrange(1 << 16))
        seal = BindingAuthorizationData(authenticator=random.randbytes(12))
        message = BindingUpdate(
            sequence=random.randrange(1 << 16),
            lifetime=Seconds(random.choice((0.0, 4.0, 420.0))),
            acknowledge=random.random() < 0.8,
            home_registration=False,
            options=(indices, seal),
        )
        self._send(Packet(source=care_of, destination=correspondent, message=message, home_address=home_address))

    def _forge_test(self) -> None:
        """A token that nobody asked for."""
        _, home_address, care_of, correspondent = self._someone()
        kind, destination = self._random.choice(((HomeTest, home_address), (CareOfTest, care_of)))
        message = kind(
            nonce_index=self._random.randrange(1 << 16),
            cookie=self._random.randbytes(8),
            keygen_token=self._random.randbytes(8),
        )
        self._send(Packet(source=correspondent, destination=destination, message=message))

    def _forge_acknowledgement(self) -> None:
        """Of a correspondent, unsealed; or of somebody who is not the home agent."""
        _, home_address, care_of, correspondent = self._someone()
        source = self._random.choice((correspondent, ELSEWHERE))
        message = BindingAcknowledgement(
            status=self._random.choice(_STATUSES),
            sequence=self._random.randrange(1 << 16),
            lifetime=Seconds(self._random.choice((0.0, 4.0, 600.0))),
        )
        self._send(Packet(source=source, destination=care_of, message=message, routing_home_address=home_address))

    def _forge_home_update(self) -> None:
        """The home agent is to send somewhere else, or nowhere any more; with the right number, if it can be known."""
        laptop, home_address, care_of, _ = self._someone()
        if laptop.home.association is None:
            return
        random = self._random
        message = BindingUpdate(
            sequence=self._number(laptop.home.association.home_agent)
            if random.random() < 0.5
            else random.randrange(1 << 16),
            lifetime=Seconds(random.choice((0.0, 4.0, 600.0))),
            acknowledge=True,
            home_registration=True,
        )
        agent = laptop.home.association.home_agent
        self._send(Packet(source=care_of, destination=agent, message=message, home_address=home_address))

    def _forge_home_acknowledgement(self) -> None:
        """The laptop is to believe that it is registered, or refused, or counts wrongly."""
        laptop, home_address, care_of, _ = self._someone()
        if laptop.home.association is None:
            return
        agent, random = laptop.home.association.home_agent, self._random
        message = BindingAcknowledgement(
            status=random.choice(_STATUSES),
            sequence=self._number(agent) if random.random() < 0.7 else random.randrange(1 << 16),
            lifetime=Seconds(random.choice((0.0, 4.0, 600.0))),
        )
        routing = home_address if random.random() < 0.8 else None
        destination = care_of if routing is not None else home_address
        self._send(Packet(source=agent, destination=destination, message=message, routing_home_address=routing))

    def _number(self, agent: IPv6Address) -> int:
        """A number that fits what was sent to a home agent last."""
        for _, sent in reversed(self._heard):
            if sent.destination == agent and sent.octets:
                message = decoded(sent.octets).message
                if isinstance(message, BindingUpdate):
                    return (message.sequence + self._random.randrange(3)) % (1 << 16)
        return 0

    def _forge_error(self) -> None:
        """The correspondent or the home agent is said to know nothing, or to want something."""
        laptop, home_address, care_of, correspondent = self._someone()
        agent = laptop.home.home_agent or ELSEWHERE
        dice = self._random.random()
        if dice < 0.6:
            error = BindingError(status=self._random.choice(_ERRORS), home_address=home_address)
            source = self._random.choice((correspondent, correspondent, agent))
            self._send(Packet(source=source, destination=care_of, message=error))
        elif dice < 0.8:
            problem = ParameterProblem(code=1, pointer=40, packet=self._random.randbytes(80))
            self._send(Packet(source=correspondent, destination=care_of, message=problem))
        else:
            self._send(Packet(source=correspondent, destination=home_address, message=BindingRefreshRequest()))

    def _ask_for_tests(self) -> None:
        """The correspondent is to work for nothing, and its answers go to others."""
        _, home_address, care_of, correspondent = self._someone()
        any_address = IPv6Address(addresses.visited_prefix(0)[0] + self._random.randrange(1 << 32))
        source = self._random.choice((home_address, care_of, any_address))
        kind = self._random.choice((HomeTestInit, CareOfTestInit))
        self._send(Packet(source=source, destination=correspondent, message=kind(cookie=self._random.randbytes(8))))

    def _send_rubbish(self) -> None:
        """Something heard, with some octets changed."""
        if not self._heard:
            return
        at, sent = self._random.choice(self._heard)
        if not sent.octets or self._is_sacred(at, sent):
            return  # what changes may be padding
        octets = bytearray(sent.octets)
        for _ in range(self._random.randint(1, 4)):
            octets[self._random.randrange(40, len(octets))] ^= 1 << self._random.randrange(8)
        if self._is_good_without_a_key(bytes(octets)):
            return
        broken = Datagram(
            source=sent.source,
            destination=sent.destination,
            origin=NAME,
            octets=bytes(octets),
            home_address=sent.home_address,
            routing_home_address=sent.routing_home_address,
        )
        self._world.network.send(broken)

    # --- on a link ---------------------------------------------------------------------------------------------------

    def _advertise(self) -> None:
        """As a router that is none, on the link of a laptop; as home, where the laptop can tell."""
        laptop, _, _, _ = self._someone()
        links = [port.link for port in laptop.ports.values() if port.link is not None]
        if not links:
            return
        random = self._random
        is_home = laptop.home.home_agent_link_layer is not None and random.random() < 0.5
        network = laptop.home.prefix if is_home else addresses.visited_prefix(random.randrange(5, 10))
        mac = addresses.mac(4, random.randrange(200))
        prefix = PrefixInformation(
            prefix=network.network_address,
            prefix_length=64,
            on_link=True,
            autonomous=True,
            router_address=False,
            valid_lifetime=Seconds(random.choice((60.0, 86400.0))),
            preferred_lifetime=Seconds(30.0),
        )
        options: list[NeighborOption] = [prefix, SourceLinkLayerAddress(address=mac)]
        if is_home:
            options.append(HomeAgentInformation(preference=10, lifetime=Seconds(1800.0)))
        message = RouterAdvertisement(
            hop_limit=64,
            managed=False,
            other=False,
            home_agent=is_home,
            preference=random.choice(list(RouterPreference)),
            router_lifetime=Seconds(random.choice((0.0, 20.0, 1800.0))),
            reachable_time=Seconds(0.0),
            retransmit_timer=Seconds(0.0),
            options=tuple(options),
        )
        source = IPv6Address(f"fe80::bad:{random.randrange(200):x}")
        packet = Packet(source=source, destination=ALL_NODES, message=message, hop_limit=255)
        random.choice(links).multicast(mac, datagram(packet, NAME))
