# SPDX-License-Identifier: GPL-2.0-or-later
"""Small edits of the arrays of tables in the settings, as plain rows. What they give is still checked as a whole."""

from collections.abc import Set
from ipaddress import IPv6Address, IPv6Network
from typing import Any

from service.contract import UnknownThing

Rows = list[dict[str, Any]]


def without_address(rows: Rows, address: IPv6Address) -> Rows:
    """Without the row of this address."""
    return [row for row in rows if row["address"] != str(address)]


def with_interface_priority(rows: Rows, name: str, priority: int, present: Set[str]) -> Rows:
    """With this priority for the interface; what else is said of it stays. UnknownThing when it is nowhere."""
    names = sorted({row["name"] for row in rows} | present)
    if name not in names:
        hint = f"known are: {', '.join(names)}" if names else "there is none"
        raise UnknownThing(f"There is no interface {name}", hint=hint)
    if any(row["name"] == name for row in rows):
        return [{**row, "priority": priority} if row["name"] == name else row for row in rows]
    return [*rows, {"name": name, "priority": priority}]


def with_home_link(
    rows: Rows, prefix: IPv6Network, address: IPv6Address, interface: str | None, advertise: bool
) -> Rows:
    """With a home link in place of the one of the same prefix; how it advertises is kept if it still does."""
    before = next((row for row in rows if row["prefix"] == str(prefix)), {})
    row: dict[str, Any] = {"prefix": str(prefix), "address": str(address)}
    row |= {"virtual": True} if interface is None else {"interface": interface}
    if advertise:
        row["advertise"] = before.get("advertise", {})
    return [row if each is before else each for each in rows] if before else [*rows, row]


def without_home_link(rows: Rows, prefix: IPv6Network) -> Rows:
    """Without the home link of this prefix. UnknownThing, with those that are served, when it is not."""
    remaining = [row for row in rows if row["prefix"] != str(prefix)]
    if len(remaining) == len(rows):
        served = ", ".join(row["prefix"] for row in rows)
        raise UnknownThing(f"{prefix} is not served", hint=f"served are: {served}" if served else "there is none")
    return remaining
