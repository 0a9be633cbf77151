# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands of `mnctl` for administrators: who may register from where, how a home link is advertised, what is
logged."""

import argparse
from typing import Any, Final

from mnclient.debugging import Category
from mnclient.errors import MobileIPv6Error
from service.cli_output import Output, yes_no
from service.cli_parser_roles import ROLES
from service.cli_show import must_be_known, shown
from service.client import Client
from service.codec import Plain
from service.contract import UnknownThing

_LINKS: Final = "home_agent.links"
_ADVERTISED: Final = {
    "min_interval": "min_interval",
    "max_interval": "max_interval",
    "preference": "preference",
    "lifetime": "lifetime",
    "router_lifetime": "router_lifetime",
}
"""Arguments and the members of the table `advertise`."""


async def show_access(client: Client, _arguments: argparse.Namespace, output: Output) -> None:
    """The rules of both roles, numbered in the order in which they are asked."""
    rules = {role: await _rows(client, _key(role)) for role in ROLES}
    if output.as_json:
        output.json(home_agent=rules[ROLES[0]], correspondent_node=rules[ROLES[1]])
        return
    for number, role in enumerate(ROLES):
        if number:
            output.line()
        output.line(
            f"Who may register with this machine as {role.replace('-', ' ')}: the first rule that matches decides"
        )
        rows = [
            [str(place), yes_no(row["allow"]), str(row["home_addresses"]), str(row["care_of_addresses"])]
            for place, row in enumerate(rules[role], start=1)
        ]
        headings = ["number", "allowed", "home addresses in", "care-of addresses in"]
        output.table(headings, rows, "There is no rule: everybody may.")


async def add_access(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """One more rule, at the end or at its place."""
    rows = await _rows(client, _key(arguments.role))
    place = len(rows) + 1 if arguments.at is None else arguments.at
    if not 1 <= place <= len(rows) + 1:
        raise UnknownThing(f"There is no place {place} in the list", hint=f"1 to {len(rows) + 1}")
    row: dict[str, Plain] = {"allow": arguments.decision == "allow"}
    for name in ("home_addresses", "care_of_addresses"):
        if (prefix := getattr(arguments, name)) is not None:
            row[name] = str(prefix)
    rows.insert(place - 1, row)
    await client.set_setting(_key(arguments.role), shown(rows))
    output.done(f"Rule {place} of the {arguments.role.replace('-', ' ')} says: {arguments.decision}")


async def remove_access(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """One rule less."""
    rows = await _rows(client, _key(arguments.role))
    if not 1 <= arguments.number <= len(rows):
        hint = f"1 to {len(rows)}" if rows else "there is no rule"
        raise UnknownThing(f"There is no rule {arguments.number}", hint=hint)
    del rows[arguments.number - 1]
    await client.set_setting(_key(arguments.role), shown(rows))
    output.done(f"Rule {arguments.number} of the {arguments.role.replace('-', ' ')} is removed")


async def advertise(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """How one home link is advertised."""
    given = {member: value for name, member in _ADVERTISED.items() if (value := getattr(arguments, name)) is not None}
    if not given:
        raise MobileIPv6Error("Nothing is said of how", hint="see mnctl home-agent advertise --help")
    links = await _rows(client, _LINKS)
    must_be_known(str(arguments.prefix), [str(each["prefix"]) for each in links], "home link")
    link = next(each for each in links if each["prefix"] == str(arguments.prefix))
    if "interface" not in link:
        raise MobileIPv6Error("A virtual link has nobody to advertise to", hint="only links on an interface")
    link["advertise"] = {**link.get("advertise", {}), **given}
    await client.set_setting(_LINKS, shown(links))
    output.done(f"The home network {arguments.prefix} is advertised so")


async def show_debug(client: Client, _arguments: argparse.Namespace, output: Output) -> None:
    """Which categories are logged in detail."""
    on = {each.value: await client.setting(f"debug.{each.value}") for each in Category}
    if output.as_json:
        output.json(debug=on)
        return
    output.table(["category", "logged in detail"], [[name, yes_no(value is True)] for name, value in on.items()], "")


async def switch_debug(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    """Log categories in detail, or no longer."""
    wanted = arguments.command[-1] == "on"
    for name in dict.fromkeys(arguments.names):
        await client.set_setting(f"debug.{name}", shown(wanted))
    names = ", ".join(dict.fromkeys(arguments.names))
    output.done(f"{names}: logged in detail from now on" if wanted else f"{names}: no longer logged in detail")


def _key(role: str) -> str:
    return f"{role.replace('-', '_')}.access"


async def _rows(client: Client, key: str) -> list[Any]:
    rows: Any = await client.setting(key)
    return [dict(each) for each in rows] if isinstance(rows, list) else []
