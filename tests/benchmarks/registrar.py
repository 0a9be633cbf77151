# SPDX-License-Identifier: GPL-2.0-or-later
"""Thousands of mobile nodes in one socket: sends Binding Updates for them and counts the home agent's answers."""

import selectors
import socket
import time
from dataclasses import dataclass, replace
from ipaddress import IPv6Address
from types import TracebackType
from typing import Self

from mnclient.errors import WireError
from mnclient.units import Seconds
from mnclient.wire.binding import BindingAcknowledgement, BindingUpdate
from mnclient.wire.packet import decode_packet, encode_packet
from tests.benchmarks.engines import HOME_AGENT, binding_update, home_address
from tests.lab.node import inside

CARE_OF_PREFIX = "2001:db8:9::/64"
WINDOW = 4000
"""Unanswered ones at a time. A first registration is answered after a second of duplicate detection."""
PATIENCE = 2.5
"""Seconds after which an unanswered one is sent again (RFC 6275 section 11.8 begins with 1.5)."""
ETHERTYPE_IPV6 = 0x86DD


@dataclass(frozen=True)
class Outcome:
    """How many were accepted, and how many a second from the first sent to the last answered."""

    accepted: int
    per_second: float


class Registrar:
    """Sockets at the correspondent's place: a raw one to send with any source, a packet one to see the answers.

    The care-of addresses are nobody's: the correspondent's kernel drops what comes for them without a word.
    """

    def __init__(self, namespace: str) -> None:
        with inside(namespace):
            self._sender = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
            self._receiver = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETHERTYPE_IPV6))
        self._receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._receiver.setblocking(False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sender.close()
        self._receiver.close()

    def register(self, count: int, *, sequence: int, within: float, lifetime: float = 1200.0) -> Outcome:
        """Send one for each of `count` home addresses; what is not answered within `within` seconds does not count."""
        waiting: dict[IPv6Address, float] = {}
        packets = {home_address(n): self._packet(n, sequence, lifetime) for n in range(count)}
        unsent = list(packets)
        accepted, last = 0, 0.0
        begin = time.monotonic()
        with selectors.DefaultSelector() as selector:
            selector.register(self._receiver, selectors.EVENT_READ)
            while (unsent or waiting) and (now := time.monotonic()) < begin + within:
                room = min(200, WINDOW - len(waiting))
                again = [address for address, at in waiting.items() if now > at + PATIENCE][:room] if not unsent else []
                for address in again or [unsent.pop() for _ in range(min(room, len(unsent)))]:
                    self._sender.sendto(packets[address], (str(HOME_AGENT), 0))
                    waiting[address] = now
                selector.select(0.002 if unsent else 0.1)
                for address in self._answers(sequence):
                    if waiting.pop(address, None) is not None:
                        accepted, last = accepted + 1, time.monotonic()
        return Outcome(accepted=accepted, per_second=accepted / (last - begin) if accepted else 0.0)

    @staticmethod
    def _packet(number: int, sequence: int, lifetime: float) -> bytes:
        packet = binding_update(home_address(number), sequence=sequence)
        assert isinstance(packet.message, BindingUpdate)
        return encode_packet(replace(packet, message=replace(packet.message, lifetime=Seconds(lifetime))))

    def _answers(self, sequence: int) -> list[IPv6Address]:
        """Home addresses whose acceptance has arrived."""
        accepted = []
        while True:
            try:
                octets = self._receiver.recv(2048)
            except BlockingIOError:
                return accepted
            try:
                packet = decode_packet(octets)
            except WireError:
                continue  # other traffic of the machine
            message = packet.message
            if isinstance(message, BindingAcknowledgement) and message.status < 128 and message.sequence == sequence:
                accepted.append(packet.effective_destination)
