# SPDX-License-Identifier: GPL-2.0-or-later
"""`mnctl`: parse, run one command, and turn whatever goes wrong into one sentence, what to do, and an exit status."""

import argparse
import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from mnclient.errors import ConfigError, MobileIPv6Error
from service import cli_change, cli_show
from service.cli_output import Output
from service.cli_parser import PROGRAM, parser
from service.client import Client
from service.contract import BUS_VARIABLE, NotAllowed, ServiceUnavailable, UnknownThing

DONE: Final = 0
FAILED: Final = 1
USAGE: Final = 2  # argparse's own
NO_SERVICE: Final = 3
NOT_PERMITTED: Final = 4
UNKNOWN: Final = 5
INTERRUPTED: Final = 130  # as a shell reports Ctrl-C

_STATUS_OF: Final[tuple[tuple[type[Exception], int], ...]] = (
    (ServiceUnavailable, NO_SERVICE),
    (NotAllowed, NOT_PERMITTED),
    (UnknownThing, UNKNOWN),
    (MobileIPv6Error, FAILED),
)

Command = Callable[[Client, argparse.Namespace, Output], Awaitable[None]]

COMMANDS: Final[dict[tuple[str, ...], Command]] = {
    ("status",): cli_show.status,
    ("watch",): cli_show.watch,
    ("home-agents",): cli_show.home_agents,
    ("home-agents", "add"): cli_change.add_home_agent,
    ("home-agents", "remove"): cli_change.remove_home_agent,
    ("home-addresses",): cli_show.home_addresses,
    ("home-addresses", "add"): cli_change.add_home_address,
    ("home-addresses", "remove"): cli_change.remove_home_address,
    ("home-addresses", "prefer"): cli_change.prefer_home_address,
    ("home-addresses", "accept"): cli_change.accept_proposal,
    ("home-addresses", "dismiss"): cli_change.dismiss_proposal,
    ("home-addresses", "suggest"): cli_show.suggest,
    ("interfaces",): cli_show.interfaces,
    ("interfaces", "set-priority"): cli_change.set_interface_priority,
    ("bindings",): cli_show.bindings,
    ("handovers",): cli_show.handovers,
    ("settings",): cli_show.settings,
    ("settings", "get"): cli_show.setting,
    ("settings", "set"): cli_change.set_setting,
    ("home-agent",): cli_show.home_agent,
    ("home-agent", "show"): cli_show.home_agent,
    ("home-agent", "enable"): cli_change.enable_home_agent,
    ("home-agent", "disable"): cli_change.disable_home_agent,
    ("problems",): cli_show.problems,
    ("decode",): cli_change.decode,
    ("reset-network",): cli_change.reset_network,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit status."""
    words = parser()
    arguments = words.parse_args(argv)
    output = Output(as_json=arguments.json)
    try:
        if arguments.print_completion:
            return _print_completion(words, arguments.print_completion)
        if arguments.version:
            return _print_version(output)
        if "command" not in arguments:
            words.print_help()
            return USAGE
        asyncio.run(_run(arguments, output))
    except MobileIPv6Error as error:
        return _explain(error, output)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough. Python would complain again when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return DONE


async def _run(arguments: argparse.Namespace, output: Output) -> None:
    address = arguments.bus or os.environ.get(BUS_VARIABLE) or "system"
    async with Client.connect(address, interactive=sys.stdin.isatty()) as client:
        await COMMANDS[arguments.command](client, arguments, output)


def _explain(error: MobileIPv6Error, output: Output) -> int:
    status = next(status for kind, status in _STATUS_OF if isinstance(error, kind))
    if output.as_json:
        output.json(error={**cli_show.error_members(error), "exit_status": status})
    title = f"{error.key}: {error.title}" if isinstance(error, ConfigError) else error.title
    print(f"{PROGRAM}: {title}.", file=sys.stderr)
    if error.hint:
        print(f"  {error.hint[0].upper()}{error.hint[1:]}", file=sys.stderr)
    return status


def _print_version(output: Output) -> int:
    from importlib.metadata import PackageNotFoundError, version

    try:
        number = version("mnclient")
    except PackageNotFoundError:
        number = "unknown (not installed)"
    if output.as_json:
        output.json(version=number)
    else:
        output.line(f"{PROGRAM} {number}")
    return DONE


def _print_completion(words: argparse.ArgumentParser, shell: str) -> int:
    import shtab

    print(shtab.complete(words, shell))
    return DONE


if __name__ == "__main__":
    sys.exit(main())
