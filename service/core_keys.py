# SPDX-License-Identifier: GPL-2.0-or-later
"""The keys as the core offers them: what changes is told, and what is wrong with the key file is a problem shown."""

import logging
from collections.abc import Callable
from ipaddress import IPv6Address
from pathlib import Path
from typing import TypeVar

from mnclient.errors import MobileIPv6Error
from mnclient.model.keys import KeyInfo, KeyKind, KeyOwner
from mnclient.model.precomputed_key import PrecomputedKey
from mnclient.model.problems import ProblemCode
from mnclient.model.security import SecurityAssociation
from service.aaa_key_file import FILE as AAA_FILE
from service.aaa_key_file import Pair, load_aaa_keys
from service.core_problems import ServiceProblems
from service.key_file import FileRefused
from service.key_store import Identity, KeyStore
from service.precomputed_key_file import FILE, load_precomputed_keys

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class Keys:
    """`changed` is called after each change."""

    def __init__(self, store: KeyStore, problems: ServiceProblems, changed: Callable[[], None]) -> None:
        self._store = store
        self._problems = problems
        self._changed = changed
        self._callers: dict[Identity, str] = {}  # who has which key on trial
        self._precomputed_path = store.path.with_name(FILE)
        self._aaa_path = store.path.with_name(AAA_FILE)
        self._aaa: dict[Pair, bytes] = {}
        self.precomputed: tuple[PrecomputedKey, ...] = ()
        """Keys shared with correspondents or mobile nodes (RFC 4449), for the node alone."""

    def load(self) -> None:
        """Read the key files, also again after their permissions were corrected."""
        before = self._present()
        self._store.load()
        path = str(self._store.path)
        self._problems.clear(ProblemCode.KEY_FILE_REFUSED, path)
        if self._store.refusal:
            _log.error("%s is not used: %s", path, self._store.refusal)
            self._problems.add(ProblemCode.KEY_FILE_REFUSED, path, self._store.refusal)
        if self._store.damaged:
            _log.error("%s was set aside: %s", path, self._store.damaged)
            self._problems.add(ProblemCode.KEY_FILE_SET_ASIDE, path, self._store.damaged)
        self.precomputed = self._read(self._precomputed_path, load_precomputed_keys, ())
        self._aaa = self._read(self._aaa_path, load_aaa_keys, {})
        if before != self._present():
            self._changed()

    def _present(self) -> object:
        """All that the files say; to be compared with what they said before."""
        return self._store.infos(), self._store.refusal, self._store.damaged, self.precomputed, self._aaa

    def _read(self, path: Path, load: Callable[[Path], _T], nothing: _T) -> _T:
        """A file of the administrator's; one that is refused is as good as none, and a problem says so."""
        self._problems.clear(ProblemCode.KEY_FILE_REFUSED, str(path))
        try:
            return load(path)
        except FileRefused as error:
            _log.error("%s is not used: %s", path, error.reason)
            self._problems.add(ProblemCode.KEY_FILE_REFUSED, str(path), error.reason)
            return nothing

    def stop(self) -> None:
        """Overwrite all secrets in memory; those of the administrator's files are let go of."""
        self._store.wipe()
        self.precomputed = ()
        self._aaa = {}

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
                aaa_secret=self._aaa.get((each.home_address, each.home_agent), b""),
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

    def is_tried(self, home_address: IPv6Address, caller: str) -> bool:
        """Whether this caller has a key of a home address on trial."""
        return any(each == caller and identity[0] == home_address for identity, each in self._callers.items())

    def proven(self, home_address: IPv6Address, home_agent: IPv6Address, spi_out: int) -> None:
        """The home agent has accepted this key. If it is the newest for it, those before are not needed any more.

        A key on trial, and a person's, are left alone: they are not ours to remove.
        """
        pair = [each for each in self._store.infos() if each.identity[:2] == (home_address, home_agent)]
        newest = max(pair, key=lambda each: each.created_time, default=None)
        if newest is None or newest.spi_out != spi_out or newest.identity in self._callers:
            return
        for each in pair:
            if each is not newest and each.owner is KeyOwner.COMPUTER and each.identity not in self._callers:
                self._retire(each.identity)

    def _retire(self, identity: Identity) -> None:
        try:
            self.remove(*identity)
        except MobileIPv6Error as error:  # it does no harm; with the next answer it is tried again
            _log.warning("the key before cannot be removed: %s", error)

    def require_file(self) -> None:
        """MobileIPv6Error while the key file is not used: nobody knows then which keys there are."""
        self._store.require_file()

    def remove(self, home_address: IPv6Address, home_agent: IPv6Address, spi_out: int) -> None:
        """Forget a key; UnknownThing when there is none."""
        self._store.remove((home_address, home_agent, spi_out))
        self._callers.pop((home_address, home_agent, spi_out), None)
        self._changed()
