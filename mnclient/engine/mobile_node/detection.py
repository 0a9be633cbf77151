# SPDX-License-Identifier: GPL-2.0-or-later
"""Who else has an address of ours: the news of duplicate detection, and who answers for a home address (RFC 4862
section 5.4, RFC 6275 sections 11.5.3 and 11.5.5)."""

from collections.abc import Mapping
from ipaddress import IPv6Address

from mnclient.engine.events import AddressDuplicate, AddressSettled, PacketReceived
from mnclient.engine.mobile_node.care_of import CareOfAddresses
from mnclient.engine.mobile_node.context import Context
from mnclient.engine.mobile_node.handover_record import HandoverLog
from mnclient.engine.mobile_node.home_registration import HomeRegistration, Input
from mnclient.model.handover import Outcome
from mnclient.model.status import HomeAddressState as State
from mnclient.units import Instant
from mnclient.wire.neighbor_discovery import NeighborAdvertisement

Registrations = Mapping[IPv6Address, HomeRegistration]


class Detection:
    """Passes the news on to whom it concerns: a home address on the home link, or a care-of address."""

    def __init__(self, context: Context, care_of: CareOfAddresses, log: HandoverLog) -> None:
        self._context = context
        self._care_of = care_of
        self._log = log

    def defended(
        self, event: PacketReceived, message: NeighborAdvertisement, registrations: Registrations, now: Instant
    ) -> bool:
        """Somebody on the home link answers for a home address. False when it is not about one of ours there."""
        registration = registrations.get(message.target)
        hardware = message.target_link_layer_address or event.link_layer_source
        if registration is None or registration.place is None or not hardware:
            return False
        if not registration.place.is_home or registration.place.interface != event.interface:
            return False
        registration.defended_by(hardware, now)
        return True

    def duplicate(
        self, event: AddressDuplicate, registrations: Registrations, now: Instant, *, may_signal: bool
    ) -> None:
        """An address is somebody else's."""
        registration = _detecting(registrations, event.interface, event.address)
        if registration is None:
            if self._care_of.duplicate(event.interface, event.address):
                self._context.count("care-of.duplicate")
                self._context.note("care-of-duplicate", f"{event.address} on {event.interface} is taken")
            return
        may_ask = registration.home.home_agent is not None and may_signal
        may_be_ours = may_ask and not registration.deregistered_after_collision
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
