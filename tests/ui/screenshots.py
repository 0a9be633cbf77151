# SPDX-License-Identifier: GPL-2.0-or-later
"""`make screenshots`: pictures of every window and state of the tray app, light and dark, in assets/screenshots/.

Two people look at the same laptop, one with a light desktop and one with a dark one. The laptop is a real one, in the
network lab: it gets a home address, moves, carries traffic, loses its home agent and its cable. A state that cannot be
reached is told, and the program ends with 1.
"""

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from service.contract import Action
from tests.lab.lab import Lab
from tests.lab.polkit import as_if_local
from tests.lab.service import Service
from tests.lab.topology import HOME, VISITED_A, VISITED_B
from tests.lab.traffic import TcpTransfer
from tests.ui import icon_sheet
from tests.ui.album import Album, Seat
from tests.ui.desktop import ROOT, desktop
from tests.ui.house import PERSON, House
from ui.preferences.dialog import PAGES as PREFERENCES
from ui.view.tray_view import TrayState

FOLDER: Final = ROOT / "assets" / "screenshots"
SIZE: Final = (1360, 900)
STATUS, WIZARD, SETTINGS, KEYS = "mnclient$", "^Get a home address", "^Preferences", "^Keys"
ADDRESS: Final = "2001:db8:1::ff:fe00:10"
AGENT: Final = "2001:db8:1::1"
TRAFFIC_LASTS: Final = 40.0
"""Seconds of traffic in the picture of it."""
NOTIFICATIONS: Final = "/usr/lib/notification-daemon/notification-daemon"
GTK_THEMES: Final = {"light": "Adwaita", "dark": "Adwaita:dark"}
"""Of the panel's menu and of notifications, which are not drawn by the tray app."""


MAY_ONLY_LOOK: Final = f"""
polkit.addRule(function(action, subject) {{
  var ours = action.id.indexOf("org.mnclient.") == 0;
  if (subject.user == "{PERSON}" && ours && action.id != "{Action.READ_STATUS.value}") {{ return polkit.Result.NO; }}
}});
"""


