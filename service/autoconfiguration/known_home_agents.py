# SPDX-License-Identifier: GPL-2.0-or-later
"""The list of known home agents: 32 at most, kept over restarts.

Entries are learned from Router Advertisements, shipped by an administrator or added by the person. When the list is
full a newcomer takes the place of the learned one with the lowest rank. Entries that are pinned, or of another origin,
or that serve a home address are never evicted, so that a flood of invented home agents costs nothing that matters.

A record keeps its rank as of the last advertisement (see `ranking`); `listing` gives the ranks of now. All times are
wall-clock seconds.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import Enum
from ipaddress import IPv6Address, IPv6Network

from mnclient.constants import MAX_KNOWN_HOME_AGENTS
from mnclient.model.service_status import KnownHomeAgent, Origin
from mnclient.units import Seconds
from service.autoconfiguration.ranking import order, rank_after, rank_now


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
    """The list. `in_use` tells whether a home agent serves a home address: then it is held on to like a pinned one."""

    def __init__(self, agents: Iterable[KnownHomeAgent] = (), in_use: Callable[[IPv6Address], bool] = _nobody) -> None:
        self._agents = {agent.address: agent for agent in agents}
        self._in_use = in_use

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
        return tuple(sorted((replace(agent, rank=_rank_of(agent, now)) for agent in self._agents.values()), key=order))

    def rank(self, address: IPv6Address, now: float) -> float:
        """The rank now; 0 for one that is not known."""
        agent = self._agents.get(address)
        return _rank_of(agent, now) if agent else 0.0

    def is_held(self, agent: KnownHomeAgent) -> bool:
        """Whether it is trusted or needed: never evicted, and its hardware address and prefix never change by claim."""
        return agent.pinned or agent.origin is not Origin.LEARNED or self._in_use(agent.address)

    def hear(self, heard: HomeAgentHeard, now: float) -> Hearing:
        """Count one advertisement."""
        agent = self._agents.get(heard.address)
        if agent is None:
            return self._learn(heard, now)
        if self._contradicts(agent, heard):
            if self.is_held(agent):
                return Hearing.CONTRADICTED
            self._agents[heard.address] = _first_hearing(heard, now)
            return Hearing.REPLACED
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
        """Forget one; False when it was not known."""
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
