# SPDX-License-Identifier: GPL-2.0-or-later
"""From the octets in the log to what a person reads: decoded when somebody asks, and not before."""

from ipaddress import IPv6Address

from mnclient.errors import WireError
from mnclient.model.message_log import LoggedMessage
from mnclient.runtime.message_log import Noted
from mnclient.wire.packet import decode_packet
from service import inspector_text
from service.inspected import Inspected, messages_of

UNREADABLE = "Unreadable"
"""The name of a packet in which not even the kind of message can be told."""


def logged(noted: Noted) -> LoggedMessage:
    """An entry of the log, read."""
    number, time, interface, outgoing, packet = noted
    found = next(messages_of(number, time, packet), None)
    return LoggedMessage(
        number=number,
        time=time,
        interface=interface,
        outgoing=outgoing,
        source=IPv6Address(packet[8:24]),
        destination=IPv6Address(packet[24:40]),
        name=UNREADABLE if found is None else inspector_text.name(found),
        summary="" if found is None else inspector_text.summary(found),
        fields=() if found is None else inspector_text.pairs(found),
        malformed=_why(packet, found),
        packet=packet,
    )


def _why(packet: bytes, found: Inspected | None) -> str:
    """Why a packet cannot be read, "" when it can."""
    if found is not None:
        return str(found.error) if found.error else ""
    try:
        decode_packet(packet)
    except WireError as error:
        return str(error)
    return ""