class Story:
    """What happens in the house, in this order, and the pictures of it."""

    def __init__(self, home: House, seats: Sequence[Seat], album: Album) -> None:
        self.home = home
        self.lab = home.lab
        self.seats = seats
        self.album = album
        self.failures: list[str] = []

    def tell(self) -> None:
        """All of it; what cannot be reached is noted in `failures`, and the rest still told."""
        self._try(self.question)
        self.lab.add_second_interface()
        if self.album.wants("wizard"):
            for seat in self.seats:
                self._try(lambda seat=seat: self.wizard(seat))
        if not self.home.home_addresses():
            self.home.laptop.mnctl("home-addresses", "add", ADDRESS, "--home-agent", AGENT)
        self.moves()
        for chapter in (self.traffic, self.pages, self.preferences, self.keys, self.at_home, self.problem,
                        self.no_network, self.no_permission, self.absent):  # fmt: skip
            self._try(chapter)

    def _try(self, work: Callable[[], None]) -> None:
        try:
            work()
        except AssertionError as error:
            self.failures.append(str(error))
            print(f"FAILED: {error}", file=sys.stderr, flush=True)
            for seat in self.seats:
                file = ROOT / "build" / f"screenshots-failed-{len(self.failures)}-{seat.theme}.png"
                print(f"the screen then: {seat.here.screenshot(file)}", file=sys.stderr, flush=True)

    # --- one picture after the other ---

    def status(self, name: str, page: str, role: str, seen: str) -> None:
        """A page of the status window, once a thing of this role with these words is on it."""

        def look(seat: Seat) -> None:
            seat.open("--window", page)
            seat.eyes.wait(role, seen)
            self.album.window(seat, name, STATUS)

        self.each(look, name)

    def each(self, work: Callable[[Seat], None], *names: str) -> None:
        """All people do this at the same time, if one of these pictures is wanted."""
        if not self.album.wants(*names):
            return
        with ThreadPoolExecutor(len(self.seats)) as together:
            running = [together.submit(work, seat) for seat in self.seats]
        for each in running:
            self._try(each.result)

    def until(self, seen: str, within: float = 40.0) -> None:
        """Both icons begin to say this."""
        for seat in self.seats:
            seat.here.until(lambda seat=seat: seat.here.tooltip().startswith(seen), f"an icon that says {seen}", within)

    def close(self) -> None:
        """No window is open."""
        for seat in self.seats:
            seat.close_windows()

    # --- what happens ---

    def question(self) -> None:
        """At home for the first time: the service has a question."""
        self.until("1 home address waits")
        self.status("overview-question", "overview", "push button", "^Accept$")
        self.close()
        self.each(self._menu, "tray-menu")
        self.each(self._notification, "notification")

    def _menu(self, seat: Seat) -> None:
        here, place = seat.here, (0, SIZE[1] - 420, 460, 420)
        here.click(14, SIZE[1] - 12, button=3)
        here.until(lambda: here.screen.colours(0, SIZE[1] - 420, 460, 380) != {0}, "the menu")
        here.settled(*place)
        self.album.region(seat, "tray-menu", place)
        here.key("Escape")

    def _notification(self, seat: Seat) -> None:
        """With a program that shows buttons; for the other pictures nothing shows notifications."""
        here, place = seat.here, (SIZE[0] - 640, 0, 640, 320)
        seat.stop()
        shown = here.start([NOTIFICATIONS])
        here.until(lambda: here.has_owner("org.freedesktop.Notifications"), "what shows notifications")
        seat.start()
        here.until(lambda: here.screen.colours(*place) != {0}, "the notification")
        here.settled(*place)
        self.album.region(seat, "notification", place)
        here.stop(shown)

    def wizard(self, seat: Seat) -> None:
        """Away, and the home agent is deaf: the trial fails. It listens: the trial works."""
        self.lab.move(VISITED_A)
        with _deaf(self.home.home_agent):
            self._steps(seat)
            seat.eyes.wait("label", "so far$")
            self.album.window(seat, "wizard-5-trial", WIZARD)
            seat.eyes.wait("push button", "^Try again$", within=90.0)
            self.album.window(seat, "wizard-6-failed", WIZARD)
        seat.eyes.press("push button", "^Try again$")
        seat.eyes.wait("push button", "^Close$", within=60.0)
        self.album.window(seat, "wizard-7-done", WIZARD)
        seat.eyes.press("push button", "^Close$")
        if seat is not self.seats[-1]:
            self.home.laptop.mnctl("home-addresses", "remove", ADDRESS)

    def _steps(self, seat: Seat) -> None:
        eyes, shoot = seat.eyes, self.album.window
        seat.open("--wizard")
        eyes.wait("radio button", AGENT)
        shoot(seat, "wizard-1-home-agent", WIZARD)
        eyes.press("push button", "^Next$")
        suggested = eyes.wait("radio button", f"^{ADDRESS}")
        assert suggested.is_checked, "the suggested address is not the chosen one"
        shoot(seat, "wizard-2-address", WIZARD)
        eyes.press("push button", "^Next$")
        eyes.press("radio button", "No key for now")
        shoot(seat, "wizard-3-protection", WIZARD)
        eyes.press("push button", "^Next$")
        eyes.wait("push button", "^Try it$")
        shoot(seat, "wizard-4-interfaces", WIZARD)
        eyes.press("push button", "^Try it$")

    def moves(self) -> None:
        """About, so that there is something in the timeline."""
        self.lab.unplug()
        self.until("No network")
        self.lab.plug(VISITED_A)
        self.home.registered_at(VISITED_A)
        for link in (VISITED_B, HOME, VISITED_A, VISITED_B, VISITED_A):
            self.lab.move(link)
            self.home.registered_at(link)
        self.until("Away, reachable at")

    def traffic(self) -> None:
        """A download that survives two moves, in the eyes of who looks all the time."""
        if not self.album.wants("traffic"):
            return
        for seat in self.seats:
            seat.open("--window", "traffic")
        begun = time.monotonic()
        with TcpTransfer(self.lab, ADDRESS) as download:
            for part, link in ((0.3, VISITED_B), (0.7, VISITED_A)):
                self._until(begun + TRAFFIC_LASTS * part)
                self.lab.move(link)
                self.home.registered_at(link)
                download.flows()
            self._until(begun + TRAFFIC_LASTS)
            self.status("traffic", "traffic", "label", "in all")
        self.close()

    def _until(self, then: float) -> None:
        self.lab.eventually(lambda: time.monotonic() > then, within=TRAFFIC_LASTS)

    def pages(self) -> None:
        """The status window away from home."""
        self.until("Away, reachable at")
        self.lab.plug(VISITED_B, "eth1")
        self.lab.eventually(lambda: self._stands_by("eth1"), within=20.0, what="eth1 stands by")
        self.status("overview-away", "overview", "label", "^Away, reachable")
        self.status("home-agents", "agents", "label", AGENT)
        self.status("interfaces", "interfaces", "panel", "^eth1")
        self.each(self._connections, "connections")
        self.status("problems", "problems", "label", "not protected")
        self.each(self._moves, "moves")
        self.each(self._log, "log")
        self.lab.unplug("eth1")

    def _connections(self, seat: Seat) -> None:
        seat.open("--window", "connections")
        seat.eyes.press("page tab", "Who was told")
        seat.eyes.wait("cell", AGENT)
        self.album.window(seat, "connections", STATUS)

    def _moves(self, seat: Seat) -> None:
        seat.open("--window", "moves")
        seat.eyes.press("list item", "completed")
        self.album.window(seat, "moves", STATUS)

    def _log(self, seat: Seat) -> None:
        seat.open("--window", "log")
        seat.eyes.press("text", "Filter")
        seat.here.type("binding")
        seat.eyes.gone("cell", "Router Advertisement")
        answers = [each for each in seat.eyes.things() if (each.role, each.name) == ("cell", "Binding Acknowledgement")]
        assert answers, "no answer of the home agent in the log"
        seat.here.click(*answers[-1].middle)
        self.album.window(seat, "log", STATUS)

    def _stands_by(self, interface: str) -> bool:
        return any(each.name == interface and each.is_standby for each in self.home.status().engine.interfaces)

    def preferences(self) -> None:
        """All pages."""
        self.close()
        for page in PREFERENCES:

            def look(seat: Seat, page: str = page) -> None:
                seat.open("--preferences", page)
                self.album.window(seat, f"preferences-{page}", SETTINGS)

            self.each(look, f"preferences-{page}")
        self.close()

    def keys(self) -> None:
        """The keys of the computer, one of them, and the form for another."""
        if not self.album.wants("keys"):
            return
        secret = self.lab.folder / "secret"
        secret.write_text("00112233445566778899aabbccddeeff\n", encoding="utf-8")
        names = ("--kind", "rfc4285", "--algorithm", "hmac-sha1-96", "--spi-in", "1000", "--spi-out", "1001")
        self.home.laptop.mnctl("keys", "set", ADDRESS, AGENT, *names, "--secret-file", str(secret))
        self.each(self._keys, "keys")
        self.close()
        self.home.laptop.mnctl("keys", "remove", ADDRESS, AGENT, "1001")

    def _keys(self, seat: Seat) -> None:
        seat.open("--preferences", "home-addresses")
        seat.eyes.press("push button", "[Kk]eys")
        seat.eyes.wait("list item", "")
        self.album.window(seat, "keys", KEYS)
        seat.eyes.press("push button", "^Add…$")
        self.album.window(seat, "keys-add", "^Add a key")
        seat.here.key("Escape")

    def at_home(self) -> None:
        """In the home network."""
        self.lab.move(HOME)
        self.home.registered_at(HOME)
        self.until("At home")
        self.status("overview-home", "overview", "label", "^At home")

    def problem(self) -> None:
        """Away, and the home agent does not answer."""
        if not self.album.wants("overview-problem", "problems-home-agent"):
            return
        with _deaf(self.home.home_agent):
            self.lab.move(VISITED_B)
            self.until("The home agent", within=90.0)
            self.status("overview-problem", "overview", "label", "home agent")
            self.status("problems-home-agent", "problems", "label", "home agent")
        self.until("Away, reachable at", within=90.0)

    def no_network(self) -> None:
        """The cable hangs."""
        self.lab.unplug()
        self.until("No network")
        self.status("overview-no-network", "overview", "label", "^No network")
        self.lab.plug(VISITED_A)
        self.home.registered_at(VISITED_A)

    def no_permission(self) -> None:
        """The person may look, and do nothing."""
        node = self.lab.laptop
        rules = node.folder / f"{node.name}-polkit" / "rules" / "10-lab.rules"
        rules.write_text(MAY_ONLY_LOOK + as_if_local(PERSON, Action.READ_STATUS.value), encoding="utf-8")
        self.each(self._permitted_nothing, "home-agents-no-permission")

    def _permitted_nothing(self, seat: Seat) -> None:
        seat.stop()
        seat.start()
        seat.open("--window", "agents")
        seat.eyes.wait("label", "administrator")
        self.album.window(seat, "home-agents-no-permission", STATUS)

    def absent(self) -> None:
        """The service does not run."""
        self.home.laptop.stop()
        self.status("overview-absent", "overview", "label", "not running|not run|service")


