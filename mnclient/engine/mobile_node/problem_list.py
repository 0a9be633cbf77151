# SPDX-License-Identifier: GPL-2.0-or-later
"""The problems of the mobile-node role: found anew from what is known, each with the instant since which it exists."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from mnclient.engine.events import NetworkStateFailed
from mnclient.engine.mobile_node.attachment import claims_to_be_home, is_impostor_link
from mnclient.engine.mobile_node.care_of import CareOfAddress
from mnclient.engine.mobile_node.home_registration import HomeRegistration
from mnclient.engine.mobile_node.link import Link
from mnclient.engine.mobile_node.registration import SILENT_AFTER
from mnclient.engine.timers import Timer
from mnclient.model.config import HomeAddressConfig
from mnclient.model.problems import Problem, ProblemCode
from mnclient.model.security import Standing
from mnclient.model.status import HomeAddressState as State
from mnclient.units import Instant
from mnclient.wire.addresses import text_of
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
            if known is None or known.detail != detail:
                since = known.since if known is not None else now
                known = Problem(code=code, subject=subject, detail=detail, since=since)
            self._problems[(code, subject)] = known

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
        elif registration.home.address in link.disbelieved and claims_to_be_home(link, registration.home, now):
            yield ProblemCode.HOME_NOT_PROVED, str(registration.home.address), link.name


def problems_of(registration: HomeRegistration) -> Iterator[Found]:
    """What is wrong with one home address."""
    home, state, place = registration.home, registration.state, registration.place
    if registration.is_taken:  # also while that is asked again
        yield ProblemCode.HOME_ADDRESS_DUPLICATE, text_of(home.address), ""
    if state is State.DUPLICATE:
        return
    if place is None:
        yield ProblemCode.NO_CARE_OF_ADDRESS, text_of(home.address), ""
    elif not place.is_home and home.home_agent is None:
        yield ProblemCode.NO_HOME_AGENT, text_of(home.address), ""
    if state is State.UNPROTECTED:
        why = _WHY_UNPROTECTED.get(registration.standing, ProblemCode.PROTECTION_MISSING)
        yield ProblemCode.KEY_REJECTED if registration.is_key_rejected else why, text_of(home.address), _agent(home)
    if registration.keys_differ:
        yield ProblemCode.KEY_REJECTED, text_of(home.address), _agent(home)
    elif registration.unanswered >= SILENT_AFTER and state is State.RETURNING and registration.must_prove_home:
        yield ProblemCode.HOME_NOT_PROVED, text_of(home.address), place.interface if place is not None else ""
    elif registration.unanswered >= SILENT_AFTER:
        yield ProblemCode.HOME_AGENT_SILENT, text_of(home.address), _agent(home)
    if registration.verified is False:
        yield ProblemCode.NOT_VERIFIED, text_of(home.address), _agent(home)
    if registration.standing is Standing.OPEN and (state in _SIGNALLING or registration.may_be_bound):
        yield ProblemCode.UNPROTECTED_SIGNALLING, _agent(home), ""
    if state is State.REFUSED or is_waiting_to_retry(registration):
        yield _refusal(registration, text_of(home.address), _agent(home))


def _agent(home: HomeAddressConfig) -> str:
    return "" if home.home_agent is None else text_of(home.home_agent)


def is_waiting_to_retry(registration: HomeRegistration) -> bool:
    """Whether the last answer was a refusal that is being slept over."""
    return registration.context.timers.deadline(Timer.RETRY_REFUSED, registration.home.address) is not None


def _refusal(registration: HomeRegistration, address: str, agent: str) -> Found:
    status = registration.last_status
    if registration.is_expired:
        return ProblemCode.REGISTRATION_REFUSED, address, "its home prefix is valid no longer"
    if status == BindingStatus.NOT_HOME_SUBNET:
        return ProblemCode.NOT_HOME_SUBNET, address, agent
    if status is None or status < BindingStatus.REASON_UNSPECIFIED:
        return ProblemCode.REGISTRATION_REFUSED, address, "it accepts, but for no time at all"
    return ProblemCode.REGISTRATION_REFUSED, address, describe_status(status)
