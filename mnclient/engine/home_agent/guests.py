# SPDX-License-Identifier: GPL-2.0-or-later
"""Whom a home agent believes: each home address by its own key, no other one's (RFC 6275 sections 5.1 and 10.3.1)."""

from collections.abc import Callable
from ipaddress import IPv6Address

from mnclient.engine.home_agent.authentication import Disbelief, MessageAuthentication, signer
from mnclient.engine.home_agent.links import HomeLinks
from mnclient.engine.home_agent.requests import Request
from mnclient.engine.protection import ON_EVERY_HOST, by_home_address, is_protected, standing
from mnclient.model.config import HomeAgentConfig
from mnclient.model.keys import KeyKind
from mnclient.model.problems import Problem, ProblemCode
from mnclient.model.security import SecurityAssociation, Standing
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
        self._associations: dict[IPv6Address, SecurityAssociation] = {}
        self._kinds = ON_EVERY_HOST
        self.authentication = MessageAuthentication()

    def configure(self, config: HomeAgentConfig) -> None:
        """Other keys, or another wish."""
        self._allow_unprotected = config.allow_unprotected_signalling
        self._associations = by_home_address(config.associations)
        self.authentication.configure(config)

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

    def protected(self) -> tuple[SecurityAssociation, ...]:
        """All associations that are in use."""
        return tuple(each for address in self._associations if (each := self.association(address)) is not None)

    def judge(self, request: Request, now: Instant) -> Disbelief | None:
        """Whether a home registration is who it says: it came under the one association of its home address.

        None when it is believed.
        """
        association = self.association(request.home_address)
        if association is None:
            return None if self.standing(request.home_address) is Standing.OPEN else _UNPROTECTED
        if not is_protected(association, request.event):
            return _UNPROTECTED
        if association.kind is KeyKind.RFC4285:
            return self.authentication.judge(request, association, now)
        return None

    def signer(
        self, request: Request, disbelief: Disbelief | None = None
    ) -> Callable[[BindingAcknowledgement], BindingAcknowledgement] | None:
        """What completes the answer to a request, None for nothing. `disbelief`: that it is refused for."""
        association = self.association(request.home_address)
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
