# SPDX-License-Identifier: GPL-2.0-or-later
"""A mobile node on a turned clock: events in at given instants, actions out, and the words the tests share."""

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network
from typing import TypeVar

from mnclient.engine.actions import Action, ReportHandover, ReportHomeAddress, SendPacket, SetNetworkState
from mnclient.engine.events import AddressSettled, Configured, DeadlineReached, Event, LinkChanged, PacketReceived
from mnclient.engine.mobile_node.mobile_node import OWNER, MobileNode
from mnclient.model.config import HomeAddressConfig, InterfacePolicy, MobileNodeConfig, NodeConfig
from mnclient.model.network_state import EMPTY, NetworkState, RouteOptimization
from mnclient.model.problems import ProblemCode
from mnclient.model.status import HomeAddressState, HomeAddressStatus
from mnclient.units import Instant, Seconds
from mnclient.wire.addresses import ALL_NODES
from mnclient.wire.binding import BindingAcknowledgement, BindingError, BindingUpdate
from mnclient.wire.icmpv6 import EchoReply, EchoRequest
from mnclient.wire.mobility_options import BindingRefreshAdvice
from mnclient.wire.neighbor_discovery import (
    NeighborAdvertisement,
    NeighborSolicitation,
    RouterAdvertisement,
    RouterSolicitation,
)
from mnclient.wire.neighbor_options import (
    AdvertisementInterval,
    HomeAgentInformation,
    PrefixInformation,
    RecursiveNameServers,
    RouterPreference,
    SourceLinkLayerAddress,
    TargetLinkLayerAddress,
)
from mnclient.wire.packet import Packet

T = TypeVar("T")

HOME_PREFIX = IPv6Network("2001:db8:1::/64")
HOME = IPv6Address("2001:db8:1::100")
AGENT = IPv6Address("2001:db8:1::1")
AGENT_MAC = bytes.fromhex("020000000a01")
AGENT_LOCAL = IPv6Address("fe80::a:1")
NET_A = IPv6Network("2001:db8:a::/64")
NET_B = IPv6Network("2001:db8:b::/64")
ROUTER_A, MAC_A = IPv6Address("fe80::a"), bytes.fromhex("0200000000aa")
ROUTER_B, MAC_B = IPv6Address("fe80::b"), bytes.fromhex("0200000000bb")
MAC = bytes.fromhex("020000000042")
LINK_LOCAL = IPv6Address("fe80::ff:fe00:42")
SECRET = bytes(range(16))
INFINITE = Seconds(float("inf"))


class KnownEntropy:
    """Octets count up, so that every draw is another; numbers are the middle of what is asked for."""

    def __init__(self) -> None:
        self.draws = 0

    def octets(self, count: int) -> bytes:
        self.draws += 1
        return self.draws.to_bytes(count)

    def uniform(self, low: float, high: float) -> float:
        return (low + high) / 2


def home(
    address: IPv6Address = HOME,
    prefix: IPv6Network = HOME_PREFIX,
    agent: IPv6Address | None = AGENT,
    *,
    preferred: bool = False,
    pinned: bytes | None = None,
) -> HomeAddressConfig:
    return HomeAddressConfig(
        address=address, prefix=prefix, home_agent=agent, preferred=preferred, home_agent_link_layer=pinned
    )


def config(*homes: HomeAddressConfig, allow: bool = True, **rest: object) -> MobileNodeConfig:
    chosen = {"stable_secret": SECRET, "verify": False, **rest}  # it has tests of its own
    return MobileNodeConfig(home_addresses=homes or (home(),), allow_unprotected_signalling=allow, **chosen)  # type: ignore[arg-type]


def link(interface: str = "eth0", *, up: bool = True, mac: bytes = MAC, **rest: object) -> LinkChanged:
    known: dict[str, object] = {"link_local_address": LINK_LOCAL, **rest}
    return LinkChanged(interface=interface, is_up=up, link_layer_address=mac, **known)  # type: ignore[arg-type]


