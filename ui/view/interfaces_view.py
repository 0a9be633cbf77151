# SPDX-License-Identifier: GPL-2.0-or-later
"""The network interfaces in the order in which they are preferred, and orders a person makes of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from mnclient.model.service_status import ServiceStatus
from mnclient.model.status import InterfaceStatus
from ui.texts import tr
from ui.view import roles
from ui.view.wording import isolated


@dataclass(frozen=True, slots=True)
class InterfaceRow:
    """One interface in words. `name` is the system's, `shown` can stand in a sentence."""

    name: str
    shown: str
    state: str
    role: str
    icon: str
    detail: str
    enabled: bool

    def describe(self, place: int, count: int) -> str:
        """The row in a sentence."""
        return tr(
            "{name}, number {place} of {count}: {state}. {detail}",
            name=self.shown,
            place=place,
            count=count,
            state=self.state,
            detail=self.detail,
        )


def rows(status: ServiceStatus) -> tuple[InterfaceRow, ...]:
    """The most preferred first."""
    return tuple(_row(each) for each in sorted(status.engine.interfaces, key=lambda each: (each.priority, each.name)))


def moved(names: Sequence[str], start: int, end: int) -> tuple[str, ...]:
    """The order after one was taken from `start` and put at `end`; places beyond the ends are the ends."""
    order = list(names)
    if not 0 <= start < len(order):
        return tuple(order)
    taken = order.pop(start)
    order.insert(min(max(end, 0), len(order)), taken)
    return tuple(order)


def _row(interface: InterfaceStatus) -> InterfaceRow:
    state, role, icon = _state(interface)
    facts = [str(interface.care_of_address)] if interface.care_of_address else []
    if interface.is_home:
        facts.append(tr("on the home network"))
    if interface.reaches_home_agent is not None:
        reached = tr("reaches the home agent"), tr("the home agent does not answer from here")
        facts.append(reached[0] if interface.reaches_home_agent else reached[1])
    elif interface.is_up and not interface.routers:
        facts.append(tr("no router heard"))
    return InterfaceRow(
        name=interface.name,
        shown=isolated(interface.name),
        state=state,
        role=role,
        icon=icon,
        detail=" · ".join(facts),
        enabled=interface.enabled,
    )


def _state(interface: InterfaceStatus) -> tuple[str, str, str]:
    if not interface.enabled:
        return tr("not to be used"), roles.QUIET, "pause"
    if not interface.is_up:
        return tr("not connected"), roles.QUIET, "disconnect"
    if interface.reaches_home_agent is False:
        return (tr("in use") if interface.is_active else tr("connected")), roles.WARNING, "warning"
    if interface.is_active:
        return tr("in use"), roles.GOOD, "check-circle"
    if interface.is_standby:
        return tr("ready to take over"), roles.ACCENT, "check"
    return tr("connected"), roles.QUIET, "connect"
