# SPDX-License-Identifier: GPL-2.0-or-later
"""Whom a home agent believes: each home address by its own key, no other one's (RFC 6275 sections 5.1 and 10.3.1)."""

from collections.abc import Callable
from ipaddress import IPv6Address

from mnclient.engine.home_agent.authentication import Disbelief, MessageAuthentication, signer
from mnclient.engine.home_agent.links import HomeLinks
from mnclient.engine.home_agent.requests import Request
from mnclient.engine.home_agent.successions import Successions
from mnclient.engine.protection import ON_EVERY_HOST, by_home_address, is_protected, standing
from mnclient.model.config import HomeAgentConfig
from mnclient.model.keys import KeyKind
from mnclient.model.problems import Problem, ProblemCode
from mnclient.model.security import Protection, SecurityAssociation, Standing
from mnclient.units import Instant
from mnclient.wire.binding import BindingAcknowledgement

MAX_SHOWN = 8  # guests named in problems; with hundreds the first few tell

_UNPROTECTED = Disbelief("unprotected")
_PROBLEMS = {
    Standing.NO_SECRET: ProblemCode.KEY_NOT_AVAILABLE,
    Standing.IMPOSSIBLE: ProblemCode.PROTECTION_IMPOSSIBLE,
}


class Guests:
    """The security associations with mobile nodes, and what follows from having one or not."""

    def __init__(self) -> None:
        self._allow_unprotected = False
        self._protect_payload = False
        self._associations: dict[IPv6Address, SecurityAssociation] = {}
        self._successions = Successions()
        self._kinds = ON_EVERY_HOST
        self.authentication = MessageAuthentication()

    def configure(self, config: HomeAgentConfig) -> bool:
        """Other keys, or another wish. Whether what is encrypted is another."""
        self._allow_unprotected = config.allow_unprotected_signalling
        before = self._associations, self._protect_payload
        self._associations, self._protect_payload = by_home_address(config.associations), config.protect_payload
        are_others = self._successions.configure(config.associations)
        self.authentication.configure(config)
        return are_others or before != (self._associations, self._protect_payload)

    def can_use(self, kinds: frozenset[KeyKind]) -> None:
        """The system protects signalling with keys of these kinds."""
        self._kinds = ON_EVERY_HOST | kinds

    def standing(self, home_address: IPv6Address) -> Standing:
        """What holds for one home address."""
        association = self._associations.get(home_address)
        return standing(association, self._kinds, allow_unprotected=self._allow_unprotected)

    def association(self, home_address: IPv6Address) -> SecurityAssociation | None:
        """The association that protects the signalling of a home address; None when that is not protected."""
        is_used = self.standing(home_address) is Standing.PROTECTED
        return self._associations[home_address] if is_used else None

    def by_esp(self, home_address: IPv6Address, used: int = 0) -> tuple[SecurityAssociation, ...]:
        """All associations under which the system lets in what comes from a home address, () where it protects none.

        First the one to send under: that of the incoming SPI `used`, or that was used last.
        """
        newest = self.association(home_address)
        return () if newest is None or newest.kind is not KeyKind.ESP else self._successions.believed(newest, used)

    def encrypts_payload(self, home_address: IPv6Address) -> bool:
        """Whether the system encrypts everything in the tunnel of a home address."""
        return self._protect_payload and bool(self.by_esp(home_address))

    def protections(self, home_address: IPv6Address) -> tuple[Protection | None, ...]:
        """Their names; None alone where the system protects nothing."""
        return tuple(each.protection for each in self.by_esp(home_address)) or (None,)

    def has_used(self, home_address: IPv6Address, spi: int) -> None:
        """A mobile node was believed under the association of this incoming SPI, now or before a restart."""
        self._successions.used(home_address, spi)

    def take_switch(self) -> bool:
        """Whether some mobile node has used another key than the one before, since this was asked last."""
        has_switched, self._successions.has_switched = self._successions.has_switched, False
        return has_switched

    def protected(self) -> tuple[SecurityAssociation, ...]:
        """All associations that are in use."""
        return tuple(each for address in self._associations if (each := self.association(address)) is not None)

    def under_esp(self) -> list[tuple[SecurityAssociation, ...]]:
        """Those of each home address that the system protects, as `by_esp` has them."""
        return [found for address in self._associations if (found := self.by_esp(address))]

    def judge(self, request: Request, now: Instant) -> Disbelief | None:
        """Whether a home registration is who it says: it came under the one association of its home address.

        None when it is believed.
        """
        association = self.of_request(request)
        if association is None:
            return None if self.standing(request.home_address) is Standing.OPEN else _UNPROTECTED
        if not is_protected(association, request.event):
            return _UNPROTECTED
        if association.kind is KeyKind.RFC4285:
            return self.authentication.judge(request, association, now)
        self.has_used(request.home_address, association.spi_in)
        return None

    def of_request(self, request: Request) -> SecurityAssociation | None:
        """The association that a request has to come under; None when registrations of its address are not protected.

        While one key succeeds another there are two, and the request says which it means (RFC 4285 section 5.1), or
        the system does.
        """
        newest = self.association(request.home_address)
        return newest if newest is None else self._successions.meant(request, newest)

    def spi(self, request: Request) -> int:
        """The incoming SPI of that association; 0 when there is none."""
        association = self.of_request(request)
        return 0 if association is None else association.spi_in

    def signer(
        self, request: Request, disbelief: Disbelief | None = None
    ) -> Callable[[BindingAcknowledgement], BindingAcknowledgement] | None:
        """What completes the answer to a request, None for nothing. `disbelief`: that it is refused for."""
        association = self.of_request(request)
        if association is None or association.kind is not KeyKind.RFC4285:
            return None
        return signer(request, association, disbelief.timestamp if disbelief is not None else None)

    def problems(self, links: HomeLinks, since: Instant) -> list[Problem]:
        """What a person should know about."""
        found = [
            Problem(code=code, subject=str(address), since=since)
            for address in self._associations
            if (code := _PROBLEMS.get(self.standing(address))) is not None
        ][:MAX_SHOWN]
        if self._allow_unprotected:
            subject = "the mobile nodes that it serves"
            found.append(Problem(code=ProblemCode.UNPROTECTED_SIGNALLING, subject=subject, since=since))
        elif links.served and not self.protected():
            subject = ", ".join(str(link.prefix) for link in links.served)
            found.append(Problem(code=ProblemCode.REGISTRATIONS_IGNORED, subject=subject, since=since))
        return found
