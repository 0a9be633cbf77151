# SPDX-License-Identifier: GPL-2.0-or-later
"""What is known of one correspondent of one home address, and how messages to it are sent (RFC 6275 sections 11.1, 11.6
and 11.7.2).
"""

from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Final

from mnclient.constants import (
    INITIAL_BINDACK_TIMEOUT,
    LIFETIME_UNIT,
    MAX_CGA_BINDING_LIFETIME,
    MAX_RO_FAILURE,
    MAX_RR_BINDING_LIFETIME,
)
from mnclient.engine.mobile_node import messages
from mnclient.engine.mobile_node.binding_update_list import BindingUpdateList, Key
from mnclient.engine.mobile_node.context import Context
from mnclient.engine.mobile_node.enhanced import EnhancedHomeTest
from mnclient.engine.mobile_node.precomputed import PrecomputedCareOfTest, PrecomputedHomeTest
from mnclient.engine.mobile_node.remembered_correspondents import RETRY_CEILING, RememberedCorrespondents
from mnclient.engine.mobile_node.return_routability import AddressTest, Rates, Token
from mnclient.engine.retransmission import Backoff
from mnclient.engine.timers import Timer
from mnclient.model.generated_address import GeneratedAddress
from mnclient.model.network_state import OptimizationEnd, RouteOptimization
from mnclient.model.precomputed_key import PrecomputedKey
from mnclient.model.security import Protection
from mnclient.model.status import CorrespondentState as State
from mnclient.model.status import CorrespondentStatus
from mnclient.security.binding_keys import binding_key, deletion_key, is_authorized
from mnclient.units import Instant, Seconds, after, between
from mnclient.wire.binding import BindingAcknowledgement
from mnclient.wire.mobility_options import MobilityOption, NonceIndices

# At once, of correspondents nothing is known of yet: what a flood of forged triggers can make us send is little, and
# nobody waits long for a turn. Correspondents that have answered before have as much room again.
MAX_PROCEDURES: Final = 32
MORE_RETRIES: Final = 1  # of somebody who has shown to be there: messages get lost
LOST_FIRST: Final = Seconds(2.0)  # a correspondent that lost its binding: it was restarted, or somebody says so
LOST_CEILING: Final = Seconds(600.0)
PAUSE_FIRST: Final = Seconds(5.0)  # the procedure begins anew with short timeouts, which gets through sooner
_RUNNING: Final = (State.TESTING, State.REGISTERING)
_TIMERS: Final = (
    Timer.RETRANSMIT_HOME_TEST_INIT,
    Timer.RETRANSMIT_CARE_OF_TEST_INIT,
    Timer.RETRANSMIT_CORRESPONDENT_UPDATE,
    Timer.REFRESH_CORRESPONDENT,
)


