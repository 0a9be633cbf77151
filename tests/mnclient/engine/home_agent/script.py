# SPDX-License-Identifier: GPL-2.0-or-later
"""A home agent on a fake clock: events in, actions out.

home link 2001:db8:1::/64 on eth0, this home agent is ::1       virtual home link 2001:db8:7::/64, ::1
the mobile node's home address is ::100, it visits 2001:db8:2::/64 and 2001:db8:3::/64
"""

from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

from mnclient.engine.actions import Action, Note, SendPacket, SetNetworkState
from mnclient.engine.events import Configured, DeadlineReached, Event, LinkChanged, PacketReceived
from mnclient.engine.home_agent.home_agent import HomeAgent
from mnclient.model.config import HomeAgentConfig, HomeLinkConfig, NodeConfig
from mnclient.model.network_state import NetworkState
from mnclient.units import Instant, Seconds
from mnclient.wire.binding import BindingAcknowledgement, BindingUpdate
from mnclient.wire.mobility_options import AlternateCareOfAddress
from mnclient.wire.packet import Packet

AGENT = IPv6Address("2001:db8:1::1")
AGENT_LINK_LOCAL = IPv6Address("fe80::a")
AGENT_MAC = bytes.fromhex("020000000a0a")
HOME = IPv6Address("2001:db8:1::100")
HOME_LINK_LOCAL = IPv6Address("fe80::100")
OTHER_HOME = IPv6Address("2001:db8:1::200")
CARE_OF = IPv6Address("2001:db8:2::100")
CARE_OF_2 = IPv6Address("2001:db8:3::100")
MOBILE_MAC = bytes.fromhex("020000000b0b")

VIRTUAL_AGENT = IPv6Address("2001:db8:7::1")
VIRTUAL_HOME = IPv6Address("2001:db8:7::100")

REAL_LINK = HomeLinkConfig(prefix=IPv6Network("2001:db8:1::/64"), address=AGENT, interface="eth0")
VIRTUAL_LINK = HomeLinkConfig(prefix=IPv6Network("2001:db8:7::/64"), address=VIRTUAL_AGENT, interface=None)
CONFIG = HomeAgentConfig(links=(REAL_LINK, VIRTUAL_LINK), allow_unprotected_signalling=True)
ETH0_UP = LinkChanged(
    interface="eth0", is_up=True, link_layer_address=AGENT_MAC, link_local_address=AGENT_LINK_LOCAL, mtu=1500
)


class FakeEntropy:
    """Every draw is the middle of its range, or the `fraction` set last."""

    fraction = 0.5

    def octets(self, count: int) -> bytes:
        return bytes(count)

    def uniform(self, low: float, high: float) -> float:
        return low + (high - low) * self.fraction


class Script:
    """Feeds a home agent and keeps all its actions. `now` starts at 100 s."""

    def __init__(self, config: HomeAgentConfig | None = CONFIG, links: tuple[LinkChanged, ...] = (ETH0_UP,)) -> None:
        self.entropy = FakeEntropy()
        self.agent = HomeAgent(self.entropy)
        self.now = Instant(100.0)
        self.actions: list[Action] = []
        self.desired: dict[str, NetworkState] = {}
        for link in links:
            self.give(link)
        if config is not None:
            self.configure(config)

    def give(self, event: Event) -> list[Action]:
        """The actions of one event, now."""
        actions = self.agent.handle(event, self.now)
        for action in actions:
            if isinstance(action, SetNetworkState):
                self.desired[action.owner] = action.state
        self.desired = {owner: state for owner, state in self.desired.items() if not state.is_empty()}
        self.actions += actions
        return actions

    def configure(self, config: HomeAgentConfig | None) -> list[Action]:
        return self.give(Configured(config=NodeConfig(home_agent=config)))

    def reconfigure(self, config: HomeAgentConfig, **changes: object) -> list[Action]:
        return self.configure(replace(config, **changes))  # type: ignore[arg-type]

    def advance(self, seconds: float) -> list[Action]:
        """Turn the clock, stopping at every deadline on the way."""
        end, actions = Instant(self.now + seconds), []
        while (deadline := self.agent.next_deadline()) is not None and deadline <= end:
            self.now = max(self.now, deadline)
            actions += self.give(DeadlineReached())
        self.now = end
        return actions

    def update(self, sequence: int = 1, lifetime: float = 600.0, **changes: object) -> list[Action]:
        """A Binding Update arrives; see `binding_update`."""
        return self.give(binding_update(sequence, lifetime, **changes))  # type: ignore[arg-type]

    def register(self, home: IPv6Address = VIRTUAL_HOME, sequence: int = 1, **changes: object) -> list[Action]:
        """A registration up to its acknowledgement, whether or not duplicate detection comes first."""
        actions = self.update(sequence, home=home, **changes)
        if home not in VIRTUAL_LINK.prefix:
            actions += self.advance(1.0)
        assert [ack.status for ack in acks(actions)] == [0]
        return actions

    def bound(self) -> dict[IPv6Address, IPv6Address]:
        """Care-of addresses by home address."""
        return {entry.home_address: entry.care_of_address for entry in self.agent.binding_cache(self.now)}


