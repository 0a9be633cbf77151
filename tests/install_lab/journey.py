# SPDX-License-Identifier: GPL-2.0-or-later
"""The installed service as the laptop of the lab: a connection to its home address survives moves and the way home."""

from typing import Any, Protocol

from tests.install_lab import managers
from tests.install_lab.failure import Failed
from tests.install_lab.guest import Guest
from tests.install_lab.managers import Manager
from tests.install_lab.result import Result
from tests.install_lab.service import BUS_SOCKET, Service
from tests.install_lab.system import SETTINGS
from tests.lab import settings
from tests.lab.bus import Bus
from tests.lab.lab import Lab
from tests.lab.roaming import Roaming
from tests.lab.service import Service as LabService
from tests.lab.topology import HOME, VISITED_A, VISITED_B
from tests.lab.traffic import Probe, TcpTransfer

TOUR = (VISITED_A, VISITED_B, HOME)
PATIENCE = 60.0  # seconds for a move: who manages the interface may have its own ideas of the pace


class Journey(Protocol):
    """A part of the story in which the laptop gets about."""

    what: str

    def go(self, service: Service, result: Result) -> None:
        """With the service that runs; Failed when something broke."""

    def look_again(self) -> None:
        """Later, when the service has made other devices: are they left alone?"""


class Installed(LabService):
    """The service in a guest, as far as the lab asks services anything: over its system bus, seen from outside."""

    def __init__(self, guest: Guest, lab: Lab) -> None:
        self.node = lab.laptop
        self.bus = Bus(lab.laptop)  # the system has started it
        self.bus.socket = guest.outside(BUS_SOCKET)
        self.process = None

    def log(self, lines: int = 60) -> str:
        return "(see the journal)"


class CableTour:
    """One home, two visited networks, home again; beside `manager`, if there is one."""

    what = "a connection survives moves"

    def __init__(self, guest: Guest, lab: Lab, manager: Manager | None) -> None:
        self._guest = guest
        self._lab = lab
        self._manager = manager

    def go(self, service: Service, result: Result) -> None:
        if self._manager:
            self._manager.prepare(self._guest)
        self._travel(service, result.moves)
        self.look_again()
        if self._manager:
            self._manager.clean_up(self._guest)

    def look_again(self) -> None:
        if self._manager:
            managers.check(self._guest, self._manager)

    def _travel(self, service: Service, moves: list[dict[str, Any]]) -> None:
        """Each move with what it cost."""
        roaming = Roaming(self._lab)
        roaming.start_home_agent()
        self._guest.write(SETTINGS, settings.laptop())
        service.restart()
        roaming.adopt(roaming.home_agent, Installed(self._guest, self._lab))
        try:
            address = roaming.home_address(within=PATIENCE)
            with TcpTransfer(self._lab, address) as transfer, Probe(self._lab, address) as probe:
                for link in TOUR:
                    step = roaming.step(link, probe, within=PATIENCE)
                    transfer.flows()
                    roaming.registered_at(link, within=PATIENCE)
                    cost = step.interruption
                    found = {"interruption_ms": cost.interruption_ms, "probes_lost": cost.probes_lost}
                    moves.append({"to": link} | found)
                verdict = transfer.finish()
        except AssertionError as error:
            raise Failed(f"the journey ended after {moves}: {error}") from error
        if not (verdict.survived and verdict.intact):
            raise Failed(f"the connection did not survive {moves}: {verdict}")