def new_pauses() -> Backoff:
    """How long one is left alone that answers some messages and not others."""
    return Backoff(PAUSE_FIRST, RETRY_CEILING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Footing:
    """Where a home address is, as far as its correspondents are concerned.

    `care_of_address` is the one they can be told, None while there is none and at home. `is_acknowledged`: the home
    agent has accepted it, so that the tunnel works, until `until`. `protection` is what a Home Test must come under.
    """

    care_of_address: IPv6Address | None = None
    is_acknowledged: bool = False
    is_at_home: bool = False
    until: Instant = Instant(float("inf"))
    protection: Protection | None = None


NOWHERE: Final = Footing()


class Shared:
    """What all correspondents have together."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.updates = BindingUpdateList(context.entropy, home_registrations=False)
        self.rates = Rates()
        self.remembered = RememberedCorrespondents()
        self.footings: dict[IPv6Address, Footing] = {}
        self.running: set[Key] = set()
        self.precomputed: dict[Key, PrecomputedKey] = {}
        self.generated: dict[IPv6Address, GeneratedAddress] = {}

    def admits(self, *, is_proven: bool) -> bool:
        """Whether one more procedure may begin now."""
        return len(self.running) < (2 * MAX_PROCEDURES if is_proven else MAX_PROCEDURES)


class CorrespondentBinding:
    """What is known of one correspondent.

    `care_of_address`: the one it was told last. `bound_until`: until then it may hold a binding, by the lifetimes sent;
    None when it holds none. `direct_until`: until then it does, by what it acknowledged. `is_waiting`: the procedure
    shall run as soon as it can.
    """

    def __init__(self, home_address: IPv6Address, address: IPv6Address, shared: Shared, now: Instant) -> None:
        self.home_address = home_address
        self.address = address
        self.shared = shared
        self.context = shared.context
        self.state = self.state_before = State.TUNNELLED
        self.take_key()
        self.care_of_address: IPv6Address | None = None
        self.bound_until: Instant | None = None
        self.direct_until: Instant | None = None
        self.direct_since = now
        self.heard_at = now
        self.retry_at: Instant | None = None
        self.reason = ""
        self.is_waiting = False
        self.is_unwanted = False
        self.granted: Seconds | None = None
        self._signature: tuple[bytes, IPv6Address] | None = None
        self._authenticator: bytes | None = None
        self._backoff = Backoff(INITIAL_BINDACK_TIMEOUT)
        self._corrections = 0
        self._fails_here = False
        self._losses = Backoff(LOST_FIRST, LOST_CEILING)
        self._pauses = new_pauses()
        self._asked_at: Instant | None = None
        self._told_early = False

    def take_key(self) -> None:
        """Prove itself by what there is now: a precomputed key, a generated address, or return routability alone."""
        self.precomputed = self.shared.precomputed.get(self.key)
        self.generated = self.shared.generated.get(self.home_address)
        self.enhanced: EnhancedHomeTest | None = None
        entropy = self.context.entropy
        self.home_test: AddressTest = AddressTest(entropy)
        self.care_of_test: AddressTest = AddressTest(entropy)
        if self.precomputed is not None:
            self.home_test = PrecomputedHomeTest(entropy, self.precomputed)
            self.care_of_test = PrecomputedCareOfTest(entropy, self.precomputed)
        elif self.generated is not None:
            self.home_test = self.enhanced = EnhancedHomeTest(entropy, self.generated)

    def has_other_key(self) -> bool:
        """Whether `take_key` would find something else than the last time."""
        now = self.shared.precomputed.get(self.key), self.shared.generated.get(self.home_address)
        return now != (self.precomputed, self.generated)

    @property
    def key(self) -> Key:
        """Its place in the Binding Update List: destination, home address."""
        return (self.address, self.home_address)

    @property
    def footing(self) -> Footing:
        """Where its home address is."""
        return self.shared.footings.get(self.home_address, NOWHERE)

    @property
    def is_proven(self) -> bool:
        """Whether it is known to take part."""
        return self.bound_until is not None or self.shared.remembered.answers(self.address)

    def is_refreshing(self) -> bool:
        """Whether a procedure runs, in whatever state."""
        return self.home_test.is_running or self.care_of_test.is_running or self.shared.updates.awaits_answer(self.key)

    def optimization(self, accepted: tuple[IPv6Address, ...]) -> RouteOptimization | None:
        """What the kernel should do; `accepted` are the care-of addresses at which packets still arrive.

        Outwards only on a confirmed binding of the present care-of address (section 11.3.1). Inwards from the Binding
        Update on: the correspondent may use it before its answer is here.
        """
        if self.bound_until is None or self.care_of_address not in accepted:
            return None
        assert self.care_of_address is not None
        return RouteOptimization(
            end=OptimizationEnd.MOBILE_NODE,
            home_address=self.home_address,
            correspondent=self.address,
            care_of_address=self.care_of_address,
            incoming=True,
            outgoing=self.state is State.DIRECT and self.care_of_address == self.footing.care_of_address,
            accept_local=tuple(each for each in accepted if each != self.care_of_address),
        )

    def status(self) -> CorrespondentStatus:
        """What a person is told."""
        return CorrespondentStatus(
            address=self.address,
            home_address=self.home_address,
            state=self.state,
            care_of_address=self.care_of_address if self.bound_until is not None else None,
            expires=self.bound_until,
            retry=self.retry_at,
            reason=self.reason,
        )

    def authenticates(self, message: BindingAcknowledgement) -> bool:
        """Whether an answer is signed with the key of the Binding Update sent last (section 11.7.3)."""
        if self._signature is None:
            return False
        key, care_of_address = self._signature
        return is_authorized(message, key, care_of_address, self.address)

    def update_was_sent(self, packet: bytes) -> bool:
        """Whether a packet holds the authenticator of the Binding Update that waits for an answer: as good as a cookie
        in showing that somebody was on its path."""
        is_awaited = self.shared.updates.awaits_answer(self.key)
        return is_awaited and self._authenticator is not None and self._authenticator in packet

    # --- sending -----------------------------------------------------------------------------------------------------

    def _send_home_test(self, now: Instant) -> None:
        """Abroad it goes through the tunnel, which nothing passes before the home agent has acknowledged."""
        if not (self.footing.is_acknowledged or self.footing.is_at_home):
            return
        if self._is_held_back("hoti", Timer.RETRANSMIT_HOME_TEST_INIT, now):
            return
        cookie, timeout = self.home_test.next_cookie(now)
        self.context.count("hoti.sent")
        self.context.signal(messages.home_test_init(self.home_address, self.address, cookie))
        self._set(Timer.RETRANSMIT_HOME_TEST_INIT, after(now, timeout))

    def _send_care_of_test(self, now: Instant) -> None:
        care_of = self.footing.care_of_address
        if care_of is None or self._is_held_back("coti", Timer.RETRANSMIT_CARE_OF_TEST_INIT, now):
            return
        cookie, timeout = self.care_of_test.next_cookie(now)
        self.context.count("coti.sent")
        self.context.signal(messages.care_of_test_init(care_of, self.address, cookie))
        self._set(Timer.RETRANSMIT_CARE_OF_TEST_INIT, after(now, timeout))

    def _send_update(self, home: Token, care_of: Token, now: Instant) -> None:
        """A Binding Update for the present care-of address, or as soon as the rate limit permits."""
        is_strong = self.enhanced is not None and self.enhanced.is_strong
        longest = MAX_CGA_BINDING_LIFETIME if is_strong else MAX_RR_BINDING_LIFETIME
        address, lifetime = self.footing.care_of_address, self._lifetime(now, longest)
        if address is None:
            return
        if lifetime <= 0:  # the home registration ends, or is renewed in a moment
            self._set(Timer.RETRANSMIT_CORRESPONDENT_UPDATE, after(now, INITIAL_BINDACK_TIMEOUT))
            return
        if self._is_held_back("bu", Timer.RETRANSMIT_CORRESPONDENT_UPDATE, now):
            return
        self._note_told(address, lifetime, now)
        key = binding_key(home.octets, care_of.octets)
        self._signature = key, address
        self._transmit(address, lifetime, home, _indices(home.nonce_index, care_of.nonce_index), key, now)
        self._await_answer(now)

    def _note_told(self, address: IPv6Address, lifetime: Seconds, now: Instant) -> None:
        """From now on it may send to this care-of address, for as long."""
        self.care_of_address = address
        self.bound_until = max(self.bound_until or now, after(now, lifetime))
        if self.state is not State.DIRECT:
            self._set(Timer.CORRESPONDENT_EXPIRES, self.bound_until)

    def _send_deletion(self, home: Token, now: Instant) -> None:
        """Delete the binding: the home keygen token is enough (section 5.2.5); the care-of nonce index is zero."""
        source = self.home_address if self.footing.is_at_home else self.footing.care_of_address
        if source is None or self._is_held_back("bu", Timer.RETRANSMIT_CORRESPONDENT_UPDATE, now):
            return
        key = deletion_key(home.octets)
        self._signature = key, self.home_address
        self._transmit(source, Seconds(0.0), home, _indices(home.nonce_index, 0), key, now)
        self._await_answer(now)

    def _transmit(
        self,
        source: IPv6Address,
        lifetime: Seconds,
        home: Token,
        nonces: NonceIndices | None,
        key: bytes,
        now: Instant,
        more: tuple[MobilityOption, ...] = (),
    ) -> None:
        enhanced, signed = self.enhanced, source if lifetime > 0 else self.home_address
        sequence = self.shared.updates.record(self.key, source, lifetime, now)
        self.context.count("correspondent.bu.sent")
        action = messages.correspondent_registration(
            home_address=self.home_address,
            correspondent=self.address,
            care_of_address=source,
            sequence=sequence,
            lifetime=lifetime,
            nonce_indices=nonces,
            key=key,
            options=more,
            seal=None if enhanced is None else lambda update: enhanced.prove(update, home, signed, self.address),
        )
        self._authenticator = messages.authenticator_of(action)
        self.context.signal(action)

    def _await_answer(self, now: Instant) -> None:
        self._set(Timer.RETRANSMIT_CORRESPONDENT_UPDATE, after(now, self._backoff.next_timeout()))

    def _lifetime(self, now: Instant, longest: Seconds) -> Seconds:
        """At most `longest` and what home registration and care-of address last, in units of 4 s."""
        wanted = min(longest, between(now, self.footing.until))
        return Seconds(max(wanted // LIFETIME_UNIT, 0) * LIFETIME_UNIT)

    def _is_held_back(self, kind: str, timer: Timer, now: Instant) -> bool:
        """MAX_UPDATE_RATE (section 11.8): when it does not permit, `timer` is set to when it will."""
        rate = self.shared.rates.of(kind, self.address, now)
        if not rate.permits(now):
            self.context.count("correspondent.held-back")
            self._set(timer, rate.next_permission(now))
            return True
        rate.record(now)
        return False

    def _has_tried_enough(self, retries: int, now: Instant) -> bool:
        """MAX_RO_FAILURE retries (section 5.2.9), and through the tunnel MORE_RETRIES when it is known to be there."""
        care_of = self.footing.care_of_address
        tokens = (self.home_test.token(self.home_address, now), self.care_of_test.token(care_of, now))
        has_more = self.state is not State.DIRECT and (any(tokens) or self.is_proven)
        return retries >= MAX_RO_FAILURE + (MORE_RETRIES if has_more else 0)

    @property
    def _update_retries(self) -> int:
        return self._backoff.attempts - 1

    # --- quiet -------------------------------------------------------------------------------------------------------

    def _quiet(self) -> None:
        """Nothing is being sent or waited for. Tokens stay."""
        self._told_early = False
        self.home_test.stop()
        self.care_of_test.stop()
        self.shared.updates.stop_waiting(self.key)
        self._backoff = Backoff(INITIAL_BINDACK_TIMEOUT)
        for timer in _TIMERS:
            self._stop(timer)

    def _lose(self) -> None:
        """It holds no binding any more."""
        self.bound_until = self.direct_until = self.care_of_address = None
        if self.enhanced is not None:
            self.enhanced.renounce()  # it lives as long as the binding (RFC 4866 section 4.1)
        self.shared.updates.remove(self.key)
        self._stop(Timer.CORRESPONDENT_EXPIRES)

    def resume(self, care_of_address: IPv6Address, bound_until: Instant) -> None:
        """The last run left a binding there: tell it where we are as soon as that can be done."""
        self.care_of_address, self.bound_until, self.is_waiting = care_of_address, bound_until, True
        self._set(Timer.CORRESPONDENT_EXPIRES, bound_until)

    def close(self, now: Instant) -> None:
        """Nothing of it stays."""
        self._quiet()
        self._lose()
        self.shared.updates.forget(self.key, now)
        self.shared.running.discard(self.key)

    def _note_running(self) -> None:
        if self.state in _RUNNING:
            self.shared.running.add(self.key)
        else:
            self.shared.running.discard(self.key)

    def _set(self, timer: Timer, at: Instant) -> None:
        self.context.timers.set(timer, self.key, at)

    def _stop(self, timer: Timer) -> None:
        self.context.timers.stop(timer, self.key)


def _indices(home: int | None, care_of: int | None) -> NonceIndices | None:
    """What names the nonces behind the tokens; None for those of a precomputed key, which has none."""
    return None if home is None or care_of is None else NonceIndices(home=home, care_of=care_of)
