# SPDX-License-Identifier: GPL-2.0-or-later
"""The life of the packages in a system that has never seen them: installed, used, upgraded, removed, purged."""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.benchmarks.package import ANALYZE, MOST_EXPOSED, read_exposure
from tests.install_lab import contents
from tests.install_lab.failure import Failed, until
from tests.install_lab.journey import Journey
from tests.install_lab.packages import field as control_field
from tests.install_lab.packages import next_version
from tests.install_lab.result import Result
from tests.install_lab.service import BySystemd, Service, ask
from tests.install_lab.system import COPY_RULE, PERSON, RULE, SETTINGS, System, our_devices

PACKAGES = ("mnclient", "mnclient-desktop")
UNITS = ("mnclientd.service", "mnclient-sweep.service")
USER = "mnclient"
NOBODY = "65534"
EXAMPLE = "/usr/share/doc/mnclient/examples/home-agent.toml"
STATE = "/var/lib/mnclient"
WISH = ("home_agent.max_bindings", "12")
OFF = "version = 1\n\n[mobile_node]\nenabled = false\n"
QT = "/usr/lib/mnclient/desktop-libraries"


Step = tuple[str, Callable[[], None]]


@dataclass(frozen=True)
class Part:
    """Steps of a story by their numbers, counted from 1; `last` is 0 for the last one."""

    first: int = 1
    last: int = 0

    @property
    def is_installed_already(self) -> bool:
        """Whether it begins after the step that installs the packages."""
        return self.first > INSTALLING

    def of(self, count: int) -> range:
        """The numbers, of so many. Failed when there are none."""
        numbers = range(self.first, min(self.last or count, count) + 1)
        if not numbers:
            raise Failed(f"there is no step from {self.first} to {self.last}: there are {count}")
        return numbers


INSTALLING = 2
WHOLE = Part()


