# SPDX-License-Identifier: GPL-2.0-or-later
"""Pictures of windows, as they are kept: cropped, on a plain ground with a small margin, in few colours."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from tests.ui.desktop import Desktop
from tests.ui.eyes import Eyes

MARGIN: Final = 16
STILL: Final = 0.5
"""Seconds that a window has to stay as it is before it is pictured."""
PATIENCE: Final = 4.0
"""Seconds until one that never stays is pictured all the same: some have a clock or a graph."""
GROUNDS: Final = {"light": ("#c9cfd6", "#e9edf1"), "dark": ("#454d57", "#101215")}
"""The line around a window, and what is around that."""


class Seat:
    """A desktop whose person likes `theme`, with the tray app on it."""

    def __init__(self, here: Desktop, theme: str, address: str) -> None:
        self.here = here
        self.theme = theme
        self.eyes = Eyes(here)
        self.address = address
        self._app: subprocess.Popen[bytes] | None = None
        folder = here.folder / "xdg_config_home" / "mnclient"
        folder.mkdir()
        wishes = {"theme": theme, "wizard_offered": True, "language": "en"}
        (folder / "tray.json").write_text(json.dumps(wishes), encoding="utf-8")
        for each in (folder, folder / "tray.json"):
            shutil.chown(each, here.user, here.user)

    def start(self) -> None:
        """Start the tray app, without a window."""
        self._app = self.here.start_app("--bus", self.address, "--hidden")
        self.here.until(self.here.tray_item, "the icon")

    def stop(self) -> None:
        """End it."""
        assert self._app is not None, "it was not started"
        self.here.stop(self._app)
        self.here.until(lambda: not self.here.tray_item(), "the end of the icon")

    def open(self, *arguments: str) -> None:
        """Open a window of the program that runs: --window PAGE, --preferences PAGE or --wizard."""
        done = self.here.run_app("--bus", self.address, *arguments)
        assert done.returncode == 0, f"mnclient {' '.join(arguments)}: {done.stderr}"

    def close_windows(self) -> None:
        """Close what is open."""
        for window in self.here.windows():
            self.here.run("xdotool", "windowactivate", "--sync", window)
            self.here.key("Escape")  # as from a keyboard: one sent to the window comes again when it is shown again
        self.here.until(lambda: not self._titled(), f"the end of {self._titled()}")

    def _titled(self) -> list[str]:
        names = [self.here.run("xdotool", "getwindowname", each).strip() for each in self.here.windows()]
        return [each for each in names if each and "sni" not in each.lower() and each != "openbox"]


class Album:
    """Pictures in `folder`; with `only`, those whose names begin so."""

    def __init__(self, folder: Path, only: Iterable[str] = ()) -> None:
        self.folder = folder
        self.only = tuple(only)
        self.written: list[Path] = []
        folder.mkdir(parents=True, exist_ok=True)

    def wants(self, *names: str) -> bool:
        """Whether any of these is to be made."""
        return not self.only or any(name.startswith(each) for name in names for each in self.only)

    def window(self, seat: Seat, name: str, title: str) -> None:
        """The window with this in its title (a regular expression)."""
        if not self.wants(name):
            return
        here = seat.here
        window = here.until(lambda: here.window(title), f"the window {title!r}")
        here.run("xdotool", "windowactivate", "--sync", window, "windowraise", window)
        size = here.run("xwininfo", "-root")
        width = int(re.search(r"Width: (\d+)", size)[1])
        here.run("xdotool", "mousemove", str(width - 1), "0")  # --sync waits long when it is there already
        _wait_still(lambda: here.screen.part(*here.place(window)))
        self._keep(seat, name, "-window", window)

    def region(self, seat: Seat, name: str, place: tuple[int, int, int, int]) -> None:
        """What is on this part of the screen, without the empty ground around it."""
        if self.wants(name):
            x, y, width, height = place
            self._keep(seat, name, "-window", "root", "-crop", f"{width}x{height}+{x}+{y}", "-trim", bare=True)

    def _keep(self, seat: Seat, name: str, *what: str, bare: bool = False) -> None:
        """What `import` takes with these options."""
        raw = seat.here.folder / "raw.png"
        raw.unlink(missing_ok=True)
        seat.here.run("import", *what, str(raw))
        assert raw.exists(), f"no picture of {name}"
        self.finish(raw, f"{name}-{seat.theme}", seat.theme, bare=bare)

    def finish(self, raw: Path, name: str, theme: str, *, bare: bool = False) -> None:
        """Give a picture its ground, and write it small. `bare`: no line around it; the empty screen is ground, too."""
        file = self.folder / f"{name}.png"
        line, ground = GROUNDS[theme]
        edge = ["-bordercolor", line, "-border", "1"]
        if bare:
            edge = ["-bordercolor", "black", "-border", "1", "-fill", ground, "-draw", "color 0,0 floodfill"]
        margin = ["-bordercolor", ground, "-border", str(MARGIN)]
        small = ["-strip", "-alpha", "off", "+dither", "-colors", "192", "-define", "png:compression-level=9"]
        exclude = ["-define", "png:exclude-chunk=all"]
        command = ["convert", str(raw), "+repage", *edge, *margin, *small, *exclude, f"PNG8:{file}"]
        subprocess.run(command, check=True, timeout=60)
        self.add(file)

    def add(self, file: Path) -> None:
        """This one is written."""
        self.written.append(file)
        print(file, flush=True)


def _wait_still(look: Callable[[], bytes]) -> None:
    end = time.monotonic() + PATIENCE
    last, since = look(), time.monotonic()
    while time.monotonic() - since < STILL and time.monotonic() < end:
        time.sleep(0.05)
        now = look()
        if now != last:
            last, since = now, time.monotonic()
