# SPDX-License-Identifier: GPL-2.0-or-later
"""`mnctl report`: one text with everything one needs to see to help, without keys."""

import argparse
import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from mnclient.errors import MobileIPv6Error
from service import cli_doctor
from service.atomic_file import write_atomically
from service.cli_output import Output
from service.client import Client
from service.codec import to_plain
from service.core_version import version
from service.report.mask import Mask
from service.report.sections import Section, as_text, of_system

_MODE: Final = 0o600
_HEAD: Final = "A report of mnclient. There is no key in it. Read it before you give it away."
_MASKED: Final = " Addresses are stand-ins."


async def report(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """To a file of one's own, or printed."""
    sections = [Section("versions", f"mnctl {version()}")]
    sections += [await _told(title, ask) for title, ask in _questions(client)]
    checks = await cli_doctor.examined(client, arguments)
    sections.append(Section("doctor", "\n".join(cli_doctor.text(checks))))
    sections += await asyncio.to_thread(lambda: list(of_system()))
    body = as_text(sections)
    masked = Mask(secrets.token_bytes(32)).text(body) if arguments.mask_addresses else body
    whole = f"{_HEAD}{_MASKED if arguments.mask_addresses else ''}\n\n{masked}"
    if arguments.file is None:
        _print(whole, output)
        return
    path = Path(arguments.file)
    content = whole.encode(errors="backslashreplace")
    await asyncio.to_thread(write_atomically, path, content, _MODE)
    if output.as_json:
        output.json(ok=True, file=str(path), octets=len(content))
    else:
        output.line(f"{path} has the report. {_HEAD.partition('. ')[2]}")


def _print(text: str, output: Output) -> None:
    if output.as_json:
        output.json(report=text)
    else:
        output.line(text)


def _questions(client: Client) -> tuple[tuple[str, Callable[[], Awaitable[object]]], ...]:
    """What the service is asked. None of the answers has a secret in it."""
    return (
        ("status", client.status),
        ("settings", client.settings),
        ("handovers", client.handovers),
        ("counters", client.counters),
        ("problems", lambda: _problems(client)),
    )


async def _problems(client: Client) -> list[str]:
    status = await client.status()
    return [f"{each.code.value}: {each.text()} {each.remedy()}" for each in status.engine.problems]


async def _told(title: str, ask: Callable[[], Awaitable[object]]) -> Section:
    try:
        answer = await ask()
    except MobileIPv6Error as error:
        return Section(title, f"({error})")
    if isinstance(answer, list):
        return Section(title, "\n".join(answer) or "none")
    return Section(title, json.dumps(to_plain(answer), indent=1, ensure_ascii=False))
