# SPDX-License-Identifier: GPL-2.0-or-later
"""Which answers of home agents are believed, and what they mean (RFC 6275 sections 11.3.6 and 11.7.3)."""

from collections.abc import Mapping
from ipaddress import IPv6Address
from typing import Final

from mnclient.engine.events import PacketReceived
from mnclient.engine.mobile_node.authentication import Belief
from mnclient.engine.mobile_node.context import Context
from mnclient.engine.mobile_node.home_registration import HomeRegistration, Input
from mnclient.engine.protection import is_protected
from mnclient.model.keys import KeyKind
from mnclient.model.status import HomeAddressState as State
from mnclient.units import Instant, Seconds, between
from mnclient.wire.binding import (
    BindingAcknowledgement,
    BindingError,
    BindingErrorStatus,
    BindingStatus,
    describe_status,
)
from mnclient.wire.neighbor_discovery import NeighborAdvertisement
from mnclient.wire.packet import Packet

DOUBT_INTERVAL: Final = Seconds(3.0)  # a real one comes again with each packet, a forged one as often as somebody likes

Registrations = Mapping[IPv6Address, HomeRegistration]


def acknowledged(
    event: PacketReceived, message: BindingAcknowledgement, registrations: Registrations, context: Context, now: Instant
) -> HomeRegistration | None:
    """Act on a Binding Acknowledgement; the registration it was for, None when it was ignored."""
    context.count("ba.received")
    registration, reason = _addressee(event, registrations)
    if registration is None:
        context.count(f"ba.ignored.{reason}")
        return None
    association = registration.association
    if association is not None and association.kind is KeyKind.RFC4285:
        belief = registration.authentication.judge(message, association, event.packet.destination, now)
        if belief is not Belief.BELIEVED:
            return _disbelieve(registration, message, belief, context, now)
    if message.status == BindingStatus.SEQUENCE_NUMBER_OUT_OF_WINDOW:
        # It carries the home agent's number, not ours (section 11.7.3): anything unanswered may be meant.
        if not registration.updates.awaits_answer(registration.key):
            context.count("ba.ignored.not-awaited")
            return None
        registration.updates.adopt_sequence(registration.key, message.sequence)
        return _feed(registration, message, Input.OUT_OF_WINDOW, context, now)
    sent = registration.updates.answered(registration.key, message.sequence)
    if sent is None:
        context.count("ba.ignored.sequence")
        return None
    meaning = _meaning(registration, message)
    if meaning is Input.ACCEPTED:
        registration.needs_prefixes = message.status == BindingStatus.ACCEPTED_PREFIX_DISCOVERY_NECESSARY
        registration.accepted(sent, message.lifetime, message.refresh_advice, now)
    return _feed(registration, message, meaning, context, now)


def _disbelieve(
    registration: HomeRegistration, message: BindingAcknowledgement, belief: Belief, context: Context, now: Instant
) -> HomeRegistration | None:
    """Act on an answer that is not simply believed (RFC 4285 sections 5.3 and 6)."""
    match belief:
        case Belief.CLOCK_CORRECTED if registration.updates.awaits_answer(registration.key):
            return _feed(registration, message, Input.OUT_OF_WINDOW, context, now)
        case Belief.FAILED if registration.state is State.RETURNING:
            return _feed(registration, message, Input.REFUSED, context, now)
        case Belief.FAILED:
            registration.reject_key()
            return _feed(registration, message, Input.UNPROTECTED, context, now)
        case Belief.KEYS_DIFFER if registration.updates.awaits_answer(registration.key):
            registration.keys_differ = True  # for a person to know; the protocol goes on as if nothing had come
            context.count("ba.ignored.keys-differ")
            return None
    context.count("ba.ignored.authentication")
    return None


def binding_error(event: PacketReceived, message: BindingError, registrations: Registrations, now: Instant) -> bool:
    """Act on a Binding Error: the home agent knows of no binding. False when it was ignored.

    Nothing protects it. Where there is a key the home agent is asked, under that, and nothing is given up meanwhile. It
    is not asked again before it has answered, nor within DOUBT_INTERVAL, however often somebody says so.
    """
    registration = registrations.get(message.home_address)
    if registration is None or event.packet.source != registration.home.home_agent or event.through_tunnel:
        return False
    if message.status != BindingErrorStatus.UNKNOWN_BINDING or registration.updates.entry(registration.key) is None:
        return False
    if registration.association is None:
        registration.feed(Input.UNKNOWN_BINDING, now)
    elif registration.updates.awaits_answer(registration.key) or _has_just_been_asked(registration, now):
        return False
    else:
        registration.doubted_at = now
        registration.feed(Input.REFRESH, now)
    return True


def _has_just_been_asked(registration: HomeRegistration, now: Instant) -> bool:
    doubted_at = registration.doubted_at
    return doubted_at is not None and between(doubted_at, now) < DOUBT_INTERVAL


def defended(event: PacketReceived, message: NeighborAdvertisement, registrations: Registrations, now: Instant) -> bool:
    """Somebody on the home link answers for a home address of ours (section 11.5.5). False when it is none.

    While we return that is our home agent, and tells its hardware address. While we are at home it may be our home
    agent as well, which crashed and has a binding again that had ended: it is asked to delete it. Anybody can say so,
    and it is believed for one question within DOUBT_INTERVAL.
    """
    registration = registrations.get(message.target)
    hardware = message.target_link_layer_address or event.link_layer_source
    if registration is None or registration.place is None or not hardware:
        return False
    if not registration.place.is_home or registration.place.interface != event.interface:
        return False
    if registration.state is not State.AT_HOME:
        registration.defended_by(hardware, now)
    elif hardware == registration.home_agent_link_layer(now) and registration.may_ask_agent:
        if not _has_just_been_asked(registration, now):
            registration.doubted_at = now
            registration.feed(Input.DEFENDED, now)
    return True


def _addressee(event: PacketReceived, registrations: Registrations) -> tuple[HomeRegistration | None, str]:
    packet: Packet = event.packet
    if event.through_tunnel:
        return None, "tunnel"
    registration = registrations.get(packet.routing_home_address or packet.destination)
    if registration is None:
        return None, "home-address"
    if packet.source != registration.home.home_agent:
        return None, "source"
    association = registration.association
    if association is not None and not is_protected(association, event):
        return None, "unprotected"
    if (registration.state is State.RETURNING) != (packet.routing_home_address is None):
        return None, "home-address"
    return registration, ""


def _meaning(registration: HomeRegistration, message: BindingAcknowledgement) -> Input:
    if registration.state is State.RETURNING:
        gone = message.accepted or message.status == BindingStatus.NOT_HOME_AGENT_FOR_THIS_MOBILE_NODE
        return Input.DELETED if gone else Input.REFUSED
    if message.accepted:
        return Input.ACCEPTED
    if message.status == BindingStatus.DUPLICATE_ADDRESS_DETECTION_FAILED:
        return Input.TAKEN
    return Input.REFUSED


def _feed(
    registration: HomeRegistration, message: BindingAcknowledgement, meaning: Input, context: Context, now: Instant
) -> HomeRegistration:
    registration.last_status = message.status
    registration.unanswered = 0
    registration.keys_differ = False
    context.count(f"ba.status.{message.status}")
    if message.status:
        context.note("binding-status", f"{registration.home.address}: {describe_status(message.status)}")
    registration.feed(meaning, now)
    return registration
