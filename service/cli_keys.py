# SPDX-License-Identifier: GPL-2.0-or-later
"""`mnctl keys`: what keys there are, and setting or removing one. A secret is read from a file, never an argument."""

import argparse
import sys
from getpass import getpass
from pathlib import Path
from typing import Final

from mnclient.errors import MobileIPv6Error
from mnclient.model.keys import MAX_SECRET, KeyAlgorithm, KeyInfo, KeyOwner, find_algorithm
from service.cli_output import Output
from service.cli_show import read
from service.client import Client
from service.contract import InvalidArgument, UnknownThing

STANDARD_INPUT: Final = "-"
_OWNERS: Final = {KeyOwner.COMPUTER: "this computer", KeyOwner.USER: "a user"}


async def show(client: Client, _arguments: argparse.Namespace, output: Output) -> None:
    """The keys, without their secrets."""
    now = await read(client, output)
    if output.as_json:
        output.json(keys=now.keys, protections=now.protections)
        return
    rows = [
        [
            str(each.home_address),
            str(each.home_agent),
            f"{each.kind.value}, {each.algorithm}",
            f"{each.spi_in}, {each.spi_out}",
            _OWNERS[each.owner],
            output.clock(each.created_time),
            _state(each, now.protections),
        ]
        for each in now.keys
    ]
    headings = ["home address", "home agent", "kind", "SPIs in, out", "kept by", "since", "state"]
    output.table(headings, rows, "There is no key. Install one: mnctl keys set")


def _state(key: KeyInfo, protections: tuple[str, ...]) -> str:
    if key.kind.value not in protections:
        return "kept, but this machine cannot protect registrations with it"
    algorithm = find_algorithm(key.kind, key.algorithm)
    ready = "ready, old and weak" if algorithm is not None and algorithm.is_legacy else "ready"
    return ready if key.available else "waits for the user's keyring"


def warn_of_legacy(algorithm: KeyAlgorithm | None) -> None:
    """Say of an old algorithm that it is one; beside the output, which may be an invitation."""
    if algorithm is not None and algorithm.is_legacy:
        print(
            f"mnctl: {algorithm.name} is old and weak: use it only with a home agent that knows nothing better.",
            file=sys.stderr,
        )


async def install(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """Install or replace a key."""
    algorithm = find_algorithm(arguments.kind, arguments.algorithm)
    wanted = f"hexadecimal digits for {algorithm.accepted}" if algorithm else "hexadecimal digits"
    secret = _secret(arguments.file, wanted)
    place = arguments.home_address, arguments.home_agent
    spis = arguments.spi_in, arguments.spi_out
    await client.set_key(*place, arguments.kind, arguments.algorithm, *spis, secret, arguments.owner)
    output.done(f"The key of {arguments.home_address} at {arguments.home_agent} is installed")
    warn_of_legacy(algorithm)


async def provide(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """Hand over the secret of a user's key."""
    secret = _secret(arguments.file, "hexadecimal digits")
    await client.provide_key(arguments.home_address, arguments.home_agent, arguments.spi_out, secret)
    output.done(f"The key of {arguments.home_address} at {arguments.home_agent} is available until the service stops")


async def remove(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """Forget a key."""
    await client.remove_key(arguments.home_address, arguments.home_agent, arguments.spi_out)
    output.done(f"The key of {arguments.home_address} at {arguments.home_agent} is removed")


def _secret(name: str, accepted: str) -> bytes:
    """From a file, standard input, or the keyboard without an echo. Errors do not repeat what was read."""
    try:
        return bytes.fromhex(_text(name))
    except ValueError:
        raise InvalidArgument("The secret cannot be read", hint=f"give {accepted}") from None


def _text(name: str) -> str:
    longest = 4 * MAX_SECRET  # two digits an octet, and as much space between them
    if name != STANDARD_INPUT:
        try:
            with Path(name).open(encoding="ascii") as file:
                return file.read(longest)
        except FileNotFoundError:
            raise UnknownThing(f"There is no file {name}", hint="give one with the secret in hexadecimal") from None
    if sys.stdin.isatty():
        try:
            return getpass("Secret, in hexadecimal digits: ")
        except EOFError:
            raise MobileIPv6Error("No secret was entered", hint="type it, or give a file") from None
    return sys.stdin.read(longest)
