# SPDX-License-Identifier: GPL-2.0-or-later
"""Answers to packets that were refused (RFC 6275 sections 9.2, 9.3.1 and 9.3.3).

Of what the decoder refuses only three faults are answered, and only to a sender that can be told; everything else is
counted and dropped. All Binding Errors and ICMPv6 errors of this node go through here.
"""

from ipaddress import IPv6Address
from typing import Final

from mnclient.constants import BINDING_ERROR_RATE
from mnclient.engine.actions import Action, SendPacket
from mnclient.engine.events import HomeAddressRefused, MalformedReceived
from mnclient.engine.retransmission import RateLimit
from mnclient.errors import WireFault
from mnclient.units import Instant
from mnclient.wire.addresses import UNSPECIFIED, is_link_local, is_multicast, is_unicast_routable
from mnclient.wire.binding import BindingError, BindingErrorStatus
from mnclient.wire.icmpv6 import ParameterProblem
from mnclient.wire.packet import Packet

ERRONEOUS_HEADER_FIELD: Final = 0  # ICMPv6 Parameter Problem code, RFC 4443 section 3.4
LONGEST_ORIGINAL: Final = 1232  # octets: the ICMPv6 error then fits into the minimum MTU, RFC 4443 section 3.4


class MalformedAnswers:
    """Chooses the answer by the fault; all answers together are limited to BINDING_ERROR_RATE a second."""

    def __init__(self) -> None:
        self._limit = RateLimit(BINDING_ERROR_RATE)

    def answer(self, event: MalformedReceived, now: Instant) -> list[Action]:
        """The answer to one packet, if there is one. It goes to the IPv6 source as seen on the wire (9.3.3)."""
        message = _message(event)
        return [] if message is None else self._tell(message, event.source, event.destination, event.interface, now)

    def unknown_binding(self, event: HomeAddressRefused, now: Instant) -> list[Action]:
        """A packet was dropped because of its Home Address option (section 9.3.1)."""
        message = BindingError(status=BindingErrorStatus.UNKNOWN_BINDING, home_address=event.home_address)
        return self._tell(message, event.source, event.destination, None, now)

    def unrecognized(self, packet: Packet, now: Instant) -> list[Action]:
        """A message came of a type that this node cannot do anything with now (section 9.2)."""
        message = _unrecognized(packet.home_address)
        return self._tell(message, packet.source, packet.destination, None, now)

    def _tell(
        self,
        message: BindingError | ParameterProblem,
        source: IPv6Address,
        destination: IPv6Address,
        interface: str | None,
        now: Instant,
    ) -> list[Action]:
        """An answer to the IPv6 source of a packet; a link-local one can be told only when the interface is known."""
        needs_interface = is_link_local(source)
        can_be_told = is_unicast_routable(source) or (needs_interface and interface is not None)
        if not can_be_told or is_multicast(destination) or not self._limit.permits(now):
            return []
        self._limit.record(now)
        packet = Packet(source=destination, destination=source, message=message)
        return [SendPacket(packet=packet, interface=interface if needs_interface else None)]


def _message(event: MalformedReceived) -> BindingError | ParameterProblem | None:
    if not event.is_mobility_header:
        return None
    if event.fault is WireFault.UNKNOWN_TYPE:
        return _unrecognized(event.home_address)
    if event.fault in (WireFault.BAD_PAYLOAD_PROTO, WireFault.BAD_HEADER_LENGTH):
        original = event.original[:LONGEST_ORIGINAL]
        return ParameterProblem(code=ERRONEOUS_HEADER_FIELD, pointer=event.pointer, packet=original)
    return None


def _unrecognized(home_address: IPv6Address | None) -> BindingError:
    return BindingError(
        status=BindingErrorStatus.UNRECOGNIZED_TYPE, home_address=UNSPECIFIED if home_address is None else home_address
    )
