# SPDX-License-Identifier: GPL-2.0-or-later
"""What happens to the hosts: cables, crashes, sleep, dead links, in the middle of everything.

A mood decides how much time lies between two blows: within one exchange of messages, between two, or long enough for
lifetimes to end. When the calm begins everything is put right at once, and nothing planned before happens any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final

from mnclient.engine.events import Resumed
from tests.simulation.adversary import Adversary
from tests.simulation.host import Host
from tests.simulation.links import Link
from tests.simulation.mobile import Laptop, Port
from tests.simulation.servers import HomeAgentHost
from tests.simulation.world import World

MOODS: Final = ((0.02, 0.4, 2.0, 6.0), (2.0, 4.0), (4.0, 8.0), (6.0,))  # seconds, on average, between two blows
HOSTILE: Final = 0.25  # of all runs: there the adversary has a hand in every second blow
LONG_GAP: Final = 90.0
RESTART: Final = (0.1, 0.5, 2.0)  # of a service; a machine takes ten times as long


class Faults:
    """The blows of one run; `struck` counts them by kind."""

    def __init__(self, world: World, adversary: Adversary) -> None:
        self._world = world
        self._random = world.random
        self._clock = world.clock
        self._adversary = adversary
        self._is_over = False
        self.struck: Counter[str] = Counter()
        self._blows: tuple[tuple[float, Callable[[], None]], ...] = (
            (0.72, self._move),
            (0.03, self._unplug),
            (0.05, self._sleep),
            (0.03, self._crash_laptop),
            (0.03, self._crash_server),
            (0.04, self._cut_link),
            (0.02, self._cut_home_link),
            (0.03, self._change_conditions),
            (0.05, adversary.attack),
        )

    def run(self, blows: int) -> None:
        """So many blows, one after the other."""
        random = self._random
        mood, is_hostile = random.choice(MOODS), random.random() < HOSTILE
        for _ in range(blows):
            gap = random.choice(mood) if random.random() > 0.02 else LONG_GAP
            self._clock.run_until(self._clock.now + gap * (random.random() + random.random()))
            if is_hostile and random.random() < 0.5:
                self._blow(self._adversary.attack)
            else:
                self._strike()

    def end(self) -> None:
        """The calm begins: everything is put right."""
        self._is_over = True
        self._adversary.is_active = False
        world = self._world
        world.calm()
        for host in world.hosts:
            if not host.is_running:
                host.start()
            if host.is_asleep:
                self._wake(host)
        for agent in world.agents:
            if not agent.is_plugged:
                self._plug_home_link(agent)
        for laptop in world.laptops:
            if not any(port.link is not None for port in laptop.ports.values()):
                laptop.plug(laptop.ports["eth0"], self._random.choice(world.links))
            for port in laptop.ports.values():
                if port.has_news:
                    laptop.tell(port)

    def _strike(self) -> None:
        dice = self._random.random()
        for share, blow in self._blows:
            dice -= share
            if dice < 0:
                self._blow(blow)
                return

    def _blow(self, blow: Callable[[], None]) -> None:
        self.struck[blow.__name__.strip("_")] += 1
        blow()

    def _later(self, delay: float, happening: Callable[[], None]) -> None:
        self._clock.after(delay, lambda: None if self._is_over else happening())

    # --- cables ------------------------------------------------------------------------------------------------------

    def _any_port(self) -> tuple[Laptop, Port]:
        laptop = self._random.choice(self._world.laptops)
        return laptop, self._random.choice(list(laptop.ports.values()))

    def _somewhere(self, laptop: Laptop, port: Port) -> Link:
        if self._random.random() < 0.3:
            return self._world.home_link_of(laptop)
        return self._random.choice([link for link in self._world.links if link is not port.link])

    def _move(self) -> None:
        """To another link: pulled and plugged, within two looks, or without any sign."""
        laptop, port = self._any_port()
        link, style = self._somewhere(laptop, port), self._random.random()
        if port.link is None or style < 0.6:
            self._pull(laptop, port)
            gap = self._random.choice((0.0, 0.05, 0.05, 1.0, 4.0))
            self._later(gap, lambda: self._plug(laptop, port, link))
        elif style < 0.8:
            laptop.plug(port, link)
            laptop.tell(port, interrupted=True)
        else:
            laptop.plug(port, link)

    def _unplug(self) -> None:
        laptop, port = self._any_port()
        self._pull(laptop, port)

    def _pull(self, laptop: Laptop, port: Port) -> None:
        if port.link is not None:
            laptop.plug(port, None)
            laptop.tell(port)

    def _plug(self, laptop: Laptop, port: Port, link: Link) -> None:
        """Plugged in; the link-local address comes with it or, after its duplicate detection, a second later."""
        laptop.plug(port, link)
        at_once, session = self._random.random() < 0.7, port.session
        laptop.tell(port, link_local=at_once)
        if not at_once:
            self._clock.after(1.0, lambda: laptop.tell(port) if port.session == session else None)

    def _cut_link(self) -> None:
        """A link carries nothing for a while, and nobody is told; it may be all of the core."""
        if self._random.random() < 0.2:
            conditions = self._world.network.core
        else:
            conditions = self._random.choice(self._world.visited).conditions
        conditions.is_dead = True

        def mend() -> None:
            conditions.is_dead = False

        self._later(self._random.choice((0.5, 5.0, 40.0)), mend)

    def _cut_home_link(self) -> None:
        """The home agent's cable."""
        agent = self._random.choice(self._world.agents)
        if agent.is_plugged:
            agent.is_plugged = False
            agent.link.unplug(agent)
            agent.give(agent.link_changed())
            self._later(self._random.choice((0.5, 5.0)), lambda: self._plug_home_link(agent))

    @staticmethod
    def _plug_home_link(agent: HomeAgentHost) -> None:
        agent.is_plugged = True
        agent.link.plug(agent)
        agent.give(agent.link_changed())

    def _change_conditions(self) -> None:
        self._world.roughen()

    # --- hosts -------------------------------------------------------------------------------------------------------

    def _crash_laptop(self) -> None:
        self._crash(self._random.choice(self._world.laptops))

    def _crash_server(self) -> None:
        self._crash(self._random.choice([*self._world.agents, *self._world.correspondents]))

    def _crash(self, host: Host) -> None:
        if not host.is_running:
            return
        reboots = self._random.random() < 0.3
        host.crash(reboots=reboots)
        down = self._random.choice(RESTART) * (10.0 if reboots else 1.0)
        self._later(down, lambda: None if host.is_running else host.start())

    def _sleep(self) -> None:
        """The lid is closed; the laptop may be carried elsewhere meanwhile. Its clock goes on."""
        laptop, port = self._any_port()
        if laptop.is_asleep or not laptop.is_running:
            return
        laptop.note("falls asleep")
        laptop.is_asleep = True
        if self._random.random() < 0.5:
            laptop.plug(port, self._somewhere(laptop, port))
        self._later(self._random.choice((1.0, 15.0, 60.0, 500.0)), lambda: self._wake(laptop))

    def _wake(self, host: Host) -> None:
        """What is overdue and the news of the sleep come in either order, and the news of the links may not come."""
        if not host.is_asleep:
            return
        host.note("wakes up")
        host.wake()
        resumed_first = self._random.random() < 0.5
        if resumed_first:
            host.give(Resumed())
        else:
            self._clock.after(0.001, lambda: host.give(Resumed()))
        if isinstance(host, Laptop):
            for port in host.ports.values():
                if port.has_news or self._random.random() < 0.5:
                    host.tell(port, interrupted=self._random.random() < 0.5)