class Story:
    """`tell` goes through all of it, with the packages `old` and then `new`, and with the journeys.

    `is_brief`: without what is the same on every kernel, where that would take minutes.
    """

    def __init__(
        self,
        guest: System,
        service: Service,
        journeys: Sequence[Journey],
        old: list[Path],
        new: list[Path],
        result: Result,
        *,
        is_brief: bool = False,
    ) -> None:
        self._guest = guest
        self._is_brief = is_brief
        self._service = service
        self._journeys = journeys
        self._old, self._new = old, new
        self._result = result
        self._version = control_field(old[0], "Version")
        self._before: dict[str, str] = {}
        self._users: dict[str, tuple[str, ...]] = {}

    def tell(self, part: Part = WHOLE) -> None:
        """Failed at the first thing that is not as it should be."""
        steps = self._steps()
        for number in part.of(len(steps)):
            what, step = steps[number - 1]
            begun = time.monotonic()
            print(f"{number}. {what} ...", flush=True)
            try:
                step()
            except Failed as error:
                raise Failed(f"{number}. {what}: {error}") from error
            self._result.steps.append({"what": what, "seconds": round(time.monotonic() - begun, 1)})

    def _steps(self) -> list[Step]:
        looked_at: list[Step] = [
            ("the programs answer", self.programs),
            ("the tray finds its libraries", self.tray),
            ("systemd accepts the units, and they are hardly exposed", self.units),
        ]
        asked: list[Step] = [("polkit decides who may ask it, by the example's rule", self.permissions)]
        return [
            ("what is there before is noted", self.before),
            ("the packages are installed", self.install),
            *([] if self._is_brief else looked_at),
            ("the service answers on the system bus", self.first_run),
            *([] if self._is_brief else asked),
            *((each.what, partial(self.go, each)) for each in self._journeys),
            *([("switched off it does nothing any more", self.rest)] if self._journeys else []),
            ("an administrator makes it a home agent", self.settings),
            ("a crash leaves what the next start takes over", self.crash),
            ("the next version takes over", self.upgrade),
            ("removing takes everything but the data", self.remove),
            ("purging takes the data, too, and nothing is left", self.purge),
        ]

    # --- installing ---------------------------------------------------------------------------------------------------

    def before(self) -> None:
        self._before = self._guest.look()
        self._users = self._guest.users()

    def install(self) -> None:
        others = self._installed()
        self._apt("install", *self._inside(self._old))
        if self._installed() - others != set(PACKAGES):
            raise Failed(f"more came than the packages: {self._installed() - others}")
        self._check_files()
        new = contents.new_users(self._users, self._guest.users())
        if new != {USER}:
            raise Failed(f"users after installing: {new or 'none'}")

    def _check_files(self) -> None:
        changed = self._guest.run(["dpkg", "--verify", *PACKAGES]).stdout
        if changed:
            raise Failed(f"files are not as in the packages: {changed}")

    def _installed(self) -> set[str]:
        told = self._guest.run(["dpkg-query", "--show", "--showformat=${db:Status-Abbrev}${Package}\\n"]).stdout
        return {line.split()[1] for line in told.splitlines() if line.startswith("ii ")}

    def _inside(self, packages: list[Path]) -> list[str]:
        return [f"/srv/{each.name}" for each in packages]

    def _apt(self, *command: str) -> None:
        self._guest.run(["apt-get", "--yes", "--no-install-recommends", *command])

    # --- using --------------------------------------------------------------------------------------------------------

    def programs(self) -> None:
        for program in ("mnctl", "mnclientd", "mnclient"):
            told = self._guest.run([program, "--version"], user=NOBODY).stdout.split()
            if told[-1:] != [self._version]:
                raise Failed(f"{program} says it is version {told}")
            if "usage" not in self._guest.run([program, "--help"], user=NOBODY).stdout.lower():
                raise Failed(f"{program} --help does not help")

    def tray(self) -> None:
        search = ["find", f"{QT}/PySide6", f"{QT}/shiboken6", "-name", "*.so*", "-type", "f"]
        libraries = self._guest.run(search).stdout.split()
        missing = {
            line.strip() for line in self._guest.run(["ldd", *libraries]).stdout.splitlines() if "not found" in line
        }
        if missing or not libraries:
            raise Failed(f"libraries that Qt needs: {sorted(missing) or 'none of its own'}")
        modules = "QtCore, QtDBus, QtGui, QtNetwork, QtSvg, QtWidgets"
        lines = f"import sys; sys.path.insert(0, '{QT}'); from PySide6 import {modules}; QtWidgets.QApplication(['x'])"
        self._guest.run(["python3", "-I", "-c", lines], user=NOBODY)

    def units(self) -> None:
        told = self._guest.run(["systemd-analyze", "verify", "--man=no", *UNITS])
        if complaints := (told.stdout + told.stderr).strip():
            raise Failed(f"systemd-analyze verify: {complaints}")
        for unit in UNITS:
            told = self._guest.run([*ANALYZE, f"/lib/systemd/system/{unit}"])
            self._result.exposure[unit] = read_exposure(told.stdout)
            if self._result.exposure[unit] > MOST_EXPOSED:
                raise Failed(f"the exposure of {unit} is {self._result.exposure[unit]}")

    def first_run(self) -> None:
        self._service.start()
        self._check_version(self._version)

    def _check_version(self, version: str) -> None:
        told = ask(self._guest, "status")
        if told["version"] != version:
            raise Failed(f"the service says it is version {told['version']}")

    def permissions(self) -> None:
        refused = self._guest.run(["mnctl", "status"], check=False, user=NOBODY)
        if refused.returncode == 0 or "ermission" not in refused.stderr:
            raise Failed(f"somebody who sits nowhere may ask: {refused.stdout}{refused.stderr}")
        self._guest.run(COPY_RULE)
        until(lambda: self._may_ask(PERSON), "a member of the group may ask")
        self._guest.run(["rm", RULE])
        until(lambda: not self._may_ask(PERSON), "without the rule they may not")

    def _may_ask(self, user: str) -> bool:
        return self._guest.run(["mnctl", "status"], check=False, user=user).returncode == 0

    def go(self, journey: Journey) -> None:
        journey.go(self._service, self._result)

    def rest(self) -> None:
        self._guest.write(SETTINGS, OFF)
        self._service.restart()
        if left := our_devices(self._guest):
            raise Failed(f"switched off it still has {left}")

    def settings(self) -> None:
        if found := our_devices(self._guest):
            raise Failed(f"{found} is there before anybody asked for it")
        self._guest.run(["install", "-m", "644", EXAMPLE, SETTINGS])
        self._service.restart()
        ask(self._guest, "settings", "set", *WISH)
        until(lambda: our_devices(self._guest), "its device is there")
        self._check_wish()
        for each in self._journeys:
            each.look_again()

    def _check_wish(self) -> None:
        told = ask(self._guest, "settings", "get", WISH[0])
        if str(told["value"]) != WISH[1]:
            raise Failed(f"{WISH[0]} is {told['value']}")

    def _is_supervised(self) -> bool:
        """Whether somebody starts it again, and stops it."""
        return isinstance(self._service, BySystemd)

    def crash(self) -> None:
        self._service.crash()
        if not our_devices(self._guest):
            raise Failed("its device went with the process")
        if not self._is_supervised():
            self._service.start()

    # --- upgrading and removing ---------------------------------------------------------------------------------------

    def upgrade(self) -> None:
        self._apt("install", *self._inside(self._new))
        self._service.upgraded()
        self._check_files()
        self._check_version(next_version(self._version))
        self._check_wish()
        until(lambda: our_devices(self._guest), "its device is there again")
        if not any(name.startswith(STATE.lstrip("/")) for name in self._user_data()):
            raise Failed("the service has kept nothing")

    def _user_data(self) -> dict[str, str]:
        """The files of settings and state, and what is in them."""
        seen = self._guest.look(STATE, str(Path(SETTINGS).parent))
        return {name: told for name, told in seen.items() if told.startswith("-")}

    def remove(self) -> None:
        if not self._is_supervised():
            self._service.crash()  # nobody stops it here: the package's own sweep has to do
        before = self._user_data()
        files = self._guest.run(["dpkg-query", "--listfiles", *PACKAGES]).stdout.split()
        self._apt("remove", *PACKAGES)
        if our_devices(self._guest) or self._guest.run(["nft", "list", "tables"]).stdout:
            raise Failed("something is left in the network")
        kept = self._user_data()
        settings = SETTINGS.lstrip("/")
        if not before.keys() <= kept.keys() or kept[settings] != before[settings]:
            raise Failed(f"the data are not as before: {sorted(kept)}")
        ours = [each for each in files if re.match(r"/(usr|lib)/.*mnc[tl]", each)]
        if not ours:
            raise Failed("none of the files is known to be ours")
        if left := self._guest.present(ours):
            raise Failed(f"left after removing: {left}")

    def purge(self) -> None:
        self._apt("purge", *PACKAGES)
        if not self._before:
            print("   (nobody has looked before, so nothing is compared)", flush=True)
            return
        found = contents.compare(self._before, self._guest.look())
        self._result.orphans = [*found.added, *found.changed]
        self._result.new_users = sorted(contents.new_users(self._users, self._guest.users()))
        if found:
            raise Failed(f"left after purging: {found}")
        if not set(self._result.new_users) <= {USER}:
            raise Failed(f"users after purging: {self._result.new_users}")
