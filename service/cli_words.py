# SPDX-License-Identifier: GPL-2.0-or-later
"""What the words of `mnctl` are made with: a way to add commands, and types of arguments."""

import argparse
from collections.abc import Callable, Sequence
from ipaddress import IPv6Address, IPv6Network
from typing import Any, Final

from mnclient.errors import MobileIPv6Error
from mnclient.model.keys import HIGHEST_SPI, LOWEST_SPI, is_spi
from service.interfaces import arguments

PROGRAM: Final = "mnctl"


class Adder:
    """Adds a command below another, with what all commands have."""

    def __init__(
        self, commands: Any, common: argparse.ArgumentParser, formatter: Any, words: tuple[str, ...] = ()
    ) -> None:
        self._commands = commands
        self._common = common
        self._formatter = formatter
        self._words = words
        self.parser: argparse.ArgumentParser | None = None
        """That of the group, for options of its own."""

    def command(self, name: str, text: str, examples: Sequence[str] = ()) -> argparse.ArgumentParser:
        """A command that does something."""
        epilog = "examples:\n" + "\n".join(f"  {PROGRAM} {each}" for each in examples) if examples else None
        added: argparse.ArgumentParser = self._commands.add_parser(
            name,
            help=text,
            description=text[0].upper() + text[1:] + ".",
            epilog=epilog,
            parents=[self._common],
            formatter_class=self._formatter,
            allow_abbrev=False,
        )
        added.set_defaults(command=(*self._words, name))
        return added

    def group(self, name: str, text: str, examples: Sequence[str] = ()) -> "Adder":
        """A command with commands below it; alone it lists."""
        group = self.command(name, text, examples)
        below = group.add_subparsers(title="commands", metavar="COMMAND")
        result = Adder(below, self._common, self._formatter, (*self._words, name))
        result.parser = group
        return result


def argument(read: Callable[[str], Any], what: str) -> Callable[[str], Any]:
    """A reader of text (`service.interfaces.arguments`) as argparse wants it."""

    def convert(text: str) -> Any:
        try:
            return read(text)
        except MobileIPv6Error as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    convert.__name__ = what
    return convert


ADDRESS: Final[Callable[[str], IPv6Address]] = argument(arguments.address, "address")
NETWORK: Final[Callable[[str], IPv6Network]] = argument(arguments.network, "prefix")


def a_network_or_address(text: str) -> str:
    """A prefix, or an address for the prefix of its own, as text."""
    if "=" in text or " " in text:
        raise argparse.ArgumentTypeError(f"{text!r} is neither an IPv6 address nor a prefix")
    argument(arguments.binding_filter, "filter")(text)
    return text


def a_count(text: str) -> int:
    """A whole number from 0."""
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("must not be negative")
    return value


def a_priority(text: str) -> int:
    """A priority of an interface."""
    value = int(text)
    if not 1 <= value <= 999:
        raise argparse.ArgumentTypeError("must be from 1 to 999; the smaller is preferred")
    return value


def an_spi(text: str) -> int:
    """A Security Parameters Index."""
    value = int(text)
    if not is_spi(value):
        raise argparse.ArgumentTypeError(f"must be from {LOWEST_SPI} to {HIGHEST_SPI}")
    return value


def seconds(text: str) -> float:
    """A positive number of seconds."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError("must be a positive number of seconds")
    return value
