# SPDX-License-Identifier: GPL-2.0-or-later
"""Whom this computer talks to and how, whom it told where it is, and who told it: three tables of the same form."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Final

from mnclient.model.service_status import OptimizationState, ServiceStatus
from mnclient.model.status import (
    BindingCacheStatus,
    BindingUpdateStatus,
    CorrespondentState,
    CorrespondentStatus,
)
from mnclient.units import Instant
from ui.texts import mark, tr, trn
from ui.view import roles
from ui.view.moment import Moment
from ui.view.wording import left

CORRESPONDENT_STATES: Final = {
    CorrespondentState.TUNNELLED: (mark("through the home agent"), roles.QUIET, "path"),
    CorrespondentState.TESTING: (mark("testing the direct way"), roles.BUSY, "working"),
    CorrespondentState.REGISTERING: (mark("telling it where this computer is"), roles.BUSY, "working"),
    CorrespondentState.DIRECT: (mark("directly"), roles.GOOD, "check-circle"),
    CorrespondentState.UNRESPONSIVE: (mark("through the home agent"), roles.QUIET, "path"),
    CorrespondentState.LEAVING: (mark("telling it that this computer is home"), roles.BUSY, "home"),
}
_REASONS: Final = {
    CorrespondentState.UNRESPONSIVE: mark("it does not take part; asked again later"),
    CorrespondentState.TUNNELLED: mark("the direct way was not tried yet, or is not allowed"),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a field, and what it is sorted by. `icon` and `role` are of a state."""

    text: str
    key: int | float | str
    icon: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Headings and rows; every row has a cell for each heading."""

    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def correspondents(status: ServiceStatus, moment: Moment) -> Table:
    """Everybody this computer talks to."""
    headings = (tr("Correspondent"), tr("How"), tr("Why"), tr("Time left"), tr("Home address"))
    rows = tuple(_correspondent(each, moment) for each in status.engine.correspondents)
    return _without_obvious(Table(headings, rows), status)


def told(status: ServiceStatus, moment: Moment) -> Table:
    """The binding update list."""
    headings = (tr("Told to"), tr("Who"), tr("Agreed"), tr("Time left"), tr("Care-of address"), tr("Home address"))
    rows = tuple(_told(each, moment) for each in status.engine.binding_update_list)
    return _without_obvious(Table(headings, rows), status)


def cache(entries: Iterable[BindingCacheStatus], moment: Moment) -> Table:
    """The binding cache: other mobile nodes that told this computer where they are."""
    headings = (tr("Home address"), tr("Care-of address"), tr("Role"), tr("Time left"), tr("Sequence"))
    return Table(headings, tuple(_cached(each, moment) for each in entries))


def has_cache(status: ServiceStatus) -> bool:
    """Whether this computer keeps bindings of others."""
    return status.engine.home_agent is not None or status.engine.correspondent_node is not None


def cache_size(status: ServiceStatus) -> int:
    """How many it keeps."""
    agent, node = status.engine.home_agent, status.engine.correspondent_node
    return (agent.bindings if agent else 0) + (node.bindings if node else 0)


def optimization(status: ServiceStatus) -> tuple[str, str, str]:
    """Whether packets may go directly, in words, with role and picture."""
    state, reason = status.optimization()
    if state is OptimizationState.IMPOSSIBLE:
        text = tr("This computer cannot send packets directly")
        return (f"{text}: {tr(reason)}" if reason else text), roles.WARNING, "warning"
    if state is OptimizationState.OFF:
        return tr("Packets do not go directly: {reason}", reason=tr(reason)), roles.QUIET, "pause"
    direct = sum(each.state is CorrespondentState.DIRECT for each in status.engine.correspondents)
    if not direct:
        return tr("Packets go directly where the other side can do it"), roles.QUIET, "info"
    return (
        trn("{count} correspondent is reached directly", "{count} correspondents are reached directly", direct),
        (roles.GOOD),
        "check-circle",
    )


def _without_obvious(table: Table, status: ServiceStatus) -> Table:
    """With one home address only, nobody needs to be told which."""
    if len(status.engine.home_addresses) > 1:
        return table
    return Table(table.headings[:-1], tuple(row[:-1] for row in table.rows))


def _correspondent(entry: CorrespondentStatus, moment: Moment) -> tuple[Cell, ...]:
    state, role, icon = CORRESPONDENT_STATES[entry.state]
    reason = entry.reason or _REASONS.get(entry.state, "")
    return (
        _address(entry.address),
        Cell(tr(state), tr(state), icon, role),
        Cell(tr(reason), reason),
        _left(entry.expires if entry.expires is not None else entry.retry, moment, is_retry=entry.expires is None),
        _address(entry.home_address),
    )


def _told(entry: BindingUpdateStatus, moment: Moment) -> tuple[Cell, ...]:
    who = tr("home agent") if entry.home_registration else tr("correspondent")
    if entry.acknowledged:
        agreed = Cell(tr("yes"), 1, "check", roles.GOOD)
    else:
        agreed = Cell(tr("not yet"), 0, "working", roles.BUSY)
    return (
        _address(entry.destination),
        Cell(who, who),
        agreed,
        _left(entry.expires, moment),
        _address(entry.care_of_address),
        _address(entry.home_address),
    )


def _cached(entry: BindingCacheStatus, moment: Moment) -> tuple[Cell, ...]:
    role = tr("home agent") if entry.home_registration else tr("correspondent")
    if entry.detecting:
        role = tr("{role}, checking the address", role=role)
    return (
        _address(entry.home_address),
        _address(entry.care_of_address),
        Cell(role, role),
        _left(entry.expires, moment),
        Cell(str(entry.sequence), entry.sequence),
    )


def _address(address: IPv6Address) -> Cell:
    return Cell(str(address), int(address))


def _left(instant: Instant | None, moment: Moment, *, is_retry: bool = False) -> Cell:
    if instant is None:
        return Cell("", float("inf"))
    remaining = -moment.since(instant)
    if is_retry:
        return Cell(
            tr("asked again: {left}", left=left(remaining)) if remaining > 0 else tr("asked again soon"), remaining
        )
    return Cell(left(remaining), remaining)
