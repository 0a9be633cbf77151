# SPDX-License-Identifier: GPL-2.0-or-later
"""What is known of one home address, and how its Binding Updates are sent (RFC 6275 sections 11.5.5, 11.7.1, 11.8)."""

from dataclasses import replace
from functools import partial
from ipaddress import IPv6Address
from typing import Final

from mnclient.constants import (
    INITIAL_BINDACK_TIMEOUT,
    INITIAL_BINDACK_TIMEOUT_FIRST_REG,
    LIFETIME_UNIT,
    MAX_BINDING_LIFETIME,
)
from mnclient.engine.mobile_node import messages
from mnclient.engine.mobile_node.attachment import Place
from mnclient.engine.mobile_node.authentication import Authentication
from mnclient.engine.mobile_node.binding_update_list import BindingUpdateList, Key, Outstanding
from mnclient.engine.mobile_node.care_of import valid_until
from mnclient.engine.mobile_node.context import Context
from mnclient.engine.mobile_node.farewells import Farewell
from mnclient.engine.mobile_node.identifiers import has_identifier_of
from mnclient.engine.mobile_node.link import Link
from mnclient.engine.protection import by_ipsec
from mnclient.engine.retransmission import Backoff
from mnclient.engine.sequence_numbers import SEQUENCE_MARGIN
from mnclient.engine.timers import Timer
from mnclient.model.config import HomeAddressConfig
from mnclient.model.network_state import DuplicateDetection
from mnclient.model.security import Protection, SecurityAssociation, Standing
from mnclient.model.status import HomeAddressState as State
from mnclient.model.stored_binding import StoredRegistration
from mnclient.units import Instant, Seconds, after, between
from mnclient.wire.addresses import UNSPECIFIED

# A refusal is a person's decision or a lack of room: asked again rarely, but without anybody having to do something.
RETRY_REFUSED_FIRST: Final = Seconds(30.0)
RETRY_REFUSED_CEILING: Final = Seconds(600.0)
SILENT_AFTER: Final = 2  # timeouts without an answer before the home agent counts as silent

_BINDING_TIMERS: Final = (Timer.REFRESH_BINDING, Timer.BINDING_EXPIRES)
_SENDING_TIMERS: Final = (Timer.RETRANSMIT_BINDING_UPDATE, Timer.RETRY_REFUSED, Timer.REPEAT_ADVERTISEMENT)


