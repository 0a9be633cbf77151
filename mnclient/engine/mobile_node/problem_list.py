# SPDX-License-Identifier: GPL-2.0-or-later
"""The problems of the mobile-node role: found anew from what is known, each with the instant since which it exists."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from mnclient.engine.events import NetworkStateFailed
from mnclient.engine.mobile_node.attachment import is_impostor_link
from mnclient.engine.mobile_node.care_of import CareOfAddress
from mnclient.engine.mobile_node.home_registration import HomeRegistration
from mnclient.engine.mobile_node.link import Link
from mnclient.engine.mobile_node.registration import SILENT_AFTER
from mnclient.engine.timers import Timer
from mnclient.model.problems import Problem, ProblemCode
from mnclient.model.security import Standing
from mnclient.model.status import HomeAddressState as State
from mnclient.units import Instant
from mnclient.wire.binding import BindingStatus, describe_status

Found = tuple[ProblemCode, str, str]
"""Code, subject, detail."""

_WHY_UNPROTECTED = {
    Standing.NO_SECRET: ProblemCode.KEY_NOT_AVAILABLE,
    Standing.IMPOSSIBLE: ProblemCode.PROTECTION_IMPOSSIBLE,
}
_SIGNALLING = (State.REGISTERING, State.REGISTERED, State.RETURNING, State.REFUSED)


class ProblemList:
    """What is wrong now."""

    def __init__(self) -> None:
        self._problems: dict[tuple[ProblemCode, str], Problem] = {}

    def update(self, found: Iterable[Found], now: Instant) -> None:
        """These are all there are now; one that was there before keeps its beginning."""
        before = self._problems
        self._problems = {}
        for code, subject, detail in found:
            known = before.get((code, subject))
            since = known.since if known is not None else now
            self._problems[(code, subject)] = Problem(code=code, subject=subject, detail=detail, since=since)

    def all(self) -> tuple[Problem, ...]:
        """All of them, in the order found."""
        return tuple(self._problems.values())


def all_problems(
    registrations: Iterable[HomeRegistration],
    links: Collection[Link],
    collided: Mapping[str, CareOfAddress],
    refused: NetworkStateFailed | None,
    now: Instant,
) -> Iterator[Found]:
    """What is wrong with the role as a whole. `collided` are care-of addresses that were taken, by interface."""
    for registration in registrations:
        yield from problems_of(registration)
        yield from impostors_of(registration, links, now)
    for interface, care_of in collided.items():
        yield ProblemCode.CARE_OF_DUPLICATE, str(care_of.address), interface
    if refused is not None:
        yield ProblemCode.NETWORK_REFUSED, refused.item, refused.reason


def impostors_of(registration: HomeRegistration, links: Iterable[Link], now: Instant) -> Iterator[Found]:
    """The links on which somebody else claims to be the home agent of a home address."""
    for link in links:
        if is_impostor_link(link, registration.home, now):
            yield ProblemCode.HOME_AGENT_CHANGED, str(registration.home.address), link.name


def problems_of(registration: HomeRegistration) -> Iterator[Found]:
    """What is wrong with one home address."""
    home, state, place = registration.home, registration.state, registration.place
    address, agent = str(home.address), str(home.home_agent or "")
    if registration.is_taken:  # also while that is asked again
        yield ProblemCode.HOME_ADDRESS_DUPLICATE, address, ""
    if state is State.DUPLICATE:
        return
    if place is None:
        yield ProblemCode.NO_CARE_OF_ADDRESS, address, ""
    elif not place.is_home and home.home_agent is None:
        yield ProblemCode.NO_HOME_AGENT, address, ""
    if state is State.UNPROTECTED:
        why = _WHY_UNPROTECTED.get(registration.standing, ProblemCode.PROTECTION_MISSING)
        yield ProblemCode.KEY_REJECTED if registration.is_key_rejected else why, address, agent
    if registration.keys_differ:
        yield ProblemCode.KEY_REJECTED, address, agent
    elif registration.unanswered >= SILENT_AFTER:
        yield ProblemCode.HOME_AGENT_SILENT, address, agent
    if registration.verified is False:
        yield ProblemCode.NOT_VERIFIED, address, agent
    if registration.standing is Standing.OPEN and (state in _SIGNALLING or registration.may_be_bound):
        yield ProblemCode.UNPROTECTED_SIGNALLING, agent, ""
    if state is State.REFUSED or is_waiting_to_retry(registration):
        yield _refusal(registration, address, agent)


def is_waiting_to_retry(registration: HomeRegistration) -> bool:
    """Whether the last answer was a refusal that is being slept over."""
    return registration.context.timers.deadline(Timer.RETRY_REFUSED, registration.home.address) is not None


def _refusal(registration: HomeRegistration, address: str, agent: str) -> Found:
    status = registration.last_status
    if status == BindingStatus.NOT_HOME_SUBNET:
        return ProblemCode.NOT_HOME_SUBNET, address, agent
    if status is None or status < BindingStatus.REASON_UNSPECIFIED:
        return ProblemCode.REGISTRATION_REFUSED, address, "it accepts, but for no time at all"
    return ProblemCode.REGISTRATION_REFUSED, address, describe_status(status)
