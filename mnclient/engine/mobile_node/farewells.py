# SPDX-License-Identifier: GPL-2.0-or-later
"""De-registrations of home addresses that were given up, as soon as MAX_UPDATE_RATE permits (RFC 6275 section 11.8).

Nobody waits for the answers. Several home addresses at one home agent share its rate, so that of those given up at once
some have to wait, for less than a second each. Meanwhile the care-of addresses they are sent from must stay.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from typing import Final

from mnclient.constants import MAX_HOME_ADDRESSES
from mnclient.engine.actions import SendPacket
from mnclient.engine.mobile_node import messages
from mnclient.engine.mobile_node.binding_update_list import BindingUpdateList, Key
from mnclient.engine.mobile_node.context import Context
from mnclient.model.security import Protection
from mnclient.units import Instant, Seconds

MAX_WAITING: Final = 4 * MAX_HOME_ADDRESSES
"""Given up faster than they can be told, those beyond this are left to their lifetime."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Farewell:
    """A binding to be deleted from abroad: whose, where, from which care-of address, and protected how."""

    home_address: IPv6Address
    home_agent: IPv6Address
    care_of_address: IPv6Address
    link_local_compatibility: bool
    protection: Protection | None
    sealing: Callable[[Instant], messages.Seal] = field(compare=False)

    @property
    def key(self) -> Key:
        """Its place in the Binding Update List."""
        return (self.home_agent, self.home_address)

    def message(self, sequence: int, now: Instant) -> SendPacket:
        """The Binding Update that deletes it."""
        return messages.home_registration(
            home_address=self.home_address,
            home_agent=self.home_agent,
            care_of_address=self.care_of_address,
            sequence=sequence,
            lifetime=Seconds(0.0),
            link_local_compatibility=self.link_local_compatibility,
            protection=self.protection,
            seal=self.sealing(now),
        )


class Farewells:
    """What waits, the oldest first."""

    def __init__(self, updates: BindingUpdateList) -> None:
        self._updates = updates
        self._waiting: dict[Key, Farewell] = {}
        self.due: Instant | None = None
        """When the next one may be sent, None when none waits."""

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, farewell: Farewell | None, context: Context, now: Instant) -> None:
        """Send it now, or when it may be."""
        if farewell is None:
            return
        if len(self._waiting) >= MAX_WAITING:
            context.count("bu.farewell.dropped")
            return
        self._waiting[farewell.key] = farewell
        self.say(context, now)
        if farewell.key in self._waiting:
            context.count("bu.held-back")

    def drop(self, key: Key) -> None:
        """The home address is wanted again: its next Binding Update says what is true."""
        if self._waiting.pop(key, None) is not None and not self._waiting:
            self.due = None

    def clear(self) -> None:
        """Nothing more will be sent."""
        self._waiting.clear()
        self.due = None

    def say(self, context: Context, now: Instant) -> bool:
        """Send what may be sent now, before the network state changes. False when there was nothing to say."""
        if not self._waiting:
            return False
        before = len(self._waiting)
        for key, farewell in list(self._waiting.items()):
            if not self._updates.rate(key).permits(now):
                continue
            del self._waiting[key]
            sequence = self._updates.record(key, farewell.care_of_address, Seconds(0.0), now)
            self._updates.remove(key)
            context.count("bu.sent")
            context.probe(farewell.message(sequence, now))
        self.due = min((self._updates.rate(key).next_permission(now) for key in self._waiting), default=None)
        return len(self._waiting) < before