class Registration:
    """What is known of one home address.

    `bound_until`: until then the home agent may hold a binding, by the lifetimes sent; None when there is none.
    `granted_until`: until then it does hold one, by what it acknowledged, whatever its care-of address.
    `registered_until`: until then an acknowledged binding of the present care-of address lasts.
    `acknowledged_care_of`: where the home agent sends, by its last answer. `old_way`: where packets leave until it has
    confirmed the new care-of address, None when from there. `verified`, `verified_at`: see `verification`.
    `reached_at`: when it was last at home or registered, or is since then. `is_taken`: somebody else had the address
    when that was last asked; `taken_on`: the interfaces on the home link where somebody answered for it. `standing`:
    whether its signalling is protected, or may go at all. `keys_differ`: the home agent said so, without proof.
    `may_return_unproved`: it may come home although there is a key, and nobody has shown to have it.
    `home` has the home agent in use; `acknowledged_agent` accepted a registration last; `discovered` are those found;
    `accepted_spi` is in what the registration went under that was accepted last, None when that was not protected.
    `needs_prefixes`: the home agent said so (status 1). `valid_until`, `preferred_until`: how long the home prefix
    lasts, None as long as nobody said. `is_deprecated`, `is_expired`: these have ended. `waits_to_be_home`: back home,
    and nothing may leave there before the Binding Update that says so (section 11.5.5).
    """

    def __init__(self, home: HomeAddressConfig, index: int, context: Context, updates: BindingUpdateList) -> None:
        self.home = home
        self._configured = home
        self.is_deprecated = False
        self.acknowledged_agent: IPv6Address | None = None
        self.accepted_spi: int | None = None
        self.discovered: tuple[IPv6Address, ...] = ()
        self.needs_prefixes = False
        self.valid_until: Instant | None = None
        self.preferred_until: Instant | None = None
        self.is_expired = False
        self.index = index
        self.context = context
        self.updates = updates
        self.state = State.WAITING
        self.standing = Standing.NO_KEY
        self.authentication = Authentication(context)
        self.keys_differ = False
        self.doubted_at: Instant | None = None
        self.may_return_unproved = False
        self._is_question = False
        self._rejected: SecurityAssociation | None = None
        self.place: Place | None = None
        self.link: Link | None = None
        self.fed: tuple[Place | None, object] = (None, None)
        self.lifetime_wanted = Seconds(0.0)
        self.first_timeout = INITIAL_BINDACK_TIMEOUT_FIRST_REG
        self.bound_until: Instant | None = None
        self.granted_until: Instant | None = None
        self.registered_until: Instant | None = None
        self.reached_at: Instant | None = None
        self.acknowledged_care_of: IPv6Address | None = None
        self.old_way: IPv6Address | None = None
        self.verified: bool | None = None
        self.verified_at: Instant | None = None
        self.last_status: int | None = None
        self.unanswered = 0
        self.owned = False
        self.is_taken = False
        self.taken_on: set[str] = set()
        self.home_detection = DuplicateDetection.NORMAL
        self.deregistered_after_collision = False
        self.confirmed_lifetime: Seconds | None = None
        self.refresh_advice: Seconds | None = None
        self._after_collision = self.waits_to_be_home = False
        self._backoff = Backoff(INITIAL_BINDACK_TIMEOUT)
        self._retries = Backoff(RETRY_REFUSED_FIRST, RETRY_REFUSED_CEILING)
        self._corrections = 0
        self._held_back = False
        self._has_waited_for: Instant | None = None
        self._advertisements_left = 0
        self._link_local_claimed = False
        self._defender: bytes | None = None

    @property
    def key(self) -> Key:
        """Its place in the Binding Update List."""
        return (self.home.home_agent or UNSPECIFIED, self.home.address)

    @property
    def association(self) -> SecurityAssociation | None:
        """What its signalling goes under, and must come under; None when that is not protected."""
        return self.home.association if self.standing is Standing.PROTECTED else None

    @property
    def must_prove_home(self) -> bool:
        """Whether it is at home only where its home agent has shown that it has the key."""
        has_key = self.home.association is not None and self.standing is not Standing.OPEN
        return has_key and not self.may_return_unproved

    @property
    def is_under_esp(self) -> bool:
        """Whether it is the system that protects its signalling."""
        return self.protection is not None

    @property
    def may_signal(self) -> bool:
        """Whether the home agent may be told anything: not with a key which it has proved that it does not accept."""
        return self.standing.may_signal and not self.is_key_rejected

    @property
    def is_key_rejected(self) -> bool:
        """Whether the home agent could not verify the present key, and proved that it is the one who says so."""
        return self._rejected is not None and self._rejected == self.association

    def reject_key(self) -> None:
        """Nothing more is sent with the present key (RFC 4285 section 5.3)."""
        self._rejected = self.association

    @property
    def protection(self) -> Protection | None:
        """The name of the association, if it is one of IPsec."""
        return by_ipsec(self.association)

    def is_for(self, home: HomeAddressConfig | None) -> bool:
        """Whether `home` is the same home address, with the same home agent."""
        return home is not None and (home.prefix, home.home_agent) == (self.home.prefix, self.configured_agent)

    @property
    def configured_agent(self) -> IPv6Address | None:
        """The home agent that was chosen; None where one has to be found."""
        return self._configured.home_agent

    def configure(self, home: HomeAddressConfig) -> None:
        """The same home address, configured anew; a home agent that was found for it stays."""
        agent, is_found = self.home.home_agent, self.home.home_agent != self.configured_agent
        self._configured = home
        self.home = replace(home, home_agent=agent, home_agent_link_layer=None) if is_found else home

    def adopt_agent(self, agent: IPv6Address) -> None:
        """This is the home agent from now on; what is pinned is the hardware address of the chosen one."""
        if agent == self.configured_agent:
            self.home = self._configured
        else:
            self.home = replace(self._configured, home_agent=agent, home_agent_link_layer=None)

    def use_agent(self, agent: IPv6Address, now: Instant) -> None:
        """Begin anew with another home agent. What the one before may hold is deleted, if it is reached (11.7.1)."""
        self.deregister_from_abroad(now)
        self.lose_binding(now)
        self._quiet()
        self.adopt_agent(agent)
        self.last_status = None
        self.fed = (None, None)

    @property
    def may_be_bound(self) -> bool:
        """Whether the home agent may hold a binding."""
        return self.bound_until is not None

    @property
    def is_bound(self) -> bool:
        """Whether the home agent may hold a binding that it would defend; it has refused one for a taken address."""
        return self.may_be_bound and not self.is_taken

    @property
    def is_reached(self) -> bool:
        """Whether packets to the home address arrive, as far as the protocol knows."""
        return self.state in (State.AT_HOME, State.REGISTERED)

    # --- sending -----------------------------------------------------------------------------------------------------

    def _begin_sending(self, now: Instant) -> None:
        """A new exchange: the first timeout is longer when the home agent must detect duplicates (section 11.8)."""
        is_question = self.state is State.RETURNING and self._is_question
        first = INITIAL_BINDACK_TIMEOUT if is_question or self.granted_until is not None else self.first_timeout
        self._backoff = Backoff(first)
        self.unanswered = 0
        self._corrections = 0
        self._transmit(now)

    def _transmit(self, now: Instant) -> None:
        """One Binding Update for where the node is now, or as soon as the rate limit permits."""
        rate = self.updates.rate(self.key)
        self._held_back = not rate.permits(now)
        if self._held_back:
            self.context.count("bu.held-back")
            self._set(Timer.RETRANSMIT_BINDING_UPDATE, rate.next_permission(now))
            return
        if self.state is State.RETURNING:
            self._send_deregistration(now)
        else:
            self._send_registration(now)
        self._set(Timer.RETRANSMIT_BINDING_UPDATE, after(now, self._backoff.next_timeout()))

    def _send_registration(self, now: Instant) -> None:
        place, link, agent = self.place, self.link, self.home.home_agent
        if place is None or place.care_of is None or link is None or agent is None:
            return
        care_of = place.care_of.address
        lifetime = self._lifetime(link, place, now)
        compatible = has_identifier_of(self.home.address, link.link_layer_address)
        self._link_local_claimed = self._link_local_claimed or compatible
        sequence = self.updates.record(self.key, care_of, lifetime, now)
        self.bound_until = max(self.bound_until or now, after(now, lifetime))
        self._set(Timer.BINDING_EXPIRES, self.bound_until if self.registered_until is None else self.registered_until)
        self.context.count("bu.sent")
        self.context.signal(
            messages.home_registration(
                home_address=self.home.address,
                home_agent=agent,
                care_of_address=care_of,
                sequence=sequence,
                lifetime=lifetime,
                link_local_compatibility=compatible,
                protection=self.protection,
                seal=self._sealing(care_of, now),
            )
        )

    def _send_deregistration(self, now: Instant) -> None:
        link, agent = self.link, self.home.home_agent
        if link is None or agent is None:
            return
        hardware = self.home_agent_link_layer(now)
        if hardware is None and self.unanswered == 0 and not self._is_question:
            # The kernel would ask for the home agent from the home address, which its agent still defends: section
            # 11.5.5 wants the question from :: instead. When nobody answers it, nobody defends the address.
            self.ask_from_nowhere()
            return
        sequence = self.updates.record(self.key, self.home.address, Seconds(0.0), now)
        self.waits_to_be_home = False
        self.context.count("bu.sent")
        self.context.signal(
            messages.home_deregistration(
                home_address=self.home.address,
                home_agent=agent,
                sequence=sequence,
                link_local_compatibility=self._link_local_claimed,
                protection=self.protection,
                seal=self._sealing(self.home.address, now),
                interface=link.name,
                home_agent_link_layer=hardware,
            )
        )

    def ask_from_nowhere(self) -> None:
        """Whether somebody on the link defends the home address; that would be our home agent (section 11.5.5)."""
        if self.link is not None:
            self.context.count("ns.sent")
            self.context.signal(messages.home_address_question(self.link.name, self.home.address))

    def _sealing(self, care_of_address: IPv6Address, now: Instant) -> messages.Seal:
        return lambda update: self.authentication.seal(update, self.association, care_of_address, now)

    def _lifetime(self, link: Link, place: Place, now: Instant) -> Seconds:
        """At most what is wanted and what the care-of address lasts, in whole units of 4 s, never zero."""
        wanted = min(self.lifetime_wanted, MAX_BINDING_LIFETIME)
        until = valid_until(place.care_of, link) if place.care_of is not None else None
        for end in (until, self.valid_until):  # the home prefix: section 11.4.2
            if end is not None:
                wanted = min(wanted, between(now, end))
        return Seconds(max(wanted // LIFETIME_UNIT, 1) * LIFETIME_UNIT)

    def _forget_collision(self) -> None:
        self._after_collision = self.deregistered_after_collision = False

    def _quiet(self) -> None:
        """Nothing is being sent or waited for."""
        self._held_back = False
        self.unanswered = 0
        for timer in _SENDING_TIMERS:
            self.context.timers.stop(timer, self.home.address)

    def _set(self, timer: Timer, at: Instant) -> None:
        self.context.timers.set(timer, self.home.address, at)

    def home_agent_link_layer(self, now: Instant) -> bytes | None:
        """The home agent's hardware address: advertised here, pinned, or from its defence of the address."""
        agent, link = self.home.home_agent, self.link
        heard = link.link_layer_of(agent, now) if agent is not None and link is not None else None
        return heard or self.home.home_agent_link_layer or self._defender

    def defended_by(self, hardware: bytes, now: Instant) -> None:
        """Somebody on the home link answers for the home address while we return: our home agent."""
        if self.state is State.RETURNING and self.home_agent_link_layer(now) is None:
            self._defender = hardware
            self._transmit(now)

    def accepted(self, sent: Outstanding, granted: Seconds, advice: Seconds | None, now: Instant) -> None:
        """Take over what an accepting answer grants, before ACCEPTED is fed."""
        self._corrections = 0
        self.acknowledged_care_of = sent.care_of_address
        self.acknowledged_agent = self.home.home_agent
        self.accepted_spi = self.association.spi_out if self.association is not None else None
        self.confirmed_lifetime = self.updates.acknowledge(self.key, sent, granted, now)
        self.refresh_advice = advice

    def stored(self, now: Instant) -> StoredRegistration | None:
        """What must survive a restart; None when nothing was ever sent."""
        sequence = self.updates.sequence(self.key)
        if sequence is None or self.home.home_agent is None:
            return None
        return StoredRegistration(
            home_address=self.home.address,
            home_agent=self.home.home_agent,
            sequence=sequence,
            remaining=Seconds(max(between(now, self.bound_until or now), 0.0)),
            link_local_compatibility=self._link_local_claimed,
            timestamp=self.authentication.source.accepted,
            clock_offset=self.authentication.source.offset,
            spi=self.accepted_spi or 0,
        )

    def resume(self, stored: StoredRegistration, bound_until: Instant, now: Instant) -> None:
        """Take up where the last run of the service left it."""
        self.updates.adopt_sequence(self.key, stored.sequence + SEQUENCE_MARGIN)
        self._link_local_claimed = stored.link_local_compatibility
        self.authentication.resume(stored.timestamp, stored.clock_offset)
        if bound_until > now:
            self.bound_until = self.granted_until = bound_until
            self._set(Timer.BINDING_EXPIRES, bound_until)

    def farewell(self) -> Farewell | None:
        """What has to be said when the home address is given up abroad; None when there is no binding to delete."""
        place, agent = self.place, self.home.home_agent
        if not self.may_be_bound or place is None or place.care_of is None or agent is None:
            return None
        return Farewell(
            home_address=self.home.address,
            home_agent=agent,
            care_of_address=place.care_of.address,
            link_local_compatibility=self._link_local_claimed,
            protection=self.protection,
            sealing=partial(self._sealing, place.care_of.address),
        )

    def deregister_from_abroad(self, now: Instant) -> None:
        """The home agent is given up: delete the binding without waiting for an answer."""
        farewell = self.farewell()
        if farewell is None:
            return
        if not self.updates.rate(self.key).permits(now):  # then its lifetime has to end it
            self.context.count("bu.held-back")
            return
        sequence = self.updates.record(self.key, farewell.care_of_address, Seconds(0.0), now)
        self.context.count("bu.sent")
        self.context.signal(farewell.message(sequence, now))

    def lose_binding(self, now: Instant) -> State | None:
        """The home agent holds no binding any more."""
        self.bound_until = self.granted_until = self.registered_until = self.acknowledged_care_of = None
        self.updates.remove(self.key)
        for timer in _BINDING_TIMERS:
            self.context.timers.stop(timer, self.home.address)
        return None

    def forget(self, now: Instant) -> Farewell | None:
        """The home address is no longer wanted here; what its home agent must still be told."""
        farewell = self.farewell()
        self.lose_binding(now)
        self._quiet()
        self.context.timers.stop(Timer.DEFAULT_ROUTE_GRACE, self.home.address)
        return farewell