def prefix(
    network: IPv6Network,
    *,
    valid: float = 86400.0,
    preferred: float = 14400.0,
    on_link: bool = True,
    autonomous: bool = True,
    router: IPv6Address | None = None,
) -> PrefixInformation:
    return PrefixInformation(
        prefix=router or network.network_address,
        prefix_length=network.prefixlen,
        on_link=on_link,
        autonomous=autonomous,
        router_address=router is not None,
        valid_lifetime=Seconds(valid),
        preferred_lifetime=Seconds(preferred),
    )


def advertisement(
    source: IPv6Address,
    mac: bytes,
    *prefixes: PrefixInformation | IPv6Network,
    interface: str = "eth0",
    lifetime: float = 1800.0,
    home_agent: bool = False,
    interval: float | None = None,
    information: HomeAgentInformation | None = None,
    name_servers: RecursiveNameServers | None = None,
    preference: RouterPreference = RouterPreference.MEDIUM,
) -> PacketReceived:
    options = [prefix(each) if isinstance(each, IPv6Network) else each for each in prefixes]
    extra: list[object] = [SourceLinkLayerAddress(address=mac)] if mac else []
    if interval is not None:
        extra.append(AdvertisementInterval(interval=Seconds(interval)))
    extra += [each for each in (information, name_servers) if each is not None]
    message = RouterAdvertisement(
        hop_limit=64,
        managed=False,
        other=False,
        home_agent=home_agent,
        preference=preference,
        router_lifetime=Seconds(lifetime),
        reachable_time=Seconds(0.0),
        retransmit_timer=Seconds(0.0),
        options=(*options, *extra),  # type: ignore[arg-type]
    )
    packet = Packet(source=source, destination=IPv6Address("ff02::1"), message=message, hop_limit=255)
    return PacketReceived(interface=interface, packet=packet, link_layer_source=mac)


def ra_a(**rest: object) -> PacketReceived:
    return advertisement(ROUTER_A, MAC_A, NET_A, **rest)  # type: ignore[arg-type]


def ra_b(**rest: object) -> PacketReceived:
    return advertisement(ROUTER_B, MAC_B, NET_B, **rest)  # type: ignore[arg-type]


def ra_home(**rest: object) -> PacketReceived:
    """Of the home agent itself, with its global address."""
    chosen: dict[str, object] = {"home_agent": True, **rest}
    return advertisement(AGENT_LOCAL, AGENT_MAC, prefix(HOME_PREFIX, router=AGENT), **chosen)  # type: ignore[arg-type]


def answer(
    router: IPv6Address, mac: bytes, *, interface: str = "eth0", solicited: bool = True, is_router: bool = True
) -> PacketReceived:
    """A Neighbor Advertisement of a router."""
    message = NeighborAdvertisement(
        target=router,
        router=is_router,
        solicited=solicited,
        override=True,
        options=(TargetLinkLayerAddress(address=mac),),
    )
    packet = Packet(source=router, destination=LINK_LOCAL, message=message, hop_limit=255)
    return PacketReceived(interface=interface, packet=packet, link_layer_source=mac)


def defence(hardware: bytes = AGENT_MAC, *, target: IPv6Address = HOME, interface: str = "eth0") -> PacketReceived:
    """Somebody on the home link, usually the home agent, says that a home address is at its hardware address."""
    event = answer(target, hardware, interface=interface, solicited=False, is_router=False)
    return replace(event, packet=replace(event.packet, source=AGENT_LOCAL, destination=ALL_NODES))


