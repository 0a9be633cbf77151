# SPDX-License-Identifier: GPL-2.0-or-later
"""The mobile-node role as one machine (RFC 6275 section 11).

One event goes through three steps:

1. the machine whose concern it is takes it in (`movement`, `care_of`, `home_registration`, `route_optimization`);
2. if a decision may now fall differently, everything is settled anew: which interface is in use, the care-of address
   there, where every home address is, and what each registration does about it;
3. what follows is said: questions to the link, the network state, messages that need it, reports.
"""

from dataclasses import replace
from ipaddress import IPv6Address

from mnclient.constants import MAX_HOME_ADDRESSES
from mnclient.engine.actions import Action, PublishStatus, SetNetworkState
from mnclient.engine.events import (
    AddressDuplicate,
    AddressSettled,
    Configured,
    DatapathChosen,
    Event,
    LinkChanged,
    LinkRemoved,
    NeighborUnreachable,
    NetworkStateFailed,
    NetworkStateRestored,
    PacketReceived,
    PayloadReceived,
    Resumed,
    Stopping,
    WallClockSet,
)
from mnclient.engine.machine import Entropy
from mnclient.engine.mobile_node import answers, view
from mnclient.engine.mobile_node.binding_update_list import BindingUpdateList
from mnclient.engine.mobile_node.care_of import CareOfAddresses
from mnclient.engine.mobile_node.context import Context
from mnclient.engine.mobile_node.desired_state import DesiredState, without_changed_detection
from mnclient.engine.mobile_node.detection import Detection
from mnclient.engine.mobile_node.discovery import Discovery
from mnclient.engine.mobile_node.farewells import Farewells
from mnclient.engine.mobile_node.handover_record import HandoverLog
from mnclient.engine.mobile_node.home_registration import HomeRegistration
from mnclient.engine.mobile_node.kept import Kept
from mnclient.engine.mobile_node.links_seen import LinksSeen
from mnclient.engine.mobile_node.movement import LINK_TIMERS, Movement
from mnclient.engine.mobile_node.problem_list import ProblemList, all_problems
from mnclient.engine.mobile_node.route_optimization import RouteOptimization
from mnclient.engine.mobile_node.signs import Sign
from mnclient.engine.mobile_node.timer_inputs import ENDINGS, REGISTRATION_INPUTS
from mnclient.engine.mobile_node.whereabouts import Whereabouts
from mnclient.engine.protection import ON_EVERY_HOST, standing
from mnclient.engine.timers import Timer
from mnclient.model.config import DiscoveryUse, HomeAddressConfig, MobileNodeConfig
from mnclient.model.handover import Handover, Outcome
from mnclient.model.network_state import EMPTY, NetworkState
from mnclient.model.problems import Problem
from mnclient.model.status import (
    BindingUpdateStatus,
    CorrespondentStatus,
    HomeAddressStatus,
    InterfaceStatus,
    Phase,
)
from mnclient.model.status import HomeAddressState as State
from mnclient.model.stored_binding import Stored
from mnclient.units import Instant
from mnclient.wire.binding import BindingAcknowledgement, BindingError, BindingStatus
from mnclient.wire.icmpv6 import DestinationUnreachable, EchoReply, EchoRequest
from mnclient.wire.neighbor_discovery import NeighborAdvertisement, RouterAdvertisement

OWNER = "mobile-node"


