# SPDX-License-Identifier: GPL-2.0-or-later
"""A world made from a seed: its links, hosts and talks, and what it takes to run it."""

from __future__ import annotations

from ipaddress import IPv6Address
from random import Random
from typing import Final

from mnclient.model.config import (
    AdvertisingConfig,
    CorrespondentNodeConfig,
    HomeAddressConfig,
    HomeAgentConfig,
    HomeLinkConfig,
    IdentifierMethod,
    MobileNodeConfig,
    RouteOptimizationConfig,
)
from mnclient.model.keys import KeyKind
from mnclient.model.security import SecurityAssociation
from mnclient.units import Seconds
from tests.simulation import addresses
from tests.simulation.clock import Clock
from tests.simulation.diagram import Diagram
from tests.simulation.host import Host
from tests.simulation.invariants import Invariants
from tests.simulation.links import Conditions, Link
from tests.simulation.mobile import Laptop
from tests.simulation.network import Network
from tests.simulation.routers import Advertising, VisitedRouter
from tests.simulation.servers import HOME_INTERFACE, Correspondent, HomeAgentHost

QUICK: Final = Advertising(0.3, 0.5, True, 0.02)
USUAL: Final = (
    Advertising(3.0, 4.0, True),
    Advertising(3.0, 10.0, True),
    Advertising(3.0, 10.0, False),
    Advertising(20.0, 30.0, True),
    Advertising(20.0, 30.0, False),
)
LONGEST_INTERVAL: Final = 30.0  # seconds between two advertisements
MOST_LAPTOPS: Final = 2
PROTECTED: Final = 0.5  # of the laptops have a key with their home agent
TALKS: Final = 2.5  # seconds between the packets of a talk, about
_LOSSES: Final = (0.0, 0.0, 0.02, 0.1, 0.3)
_DUPLICATIONS: Final = (0.0, 0.0, 0.05, 0.3)
_DELAYS: Final = (0.002, 0.01, 0.03, 0.15, 0.4)
_JITTERS: Final = (0.0, 0.005, 0.05, 0.5)