def ack(
    update: SendPacket | BindingUpdate,
    status: int = 0,
    *,
    lifetime: float | None = None,
    sequence: int | None = None,
    source: IPv6Address = AGENT,
    home_address: IPv6Address | None = None,
    care_of: IPv6Address | None = None,
    advice: float | None = None,
) -> PacketReceived:
    """The home agent's answer to a Binding Update, for the home address that it is about unless told otherwise."""
    if home_address is None:
        home_address = update.packet.effective_source if isinstance(update, SendPacket) else HOME
    message = update if isinstance(update, BindingUpdate) else binding_update(update)
    is_home = message.lifetime == 0
    options = (BindingRefreshAdvice(interval=Seconds(advice)),) if advice is not None else ()
    acknowledgement = BindingAcknowledgement(
        status=status,
        sequence=message.sequence if sequence is None else sequence,
        lifetime=Seconds(message.lifetime if lifetime is None else lifetime),
        options=options,
    )
    target = home_address if is_home else (care_of or message.alternate_care_of_address or home_address)
    packet = Packet(
        source=source,
        destination=target,
        message=acknowledgement,
        routing_home_address=None if is_home else home_address,
    )
    return PacketReceived(interface="eth0", packet=packet)


def binding_error(home_address: IPv6Address = HOME, source: IPv6Address = AGENT, status: int = 1) -> PacketReceived:
    message = BindingError(status=status, home_address=home_address)
    packet = Packet(source=source, destination=IPv6Address("2001:db8:a::1"), message=message)
    return PacketReceived(interface="eth0", packet=packet)


def binding_update(action: Action) -> BindingUpdate:
    assert isinstance(action, SendPacket)
    assert isinstance(action.packet.message, BindingUpdate)
    return action.packet.message


def sent(actions: Iterable[Action], kind: type[object]) -> list[SendPacket]:
    """The packets of a kind among the actions."""
    return [each for each in actions if isinstance(each, SendPacket) and isinstance(each.packet.message, kind)]


def updates(actions: Iterable[Action]) -> list[SendPacket]:
    return sent(actions, BindingUpdate)


def solicitations(actions: Iterable[Action]) -> list[SendPacket]:
    return sent(actions, RouterSolicitation)


def probes(actions: Iterable[Action]) -> list[SendPacket]:
    return sent(actions, NeighborSolicitation)


def only(items: Iterable[T]) -> T:
    (item,) = items
    return item


class Script:
    """A mobile node, its clock, and what it has said so far. `home` is the home address that is meant."""

    home = HOME

    def __init__(self, chosen: MobileNodeConfig | None = None, *, start: float = 1000.0) -> None:
        self.node = MobileNode(KnownEntropy())
        self.now = Instant(start)
        self.actions: list[Action] = []
        self.state: NetworkState = EMPTY
        self.routes: set[RouteOptimization] = set()
        self.give(Configured(config=NodeConfig(mobile_node=chosen or config())))

    def give(self, event: Event) -> list[Action]:
        """Let something happen now; what the node does about it."""
        actions = self.node.handle(event, self.now)
        self._take(actions)
        return actions

    def pass_time(self, seconds: float) -> list[Action]:
        """Turn the clock on, stopping at every deadline; all that is done meanwhile."""
        return [action for _, action in self.timeline(seconds)]

    def timeline(self, seconds: float) -> list[tuple[float, Action]]:
        """As `pass_time`, each action with the seconds since now at which it came."""
        start, end = self.now, Instant(self.now + seconds)
        done: list[tuple[float, Action]] = []
        for _ in range(10_000):
            deadline = self.node.next_deadline()
            if deadline is None or deadline > end:
                break
            assert deadline >= self.now, "a deadline in the past"
            self.now = deadline
            done += [(round(self.now - start, 6), action) for action in self.give(DeadlineReached())]
        else:
            raise AssertionError("the node never rests")
        self.now = end
        return done

    def sleep(self, seconds: float) -> list[Action]:
        """The machine sleeps: one late DeadlineReached."""
        self.now = Instant(self.now + seconds)
        return self.give(DeadlineReached())

    def configure(self, chosen: MobileNodeConfig | None) -> list[Action]:
        return self.give(Configured(config=NodeConfig(mobile_node=chosen)))

    def home_address(self, address: IPv6Address | None = None) -> HomeAddressStatus:
        return only(each for each in self.node.home_addresses(self.now) if each.address == (address or self.home))

    @property
    def where(self) -> HomeAddressState:
        return self.home_address().state

    @property
    def where_or_none(self) -> HomeAddressState | None:
        return next((each.state for each in self.node.home_addresses(self.now) if each.address == HOME), None)

    @property
    def care_of(self) -> IPv6Address:
        address = self.home_address().care_of_address
        assert address is not None
        return address

    def problems(self) -> set[ProblemCode]:
        return {problem.code for problem in self.node.problems(self.now)}

    def has_address(self, interface: str, address: IPv6Address) -> bool:
        return any((each.interface, each.address) == (interface, address) for each in self.state.addresses)

    def register(self, event: PacketReceived | None = None) -> SendPacket:
        """Plug in abroad and be accepted; the Binding Update that was."""
        if self.where is HomeAddressState.WAITING:
            self.give(link())
        update = only(updates(self.give(event or ra_a())))
        self.give(ack(update))
        assert self.where is HomeAddressState.REGISTERED
        return update

    def _take(self, actions: list[Action]) -> None:
        self.actions += actions
        for action in actions:
            if isinstance(action, SetNetworkState) and action.owner == OWNER:
                self.state = action.state
            elif isinstance(action, SetNetworkState):
                assert action.owner.startswith(f"{OWNER}:route:")
                self.routes = {route for route in self.routes if owner_of(route) != action.owner}
                self.routes |= action.state.route_optimizations
                assert {owner_of(route) for route in action.state.route_optimizations} <= {action.owner}


