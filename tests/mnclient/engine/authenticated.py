# SPDX-License-Identifier: GPL-2.0-or-later
"""A mobile node and its home agent, which share a key of RFC 4285, with the codec and two wall clocks between them."""

from collections.abc import Callable
from dataclasses import replace

from mnclient.engine.actions import Action, SendPacket
from mnclient.engine.events import PacketReceived, WallClockSet
from mnclient.model.config import HomeAgentConfig, MobileNodeConfig
from mnclient.model.keys import KeyKind
from mnclient.model.security import SecurityAssociation
from mnclient.units import Instant
from mnclient.wire.binding import BindingAcknowledgement, BindingUpdate
from mnclient.wire.packet import Packet, decode_packet, encode_packet
from tests.mnclient.engine.home_agent.script import REAL_LINK, packets
from tests.mnclient.engine.home_agent.script import Script as AgentScript
from tests.mnclient.engine.mobile_node.script import AGENT, HOME, Script, config, home, link, ra_a, updates

KEY = bytes(range(16))
WALL_CLOCK_AT_BOOT = 1_790_000_000.0

MINE = SecurityAssociation(
    home_address=HOME,
    home_agent=AGENT,
    kind=KeyKind.RFC4285,
    algorithm="hmac-sha1-96",
    spi_in=2000,
    spi_out=1000,
    secret=KEY,
)
AGENTS = replace(MINE, spi_in=MINE.spi_out, spi_out=MINE.spi_in)
AGENT_CONFIG = HomeAgentConfig(links=(REAL_LINK,), associations=(AGENTS,))


def keyed(association: SecurityAssociation = MINE, **rest: object) -> MobileNodeConfig:
    """A mobile node that signs, and may not do without."""
    return config(replace(home(), association=association), allow=False, **rest)


class Pair:
    """`wire` changes what passes, or takes it away with None. All that arrived is in `updates` and `answers`."""

    def __init__(
        self,
        mobile: SecurityAssociation = MINE,
        agent: HomeAgentConfig = AGENT_CONFIG,
        *,
        skew: float = 0.0,
    ) -> None:
        self.mobile = Script(keyed(mobile))
        self.agent = AgentScript(agent)
        self.agent.now = Instant(self.mobile.now)
        self.updates: list[Packet] = []
        self.answers: list[Packet] = []
        self.wire: Callable[[Packet], Packet | None] = lambda packet: packet
        self.agent.give(WallClockSet(at_boot=WALL_CLOCK_AT_BOOT))
        self.mobile.give(WallClockSet(at_boot=WALL_CLOCK_AT_BOOT + skew))

    def attach(self) -> None:
        """Plug in abroad; everything sent arrives at once."""
        self.mobile.give(link())
        self.carry(self.mobile.give(ra_a()))

    def carry(self, actions: list[Action]) -> None:
        """Everything there and back until nothing is under way; duplicate detection ends well."""
        while sent := updates(actions):
            actions = [answer for each in sent for answer in self._reach_mobile(self._reach_agent(each))]

    def pass_time(self, seconds: float) -> None:
        """Turn both clocks, stopping at every deadline of the mobile node."""
        end = Instant(self.mobile.now + seconds)
        while self.mobile.now < end:
            deadline = self.mobile.node.next_deadline()
            until = end if deadline is None else min(max(deadline, self.mobile.now), end)
            actions = self.mobile.pass_time(until - self.mobile.now)
            self.agent.now = max(self.agent.now, self.mobile.now)
            self.carry(actions)

    def replay(self, packet: Packet) -> list[Action]:
        """A Binding Update again; what the home agent does."""
        return self.agent.give(PacketReceived(interface="wan", packet=packet))

    def _reach_agent(self, action: SendPacket) -> list[Action]:
        packet = self._pass(action)
        if packet is None:
            return []
        self.updates.append(packet)
        actions = self.agent.give(PacketReceived(interface="wan", packet=packet))
        return actions + (self.agent.advance(1.0) if not answers(actions) else [])

    def _reach_mobile(self, actions: list[Action]) -> list[Action]:
        found = []
        for action in answers(actions):
            packet = self._pass(action)
            if packet is not None:
                self.answers.append(packet)
                found += self.mobile.give(PacketReceived(interface="eth0", packet=packet))
        return found

    def _pass(self, action: SendPacket) -> Packet | None:
        packet = self.wire(decode_packet(encode_packet(action.packet)))
        return None if packet is None else decode_packet(encode_packet(packet))

    @property
    def statuses(self) -> list[int]:
        """Of the answers that arrived."""
        return [each.message.status for each in self.answers if isinstance(each.message, BindingAcknowledgement)]


def answers(actions: list[Action]) -> list[SendPacket]:
    """The Binding Acknowledgements among the actions."""
    return packets(actions, BindingAcknowledgement)


def update_of(packet: Packet) -> BindingUpdate:
    """The Binding Update of a packet."""
    assert isinstance(packet.message, BindingUpdate)
    return packet.message


def answer_of(packet: Packet) -> BindingAcknowledgement:
    """The Binding Acknowledgement of a packet."""
    assert isinstance(packet.message, BindingAcknowledgement)
    return packet.message
