# SPDX-License-Identifier: GPL-2.0-or-later
"""The emulated laptop among its access points, and the home agent that says where it is."""

from collections.abc import Iterator
from contextlib import contextmanager

from mnclient.model.problems import ProblemCode
from tests.install_lab.failure import Failed, until
from tests.install_lab.machine.conversation import Conversation
from tests.install_lab.machine.image import ECHO_PORT, AccessPoint
from tests.install_lab.machine.machine import Machine
from tests.install_lab.service import Service
from tests.install_lab.service import ask as ask_mnctl
from tests.install_lab.system import SETTINGS
from tests.lab import settings
from tests.lab.asking import ask
from tests.lab.roaming import Roaming
from tests.lab.topology import HOME_AGENT_ADDRESS, HOME_PREFIX, SITES, VISITED_A, VISITED_B

HOME_ADDRESS = HOME_PREFIX[0x600D]
POINTS = (
    (AccessPoint("cafe", 1, "02:00:00:00:aa:01"), VISITED_A),
    (AccessPoint("library", 6, "02:00:00:00:aa:02"), VISITED_B),
)
PREFERRED = POINTS[0][0].name
LOOK = 0.5  # seconds between two looks at what runs on the processor that emulates
WITHIN = 30.0  # seconds, stretched as all limits are under emulation


class Abroad:
    """What the journeys of the emulated laptop have in common. It is at the preferred access point in the beginning."""

    def __init__(self, machine: Machine, roaming: Roaming) -> None:
        self.machine = machine
        self.roaming = roaming
        self._point = PREFERRED
        self._is_settled = False

    @property
    def link(self) -> str:
        """The link behind the access point that it is connected to."""
        return self.machine.links[self._point]

    def settle(self, service: Service) -> None:
        """Make it a laptop with a home address, unless it is one; returns when the home agent knows where it is."""
        if not self._is_settled:
            self.machine.write(SETTINGS, settings.laptop_with(HOME_ADDRESS, HOME_AGENT_ADDRESS))
            service.restart()
            self._is_settled = True
        self.registered()

    @contextmanager
    def talk(self) -> Iterator[Conversation]:
        """A connection from the correspondent to the home address, which works before the block and after it."""
        until(self._listens, "the laptop listens", within=WITHIN, pause=LOOK)
        with Conversation(self.roaming.lab.correspondent, HOME_ADDRESS, ECHO_PORT) as conversation:
            conversation.goes_on()
            yield conversation
            conversation.goes_on()

    def _listens(self) -> bool:
        return bool(self.machine.run(["ss", "-Hltn", f"sport = :{ECHO_PORT}"]).stdout)

    def go_on(self) -> str:
        """Connect to the other access point, as a person does; its name, when the home agent knows."""
        self._point = next(name for name in self.machine.links if name != self._point)
        self.machine.run(["nmcli", "--wait", "0", "connection", "up", self._point])
        self.registered()
        return self._point

    def chose(self, point: str) -> None:
        """NetworkManager is going to connect to this one by itself."""
        self._point = point

    def registered(self, within: float = WITHIN) -> None:
        """Wait until the home agent has a binding with a care-of address of the link where it is.

        Says something only where it was at another link before, or the home agent had forgotten it.
        """

        def is_registered() -> bool:
            return any(
                entry.home_address == HOME_ADDRESS and entry.care_of_address in SITES[self.link]
                for entry in ask(self.roaming.home_agent)[1]
            )

        try:
            until(is_registered, f"the home agent has a binding at {self.link}", within=within, pause=LOOK)
        except Failed as error:
            raise Failed(f"{error}\n{self._picture()}") from None

    # --- what is told about it ----------------------------------------------------------------------------------------

    def explains(self, code: ProblemCode) -> None:
        """Wait until `mnctl problems` tells a person of this one."""
        until(lambda: code.value in self.problems(), f"mnctl problems tells of {code.value}", within=WITHIN, pause=LOOK)

    def explains_no_more(self, code: ProblemCode) -> None:
        """Wait until it does not any more."""
        words = f"mnctl problems tells of {code.value} no more"
        until(lambda: code.value not in self.problems(), words, within=WITHIN, pause=LOOK)

    def problems(self) -> set[str]:
        """The codes of what `mnctl problems` tells now."""
        return {each["code"] for each in ask_mnctl(self.machine, "problems")["problems"]}

    def is_healthy(self, *checks: str) -> None:
        """Failed unless `mnctl doctor` finds nothing to say against these."""
        found = {each["name"]: each for each in ask_mnctl(self.machine, "doctor", check=False)["checks"]}
        if ill := [found[name] for name in checks if found[name]["verdict"] != "ok"]:
            raise Failed(f"the doctor says {ill}")

    def _picture(self) -> str:
        """What one wants to know in trouble; the rest is in the log."""
        commands = ("nmcli device", "ip -6 addr", "ip -6 rule", "mnctl status", "mnctl problems")
        said = [self.machine.run(each.split(), check=False).stdout for each in commands]
        return "\n".join(said)[-3000:]
