# SPDX-License-Identifier: GPL-2.0-or-later
"""Bindings of mobile nodes with this correspondent (RFC 6275 sections 9.5.1 to 9.5.4).

A Binding Update is checked in this order: what it is and carries, whether its nonces are known, whether it is
authentic, whether it is newer than the last one, and only then whether we want the binding. What comes before the
authenticator can be sent by anybody: it changes nothing here, and its answers are limited in number. The two tokens are
made again out of the Binding Update itself; until it has come, nothing is known of the mobile node. What a generated
home address adds to that (RFC 4866) is in `enhanced`.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address

from mnclient.constants import LIFETIME_UNIT
from mnclient.engine.actions import Action, Note, PublishStatus, SendPacket, SetNetworkState
from mnclient.engine.correspondent_node.binding_cache import Binding, BindingCache, Pair
from mnclient.engine.correspondent_node.desired_state import binding_state, owner_of
from mnclient.engine.correspondent_node.enhanced import Enhanced, Proof, Reading
from mnclient.engine.correspondent_node.nonces import Nonces
from mnclient.engine.correspondent_node.precomputed import PrecomputedKeys
from mnclient.engine.correspondent_node.refresh_requests import RefreshRequests
from mnclient.engine.correspondent_node.unreachable import Unreachable, undelivered
from mnclient.engine.events import PacketReceived
from mnclient.engine.home_agent.access import is_allowed, whole_units
from mnclient.engine.home_agent.requests import Request, acknowledge, fault, read
from mnclient.engine.machine import Entropy
from mnclient.engine.retransmission import RateLimit
from mnclient.engine.sequence_numbers import is_newer
from mnclient.engine.timers import TimerTable
from mnclient.model.binding_filter import BindingFilter
from mnclient.model.config import CorrespondentNodeConfig
from mnclient.model.network_state import EMPTY
from mnclient.model.precomputed_key import PrecomputedKey
from mnclient.security.binding_keys import authorize, is_authorized
from mnclient.security.precomputed_keys import precomputed_binding_key, precomputed_deletion_key
from mnclient.units import Instant, Seconds, after
from mnclient.wire.binding import BindingAcknowledgement, BindingStatus, BindingUpdate
from mnclient.wire.cga_parameters import CgaParameters
from mnclient.wire.enhanced_options import CgaParametersRequest
from mnclient.wire.icmpv6 import DestinationUnreachable
from mnclient.wire.mobility_options import MobilityOption, NonceIndices

RegistrationRefusal = Callable[[IPv6Address], BindingStatus | None]
"""Why the home agent's role does not let a home address have a binding here, None when it has nothing against it."""

ALWAYS_SAID = frozenset(
    (
        BindingStatus.REGISTRATION_TYPE_CHANGE_DISALLOWED,
        BindingStatus.INSUFFICIENT_RESOURCES,
        BindingStatus.CGA_AND_SIGNATURE_VERIFICATION_FAILED,
        BindingStatus.PERMANENT_HOME_KEYGEN_TOKEN_EXISTS,
    )
)
"""Refusals that are said even if no acknowledgement was asked for (sections 9.5.1 and 9.5.4); others are not."""


@dataclass(frozen=True, slots=True)
class Authentic:
    """A Binding Update that the mobile node has made, and what answers to it are signed with.

    `indices` are None when a key or token stands in the place of a home nonce. `is_early`: nothing is known of its
    care-of address.
    """

    request: Request
    pair: Pair
    proof: Proof
    indices: NonceIndices | None
    key: bytes
    signed_address: IPv6Address
    is_early: bool = False


