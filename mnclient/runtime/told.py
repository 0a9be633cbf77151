# SPDX-License-Identifier: GPL-2.0-or-later
"""The engine's work as lines of the log, where somebody has switched that on (`mnclient.debugging`)."""

import logging
from collections.abc import Iterable

from mnclient.debugging import Category
from mnclient.engine.actions import Action, Note, SendPacket, SetNetworkState
from mnclient.engine.events import Event, MalformedReceived, PacketReceived
from mnclient.wire.packet import Packet

_signalling = Category.SIGNALLING.logger
_events = Category.EVENTS.logger


def tell(event: Event, actions: Iterable[Action]) -> None:
    """One event and what the engine wants done: nothing but two questions while nobody wants to know."""
    if _signalling.isEnabledFor(logging.DEBUG):
        for line in _messages(event, actions):
            _signalling.debug("%s", line)
    if _events.isEnabledFor(logging.DEBUG):
        wanted = ", ".join(map(_action, actions))
        _events.debug("%s%s", _event(event), f" -> {wanted}" if wanted else "")


def _messages(event: Event, actions: Iterable[Action]) -> list[str]:
    lines = []
    if isinstance(event, PacketReceived):
        lines.append(f"heard on {event.interface}: {_packet(event.packet)}")
    elif isinstance(event, MalformedReceived):
        ends = f"{event.source} -> {event.destination}"
        lines.append(f"malformed on {event.interface}: {event.fault.value} at octet {event.pointer}, {ends}")
    for action in actions:
        if isinstance(action, SendPacket):
            lines.append(f"sent{f' on {action.interface}' if action.interface else ''}: {_packet(action.packet)}")
    return lines


def _packet(packet: Packet) -> str:
    """Kind and addresses; what is in a message may be a token that nobody else should know."""
    home = f", home address {packet.home_address}" if packet.home_address is not None else ""
    via = f", routed to {packet.routing_home_address}" if packet.routing_home_address is not None else ""
    return f"{type(packet.message).__name__} {packet.source} -> {packet.destination}{home}{via}"


def _event(event: Event) -> str:
    where = getattr(event, "interface", "") or getattr(event, "home_address", "") or getattr(event, "owner", "")
    return f"{type(event).__name__}{f' {where}' if where else ''}"


def _action(action: Action) -> str:
    match action:
        case SetNetworkState():
            return f"SetNetworkState {action.owner}{' (nothing)' if action.state.is_empty() else ''}"
        case Note():
            return f"Note {action.kind}"
        case _:
            return type(action).__name__