class World:
    """`seed` decides everything. Without a diagram it runs as fast as it can."""

    def __init__(self, seed: int, diagram: Diagram | None = None) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.clock = Clock()
        self.network = Network(self.clock, self.random, diagram)
        self.invariants = Invariants()
        self.homes = 2 if self.random.random() < 0.15 else 1
        self.protected = [number for number in range(MOST_LAPTOPS) if self.random.random() < PROTECTED]
        self.links: list[Link] = []
        self.visited: list[Link] = []
        self.agents = [self._home_agent(number) for number in range(self.homes)]
        self._visited_links()
        self.correspondents = [self._correspondent(n) for n in range(self.random.choice((1, 1, 2)))]
        self.laptops = [self._laptop(n) for n in range(self.random.choice((1, 1, 1, 2)))]
        self.is_talking = True

    @property
    def hosts(self) -> list[Host]:
        """All that have an engine."""
        return [*self.agents, *self.correspondents, *self.laptops]

    def begin(self) -> None:
        """Everybody starts, the laptops at home."""
        for agent in self.agents:
            agent.start()
        for correspondent in self.correspondents:
            correspondent.start()
        for laptop in self.laptops:
            port = laptop.ports["eth0"]
            laptop.plug(
                port, self.home_link_of(laptop) if self.random.random() < 0.6 else self.random.choice(self.links)
            )
            laptop.start()
            for correspondent in self.correspondents:
                self._talk(laptop, correspondent)
        self.roughen()

    def home_link_of(self, laptop: Laptop) -> Link:
        """Its home link."""
        return next(link for link in self.links if link.prefix == laptop.home.prefix)

    def roughen(self) -> None:
        """The network gets as bad as the seed says."""
        core = self._rough()
        self.network.core.delay, self.network.core.jitter = core.delay, core.jitter
        self.network.core.loss, self.network.core.duplication = core.loss, core.duplication
        for link in self.visited:
            link.conditions = self._rough()

    def calm(self) -> None:
        """The network gets good."""
        self.network.core.delay, self.network.core.jitter = 0.005, 0.0
        self.network.core.loss, self.network.core.duplication = 0.0, 0.0
        self.network.core.is_dead = False
        for link in self.links:
            link.conditions = Conditions(delay=0.0002)

    # --- building ----------------------------------------------------------------------------------------------------

    def _rough(self) -> Conditions:
        choice = self.random.choice
        return Conditions(
            delay=choice(_DELAYS) / 2,
            jitter=choice(_JITTERS),
            loss=choice(_LOSSES),
            duplication=choice(_DUPLICATIONS),
        )

    def _home_agent(self, number: int) -> HomeAgentHost:
        random = self.random
        prefix, address = addresses.home_prefix(number), addresses.home_agent(number)
        link = Link(f"home{number}", prefix, self.network)
        self.links.append(link)
        shortest, longest = random.choice(((3.0, 4.0), (3.0, 10.0), (20.0, 30.0)))
        advertising = AdvertisingConfig(
            min_interval=Seconds(shortest),
            max_interval=Seconds(longest),
            min_delay_between=Seconds(min(shortest, 3.0)),
            send_interval_option=random.random() < 0.5,
        )
        role = HomeAgentConfig(
            links=(HomeLinkConfig(prefix=prefix, address=address, interface=HOME_INTERFACE, advertising=advertising),),
            max_lifetime=Seconds(random.choice((20.0, 100.0, 3600.0))),
            refresh_advice=Seconds(12.0) if random.random() < 0.2 else None,
            optimistic_forwarding=random.random() < 0.7,
            allow_unprotected_signalling=True,
            associations=tuple(
                _association(number, laptop, at_home_agent=True)
                for laptop in self.protected
                if laptop % self.homes == number
            ),
        )
        mac = addresses.mac(1, number)
        agent = HomeAgentHost(f"agent{number}", self.network, role, self.invariants, mac, link)
        self.invariants.servers[address] = agent
        return agent

    def _visited_links(self) -> None:
        shares_names = self.random.random() < 0.4
        for number in range(self.random.choice((2, 3, 4))):
            link = Link(f"visited{number}", addresses.visited_prefix(number), self.network)
            local = addresses.EVERY_ROUTER if shares_names else IPv6Address(f"fe80::{number + 2:x}")
            advertising = QUICK if self.random.random() < 0.02 else self.random.choice(USUAL)
            VisitedRouter(f"router{number}", link, addresses.mac(2, number), local, advertising)
            self.links.append(link)
            self.visited.append(link)

    def _correspondent(self, number: int) -> Correspondent:
        role = CorrespondentNodeConfig(max_lifetime=Seconds(self.random.choice((16.0, 60.0, 420.0))))
        address = addresses.correspondent(number)
        host = Correspondent(f"correspondent{number}", self.network, role, self.invariants, address)
        self.invariants.servers[address] = host
        return host

    def _laptop(self, number: int) -> Laptop:
        random = self.random
        home_link = number % self.homes
        agent = self.agents[home_link]
        address = HomeAddressConfig(
            address=addresses.home_address(home_link, number),
            prefix=addresses.home_prefix(home_link),
            home_agent=agent.address,
            home_agent_link_layer=agent.mac if random.random() < 0.5 else None,
            association=_association(home_link, number, at_home_agent=False) if number in self.protected else None,
        )
        config = MobileNodeConfig(
            home_addresses=(address,),
            identifier_method=random.choice(list(IdentifierMethod)),
            stable_secret=number.to_bytes(16),  # of its own: with one secret two would give themselves one address
            registration_lifetime=Seconds(random.choice((12.0, 40.0, 120.0, 600.0))),
            allow_unprotected_signalling=True,
            route_optimization=RouteOptimizationConfig(location_privacy=random.random() < 0.1),
            verify=random.random() < 0.7,
        )
        ports = 2 if random.random() < 0.25 else 1
        macs = [addresses.mac(3, 16 * number + port) for port in range(ports)]
        laptop = Laptop(f"laptop{number}", self.network, config, self.invariants, macs)
        self.invariants.owners[address.address] = laptop
        return laptop

    def _talk(self, laptop: Laptop, correspondent: Correspondent) -> None:
        def say() -> None:
            if self.is_talking:
                correspondent.say(laptop.home.address)
                laptop.say(correspondent.address)
            self.clock.after(TALKS * (0.5 + self.random.random()), say)

        self.clock.after(self.random.random(), say)


def _association(link: int, laptop: int, *, at_home_agent: bool) -> SecurityAssociation:
    """The key of a laptop with its home agent, as either end calls it."""
    spis = (1000 + laptop, 2000 + laptop)
    return SecurityAssociation(
        home_address=addresses.home_address(link, laptop),
        home_agent=addresses.home_agent(link),
        kind=KeyKind.ESP,
        algorithm="aes-gcm-256",
        spi_in=spis[at_home_agent],
        spi_out=spis[not at_home_agent],
        secret=bytes(36),
    )
