# SPDX-License-Identifier: GPL-2.0-or-later
"""Which messages of correspondents are believed, and what they mean.

RFC 6275 sections 11.3.5, 11.3.6, 11.6.2, 11.7.3 and 11.7.4.

What is ignored is counted by the reason.
"""

from collections.abc import Callable, Iterable
from ipaddress import IPv6Address
from typing import Final

from mnclient.engine.events import PacketReceived
from mnclient.engine.mobile_node.context import Context
from mnclient.engine.mobile_node.correspondent import Correspondent, Input
from mnclient.engine.retransmission import RateLimit
from mnclient.model.status import CorrespondentState as State
from mnclient.units import Instant
from mnclient.wire.binding import (
    BindingAcknowledgement,
    BindingError,
    BindingErrorStatus,
    BindingRefreshRequest,
    BindingStatus,
    describe_status,
)
from mnclient.wire.icmpv6 import ParameterProblem
from mnclient.wire.ipv6_extension import HOME_ADDRESS_OPTION
from mnclient.wire.return_routability import CareOfTest, HomeTest

UNRECOGNIZED_NEXT_HEADER: Final = 1  # codes of a Parameter Problem, RFC 4443 section 3.4
UNRECOGNIZED_OPTION: Final = 2

_NONCES: Final = (
    BindingStatus.EXPIRED_HOME_NONCE_INDEX,
    BindingStatus.EXPIRED_CARE_OF_NONCE_INDEX,
    BindingStatus.EXPIRED_NONCES,
)


def _cannot_be_signed(known: Correspondent, status: int) -> bool:
    """What a correspondent says that knows no key (RFC 6275 section 9.5.4), no permanent token (RFC 4866 section 4.2).

    Whoever forges it costs us a new proof, no more: it has to guess a sequence number for that.
    """
    is_unknown_token = status == BindingStatus.PERMANENT_HOME_KEYGEN_TOKEN_UNAVAILABLE
    return status in _NONCES or (is_unknown_token and known.enhanced is not None)


