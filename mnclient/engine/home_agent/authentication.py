# SPDX-License-Identifier: GPL-2.0-or-later
"""Binding Updates that prove themselves, as the home agent reads them (RFC 4285 sections 5 and 6)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from ipaddress import IPv6Address

from mnclient.engine.home_agent.requests import Request
from mnclient.model.config import HomeAgentConfig
from mnclient.model.security import SecurityAssociation
from mnclient.model.stored_binding import StoredTimestamp
from mnclient.security import authentication_option, timestamps
from mnclient.security.timestamps import Verdict
from mnclient.units import Instant
from mnclient.wire.authentication_options import MN_HA, MessageIdentification
from mnclient.wire.binding import BindingAcknowledgement, BindingStatus


@dataclass(frozen=True, slots=True)
class Disbelief:
    """Why a home registration is not believed; it is answered with `status`, or not at all if that is None.

    `timestamp` is the one to answer with, None for the one that came.
    """

    reason: str
    status: BindingStatus | None = None
    timestamp: int | None = None


class MessageAuthentication:
    """Judges by authenticator and timestamp, and completes the answers.

    `accepted` is the greatest timestamp believed of each home address; it must survive a restart, or what was heard
    just before could be played again.
    """

    def __init__(self) -> None:
        self.accepted: dict[IPv6Address, int] = {}
        self.wall_clock_at_boot = 0.0
        self._config = HomeAgentConfig()

    def configure(self, config: HomeAgentConfig) -> None:
        """Other wishes, or other guests: whoever is none any more needs no memory."""
        before = {each.home_address for each in self._config.associations}
        self._config = config
        for address in before - {each.home_address for each in config.associations}:
            self.accepted.pop(address, None)

    def snapshot(self) -> tuple[StoredTimestamp, ...]:
        """What must be kept over a restart."""
        return tuple(StoredTimestamp(home_address=each, timestamp=last) for each, last in self.accepted.items())

    def restore(self, stored: Iterable[StoredTimestamp]) -> None:
        """Take back what `snapshot` said."""
        self.accepted.update({each.home_address: each.timestamp for each in stored})

    def judge(self, request: Request, association: SecurityAssociation, now: Instant) -> Disbelief | None:
        """Whether a Binding Update comes from the owner of its home address, and now; None when it does."""
        update = request.update
        option = authentication_option.find_option(update, MN_HA)
        if option is None:
            return Disbelief("unprotected")  # silently (section 5)
        wrong_order = authentication_option.fault_of_order(update.options)
        if wrong_order:
            return Disbelief(f"authentication-{wrong_order}")
        if option.spi != association.spi_in:
            return Disbelief("spi")  # an association that nobody knows (section 5.1.1)
        if not authentication_option.is_authentic(
            update,
            key=association.secret,
            care_of_address=request.care_of_address,
            home_address=request.home_address,
        ):
            return Disbelief("authentication", BindingStatus.AUTHENTICATION_FAILED)
        return self._judge_time(request, now)

    def _judge_time(self, request: Request, now: Instant) -> Disbelief | None:
        timestamp = _timestamp(request)
        if timestamp is None:
            is_required = self._config.require_message_identification
            return Disbelief("no-timestamp", BindingStatus.MESSAGE_IDENTIFICATION_REQUIRED) if is_required else None
        last, time = self.accepted.get(request.home_address), self.wall_clock_at_boot + now
        verdict = timestamps.judge(timestamp, now=time, window=self._config.replay_window, last=last)
        if verdict is not Verdict.FRESH:
            answer = timestamps.mismatch_answer(timestamp, time)
            return Disbelief(f"timestamp-{verdict.value}", BindingStatus.IDENTIFICATION_MISMATCH, answer)
        self.accepted[request.home_address] = timestamp
        return None


def signer(
    request: Request, association: SecurityAssociation, timestamp: int | None
) -> Callable[[BindingAcknowledgement], BindingAcknowledgement]:
    """What completes the answer to a request: `timestamp`, or the one that came, and an authenticator (sections 5, 6).

    No authenticator for an AAA server: that is for Binding Updates alone (section 5.2).
    """

    def sign(answer: BindingAcknowledgement) -> BindingAcknowledgement:
        returned = _timestamp(request) if timestamp is None else timestamp
        if returned is not None:
            answer = replace(answer, options=(*answer.options, MessageIdentification(timestamp=returned)))
        return authentication_option.authenticate(
            answer,
            key=association.secret,
            spi=association.spi_out,
            care_of_address=request.care_of_address,
            home_address=request.home_address,
        )

    return sign


def _timestamp(request: Request) -> int | None:
    for option in request.update.options:
        if isinstance(option, MessageIdentification):
            return option.timestamp
    return None
