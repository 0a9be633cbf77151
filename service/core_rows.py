# SPDX-License-Identifier: GPL-2.0-or-later
"""Small edits of the arrays of tables in the settings, as plain rows. What they give is still checked as a whole."""

from collections.abc import Sequence, Set
from ipaddress import IPv6Address, IPv6Network
from typing import Any, Final

from service.contract import InvalidArgument, UnknownThing

Rows = list[dict[str, Any]]

PRIORITY_STEP: Final = 10  # leaves room for an interface that is put between two others by hand
DEFAULT_PRIORITY: Final = 100  # of an interface without a row


def without_address(rows: Rows, address: IPv6Address) -> Rows:
    """Without the row of this address."""
    return [row for row in rows if row["address"] != str(address)]


def with_interface_priority(rows: Rows, name: str, priority: int, present: Set[str]) -> Rows:
    """With this priority for the interface; what else is said of it stays. UnknownThing when it is nowhere."""
    _require_interface(rows, name, present)
    if any(row["name"] == name for row in rows):
        return [{**row, "priority": priority} if row["name"] == name else row for row in rows]
    return [*rows, {"name": name, "priority": priority}]


def with_interface_order(rows: Rows, names: Sequence[str], present: Set[str]) -> Rows:
    """With these interfaces in this order, the first preferred most, and all others behind them as they were.

    UnknownThing for one that is nowhere, InvalidArgument for one that is named twice, or when none is named.
    """
    if not names or len(set(names)) < len(names):
        raise InvalidArgument("This is no order of interfaces", hint="name each interface once")
    for name in names:
        _require_interface(rows, name, present)
    priorities = {row["name"]: row.get("priority", DEFAULT_PRIORITY) for row in rows}
    others = sorted({*priorities, *present} - set(names), key=lambda name: (_priority(priorities, name), name))
    last = 0
    wanted: dict[str, int] = {}
    for name in [*names, *others]:
        last = last + PRIORITY_STEP if name in names else max(_priority(priorities, name), last + 1)
        wanted[name] = last
    for name, priority in wanted.items():
        if priority != _priority(priorities, name):
            rows = with_interface_priority(rows, name, priority, present)
    return rows


def _priority(priorities: dict[str, int], name: str) -> int:
    return priorities.get(name, DEFAULT_PRIORITY)


def _require_interface(rows: Rows, name: str, present: Set[str]) -> None:
    names = sorted({row["name"] for row in rows} | present)
    if name not in names:
        hint = f"known are: {', '.join(names)}" if names else "there is none"
        raise UnknownThing(f"There is no interface {name}", hint=hint)


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
