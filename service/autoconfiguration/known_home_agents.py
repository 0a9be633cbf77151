# SPDX-License-Identifier: GPL-2.0-or-later
"""The list of known home agents: 32 at most, kept over restarts.

Entries are learned from Router Advertisements, shipped by an administrator or added by the person. When the list is
full a newcomer takes the place of the learned one with the lowest rank. Entries that are pinned, or of another origin,
or that serve a home address are never evicted, so that a flood of invented home agents costs nothing that matters.

Who is held on to is pinned on first use: to the address, the prefix and the hardware address first heard. An
advertisement that contradicts one of them is a claim, which changes nothing until the person accepts it.

A record keeps its rank as of the last advertisement (see `ranking`); `listing` gives the ranks of now. All times are
wall-clock seconds.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import Enum
from ipaddress import IPv6Address, IPv6Network
from typing import Final

from mnclient.constants import MAX_KNOWN_HOME_AGENTS
from mnclient.model.service_status import KnownHomeAgent, Origin, Trust
from mnclient.units import Seconds
from service.autoconfiguration.ranking import order, rank_after, rank_now

CLAIM_LASTS: Final = Seconds(600.0)
"""A claim is forgotten when the home agent is heard as it was, so long after the claim was heard last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Somebody says that `home_agent` has another prefix or hardware address, or `address` in the place of its own."""

    home_agent: IPv6Address
    address: IPv6Address
    prefix: IPv6Network
    interface: str
    link_layer_address: bytes
    heard_time: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeAgentHeard:
    """A Router Advertisement with the H flag was heard. `lifetime` and `preference` as advertised (RFC 6275 7.4)."""

    address: IPv6Address
    prefix: IPv6Network
    interface: str
    link_layer_address: bytes
    preference: int
    lifetime: Seconds


class Hearing(Enum):
    """What came of an advertisement."""

    NEW = "new"
    COUNTED = "counted"
    REPLACED = "replaced"  # an unpinned entry whose hardware address or prefix changed starts again from nothing
    CONTRADICTED = "contradicted"  # a trusted entry was claimed by another router; nothing changed
    NO_ROOM = "no-room"  # the list is full of entries that may not be evicted


def _nobody(_address: IPv6Address) -> bool:
    return False


class KnownHomeAgents:
    """The list. `in_use` tells whether a home agent serves a home address: then it is held on to like a pinned one.

    `paired` are those for which there is a key: they are held on to as well.
    """

    def __init__(self, agents: Iterable[KnownHomeAgent] = (), in_use: Callable[[IPv6Address], bool] = _nobody) -> None:
        self._agents = {agent.address: agent for agent in agents}
        self._in_use = in_use
        self._claims: dict[IPv6Address, Claim] = {}  # by the home agent they are about: as many as there are of these
        self.paired: frozenset[IPv6Address] = frozenset()

    def __len__(self) -> int:
        return len(self._agents)

    def get(self, address: IPv6Address) -> KnownHomeAgent | None:
        """The record as kept: its rank is that of the last advertisement."""
        return self._agents.get(address)

    def records(self) -> tuple[KnownHomeAgent, ...]:
        """All records as kept, to be stored."""
        return tuple(self._agents.values())

    def listing(self, now: float) -> tuple[KnownHomeAgent, ...]:
        """All with their ranks of now, the best first."""
        agents = self._agents.values()
        shown = (replace(agent, rank=_rank_of(agent, now), trust=self.trust(agent)) for agent in agents)
        return tuple(sorted(shown, key=order))

    def rank(self, address: IPv6Address, now: float) -> float:
        """The rank now; 0 for one that is not known."""
        agent = self._agents.get(address)
        return _rank_of(agent, now) if agent else 0.0

    def is_held(self, agent: KnownHomeAgent) -> bool:
        """Whether it is trusted or needed: never evicted, and its hardware address and prefix never change by claim."""
        return self.trust(agent) is not Trust.UNTRUSTED

    def trust(self, agent: KnownHomeAgent) -> Trust:
        """Why it is believed to be the one it was."""
        if agent.address in self.paired:
            return Trust.PAIRED
        is_chosen = agent.pinned or agent.origin is not Origin.LEARNED or self._in_use(agent.address)
        return Trust.PINNED if is_chosen else Trust.UNTRUSTED

    def claims(self) -> tuple[Claim, ...]:
        """What somebody says of home agents that are held on to, and what is not believed."""
        return tuple(claim for address, claim in self._claims.items() if address in self._agents)

    def accept(self, address: IPv6Address) -> bool:
        """Believe what was claimed of a home agent; False when nothing was, or when it is about its very address."""
        agent, claim = self._agents.get(address), self._claims.get(address)
        if agent is None or claim is None or claim.address != address:
            return False
        del self._claims[address]
        self._agents[address] = replace(
            agent, prefix=claim.prefix, link_layer_address=claim.link_layer_address, interface=claim.interface
        )
        return True

    def hear(self, heard: HomeAgentHeard, now: float) -> Hearing:
        """Count one advertisement."""
        agent = self._agents.get(heard.address)
        if agent is None:
            if moved := self._moved(heard):
                self._claim(moved, heard, now)
            return self._learn(heard, now)
        if self._contradicts(agent, heard):
            if self.is_held(agent):
                self._claim(agent, heard, now)
                return Hearing.CONTRADICTED
            self._agents[heard.address] = _first_hearing(heard, now)
            return Hearing.REPLACED
        claim = self._claims.get(heard.address)
        if claim is not None and now - claim.heard_time > CLAIM_LASTS:
            del self._claims[heard.address]
        self._agents[heard.address] = _next_hearing(agent, heard, now)
        return Hearing.COUNTED

    def add(self, agent: KnownHomeAgent, now: float) -> bool:
        """Enter one by hand or from the settings; what was heard of it before is kept. False when there is no room."""
        known = self._agents.get(agent.address)
        if known is not None and known.prefix == agent.prefix:
            agent = replace(
                known,
                origin=agent.origin,
                pinned=agent.pinned,
                preference=agent.preference if known.last_heard_time is None else known.preference,
            )
        elif known is None and not self._make_room(now):
            return False
        self._agents[agent.address] = agent
        return True

    def release(self, address: IPv6Address) -> None:
        """Keep it as a merely learned one from now on, or forget it when it was never heard."""
        agent = self._agents.get(address)
        if agent is not None and agent.advertisements:
            self._agents[address] = replace(agent, origin=Origin.LEARNED, pinned=False)
        else:
            self._agents.pop(address, None)

    def remove(self, address: IPv6Address) -> bool:
        """Forget one, and what was claimed of it; False when it was not known."""
        self._claims.pop(address, None)
        return self._agents.pop(address, None) is not None

    def _learn(self, heard: HomeAgentHeard, now: float) -> Hearing:
        if not self._make_room(now):
            return Hearing.NO_ROOM
        self._agents[heard.address] = _first_hearing(heard, now)
        return Hearing.NEW

    def _make_room(self, now: float) -> bool:
        """Evict the lowest, among equals the one not heard for longest, until one more fits."""
        while len(self._agents) >= MAX_KNOWN_HOME_AGENTS:
            evictable = [agent for agent in self._agents.values() if not self.is_held(agent)]
            if not evictable:
                return False
            lowest = min(evictable, key=lambda each: (_rank_of(each, now), each.last_heard_time or 0.0))
            del self._agents[lowest.address]
        return True

    def _moved(self, heard: HomeAgentHeard) -> KnownHomeAgent | None:
        """A home agent that is held on to and seems to have another address now: same network, same hardware."""
        for agent in self._agents.values():
            is_same = (agent.prefix, agent.link_layer_address) == (heard.prefix, heard.link_layer_address)
            if is_same and agent.link_layer_address and self.is_held(agent):
                return agent
        return None

    def _claim(self, agent: KnownHomeAgent, heard: HomeAgentHeard, now: float) -> None:
        self._claims[agent.address] = Claim(
            home_agent=agent.address,
            address=heard.address,
            prefix=heard.prefix,
            interface=heard.interface,
            link_layer_address=heard.link_layer_address,
            heard_time=now,
        )

    def _contradicts(self, agent: KnownHomeAgent, heard: HomeAgentHeard) -> bool:
        other_hardware = agent.link_layer_address not in (b"", heard.link_layer_address)
        return other_hardware or agent.prefix != heard.prefix


def _rank_of(agent: KnownHomeAgent, now: float) -> float:
    if agent.last_heard_time is None:
        return agent.rank
    return rank_now(agent.rank, Seconds(now - agent.last_heard_time))


def _first_hearing(heard: HomeAgentHeard, now: float) -> KnownHomeAgent:
    return KnownHomeAgent(
        address=heard.address,
        prefix=heard.prefix,
        origin=Origin.LEARNED,
        link_layer_address=heard.link_layer_address,
        interface=heard.interface,
        advertisements=1,
        last_heard_time=now,
        rank=rank_after(0.0, 1, Seconds(0.0)),
        preference=heard.preference,
    )


def _next_hearing(agent: KnownHomeAgent, heard: HomeAgentHeard, now: float) -> KnownHomeAgent:
    elapsed = Seconds(0.0 if agent.last_heard_time is None else now - agent.last_heard_time)
    number = agent.advertisements + 1
    return replace(
        agent,
        link_layer_address=heard.link_layer_address,
        interface=heard.interface,
        advertisements=number,
        last_heard_time=now,
        rank=rank_after(agent.rank, number, elapsed),
        preference=heard.preference,
    )
