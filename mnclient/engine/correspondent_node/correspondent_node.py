# SPDX-License-Identifier: GPL-2.0-or-later
"""The correspondent-node role (RFC 6275 sections 5.2, 8.2 and 9): where each event goes, what the role says of itself.

    nonces             node keys and nonces, by which a test and a Binding Update are believed
    registrations      Binding Updates and the binding cache
    enhanced           generated home addresses, and the tokens given out to them (RFC 4866)
    unreachable        which bindings lead nowhere any more
    refresh_requests   who is asked to renew a binding
    desired_state      what the kernel should look like

Tests are answered without keeping anything of who asked (section 9.4), and only so many in a second: what a flood costs
is bounded. A role without configuration is off and says nothing, but for Binding Errors: a packet with an unknown home
address was dropped all the same, and its sender learns it by no other means.

Where the datapath cannot send payload directly there are no bindings: a token is a promise that one can be had. The
mobile node loses nothing by a refusal, it has never left the tunnel; but it would ask a silent node again and again. So
its test is answered as by any node that does not know the message: Binding Error, status 2 (sections 9.2 and 11.3.6).
Until the datapath is known, a test is not answered at all: the mobile node tries again in a second.

Bindings are not kept over a restart. The keys of return routability are not either (section 5.2.1), and packets that
still come by an old binding are answered with a Binding Error, status 1: the mobile node goes back to the tunnel, and
begins anew (section 11.3.6). A binding kept would outlive the proof it rests on. What is kept are the sequence numbers
accepted with precomputed keys (RFC 4449), as an old Binding Update would be authentic for ever, and the tokens of
generated addresses (RFC 4866), each with its last sequence number.
"""

from collections import Counter

from mnclient.constants import CORRESPONDENT_ANSWER_RATE
from mnclient.engine.actions import Action, Note, PublishStatus, SendPacket, SetNetworkState
from mnclient.engine.correspondent_node.binding_cache import Pair
from mnclient.engine.correspondent_node.desired_state import OWNER, pair_of, role_state
from mnclient.engine.correspondent_node.nonces import Nonces
from mnclient.engine.correspondent_node.registrations import RegistrationRefusal, Registrations
from mnclient.engine.events import (
    BindingsDismissed,
    Configured,
    DatapathChosen,
    Event,
    HomeAddressRefused,
    NetworkStateFailed,
    NetworkStateRestored,
    PacketReceived,
    RouteUseKnown,
    Stopping,
)
from mnclient.engine.machine import Entropy
from mnclient.engine.malformed import MalformedAnswers
from mnclient.engine.retransmission import RateLimit
from mnclient.engine.timers import Timer, TimerTable
from mnclient.model.config import CorrespondentNodeConfig
from mnclient.model.network_state import EMPTY, OptimizationEnd
from mnclient.model.problems import Problem, ProblemCode
from mnclient.model.status import BindingCacheStatus, CorrespondentNodeStatus
from mnclient.model.stored_binding import Stored, StoredAcceptedSequence, StoredToken
from mnclient.units import Instant
from mnclient.wire.addresses import is_multicast, is_unicast_routable
from mnclient.wire.binding import BindingUpdate
from mnclient.wire.icmpv6 import DestinationUnreachable
from mnclient.wire.packet import Packet
from mnclient.wire.return_routability import CareOfTest, CareOfTestInit, HomeTest, HomeTestInit


