# SPDX-License-Identifier: GPL-2.0-or-later
"""What is done at each transition of a home registration; which transition it is, is decided in `home_registration`.

A step sends, arms timers and remembers. It leaves the state alone, unless what it finds makes another one true.
"""

from typing import Final

from mnclient.constants import (
    MAX_NEIGHBOR_ADVERTISEMENT,
    REFRESH_FRACTION,
    RETRANS_TIMER,
)
from mnclient.engine.mobile_node import messages
from mnclient.engine.mobile_node.registration import RETRY_REFUSED_CEILING, RETRY_REFUSED_FIRST, Registration
from mnclient.engine.retransmission import Backoff
from mnclient.engine.timers import Timer
from mnclient.model.network_state import DuplicateDetection
from mnclient.model.status import HomeAddressState as State
from mnclient.units import Instant, Seconds, after, between
from mnclient.wire.binding import BindingStatus

RETRY_NO_ROOM_FIRST: Final = Seconds(10.0)  # status 130: room may come with the next binding that expires
MAX_SEQUENCE_CORRECTIONS: Final = 3  # in a row; a home agent that never accepts its own number refuses
ADVERTISEMENT_INTERVAL: Final = RETRANS_TIMER  # between repeated Neighbor Advertisements, RFC 4861 section 7.2.6


