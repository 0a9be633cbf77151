# SPDX-License-Identifier: GPL-2.0-or-later
"""Engines in this process, brought to the state that is measured, and the packets that they get."""

import random
from ipaddress import IPv6Address, IPv6Network

from mnclient.engine.engine import Engine
from mnclient.engine.events import AddressSettled, Configured, DeadlineReached, LinkChanged, PacketReceived
from mnclient.model.config import (
    HomeAddressConfig,
    HomeAgentConfig,
    HomeLinkConfig,
    IdentifierMethod,
    MobileNodeConfig,
    NodeConfig,
)
from mnclient.units import Instant, Seconds
from mnclient.wire.addresses import ALL_NODES
from mnclient.wire.binding import BindingUpdate
from mnclient.wire.mobility_options import AlternateCareOfAddress
from mnclient.wire.neighbor_discovery import RouterAdvertisement
from mnclient.wire.neighbor_options import (
    AdvertisementInterval,
    PrefixInformation,
    RouterPreference,
    SourceLinkLayerAddress,
)
from mnclient.wire.packet import Packet

HOME_PREFIX = IPv6Network("2001:db8:1::/64")
HOME_AGENT = IPv6Address("2001:db8:1::1")
CARE_OF = IPv6Address("2001:db8:9::10")
FIRST_HOME_ADDRESS = int(IPv6Address("2001:db8:1::1:1"))


class PseudoRandom:
    """Entropy that is the same in every run."""

    def __init__(self) -> None:
        self._random = random.Random(6275)

    def octets(self, count: int) -> bytes:
        """`count` octets."""
        return self._random.randbytes(count)

    def uniform(self, low: float, high: float) -> float:
        """A number in between."""
        return self._random.uniform(low, high)


def home_address(number: int) -> IPv6Address:
    """The home address of mobile node `number`, from 0."""
    return IPv6Address(FIRST_HOME_ADDRESS + number)


def binding_update(address: IPv6Address, *, sequence: int, care_of: IPv6Address = CARE_OF) -> Packet:
    """A home registration as a mobile node sends it."""
    message = BindingUpdate(
        sequence=sequence,
        lifetime=Seconds(1200.0),
        acknowledge=True,
        home_registration=True,
        options=(AlternateCareOfAddress(address=care_of),),
    )
    return Packet(source=care_of, destination=HOME_AGENT, message=message, home_address=address)


def router_advertisement(number: int = 2) -> Packet:
    """An advertisement of the router fe80::`number` for a /64 of that number."""
    prefix = PrefixInformation(
        prefix=IPv6Address(f"2001:db8:{number:x}::"),
        prefix_length=64,
        on_link=True,
        autonomous=True,
        router_address=False,
        valid_lifetime=Seconds(86400.0),
        preferred_lifetime=Seconds(14400.0),
    )
    hardware = SourceLinkLayerAddress(address=bytes.fromhex(f"0200{number:08x}"))
    message = RouterAdvertisement(
        hop_limit=64,
        managed=False,
        other=False,
        home_agent=False,
        preference=RouterPreference.MEDIUM,
        router_lifetime=Seconds(1800.0),
        reachable_time=Seconds(0.0),
        retransmit_timer=Seconds(0.0),
        options=(prefix, hardware, AdvertisementInterval(interval=Seconds(0.07))),
    )
    source = IPv6Address(int(IPv6Address("fe80::")) + number)
    return Packet(source=source, destination=ALL_NODES, message=message, hop_limit=255)


def home_agent_engine(*, bindings: int) -> tuple[Engine, Instant]:
    """A home agent with so many bindings, duplicate detection over."""
    engine = Engine(PseudoRandom())
    link = HomeLinkConfig(prefix=HOME_PREFIX, address=HOME_AGENT, interface="home0")
    role = HomeAgentConfig(links=(link,), max_bindings=max(bindings, 1), allow_unprotected_signalling=True)
    engine.handle(_link("home0"), Instant(100.0))
    engine.handle(Configured(config=NodeConfig(home_agent=role)), Instant(100.0))
    for number in range(bindings):
        packet = binding_update(home_address(number), sequence=1)
        engine.handle(PacketReceived(interface="core0", packet=packet), Instant(101.0))
    now = let_pass(engine, Instant(101.0), Seconds(5.0))
    accepted = len(engine.binding_cache(now))
    assert accepted == bindings, f"{accepted} of {bindings} bindings were accepted: this measures nothing"
    return engine, now


def mobile_node_engine() -> tuple[Engine, Instant]:
    """A mobile node that is abroad and hears a router."""
    engine = Engine(PseudoRandom())
    address = HomeAddressConfig(address=IPv6Address("2001:db8:1::100"), prefix=HOME_PREFIX, home_agent=HOME_AGENT)
    role = MobileNodeConfig(
        home_addresses=(address,), identifier_method=IdentifierMethod.EUI64, allow_unprotected_signalling=True
    )
    engine.handle(Configured(config=NodeConfig(mobile_node=role)), Instant(100.0))
    engine.handle(_link("eth0"), Instant(100.0))
    heard = PacketReceived(interface="eth0", packet=router_advertisement(), link_layer_source=bytes(6))
    engine.handle(heard, Instant(100.1))
    (interface,) = engine.status(Instant(100.1)).interfaces
    assert interface.routers, "the router was not heard: this measures nothing"
    if interface.care_of_address is not None:
        engine.handle(AddressSettled(interface="eth0", address=interface.care_of_address), Instant(100.2))
    return engine, Instant(100.3)


def let_pass(engine: Engine, now: Instant, duration: Seconds) -> Instant:
    """Turn the clock on, and stop at every deadline on the way."""
    end = Instant(now + duration)
    while (deadline := engine.next_deadline()) is not None and deadline <= end:
        now = Instant(max(deadline, now))
        engine.handle(DeadlineReached(), now)
    return end


def _link(name: str) -> LinkChanged:
    return LinkChanged(
        interface=name,
        is_up=True,
        link_layer_address=bytes.fromhex("020000000010"),
        link_local_address=IPv6Address("fe80::ff:fe00:10"),
    )