class CorrespondentNode:
    """The machine of the role.

    `errors` sends the Binding Errors of the whole node; `home_agent_refusal` says which home addresses this host is a
    home agent for.
    """

    def __init__(self, entropy: Entropy, errors: MalformedAnswers, home_agent_refusal: RegistrationRefusal) -> None:
        self._config: CorrespondentNodeConfig | None = None
        self._datapath_optimizes: bool | None = None
        self._is_active = False
        self._is_stopped = False
        self._counters: Counter[str] = Counter()
        self._errors = errors
        self._timers = TimerTable()
        self._nonces = Nonces(entropy)
        self._answers = RateLimit(CORRESPONDENT_ANSWER_RATE)
        self._registrations = Registrations(
            self._timers, self._nonces, self._answers, self._counters, home_agent_refusal, entropy
        )
        self._refusal: Problem | None = None

    # --- machine ----------------------------------------------------------------------------------------------------

    def handle(self, event: Event, now: Instant) -> list[Action]:
        """React to one event; what has come due meanwhile comes first."""
        if self._is_stopped:
            return []
        actions = self._reach_deadlines(now)
        match event:
            case PacketReceived():
                actions += self._receive(event, now)
            case HomeAddressRefused():
                actions += self._refuse_home_address(event, now)
            case RouteUseKnown(end=OptimizationEnd.CORRESPONDENT):
                actions += self._request_refresh(event, now)
            case Configured():
                actions += self._configure(event.config.correspondent_node, now)
            case DatapathChosen():
                self._datapath_optimizes = event.route_optimization
                actions += self._switch()
            case NetworkStateFailed() | NetworkStateRestored():
                actions += self._note_refusal(event, now)
            case BindingsDismissed():
                actions += self._registrations.dismiss(event.which, now)
            case Stopping():
                actions += self._end()
                self._is_stopped = True
            case _:
                pass
        return actions

    def next_deadline(self) -> Instant | None:
        """When something is to be done, None for never."""
        return None if self._is_stopped else self._timers.earliest()

    def is_bound(self, packet: Packet) -> bool:
        """Whether the mobile node that sent a packet has a binding for talking to the address that it came to."""
        return self._registrations.cache.find(Pair(packet.destination, packet.effective_source)) is not None

    # --- what it says of itself -------------------------------------------------------------------------------------

    def status(self) -> CorrespondentNodeStatus:
        """The number of bindings, and how many there may be."""
        config = self._registrations.config
        return CorrespondentNodeStatus(bindings=len(self._registrations.cache), max_bindings=config.max_bindings)

    def binding_cache(self) -> tuple[BindingCacheStatus, ...]:
        """Every binding; O(bindings)."""
        return self._registrations.cache.status()

    def problems(self) -> tuple[Problem, ...]:
        """What a person should know about."""
        return () if self._refusal is None else (self._refusal,)

    def counters(self) -> dict[str, int]:
        """What was received, sent, refused and dropped."""
        return dict(self._counters)

    # --- over a restart ---------------------------------------------------------------------------------------------

    def accepted_sequences(self) -> tuple[StoredAcceptedSequence, ...]:
        """The sequence numbers accepted by precomputed keys (RFC 4449 section 3)."""
        return self._registrations.precomputed.snapshot()

    def tokens(self, now: Instant) -> tuple[StoredToken, ...]:
        """The permanent home keygen tokens given out (RFC 4866 section 4.7)."""
        return self._registrations.enhanced.tokens.snapshot(now)

    def restore(self, stored: Stored, now: Instant) -> None:
        """Take back what `accepted_sequences` and `tokens` said, before the first Configured event."""
        self._registrations.precomputed.restore(stored.accepted_sequences)
        self._registrations.enhanced.tokens.restore(stored.tokens, now)

    # --- events -----------------------------------------------------------------------------------------------------

    def _configure(self, config: CorrespondentNodeConfig | None, now: Instant) -> list[Action]:
        """The role goes on or off, or its rules change; so may those of the home agent."""
        changed, self._config = config != self._config, config
        self._registrations.config = config or CorrespondentNodeConfig()
        actions = [*self._switch(), *self._registrations.review(now)]
        return [*actions, PublishStatus()] if changed or actions else []

    def _switch(self) -> list[Action]:
        """Bindings are possible, or no longer."""
        wanted = self._config is not None and self._datapath_optimizes is True
        if wanted == self._is_active:
            return []
        if not wanted:
            return [*self._end(), PublishStatus()]
        self._is_active = True
        return [SetNetworkState(owner=OWNER, state=role_state()), PublishStatus()]

    def _end(self) -> list[Action]:
        if not self._is_active:
            return []
        self._is_active = False
        self._refusal = None
        return [*self._registrations.clear(), SetNetworkState(owner=OWNER, state=EMPTY)]

    def _receive(self, event: PacketReceived, now: Instant) -> list[Action]:
        if self._config is None or is_multicast(event.packet.destination):
            return []
        match event.packet.message:
            case BindingUpdate() as update:
                self._counters["correspondent.bu.received"] += 1
                return self._registrations.receive(event, update, now)
            case HomeTestInit() | CareOfTestInit() as init:
                return self._test(event.packet, init, now)
            case DestinationUnreachable() as message:
                return self._registrations.not_delivered(message, now)
            case _:
                return []

    def _test(self, packet: Packet, init: HomeTestInit | CareOfTestInit, now: Instant) -> list[Action]:
        """A HoTI or CoTI (section 9.4): the answer goes to where it came from, by no binding."""
        name = "hoti" if isinstance(init, HomeTestInit) else "coti"
        wrong = packet.home_address is not None or packet.routing_home_address is not None
        if wrong or not is_unicast_routable(packet.source):
            self._counters[f"correspondent.{name}.ignored"] += 1
            return []
        if not self._is_active:
            self._counters[f"correspondent.{name}.unsupported"] += 1
            return self._errors.unrecognized(packet, now) if self._datapath_optimizes is False else []
        if not self._answers.permits(now):
            self._counters["correspondent.answers.limited"] += 1
            return []
        self._answers.record(now)
        self._counters[f"correspondent.{name}.answered"] += 1
        nonce = self._nonces.current(now)
        message: HomeTest | CareOfTest
        if isinstance(init, HomeTestInit):
            token = nonce.home_token(packet.source)
            message = HomeTest(nonce_index=nonce.index, cookie=init.cookie, keygen_token=token)
        else:
            token = nonce.care_of_token(packet.source)
            message = CareOfTest(nonce_index=nonce.index, cookie=init.cookie, keygen_token=token)
        return [SendPacket(packet=Packet(source=packet.destination, destination=packet.source, message=message))]

    def _refuse_home_address(self, event: HomeAddressRefused, now: Instant) -> list[Action]:
        """A packet was dropped for its home address (section 9.3.1), unless the kernel is only late with a binding."""
        binding = self._registrations.cache.find(Pair(event.destination, event.home_address))
        if binding is not None and binding.care_of_address == event.source:
            return []
        self._counters["correspondent.home-address.refused"] += 1
        return self._errors.unknown_binding(event, now)

    def _request_refresh(self, event: RouteUseKnown, now: Instant) -> list[Action]:
        """The datapath says when a binding was last used (section 9.5.5)."""
        binding = self._registrations.cache.find(Pair(event.correspondent, event.home_address))
        if binding is None:
            return []
        sent = self._registrations.refreshing.known(binding, event.last_used, now)
        self._counters["correspondent.brr.sent"] += len(sent)
        return [*sent]

    def _note_refusal(self, event: NetworkStateFailed | NetworkStateRestored, now: Instant) -> list[Action]:
        """The kernel refused something, or did it after all."""
        if event.owner == OWNER:
            if isinstance(event, NetworkStateRestored):
                self._refusal = None
            elif self._is_active:
                self._refusal = Problem(
                    code=ProblemCode.NETWORK_REFUSED, subject=event.item, detail=event.reason, since=now
                )
            return [PublishStatus()]
        pair = pair_of(event.owner)
        if isinstance(event, NetworkStateRestored) or pair is None:
            return []
        actions = self._registrations.drop(pair, now)
        if actions:
            self._counters["correspondent.binding.failed"] += 1
            actions.append(Note(kind="network-refused", text=f"{event.item}: {event.reason}"))
        return actions

    def _reach_deadlines(self, now: Instant) -> list[Action]:
        actions: list[Action] = []
        for timer, subject in self._timers.pop_due(now):
            if isinstance(subject, Pair):
                actions += self._reach(timer, subject, now)
        return actions

    def _reach(self, timer: Timer, pair: Pair, now: Instant) -> list[Action]:
        match timer:
            case Timer.CACHE_ENTRY_EXPIRES:
                return self._registrations.expire(pair, now)
            case Timer.DELETED_ENTRY_EXPIRES:
                self._registrations.cache.forget_ended(pair)
            case Timer.REQUEST_REFRESH:
                binding = self._registrations.cache.find(pair)
                if binding is not None and binding.expires > now:
                    return [*self._registrations.refreshing.due(binding, now)]
            case _:
                pass
        return []
