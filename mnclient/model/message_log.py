# SPDX-License-Identifier: GPL-2.0-or-later
"""The signalling this node sent and heard, as people look at it."""

from dataclasses import dataclass
from ipaddress import IPv6Address


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedMessage:
    """One message of the protocol log.

    `number` counts from 1 since the service started, in the order in which messages were noted; some may be missing
    in between. `time` is wall-clock time. `interface` is "" where the kernel chose it. `source` and `destination` are
    those of the IPv6 header, `name` is like "BindingUpdate", `summary` is one line, `fields` is all there is to say in
    pairs of words. `malformed` says why the message could not be read, "" when it could.

    `packet` is the IPv6 packet from its header on. It holds what proves the right to a binding (keygen tokens, nonces,
    authenticators), and so may `summary` and `fields`.
    """

    number: int
    time: float
    interface: str
    outgoing: bool
    source: IPv6Address
    destination: IPv6Address
    name: str
    summary: str
    fields: tuple[tuple[str, str], ...] = ()
    malformed: str = ""
    packet: bytes = b""
