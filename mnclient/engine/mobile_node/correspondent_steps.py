# SPDX-License-Identifier: GPL-2.0-or-later
"""What is done at each transition of a correspondent; which transition it is, is decided in `correspondent`.

A step sends, arms timers and remembers. It leaves the state alone, unless what it finds makes another one true.
"""

from typing import Final

from mnclient.constants import INITIAL_BINDACK_TIMEOUT, REFRESH_FRACTION
from mnclient.engine.actions import AskRouteUse
from mnclient.engine.mobile_node.correspondent_binding import (
    LOST_CEILING,
    LOST_FIRST,
    new_pauses,
)
from mnclient.engine.mobile_node.early_updates import EarlyUpdates
from mnclient.engine.mobile_node.remembered_correspondents import RETRY_FIRST
from mnclient.engine.retransmission import Backoff
from mnclient.engine.timers import Timer
from mnclient.model.network_state import OptimizationEnd
from mnclient.model.status import CorrespondentState as State
from mnclient.units import Instant, Seconds, after, between

TOKEN_MARGIN: Final = Seconds(20.0)  # before tokens end they are renewed: all retries of a procedure fit in
MAX_CORRECTIONS: Final = 3  # in a row; one that never accepts its own numbers or nonces refuses
DOUBT_INTERVAL: Final = Seconds(30.0)  # between renewals because payload comes through the tunnel nevertheless
ASK_AGAIN_AFTER: Final = Seconds(15.0)  # an unused route is asked for again half-way to its end, down to this
LEAST_BETWEEN_QUESTIONS: Final = Seconds(5.0)  # whatever a correspondent requests
SYSTEM_RETRY: Final = Seconds(60.0)  # after the kernel refused: another program may have let go of it


