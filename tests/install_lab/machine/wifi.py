# SPDX-License-Identifier: GPL-2.0-or-later
"""What happens to the emulated laptop: it roams between access points, sleeps, and starts anew."""

import time

from tests.install_lab.failure import Failed, until
from tests.install_lab.machine.conversation import Conversation
from tests.install_lab.machine.image import AccessPoint
from tests.install_lab.machine.machine import Machine
from tests.install_lab.managers import NetworkManager, check
from tests.install_lab.result import Result
from tests.install_lab.service import Service
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
ECHO_PORT = 7010
LOOK = 0.5  # seconds between two looks at the home agent, which runs on the processor that emulates
WITHIN = 30.0  # seconds, stretched as all limits are under emulation


class WifiTour:
    """From one access point to the other and back, with NetworkManager and wpa_supplicant, while a connection lasts.

    Then it sleeps and wakes up, and is started anew; the time until the home agent knows where it is goes into the
    result.
    """

    what = "a connection survives roaming between access points, and sleep; after a start it registers"

    def __init__(self, machine: Machine, roaming: Roaming) -> None:
        self._machine = machine
        self._roaming = roaming

    def go(self, service: Service, result: Result) -> None:
        self._machine.write(SETTINGS, settings.laptop_with(HOME_ADDRESS, HOME_AGENT_ADDRESS))
        service.restart()
        self._registered_at(VISITED_A)
        self._machine.run(["systemd-run", "--unit=trial-echo", "python3", "-I", "/srv/echo.py", str(ECHO_PORT)])
        until(self._listens, "the laptop listens", within=WITHIN)
        with Conversation(self._roaming.lab.correspondent, HOME_ADDRESS, ECHO_PORT) as conversation:
            conversation.goes_on()
            for point, link in (POINTS[1], POINTS[0]):
                begun = time.monotonic()
                self._machine.run(["nmcli", "--wait", "0", "connection", "up", point.name])
                self._registered_at(link)
                conversation.goes_on()
                result.moves.append({"to": point.name, "emulated_seconds": round(time.monotonic() - begun, 1)})
            self.look_again()
            self._sleep(result)
            conversation.goes_on()
        self._start_anew(service, result)

    def _listens(self) -> bool:
        return bool(self._machine.run(["ss", "-Hltn", f"sport = :{ECHO_PORT}"]).stdout)

    def look_again(self) -> None:
        check(self._machine, NetworkManager())

    def _sleep(self, result: Result) -> None:
        begun = time.monotonic()
        self._machine.sleep_and_wake()
        until(lambda: self._journal_has("the machine woke up"), "the service hears of waking up", within=WITHIN)
        self._registered_at(VISITED_A)
        result.seconds["emulated: sleep, wake up, registered"] = round(time.monotonic() - begun, 1)

    def _start_anew(self, service: Service, result: Result) -> None:
        self._machine.reboot()
        begun = time.monotonic()
        self._roaming.forget_bindings()
        self._registered_at(VISITED_A, within=2 * WITHIN)
        result.seconds["emulated: boot to registered"] = round(time.monotonic() - begun, 1)
        self._machine.booted()
        result.seconds["emulated: boot, of that"] = self._boot_seconds()
        service.start()

    def _boot_seconds(self) -> float:
        """From the start of the kernel until systemd has started everything."""
        told = self._machine.run(["systemctl", "show", "--property=FinishTimestampMonotonic", "--value"]).stdout
        return round(int(told) / 1e6, 1)

    def _journal_has(self, words: str) -> bool:
        return words in self._machine.run(["journalctl", "--unit=mnclientd", "--boot", "--no-pager"]).stdout

    def _registered_at(self, link: str, within: float = WITHIN) -> None:
        """Wait until the home agent has a binding with a care-of address of this link."""

        def is_registered() -> bool:
            return any(
                entry.home_address == HOME_ADDRESS and entry.care_of_address in SITES[link]
                for entry in ask(self._roaming.home_agent)[1]
            )

        try:
            until(is_registered, f"the home agent has a binding at {link}", within=within, pause=LOOK)
        except Failed as error:
            raise Failed(f"{error}\n{self._picture()}") from None

    def _picture(self) -> str:
        """What one wants to know in trouble; the rest is in the log."""
        commands = ("nmcli device", "ip -6 addr", "ip -6 rule", "mnctl status", "mnctl problems")
        said = [self._machine.run(each.split(), check=False).stdout for each in commands]
        self._machine.run(["journalctl", "--boot", "--no-pager", "--lines=200"], check=False)
        return "\n".join(said)[-3000:]