class Answers:
    """Reads the messages of correspondents. `find` and `all_of` look into the table of them."""

    def __init__(
        self,
        context: Context,
        find: Callable[[IPv6Address, IPv6Address], Correspondent | None],
        all_of: Callable[[IPv6Address], Iterable[Correspondent]],
    ) -> None:
        self._context = context
        self._find = find
        self._all_of = all_of
        self._logged = RateLimit(1)

    def read(self, event: PacketReceived, now: Instant) -> bool:
        """Act on a message. False when it is not one of a correspondent's."""
        match event.packet.message:
            case HomeTest() as message:
                self._home_test(event, message, now)
            case CareOfTest() as message:
                self._care_of_test(event, message, now)
            case BindingAcknowledgement() as message:
                return self._acknowledgement(event, message, now)
            case BindingError() as message:
                return self._binding_error(event, message, now)
            case BindingRefreshRequest():
                self._refresh_request(event, now)
            case ParameterProblem(code=code) as message if code == UNRECOGNIZED_NEXT_HEADER:
                self._parameter_problem(event, message, now)
            case ParameterProblem(code=code) as message if code == UNRECOGNIZED_OPTION:
                self._unrecognized_option(event, message, now)
            case _:
                return False
        return True

    def _ignore(self, name: str) -> None:
        self._context.count(name)

    def _home_test(self, event: PacketReceived, message: HomeTest, now: Instant) -> None:
        packet = event.packet
        self._context.count("hot.received")
        known = None if packet.routing_home_address is not None else self._find(packet.source, packet.destination)
        if known is None:
            return self._ignore("hot.ignored.unknown")
        if event.through_tunnel is known.footing.is_at_home:  # abroad it must come through the home agent
            return self._ignore("hot.ignored.path")
        if known.footing.protection is not None and event.protection != known.footing.protection:
            return self._ignore("hot.ignored.unprotected")
        if not known.home_test.is_awaited(message.cookie):
            return self._ignore("hot.ignored.cookie")
        known.home_test.answered(message.keygen_token, message.nonce_index, now)
        known.feed(Input.HOME_TESTED, now)
        return None

    def _care_of_test(self, event: PacketReceived, message: CareOfTest, now: Instant) -> None:
        packet = event.packet
        self._context.count("cot.received")
        if event.through_tunnel or packet.routing_home_address is not None:
            return self._ignore("cot.ignored.path")
        # It names no home address: of several that ask the same correspondent, the cookie says which.
        known = [each for each in self._all_of(packet.source) if each.footing.care_of_address == packet.destination]
        if not known:
            return self._ignore("cot.ignored.unknown")
        for each in known:
            if each.care_of_test.is_awaited(message.cookie):
                each.care_of_test.answered(message.keygen_token, message.nonce_index, now)
                each.feed(Input.CARE_OF_TESTED, now)
                return None
        return self._ignore("cot.ignored.cookie")

    def _acknowledgement(self, event: PacketReceived, message: BindingAcknowledgement, now: Instant) -> bool:
        known = self._find(event.packet.source, event.packet.effective_destination)
        if known is None:
            return False
        self._context.count("correspondent.ba.received")
        meaning, reason = self._meaning(known, message, now)
        if meaning is None:
            self._context.count(f"correspondent.ba.ignored.{reason}")
            return True
        self._context.count(f"correspondent.ba.status.{message.status}")
        if message.status:
            known.reason = describe_status(message.status)
        known.feed(meaning, now)
        return True

    @staticmethod
    def _meaning(known: Correspondent, message: BindingAcknowledgement, now: Instant) -> tuple[Input | None, str]:
        updates, status = known.shared.updates, message.status
        is_signed = message.authorization_data is not None
        if not (known.authenticates(message) or (_cannot_be_signed(known, status) and not is_signed)):
            return None, "unauthenticated"
        if status == BindingStatus.SEQUENCE_NUMBER_OUT_OF_WINDOW:  # it carries the correspondent's number, not ours
            if not updates.awaits_answer(known.key):
                return None, "not-awaited"
            updates.adopt_sequence(known.key, message.sequence)
            if known.enhanced is not None:
                known.enhanced.renounce()  # the numbers that follow may have been used with it (RFC 4866 section 4.9)
            return Input.OUT_OF_WINDOW, ""
        sent = updates.answered(known.key, message.sequence)
        if sent is None:
            known.take_late_answer(message)
            return None, "sequence"
        if message.accepted:
            known.granted = updates.acknowledge(known.key, sent, message.lifetime, now)
            known.take_answer(message, now)
            return Input.ACCEPTED, ""
        if known.enhanced is not None and known.enhanced.rejected(status):
            return Input.NONCES_EXPIRED, ""
        if status in _NONCES:
            if status != BindingStatus.EXPIRED_CARE_OF_NONCE_INDEX:
                known.home_test.forget()
            if status != BindingStatus.EXPIRED_HOME_NONCE_INDEX:
                known.care_of_test.forget()
            return Input.NONCES_EXPIRED, ""
        return Input.UNUSABLE_HERE if status == BindingStatus.INVALID_CARE_OF_ADDRESS else Input.REFUSED, ""

    def _binding_error(self, event: PacketReceived, message: BindingError, now: Instant) -> bool:
        packet = event.packet
        known = [each for each in self._all_of(packet.source) if self._concerns(each, event, message)]
        if not known:
            return False
        if event.through_tunnel and message.status == BindingErrorStatus.UNKNOWN_BINDING:
            self._ignore("correspondent.be.ignored")
            return True
        is_news = False
        for each in known:
            if message.status == BindingErrorStatus.UNKNOWN_BINDING and each.state in (State.DIRECT, State.LEAVING):
                each.feed(Input.UNKNOWN_BINDING, now)
                is_news = True
            elif message.status == BindingErrorStatus.UNRECOGNIZED_TYPE and each.is_refreshing():
                each.feed(Input.UNSUPPORTED, now)
                is_news = True
        self._context.count("correspondent.be.received" if is_news else "correspondent.be.ignored")
        return True

    @staticmethod
    def _concerns(known: Correspondent, event: PacketReceived, message: BindingError) -> bool:
        """It is sent to where the packet at fault came from: for an unknown binding, the care-of address told last."""
        destination = event.packet.destination
        if message.status == BindingErrorStatus.UNKNOWN_BINDING:
            return message.home_address == known.home_address and destination == known.care_of_address
        return destination in (known.home_address, known.footing.care_of_address)

    def _refresh_request(self, event: PacketReceived, now: Instant) -> None:
        known = self._find(event.packet.source, event.packet.effective_destination)
        if known is None or known.state is not State.DIRECT:
            return self._ignore("brr.ignored")
        self._context.count("brr.received")
        known.feed(Input.REQUESTED, now)
        return None

    def _parameter_problem(self, event: PacketReceived, message: ParameterProblem, now: Instant) -> None:
        """Believed only with the cookie or authenticator of what it is about, which nobody off the path knows."""
        for each in self._all_of(event.packet.source):
            halves = (each.home_test, each.care_of_test)
            if each.update_was_sent(message.packet) or any(half.was_sent(message.packet) for half in halves):
                self._context.count("correspondent.parameter-problem")
                each.feed(Input.UNSUPPORTED, now)
                return

    def _unrecognized_option(self, event: PacketReceived, message: ParameterProblem, now: Instant) -> None:
        """The Home Address option is not known there (section 11.3.5): logged, and nothing else.

        Whoever knows a Binding Update knows the option, so this is somebody who does neither, or a forgery. One line a
        second says so, whatever comes.
        """
        if message.packet[message.pointer : message.pointer + 1] != bytes((HOME_ADDRESS_OPTION,)):
            return self._ignore("parameter-problem.ignored")
        self._context.count("parameter-problem.home-address-option")
        if self._logged.permits(now):
            self._logged.record(now)
            self._context.note("home-address-option", f"{event.packet.source} does not know the Home Address option")
        return None
