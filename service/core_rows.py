# SPDX-License-Identifier: GPL-2.0-or-later
"""Small edits of the arrays of tables in the settings, as plain rows. What they give is still checked as a whole."""

from ipaddress import IPv6Address, IPv6Network
from typing import Any

Rows = list[dict[str, Any]]


def without_address(rows: Rows, address: IPv6Address) -> Rows:
    """Without the row of this address."""
    return [row for row in rows if row["address"] != str(address)]


def with_interface_priority(rows: Rows, name: str, priority: int) -> Rows:
    """With this priority for the interface; what else is said of it stays."""
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
    """Without the home link of this prefix."""
    return [row for row in rows if row["prefix"] != str(prefix)]
