# SPDX-License-Identifier: GPL-2.0-or-later
"""mnclientd: the service as a program.

Exit codes: 0 after an orderly stop, 1 when the system refuses the network or the node failed, 2 for wrong arguments, 69
when the bus cannot be reached. A settings file that is not accepted does not keep it from starting: it starts with the
last good settings and says so in its status.
"""

import argparse
import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mnclient.errors import ConfigError, MobileIPv6Error
from service.core import ServiceCore
from service.core_dumps import forbid_core_dumps
from service.core_version import version
from service.journal import JournalFormatter, JournalHandler
from service.notify import feed_watchdog, notify
from service.settings import default_path
from service.state_store import default_directory

if TYPE_CHECKING:
    from service.interfaces.bus import BusFace
    from service.sleep import SleepWatch

PROGRAM: Final = "mnclientd"
_log = logging.getLogger(PROGRAM)

EXIT_OK: Final = 0
EXIT_FAILED: Final = 1
EXIT_NO_BUS: Final = 69  # EX_UNAVAILABLE
NO_BUS: Final = "none"
COLLECT_AFTER: Final = 20_000
"""New objects before the garbage collector looks at them: some megabytes, and seldom in the middle of a handover."""

_TERMINAL_FORMAT: Final = "%(asctime)s.%(msecs)03d %(levelname)-7s %(name)s: %(message)s"


def main(argv: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; SIGHUP reads the settings again. Gives the exit code."""
    options = parser().parse_args(argv)
    if options.version:
        print(f"mnclientd {version()}")
        return EXIT_OK
    forbid_core_dumps()
    _log_to(options.log_level, for_journal="JOURNAL_STREAM" in os.environ and not options.foreground)
    core_of = _core_factory(options.config or default_path(), options.state_dir or default_directory())
    return asyncio.run(serve(core_of, options.bus))


def parser() -> argparse.ArgumentParser:
    """The command line; the manual page is made from it, too."""
    result = argparse.ArgumentParser(PROGRAM, description="The Mobile IPv6 service.")
    result.add_argument(
        "--bus",
        default="system",
        metavar="system|session|ADDRESS|none",
        help="the D-Bus to appear on; none for no bus at all (default: %(default)s)",
    )
    result.add_argument("--config", type=Path, metavar="FILE", help="settings (default: /etc/mnclient/mnclient.toml)")
    result.add_argument("--state-dir", type=Path, metavar="DIR", help="state (default: /var/lib/mnclient)")
    result.add_argument(
        "--foreground",
        action="store_true",
        help="log for a person at a terminal, also under systemd (it never puts itself into the background)",
    )
    result.add_argument(
        "--log-level", default="info", choices=("debug", "info", "warning", "error"), help="default: %(default)s"
    )
    result.add_argument("--version", action="store_true", help="print the version and end")
    return result


async def serve(make_core: Callable[[], ServiceCore], bus: str) -> int:
    """Run one service until a signal comes or its node fails. Gives the exit code."""
    core = make_core()
    stopping = asyncio.Event()
    _on_signals(core, stopping)
    try:
        await core.start()
    except MobileIPv6Error as error:
        _log.error("the service cannot start: %s", error)
        return EXIT_FAILED
    try:
        face = await _show_on_bus(core, bus)
    except MobileIPv6Error as error:
        _log.error("%s; to run without one: --bus none", error)
        await core.stop()
        return EXIT_NO_BUS
    sleep = _watch_sleep(core, bus)
    _spare_the_collector()
    notify("READY=1")
    _log.info("ready, version %s", version())
    watchdog = asyncio.create_task(feed_watchdog())
    code = await _until_the_end(core, stopping)
    watchdog.cancel()
    notify("STOPPING=1")
    if sleep is not None:
        await sleep.stop()
    if face is not None:
        await face.stop()
    await core.stop()
    return code


def _spare_the_collector() -> None:
    """What is there by now stays, and need not be looked through time and again."""
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, *gc.get_threshold()[1:])


async def _until_the_end(core: ServiceCore, stopping: asyncio.Event) -> int:
    wanted = asyncio.create_task(stopping.wait())
    failure = asyncio.create_task(core.failed())
    await asyncio.wait({wanted, failure}, return_when=asyncio.FIRST_COMPLETED)
    code = EXIT_OK
    if failure.done():
        defect = failure.result()
        _log.critical("the node failed; a restart begins anew", exc_info=defect)
        code = EXIT_FAILED
    for task in (wanted, failure):
        task.cancel()
    await asyncio.gather(wanted, failure, return_exceptions=True)
    return code


async def _show_on_bus(core: ServiceCore, bus: str) -> "BusFace | None":
    if bus == NO_BUS:
        return None
    from service.interfaces.bus import BusFace

    face = BusFace(core, bus)
    await face.start()
    return face


def _watch_sleep(core: ServiceCore, bus: str) -> "SleepWatch | None":
    """logind tells on the system bus, whatever bus the service itself is on; without any bus nobody tells."""
    if bus == NO_BUS:
        return None
    from service.sleep import SleepWatch

    return SleepWatch(core.resumed)


def _on_signals(core: ServiceCore, stopping: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    loop.add_signal_handler(signal.SIGHUP, _reload, core)


def _reload(core: ServiceCore) -> None:
    with contextlib.suppress(ConfigError):  # logged, and a problem in the status
        core.reload()
        _log.info("the settings were read again")


def _core_factory(settings_path: Path, state_directory: Path) -> Callable[[], ServiceCore]:
    from mnclient.runtime.node import Node  # only now: --help and --version need no netlink

    return lambda: ServiceCore(settings_path, state_directory, Node)


def _log_to(level: str, *, for_journal: bool) -> None:
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JournalFormatter() if for_journal else logging.Formatter(_TERMINAL_FORMAT, "%H:%M:%S"))
    if for_journal:
        with contextlib.suppress(OSError):  # a journal that only reads standard error: priorities in front of the lines
            handler = JournalHandler(PROGRAM, handler)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


if __name__ == "__main__":
    sys.exit(main())
