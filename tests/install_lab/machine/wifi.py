# SPDX-License-Identifier: GPL-2.0-or-later
"""What happens to the emulated laptop: it roams between access points, sleeps, and starts anew."""

import time

from tests.install_lab.failure import until
from tests.install_lab.machine.abroad import LOOK, PREFERRED, WITHIN, Abroad
from tests.install_lab.managers import NetworkManager, check
from tests.install_lab.result import Result
from tests.install_lab.service import Service


class WifiTour:
    """From one access point to the other and back, with NetworkManager and wpa_supplicant, while a connection lasts."""

    what = "a connection survives roaming between access points"

    def __init__(self, abroad: Abroad) -> None:
        self._abroad = abroad

    def go(self, service: Service, result: Result) -> None:
        self._abroad.settle(service)
        with self._abroad.talk() as conversation:
            for _ in range(2):
                begun = time.monotonic()
                point = self._abroad.go_on()
                conversation.goes_on()
                result.moves.append({"to": point, "emulated_seconds": round(time.monotonic() - begun, 1)})
        self.look_again()

    def look_again(self) -> None:
        check(self._abroad.machine, NetworkManager())


class Sleep:
    """It sleeps, and wakes up where the access point of the same name leads into another network."""

    what = "a connection survives sleep, and waking up in another network"

    def __init__(self, abroad: Abroad) -> None:
        self._abroad = abroad

    def go(self, service: Service, result: Result) -> None:
        abroad, machine = self._abroad, self._abroad.machine
        abroad.settle(service)
        with abroad.talk():
            machine.sleep()
            machine.swap_links()
            abroad.chose(PREFERRED)
            begun = time.monotonic()
            machine.wake()
            abroad.registered(within=2 * WITHIN)
            result.seconds["emulated: wake-up to registered"] = round(time.monotonic() - begun, 1)
        until(self._has_heard_of_it, "the service hears of waking up", within=WITHIN, pause=LOOK)

    def _has_heard_of_it(self) -> bool:
        command = ["journalctl", "--unit=mnclientd", "--boot", "--no-pager", "--output=cat"]
        return "the machine woke up" in self._abroad.machine.run(command).stdout

    def look_again(self) -> None:
        """Nothing to look at."""


class NewStart:
    """It is started anew; the time until the home agent knows where it is goes into the result.

    It is counted from the start of the kernel: the firmware before that is the emulator's.
    """

    what = "after a start of the machine it registers"

    def __init__(self, abroad: Abroad) -> None:
        self._abroad = abroad

    def go(self, service: Service, result: Result) -> None:
        abroad, machine = self._abroad, self._abroad.machine
        abroad.settle(service)
        machine.reboot()
        abroad.chose(PREFERRED)
        abroad.roaming.forget_bindings()
        abroad.registered(within=2 * WITHIN)
        result.seconds["emulated: boot to registered"] = self._seconds_since_boot()
        machine.booted()
        result.seconds["emulated: boot until everything has started"] = self._boot_seconds()
        with abroad.talk():
            service.start()

    def _seconds_since_boot(self) -> float:
        return round(float(self._abroad.machine.run(["cat", "/proc/uptime"]).stdout.split()[0]), 1)

    def _boot_seconds(self) -> float:
        """From the start of the kernel until systemd has started everything."""
        command = ["systemctl", "show", "--property=FinishTimestampMonotonic", "--value"]
        return round(int(self._abroad.machine.run(command).stdout) / 1e6, 1)

    def look_again(self) -> None:
        """Nothing to look at."""
