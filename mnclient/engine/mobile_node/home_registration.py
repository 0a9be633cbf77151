# SPDX-License-Identifier: GPL-2.0-or-later
"""One home address and its registration with its home agent (RFC 6275 sections 11.5.5, 11.7.1, 11.7.3 and 11.8).

The states are those of `HomeAddressState`; `TABLE` says what every input does in every state. A pair that is missing
means "ignored, and noted". What an input does beyond the table is in `registration_steps`.

Elsewhere: which home agent it is (`home_agents`), and home prefixes (`prefix_discovery`). Left out: key management (K
stays clear).
"""

from collections.abc import Callable
from enum import auto
from typing import Final

from mnclient.engine.actions import ReportHomeAddress
from mnclient.engine.mobile_node.registration_steps import RegistrationSteps
from mnclient.model.named import Named
from mnclient.model.status import HomeAddressState as State
from mnclient.units import Instant


class Input(Named):
    """What can happen to a home address."""

    HOME = auto()  # on the home link, and no binding is believed to exist
    HOME_BOUND = auto()  # on the home link, and the home agent may still have a binding
    ABROAD = auto()  # a new primary care-of address
    NO_AGENT = auto()  # abroad, without a home agent to register with
    INVALID = auto()  # abroad, and the home prefix is valid no longer
    UNPROTECTED = auto()  # abroad, without a key, and going without one is not allowed
    DETACHED = auto()  # no network
    SETTLED = auto()  # duplicate detection ended well
    COLLIDED = auto()  # duplicate detection failed: it is somebody else's
    COLLIDED_BOUND = auto()  # duplicate detection failed: it may be our own home agent, for a binding we forgot
    ACCEPTED = auto()  # Binding Acknowledgement with status below 128
    DELETED = auto()  # de-registration accepted, or the home agent knows of no binding
    OUT_OF_WINDOW = auto()  # status 135
    TAKEN = auto()  # status 134
    REFUSED = auto()  # any other status
    UNKNOWN_BINDING = auto()  # Binding Error with status 1
    TIMED_OUT = auto()  # RETRANSMIT_BINDING_UPDATE
    REFRESH = auto()  # REFRESH_BINDING
    EXPIRED = auto()  # BINDING_EXPIRES
    RETRY = auto()  # RETRY_REFUSED
    ADVERTISE = auto()  # REPEAT_ADVERTISEMENT
    DEFENDED = auto()  # the home agent says that the address is at its own hardware address


Step = Callable[[RegistrationSteps, Instant], State | None]
"""What is done; a state in return replaces the one of the table."""

R = RegistrationSteps


def _everywhere(event: Input, state: State, step: Step) -> dict[tuple[State, Input], tuple[State, Step]]:
    """The same for every state."""
    return {(each, event): (state, step) for each in State}


