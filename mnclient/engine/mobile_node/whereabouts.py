# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the node is, settled anew after every change: the interface in use, the care-of address there, and the place of
every home address, which its registration then acts upon."""

from collections.abc import Collection, Mapping
from ipaddress import IPv6Address, IPv6Network
from typing import Final

from mnclient.constants import DEFAULT_ROUTE_GRACE
from mnclient.engine.events import Event, MembershipReceived, MembershipsKnown, PacketReceived
from mnclient.engine.mobile_node import echo_habit, home_proof, view
from mnclient.engine.mobile_node.attachment import (
    LinkStanding,
    Outlook,
    Place,
    choose_home_link,
    choose_link,
)
from mnclient.engine.mobile_node.binding_update_list import BindingUpdateList
from mnclient.engine.mobile_node.care_of import CareOfAddress, CareOfAddresses
from mnclient.engine.mobile_node.context import Context
from mnclient.engine.mobile_node.echo_habit import EchoHabit
from mnclient.engine.mobile_node.echoes import Echoes
from mnclient.engine.mobile_node.group_memberships import GroupMemberships
from mnclient.engine.mobile_node.handover_record import HandoverLog
from mnclient.engine.mobile_node.home_agents import HomeAgents
from mnclient.engine.mobile_node.home_registration import HomeRegistration, Input
from mnclient.engine.mobile_node.link import Link
from mnclient.engine.mobile_node.movement import Movement
from mnclient.engine.mobile_node.prefix_discovery import PrefixDiscovery
from mnclient.engine.mobile_node.registration import SILENT_AFTER
from mnclient.engine.mobile_node.standing import Standing
from mnclient.engine.mobile_node.verification import Verification
from mnclient.engine.timers import Timer
from mnclient.model.config import HomeAddressConfig, MobileNodeConfig
from mnclient.model.status import HomeAddressState as State
from mnclient.units import Instant, after
from mnclient.wire.home_agent_discovery import HomeAgentAddressDiscoveryReply, MobilePrefixAdvertisement
from mnclient.wire.icmpv6 import DestinationUnreachable

MAX_STANDBYS: Final = 3  # care-of addresses kept ready beside the one in use
ANOTHER_PREFIX_AFTER: Final = 3  # unanswered Binding Updates, seven seconds and more: a busy home agent answers sooner


class Whereabouts:
    """`active` is the interface in use; `link_mtu` that of its link, or of the one before while there is none."""

    def __init__(
        self,
        context: Context,
        movement: Movement,
        care_of: CareOfAddresses,
        updates: BindingUpdateList,
        log: HandoverLog,
    ) -> None:
        self._context = context
        self._movement = movement
        self._care_of = care_of
        self._updates = updates
        self._log = log
        self._registrations: Mapping[IPv6Address, HomeRegistration] = {}
        self._echoes = Echoes(context)
        self.standing = Standing(context, self._echoes)
        self.verification = Verification(context, self._echoes)
        self._groups = GroupMemberships(context)
        self._habit = EchoHabit(context, self._echoes)
        self.home_agents = HomeAgents(context)
        self._prefixes = PrefixDiscovery(context)
        self._priorities: dict[str, int] = {}
        self.active: str | None = None
        self.link_mtu = view.USUAL_MTU

    def configure(
        self, registrations: Mapping[IPv6Address, HomeRegistration], config: MobileNodeConfig, now: Instant
    ) -> None:
        """The home addresses there are, and how they are to be looked after.

        Whoever changes a priority knows how the interfaces are: what they did before is not held against them.
        """
        self._registrations = registrations
        self.verification.enabled = config.verify
        self._groups.protect_payload = config.protect_payload
        self.home_agents.use = config.home_agent_discovery
        self.home_agents.keep_only(registrations.values())
        self._prefixes.keep_only(registrations)
        before, self._priorities = self._priorities, self._movement.priorities()
        if self._priorities != before:
            self.standing.forgive_all(now)

    def settle(self, now: Instant) -> None:
        """Decide everything anew by what is known now."""
        homes = tuple(registration.home for registration in self._registrations.values())
        links = self._movement.links
        home_proof.judge(self._registrations.values(), tuple(links.values()), homes, now)
        outlook = self._outlook(homes, now)
        usable = [link for link in links.values() if outlook.is_usable(link)]
        self._judge_interfaces(usable, now)
        link = choose_link(usable, self.active, lambda each: self._standing_of(each, outlook, now))
        if self.active in links and (link is None or link.name != self.active):
            self._care_of.still_accept(links[self.active], now)
        if link is not None and link.name != self.active:
            self.standing.taken(link.name)
        self.active = link.name if link is not None else None
        self._learn_from_answers()
        standbys = self._standbys(link, usable, outlook) if len(usable) > 1 else []
        care_of = self._settle_care_of(link, standbys, outlook, now)
        for registration in self._registrations.values():
            self._settle_home(registration, link, care_of, outlook, now)
            if self.home_agents.settle(registration, now):
                self._settle_home(registration, link, care_of, outlook, now)
            self._prefixes.settle(registration, now)
            self._watch_grace(registration, now)
            registration.old_way = self._old_way(registration)
            self.verification.settle(registration, now)
        self._groups.settle(self._registrations.values())
        self._examine(standbys, now)
        if link is not None:
            self.link_mtu = link.tunnel_mtu()
        self._note_sent(now)

    def _watch_grace(self, registration: HomeRegistration, now: Instant) -> None:
        """New connections stop waiting for this home address when the grace is over."""
        timers, address = self._context.timers, registration.home.address
        ends = after(registration.reached_at, DEFAULT_ROUTE_GRACE) if registration.reached_at is not None else now
        if not registration.is_reached and ends > now:
            timers.set(Timer.DEFAULT_ROUTE_GRACE, address, ends)
        else:
            timers.stop(Timer.DEFAULT_ROUTE_GRACE, address)

    # --- interfaces --------------------------------------------------------------------------------------------------

    def _outlook(self, homes: tuple[HomeAddressConfig, ...], now: Instant) -> Outlook:
        """What the links are, each by way of the router that makes something of it."""
        outlook, links = Outlook(homes, now), self._movement.links.values()
        useful = {link.name: router for link in links if (router := outlook.more_useful_router(link)) is not None}
        for name, router in useful.items():
            self._movement.make_current(self._movement.links[name], router, now)
        outlook = Outlook(homes, now) if useful else outlook
        for link in links:
            link.is_useless = link.current is not None and not outlook.is_usable(link)
        return outlook

    def _judge_interfaces(self, usable: Collection[Link], now: Instant) -> None:
        """What the present state of links and registrations says about each interface."""
        self.standing.attached([link.name for link in usable], now)
        for registration in self._registrations.values():
            care_of = registration.place.care_of if registration.place is not None else None
            if care_of is None:
                continue
            if registration.unanswered >= SILENT_AFTER:
                self.standing.silent(care_of.interface, now)
            elif registration.state is State.REGISTERED and not registration.unanswered:
                self.standing.answered_registration(care_of.interface, now)

    def _standing_of(self, link: Link, outlook: Outlook, now: Instant) -> LinkStanding:
        reaches = self.standing.reaches(link.name)
        is_home = outlook.is_some_home(link)
        needs_no_answer = self._agent() is None or self._habit.is_mute
        is_known = is_home or (self._care_of.is_settled(link.name) and (reaches is True or needs_no_answer))
        return LinkStanding(reaches=reaches, is_proved=is_known and self.standing.has_lasted(link.name, now))

    @staticmethod
    def _standbys(link: Link | None, usable: Collection[Link], outlook: Outlook) -> list[Link]:
        """The best other interfaces that a care-of address can be kept ready on."""
        others = [each for each in usable if each is not link and not outlook.is_every_home(each)]
        return sorted(others, key=lambda each: (each.priority, each.name))[:MAX_STANDBYS]

    def _examine(self, standbys: list[Link], now: Instant) -> None:
        """Ask the home agent from every interface that stands by."""
        agent = self._agent()
        self.standing.only_these_are_asked(link.name for link in standbys)
        for link in standbys:
            care_of = self._care_of.current.get(link.name)
            if agent is not None and care_of is not None and self._care_of.is_settled(link.name):
                self.standing.examine(link.name, care_of.address, agent, now)
        place = self._care_of.current.get(self.active or "")
        has_failed = any(self.standing.reaches(link.name) is False for link in standbys)
        if agent is None or place is None:
            self._habit.forget()
        elif has_failed and self.standing.reaches(place.interface) and self._care_of.is_settled(place.interface):
            self._habit.examine(place.interface, place.address, agent, now)

    def _agent(self) -> IPv6Address | None:
        """The home agent by which interfaces are judged: of the preferred home address, or the first there is."""
        chosen = view.preferred(self._registrations.values())
        ordered = [chosen] if chosen is not None else []
        agents = [each.home.home_agent for each in (*ordered, *self._registrations.values())]
        return next((agent for agent in agents if agent is not None), None)

    def _old_way(self, registration: HomeRegistration) -> IPv6Address | None:
        """The care-of address to go on sending from, because the home agent may not know the new one yet.

        Only while it works: on a link that is up, whose router is not in doubt, and that leads to the home agent. And
        only for as long as a home agent of ours accepts packets from there (`PREVIOUS_CARE_OF_ACCEPTED`). Payload under
        IPsec leaves from the new one as soon as the Binding Update has (RFC 6275 section 11.6.3).
        """
        if registration.is_under_esp and self._groups.protect_payload:
            return None
        old, place = registration.acknowledged_care_of, registration.place
        if place is None or place.care_of is None or place.care_of.address == old:
            return None
        if registration.state is not State.REGISTERING or registration.unanswered >= SILENT_AFTER:
            return None
        current = next((each for each in self._care_of.current.values() if each.address == old), None)
        link = self._movement.links.get(current.interface) if current is not None else None
        if link is None or link.probes is not None or self.standing.reaches(link.name) is False:
            return None
        return old

    # --- answers to our questions ------------------------------------------------------------------------------------

    def echo_received(self, event: PacketReceived, now: Instant) -> bool:
        """An Echo message that may answer a question of ours, or an error about one. False when it is neither."""
        message = event.packet.message
        is_error = isinstance(message, DestinationUnreachable)
        if isinstance(message, DestinationUnreachable):
            subject = None if event.through_tunnel else self._echoes.refused(message)
        else:
            subject = self._echoes.answered(event.packet, through_tunnel=event.through_tunnel)
        match subject:
            case ("reach", str(interface)) if is_error:
                self.standing.unreachable(interface, now)
            case ("reach", str(interface)) if interface == event.interface:
                self.standing.answer(interface, now)
                self._habit.answered()
            case (echo_habit.SUBJECT,) if not is_error:
                self._habit.answered()
            case ("verify", IPv6Address() as address) if address in self._registrations:
                registration = self._registrations[address]
                if is_error:
                    self.verification.unreachable(registration, now)
                elif self.verification.came_back(registration, now):
                    self._log.verified(address, now)
            case _:
                return False
        return True

    def take_in(self, event: Event, now: Instant) -> None:
        """An event about groups that are joined by way of the home agent."""
        match event:
            case MembershipReceived():
                self._groups.received(event, self._registrations.values(), now)
            case MembershipsKnown():
                self._groups.known(event, self._registrations.values())
            case _:
                pass

    def fire(self, timer: Timer, subject: object, now: Instant) -> None:
        """A timer of a question, or of an interface that stands by."""
        match timer, subject:
            case Timer.PROBE_HOME_AGENT, str(interface):
                self.standing.probe_due(interface, now)
            case Timer.PROBE_HOME_AGENT, _:
                self._habit.due(now)
            case Timer.INTERFACE_PROVED, str(interface):
                self.standing.proved(interface, now)
            case Timer.ANSWER_LISTENER_QUERY, IPv6Address() as address if address in self._registrations:
                self._groups.answer(self._registrations[address])
            case Timer.VERIFY, IPv6Address() as address if address in self._registrations:
                self.verification.due(self._registrations[address], now)
            case Timer.DISCOVER_HOME_AGENTS, IPv6Network() as prefix:
                self.home_agents.due(prefix, now)
            case ((Timer.SOLICIT_PREFIXES | Timer.HOME_PREFIX_EXPIRES), IPv6Address() as address):
                if address in self._registrations:
                    self._prefixes.due(timer, self._registrations[address], now)

    def discovered(self, event: PacketReceived, now: Instant) -> bool:
        """A message about home agents or home prefixes came. False when it changes nothing."""
        match event.packet.message:
            case HomeAgentAddressDiscoveryReply() as message:
                return self.home_agents.received(event, message, now)
            case MobilePrefixAdvertisement() as message:
                return self._prefixes.received(event, message, self._registrations, now)
        return False

    def resumed(self, now: Instant) -> None:
        """The machine slept: the home agent is told again where we are, and everything is asked anew."""
        self.standing.doubt_all()
        for registration in self._registrations.values():
            if registration.state is State.REGISTERED:
                registration.feed(Input.REFRESH, now)
                self.verification.ask_now(registration, now)
            elif registration.state is State.AT_HOME:  # what was said meanwhile was not heard
                registration.ask_from_nowhere()

    # --- care-of addresses and places --------------------------------------------------------------------------------

    def _settle_care_of(
        self, link: Link | None, standbys: list[Link], outlook: Outlook, now: Instant
    ) -> CareOfAddress | None:
        """The care-of address of the interface in use, if any home address needs one, and those that stand by."""
        links = self._movement.links
        is_needed = link is not None and not outlook.is_every_home(link)
        wanted = {each.name for each in standbys} | ({link.name} if link is not None and is_needed else set())
        for name in self._care_of.remembered():
            if name not in links or not links[name].works:
                self._care_of.leave(name)
            elif name not in wanted:
                self._care_of.keep_previous(links[name], now)
        for each in standbys:
            self._care_of.choose(each, outlook.care_of_prefixes(each), now)
        if link is None or not is_needed:
            return None
        care_of = self._care_of.choose(link, outlook.care_of_prefixes(link), now)
        return care_of if self._care_of.may_be_used(link.name) else None

    def _learn_from_answers(self) -> None:
        """A prefix that the network does not route, or that somebody made up, shows in nobody answering."""
        for registration in self._registrations.values():
            care_of = registration.place.care_of if registration.place is not None else None
            if care_of is not None and registration.unanswered >= ANOTHER_PREFIX_AFTER:
                self._care_of.unanswered(care_of)
            elif care_of is not None and registration.state is State.REGISTERED and not registration.unanswered:
                self._care_of.answered(care_of.interface)

    def _settle_home(
        self,
        registration: HomeRegistration,
        link: Link | None,
        care_of: CareOfAddress | None,
        outlook: Outlook,
        now: Instant,
    ) -> None:
        place: Place | None = None
        home_link = self._home_link(registration, link, outlook)
        if home_link is not None:
            link = home_link
            place = Place(interface=link.name, prefix=registration.home.prefix)
        elif link is not None and care_of is not None:
            place = Place(interface=link.name, prefix=care_of.prefix, care_of=care_of)
        event = self._input_of(registration, place)
        # At home the input says what to do on arrival only; abroad it may change on the spot, with the configuration.
        # Another key is another registration as well: the home agent must not take the old one's for it.
        # At home without its key it waits for that.
        kind: object = (event, registration.association)
        if place is not None and place.is_home:
            kind = event if event is Input.UNPROTECTED else None
        if (place, kind) == registration.fed:
            return
        before, registration.place, registration.link = registration.place, place, link
        registration.fed = (place, kind)
        registration.feed(event, now)
        if place is not None and (before is None or not before.is_same_network(place)):
            self._log.attached(registration.home.address, place.network, place.interface, now)

    def _home_link(self, registration: HomeRegistration, active: Link | None, outlook: Outlook) -> Link | None:
        """Where the home address is at home. One that is bound goes where the interface in use is."""
        home = registration.home
        home_links = [link for link in self._movement.links.values() if outlook.is_home(link, home)]
        registration.taken_on.intersection_update(link.name for link in home_links)
        if registration.is_bound:
            return active if active is not None and outlook.is_home(active, home) else None
        place = registration.place if registration.state in (State.AT_HOME, State.RETURNING) else None
        present = place.interface if place is not None else None
        return choose_home_link(home_links, home, self.active, present, registration.taken_on)

    def _input_of(self, registration: HomeRegistration, place: Place | None) -> Input:
        if place is None:
            return Input.DETACHED
        has_agent = registration.home.home_agent is not None
        if place.is_home:
            if registration.must_prove_home and not registration.may_signal:
                return Input.UNPROTECTED
            can_tell = has_agent and registration.may_signal
            return Input.HOME_BOUND if registration.is_bound and can_tell else Input.HOME
        if registration.is_expired:
            return Input.INVALID
        if not has_agent:
            return Input.NO_AGENT
        return Input.ABROAD if registration.may_signal else Input.UNPROTECTED

    def _note_sent(self, now: Instant) -> None:
        for registration in self._registrations.values():
            entry = self._updates.entry(registration.key)
            if entry is not None and entry.sent == now:
                self._log.binding_update_sent(registration.home.address, now)
