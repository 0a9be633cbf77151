# SPDX-License-Identifier: GPL-2.0-or-later
"""Somebody logs in on a desktop, as far as a screen without a window manager is one, and the tray starts."""

import base64
import subprocess
import time
from pathlib import Path

from tests.install_lab.failure import Failed, until
from tests.install_lab.result import Result
from tests.install_lab.root import CACHE
from tests.install_lab.service import PAUSE, Service
from tests.install_lab.system import COPY_RULE, GROUP, PERSON, RULE, System, put
from tests.kernel_lab.probe import is_emulated

PACKAGES = ("xvfb", "xdotool", "fonts-dejavu-core")
SCRIPT = Path(__file__).resolve().parent / "desktop.sh"
SCREEN = "/run/screen"
PICTURE = CACHE / "first-login.png"
LINE = 1100 * 4  # octets of a line of the screen in desktop.sh
TELLING = 150  # lines that differ; the sentence that the service is looked for has half as many, every page many more
WITHIN = 30.0  # seconds, stretched under emulation
WHERE = {True: "emulated: ", False: ""}


class FirstLogin:
    """Somebody of the group that may ask the service logs in, and the tray starts; its picture goes to `file`."""

    what = "somebody logs in, and the tray shows itself"

    def __init__(self, system: System, file: Path) -> None:
        self._system = system
        self._file = file

    def go(self, service: Service, result: Result) -> None:
        run = self._system.run
        run(COPY_RULE)
        run(["install", "-d", "-o", PERSON, "-g", PERSON, SCREEN])
        put(self._system, f"{SCREEN}/desktop.sh", SCRIPT.read_text(encoding="utf-8"))
        begun = time.monotonic()
        rights = [f"--uid={PERSON}", f"--property=SupplementaryGroups={GROUP}"]
        run(["systemd-run", "--unit=trial-desktop", *rights, "sh", f"{SCREEN}/desktop.sh", SCREEN])
        until(self._has_window, "the tray has opened a window", within=WITHIN, pause=PAUSE)
        result.seconds[f"{WHERE[is_emulated()]}login to window"] = round(time.monotonic() - begun, 1)
        self._take_picture()
        run(["systemctl", "stop", "trial-desktop"])
        run(["rm", "-r", RULE, SCREEN])

    def look_again(self) -> None:
        """Nothing to look at."""

    def _has_window(self) -> bool:
        state = self._system.run(["systemctl", "is-active", "trial-desktop"], check=False).stdout.strip()
        if state != "active":
            told = self._system.run(["journalctl", "--unit=trial-desktop", "--no-pager"], check=False).stdout
            raise Failed(f"the tray has ended: {told[-1500:]}")
        search = ["env", "DISPLAY=:9", "xdotool", "search", "--onlyvisible", "--name", "."]
        return bool(self._system.run(search, check=False, user=PERSON).stdout.strip())

    def _take_picture(self) -> None:
        """When it does not change any more, and is more than the sentence that the service is looked for."""
        seen: list[str] = []

        def is_settled() -> bool:
            seen.append(self._system.run(["base64", "-w0", f"{SCREEN}/Xvfb_screen0"]).stdout)
            return len(seen) > 1 and seen[-1] == seen[-2] and _lines(base64.b64decode(seen[-1])) >= TELLING

        until(is_settled, "the window shows what the service says", within=WITHIN, pause=PAUSE)
        dump = self._file.with_suffix(".xwd")
        dump.write_bytes(base64.b64decode(seen[-1]))
        done = subprocess.run(["convert", f"xwd:{dump}", str(self._file)], capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failed(f"no picture can be made of the screen: {done.stderr.strip()}")
        dump.unlink()


def _lines(screen: bytes) -> int:
    """How many lines of it differ from each other."""
    return len({screen[begin : begin + LINE] for begin in range(0, len(screen), LINE)})
