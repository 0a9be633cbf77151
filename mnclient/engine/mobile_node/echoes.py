# SPDX-License-Identifier: GPL-2.0-or-later
"""Questions by Echo Request (RFC 4443 section 4), and which answers are to them.

One question is open for each subject. It has octets that nobody can guess, so that an answer proves that the question
went where it should; repeating it keeps them. The identifier is one for the whole run: by it the kernel keeps other
people's Echo messages away from us.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Final

from mnclient.engine.mobile_node import messages
from mnclient.engine.mobile_node.context import Context
from mnclient.wire.icmpv6 import DestinationUnreachable, EchoReply, EchoRequest
from mnclient.wire.packet import Packet

DATA_LENGTH: Final = 16  # octets
_SEQUENCES: Final = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    source: IPv6Address
    destination: IPv6Address
    data: bytes


class Echoes:
    """The open questions. Subjects are few: the interfaces and the home addresses."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._identifier: int | None = None
        self._sequence = 0
        self._open: dict[Hashable, _Question] = {}

    def ask(
        self,
        subject: Hashable,
        source: IPv6Address,
        destination: IPv6Address,
        interface: str,
        hardware: bytes | None = None,
    ) -> None:
        """Ask, or ask again. With `hardware` the packet goes to that neighbour, whatever the kernel would do."""
        question = self._open.get(subject)
        if question is None or (question.source, question.destination) != (source, destination):
            data = self._context.entropy.octets(DATA_LENGTH)
            question = self._open[subject] = _Question(source=source, destination=destination, data=data)
        if self._identifier is None:
            self._identifier = int.from_bytes(self._context.entropy.octets(2)) % _SEQUENCES
        self._sequence = (self._sequence + 1) % _SEQUENCES
        request = EchoRequest(identifier=self._identifier, sequence=self._sequence, data=question.data)
        self._context.count("echo.sent")
        self._context.signal(messages.echo_request(source, destination, request, interface, hardware))

    def forget(self, subject: Hashable) -> None:
        """No answer is awaited any longer; the next question about it is a new one."""
        self._open.pop(subject, None)

    def answered(self, packet: Packet, *, through_tunnel: bool) -> Hashable | None:
        """The subject of the question that the packet answers, None for none.

        An Echo Reply answers from where we asked; our own Echo Request does, when it comes back through the tunnel.
        """
        message = packet.message
        if not isinstance(message, EchoReply | EchoRequest) or message.identifier != self._identifier:
            return None
        if isinstance(message, EchoRequest) is not through_tunnel:
            return None
        ends = (packet.source, packet.destination)
        if isinstance(message, EchoReply):
            ends = (packet.destination, packet.source)
        for subject, question in self._open.items():
            if (question.source, question.destination, question.data) == (*ends, message.data):
                return subject
        return None

    def refused(self, message: DestinationUnreachable) -> Hashable | None:
        """The subject of the question that could not be delivered: the error quotes what only we and the path know."""
        for subject, question in self._open.items():
            if question.data in message.packet:
                return subject
        return None
