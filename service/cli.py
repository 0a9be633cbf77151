# SPDX-License-Identifier: GPL-2.0-or-later
"""`mnctl`: parse, run one command, and turn whatever goes wrong into one sentence, what to do, and an exit status."""

import argparse
import asyncio
import io
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

from mnclient.errors import ConfigError, MobileIPv6Error
from service import (
    cli_access,
    cli_bindings,
    cli_change,
    cli_doctor,
    cli_guests,
    cli_installation,
    cli_join,
    cli_key_export,
    cli_keys,
    cli_messages,
    cli_report,
    cli_roles,
    cli_show,
    cli_trial,
)
from service.cli_output import Output
from service.cli_parser import parser
from service.cli_words import PROGRAM
from service.client import Client
from service.contract import BUS_VARIABLE, NotAllowed, ServiceUnavailable, UnknownThing

DONE: Final = 0
FAILED: Final = 1
USAGE: Final = 2  # argparse's own
NO_SERVICE: Final = 3
NOT_PERMITTED: Final = 4
UNKNOWN: Final = 5
LONGEST_TITLE: Final = 500  # characters
INTERRUPTED: Final = 130  # as a shell reports Ctrl-C

_STATUS_OF: Final[tuple[tuple[type[Exception], int], ...]] = (
    (ServiceUnavailable, NO_SERVICE),
    (NotAllowed, NOT_PERMITTED),
    (UnknownThing, UNKNOWN),
    (MobileIPv6Error, FAILED),
)

Command = Callable[[Client, argparse.Namespace, Output], Awaitable[int | None]]
"""Gives the exit status, None for DONE."""