def binding_update(
    sequence: int = 1,
    lifetime: float = 600.0,
    *,
    home: IPv6Address = HOME,
    care_of: IPv6Address = CARE_OF,
    source: IPv6Address | None = None,
    destination: IPv6Address | None = None,
    home_option: bool = True,
    alternate: IPv6Address | None = None,
    interface: str = "wan",
    link_layer_source: bytes = b"",
    options: tuple[object, ...] = (),
    home_registration: bool = True,
    **flags: bool,
) -> PacketReceived:
    """A Binding Update from `care_of` (or `source`) to the home agent of `home`, with a Home Address option."""
    agent = VIRTUAL_AGENT if home in VIRTUAL_LINK.prefix else AGENT
    more = (AlternateCareOfAddress(address=alternate),) if alternate is not None else ()
    message = BindingUpdate(
        sequence=sequence,
        lifetime=Seconds(lifetime),
        acknowledge=flags.pop("acknowledge", True),
        home_registration=home_registration,
        options=(*more, *options),  # type: ignore[arg-type]
        **flags,
    )
    packet = Packet(
        source=care_of if source is None else source,
        destination=agent if destination is None else destination,
        message=message,
        home_address=home if home_option else None,
    )
    return PacketReceived(interface=interface, packet=packet, link_layer_source=link_layer_source)


def neighbor(message: object, source: str, *, interface: str = "eth0", mac: bytes = MOBILE_MAC) -> PacketReceived:
    """A Neighbor Discovery packet to all nodes, from somebody else on the link."""
    packet = Packet(source=IPv6Address(source), destination=IPv6Address("ff02::1"), message=message, hop_limit=255)  # type: ignore[arg-type]
    return PacketReceived(interface=interface, packet=packet, link_layer_source=mac)


def packets(actions: list[Action], kind: type) -> list[SendPacket]:
    """The packets sent with a message of one kind."""
    return [each for each in actions if isinstance(each, SendPacket) and isinstance(each.packet.message, kind)]


def acks(actions: list[Action]) -> list[BindingAcknowledgement]:
    """The Binding Acknowledgements sent."""
    return [each.packet.message for each in packets(actions, BindingAcknowledgement)]  # type: ignore[misc]


def states(actions: list[Action]) -> list[SetNetworkState]:
    """The network states set."""
    return [each for each in actions if isinstance(each, SetNetworkState)]


def order(actions: list[Action]) -> list[str]:
    """Kinds of what leaves the engine, in order: "state", or the name of the message."""
    return [
        type(each.packet.message).__name__ if isinstance(each, SendPacket) else "state"
        for each in actions
        if isinstance(each, SendPacket | SetNetworkState)
    ]


def notes(actions: list[Action]) -> list[str]:
    return [each.kind for each in actions if isinstance(each, Note)]
