# SPDX-License-Identifier: GPL-2.0-or-later
"""Registration and de-registration with the home agent (RFC 6275 sections 9.5.1, 10.3.1 and 10.3.2).

A home address has no entry, is being tested for duplicates, or is bound; a deleted entry leaves its sequence number
behind for a while. On a virtual home link there is nothing to test. What needs no answer is counted and dropped; the
checks are in the order of the text. An unchanged refresh costs no kernel state: it is cheap for thousands of bindings.

Not here: bindings of correspondents (H = 0), mobile prefix discovery.
"""

from collections import Counter
from collections.abc import Sequence
from ipaddress import IPv6Address

from mnclient.constants import LIFETIME_UNIT
from mnclient.engine.actions import Action, Note, PublishStatus, SendPacket, SetNetworkState
from mnclient.engine.events import PacketReceived
from mnclient.engine.home_agent.access import Grant, grant, is_allowed, is_anycast, makes_a_loop
from mnclient.engine.home_agent.authentication import Disbelief
from mnclient.engine.home_agent.binding_cache import Binding, BindingCache
from mnclient.engine.home_agent.desired_state import binding_state, owner_of
from mnclient.engine.home_agent.doubts import Doubts
from mnclient.engine.home_agent.duplicate_detection import DuplicateDetection
from mnclient.engine.home_agent.guests import Guests
from mnclient.engine.home_agent.home_prefixes import HomePrefixes
from mnclient.engine.home_agent.links import HomeLinks
from mnclient.engine.home_agent.proxy_advertising import ProxyAdvertising
from mnclient.engine.home_agent.requests import Request, acknowledge, fault, read
from mnclient.engine.sequence_numbers import is_newer
from mnclient.engine.timers import TimerTable
from mnclient.model.binding_filter import BindingFilter
from mnclient.model.config import HomeAgentConfig, HomeLinkConfig
from mnclient.model.network_state import EMPTY
from mnclient.model.stored_binding import StoredBinding
from mnclient.units import Instant, Seconds, after
from mnclient.wire.binding import BindingStatus, BindingUpdate
from mnclient.wire.mobility_options import BindingRefreshAdvice