def owner_of(route: RouteOptimization) -> str:
    return f"{OWNER}:route:{route.home_address}:{route.correspondent}"


def settle(script: Script, interface: str) -> list[Action]:
    """The kernel says that nobody else has the care-of address of an interface."""
    status = only(each for each in script.node.interfaces(script.now) if each.name == interface)
    assert status.care_of_address is not None, f"{interface} has no care-of address"
    return script.give(AddressSettled(interface=interface, address=status.care_of_address))


def questions(actions: Iterable[Action]) -> list[SendPacket]:
    """The Echo Requests among the actions."""
    return sent(actions, EchoRequest)


def echo_reply(question: SendPacket, **changes: object) -> PacketReceived:
    """The answer to an Echo Request, or with `changes` another one."""
    packet, request = question.packet, question.packet.message
    assert isinstance(request, EchoRequest)
    assert question.interface is not None
    known: dict[str, object] = {"identifier": request.identifier, "sequence": request.sequence, "data": request.data}
    interface = changes.pop("interface", question.interface)
    source = changes.pop("source", packet.destination)
    message = EchoReply(**{**known, **changes})  # type: ignore[arg-type]
    answer = Packet(source=source, destination=packet.source, message=message)  # type: ignore[arg-type]
    return PacketReceived(interface=interface, packet=answer)  # type: ignore[arg-type]


def came_back(question: SendPacket, *, through_tunnel: bool = True) -> PacketReceived:
    """Our own Echo Request, as the home agent sends it back."""
    interface = "mn6home" if through_tunnel else "eth0"
    return PacketReceived(interface=interface, packet=question.packet, through_tunnel=through_tunnel)


def prove(script: Script, interface: str, heard: Iterable[Action] = ()) -> list[Action]:
    """The interface lasts, and the home agent answers through it; what the node does in the end.

    `heard`: what it did when it heard the router; of an address known from before it asks at once.
    """
    asked = questions([*heard, *settle(script, interface)])
    if asked:
        script.give(echo_reply(only(asked)))
    return script.pass_time(1.0)


def policy(name: str, priority: int = 100, *, enabled: bool = True) -> InterfacePolicy:
    return InterfacePolicy(name=name, priority=priority, enabled=enabled)


def kinds(actions: Iterable[Action]) -> list[str]:
    """The names of the actions, messages by their own, notes and status left out."""
    names = []
    for action in actions:
        if isinstance(action, SendPacket):
            names.append(type(action.packet.message).__name__)
        elif isinstance(action, SetNetworkState | ReportHomeAddress | ReportHandover):
            names.append(type(action).__name__)
    return names
