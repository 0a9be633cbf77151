# SPDX-License-Identifier: GPL-2.0-or-later
"""`mnclient`, the tray app: the command line, and what is put together when it starts."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence

import qasync
from PySide6.QtWidgets import QApplication

from ui.desk import Desk
from ui.language import use_language
from ui.session import Session
from ui.user_settings import UserSettings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tray app until it is quit; the exit status."""
    options = _parser().parse_args(arguments)
    application = QApplication(sys.argv[:1])
    application.setApplicationName("mnclient")
    application.setQuitOnLastWindowClosed(False)
    use_language()
    loop = qasync.QEventLoop(application)
    asyncio.set_event_loop(loop)
    with loop:
        return loop.run_until_complete(_run(application, options))


async def _run(application: QApplication, options: argparse.Namespace) -> int:
    ended = asyncio.Event()
    application.aboutToQuit.connect(ended.set)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, application.quit)
    session = Session(options.bus)
    desk = Desk(session, UserSettings())
    session.start()
    desk.open_window()
    await ended.wait()
    await session.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mnclient", description="Shows where your home address is.")
    parser.add_argument("--bus", default="system", help='the bus of the service: "system", "session" or an address')
    return parser
