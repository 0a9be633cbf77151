# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tray shows: a shape, a sentence, and what can be done.

The same sentence is the tooltip of the icon, the first line of its menu, and the headline of the status window.
"""

from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv6Address

from mnclient.model.problems import Problem, Severity
from mnclient.model.service_status import Proposal, ServiceStatus
from mnclient.model.status import HomeAddressState, HomeAddressStatus, InterfaceStatus, Phase
from mnclient.units import Instant, Seconds
from ui.texts import tr, trn


class TrayState(Enum):
    """What the icon says. The value is the name of its picture."""

    OFF = "tray-off"
    HOME = "tray-home"
    AWAY = "tray-away"  # registered and verified
    UNVERIFIED = "tray-unverified"  # registered, and nobody has seen it work
    WORKING = "tray-working"
    NO_NETWORK = "tray-no-network"
    PROBLEM = "tray-problem"
    QUESTION = "tray-question"


ROLES = {
    TrayState.OFF: "quiet",
    TrayState.HOME: "text",
    TrayState.AWAY: "good",
    TrayState.UNVERIFIED: "warning",
    TrayState.WORKING: "busy",
    TrayState.NO_NETWORK: "quiet",
    TrayState.PROBLEM: "bad",
    TrayState.QUESTION: "accent",
}
"""The colour of each (see ui.theme); the shape says the same without it."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is known at one moment. `reach` is the value of ui.session.Reach; title and hint say why it is not ready."""

    reach: str
    status: ServiceStatus | None = None
    title: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class AddressLine:
    """A home address in the menu."""

    address: str
    label: str


@dataclass(frozen=True, slots=True)
class Question:
    """A home address that waits for an answer."""

    address: IPv6Address
    text: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrayView:
    """Everything about the tray icon and its menu. `network` is "" while there is none to speak of."""

    state: TrayState
    title: str
    detail: str = ""
    network: str = ""
    addresses: tuple[AddressLine, ...] = ()
    question: Question | None = None
    can_connect: bool = False
    can_disconnect: bool = False

    @property
    def icon(self) -> str:
        """The name of the picture."""
        return self.state.value

    @property
    def role(self) -> str:
        """The colour of the picture."""
        return ROLES[self.state]

    @property
    def tooltip(self) -> str:
        """The sentence, and on which network."""
        return "\n".join(line for line in (self.title, self.network) if line)


def tray_view(snapshot: Snapshot, now: Instant | None = None) -> TrayView:
    """What to show; `now` (the service's clock) decides which problems have lasted long enough to be told."""
    if snapshot.status is None:
        return _without_status(snapshot)
    status = snapshot.status
    state = tray_state(status, now)
    off = status.engine.phase is Phase.OFF
    return TrayView(
        state=state,
        title=_title(status, state, now),
        detail=_detail(status, state, now),
        network=current_network(status),
        addresses=_addresses(status),
        question=question(status),
        can_connect=off,
        can_disconnect=not off,
    )


def tray_state(status: ServiceStatus, now: Instant | None = None) -> TrayState:
    """The shape for this status. An error outranks a question, and a question everything that goes well."""
    if status.engine.phase is Phase.OFF:
        return TrayState.OFF
    if worst_problem(status, now) is not None:
        return TrayState.NO_NETWORK if status.engine.phase is Phase.NO_NETWORK else TrayState.PROBLEM
    if status.proposals:
        return TrayState.QUESTION
    match status.engine.phase:
        case Phase.NO_HOME_ADDRESS:
            return TrayState.OFF
        case Phase.NO_NETWORK:
            return TrayState.NO_NETWORK
        case Phase.AT_HOME:
            return TrayState.HOME
        case Phase.REGISTERED:
            return TrayState.AWAY if _is_verified(status) else TrayState.UNVERIFIED
        case Phase.PROBLEM if not status.engine.problems:
            return TrayState.PROBLEM
        case _:  # a problem that has not lasted yet may be gone in a moment
            return TrayState.WORKING


def visible_problems(status: ServiceStatus, now: Instant | None = None) -> tuple[Problem, ...]:
    """Problems that have lasted long enough to be told, the worst first."""
    order = list(Severity)
    seen = [each for each in status.engine.problems if each.is_visible(status.engine.now if now is None else now)]
    return tuple(sorted(seen, key=lambda each: -order.index(each.declaration.severity)))


def worst_problem(status: ServiceStatus, now: Instant | None = None) -> Problem | None:
    """The problem because of which the home address does not work; None when there is none."""
    seen = visible_problems(status, now)
    if not seen:
        return None
    return seen[0] if seen[0].declaration.severity is Severity.ERROR or status.engine.phase is Phase.PROBLEM else None


def next_change(status: ServiceStatus, now: Instant) -> Seconds | None:
    """How long until another problem has lasted long enough; None when time alone changes nothing."""
    waiting = [
        each.since + each.declaration.visible_after - now for each in status.engine.problems if not each.is_visible(now)
    ]
    return Seconds(max(min(waiting), 0.0)) if waiting else None


