# SPDX-License-Identifier: GPL-2.0-or-later
"""`mnctl install-service` and `uninstall-service`: for systems that have no package of ours."""

import argparse
import asyncio
import os
import sys
from pathlib import Path
from typing import Final

from mnclient.errors import MobileIPv6Error
from service.cli_output import Output
from service.client import Client
from service.contract import NotAllowed

SYSTEM: Final = Path("/")
SYSTEMD_RUNS: Final = Path("/run/systemd/system")  # sd_booted(3)
SYSTEMCTL: Final = "systemctl"
_TELL_SYSTEMD: Final = (SYSTEMCTL, "daemon-reload")
_TELL_THE_BUS: Final = (SYSTEMCTL, "reload", "dbus.service")
_NETWORK_MANAGERS: Final = ("NetworkManager.service", "systemd-networkd.service")


async def install_service(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """Write what the service needs to be one, and start it."""
    from service.installation import SYSUSERS, UNITS, check_programs, install  # only these two commands need it

    root, live = _where(arguments)
    programs = (arguments.programs or Path(sys.executable).parent).absolute()
    if live:
        check_programs(programs)
    written = install(root, programs)
    if live:
        await _run("systemd-sysusers", f"/{SYSUSERS}")
        await _run(*_TELL_SYSTEMD)
        await _run(*_TELL_THE_BUS)
        await _tell_network_managers(output)
        await _run(SYSTEMCTL, "enable", *UNITS)
        await _run(SYSTEMCTL, "restart", UNITS[0])
    for each in written:
        _say(output, f"wrote {each}")
    output.done(
        "The service is installed and runs" if live else "The service is installed, and not started",
        written=[str(each) for each in written],
    )


async def uninstall_service(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """Stop the service and take away what `install-service` wrote; settings, state and the user stay."""
    from service.installation import UNITS, uninstall

    root, live = _where(arguments)
    if live:
        await _run(SYSTEMCTL, "disable", "--now", *UNITS)
    removal = uninstall(root)
    if live:
        await _run(*_TELL_SYSTEMD)
        await _run(*_TELL_THE_BUS)
    for each in removal.removed:
        _say(output, f"removed {each}")
    for each in removal.kept:
        _say(output, f"left {each}, which was edited")
    output.done(
        "The service is no part of this system any more; /etc/mnclient, /var/lib/mnclient and its user are left",
        removed=[str(each) for each in removal.removed],
        kept=[str(each) for each in removal.kept],
    )


def _say(output: Output, text: str) -> None:
    if not output.as_json:
        output.line(text)


def _where(arguments: argparse.Namespace) -> tuple[Path, bool]:
    """The folder to work below, and whether that is the running system with systemd."""
    root: Path = arguments.root
    if root.resolve() != SYSTEM:
        if not root.is_dir():
            raise MobileIPv6Error(f"{root} is no folder", hint="make it first")
        return root, False
    if os.geteuid() != 0:
        command = " ".join(arguments.command)
        raise NotAllowed("Only root can install or remove a service", hint=f"do it as root: sudo mnctl {command}")
    return root, SYSTEMD_RUNS.is_dir()


async def _tell_network_managers(output: Output) -> None:
    """Those that run leave our devices alone from now on, and not only after their next start.

    One that does not take it is no reason to leave the service half installed.
    """
    for manager in _NETWORK_MANAGERS:
        is_inactive, _ = await _ended(SYSTEMCTL, "--quiet", "is-active", manager)
        if is_inactive:
            continue
        is_refused, words = await _ended(SYSTEMCTL, "reload", manager)
        if is_refused:
            _say(output, f"{manager} was not told ({words}): it leaves our devices alone from its next start on")


async def _run(*command: str) -> None:
    """MobileIPv6Error with the command's own words when it fails."""
    status, said = await _ended(*command)
    if status != 0:
        raise MobileIPv6Error(f"{' '.join(command)} failed", hint=said or f"it ended with {status}")


async def _ended(*command: str) -> tuple[int, str]:
    """Its exit status and its words. MobileIPv6Error when it cannot be started."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        said, _ = await process.communicate()
    except OSError as error:
        raise MobileIPv6Error(f"{command[0]} cannot be started", hint=error.strerror or str(error)) from error
    return await process.wait(), said.decode(errors="replace").strip()