COMMANDS: Final[dict[tuple[str, ...], Command]] = {
    ("status",): cli_show.status,
    ("watch",): cli_show.watch,
    ("home-agents",): cli_show.home_agents,
    ("home-agents", "add"): cli_change.add_home_agent,
    ("home-agents", "accept"): cli_change.accept_home_agent,
    ("home-agents", "remove"): cli_change.remove_home_agent,
    ("home-addresses",): cli_show.home_addresses,
    ("home-addresses", "add"): cli_change.add_home_address,
    ("home-addresses", "try"): cli_trial.try_home_address,
    ("home-addresses", "remove"): cli_change.remove_home_address,
    ("home-addresses", "prefer"): cli_change.prefer_home_address,
    ("home-addresses", "accept"): cli_change.accept_proposal,
    ("home-addresses", "dismiss"): cli_change.dismiss_proposal,
    ("home-addresses", "suggest"): cli_show.suggest,
    ("interfaces",): cli_show.interfaces,
    ("interfaces", "set-priority"): cli_change.set_interface_priority,
    ("interfaces", "order"): cli_change.set_interface_order,
    ("bindings",): cli_bindings.bindings,
    ("bindings", "clear"): cli_bindings.clear,
    ("access",): cli_access.show_access,
    ("access", "add"): cli_access.add_access,
    ("access", "remove"): cli_access.remove_access,
    ("debug",): cli_access.show_debug,
    ("debug", "on"): cli_access.switch_debug,
    ("debug", "off"): cli_access.switch_debug,
    ("correspondents",): cli_bindings.correspondents,
    ("messages",): cli_messages.messages,
    ("counters",): cli_messages.counters,
    ("handovers",): cli_show.handovers,
    ("settings",): cli_show.settings,
    ("settings", "get"): cli_show.setting,
    ("settings", "describe"): cli_show.describe_settings,
    ("settings", "set"): cli_change.set_setting,
    ("route-optimization",): cli_roles.show_route_optimization,
    ("route-optimization", "show"): cli_roles.show_route_optimization,
    ("route-optimization", "enable"): cli_roles.enable_route_optimization,
    ("route-optimization", "disable"): cli_roles.disable_route_optimization,
    ("correspondent-node",): cli_roles.show_correspondent_node,
    ("correspondent-node", "show"): cli_roles.show_correspondent_node,
    ("correspondent-node", "enable"): cli_roles.enable_correspondent_node,
    ("correspondent-node", "disable"): cli_roles.disable_correspondent_node,
    ("home-agent",): cli_roles.show_home_agent,
    ("home-agent", "show"): cli_roles.show_home_agent,
    ("home-agent", "enable"): cli_roles.enable_home_agent,
    ("home-agent", "advertise"): cli_access.advertise,
    ("home-agent", "disable"): cli_roles.disable_home_agent,
    ("keys",): cli_keys.show,
    ("keys", "list"): cli_keys.show,
    ("keys", "set"): cli_keys.install,
    ("keys", "provide"): cli_keys.provide,
    ("keys", "rotate"): cli_guests.rotate,
    ("keys", "export"): cli_key_export.export_keys,
    ("keys", "remove"): cli_keys.remove,
    ("invite",): cli_guests.invite,
    ("guests",): cli_guests.show,
    ("revoke",): cli_guests.revoke,
    ("join",): cli_join.join,
    ("permissions",): cli_show.permissions,
    ("problems",): cli_show.problems,
    ("doctor",): cli_doctor.doctor,
    ("report",): cli_report.report,
    ("decode",): cli_change.decode,
    ("reset-network",): cli_change.reset_network,
    ("install-service",): cli_installation.install_service,
    ("uninstall-service",): cli_installation.uninstall_service,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit status."""
    _have_streams()
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
        if not _is_text(arguments):
            print(f"{PROGRAM}: an argument is not text in UTF-8.\n  Type it anew", file=sys.stderr)
            return USAGE
        return asyncio.run(_run(arguments, output))
    except MobileIPv6Error as error:
        return _explain(error, output)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough. Python would complain again when it flushes at the end.
        _discard_output()
    except OSError as error:
        if error.filename is None:  # not a file that cannot be read, but a full disk behind our output
            _discard_output()
        print(f"{PROGRAM}: {error.filename or 'the output'}: {error.strerror or error}.", file=sys.stderr)
        return FAILED
    return DONE


def _is_text(arguments: argparse.Namespace) -> bool:
    """Whether everything can be said on a bus; the name of a file need not be text."""
    values = [value for name, value in vars(arguments).items() if name != "file"]
    texts = [each for value in values for each in (value if isinstance(value, list) else [value])]
    words = "".join(each for each in texts if isinstance(each, str))
    return words.isascii() or not any("\ud800" <= each <= "\udfff" for each in words)


def _have_streams() -> None:
    """Whoever starts us may have closed what we read and write. Names of files may be no text."""
    nothing = Path(os.devnull)
    sys.stdin = sys.stdin or nothing.open(encoding="utf-8")
    sys.stdout = sys.stdout or nothing.open("w", encoding="utf-8")
    sys.stderr = sys.stderr or nothing.open("w", encoding="utf-8")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _discard_output() -> None:
    """What is still in the buffer cannot be written either: Python would complain when it flushes at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


async def _run(arguments: argparse.Namespace, output: Output) -> int:
    address = arguments.bus or os.environ.get(BUS_VARIABLE) or "system"
    async with Client.connect(address, interactive=sys.stdin.isatty()) as client:
        return await COMMANDS[arguments.command](client, arguments, output) or DONE


def _explain(error: MobileIPv6Error, output: Output) -> int:
    status = next(status for kind, status in _STATUS_OF if isinstance(error, kind))
    if output.as_json:
        output.json(error={**cli_show.error_members(error), "exit_status": status})
    title = f"{error.key}: {error.title}" if isinstance(error, ConfigError) else error.title
    if len(title) > LONGEST_TITLE:  # somebody's argument is in it
        title = title[:LONGEST_TITLE] + "..."
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
    if shell == "fish":
        from service.cli_fish import completion

        print(completion(words), end="")
        return DONE
    import shtab

    print(shtab.complete(words, shell))
    return DONE


if __name__ == "__main__":
    sys.exit(main())
