# SPDX-License-Identifier: GPL-2.0-or-later
"""Starting and stopping the installed service: by systemd, or by hand as its unit says."""

import json
import signal
from typing import Any, Protocol

from tests.install_lab.failure import Failed, until
from tests.install_lab.guest import Guest, Program
from tests.install_lab.system import System
from tests.installer.unit_rights import one, setpriv

UNIT = "mnclientd.service"
UNIT_FILE = f"lib/systemd/system/{UNIT}"
BUS_SOCKET = "/run/dbus/system_bus_socket"
PAUSE = 0.2  # seconds between two looks, each of which starts a program


class Service(Protocol):
    """What the story does with the service."""

    def start(self) -> None:
        """Start it, unless it runs already; it answers afterwards."""

    def restart(self) -> None:
        """As an administrator does after a change of the settings file."""

    def upgraded(self) -> None:
        """After a new version was installed: it is the one that answers."""

    def crash(self) -> None:
        """Kill it, as a defect or the kernel would, and see what is done about that."""


class ByHand:
    """Without systemd: a system bus, the folders, the user and the capabilities that the unit names."""

    def __init__(self, guest: Guest) -> None:
        self._guest = guest
        self._bus: Program | None = None
        self._service: Program | None = None

    def start(self) -> None:
        if self._bus is None:
            self._guest.run(["mkdir", "-p", "/run/dbus"])
            self._bus = self._guest.popen(["dbus-daemon", "--system", "--nofork", "--nopidfile", "--nosyslog"])
            until(lambda: self._guest.run(["test", "-S", BUS_SOCKET], check=False).returncode == 0, "the bus is there")
        unit = (self._guest.root / UNIT_FILE).read_text(encoding="utf-8")
        user = one(unit, "User")
        state, configuration = one(unit, "StateDirectory"), one(unit, "ConfigurationDirectory")
        folder = ["install", "-d", "-o", user, "-g", user, "-m", one(unit, "StateDirectoryMode"), f"/var/lib/{state}"]
        self._guest.run(folder)
        self._guest.run(["install", "-d", "-m", "755", f"/etc/{configuration}"])
        self._service = self._guest.popen([*setpriv(unit, user), *one(unit, "ExecStart").split()])
        until(lambda: is_answering(self._guest, self._service), "the service answers")

    def restart(self) -> None:
        assert self._service is not None
        if status := self._service.end():
            raise Failed(f"the service stopped with {status}")
        self.start()

    def upgraded(self) -> None:
        self.restart()

    def crash(self) -> None:
        assert self._service is not None
        self._service.end(signal.SIGKILL)


class BySystemd:
    """The unit itself. Installing has enabled and started it."""

    def __init__(self, guest: System) -> None:
        self._guest = guest
        self._seen = "0"

    def start(self) -> None:
        enabled = self._guest.run(["systemctl", "is-enabled", UNIT], check=False).stdout.strip()
        if enabled != "enabled":
            raise Failed(f"{UNIT} is {enabled or 'not there'} after installing")
        until(self._is_active, f"{UNIT} is active", pause=PAUSE)
        until(lambda: is_answering(self._guest), "the service answers", pause=PAUSE)
        self._seen = self._main_pid()

    def restart(self) -> None:
        self._guest.run(["systemctl", "restart", UNIT])
        self.start()

    def upgraded(self) -> None:
        """The package has restarted it."""
        if self._main_pid() == self._seen:
            raise Failed("the service was not restarted")
        self.start()

    def crash(self) -> None:
        before = self._main_pid()
        self._guest.run(["systemctl", "kill", "--signal=KILL", UNIT])
        until(
            lambda: self._main_pid() not in ("0", before) and self._is_active(), f"{UNIT} is started again", pause=PAUSE
        )
        until(lambda: is_answering(self._guest), "the service answers again", pause=PAUSE)
        self._seen = self._main_pid()

    def _is_active(self) -> bool:
        return self._guest.run(["systemctl", "is-active", UNIT], check=False).stdout.strip() == "active"

    def _main_pid(self) -> str:
        return self._guest.run(["systemctl", "show", "--property=MainPID", "--value", UNIT]).stdout.strip()


def is_answering(guest: System, program: Program | None = None) -> bool:
    """Whether mnctl gets an answer; Failed when the program that should answer has ended."""
    if program is not None and not program.is_running():
        raise Failed("the service has ended by itself")
    return guest.run(["mnctl", "status"], check=False).returncode == 0


def ask(guest: System, *command: str, user: str = "", check: bool = True) -> dict[str, Any]:
    """What mnctl answers, as JSON; unless `check` is off, Failed when its exit status is not 0."""
    told: dict[str, Any] = json.loads(guest.run(["mnctl", "--json", *command], user=user, check=check).stdout)
    return told