class CorrespondentSteps(EarlyUpdates):
    """The steps of `correspondent.TABLE`."""

    # --- return routability ------------------------------------------------------------------------------------------

    def begin(self, now: Instant) -> State | None:
        """Both tests at once, but for tokens that are still young (section 11.6.1)."""
        self._quiet()
        self.is_unwanted = False
        self.direct_until = None
        self._corrections = 0
        care_of = self.footing.care_of_address
        self.is_waiting = care_of is None or not self.shared.admits(is_proven=self.is_proven)
        if self.is_waiting:
            self.reason = "its turn has not come yet" if care_of is not None else ""
            return State.TUNNELLED
        self.reason, self.retry_at = "", None
        return self._test(now)

    def begin_when_due(self, now: Instant) -> State | None:
        """Payload came through the tunnel: worth a try, unless it failed a short time ago."""
        if self.retry_at is not None and self.retry_at > now:
            return self.state_before
        return self.begin(now)

    def begin_in_turn(self, now: Instant) -> State | None:
        """A place is free, or there is a care-of address again; or the correspondent may still send to the last one."""
        may_send_to_the_last = self.bound_until is not None and not self.is_unwanted
        return self.begin(now) if self.is_waiting or may_send_to_the_last else State.TUNNELLED

    def begin_again(self, now: Instant) -> State | None:
        """The correspondent knows our nonces no more: the tests that are needed, once more (section 9.5.1)."""
        if self._corrects_too_often():
            return self.give_up(now, "it accepts none of its own tokens")
        self._stop(Timer.RETRANSMIT_CORRESPONDENT_UPDATE)
        return self._test(now)

    def _test(self, now: Instant, left: Seconds = Seconds(0.0)) -> State | None:
        """Ask for the tokens that are missing, or that last no longer than `left`."""
        self._backoff = Backoff(INITIAL_BINDACK_TIMEOUT)
        care_of = self.footing.care_of_address
        if self.home_test.token(self.home_address, now, left) is None and not self.home_test.is_running:
            self.home_test.begin(self.home_address)
            self._send_home_test(now)
        if care_of is not None and self.care_of_test.token(care_of, now, left) is None:
            if not (self.care_of_test.is_running and self.care_of_test.address == care_of):
                self.care_of_test.begin(care_of)
                self._send_care_of_test(now)
        return self.proceed(now)

    def proceed(self, now: Instant) -> State | None:
        """Send what can be sent now: the Binding Update once both tokens are here and the home agent has answered."""
        if self.home_test.is_running and self.context.timers.deadline(*self._home_timer) is None:
            self._send_home_test(now)
        if self.care_of_test.is_running and self.context.timers.deadline(*self._care_of_timer) is None:
            self._send_care_of_test(now)
        address = self.footing.care_of_address
        is_direct = self.state is State.DIRECT
        if self.home_test.is_running or self.care_of_test.is_running or not self.footing.is_acknowledged or not address:
            self._send_early(now)
            return None if is_direct else State.TESTING
        home = self.home_test.token(self.home_address, now)
        care_of = self.care_of_test.token(address, now)
        if home is None or care_of is None:
            return self._test(now)
        self._send_update(home, care_of, now)
        return None if is_direct else State.REGISTERING

    def take_home_token(self, now: Instant) -> State | None:
        """HoT: stop asking, and go on."""
        self.context.timers.stop(*self._home_timer)
        return self.proceed(now)

    def take_care_of_token(self, now: Instant) -> State | None:
        """CoT: stop asking, and go on."""
        self._stop(Timer.RETRANSMIT_CARE_OF_TEST_INIT)
        return self.proceed(now)

    def repeat_home_test(self, now: Instant) -> State | None:
        """No HoT in time, or the rate limit has let go."""
        if self._has_tried_enough(self.home_test.retries, now):
            if self.care_of_test.token(self.footing.care_of_address, now) is None:
                return self.give_up(now, "it does not answer")
            return self.pause(now, "the test through the home agent is not answered")
        self._send_home_test(now)
        return None

    def repeat_care_of_test(self, now: Instant) -> State | None:
        """No CoT in time, or the rate limit has let go. When only this half fails it may be the visited network.

        Before the home agent has answered it would serve nothing, and what loses every second message would always
        lose the same of the two, the Binding Update to the home agent. `proceed` sends it then.
        """
        if not self.footing.is_acknowledged:
            return None
        if self._has_tried_enough(self.care_of_test.retries, now):
            if self.home_test.token(self.home_address, now) is None:
                return self.give_up(now, "it does not answer")
            return self.pause(now, "the test from this network is not answered", only_here=True)
        self._send_care_of_test(now)
        return None

    # --- the binding -------------------------------------------------------------------------------------------------

    def repeat_update(self, now: Instant) -> State | None:
        """No Binding Acknowledgement in time, or the rate limit has let go."""
        if self._has_tried_enough(self._update_retries, now):
            return self.pause(now, "it does not acknowledge")
        return self.proceed(now)

    def resend_in_window(self, now: Instant) -> State | None:
        """The sequence number was corrected: again, at once. Not for ever."""
        if self._corrects_too_often():
            return self.give_up(now, "it accepts no sequence number")
        return self.proceed(now)

    def bind(self, now: Instant) -> State | None:
        """Accepted (section 11.7.3): `granted` is what remains. A binding of no duration is a refusal."""
        remaining = self.granted or Seconds(0.0)
        self._stop(Timer.RETRANSMIT_CORRESPONDENT_UPDATE)
        if remaining <= 0:
            self._lose()
            return self.give_up(now, "it accepts, but for no time at all")
        if self.direct_until is not None:
            self._losses = Backoff(LOST_FIRST, LOST_CEILING)  # it has kept a binding from one renewal to the next
        self._corrections, self._fails_here, self._pauses = 0, False, new_pauses()
        self.reason, self.retry_at = "", None
        self.direct_since = now
        self.direct_until = self.bound_until = after(now, remaining)
        self._set(Timer.CORRESPONDENT_EXPIRES, self.direct_until)
        self._set(Timer.REFRESH_CORRESPONDENT, self._refresh_at(remaining, now))
        self.shared.remembered.answered(self.address, now)
        return None

    def _refresh_at(self, remaining: Seconds, now: Instant) -> Instant:
        """Well before the binding ends, and before the tokens do: a move then costs no home test.

        With a permanent token it costs none anyway.
        """
        times = [after(now, Seconds(remaining * REFRESH_FRACTION))]
        if self.enhanced is not None and self.enhanced.has_permanent:
            return times[0]
        for token in (
            self.home_test.token(self.home_address, now),
            self.care_of_test.token(self.care_of_address, now),
        ):
            if token is not None:
                times.append(Instant(token.ends - TOKEN_MARGIN))
        return max(min(times), after(now, Seconds(remaining / 4)))

    def ask(self, now: Instant) -> State | None:
        """Is the route in use? Only then it is kept (sections 11.7.2 and 11.7.4)."""
        if self._asked_at is not None and between(self._asked_at, now) < LEAST_BETWEEN_QUESTIONS:
            return None
        self._asked_at = now
        self.context.report(
            AskRouteUse(end=OptimizationEnd.MOBILE_NODE, home_address=self.home_address, correspondent=self.address)
        )
        return self.let_lapse(now)

    def let_lapse(self, now: Instant) -> State | None:
        """Not renewed for now. It is asked for again half-way to the end: it may be used by then."""
        if self.direct_until is not None:
            half = Seconds(between(now, self.direct_until) / 2)
            if half >= ASK_AGAIN_AFTER:
                self._set(Timer.REFRESH_CORRESPONDENT, after(now, half))
        return None

    def refresh(self, now: Instant) -> State | None:
        """The route is in use: new tokens where they grow old, then a Binding Update. Payload goes on directly."""
        if self.is_refreshing():
            return None
        self._stop(Timer.REFRESH_CORRESPONDENT)
        return self._test(now, TOKEN_MARGIN)

    def doubt(self, now: Instant) -> State | None:
        """Payload comes through the tunnel: the correspondent may have lost the binding (section 11.3.3)."""
        if between(self.direct_since, now) < DOUBT_INTERVAL:
            return None
        return self.refresh(now)

    # --- the end of it -----------------------------------------------------------------------------------------------

    def lapse(self, now: Instant) -> State | None:
        """The binding has ended, unless a renewal that was not answered has prolonged it."""
        if self.bound_until is not None and self.bound_until > now:
            self.direct_until = None
            self._set(Timer.CORRESPONDENT_EXPIRES, self.bound_until)
            return None
        self._lose()
        return None

    def end_directness(self, now: Instant) -> State | None:
        """As `lapse`, from a direct route: through the tunnel again."""
        self._quiet()
        return self.lapse(now)

    def lose_binding(self, now: Instant) -> State | None:
        """The correspondent knows of no binding (section 11.3.6): through the tunnel at once, and again after a while.

        It was restarted, so tokens of before are of no use; or somebody forged the message, and the growing time keeps
        that from costing more. Then the correspondent goes on sending directly, which is accepted until the binding
        that it has ends; and because nothing then comes through the tunnel, we ask again by ourselves. With a Binding
        Update on its way the error may be about packets before it, and the answer tells what is true.
        """
        if self.shared.updates.awaits_answer(self.key):
            self.direct_until = None
            return State.REGISTERING
        self._quiet()
        self.direct_until = None
        self.shared.updates.remove(self.key)
        self.home_test.forget()
        self.care_of_test.forget()
        self.retry_at = after(now, self._losses.next_timeout())
        self._set(Timer.REFRESH_CORRESPONDENT, self.retry_at)
        self.reason = "it has lost the binding"
        return None

    def suspend(self, now: Instant) -> State | None:
        """No care-of address for the moment: to be taken up again."""
        self._quiet()
        self.is_waiting = True
        self.direct_until = None
        return None

    def stay_away(self, now: Instant) -> State | None:
        """Away from home again before it was told: go on with it, unless it is not wanted."""
        return self.rest(now) or State.TUNNELLED if self.is_unwanted else self.begin(now)

    def lose_home(self, now: Instant) -> State | None:
        """The home link went before it was told."""
        self.rest(now)
        self.is_waiting = not self.is_unwanted
        return None

    def rest(self, now: Instant) -> State | None:
        """Nothing is to be done about it from here; a binding ends by itself."""
        self._quiet()
        self.is_waiting = False
        return None

    def reconsider(self, now: Instant) -> State | None:
        """Another network: what failed only in the last one is worth a new try, and so is telling a correspondent that
        still sends to the last care-of address."""
        if self.bound_until is not None:
            return self.begin(now)
        if not self._fails_here:
            return None
        self._fails_here = False
        self.reason, self.retry_at = "", None
        return State.TUNNELLED

    def give_up(self, now: Instant, reason: str, *, only_here: bool = False) -> State:
        """Through the tunnel, and asked again after a growing time (sections 5.2.9 and 11.7.3)."""
        if self.state is State.LEAVING:
            return self.be_gone(now) or State.TUNNELLED
        self.home_test.forget()
        self.care_of_test.forget()
        retry_at = after(now, RETRY_FIRST) if only_here else self.shared.remembered.failed(self.address, now)
        return self._retreat(retry_at, reason, only_here=only_here)

    def pause(self, now: Instant, reason: str, *, only_here: bool = False) -> State:
        """As `give_up`, but it has answered something: messages get lost, so sooner, with the tokens there are."""
        if self.state is State.LEAVING:
            return self.be_gone(now) or State.TUNNELLED
        return self._retreat(after(now, self._pauses.next_timeout()), reason, only_here=only_here)

    def _retreat(self, retry_at: Instant, reason: str, *, only_here: bool) -> State:
        self._quiet()
        if self.enhanced is not None:
            self.enhanced.renounce()  # a new proof may help (RFC 4866 section 4.4)
        self.is_waiting = False
        self.direct_until = None
        self._fails_here, self.retry_at, self.reason = only_here, retry_at, reason
        if self.bound_until is not None:
            self._set(Timer.CORRESPONDENT_EXPIRES, self.bound_until)
        return State.UNRESPONSIVE

    def accept_refusal(self, now: Instant) -> State | None:
        """It answered no; `reason` has been set to its words."""
        return self.give_up(now, self.reason)

    def accept_refusal_here(self, now: Instant) -> State | None:
        """It answered that the care-of address cannot be used."""
        return self.give_up(now, self.reason, only_here=True)

    def lacks_support(self, now: Instant) -> State | None:
        """It said that it knows nothing of Mobile IPv6 (sections 11.3.5 and 11.3.6)."""
        return self.give_up(now, "it does not know Mobile IPv6")

    # --- leaving -----------------------------------------------------------------------------------------------------

    def leave(self, now: Instant) -> State | None:
        """At home (sections 11.5.5 and 11.7.2): delete the binding. A home keygen token is enough for that."""
        self.rest(now)
        if self.bound_until is None:
            return State.TUNNELLED
        self._corrections = 0
        self.direct_until = None
        self.reason = ""
        return self.continue_leaving(now)

    def leave_unwanted(self, now: Instant) -> State | None:
        """Not wanted any more, for `reason`: deleted where the tokens at hand allow it, else left to end by itself.

        Never told from a care-of address that the correspondent does not know yet: that may be what is not wanted.
        """
        self.is_unwanted = True
        self.rest(now)
        self.direct_until = None
        knows = self.footing.is_at_home or self.care_of_address == self.footing.care_of_address is not None
        token = self.home_test.token(self.home_address, now)
        if self.bound_until is None or token is None or not knows or not self._may_update:
            return State.TUNNELLED
        self._send_deletion(token, now)
        return None

    def refused_by_system(self, now: Instant) -> State | None:
        """The kernel does not take the packets' new way: the correspondent must not use it either."""
        self.retry_at = after(now, SYSTEM_RETRY)
        self.reason = "this system refused the direct route"
        return self.leave_unwanted(now)

    def continue_leaving(self, now: Instant) -> State | None:
        """The home token is here, or has to be asked for."""
        self._stop(Timer.RETRANSMIT_HOME_TEST_INIT)
        token = self.home_test.token(self.home_address, now)
        if token is not None:
            self._send_deletion(token, now)
        elif self.is_unwanted:
            return self.rest(now) or State.TUNNELLED
        elif not self.home_test.is_running:
            self.home_test.begin(self.home_address)
            self._send_home_test(now)
        return None

    def leave_again(self, now: Instant) -> State | None:
        """The home token was not accepted, or the sequence number was corrected. Not for ever."""
        return self.be_gone(now) if self._corrects_too_often() else self.continue_leaving(now)

    def repeat_deletion(self, now: Instant) -> State | None:
        """No answer to the deletion in time."""
        return self.be_gone(now) if self._has_tried_enough(self._update_retries, now) else self.continue_leaving(now)

    def be_gone(self, now: Instant) -> State | None:
        """Deleted, or nobody answers any more."""
        self.rest(now)
        self._lose()
        return State.TUNNELLED

    # --- below -------------------------------------------------------------------------------------------------------

    @property
    def _may_update(self) -> bool:
        """No Binding Update before the home agent has answered with success (section 11.7.2)."""
        return self.footing.is_acknowledged or self.footing.is_at_home

    @property
    def _home_timer(self) -> tuple[Timer, tuple[object, object]]:
        return Timer.RETRANSMIT_HOME_TEST_INIT, self.key

    @property
    def _care_of_timer(self) -> tuple[Timer, tuple[object, object]]:
        return Timer.RETRANSMIT_CARE_OF_TEST_INIT, self.key

    def _corrects_too_often(self) -> bool:
        self._corrections += 1
        return self._corrections > MAX_CORRECTIONS
