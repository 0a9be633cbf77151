# SPDX-License-Identifier: GPL-2.0-or-later
"""One correspondent of one home address: return routability and the binding there (RFC 6275 sections 5.2, 11.6, 11.7).

The states are those of `CorrespondentState`; `TABLE` says what every input does in every state. A pair that is missing
means "ignored". What an input does beyond the table is in `correspondent_steps`.
"""

from collections.abc import Callable
from enum import auto
from typing import Final

from mnclient.engine.mobile_node.correspondent_steps import CorrespondentSteps
from mnclient.model.named import Named
from mnclient.model.status import CorrespondentState as State
from mnclient.units import Instant


class Input(Named):
    """What can happen between a home address and a correspondent."""

    HEARD = auto()  # payload came through the tunnel, and route optimisation is wanted
    TURN = auto()  # a procedure that waits may begin
    MOVED = auto()  # another care-of address
    ACKNOWLEDGED = auto()  # the home agent has accepted the care-of address
    DETACHED = auto()  # no care-of address any more
    HOME = auto()  # at home, and the home agent knows it; DETACHED came before
    UNWANTED = auto()  # not allowed any more
    HOME_TESTED = auto()  # HoT accepted
    CARE_OF_TESTED = auto()  # CoT accepted
    ACCEPTED = auto()  # Binding Acknowledgement with status below 128
    OUT_OF_WINDOW = auto()  # status 135
    NONCES_EXPIRED = auto()  # status 136 to 138, or 147 to 149; the tokens it means are gone
    UNUSABLE_HERE = auto()  # status 174
    REFUSED = auto()  # any other status
    UNKNOWN_BINDING = auto()  # Binding Error with status 1
    UNSUPPORTED = auto()  # Binding Error with status 2, or Parameter Problem with code 1
    REQUESTED = auto()  # Binding Refresh Request
    SHORTENED = auto()  # the home registration or the home prefix ends sooner than the binding
    USED = auto()  # the route is in use
    UNUSED = auto()  # it is not
    SYSTEM_REFUSED = auto()  # the kernel does not take the route
    HOME_TEST_TIMED_OUT = auto()  # RETRANSMIT_HOME_TEST_INIT
    CARE_OF_TEST_TIMED_OUT = auto()  # RETRANSMIT_CARE_OF_TEST_INIT
    UPDATE_TIMED_OUT = auto()  # RETRANSMIT_CORRESPONDENT_UPDATE
    REFRESH = auto()  # REFRESH_CORRESPONDENT
    EXPIRED = auto()  # CORRESPONDENT_EXPIRES


Step = Callable[[CorrespondentSteps, Instant], State | None]
"""What is done; a state in return replaces the one of the table."""

Rows = dict[tuple[State, Input], tuple[State, Step]]
C = CorrespondentSteps
_AT_WORK: Final = (State.TESTING, State.REGISTERING, State.DIRECT)
_SIGNALLING: Final = (State.TESTING, State.DIRECT)


def _each(states: tuple[State, ...], event: Input, state: State, step: Step) -> Rows:
    return {(each, event): (state, step) for each in states}


def _staying(states: tuple[State, ...], event: Input, step: Step) -> Rows:
    return {(each, event): (each, step) for each in states}