TABLE: Final[dict[tuple[State, Input], tuple[State, Step]]] = {
    **_everywhere(Input.HOME, State.DETECTING, R.detect_duplicates),
    **_everywhere(Input.HOME_BOUND, State.RETURNING, R.begin_return),  # 11.5.5
    **_everywhere(Input.ABROAD, State.REGISTERING, R.begin_registration),  # 11.5.4, 11.7.1
    **_everywhere(Input.NO_AGENT, State.SEARCHING, R.stop),
    **_everywhere(Input.INVALID, State.REFUSED, R.end_with_prefix),  # 11.4.3
    **_everywhere(Input.UNPROTECTED, State.UNPROTECTED, R.stop),
    **_everywhere(Input.DETACHED, State.SEARCHING, R.stop),
    (State.DUPLICATE, Input.NO_AGENT): (State.DUPLICATE, R.stop),
    (State.DUPLICATE, Input.UNPROTECTED): (State.DUPLICATE, R.stop),
    (State.DUPLICATE, Input.INVALID): (State.DUPLICATE, R.stop),
    (State.DUPLICATE, Input.DETACHED): (State.DUPLICATE, R.stop),
    (State.DUPLICATE, Input.RETRY): (State.DUPLICATE, R.detect_again),
    (State.WAITING, Input.DETACHED): (State.WAITING, R.stop),
    (State.DETECTING, Input.DETACHED): (State.WAITING, R.stop),
    (State.AT_HOME, Input.DETACHED): (State.WAITING, R.stop),
    (State.DETECTING, Input.SETTLED): (State.AT_HOME, R.arrive),
    (State.DETECTING, Input.COLLIDED): (State.DUPLICATE, R.give_up),
    (State.DETECTING, Input.COLLIDED_BOUND): (State.RETURNING, R.begin_return_after_collision),
    (State.AT_HOME, Input.ADVERTISE): (State.AT_HOME, R.advertise_again),
    (State.AT_HOME, Input.DEFENDED): (State.RETURNING, R.ask_defender),
    (State.REGISTERING, Input.ACCEPTED): (State.REGISTERED, R.bind),  # 11.7.3
    (State.REGISTERING, Input.OUT_OF_WINDOW): (State.REGISTERING, R.resend_in_window),
    (State.REGISTERING, Input.TAKEN): (State.DUPLICATE, R.give_up),
    (State.REGISTERING, Input.REFUSED): (State.REFUSED, R.wait_and_retry),
    (State.REGISTERING, Input.TIMED_OUT): (State.REGISTERING, R.resend),  # 11.8
    (State.REGISTERING, Input.EXPIRED): (State.REGISTERING, R.lose_binding),
    (State.REGISTERED, Input.ACCEPTED): (State.REGISTERED, R.bind),
    (State.REGISTERED, Input.OUT_OF_WINDOW): (State.REGISTERED, R.resend_in_window),
    (State.REGISTERED, Input.TAKEN): (State.DUPLICATE, R.give_up),
    (State.REGISTERED, Input.REFUSED): (State.REFUSED, R.wait_and_retry),
    (State.REGISTERED, Input.REFRESH): (State.REGISTERED, R.refresh),  # 11.7.1
    (State.REGISTERED, Input.TIMED_OUT): (State.REGISTERED, R.resend),
    (State.REGISTERED, Input.EXPIRED): (State.REGISTERING, R.begin_registration_again),
    (State.REGISTERED, Input.UNKNOWN_BINDING): (State.REGISTERING, R.begin_registration_again),  # 11.3.6
    (State.RETURNING, Input.DELETED): (State.AT_HOME, R.announce_return),
    (State.RETURNING, Input.OUT_OF_WINDOW): (State.RETURNING, R.resend_in_window),
    (State.RETURNING, Input.REFUSED): (State.RETURNING, R.wait_and_retry),
    (State.RETURNING, Input.TIMED_OUT): (State.RETURNING, R.resend),
    (State.RETURNING, Input.RETRY): (State.RETURNING, R.retry),
    (State.RETURNING, Input.EXPIRED): (State.DETECTING, R.detect_duplicates),  # 11.5.5: all bindings have expired
    (State.REFUSED, Input.RETRY): (State.REGISTERING, R.retry),
    (State.REFUSED, Input.EXPIRED): (State.REFUSED, R.lose_binding),
    (State.SEARCHING, Input.EXPIRED): (State.SEARCHING, R.lose_binding),
    (State.UNPROTECTED, Input.EXPIRED): (State.UNPROTECTED, R.lose_binding),
    (State.WAITING, Input.EXPIRED): (State.WAITING, R.lose_binding),  # of the last run
}


class HomeRegistration(RegistrationSteps):
    """The state machine of one home address. Everything that affects its state goes through `feed`."""

    @property
    def may_ask_agent(self) -> bool:
        """Whether there is a home agent, and it may be told something."""
        return self.home.home_agent is not None and self.may_signal

    def feed(self, event: Input, now: Instant) -> None:
        """Let `event` happen."""
        row = TABLE.get((self.state, event))
        if row is None:
            self.context.count(f"registration.ignored.{event.name.lower().replace('_', '-')}")
            self.context.note("ignored", f"{self.home.address}: {event.name} while {self.state.value}")
            return
        before = self.state
        state, step = row
        self.state = state
        self.state = step(self, now) or state
        if self.state in (State.AT_HOME, State.REGISTERED):
            self.reached_at = now
        if before is not self.state:
            if before in (State.AT_HOME, State.REGISTERED):
                self.reached_at = now
            self._report()

    def _report(self) -> None:
        self.context.note("home-address", f"{self.home.address} is {self.state.value}")
        self.context.report(
            ReportHomeAddress(
                home_address=self.home.address,
                home_agent=self.home.home_agent,
                state=self.state,
                status=self.last_status,
            )
        )