class Registrations:
    """All bindings, and what happens to them. Give it a `config` before anything else."""

    def __init__(self, timers: TimerTable, links: HomeLinks, prefixes: HomePrefixes, counters: Counter[str]) -> None:
        self._prefixes = prefixes
        self.config = HomeAgentConfig()
        self.guests = Guests()
        self.doubts = Doubts(timers)
        self.cache = BindingCache(timers)
        self._links = links
        self._counters = counters
        self._detection = DuplicateDetection(timers)
        self._advertising = ProxyAdvertising(timers, links)

    def admit_guests(self) -> bool:
        """Those of the configuration, with their keys. Whether what is encrypted is another."""
        self.doubts.keep_only(frozenset(each.home_address for each in self.config.associations))
        return self.guests.configure(self.config)

    # --- events -----------------------------------------------------------------------------------------------------

    def receive(self, event: PacketReceived, update: BindingUpdate, now: Instant) -> list[Action]:
        """A Binding Update arrived (section 9.5.1)."""
        if not self._links.has_address(event.packet.destination):
            return self._discard("destination")
        request = read(event, update)
        wrong = fault(request)
        if wrong:
            return self._discard(wrong)
        binding = self.cache.find(request.home_address)
        if not update.home_registration and binding is None:
            return self._discard("correspondent")  # the business of another role
        disbelief = self.guests.judge(request, now) if update.home_registration else None
        if disbelief is not None:
            return self._disbelieve(request, disbelief, now)
        ended = self.doubts.end(request.home_address, now) if update.home_registration else []
        return [*self._obey(request, binding, now), *ended]

    def _obey(self, request: Request, binding: Binding | None, now: Instant) -> list[Action]:
        """It is who it says."""
        update = request.update
        last = self.cache.last_sequence(request.home_address)
        if last is not None and not is_newer(update.sequence, last):
            return self._refuse_old(request, binding, last)
        if not update.home_registration:
            return self._refuse(request, BindingStatus.REGISTRATION_TYPE_CHANGE_DISALLOWED)
        if request.is_deregistration:
            return self._deregister(request, binding, now)
        return self._register(request, binding, now)

    def hear_neighbor(self, interface: str, target: IPv6Address, now: Instant) -> list[Action]:
        """Somebody else on a link has `target`, or is about to take it (RFC 4862 sections 5.4.3 and 5.4.4)."""
        actions: list[Action] = []
        for home_address in self._detection.disputed(interface, target):
            actions += self._fail(home_address, now)
        return actions

    def finish_detection(self, home_address: IPv6Address, now: Instant) -> list[Action]:
        """Nobody objected to a home address in time."""
        request = self._detection.finish(home_address)
        binding = self.cache.find(home_address)
        if request is None or binding is None:
            return []
        binding.detecting = False
        granted = self._grant(request, binding.link, now)  # by now less may remain of the home prefix
        status = granted.status if granted is not None else BindingStatus.ACCEPTED
        binding.lifetime = granted.lifetime if granted is not None else binding.lifetime
        binding.expires = after(now, binding.lifetime)  # the time of the detection is not the mobile node's loss
        self.cache.put(binding, self._prefixes.ends(binding.link))
        return [
            self._state(binding),
            self._accept(request, binding, status),
            *self._advertise(binding, now),
            PublishStatus(),
        ]

    def expire(self, home_address: IPv6Address, now: Instant) -> list[Action]:
        """The lifetime of a binding or of its home prefix ended (section 10.3.1), unless a router said more since."""
        binding = self.cache.find(home_address)
        if binding is None or now < self.cache.limit(binding, self._prefixes.ends(binding.link)):
            return []
        self._counters["binding.expired"] += 1
        self._remove(binding, binding.sequence, now)
        note = Note(kind="binding-expired", text=f"The binding of {home_address} expired.")
        return [_withdrawn(home_address), note, PublishStatus()]

    def leave_previous(self, home_address: IPv6Address) -> list[Action]:
        """The care-of address of before is refused again as source of tunnelled packets (section 10.4.5)."""
        binding = self.cache.find(home_address)
        if binding is None or binding.previous_care_of_address is None:
            return []
        binding.previous_care_of_address = None
        return [] if self._waits(binding) else [self._state(binding)]

    def repeat_advertisement(self, home_address: IPv6Address, now: Instant) -> Sequence[Action]:
        """Time for the next unsolicited Neighbor Advertisement of a home address."""
        binding = self.cache.find(home_address)
        return [] if binding is None else self._count_advertisements(self._advertising.repeat(binding, now))

    # --- the home agent as a whole ----------------------------------------------------------------------------------

    def adopt(self, stored: StoredBinding, link: HomeLinkConfig, now: Instant) -> list[Action]:
        """A binding from before a restart: it was tested then, and forwards at once."""
        if self.cache.find(stored.home_address) is not None or len(self.cache) >= self.config.max_bindings:
            return []
        if not is_allowed(self.config.access, stored.home_address, stored.care_of_address):
            return []  # the rules are others than before the restart
        binding = Binding(
            home_address=stored.home_address,
            care_of_address=stored.care_of_address,
            sequence=stored.sequence,
            lifetime=stored.remaining,
            expires=after(now, stored.remaining),
            link=link,
            link_local_compatibility=stored.link_local_compatibility,
            spi=stored.spi,
        )
        self.guests.has_used(binding.home_address, binding.spi)
        self.cache.put(binding)
        return [self._state(binding), *self._advertise(binding, now)]

    def relink(self, now: Instant) -> list[Action]:
        """Links and access were configured anew: bindings follow their link, or end with it or their permission."""
        actions: list[Action] = []
        for binding in tuple(self.cache):
            link = self._links.serving(binding.home_address)
            if link is None or link.address != binding.link.address or not self._may_stay(binding):
                actions += self._withdraw(binding, now)
                continue
            moved, binding.link = link.interface != binding.link.interface, link
            if moved:
                actions += [self._state(binding), *self._advertise(binding, now)]
        return actions

    def dismiss(self, which: BindingFilter, now: Instant) -> list[Action]:
        """An administrator ends bindings; a mobile node that is still away registers again with its next refresh.

        Their sequence numbers stay known for a while, so that nothing that was said before makes them again.
        """
        actions: list[Action] = []
        for binding in [each for each in self.cache if which.matches(each.status())]:
            self._counters["binding.dismissed"] += 1
            actions += self._withdraw(binding, now)
            note = f"An administrator ended the binding of {binding.home_address}."
            actions.append(Note(kind="binding-dismissed", text=note))
        return [*actions, PublishStatus()] if actions else []

    def _may_stay(self, binding: Binding) -> bool:
        return is_allowed(self.config.access, binding.home_address, binding.care_of_address)

    def defend(self, interface: str, now: Instant) -> list[Action]:
        """An interface came up: whoever is on the link may know nothing of us."""
        return [
            action
            for binding in self.cache
            if binding.link.interface == interface and not binding.detecting
            for action in self._advertise(binding, now)
        ]

    def end(self, now: Instant) -> list[Action]:
        """The role ends: no binding is served any longer."""
        return [action for binding in tuple(self.cache) for action in self._withdraw(binding, now)]

    # --- registration -----------------------------------------------------------------------------------------------

    def _register(self, request: Request, binding: Binding | None, now: Instant) -> list[Action]:
        link = self._links.serving(request.home_address)
        if link is None or link.address != request.event.packet.destination:
            return self._refuse(request, BindingStatus.NOT_HOME_SUBNET)
        refusal = self._refusal(request, binding, link)
        if refusal is not None:
            return self._refuse(request, refusal)
        granted = self._grant(request, link, now)
        if granted is None:
            return self._refuse(request, BindingStatus.NOT_HOME_SUBNET)
        if binding is None:
            return self._create(request, link, granted, now)
        return self._renew(request, binding, granted, now)

    def _grant(self, request: Request, link: HomeLinkConfig, now: Instant) -> Grant | None:
        return grant(request.update.lifetime, self.config, link, self._prefixes.heard(link, now))

    def _refusal(self, request: Request, binding: Binding | None, link: HomeLinkConfig) -> BindingStatus | None:
        """Why the home agent does not want this registration, None when it does."""
        home_address, care_of_address = request.home_address, request.care_of_address
        if not is_allowed(self.config.access, home_address, care_of_address):
            return BindingStatus.ADMINISTRATIVELY_PROHIBITED
        if makes_a_loop(home_address, care_of_address, self.cache, self._links):
            return BindingStatus.INVALID_CARE_OF_ADDRESS
        if binding is not None:
            return None
        if is_anycast(home_address, link):
            return BindingStatus.ADMINISTRATIVELY_PROHIBITED
        if self._links.has_address(home_address):
            return BindingStatus.DUPLICATE_ADDRESS_DETECTION_FAILED
        if len(self.cache) >= self.config.max_bindings:
            return BindingStatus.INSUFFICIENT_RESOURCES
        if not self._links.is_up(link):
            return BindingStatus.REASON_UNSPECIFIED  # without the link there is no way to detect a duplicate
        return None

    def _create(self, request: Request, link: HomeLinkConfig, granted: Grant, now: Instant) -> list[Action]:
        binding = Binding(
            home_address=request.home_address,
            care_of_address=request.care_of_address,
            sequence=request.update.sequence,
            lifetime=granted.lifetime,
            expires=after(now, granted.lifetime),
            link=link,
            link_local_compatibility=request.update.link_local_compatibility,
            detecting=link.interface is not None,
            spi=self.guests.spi(request),
        )
        self.cache.put(binding)
        note = Note(kind="binding-created", text=f"{binding.home_address} registers from {binding.care_of_address}.")
        if link.interface is None:
            return [self._state(binding), self._accept(request, binding, granted.status), note, PublishStatus()]
        self._counters["dad.started"] += 1
        actions: list[Action] = [self._state(binding)] if self.config.optimistic_forwarding else []
        actions += self._detection.start(request, link.interface, binding.defended(), now)
        return [*actions, note, PublishStatus()]

    def _renew(self, request: Request, binding: Binding, granted: Grant, now: Instant) -> list[Action]:
        moved = binding.care_of_address != request.care_of_address
        rekeyed = binding.spi != self.guests.spi(request)
        link_local = request.update.link_local_compatibility
        redefended = binding.link_local_compatibility != link_local
        if moved:
            self.cache.move_from(binding, now)
        binding.care_of_address = request.care_of_address
        binding.sequence = request.update.sequence
        binding.lifetime = granted.lifetime
        binding.expires = after(now, granted.lifetime)
        binding.link_local_compatibility = link_local
        binding.spi = self.guests.spi(request)
        self.cache.put(binding)
        if binding.detecting:
            return self._wait_with_newer(request, binding, moved, now)
        if not (moved or redefended):
            self._counters["bu.refreshed"] += 1
            # Its new end is news, above all for what is kept over a crash.
            state = [self._state(binding)] if rekeyed else []
            return [*state, self._accept(request, binding, granted.status), PublishStatus()]
        actions: list[Action] = [self._state(binding), self._accept(request, binding, granted.status)]
        if redefended and link_local:
            actions += self._advertise(binding, now)
        note = Note(kind="binding-moved", text=f"{binding.home_address} is now at {binding.care_of_address}.")
        return [*actions, note, PublishStatus()]

    def _wait_with_newer(self, request: Request, binding: Binding, moved: bool, now: Instant) -> list[Action]:
        """A newer request takes the place of the one that waits for duplicate detection; it alone is answered."""
        actions: list[Action] = []
        if moved and self.config.optimistic_forwarding:
            actions = [self._state(binding), PublishStatus()]
        if binding.link.interface is not None:
            actions += self._detection.start(request, binding.link.interface, binding.defended(), now)
        return actions

    def _fail(self, home_address: IPv6Address, now: Instant) -> list[Action]:
        """Duplicate detection failed: all is undone and refused (section 10.3.1). What is older may still come."""
        request, binding = self._detection.pending(home_address), self.cache.find(home_address)
        if request is None or binding is None:
            return []
        self._counters["dad.failed"] += 1
        self._counters["bu.refused.134"] += 1
        note = Note(kind="duplicate", text=f"{home_address} is in use by another machine on the home link.")
        refusal = self._answer(request, BindingStatus.DUPLICATE_ADDRESS_DETECTION_FAILED)
        return [*self._withdraw(binding, now), refusal, note, PublishStatus()]

    # --- de-registration --------------------------------------------------------------------------------------------

    def _deregister(self, request: Request, binding: Binding | None, now: Instant) -> list[Action]:
        """Section 10.3.2. The state goes first, so that the answer reaches the mobile node where it is now."""
        home_address, sequence = request.home_address, request.update.sequence
        if binding is None:
            if not self.cache.was_deleted(home_address):
                return self._refuse(request, BindingStatus.NOT_HOME_AGENT_FOR_THIS_MOBILE_NODE)
            # The entry is still there, marked invalid: our first answer was lost.
            self.cache.renew_deleted(home_address, sequence, now)
            return [self._answer(request, BindingStatus.ACCEPTED)]
        self._counters["binding.deleted"] += 1
        self._remove(binding, sequence, now)
        note = Note(kind="binding-deleted", text=f"{home_address} de-registered.")
        answer = self._answer(request, BindingStatus.ACCEPTED)
        return [_withdrawn(home_address), answer, note, PublishStatus()]

    def _withdraw(self, binding: Binding, now: Instant) -> list[Action]:
        self._remove(binding, binding.sequence, now)
        return [_withdrawn(binding.home_address)]

    def _remove(self, binding: Binding, sequence: int, now: Instant) -> None:
        self._detection.finish(binding.home_address)
        self._advertising.stop(binding.home_address)
        self.cache.delete(binding, sequence, now, self.config.max_bindings)

    # --- answers ----------------------------------------------------------------------------------------------------

    def _accept(self, request: Request, binding: Binding, status: BindingStatus) -> SendPacket:
        self._counters["bu.accepted"] += 1
        advice, sign = self.config.refresh_advice, self.guests.signer(request)
        if advice is None:
            return acknowledge(request, binding.link, status, lifetime=binding.lifetime, sign=sign)
        advice = Seconds(min(advice, binding.lifetime - LIFETIME_UNIT))
        options = (BindingRefreshAdvice(interval=advice),) if advice >= LIFETIME_UNIT else ()
        return acknowledge(request, binding.link, status, lifetime=binding.lifetime, options=options, sign=sign)

    def _answer(self, request: Request, status: BindingStatus, sequence: int | None = None) -> SendPacket:
        link, sign = self._links.serving(request.home_address), self.guests.signer(request)
        return acknowledge(request, link, status, sequence=sequence, sign=sign)

    def _disbelieve(self, request: Request, disbelief: Disbelief, now: Instant) -> list[Action]:
        """Nothing it says is acted upon, not even its sequence number."""
        home_address = request.home_address
        has_key = self.guests.association(home_address) is not None
        told = self.doubts.note(home_address, disbelief.reason, now) if has_key else []
        if disbelief.status is None:
            return [*self._discard(disbelief.reason), *told]
        self._counters[f"bu.refused.{disbelief.status.value}"] += 1
        link, sign = self._links.serving(home_address), self.guests.signer(request, disbelief)
        return [acknowledge(request, link, disbelief.status, sign=sign), *told]

    def _refuse(self, request: Request, status: BindingStatus) -> list[Action]:
        if request.update.home_registration:  # valid, if refused: not to be replayed when it would be accepted
            self.cache.note_sequence(request.home_address, request.update.sequence)
        self._counters[f"bu.refused.{status.value}"] += 1
        return [self._answer(request, status)]

    def _refuse_old(self, request: Request, binding: Binding | None, last: int) -> list[Action]:
        if binding is not None and binding.detecting and request.update.sequence == last:
            return self._discard("repeated")  # the network doubled it; the answer is still to come
        self._counters["bu.refused.135"] += 1
        return [self._answer(request, BindingStatus.SEQUENCE_NUMBER_OUT_OF_WINDOW, last)]

    def _discard(self, reason: str) -> list[Action]:
        self._counters[f"bu.discarded.{reason}"] += 1
        return []

    def _state(self, binding: Binding) -> SetNetworkState:
        associations = self.guests.by_esp(binding.home_address, binding.spi)
        state = binding_state(binding, associations, protect_payload=self.config.protect_payload)
        return SetNetworkState(owner=owner_of(binding.home_address), state=state)

    def rekey(self) -> list[Action]:
        """Mobile nodes have other keys, or can use theirs now."""
        return [self._state(binding) for binding in self.cache if not self._waits(binding)]

    def _waits(self, binding: Binding) -> bool:
        """Whether nothing is forwarded before duplicate detection is over."""
        return binding.detecting and not self.config.optimistic_forwarding

    def _advertise(self, binding: Binding, now: Instant) -> Sequence[Action]:
        return self._count_advertisements(self._advertising.begin(binding, now))

    def _count_advertisements(self, packets: list[SendPacket]) -> list[SendPacket]:
        if packets:
            self._counters["na.sent"] += len(packets)
        return packets


def _withdrawn(home_address: IPv6Address) -> SetNetworkState:
    return SetNetworkState(owner=owner_of(home_address), state=EMPTY)