TABLE: Final[Rows] = {
    # what begins it
    (State.TUNNELLED, Input.HEARD): (State.TESTING, C.begin_when_due),  # 11.3.3, 11.7.2
    (State.UNRESPONSIVE, Input.HEARD): (State.TESTING, C.begin_when_due),
    (State.DIRECT, Input.HEARD): (State.DIRECT, C.doubt),
    (State.TUNNELLED, Input.REFRESH): (State.TESTING, C.begin_when_due),
    (State.TUNNELLED, Input.TURN): (State.TESTING, C.begin_in_turn),
    # where the node is
    **_each(_AT_WORK, Input.MOVED, State.TESTING, C.begin),  # 11.7.2
    (State.TUNNELLED, Input.MOVED): (State.TESTING, C.begin_in_turn),
    (State.UNRESPONSIVE, Input.MOVED): (State.UNRESPONSIVE, C.reconsider),
    (State.LEAVING, Input.MOVED): (State.TESTING, C.stay_away),
    **_staying(_SIGNALLING, Input.ACKNOWLEDGED, C.proceed),
    **_each(_AT_WORK, Input.DETACHED, State.TUNNELLED, C.suspend),
    (State.LEAVING, Input.DETACHED): (State.TUNNELLED, C.lose_home),
    **_each((State.TUNNELLED, State.UNRESPONSIVE), Input.HOME, State.LEAVING, C.leave),  # 11.5.5, 11.7.2
    **_each(tuple(State), Input.UNWANTED, State.LEAVING, C.leave_unwanted),
    **_each(_AT_WORK, Input.SYSTEM_REFUSED, State.LEAVING, C.refused_by_system),
    # return routability, 11.6
    **_staying(_SIGNALLING, Input.HOME_TESTED, C.take_home_token),
    **_staying(_SIGNALLING, Input.CARE_OF_TESTED, C.take_care_of_token),
    (State.LEAVING, Input.HOME_TESTED): (State.LEAVING, C.continue_leaving),
    **_staying((*_SIGNALLING, State.LEAVING), Input.HOME_TEST_TIMED_OUT, C.repeat_home_test),  # 11.8
    **_staying(_SIGNALLING, Input.CARE_OF_TEST_TIMED_OUT, C.repeat_care_of_test),
    # the binding, 11.7.2 and 11.7.3
    (State.TESTING, Input.ACCEPTED): (State.TESTING, C.proceed),  # an early one, RFC 4866 section 4.3
    (State.TESTING, Input.OUT_OF_WINDOW): (State.TESTING, C.begin_again),
    (State.TESTING, Input.NONCES_EXPIRED): (State.TESTING, C.begin_again),
    (State.REGISTERING, Input.ACCEPTED): (State.DIRECT, C.bind),
    (State.DIRECT, Input.ACCEPTED): (State.DIRECT, C.bind),
    (State.LEAVING, Input.ACCEPTED): (State.TUNNELLED, C.be_gone),
    (State.REGISTERING, Input.OUT_OF_WINDOW): (State.REGISTERING, C.resend_in_window),
    (State.DIRECT, Input.OUT_OF_WINDOW): (State.DIRECT, C.resend_in_window),
    (State.LEAVING, Input.OUT_OF_WINDOW): (State.LEAVING, C.leave_again),
    (State.REGISTERING, Input.NONCES_EXPIRED): (State.TESTING, C.begin_again),
    (State.DIRECT, Input.NONCES_EXPIRED): (State.DIRECT, C.begin_again),
    (State.LEAVING, Input.NONCES_EXPIRED): (State.LEAVING, C.leave_again),
    **_each((State.REGISTERING, State.DIRECT), Input.REFUSED, State.UNRESPONSIVE, C.accept_refusal),
    (State.LEAVING, Input.REFUSED): (State.TUNNELLED, C.be_gone),
    **_each((State.REGISTERING, State.DIRECT), Input.UNUSABLE_HERE, State.UNRESPONSIVE, C.accept_refusal_here),
    (State.LEAVING, Input.UNUSABLE_HERE): (State.TUNNELLED, C.be_gone),
    **_staying((State.REGISTERING, State.DIRECT), Input.UPDATE_TIMED_OUT, C.repeat_update),
    (State.LEAVING, Input.UPDATE_TIMED_OUT): (State.LEAVING, C.repeat_deletion),
    # keeping it
    (State.DIRECT, Input.REFRESH): (State.DIRECT, C.ask),
    (State.DIRECT, Input.REQUESTED): (State.DIRECT, C.ask),  # 11.7.4
    (State.DIRECT, Input.USED): (State.DIRECT, C.refresh),
    (State.DIRECT, Input.SHORTENED): (State.DIRECT, C.refresh),  # 11.4.2
    (State.TUNNELLED, Input.SHORTENED): (State.TESTING, C.begin_in_turn),
    (State.DIRECT, Input.UNUSED): (State.DIRECT, C.let_lapse),
    # losing it
    (State.DIRECT, Input.UNKNOWN_BINDING): (State.TUNNELLED, C.lose_binding),  # 11.3.6
    (State.LEAVING, Input.UNKNOWN_BINDING): (State.TUNNELLED, C.be_gone),
    **_each(_AT_WORK, Input.UNSUPPORTED, State.UNRESPONSIVE, C.lacks_support),
    (State.LEAVING, Input.UNSUPPORTED): (State.TUNNELLED, C.be_gone),
    (State.DIRECT, Input.EXPIRED): (State.TUNNELLED, C.end_directness),
    **_staying((State.TUNNELLED, State.TESTING, State.REGISTERING, State.UNRESPONSIVE), Input.EXPIRED, C.lapse),
    (State.LEAVING, Input.EXPIRED): (State.TUNNELLED, C.be_gone),
}


class Correspondent(CorrespondentSteps):
    """The state machine of one correspondent. Everything that affects its state goes through `feed`."""

    def feed(self, event: Input, now: Instant) -> None:
        """Let `event` happen."""
        row = TABLE.get((self.state, event))
        if row is None:
            self.context.count("correspondent.ignored")
            return
        self.state_before = self.state
        self.state, step = row
        self.state = step(self, now) or self.state
        self._note_running()
        if self.state_before is not self.state:
            because = f": {self.reason}" if self.reason else ""
            self.context.note(
                "correspondent", f"{self.address} with {self.home_address} is {self.state.value}{because}"
            )
