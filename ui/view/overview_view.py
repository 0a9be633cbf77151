# SPDX-License-Identifier: GPL-2.0-or-later
"""The first page: can this computer be reached, and what about each home address."""

from dataclasses import dataclass, replace
from ipaddress import IPv6Address
from typing import Final

from mnclient.model.service_status import ManagedHomeAddress, ServiceStatus
from mnclient.model.status import HomeAddressState, HomeAddressStatus, Phase
from ui.texts import mark, tr
from ui.view import roles
from ui.view.moment import Moment
from ui.view.tray_view import Snapshot, TrayState, main_address, tray_state, tray_view
from ui.view.wording import ago, isolated, left

STATES: Final = {
    HomeAddressState.WAITING: mark("waits for a network"),
    HomeAddressState.DETECTING: mark("at home, checking that nobody else has it"),
    HomeAddressState.AT_HOME: mark("at home"),
    HomeAddressState.SEARCHING: mark("away, getting an address here"),
    HomeAddressState.REGISTERING: mark("away, telling the home agent"),
    HomeAddressState.REGISTERED: mark("away"),
    HomeAddressState.RETURNING: mark("back home, telling the home agent"),
    HomeAddressState.REFUSED: mark("refused by the home agent"),
    HomeAddressState.DUPLICATE: mark("somebody else has it"),
    HomeAddressState.UNPROTECTED: mark("there is no key for the home agent"),
}
_BAD: Final = frozenset({HomeAddressState.REFUSED, HomeAddressState.DUPLICATE, HomeAddressState.UNPROTECTED})


@dataclass(frozen=True, slots=True)
class Fact:
    """A state in a word, with its picture and role."""

    text: str
    role: str
    icon: str


@dataclass(frozen=True, slots=True)
class AddressRow:
    """One home address. Registered and verified are two facts."""

    address: IPv6Address
    state: Fact
    registered: Fact
    verified: Fact
    home_agent: str
    preferred: bool
    only: bool


_LOOKS: Final = {
    TrayState.OFF: (roles.QUIET, "power"),
    TrayState.HOME: (roles.GOOD, "home"),
    TrayState.AWAY: (roles.GOOD, "check-circle"),
    TrayState.UNVERIFIED: (roles.WARNING, "question"),
    TrayState.WORKING: (roles.BUSY, "working"),
    TrayState.NO_NETWORK: (roles.QUIET, "disconnect"),
    TrayState.PROBLEM: (roles.BAD, "error"),
}


def headline(status: ServiceStatus, moment: Moment) -> Fact:
    """Can this computer be reached: the sentence that the tray says, too. Questions stand below it."""
    shown = tray_view(Snapshot("ready", replace(status, proposals=())), moment.instant)
    return Fact(shown.title, *_LOOKS[shown.state])


def explanation(status: ServiceStatus, moment: Moment) -> str:
    """What the headline means for the person."""
    match tray_state(replace(status, proposals=()), moment.instant):
        case TrayState.OFF if status.engine.phase is Phase.OFF:
            return _off(status)
        case TrayState.OFF if status.known_home_agents:
            return tr("A home agent was found. Add a home address, and this computer keeps it in every network.")
        case TrayState.OFF:
            return tr("Add a home address, and this computer keeps it in every network.")
        case TrayState.HOME:
            return tr("Everybody reaches this computer directly.")
        case TrayState.AWAY:
            return tr("The home agent agreed, and a test packet came back. Connections survive a move.")
        case TrayState.UNVERIFIED if _is_main_verified(status):
            return tr("One home address is not verified yet; see below.")
        case TrayState.UNVERIFIED:
            return tr("The home agent agreed, but no packet has shown yet that it works.")
        case TrayState.WORKING:
            return tr("This takes a moment.")
        case TrayState.NO_NETWORK:
            return tr("Connect this computer to a network with IPv6.")
        case _:
            return tr("Nobody can reach this computer at its home address at the moment.")


def address_rows(status: ServiceStatus, moment: Moment) -> tuple[AddressRow, ...]:
    """Those the service keeps, the preferred first; and any that only the engine knows."""
    states = {each.address: each for each in status.engine.home_addresses}
    kept = {each.address: each for each in status.home_addresses}
    everything = [*kept, *(each for each in states if each not in kept)]
    rows = [_row(each, kept.get(each), states.get(each), len(everything) == 1, moment) for each in everything]
    return tuple(sorted(rows, key=lambda each: not each.preferred))


def _is_main_verified(status: ServiceStatus) -> bool:
    main = main_address(status)
    return main is not None and main.registered and bool(main.verified)


def _off(status: ServiceStatus) -> str:
    if status.engine.home_agent is not None:
        return tr("This computer is a home agent and does not move itself.")
    return tr("Connections break when this computer changes the network.")


def _row(
    address: IPv6Address,
    kept: ManagedHomeAddress | None,
    state: HomeAddressStatus | None,
    only: bool,
    moment: Moment,
) -> AddressRow:
    agent = state.home_agent if state else kept.home_agent if kept else None
    return AddressRow(
        address=address,
        state=_state(state),
        registered=_registered(state, moment),
        verified=_verified(state, moment),
        home_agent=str(agent) if agent else "",
        preferred=state.preferred if state else bool(kept and kept.preferred),
        only=only,
    )


def _state(state: HomeAddressStatus | None) -> Fact:
    if state is None:
        return Fact(tr("not in use"), roles.QUIET, "pause")
    word = tr(STATES[state.state])
    if state.state in _BAD:
        return Fact(word, roles.BAD, "error")
    if state.state is HomeAddressState.AT_HOME:
        return Fact(word, roles.GOOD, "home")
    if state.state is HomeAddressState.WAITING:
        return Fact(word, roles.QUIET, "disconnect")
    if state.state is HomeAddressState.REGISTERED:
        where = tr("away, on {interface}", interface=isolated(state.interface)) if state.interface else word
        return Fact(where, roles.ACCENT, "network")
    return Fact(word, roles.BUSY, "working")


def _registered(state: HomeAddressStatus | None, moment: Moment) -> Fact:
    if state is not None and state.state is HomeAddressState.AT_HOME:
        return Fact(tr("need not be registered"), roles.QUIET, "check")
    if state is None or not state.registered:
        bad = state is not None and state.state in _BAD
        return Fact(tr("not registered"), roles.BAD if bad else roles.QUIET, "error" if bad else "remove")
    protection = tr("registered with a key") if state.protected else tr("registered without a key")
    until = "" if state.registered_until is None else left(-moment.since(state.registered_until))
    role, icon = (roles.GOOD, "shield") if state.protected else (roles.WARNING, "shield-off")
    return Fact(f"{protection}, {until}" if until else protection, role, icon)


def _verified(state: HomeAddressStatus | None, moment: Moment) -> Fact:
    if state is not None and state.state is HomeAddressState.AT_HOME:
        return Fact(tr("need not be verified"), roles.QUIET, "check")
    if state is None or state.verified is None:
        return Fact(tr("not verified yet"), roles.QUIET, "question")
    when = "" if state.verified_at is None else ago(moment.since(state.verified_at))
    if state.verified:
        return Fact(f"{tr('verified')}, {when}" if when else tr("verified"), roles.GOOD, "check-circle")
    return Fact(tr("a test packet did not come back"), roles.WARNING, "warning")
