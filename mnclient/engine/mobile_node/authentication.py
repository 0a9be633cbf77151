# SPDX-License-Identifier: GPL-2.0-or-later
"""Binding Updates that prove themselves, and which answers to them are believed (RFC 4285 sections 5 and 6)."""

from dataclasses import replace
from enum import Enum, auto
from ipaddress import IPv6Address
from typing import Final

from mnclient.engine.mobile_node.context import Context
from mnclient.model.keys import KeyKind
from mnclient.model.security import SecurityAssociation
from mnclient.security import authentication_option
from mnclient.security.timestamps import TimestampSource
from mnclient.units import Instant, Seconds
from mnclient.wire.authentication_options import MN_HA, MessageIdentification, MobileNodeIdentifier
from mnclient.wire.binding import BindingAcknowledgement, BindingStatus, BindingUpdate

REMEMBERED_UPDATES: Final = 16
"""Timestamps kept to compare answers with; more Binding Updates than that are never unanswered at once."""

REALM: Final = "home.arpa"
"""Of the identifier of a mobile node that was given none: the name of homes without one of their own (RFC 8375)."""


class Belief(Enum):
    """What to make of an answer."""

    BELIEVED = auto()
    UNBELIEVED = auto()  # no authenticator, a wrong one, or an old answer: as if it had not come
    KEYS_DIFFER = auto()  # the home agent says that it cannot verify us, and we cannot verify that
    CLOCK_CORRECTED = auto()  # the timestamp was refused; ours follow the home agent's clock now: send again
    FAILED = auto()  # the home agent could not verify us, and proves that it is the one who says so


class Authentication:
    """Of one home address, with one home agent. `source` must survive a restart."""

    def __init__(self, context: Context) -> None:
        self.source = TimestampSource()
        self._context = context
        self._sent: dict[int, int] = {}

    def resume(self, accepted: int | None, offset: Seconds) -> None:
        """Take up where the last run of the service left it."""
        self.source = TimestampSource(offset=offset, accepted=accepted)

    def seal(
        self,
        update: BindingUpdate,
        association: SecurityAssociation | None,
        care_of_address: IPv6Address,
        now: Instant,
    ) -> BindingUpdate:
        """The Binding Update with identifier, timestamp and authenticators, if it is to prove itself."""
        if association is None or association.kind is not KeyKind.RFC4285:
            return update
        noise = int.from_bytes(self._context.entropy.octets(2))
        timestamp = self.source.next(self._context.wall_clock(now), noise)
        self._sent[update.sequence] = timestamp
        while len(self._sent) > REMEMBERED_UPDATES:
            del self._sent[next(iter(self._sent))]
        named = MobileNodeIdentifier(identifier=identifier(association))
        dated = MessageIdentification(timestamp=timestamp)
        unsigned = replace(update, options=(*update.options, named, dated))
        return _signed(unsigned, association, care_of_address)

    def judge(
        self,
        answer: BindingAcknowledgement,
        association: SecurityAssociation,
        care_of_address: IPv6Address,
        now: Instant,
    ) -> Belief:
        """Whether an answer is the home agent's, and to what was sent. `care_of_address` is where it came to."""
        option = authentication_option.find_option(answer, MN_HA)
        is_authentic = option is not None and authentication_option.is_authentic(
            answer,
            key=association.secret,
            care_of_address=care_of_address,
            home_address=association.home_address,
        )
        if not is_authentic or option is None or option.spi != association.spi_in:
            failed = answer.status == BindingStatus.AUTHENTICATION_FAILED and answer.sequence in self._sent
            return Belief.KEYS_DIFFER if failed else Belief.UNBELIEVED
        return self._judge_time(answer, now)

    def _judge_time(self, answer: BindingAcknowledgement, now: Instant) -> Belief:
        returned = next((each for each in answer.options if isinstance(each, MessageIdentification)), None)
        if answer.status == BindingStatus.IDENTIFICATION_MISMATCH:
            if returned is None or self._is_unasked(returned.timestamp):
                return Belief.UNBELIEVED
            self.source.correct(returned.timestamp, self._context.wall_clock(now))
            return Belief.CLOCK_CORRECTED
        if returned is None or not self._is_time_of(answer, returned.timestamp):
            return Belief.UNBELIEVED
        if answer.status == BindingStatus.AUTHENTICATION_FAILED:
            return Belief.FAILED
        if answer.accepted:
            self.source.accept(returned.timestamp)
        return Belief.BELIEVED

    def _is_time_of(self, answer: BindingAcknowledgement, timestamp: int) -> bool:
        """Whether a time is the one in the Binding Update that is answered (RFC 4285 section 6).

        Status 135 carries the home agent's number instead of ours, so any that was sent may be meant.
        """
        if answer.status == BindingStatus.SEQUENCE_NUMBER_OUT_OF_WINDOW:
            return timestamp in self._sent.values()
        return self._sent.get(answer.sequence) == timestamp

    def _is_unasked(self, timestamp: int) -> bool:
        """Whether the lower half, which a home agent leaves as it came, belongs to nothing we have sent."""
        return all((timestamp ^ sent) & 0xFFFFFFFF for sent in self._sent.values())


def _signed(update: BindingUpdate, association: SecurityAssociation, care_of_address: IPv6Address) -> BindingUpdate:
    home_address, key, spi = association.home_address, association.secret, association.spi_out
    if association.aaa_secret:
        return authentication_option.authenticate_to_both(
            update,
            key=key,
            spi=spi,
            aaa_key=association.aaa_secret,
            care_of_address=care_of_address,
            home_address=home_address,
        )
    return authentication_option.authenticate(
        update, key=key, spi=spi, care_of_address=care_of_address, home_address=home_address
    )


def identifier(association: SecurityAssociation) -> bytes:
    """The network access identifier of a mobile node, user@realm (RFC 4283 section 3.1)."""
    text = association.identifier or f"{str(association.home_address).replace(':', '-')}@{REALM}"
    return text.encode()