class MobileNode:
    """The role. It also follows the interfaces while it is switched off, so that it can be switched on at any time."""

    def __init__(self, entropy: Entropy) -> None:
        self._context = Context(entropy)
        self._links_seen = LinksSeen()
        self._state = EMPTY
        self._desired = DesiredState()
        self._published: object = None
        self._kinds = ON_EVERY_HOST
        self._updates = BindingUpdateList(entropy)
        self._farewells = Farewells(self._updates)
        self._kept = Kept()
        self._routes = RouteOptimization(self._context)
        self._begin()

    def _begin(self) -> None:
        """Nothing is known. Counters go on."""
        self._context = self._context.anew()
        self._config: MobileNodeConfig | None = None
        self._movement = Movement(self._context)
        self._care_of = CareOfAddresses(self._context)
        self._discovery = Discovery(self._context)
        self._updates.clear()
        self._log = HandoverLog(self._context)
        self._problems = ProblemList()
        self._registrations: dict[IPv6Address, HomeRegistration] = {}
        self._detection = Detection(self._context, self._care_of, self._log)
        self._routes.begin(self._context)
        self._whereabouts = Whereabouts(self._context, self._movement, self._care_of, self._updates, self._log)
        self._network_failure: NetworkStateFailed | None = None
        self._dirty = True

    # --- the machine -------------------------------------------------------------------------------------------------

    def handle(self, event: Event, now: Instant) -> list[Action]:
        """React to one event. Raises nothing that comes from the network."""
        self._dirty = self._farewells.say(self._context, now) or self._dirty
        if self._config is not None:
            self._fire_timers(now)
        self._remember_host(event)
        if isinstance(event, Configured):
            self._configured(event.config.mobile_node, now)
        elif isinstance(event, Stopping):
            self._routes.withdraw_all(now)
            self._farewells.clear()
            self._begin()
        elif self._config is not None:
            self._take_in(event, now)
        return self._finish(now)

    def next_deadline(self) -> Instant | None:
        """When to send `DeadlineReached`, None for never."""
        timers = self._context.timers.earliest() if self._config is not None else None
        return min((each for each in (self._farewells.due, timers) if each is not None), default=None)

    def snapshot(self, now: Instant) -> Stored:
        """What must be kept over a restart."""
        registrations = tuple(self._kept.snapshot(self._registrations.values(), now))
        return replace(self._routes.snapshot(now), registrations=registrations)

    def restore(self, stored: Stored, now: Instant) -> None:
        """Give back what `snapshot` said, before the first Configured event."""
        self._kept.restore(stored.registrations, now)
        self._routes.restore(stored, now)

    def _take_in(self, event: Event, now: Instant) -> None:
        if self._routes.take_in(event, now):
            self._dirty = True
            return
        match event:
            case PacketReceived():
                self._packet_received(event, now)
            case LinkChanged():
                self._movement.link_changed(event, now)
            case LinkRemoved():
                self._movement.link_removed(event)
            case NeighborUnreachable():
                self._movement.neighbor_unreachable(event, now)
            case Resumed():
                self._movement.resumed(now)
                self._whereabouts.resumed(now)
                self._dirty = True
            case AddressDuplicate():
                self._detection.duplicate(event, self._registrations, now)
                self._dirty = True
            case AddressSettled():
                self._detection.settled(event, self._registrations, now)
                self._dirty = True
            case PayloadReceived():
                self._log.payload_received(event.home_address, now)
            case NetworkStateFailed() if event.owner == OWNER:
                self._network_failure, self._dirty = event, True
            case NetworkStateRestored() if event.owner == OWNER:
                self._network_failure, self._dirty = None, True
            case _:
                self._whereabouts.take_in(event, now)

    def _packet_received(self, event: PacketReceived, now: Instant) -> None:
        match event.packet.message:
            case RouterAdvertisement() as message if not event.through_tunnel:
                link = self._movement.links.get(event.interface)
                self._movement.advertisement_received(event, message, now)
                if link is not None and link.works:
                    self._discovery.advertisement_received(event, message, now)
            case NeighborAdvertisement() as message if not event.through_tunnel:
                self._movement.neighbor_advertisement_received(event, message, now)
                self._dirty = answers.defended(event, message, self._registrations, now) or self._dirty
            case BindingAcknowledgement() as message:
                self._acknowledged(event, message, now)
            case BindingError() as message:
                is_news = answers.binding_error(event, message, self._registrations, now)
                self._context.count("be.received" if is_news else "be.ignored")
                self._dirty = self._dirty or is_news
            case EchoReply() | EchoRequest() | DestinationUnreachable():
                if self._whereabouts.echo_received(event, now):
                    self._dirty = True
            case _:
                self._dirty = self._whereabouts.discovered(event, now) or self._dirty

    def _acknowledged(self, event: PacketReceived, message: BindingAcknowledgement, now: Instant) -> None:
        registration = answers.acknowledged(event, message, self._registrations, self._context, now)
        if registration is None:
            return
        self._dirty = True
        place, address = registration.place, registration.home.address
        if registration.state in (State.REGISTERED, State.AT_HOME):
            self._log.acknowledged(address, now)
        elif registration.state in (State.REFUSED, State.DUPLICATE):
            self._log.ended(address, Outcome.FAILED)
        if message.status == BindingStatus.INVALID_CARE_OF_ADDRESS and place is not None and place.care_of is not None:
            self._care_of.reject(place.interface, place.care_of.address)

    def _fire_timers(self, now: Instant) -> None:
        """After a sleep many are due at once: what has ended comes first, because it makes the others pointless."""
        due = self._context.timers.pop_due(now)
        if not due:
            return
        for timer, subject in sorted(due, key=lambda each: each[0] not in ENDINGS):
            if self._context.timers.deadline(timer, subject) is None:  # not set anew by an earlier one of these
                self._fire(timer, subject, now)

    def _fire(self, timer: Timer, subject: object, now: Instant) -> None:
        match timer, subject:
            case _, str(interface) if timer in LINK_TIMERS:
                LINK_TIMERS[timer](self._movement, interface, now)
            case Timer.PREFIX_EXPIRES, (_, IPv6Address() as address):
                self._care_of.previous_expired(address)
            case Timer.REGENERATE_IDENTIFIER, str(interface):
                self._care_of.regeneration_due(interface, now)
            case Timer.HANDOVER_CLOSES, IPv6Address() as address:
                self._log.close_due(address)
            case _, (IPv6Address() as correspondent, IPv6Address() as address):
                self._routes.fire(timer, correspondent, address, now)
            case _, IPv6Address() as address if timer in REGISTRATION_INPUTS and address in self._registrations:
                self._registrations[address].feed(REGISTRATION_INPUTS[timer], now)
            case _:  # for DEFAULT_ROUTE_GRACE settling anew is all there is to do
                self._whereabouts.fire(timer, subject, now)
        self._dirty = True

    # --- configuration -----------------------------------------------------------------------------------------------

    def _remember_host(self, event: Event) -> None:
        """What holds whether the role is on or off."""
        self._links_seen.note(event)
        if isinstance(event, WallClockSet):
            self._context.wall_clock_at_boot = event.at_boot
        elif isinstance(event, DatapathChosen):
            self._routes.datapath_chosen(event)
            self._kinds = ON_EVERY_HOST | event.protections
            self._settle_standing()

    def _configured(self, config: MobileNodeConfig | None, now: Instant) -> None:
        if config is None:
            self._routes.withdraw_all(now)
            for registration in self._registrations.values():
                self._farewells.add(registration.forget(now), self._context, now)
            self._begin()
            return
        was_off = self._config is None
        self._config = config
        homes = {home.address: home for home in config.home_addresses[:MAX_HOME_ADDRESSES]}
        self._care_of.configure(config.identifier_method, config.stable_secret, homes)
        self._movement.configure(config.interfaces, now)
        self._routes.configure(config)
        for address in [each for each, known in self._registrations.items() if not known.is_for(homes.get(each))]:
            self._routes.withdraw(address, now)
            self._farewells.add(self._registrations.pop(address).forget(now), self._context, now)
            self._whereabouts.verification.forget(address)
            self._log.forget(address)
        self._registrations = {address: self._registration(home, config, now) for address, home in homes.items()}
        self._settle_standing()
        self._whereabouts.configure(self._registrations, config, now)
        if was_off:
            for link in self._links_seen:
                self._movement.link_changed(link, now, is_start=True)
        self._dirty = True

    def _registration(self, home: HomeAddressConfig, config: MobileNodeConfig, now: Instant) -> HomeRegistration:
        registration = self._registrations.get(home.address)
        if registration is None:
            taken = {each.index for each in self._registrations.values()}
            index = next(number for number in range(2 * MAX_HOME_ADDRESSES) if number not in taken)
            registration = HomeRegistration(home, index, self._context, self._updates)
            self._registrations[home.address] = registration
            self._kept.hand_over(registration, now, may_find=config.home_agent_discovery is not DiscoveryUse.NEVER)
            self._farewells.drop(registration.key)
        registration.configure(home)
        registration.lifetime_wanted = config.registration_lifetime
        registration.may_return_unproved = config.return_home_unauthenticated
        registration.first_timeout = config.initial_bindack_timeout_first_reg
        return registration

    def _settle_standing(self) -> None:
        """The configuration, or what the host can do, is another one."""
        allowed = self._config is not None and self._config.allow_unprotected_signalling
        for each in self._registrations.values():
            each.standing = standing(each.home.association, self._kinds, allow_unprotected=allowed)
        self._dirty = True

    # --- what follows ------------------------------------------------------------------------------------------------

    def _finish(self, now: Instant) -> list[Action]:
        self._pass_on_signs(now)
        state: list[Action] = []
        if self._dirty or self._movement.changed:
            self._dirty = self._movement.changed = False
            if self._config is not None:
                self._whereabouts.settle(now)
                self._routes.settle(self._registrations, self._care_of, self._log, now)
            links, collided = self._movement.links, self._care_of.collided
            self._problems.update(
                all_problems(self._registrations.values(), links.values(), collided, self._network_failure, now), now
            )
            before, later = self._routes.take_states()
            state = [*before, *self._new_state(self._wanted_state(now)), *later]
            self._movement.status_changed = True
        if self._movement.status_changed:
            self._movement.status_changed = False
            self._publish(now)
        self._log.report()
        return self._context.take_actions(state)

    def _pass_on_signs(self, now: Instant) -> None:
        for sign, interface in self._movement.signs:
            if sign is Sign.LINK_DOWN:  # also when it is up again already: it may be another link
                self._care_of.leave(interface)
            for address, registration in self._registrations.items():
                place = registration.place
                self._log.sign(address, sign, interface, place is not None and place.interface == interface, now)
        self._movement.signs.clear()

    def _wanted_state(self, now: Instant) -> NetworkState:
        if (config := self._config) is None:
            return self._state if self._farewells else EMPTY  # what has still to be said needs its care-of address
        where = self._whereabouts
        known = view.known_to_kernel(
            self._registrations.values(), self._movement.links, self._care_of, where.active, where.link_mtu, config, now
        )
        return self._desired.of(known)

    def _new_state(self, state: NetworkState) -> list[Action]:
        if state is self._state or state == self._state:
            return []
        between = without_changed_detection(self._state, state)
        self._state = state
        return [SetNetworkState(owner=OWNER, state=each) for each in (between, state) if each is not None]

    def _publish(self, now: Instant) -> None:
        """Say so when the status is another one. Lifetimes that a routine advertisement renews are no news."""
        snapshot = (
            self.phase(now),
            [view.home_address_values(each) for each in self._registrations.values()],
            tuple(view.interface_shape(each, now) for each in self._movement.links.values()),
            self._whereabouts.active,
            self._whereabouts.standing.all_reaches(),
            tuple(self._care_of.current.items()),
            (self._updates.values(), self._routes.updates_values()),
            self.correspondents(now),
            self.problems(now),
        )
        if snapshot != self._published:
            self._published = snapshot
            self._context.report(PublishStatus())

    # --- the status --------------------------------------------------------------------------------------------------

    def phase(self, now: Instant) -> Phase:
        """The role in one word."""
        if self._config is None:
            return Phase.OFF
        return view.phase(self._registrations.values())

    def home_addresses(self, now: Instant) -> tuple[HomeAddressStatus, ...]:
        """All home addresses, in the order of the configuration."""
        return tuple(view.home_address_status(each) for each in self._registrations.values())

    def interfaces(self, now: Instant) -> tuple[InterfaceStatus, ...]:
        """All interfaces that may be used."""
        homes = [registration.home for registration in self._registrations.values()]
        where = self._whereabouts
        return tuple(
            view.interface_status(link, homes, self._care_of, name == where.active, where.standing.reaches(name), now)
            for name, link in self._movement.links.items()
        )

    def binding_update_list(self, now: Instant) -> tuple[BindingUpdateStatus, ...]:
        """The Binding Update List: home agents, then correspondents."""
        return (*self._updates.statuses(), *self._routes.binding_update_list())

    def correspondents(self, now: Instant) -> tuple[CorrespondentStatus, ...]:
        """How correspondents are talked to."""
        return self._routes.statuses()

    def problems(self, now: Instant) -> tuple[Problem, ...]:
        """What is wrong; whether it has lasted long enough to be shown is for the reader to ask."""
        return self._problems.all()

    def handovers(self) -> tuple[Handover, ...]:
        """The moves, the newest last."""
        return self._log.records()

    def counters(self) -> dict[str, int]:
        """What was sent, received and ignored since the start."""
        return dict(self._context.counters)
