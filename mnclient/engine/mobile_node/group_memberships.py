# SPDX-License-Identifier: GPL-2.0-or-later
"""Multicast groups joined by way of the home agent (RFC 6275 section 11.3.4; the listener of RFC 3810).

Nothing is sent before the home agent has asked through the tunnel: until then it may not support this at all. From then
on it is told what programs have joined on the tunnel's device, at each of its queries and at each change, until the
binding ends. Groups joined on the interface of a visited network are the kernel's business, and no less allowed.
Where everything in the tunnel is encrypted nothing is heard or said: it would be the only thing there in clear.
"""

from collections.abc import Iterable
from ipaddress import IPv6Address

from mnclient.engine.actions import SendMembership, WatchMemberships
from mnclient.engine.events import MembershipReceived, MembershipsKnown
from mnclient.engine.mobile_node.context import Context
from mnclient.engine.mobile_node.home_registration import HomeRegistration
from mnclient.engine.mobile_node.messages import IDENTIFIER_MASK, LINK_LOCAL_BITS
from mnclient.engine.timers import Timer
from mnclient.model.status import HomeAddressState as State
from mnclient.units import Instant, Seconds, after
from mnclient.wire.multicast_listener import (
    ALL_MLDV2_ROUTERS,
    GroupRecord,
    ListenerQuery,
    ListenerReport,
    RecordType,
    TunnelledMembership,
)


class GroupMemberships:
    """`asked` are the home addresses whose home agent has sent a membership message through the tunnel.

    `protect_payload` is what the person wants, where the system can.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self.protect_payload = False
        self.asked: dict[IPv6Address, IPv6Address] = {}
        self._groups: frozenset[IPv6Address] = frozenset()

    def received(self, event: MembershipReceived, registrations: Iterable[HomeRegistration], now: Instant) -> None:
        """A message came by a tunnel: a query of a home agent that has a binding of ours counts."""
        membership = event.membership
        known = next((each for each in registrations if self._may_speak(each) and _is_of(each, membership)), None)
        if known is None or not isinstance(membership.message, ListenerQuery):
            self._context.count("mld.queries.ignored")
            return
        self._context.count("mld.queries.received")
        address = known.home.address
        self.asked[address] = membership.outer_source
        self._watch()  # at each query: the device may be another one by now
        delay = self._context.entropy.uniform(0.0, max(membership.message.maximum_response, 0.0))
        self._context.timers.set(Timer.ANSWER_LISTENER_QUERY, address, after(now, Seconds(delay)))

    def settle(self, registrations: Iterable[HomeRegistration]) -> None:
        """A binding that ended takes the permission with it, and so does encryption of everything."""
        if not self.asked:
            return
        speaking = [each for each in registrations if each.is_bound and self._may_speak(each)]
        bound = {each.home.address: each.home.home_agent for each in speaking}
        ended = [home for home, agent in self.asked.items() if bound.get(home) != agent]
        for home in ended:
            del self.asked[home]
            self._context.timers.stop(Timer.ANSWER_LISTENER_QUERY, home)
        if ended:
            self._watch()

    def known(self, event: MembershipsKnown, registrations: Iterable[HomeRegistration]) -> None:
        """Programs joined or left groups: what changed is said at once (RFC 3810 section 6.1)."""
        before, self._groups = self._groups, event.groups
        joined = [(RecordType.CHANGE_TO_EXCLUDE_MODE, group) for group in sorted(event.groups - before)]
        left = [(RecordType.CHANGE_TO_INCLUDE_MODE, group) for group in sorted(before - event.groups)]
        for registration in registrations:
            self._report(registration, joined + left)

    def answer(self, registration: HomeRegistration) -> None:
        """Time to answer a query: everything that is joined."""
        self._report(registration, [(RecordType.MODE_IS_EXCLUDE, group) for group in sorted(self._groups)])

    def _report(self, registration: HomeRegistration, records: list[tuple[RecordType, IPv6Address]]) -> None:
        agent, place = registration.home.home_agent, registration.place
        is_bound = registration.state is State.REGISTERED and registration.home.address in self.asked
        if not records or not is_bound or agent is None or place is None or place.care_of is None:
            return
        self._context.count("mld.reports.sent")
        membership = TunnelledMembership(
            outer_source=place.care_of.address,
            outer_destination=agent,
            source=IPv6Address(LINK_LOCAL_BITS | int(registration.home.address) & IDENTIFIER_MASK),
            destination=ALL_MLDV2_ROUTERS,
            message=ListenerReport(records=tuple(GroupRecord(type=kind, group=group) for kind, group in records)),
        )
        self._context.signals.append(SendMembership(membership=membership))

    def _may_speak(self, registration: HomeRegistration) -> bool:
        return not (self.protect_payload and registration.is_under_esp)

    def _watch(self) -> None:
        if not self.asked:
            self._groups = frozenset()
        self._context.signals.append(WatchMemberships(home_agents=frozenset(self.asked.values())))


def _is_of(registration: HomeRegistration, membership: TunnelledMembership) -> bool:
    place = registration.place
    return (
        registration.state is State.REGISTERED
        and registration.home.home_agent == membership.outer_source
        and place is not None
        and place.care_of is not None
        and place.care_of.address == membership.outer_destination
    )
