# SPDX-License-Identifier: GPL-2.0-or-later
"""`mnctl messages`: the signalling this machine sent and heard, for reading and for a file; `mnctl counters`."""

import argparse
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import BinaryIO

from mnclient.errors import MobileIPv6Error
from mnclient.model.message_log import LoggedMessage
from service.cli_output import Output
from service.cli_show import error_members, members
from service.client import Client, ServiceUnavailable
from service.contract import UnknownThing
from service.inspector_text import clock, spaced
from service.message_filter import Wanted, message_filter
from service.pcap import packets_of, pcap_of


async def messages(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """What is in the log, and with --follow what comes."""
    wanted = message_filter(arguments.filter)
    if arguments.file and not arguments.follow:
        chosen = [each for each in await client.messages() if wanted(each)]
        with _created(arguments.file) as file:
            file.write(pcap_of(chosen))
        told = f"{len(chosen)} message{'s' * (len(chosen) != 1)} saved in {arguments.file}"
        output.done(told, messages=len(chosen), file=arguments.file)
        return
    if not arguments.follow:
        _show([each for each in await client.messages() if wanted(each)], output)
        return
    async with aclosing(_following(client, wanted, output)) as news:
        first = await anext(news)  # before the file: without a service there is nothing to put into it
        with _created(arguments.file or os.devnull) as file:
            file.write(pcap_of(()))
            _tell(first, file, output)
            async for some in news:
                _tell(some, file, output)


async def _following(client: Client, wanted: Wanted, output: Output) -> AsyncGenerator[list[LoggedMessage], None]:
    """What is wanted, for ever; the service may go and come back meanwhile."""
    was_there = False
    while True:
        try:
            async with aclosing(client.watch_messages()) as batches:
                async for batch in batches:
                    was_there = True
                    yield [each for each in batch if wanted(each)]
        except ServiceUnavailable as error:
            if not was_there:
                raise
            was_there = False
            if output.as_json:
                output.json(error=error_members(error))
            else:
                output.line(f"{output.clock(output.now)}  The service has stopped; waiting for it to come back")
            await client.wait_for_service()


def _tell(messages: list[LoggedMessage], file: BinaryIO, output: Output) -> None:
    file.write(packets_of(messages))
    file.flush()  # whoever interrupts us wants what was there until then
    for each in messages:
        _print(each, output)


def _show(messages: list[LoggedMessage], output: Output) -> None:
    for each in messages:
        _print(each, output)
    if not messages and not output.as_json:
        output.line("There are no such messages.")


def _print(message: LoggedMessage, output: Output) -> None:
    if output.as_json:
        output.json(**members(message))
    else:
        output.line(line(message))


def line(message: LoggedMessage) -> str:
    """One line: when, which way, what, from where to where, and what it says."""
    way = "sent" if message.outgoing else "heard"
    where = f"{way} on {message.interface}" if message.interface else way
    what = message.summary or f"MALFORMED: {message.malformed}" * bool(message.malformed)
    ends = f"{message.source} -> {message.destination}"
    return "  ".join(filter(None, (clock(message.time), where, spaced(message.name), ends, what)))


async def counters(client: Client, _arguments: argparse.Namespace, output: Output) -> None:
    """All counters by name."""
    known = dict(sorted((await client.counters()).items()))
    if output.as_json:
        output.json(counters=known)
    else:
        output.table(["counter", "value"], [[name, str(value)] for name, value in known.items()], "No counters.")


def _created(name: str) -> BinaryIO:
    """A file for the caller alone: who reads the tokens in it could speak in this machine's name."""
    path = Path(name)
    try:
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb")
    except FileNotFoundError:
        raise UnknownThing(f"There is no folder {path.parent}", hint="make it first, or save elsewhere") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise MobileIPv6Error(f"{name} cannot be written ({reason})", hint="save elsewhere") from None
