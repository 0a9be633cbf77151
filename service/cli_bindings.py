# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands of `mnctl` about bindings: whom this machine told where it is, and who told it."""

import argparse
from collections.abc import Iterable, Sequence
from typing import Final

from mnclient.errors import MobileIPv6Error
from mnclient.model.status import BindingCacheStatus, BindingUpdateStatus, CorrespondentStatus
from service import cli_status
from service.cli_output import Output, yes_no
from service.cli_show import read
from service.client import Client


async def bindings(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """The binding update list, the correspondents, and in the roles that have one the binding cache."""
    now = await read(client, output)
    engine = now.engine
    has_cache = engine.home_agent is not None or engine.correspondent_node is not None
    cache, total = await _binding_cache(client, arguments) if has_cache else ([], 0)
    if output.as_json:
        output.json(
            boot_time=now.boot_time,
            binding_update_list=engine.binding_update_list,
            correspondents=engine.correspondents,
            binding_cache=tuple(cache),
            binding_cache_total=total,
        )
        return
    output.line("Binding update list (what this machine told others)")
    _update_list(engine.binding_update_list, output)
    if engine.correspondents:
        output.line()
        output.line("Correspondents (whom this machine talks to, and how)")
        _correspondents(engine.correspondents, output, "None.")
    if has_cache:
        output.line()
        output.line(f"Binding cache (what others told this machine): {len(cache)} of {total}")
        _cache(cache, output)


async def clear(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """End bindings of the cache, those that are named or all of them."""
    named = _filter(arguments)
    if bool(named) is arguments.all:
        raise MobileIPv6Error("It is not clear which bindings to end", hint="name some, or all with --all")
    cleared = await client.clear_bindings(named or "::/0")
    if output.as_json:
        output.json(ok=True, cleared=cleared)
    else:
        output.line(f"{cleared} {'binding is' if cleared == 1 else 'bindings are'} ended.")


async def correspondents(client: Client, _arguments: argparse.Namespace, output: Output) -> None:
    """Who is talked to directly, who is not, and why."""
    now = await read(client, output)
    known = now.engine.correspondents
    if output.as_json:
        output.json(boot_time=now.boot_time, correspondents=known)
        return
    output.line(f"Route optimisation: {cli_status.describe_optimization(now)}")
    _correspondents(known, output, "No correspondent has sent anything through the home agent yet.")


def _update_list(told: Iterable[BindingUpdateStatus], output: Output) -> None:
    rows = [
        [
            str(each.home_address),
            str(each.care_of_address),
            f"{each.destination} ({'home agent' if each.home_registration else 'correspondent'})",
            str(each.sequence),
            output.clock_of(each.expires),
            yes_no(each.acknowledged),
        ]
        for each in told
    ]
    headings = ["home address", "care-of address", "told to", "sequence", "until", "acknowledged"]
    output.table(headings, rows, "Empty.")


def _correspondents(known: Sequence[CorrespondentStatus], output: Output, empty: str) -> None:
    rows = [
        [
            str(each.address),
            str(each.home_address),
            cli_status.CORRESPONDENT_STATES[each.state],
            str(each.care_of_address or "-"),
            "-" if each.expires is None else output.clock_of(each.expires),
            "-" if each.retry is None else output.clock_of(each.retry),
            each.reason or "-",
        ]
        for each in known
    ]
    headings = ["correspondent", "home address", "how", "care-of address", "until", "tried again", "why"]
    output.table(headings, rows, empty)


def _cache(cache: Sequence[BindingCacheStatus], output: Output) -> None:
    rows = [
        [
            str(each.home_address),
            str(each.care_of_address),
            str(each.sequence),
            output.clock_of(each.expires),
            each.interface or "-",
            "checking for duplicates" if each.detecting else "home" if each.home_registration else "correspondent",
        ]
        for each in cache
    ]
    output.table(["home address", "care-of address", "sequence", "until", "on", "kind"], rows, "Empty.")


async def _binding_cache(client: Client, arguments: argparse.Namespace) -> tuple[list[BindingCacheStatus], int]:
    found: list[BindingCacheStatus] = []
    while True:
        page, total = await client.binding_cache(
            arguments.offset + len(found), arguments.limit - len(found), _filter(arguments)
        )
        found += page
        if not page or len(found) >= arguments.limit:
            return found, total


_FILTERS: Final = {
    "matching": "",
    "home_addresses": "home=",
    "care_of_addresses": "care-of=",
    "on_interface": "interface=",
}


def _filter(arguments: argparse.Namespace) -> str:
    """What was said of the bindings, in the words of the bus."""
    said = {word: getattr(arguments, name, None) for name, word in _FILTERS.items()}
    return " ".join(f"{word}{value}" for word, value in said.items() if value is not None)
