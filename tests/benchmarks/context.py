# SPDX-License-Identifier: GPL-2.0-or-later
"""What the benchmarks share: one lab with both services, built when the first one asks for it."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from ipaddress import IPv6Address

from mnclient.units import Instant
from tests.lab import settings
from tests.lab.cable import boot_time
from tests.lab.lab import Lab
from tests.lab.renumbering import Renumbering
from tests.lab.roaming import Roaming
from tests.lab.routers import QUICK, Pace
from tests.lab.topology import HOME
from tests.lab.traffic import reachable_from_outside

PATIENCE = 20.0


@dataclass
class Context:
    """`quick`: fewer rounds, for trying the benchmarks themselves."""

    quick: bool
    undo: ExitStack
    datapath: str = field(default="", init=False)
    """Of the services measured; "" before there are any."""
    _renumbering: Renumbering | None = field(default=None, init=False)
    _roaming: Roaming | None = field(default=None, init=False)

    @property
    def lab(self) -> Lab:
        """The lab of `roaming`, as it is."""
        assert self._roaming is not None, "ask for roaming() first"
        return self._roaming.lab

    def roaming(self, pace: Pace = QUICK) -> Roaming:
        """A home agent, and a laptop with its home address, brought home if it is not there.

        `pace` is that of all routers, the home agent included, whatever it was for the benchmark before.
        """
        if self._roaming is None:
            self._roaming = Roaming(self.undo.enter_context(Lab()))
            self._roaming.start()
            self.datapath = self._roaming.status().datapath.name
        elif self._roaming.lab.cables["eth0"].link != HOME or not self._roaming.laptop.is_running():
            self._roaming.go_home()
        if self.lab.pace != pace:
            self._set_pace(self._roaming, pace)
        return self._roaming

    def _set_pace(self, roaming: Roaming, pace: Pace) -> None:
        self.lab.pace = pace
        for router in self.lab.routers.values():
            router.restart(pace)
        agent = roaming.home_agent
        agent.settings.write_text(settings.home_agent(pace=pace), encoding="utf-8")
        agent.restart()
        self.lab.eventually(agent.is_ready, within=PATIENCE, what="the home agent is back")
        roaming.go_home(within=PATIENCE)
        there = reachable_from_outside(self.lab, self.home_address())
        self.lab.eventually(there, within=PATIENCE, what="somebody outside can reach the laptop")

    @property
    def renumbering(self) -> Renumbering:
        """For the lab of `roaming`: one for all, so that no network is taken for new twice."""
        if self._renumbering is None:
            self._renumbering = Renumbering(self.lab)
        return self._renumbering

    def home_address(self) -> IPv6Address:
        """The laptop's home address."""
        assert self._roaming is not None, "ask for roaming() first"
        return self._roaming.home_addresses()[0].address

    def let_pass(self, seconds: float) -> None:
        """Let the lab run on by itself for a while: the thing measured is what happens meanwhile."""
        until = Instant(boot_time() + seconds)
        self.lab.eventually(lambda: boot_time() >= until, within=seconds + 5)
