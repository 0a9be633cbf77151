# SPDX-License-Identifier: GPL-2.0-or-later
"""The keys as the core offers them: what changes is told, and what is wrong with the key file is a problem shown."""

import logging
from collections.abc import Callable
from ipaddress import IPv6Address

from mnclient.model.keys import KeyInfo, KeyKind, KeyOwner
from mnclient.model.problems import ProblemCode
from mnclient.model.security import SecurityAssociation
from service.core_problems import ServiceProblems
from service.key_store import Identity, KeyStore

_log = logging.getLogger(__name__)


class Keys:
    """`changed` is called after each change."""

    def __init__(self, store: KeyStore, problems: ServiceProblems, changed: Callable[[], None]) -> None:
        self._store = store
        self._problems = problems
        self._changed = changed
        self._callers: dict[Identity, str] = {}  # who has which key on trial

    def load(self) -> None:
        """Read the key file, also again after its permissions were corrected."""
        before = self._store.infos(), self._store.refusal, self._store.damaged
        self._store.load()
        path = str(self._store.path)
        self._problems.clear(ProblemCode.KEY_FILE_REFUSED)
        if self._store.refusal:
            _log.error("%s is not used: %s", path, self._store.refusal)
            self._problems.add(ProblemCode.KEY_FILE_REFUSED, path, self._store.refusal)
        if self._store.damaged:
            _log.error("%s was set aside: %s", path, self._store.damaged)
            self._problems.add(ProblemCode.KEY_FILE_SET_ASIDE, path, self._store.damaged)
        if before != (self._store.infos(), self._store.refusal, self._store.damaged):
            self._changed()

    def stop(self) -> None:
        """Overwrite all secrets in memory."""
        self._store.wipe()

    def infos(self) -> tuple[KeyInfo, ...]:
        """What is known of each key, without its secret."""
        return self._store.infos()

    def associations(self) -> tuple[SecurityAssociation, ...]:
        """Each key with its secret, for the node alone; the newest first. Without a secret that is not available."""
        newest = sorted(self._store.infos(), key=lambda each: each.created_time, reverse=True)
        return tuple(
            SecurityAssociation(
                home_address=each.home_address,
                home_agent=each.home_agent,
                kind=each.kind,
                algorithm=each.algorithm,
                spi_in=each.spi_in,
                spi_out=each.spi_out,
                secret=self._store.secret(each.identity) if each.available else b"",
            )
            for each in newest
        )

    def set(
        self,
        home_address: IPv6Address,
        home_agent: IPv6Address,
        kind: KeyKind,
        algorithm: str,
        spi_in: int,
        spi_out: int,
        secret: bytes,
        owner: KeyOwner,
    ) -> None:
        """Install a key; InvalidArgument, or MobileIPv6Error when it cannot be stored."""
        self._store.set(home_address, home_agent, kind, algorithm, spi_in, spi_out, secret, owner)
        self._callers.pop((home_address, home_agent, spi_out), None)
        self._changed()

    def try_out(
        self,
        home_address: IPv6Address,
        home_agent: IPv6Address,
        kind: KeyKind,
        algorithm: str,
        spi_in: int,
        spi_out: int,
        secret: bytes,
        owner: KeyOwner,
        caller: str,
    ) -> None:
        """As `set`, but in no file, and given up with the trial of `caller`."""
        self._store.set(home_address, home_agent, kind, algorithm, spi_in, spi_out, secret, owner, on_trial=True)
        self._callers[home_address, home_agent, spi_out] = caller
        self._changed()

    def keep(self, caller: str) -> None:
        """Store what this caller has on trial; MobileIPv6Error when that is not possible."""
        if mine := self._tried_by(caller):
            self._store.keep(mine)
            self._forget(mine)

    def give_up(self, caller: str) -> None:
        """Forget what this caller has on trial; what was there before is back."""
        if mine := self._tried_by(caller):
            self._store.give_up(mine)
            self._forget(mine)

    def _tried_by(self, caller: str) -> tuple[Identity, ...]:
        return tuple(identity for identity, each in self._callers.items() if each == caller)

    def _forget(self, tried: tuple[Identity, ...]) -> None:
        for identity in tried:
            del self._callers[identity]
        self._changed()

    def provide(self, home_address: IPv6Address, home_agent: IPv6Address, spi_out: int, secret: bytes) -> None:
        """The secret of a user's key. UnknownThing, or InvalidArgument when it is not wanted."""
        self._store.provide((home_address, home_agent, spi_out), secret)
        self._changed()

    def remove(self, home_address: IPv6Address, home_agent: IPv6Address, spi_out: int) -> None:
        """Forget a key; UnknownThing when there is none."""
        self._store.remove((home_address, home_agent, spi_out))
        self._callers.pop((home_address, home_agent, spi_out), None)
        self._changed()
