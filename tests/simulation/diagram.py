# SPDX-License-Identifier: GPL-2.0-or-later
"""What happened, as a sequence diagram in text (Mermaid): only the last of it, which is what a failure is about."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from mnclient.errors import WireError
from mnclient.wire.binding import BindingAcknowledgement, BindingUpdate
from mnclient.wire.packet import decode_packet

if TYPE_CHECKING:
    from tests.simulation.links import Datagram

LINES: Final = 250
_QUIET: Final = ("RouterAdvertisement", "RouterSolicitation")


class Diagram:
    """Lines as they come. `everything` has routine advertisements too."""

    def __init__(self, lines: int = LINES, *, everything: bool = False) -> None:
        self._lines: deque[str] = deque(maxlen=lines)
        self._everything = everything

    def message(self, now: float, sent: Datagram, where: str, *, is_lost: bool = False) -> None:
        """A packet arrived somewhere, or was lost on the way there."""
        words = label(sent)
        if not self._everything and words.startswith(_QUIET):
            return
        arrow = "--x" if is_lost else "->>"
        self._lines.append(f"    {_name(sent.origin)}{arrow}{_name(where)}: {now:.3f} {words}")

    def note(self, now: float, who: str, text: str) -> None:
        """Something that is no message."""
        self._lines.append(f"    Note over {_name(who)}: {now:.3f} {text.replace(';', ',').replace(chr(10), ' ')}")

    def text(self) -> str:
        """The whole diagram."""
        return "\n".join(("sequenceDiagram", *self._lines))


def label(sent: Datagram) -> str:
    """One packet in some words."""
    if sent.inner is not None:
        return f"[{sent.source} to {sent.destination}] {label(sent.inner)}"
    if sent.payload is not None:
        direct = f" directly by {sent.source} to {sent.destination}" if sent.source != sent.payload.source or (
            sent.destination != sent.payload.destination) else ""  # fmt: skip
        return f"payload for {sent.payload.destination}{direct}"
    try:
        packet = decode_packet(sent.octets)
    except WireError as error:
        return f"malformed: {error.title}"
    message = packet.message
    words = f"{type(message).__name__} to {packet.destination} from {packet.source}"
    if isinstance(message, BindingUpdate):
        words += f" number {message.sequence} lifetime {message.lifetime:g}"
    if isinstance(message, BindingAcknowledgement):
        words += f" number {message.sequence} status {message.status} lifetime {message.lifetime:g}"
    return words + (f" for {packet.home_address}" if packet.home_address is not None else "")


def _name(name: str) -> str:
    return name.replace(" ", "_").replace("-", "_") or "somebody"