@contextmanager
def _deaf(service: Service) -> Iterator[None]:
    """It hears nothing and says nothing, for a while."""
    os.kill(service.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(service.pid, signal.SIGCONT)


def icons(album: Album) -> None:
    """The eight states of the icon, and each of them for the README."""
    if album.wants("icons"):
        raw = icon_sheet.sheet(album.folder / "icons.raw.png")
        album.finish(raw, "icons", "light")
        raw.unlink()
    for state in TrayState:
        if album.wants(state.value):
            album.add(icon_sheet.single(state, album.folder / f"{state.value}.png"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Make them."""
    options = argparse.ArgumentParser(prog="make screenshots", description="Pictures of the tray app.")
    options.add_argument("--only", action="append", default=[], metavar="NAME", help="only pictures that begin so")
    options.add_argument("--to", type=Path, default=FOLDER, metavar="FOLDER", help="where they go (assets/screenshots)")
    chosen = options.parse_args(arguments)
    album = Album(chosen.to.absolute(), chosen.only)
    icons(album)
    with Lab() as lab, desktop(*SIZE, PERSON) as light, desktop(*SIZE, PERSON) as dark:
        home = House(lab, light, album.folder)
        home.set_up(maximum=1)
        seats = [Seat(here, theme, home.laptop.bus.address) for here, theme in ((light, "light"), (dark, "dark"))]
        for seat in seats:
            seat.here.environment["GTK_THEME"] = GTK_THEMES[seat.theme]
            seat.here.start_tray("sni")
            seat.here.start_keyring()
            seat.start()
        story = Story(home, seats, album)
        story.tell()
    print(f"{len(album.written)} pictures, {sum(each.stat().st_size for each in album.written) / 1e6:.1f} MB")
    for failure in story.failures:
        print(f"not reached: {failure.splitlines()[0]}", file=sys.stderr)
    return 1 if story.failures else 0


if __name__ == "__main__":
    sys.exit(main())
