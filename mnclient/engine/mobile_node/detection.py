# SPDX-License-Identifier: GPL-2.0-or-later
"""Who else has an address of ours: the news of duplicate detection (RFC 4862 section 5.4, RFC 6275 section 11.5.3)."""

from collections.abc import Mapping
from ipaddress import IPv6Address

from mnclient.engine.events import AddressDuplicate, AddressSettled
from mnclient.engine.mobile_node.care_of import CareOfAddresses
from mnclient.engine.mobile_node.context import Context
from mnclient.engine.mobile_node.handover_record import HandoverLog
from mnclient.engine.mobile_node.home_registration import HomeRegistration, Input
from mnclient.model.handover import Outcome
from mnclient.model.status import HomeAddressState as State
from mnclient.units import Instant

Registrations = Mapping[IPv6Address, HomeRegistration]


class Detection:
    """Passes the news on to whom it concerns: a home address on the home link, or a care-of address."""

    def __init__(self, context: Context, care_of: CareOfAddresses, log: HandoverLog) -> None:
        self._context = context
        self._care_of = care_of
        self._log = log

    def duplicate(self, event: AddressDuplicate, registrations: Registrations, now: Instant) -> None:
        """An address is somebody else's."""
        registration = _detecting(registrations, event.interface, event.address)
        if registration is None:
            if self._care_of.duplicate(event.interface, event.address):
                self._context.count("care-of.duplicate")
                self._context.note("care-of-duplicate", f"{event.address} on {event.interface} is taken")
            return
        may_be_ours = registration.may_ask_agent and not registration.deregistered_after_collision
        registration.feed(Input.COLLIDED_BOUND if may_be_ours else Input.COLLIDED, now)
        if registration.state is State.DUPLICATE:
            self._log.ended(event.address, Outcome.FAILED)

    def settled(self, event: AddressSettled, registrations: Registrations, now: Instant) -> None:
        """An address is ours alone."""
        registration = _detecting(registrations, event.interface, event.address)
        if registration is None:
            self._care_of.settled(event.interface, event.address)
        else:
            registration.feed(Input.SETTLED, now)
            self._log.ended(event.address, Outcome.COMPLETED)


def _detecting(registrations: Registrations, interface: str, address: IPv6Address) -> HomeRegistration | None:
    registration = registrations.get(address)
    if registration is None or registration.state is not State.DETECTING or registration.place is None:
        return None
    return registration if registration.place.interface == interface else None