class Registrations:
    """All bindings, and what happens to them. `answers` limits what is said to anybody at all."""

    def __init__(
        self,
        timers: TimerTable,
        nonces: Nonces,
        answers: RateLimit,
        counters: Counter[str],
        home_agent_refusal: RegistrationRefusal,
        entropy: Entropy,
    ) -> None:
        self.config = CorrespondentNodeConfig()
        self.cache = BindingCache(timers)
        self.refreshing = RefreshRequests(timers)
        self.unreachable = Unreachable()
        self.precomputed = PrecomputedKeys()
        self.enhanced = Enhanced(nonces, entropy)
        self._nonces = nonces
        self._answers = answers
        self._counters = counters
        self._home_agent_refusal = home_agent_refusal

    # --- events -----------------------------------------------------------------------------------------------------

    def receive(self, event: PacketReceived, update: BindingUpdate, now: Instant) -> list[Action]:
        """A Binding Update arrived (section 9.5.1)."""
        request = read(event, update)
        wrong = fault(request)
        if wrong:
            return self._discard(wrong)
        pair = Pair(event.packet.destination, request.home_address)
        if update.home_registration:
            status = BindingStatus.HOME_REGISTRATION_NOT_SUPPORTED  # section 10.3.1
            if self.cache.find(pair) is not None:
                status = BindingStatus.REGISTRATION_TYPE_CHANGE_DISALLOWED
            return self._refuse_anybody(request, status, now)
        shared = self.precomputed.find(pair)
        if shared is None and update.nonce_indices is None:
            return self._discard("no-nonce-indices")
        if update.authorization_data is None:
            return self._discard("unsigned")
        reading: Reading | BindingStatus
        if shared is not None:  # the indices name nothing, whether they are there or not (RFC 4449 section 3)
            reading = self._read_precomputed(request, shared)
        else:
            assert update.nonce_indices is not None
            reading = self.enhanced.read(request, pair, update.nonce_indices, now)
        if isinstance(reading, BindingStatus):
            return self._refuse_anybody(request, reading, now)
        authentic = self._authenticate(request, pair, reading)
        if authentic is None:
            return self._discard("authenticator")
        return self._take(authentic, now)

    def expire(self, pair: Pair, now: Instant) -> list[Action]:
        """The lifetime of a binding ended (section 9.6)."""
        binding = self.cache.find(pair)
        if binding is None:
            return []
        self._counters["correspondent.binding.expired"] += 1
        note = Note(kind="correspondent-binding-expired", text=f"The direct way to {pair.home_address} expired.")
        return [*self._end(binding, now), note, PublishStatus()]

    def drop(self, pair: Pair, now: Instant) -> list[Action]:
        """The kernel does not do what a binding needs: better none than one that loses packets."""
        binding = self.cache.find(pair)
        return [] if binding is None else [*self._end(binding, now), PublishStatus()]

    def not_delivered(self, message: DestinationUnreachable, now: Instant) -> list[Action]:
        """A packet came back: if it was sent by a binding, and they come back persistently, it ends (section 9.3.4)."""
        found = undelivered(message)
        binding = None if found is None else self.cache.find(found.pair)
        if found is None or binding is None or binding.care_of_address != found.care_of_address:
            return []
        self._counters["correspondent.unreachable"] += 1
        if not self.unreachable.is_persistent(found, now):
            return []
        self._counters["correspondent.binding.unreachable"] += 1
        text = f"{found.pair.home_address} cannot be reached at {found.care_of_address} any more."
        return [*self._end(binding, now), Note(kind="correspondent-binding-unreachable", text=text), PublishStatus()]

    def review(self, now: Instant) -> list[Action]:
        """The rules may have changed: bindings end that would not be made any longer."""
        actions: list[Action] = []
        rekeyed = self.precomputed.configure(self.config.precomputed_keys)
        self.enhanced.configure(self.config.generated_addresses)
        for binding in tuple(self.cache):
            if (
                binding.pair in rekeyed
                or self._objection(binding.pair.home_address, binding.care_of_address) is not None
            ):
                actions += self._end(binding, now)
        return actions

    def dismiss(self, which: BindingFilter, now: Instant) -> list[Action]:
        """An administrator ends bindings: the mobile node is told by the answer to its next packet (section 9.3.1)."""
        actions: list[Action] = []
        for binding in [each for each in self.cache if which.matches(each.status())]:
            self._counters["correspondent.binding.dismissed"] += 1
            actions += self._end(binding, now)
        return [*actions, PublishStatus()] if actions else []

    def clear(self) -> list[Action]:
        """The role ends, and with it every binding and every token given out."""
        actions: list[Action] = [_withdrawn(binding.pair) for binding in self.cache]
        for binding in self.cache:
            self.refreshing.stop(binding.pair)
        self.cache.clear()
        self.unreachable.clear()
        self._nonces.forget()
        self.enhanced.tokens.clear()
        return actions

    # --- checks -----------------------------------------------------------------------------------------------------

    @staticmethod
    def _read_precomputed(request: Request, shared: PrecomputedKey) -> Reading:
        care_of_address = request.care_of_address
        deletes = request.is_deregistration
        key = precomputed_deletion_key(shared) if deletes else precomputed_binding_key(shared, care_of_address)
        return Reading(Proof.PRECOMPUTED, None, key)

    @staticmethod
    def _authenticate(request: Request, pair: Pair, reading: Reading) -> Authentic | None:
        """Check the authenticator with the key that was made again (sections 5.2.6 and 6.2.7).

        A deletion is signed with the home address in the place of the care-of address; from elsewhere than home, some
        take the care-of address, and are understood too.
        """
        candidates = dict.fromkeys((request.care_of_address,))
        if request.is_deregistration:
            source = request.event.packet.source
            candidates = dict.fromkeys((request.home_address, request.care_of_address, source))
        for address in candidates:
            if is_authorized(request.update, reading.key, address, pair.correspondent):
                indices = None if reading.proof is Proof.TOKEN else reading.indices
                return Authentic(request, pair, reading.proof, indices, reading.key, address, reading.is_early)
        return None

    def _last_sequence(self, authentic: Authentic, now: Instant) -> int | None:
        """The last sequence number accepted, by what remembers it for as long as it can be replayed."""
        if authentic.proof is Proof.PRECOMPUTED:
            return self.precomputed.last_sequence(authentic.pair)
        token = self.enhanced.tokens.find(authentic.pair, now)
        return self.cache.last_sequence(authentic.pair) if token is None else token.sequence

    def _take(self, authentic: Authentic, now: Instant) -> list[Action]:
        """Whether the mobile node may be believed, after all: it is the newest, and proves as much as it can."""
        request, pair = authentic.request, authentic.pair
        last = self._last_sequence(authentic, now)
        if last is not None and not is_newer(request.update.sequence, last):
            self._counters["correspondent.bu.refused.135"] += 1
            return [self._answer(authentic, BindingStatus.SEQUENCE_NUMBER_OUT_OF_WINDOW, sequence=last)]
        if self.enhanced.is_downgrade(authentic.proof, pair, now):
            return self._refuse(authentic, None, BindingStatus.PERMANENT_HOME_KEYGEN_TOKEN_EXISTS)
        parameters = None
        if authentic.proof is Proof.CGA:
            parameters = self.enhanced.proven(request, pair)
            if parameters is None:
                return self._refuse(authentic, None, BindingStatus.CGA_AND_SIGNATURE_VERIFICATION_FAILED)
        self.precomputed.accepted(pair, request.update.sequence)
        return self._do(authentic, parameters, now)

    def _do(self, authentic: Authentic, parameters: CgaParameters | None, now: Instant) -> list[Action]:
        """What the mobile node wants is certain: do it, or say why not."""
        request, pair = authentic.request, authentic.pair
        token = self.enhanced.tokens.find(pair, now)
        if token is not None:
            token.sequence = request.update.sequence
        if request.is_deregistration:
            return self._delete(authentic, now)
        if authentic.indices and self.cache.was_used(pair, request.care_of_address, authentic.indices, now):
            return self._refuse_anybody(request, BindingStatus.EXPIRED_NONCES, now)
        binding = self.cache.find(pair)
        refusal = self._objection(pair.home_address, request.care_of_address)
        if refusal is None and request.care_of_address == pair.correspondent:
            refusal = BindingStatus.INVALID_CARE_OF_ADDRESS
        if refusal is None and binding is None and not self.cache.has_room(pair, self.config.max_bindings):
            refusal = BindingStatus.INSUFFICIENT_RESOURCES
        if refusal is not None:
            return self._refuse(authentic, binding, refusal)
        return self._store(authentic, binding, parameters, now)

    def _objection(self, home_address: IPv6Address, care_of_address: IPv6Address) -> BindingStatus | None:
        """Why a binding is not wanted, None when it is."""
        refusal = self._home_agent_refusal(home_address)
        if refusal is not None:
            return refusal
        if not is_allowed(self.config.access, home_address, care_of_address):
            return BindingStatus.ADMINISTRATIVELY_PROHIBITED
        return BindingStatus.INVALID_CARE_OF_ADDRESS if care_of_address == home_address else None

    # --- bindings ---------------------------------------------------------------------------------------------------

    def _store(
        self, authentic: Authentic, before: Binding | None, parameters: CgaParameters | None, now: Instant
    ) -> list[Action]:
        """Make or renew a binding (section 9.5.2)."""
        binding = self._bind(authentic, before, now)
        pair, care_of_address = binding.pair, binding.care_of_address
        options = self.enhanced.test_option(authentic.request, now)
        if parameters is not None:
            options += self.enhanced.token_option(parameters, binding, now, 2 * self.config.max_bindings)
        self.cache.put(binding)
        self.unreachable.forget(pair)
        self.refreshing.begin(binding)
        self._counters["correspondent.bu.accepted"] += 1
        answer = self._answers_asked(authentic, BindingStatus.ACCEPTED, binding.lifetime, options)
        if before is not None and binding_state(before) == binding_state(binding):
            return [*answer, PublishStatus()]
        state = SetNetworkState(owner=owner_of(pair), state=binding_state(binding))
        kind = "correspondent-binding-created" if before is None else "correspondent-binding-moved"
        how = "is talked to directly, at" if binding.is_verified else "has moved, as it says, to"
        note = Note(kind=kind, text=f"{pair.home_address} {how} {care_of_address}.")
        return [state, *answer, note, PublishStatus()]

    def _bind(self, authentic: Authentic, before: Binding | None, now: Instant) -> Binding:
        """The binding that a Binding Update asks for. An early one takes nothing away that was verified before."""
        request, pair = authentic.request, authentic.pair
        was_verified = before is not None and before.is_verified and before.care_of_address == request.care_of_address
        is_verified = was_verified or not authentic.is_early
        lifetime = self._grant(request.update.lifetime, authentic.proof, is_verified=is_verified)
        token = self.enhanced.tokens.find(pair, now)
        if token is not None:
            token.until = max(token.until, after(now, lifetime))
        return Binding(
            pair=pair,
            care_of_address=request.care_of_address,
            sequence=request.update.sequence,
            lifetime=lifetime,
            expires=after(now, lifetime),
            indices=authentic.indices,
            last_used=None if before is None else before.last_used,
            interface=request.event.interface,
            is_verified=is_verified,
        )

    def _delete(self, authentic: Authentic, now: Instant) -> list[Action]:
        """Section 9.5.3. The state goes first, so that the answer takes the way the mobile node expects."""
        pair, sequence = authentic.pair, authentic.request.update.sequence
        answer = self._answers_asked(authentic, BindingStatus.ACCEPTED)
        had_token = self.enhanced.tokens.find(pair, now) is not None
        self.enhanced.tokens.forget(pair)
        binding = self.cache.find(pair)
        if binding is None:
            self.cache.note_deletion(pair, sequence, now, self.config.max_bindings)
            return [*answer, PublishStatus()] if authentic.proof is Proof.PRECOMPUTED or had_token else [*answer]
        binding.sequence = sequence
        self._counters["correspondent.binding.deleted"] += 1
        note = Note(kind="correspondent-binding-deleted", text=f"{pair.home_address} is no longer talked to directly.")
        return [*self._end(binding, now), *answer, note, PublishStatus()]

    def _end(self, binding: Binding, now: Instant) -> list[Action]:
        self.refreshing.stop(binding.pair)
        self.unreachable.forget(binding.pair)
        self.cache.end(binding, now)
        if binding.indices is not None:
            self._nonces.retire(binding.indices.home)
        return [_withdrawn(binding.pair)]

    def _grant(self, requested: Seconds, proof: Proof, *, is_verified: bool) -> Seconds:
        """At most what was asked for, what is configured, and what the proof may give (5.2.6 and 9.5.2)."""
        configured = max(self.config.max_lifetime, LIFETIME_UNIT)
        longest = self.enhanced.longest(proof, configured, is_verified=is_verified)
        return whole_units(Seconds(min(requested, longest)))

    # --- answers ----------------------------------------------------------------------------------------------------

    def _refuse(self, authentic: Authentic, binding: Binding | None, status: BindingStatus) -> list[Action]:
        if binding is not None:
            binding.sequence = authentic.request.update.sequence  # valid, if refused: not to be replayed later
        self._counters[f"correspondent.bu.refused.{status.value}"] += 1
        if status in ALWAYS_SAID:
            return [self._answer(authentic, status)]
        return [*self._answers_asked(authentic, status)]

    def _refuse_anybody(self, request: Request, status: BindingStatus, now: Instant) -> list[Action]:
        """A refusal that nothing can be signed with; the packet may be from anybody (section 9.5.4)."""
        self._counters[f"correspondent.bu.refused.{status.value}"] += 1
        if not self._answers.permits(now):
            self._counters["correspondent.answers.limited"] += 1
            return []
        self._answers.record(now)
        wants_proof = status == BindingStatus.PERMANENT_HOME_KEYGEN_TOKEN_UNAVAILABLE
        return [acknowledge(request, None, status, options=(CgaParametersRequest(),) if wants_proof else ())]

    def _answers_asked(
        self,
        authentic: Authentic,
        status: BindingStatus,
        lifetime: Seconds = Seconds(0.0),
        options: tuple[MobilityOption, ...] = (),
    ) -> list[SendPacket]:
        """The answer, if one was asked for (section 9.5.4) or there is something in it (RFC 4866 section 4.3)."""
        if not (authentic.request.update.acknowledge or options):
            return []
        return [self._answer(authentic, status, lifetime=lifetime, options=options)]

    def _answer(
        self,
        authentic: Authentic,
        status: BindingStatus,
        *,
        sequence: int | None = None,
        lifetime: Seconds = Seconds(0.0),
        options: tuple[MobilityOption, ...] = (),
    ) -> SendPacket:
        """A signed Binding Acknowledgement (sections 6.2.7 and 9.5.4)."""

        def sign(message: BindingAcknowledgement) -> BindingAcknowledgement:
            return authorize(message, authentic.key, authentic.signed_address, authentic.pair.correspondent)

        return acknowledge(
            authentic.request, None, status, sequence=sequence, lifetime=lifetime, options=options, sign=sign
        )

    def _discard(self, reason: str) -> list[Action]:
        self._counters[f"correspondent.bu.discarded.{reason}"] += 1
        return []


def _withdrawn(pair: Pair) -> SetNetworkState:
    return SetNetworkState(owner=owner_of(pair), state=EMPTY)