def question(status: ServiceStatus) -> Question | None:
    """The oldest proposal, as a question."""
    if not status.proposals:
        return None
    oldest: Proposal = min(status.proposals, key=lambda each: each.proposed_time)
    return Question(
        oldest.address,
        tr("Use {address} as a home address?", address=oldest.address),
        tr("{reason}; home agent {agent}", reason=_sentence(tr(oldest.reason)), agent=oldest.home_agent),
    )


def current_network(status: ServiceStatus) -> str:
    """The network that carries the home addresses, in words."""
    active = next((each for each in status.engine.interfaces if each.is_active), None)
    if active is None:
        return ""
    if active.is_home:
        return tr("Home network on {interface}", interface=active.name)
    network = _network_of(active)
    if network:
        return tr("Network {network} on {interface}", network=network, interface=active.name)
    return tr("Network on {interface}", interface=active.name)


def main_address(status: ServiceStatus) -> HomeAddressStatus | None:
    """The home address that the headline speaks of: the preferred one, or the first."""
    all_of_them = status.engine.home_addresses
    return next((each for each in all_of_them if each.preferred), all_of_them[0] if all_of_them else None)


# --- the words --------------------------------------------------------------------------------------------------


def _without_status(snapshot: Snapshot) -> TrayView:
    if snapshot.reach in ("connecting", "ready"):
        return TrayView(state=TrayState.WORKING, title=tr("Looking for the service"))
    return TrayView(state=TrayState.PROBLEM, title=tr(snapshot.title), detail=tr(snapshot.hint))


def _title(status: ServiceStatus, state: TrayState, now: Instant | None) -> str:
    home = main_address(status)
    if state is TrayState.OFF:
        return tr("Switched off") if status.engine.phase is Phase.OFF else tr("No home address yet")
    if state is TrayState.QUESTION:
        return trn("{count} home address waits for your answer", "{count} home addresses wait for your answer",
                   len(status.proposals))  # fmt: skip
    if state is TrayState.PROBLEM:
        problem = worst_problem(status, now)
        return tr(problem.declaration.title) if problem else tr("Something is wrong")
    if state is TrayState.NO_NETWORK:
        return tr("No network: {address} cannot be reached", address=home.address) if home else tr("No network")
    if home is None:
        return tr("No home address yet")
    return _words(home, state)


def _words(home: HomeAddressStatus, state: TrayState) -> str:
    address = home.address
    if state is TrayState.HOME:
        return tr("At home, reachable at {address}", address=address)
    if state is TrayState.AWAY:
        return tr("Away, reachable at {address}", address=address)
    if state is TrayState.UNVERIFIED and home.registered and home.verified:
        return tr("Away, reachable at {address}, but not at every home address", address=address)
    if state is TrayState.UNVERIFIED and home.verified is False:
        return tr("Away, registered as {address}, but a test did not come back", address=address)
    if state is TrayState.UNVERIFIED:
        return tr("Away, registered as {address}, not tested yet", address=address)
    match home.state:
        case HomeAddressState.RETURNING | HomeAddressState.DETECTING:
            return tr("Coming home with {address}", address=address)
        case HomeAddressState.SEARCHING | HomeAddressState.WAITING:
            return tr("Looking for a network for {address}", address=address)
        case _:
            return tr("Moving {address} to this network", address=address)


def _detail(status: ServiceStatus, state: TrayState, now: Instant | None) -> str:
    problem = worst_problem(status, now)
    if problem is not None and state in (TrayState.PROBLEM, TrayState.NO_NETWORK):
        return tr(problem.declaration.text).format(subject=problem.subject, detail=tr(problem.detail))
    asked = question(status)
    if asked is not None:
        return asked.text
    if state is TrayState.OFF and status.engine.phase is Phase.OFF:
        return tr("Connect, to be reachable at your home address again.")
    return ""


def _addresses(status: ServiceStatus) -> tuple[AddressLine, ...]:
    known = {each.address: _state_word(each) for each in status.engine.home_addresses}
    for managed in status.home_addresses:
        known.setdefault(managed.address, tr("not in use"))
    return tuple(AddressLine(str(address), f"{address} ({word})") for address, word in known.items())


def _state_word(home: HomeAddressStatus) -> str:
    match home.state:
        case HomeAddressState.AT_HOME:
            return tr("at home")
        case HomeAddressState.REGISTERED:
            return tr("reachable") if home.verified else tr("registered")
        case HomeAddressState.REFUSED:
            return tr("refused")
        case HomeAddressState.DUPLICATE:
            return tr("used by another computer")
        case HomeAddressState.UNPROTECTED:
            return tr("no key")
        case HomeAddressState.WAITING | HomeAddressState.SEARCHING:
            return tr("no network")
        case _:
            return tr("moving")


def _is_verified(status: ServiceStatus) -> bool:
    """Whether every home address is known to work; one that is at home needs nobody's help."""
    return all(
        each.state is HomeAddressState.AT_HOME or (each.registered and each.verified is True)
        for each in status.engine.home_addresses
    )


def _network_of(interface: InterfaceStatus) -> str:
    care_of = interface.care_of_address
    for router in interface.routers:
        for prefix in router.prefixes:
            if care_of is not None and care_of in prefix:
                return str(prefix)
    return str(care_of) if care_of is not None else ""


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
