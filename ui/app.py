# SPDX-License-Identifier: GPL-2.0-or-later
"""`mnclient`, the tray app: its command line, and what is put together when it starts."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from PySide6.QtWidgets import QApplication

from mnclient.model.service_status import ServiceStatus
from mnclient.model.status import Phase
from ui import faults, theme
from ui.desk import Desk
from ui.display import why_no_display
from ui.language import LANGUAGE_VARIABLE, use_language, use_language_in_qt
from ui.loop import event_loop, run
from ui.session import Session
from ui.texts import tr
from ui.tray.session_bus import SessionBus
from ui.tray.single_instance import TOKEN_VARIABLE, SingleInstance, Wish, hand_over
from ui.tray.tray import Tray
from ui.user_settings import UserSettings, Wishes

NO_DISPLAY: Final = 2
BUS_VARIABLE: Final = "MNCLIENT_BUS"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tray app until it is quit; the exit status."""
    use_language()
    options = parser().parse_args(arguments)
    wish = wish_of(options)
    faults.install()
    if asyncio.run(_handed_over(wish)):
        return 0
    if reason := why_no_display():
        print(f"mnclient: {reason}", file=sys.stderr)
        return NO_DISPLAY
    application = QApplication(sys.argv[:1])
    application.setApplicationName("mnclient")
    application.setApplicationDisplayName("mnclient")
    application.setDesktopFileName("org.mnclient.Tray")
    application.setQuitOnLastWindowClosed(False)
    application.setWindowIcon(theme.application_icon())
    loop = event_loop(application)
    faults.watch(loop)
    with loop:
        return run(loop, _run(application, options.bus, wish))


async def _handed_over(wish: Wish) -> bool:
    bus = SessionBus()
    await bus.connect()
    try:
        return await hand_over(bus, wish)
    finally:
        await bus.close()


async def _run(application: QApplication, address: str, wish: Wish) -> int:
    ended = asyncio.Event()
    application.aboutToQuit.connect(ended.set)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    settings = UserSettings()
    if settings.wishes.language and LANGUAGE_VARIABLE not in os.environ:
        use_language([settings.wishes.language])
    use_language_in_qt(application)
    session = Session(address)
    desk = Desk(session, settings)
    bus = SessionBus()
    await bus.connect()
    front = Front(desk)
    instance = SingleInstance(bus, front.grant)
    if not await instance.claim():  # another one was quicker
        await hand_over(bus, wish)
        await bus.close()
        return 0
    theme.current().apply(application, settings.wishes.theme)
    settings.changed.connect(lambda wishes: _wished(application, wishes))
    tray = Tray(desk, bus)
    session.status_changed.connect(front.offer_wizard)
    session.start()
    front.grant(wish)
    await tray.start()
    await ended.wait()
    await tray.close()
    await session.close()
    await instance.close()
    await bus.close()
    return 0


def _wished(application: QApplication, wishes: Wishes) -> None:
    theme.current().apply(application, wishes.theme)


class Front:
    """Opens the window that a start of the program asks for, and once, by itself, the wizard."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def grant(self, wish: Wish) -> None:
        """Do what a start of the program asks for."""
        if wish.token:
            os.environ[TOKEN_VARIABLE] = wish.token  # Qt hands it to the desktop with the next window
        match wish.what:
            case "window":
                self._desk.open_window(wish.argument)
            case "preferences":
                self._desk.open_preferences(wish.argument)
            case "wizard":
                self._desk.open_wizard()
            case "invitation":
                self._desk.open_wizard(Path(wish.argument))

    def offer_wizard(self, status: ServiceStatus) -> None:
        """The first time that nothing is set up, begin with the wizard."""
        settings = self._desk.user_settings
        needed = not status.home_addresses and not status.engine.home_addresses and status.engine.phase is not Phase.OFF
        if needed and not settings.wishes.wizard_offered:
            settings.change(wizard_offered=True)
            self._desk.open_wizard()


def wish_of(options: argparse.Namespace) -> Wish:
    """What these options ask for."""
    token = os.environ.pop(TOKEN_VARIABLE, "")
    if options.file is not None:
        return Wish("invitation", str(Path(options.file).absolute()), token)
    if options.wizard:
        return Wish("wizard", "", token)
    if options.preferences is not None:
        return Wish("preferences", options.preferences, token)
    if options.hidden:
        return Wish("hidden", "", token)
    return Wish("window", options.window or "", token)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="mnclient",
        description=tr(
            "Shows in the desktop's tray whether you can be reached at your home address, and lets you set it up. When"
            " it runs already, the window that was asked for opens there."
        ),
        epilog=tr("On a terminal, mnctl shows and changes the same."),
    )
    made.add_argument("file", nargs="?", metavar="FILE", help=tr("an invitation of a home agent: begin to use it"))
    what = made.add_mutually_exclusive_group()
    what.add_argument("--hidden", action="store_true", help=tr("open no window, only the icon in the tray"))
    what.add_argument("--window", nargs="?", const="", metavar="PAGE", help=tr("open the status window, on this page"))
    what.add_argument(
        "--preferences", nargs="?", const="", metavar="PAGE", help=tr("open the preferences, on this page")
    )
    what.add_argument("--wizard", action="store_true", help=tr("add a home address"))
    made.add_argument(
        "--bus",
        default=os.environ.get(BUS_VARIABLE) or "system",
        help=tr(
            'the bus of the service: "system", "session" or an address (default: ${variable}, or system)',
            variable=BUS_VARIABLE,
        ),
    )
    made.add_argument("--version", action="version", version=f"mnclient {_version()}")
    return made


def _version() -> str:
    try:
        return version("mnclient")
    except PackageNotFoundError:
        return "(not installed)"