class RegistrationSteps(Registration):
    """The steps of `home_registration.TABLE`."""

    # --- at home -----------------------------------------------------------------------------------------------------

    def detect_duplicates(self, now: Instant) -> State | None:
        """Nobody of ours defends the address: the usual duplicate detection (section 11.5.5)."""
        self.lose_binding(now)
        self._quiet()
        self._forget_collision()
        self.home_detection = DuplicateDetection.NORMAL
        return None

    def begin_return(self, now: Instant) -> State | None:
        """Home again: take the address without duplicate detection, and de-register (section 11.5.5)."""
        self._quiet()
        self._forget_collision()
        self._defender = None
        self._is_question = False
        self.waits_to_be_home = True
        self.registered_until = None
        self.context.timers.stop(Timer.REFRESH_BINDING, self.home.address)
        self.home_detection = DuplicateDetection.NONE
        self._begin_sending(now)
        return None

    def begin_return_after_collision(self, now: Instant) -> State | None:
        """The address is taken, maybe by our own home agent for a binding of before a crash: de-register once."""
        self.begin_return(now)
        self._after_collision = True
        return None

    def announce_return(self, now: Instant) -> State | None:
        """De-registered: tell the link, or, if it was a guess, try duplicate detection once more."""
        self.lose_binding(now)
        self._quiet()
        if self._after_collision:
            self._after_collision = False
            self.deregistered_after_collision = True
            self.home_detection = DuplicateDetection.NORMAL
            return State.DETECTING
        self._own()
        was_bound = self.last_status == BindingStatus.ACCEPTED or not self._is_question
        self._advertisements_left = MAX_NEIGHBOR_ADVERTISEMENT if was_bound else 1
        self.advertise_again(now)
        return None

    def advertise_again(self, now: Instant) -> State | None:
        """Neighbor Advertisements for the home address, and for the link-local address if L was set."""
        link = self.link
        if link is None or link.link_local_address is None or not link.link_layer_address:
            return None
        targets = [self.home.address]
        if self._link_local_claimed:
            targets.append(messages.link_local_with_identifier_of(self.home.address))
        for target in targets:
            self.context.count("na.sent")
            self.context.signal(
                messages.gratuitous_advertisement(link.name, link.link_local_address, target, link.link_layer_address)
            )
        self._advertisements_left -= 1
        if self._advertisements_left > 0:
            self._set(Timer.REPEAT_ADVERTISEMENT, after(now, ADVERTISEMENT_INTERVAL))
        return None

    def arrive(self, now: Instant) -> State | None:
        """Duplicate detection ended well: the address is ours.

        Neighbours may remember another hardware address for it, where that is a new one at each start: tell them once.
        With a key the home agent is asked first; only its answer makes this home.
        """
        self._own()
        self.deregistered_after_collision = False
        if self.must_prove_home:
            return self._ask_for_proof(now)
        self._advertisements_left = 1
        self.advertise_again(now)
        return None

    def _ask_for_proof(self, now: Instant) -> State:
        """A de-registration of what is probably not registered: accepted or refused with 133, the answer is proof."""
        self.state = State.RETURNING
        self.ask_defender(now)
        return self.state

    def ask_defender(self, now: Instant) -> State | None:
        """De-register although no binding is known of: a home agent that crashed may have forgotten that it ended.

        The address is ours already, so nobody has to be asked from :: for the home agent's hardware address.
        """
        self._quiet()
        self._is_question = True
        self._begin_sending(now)
        return None

    # --- abroad ------------------------------------------------------------------------------------------------------

    def begin_registration(self, now: Instant) -> State | None:
        """A new care-of address: tell the home agent now."""
        self._quiet()
        self._forget_collision()
        self.registered_until = None
        self.context.timers.stop(Timer.REFRESH_BINDING, self.home.address)
        self._retries = Backoff(RETRY_REFUSED_FIRST, RETRY_REFUSED_CEILING)
        self._begin_sending(now)
        return None

    def begin_registration_again(self, now: Instant) -> State | None:
        """The home agent has no binding any more: like the first registration (section 11.7.1)."""
        self.lose_binding(now)
        return self.begin_registration(now)

    def bind(self, now: Instant) -> State | None:
        """Accepted: `confirmed_lifetime` is what remains. A binding of no duration is a refusal in other words."""
        remaining = self.confirmed_lifetime or Seconds(0.0)
        if remaining <= 0:
            self.lose_binding(now)
            self.wait_and_retry(now)
            return State.REFUSED
        self._quiet()
        self._own()
        self.registered_until = self.granted_until = self.bound_until = after(now, remaining)
        refresh = Seconds(remaining * REFRESH_FRACTION)
        if self.refresh_advice is not None and 0 < self.refresh_advice < refresh:
            refresh = self.refresh_advice
        self._set(Timer.REFRESH_BINDING, after(now, refresh))
        self._set(Timer.BINDING_EXPIRES, self.registered_until)
        return None

    def refresh(self, now: Instant) -> State | None:
        """The binding would end: the same care-of address again, in good time."""
        if self._waits_for_prefixes(now):
            return None
        self._begin_sending(now)
        return None

    def _waits_for_prefixes(self, now: Instant) -> bool:
        """After status 1 the home prefixes come first (section 11.7.3). Not at the price of the binding."""
        ends = self.registered_until
        if not self.needs_prefixes or ends is None or self._has_waited_for == ends:
            return False
        self._has_waited_for = ends
        self._set(Timer.REFRESH_BINDING, after(now, Seconds(between(now, ends) / 2)))
        return True

    def end_with_prefix(self, now: Instant) -> State | None:
        """The home prefix is valid no longer, and the home address with it (RFC 4862 section 5.5.4)."""
        self.deregister_from_abroad(now)
        self.lose_binding(now)
        self._quiet()
        self.owned = False
        return None

    def resend(self, now: Instant) -> State | None:
        """No answer in time, or the rate limit has let go."""
        if not self._held_back:
            self.unanswered += 1
            self.context.count("bu.timeouts")
        self._transmit(now)
        return None

    def resend_in_window(self, now: Instant) -> State | None:
        """The sequence number was corrected: again, at once. Not for ever."""
        self._corrections += 1
        if self._corrections > MAX_SEQUENCE_CORRECTIONS:
            self.wait_and_retry(now)
            return None if self.state is State.RETURNING else State.REFUSED
        self._transmit(now)
        return None

    def wait_and_retry(self, now: Instant) -> State | None:
        """Refused: nothing more for a while, each time longer."""
        self._quiet()
        self.context.timers.stop(Timer.REFRESH_BINDING, self.home.address)
        self.registered_until = None
        if self.state is not State.RETURNING:  # what it refused it does not hold; what it granted before, it may
            self.bound_until = self.granted_until
        if self._after_collision:  # nobody there knows our binding, so the other owner is a real one
            return self.give_up(now) or State.DUPLICATE
        if self._retries.attempts == 0 and self.last_status == BindingStatus.INSUFFICIENT_RESOURCES:
            self._retries = Backoff(RETRY_NO_ROOM_FIRST, RETRY_REFUSED_CEILING)
        self._set(Timer.RETRY_REFUSED, after(now, self._retries.next_timeout()))
        return None

    def retry(self, now: Instant) -> State | None:
        """Ask again after a refusal."""
        self._begin_sending(now)
        return None

    def give_up(self, now: Instant) -> State | None:
        """The address is somebody else's: not used until another detection finds it free (section 11.7.1).

        That is tried on the next link, and after a while, because the other one may have been ourselves, or is gone.
        """
        self.lose_binding(now)
        self._quiet()
        self.owned, self.is_taken = False, True
        if self.place is not None and self.place.is_home:
            self.taken_on.add(self.place.interface)
        self._set(Timer.RETRY_REFUSED, after(now, self._retries.next_timeout()))
        return None

    def detect_again(self, now: Instant) -> State | None:
        """Is the address still taken? At home we ask, abroad the home agent does.

        No binding is deleted for it this time: it may be that of somebody else, again and again.
        """
        if self.place is None:
            return None
        if not self.place.is_home:
            self._begin_sending(now)
            return State.REGISTERING
        self.detect_duplicates(now)
        self.deregistered_after_collision = True
        return State.DETECTING

    def _own(self) -> None:
        """Nobody else has the address."""
        self.owned, self.is_taken = True, False
        if self.place is not None:
            self.taken_on.discard(self.place.interface)
        self._retries = Backoff(RETRY_REFUSED_FIRST, RETRY_REFUSED_CEILING)

    def stop(self, now: Instant) -> State | None:
        """Nothing can be sent from here. A binding at the home agent lives on until its lifetime ends."""
        self._quiet()
        self._forget_collision()
        self.registered_until = None
        self.updates.stop_waiting(self.key)
        self.context.timers.stop(Timer.REFRESH_BINDING, self.home.address)
        return None
