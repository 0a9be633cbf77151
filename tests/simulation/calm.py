# SPDX-License-Identifier: GPL-2.0-or-later
"""What must come true once the network is calm: nothing is lost or forged any more, and nobody moves or crashes.

**Home addresses** are reached within `REACHED_WITHIN`. The longest waits of the protocol add up to that: a router
advertises at least every `LONGEST_INTERVAL` here; a Binding Update is repeated after MAX_BINDACK_TIMEOUT at the latest
(section 11.8).

**Directness** is right within `DIRECT_WITHIN`: no correspondent sends to where the laptop is not, and **payload** comes
through, both ways. A correspondent that could not be told, or that a crashed laptop has forgotten, goes on until its
binding ends, MAX_RR_BINDING_LIFETIME at the latest (sections 5.2.7 and 9.5.2).

Then all that stays so, and there is **rest**: no more messages than it takes to keep things up. An interface that
has to last before it is trusted may break it once by taking over, within `INTERFACES_PROVED`.
"""

from __future__ import annotations

from ipaddress import IPv6Address
from typing import Final

from mnclient.constants import (
    MAX_BINDACK_TIMEOUT,
    MAX_INTERFACE_PATIENCE,
    MAX_RR_BINDING_LIFETIME,
    RETRANS_TIMER,
)
from mnclient.model.status import HomeAddressState as State
from tests.simulation.invariants import Broken
from tests.simulation.links import LONGEST_DELAY
from tests.simulation.mobile import Laptop
from tests.simulation.servers import HomeAgentHost
from tests.simulation.world import LONGEST_INTERVAL, TALKS, World

REACHED_WITHIN: Final = LONGEST_INTERVAL + MAX_BINDACK_TIMEOUT + 10.0
DIRECT_WITHIN: Final = MAX_RR_BINDING_LIFETIME + 10.0
SILENCE: Final = 3 * TALKS  # one packet may be lost: on its way directly when the laptop's half of that has just ended
INTERFACES_PROVED: Final = LONGEST_INTERVAL + MAX_INTERFACE_PATIENCE + 2 * RETRANS_TIMER  # heard, trusted, detected
REST: Final = 20.0  # seconds for which it is looked on
MOST_AT_REST: Final = 150  # messages of one laptop in that time


class Calm:
    """The end of a run."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._began = world.clock.now
        self.reached_after = self.direct_after = 0.0

    def settle(self) -> None:
        """Let things come to rest; `Broken` when they do not."""
        self.reached_after = self._wait(self._unreached, REACHED_WITHIN)
        self.direct_after = self._wait(lambda: self._astray() or self._unheard(), DIRECT_WITHIN)
        began, clock = self._world.clock.now, self._world.clock
        words = self._disturbed()
        if words and began < self._began + INTERFACES_PROVED:
            clock.run_until(max(clock.now, self._began + INTERFACES_PROVED))
            words = self._disturbed()
        if words:
            raise Broken(words)

    def _disturbed(self) -> str:
        """Let things rest; what is wrong then, "" when nothing is."""
        world = self._world
        sent = world.invariants.counters["sent"]
        world.clock.run_until(world.clock.now + REST)
        if words := self._unreached() or self._astray() or self._unheard():
            return f"all was well, and nothing happened, and now {words}"
        sent = world.invariants.counters["sent"] - sent
        return f"{sent} messages in {REST:g} s of rest" if sent > MOST_AT_REST * len(world.laptops) else ""

    def _wait(self, trouble: object, limit: float) -> float:
        assert callable(trouble)
        clock = self._world.clock
        while words := trouble():
            if clock.now - self._began > limit:
                raise Broken(f"{limit:g} s after all was calm, {words}")
            clock.run_until(clock.now + 1.0)
        return clock.now - self._began

    def _unreached(self) -> str:
        return next((words for laptop in self._world.laptops if (words := self._why_not(laptop))), "")

    def _why_not(self, laptop: Laptop) -> str:
        """What is wrong with the home registration of a laptop, "" when nothing is."""
        now = self._world.clock.now
        (status,) = laptop.engine.status(now).home_addresses
        agent = self._agent_of(laptop)
        bound = agent.ways.get(laptop.home.address)
        home_link = self._world.home_link_of(laptop)
        if status.state is State.AT_HOME:
            is_there = any(port.link is home_link and port.owns(laptop.home.address) for port in laptop.ports.values())
            if bound is not None:
                return f"{laptop.name} is at home, and its home agent sends to {bound}"
            return "" if is_there else f"{laptop.name} is not at home, and thinks so"
        if status.state is not State.REGISTERED:
            return f"{laptop.name} is {status.state.value} (last status {status.last_status})"
        if bound is None or bound != status.care_of_address:
            return f"{laptop.name} is at {status.care_of_address}, and its home agent sends to {bound or 'nowhere'}"
        return "" if self._is_right(laptop, bound) else f"{laptop.name} is not where {bound} belongs"

    @staticmethod
    def _is_right(laptop: Laptop, care_of: IPv6Address) -> bool:
        """Whether the address is on an interface that is plugged into the link it belongs to."""
        return any(
            port.link is not None and care_of in port.link.prefix and port.owns(care_of)
            for port in laptop.ports.values()
        )

    def _agent_of(self, laptop: Laptop) -> HomeAgentHost:
        return next(agent for agent in self._world.agents if agent.address == laptop.home.home_agent)

    def _astray(self) -> str:
        """Which correspondent sends to where a laptop is not."""
        for correspondent in self._world.correspondents:
            for laptop in self._world.laptops:
                care_of = correspondent.ways.get(laptop.home.address)
                if care_of is not None and not self._is_right(laptop, care_of):
                    return f"{correspondent.name} sends packets for {laptop.name} to {care_of}"
        return ""

    def _unheard(self) -> str:
        """Whose payload has not come through lately."""
        seen = self._world.invariants
        lately = max(self._world.clock.now - SILENCE, self._began + LONGEST_DELAY)
        for correspondent in self._world.correspondents:
            for laptop in self._world.laptops:
                ends = (correspondent.address, laptop.home.address)
                if seen.heard_by_laptop.get(ends, 0.0) < lately:
                    return f"{laptop.name} hears nothing of {correspondent.name}"
                if seen.heard_by_correspondent.get(ends, 0.0) < lately:
                    return f"{correspondent.name} hears nothing of {laptop.name}"
        return ""
