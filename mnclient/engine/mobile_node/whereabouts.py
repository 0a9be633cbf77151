# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the node is, settled anew after every change: the interface in use, the care-of address there, and the place of
every home address, which its registration then acts upon."""

from collections.abc import Mapping
from ipaddress import IPv6Address
from typing import Final

from mnclient.constants import DEFAULT_ROUTE_GRACE
from mnclient.engine.mobile_node import view
from mnclient.engine.mobile_node.attachment import Place, care_of_prefixes, choose_link, is_home_link
from mnclient.engine.mobile_node.binding_update_list import BindingUpdateList
from mnclient.engine.mobile_node.care_of import CareOfAddress, CareOfAddresses
from mnclient.engine.mobile_node.context import Context
from mnclient.engine.mobile_node.handover_record import HandoverLog
from mnclient.engine.mobile_node.home_registration import HomeRegistration, Input
from mnclient.engine.mobile_node.link import Link
from mnclient.engine.mobile_node.movement import Movement
from mnclient.engine.timers import Timer
from mnclient.model.config import HomeAddressConfig
from mnclient.model.status import HomeAddressState as State
from mnclient.units import Instant, after

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
        self.may_signal = False
        self.active: str | None = None
        self.link_mtu = view.USUAL_MTU

    def configure(self, registrations: Mapping[IPv6Address, HomeRegistration], *, may_signal: bool) -> None:
        """The home addresses there are, and whether their home agents may be told anything as things stand."""
        self._registrations = registrations
        self.may_signal = may_signal

    def settle(self, now: Instant) -> None:
        """Decide everything anew by what is known now."""
        homes = tuple(registration.home for registration in self._registrations.values())
        links = self._movement.links
        link = choose_link(links.values(), homes, self.active, now)
        self.active = link.name if link is not None else None
        self._learn_from_answers()
        care_of = self._settle_care_of(link, homes, now)
        for registration in self._registrations.values():
            self._settle_home(registration, link, care_of, now)
            self._watch_grace(registration, now)
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

    def _settle_care_of(
        self, link: Link | None, homes: tuple[HomeAddressConfig, ...], now: Instant
    ) -> CareOfAddress | None:
        """The care-of address of the interface in use, if any home address needs one; the others are left."""
        links = self._movement.links
        is_needed = link is not None and not all(is_home_link(link, home, now) for home in homes)
        for name in self._care_of.remembered():
            if name not in links or not links[name].works:
                self._care_of.leave(name)
            elif not is_needed or link is None or link.name != name:
                self._care_of.keep_previous(name, now)
        if link is None or not is_needed:
            return None
        return self._care_of.choose(link, care_of_prefixes(link, homes, now), now)

    def _learn_from_answers(self) -> None:
        """A prefix that the network does not route, or that somebody made up, shows in nobody answering."""
        for registration in self._registrations.values():
            care_of = registration.place.care_of if registration.place is not None else None
            if care_of is not None and registration.unanswered >= ANOTHER_PREFIX_AFTER:
                self._care_of.unanswered(care_of)
            elif care_of is not None and registration.state is State.REGISTERED and not registration.unanswered:
                self._care_of.answered(care_of.interface)

    def _settle_home(
        self, registration: HomeRegistration, link: Link | None, care_of: CareOfAddress | None, now: Instant
    ) -> None:
        place: Place | None = None
        if link is not None and is_home_link(link, registration.home, now):
            place = Place(interface=link.name, prefix=registration.home.prefix)
        elif link is not None and care_of is not None:
            place = Place(interface=link.name, prefix=care_of.prefix, care_of=care_of)
        event = self._input_of(registration, place)
        # At home the input says what to do on arrival only; abroad it may change on the spot, with the configuration.
        kind = None if place is not None and place.is_home else event
        if (place, kind) == registration.fed:
            return
        before, registration.place, registration.link = registration.place, place, link
        registration.fed = (place, kind)
        registration.feed(event, now)
        if place is not None and (before is None or not before.is_same_network(place)):
            self._log.attached(registration.home.address, place.network, place.interface, now)

    def _input_of(self, registration: HomeRegistration, place: Place | None) -> Input:
        if place is None:
            return Input.DETACHED
        has_agent = registration.home.home_agent is not None
        if place.is_home:
            can_tell = has_agent and self.may_signal
            return Input.HOME_BOUND if registration.may_be_bound and can_tell else Input.HOME
        if not has_agent:
            return Input.NO_AGENT
        return Input.ABROAD if self.may_signal else Input.UNPROTECTED

    def _note_sent(self, now: Instant) -> None:
        for registration in self._registrations.values():
            entry = self._updates.entry(registration.key)
            if entry is not None and entry.sent == now:
                self._log.binding_update_sent(registration.home.address, now)
