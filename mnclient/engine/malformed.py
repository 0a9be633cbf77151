# SPDX-License-Identifier: GPL-2.0-or-later
"""Answers to Mobility Header packets that the decoder refused (RFC 6275 sections 9.2 and 9.3.3).

Only three faults are answered, and only to a sender that can be told; everything else is counted and dropped.
"""

from typing import Final

from mnclient.constants import BINDING_ERROR_RATE
from mnclient.engine.actions import Action, SendPacket
from mnclient.engine.events import MalformedReceived
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
        can_be_told = is_unicast_routable(event.source) or is_link_local(event.source)
        if message is None or not can_be_told or is_multicast(event.destination) or not self._limit.permits(now):
            return []
        self._limit.record(now)
        packet = Packet(source=event.destination, destination=event.source, message=message)
        return [SendPacket(packet=packet, interface=event.interface if is_link_local(event.source) else None)]


def _message(event: MalformedReceived) -> BindingError | ParameterProblem | None:
    if not event.is_mobility_header:
        return None
    if event.fault is WireFault.UNKNOWN_TYPE:
        home_address = UNSPECIFIED if event.home_address is None else event.home_address
        return BindingError(status=BindingErrorStatus.UNRECOGNIZED_TYPE, home_address=home_address)
    if event.fault in (WireFault.BAD_PAYLOAD_PROTO, WireFault.BAD_HEADER_LENGTH):
        original = event.original[:LONGEST_ORIGINAL]
        return ParameterProblem(code=ERRONEOUS_HEADER_FIELD, pointer=event.pointer, packet=original)
    return None
