# SPDX-License-Identifier: GPL-2.0-or-later
"""The keys of the service, and the only place that holds their secrets.

Secrets come in and are never told: nothing here, no error and no `repr` contains one. Those of this computer are in the
key file; those of a person are in memory only, from `provide` until `wipe`. Memory is overwritten when a secret is not
needed any more, as far as Python lets us: copies in messages and in the JSON of the file are left to its allocator.
"""

import hmac
from collections.abc import Callable, Collection
from dataclasses import replace
from ipaddress import IPv6Address
from pathlib import Path
from typing import Final

from mnclient.errors import MobileIPv6Error
from mnclient.model.keys import (
    HIGHEST_SPI,
    KEY_ALGORITHMS,
    LOWEST_SPI,
    MAX_KEYS,
    KeyInfo,
    KeyKind,
    KeyOwner,
    find_algorithm,
    is_spi,
)
from service.contract import InvalidArgument, UnknownThing
from service.core_addresses import require_routable
from service.key_file import FileRefused, KeyFile

TICK: Final = 1e-3
"""Seconds between two keys of one pair of addresses, at least."""

Identity = tuple[IPv6Address, IPv6Address, int]
"""Home address, home agent, outgoing SPI."""
Held = tuple[KeyInfo, bytearray | None]
"""A key, and its secret while that is available."""


class KeyStore:
    """All keys. Methods that change something raise before anything is changed."""

    def __init__(self, state_directory: Path, wall_clock: Callable[[], float]) -> None:
        self._file = KeyFile(state_directory)
        self._wall_clock = wall_clock
        self._infos: dict[Identity, KeyInfo] = {}
        self._secrets: dict[Identity, bytearray] = {}
        self._tried: dict[Identity, Held | None] = {}
        """What each key on trial stands in place of."""
        self.refusal = ""
        """Why the file is not used; "" when it is."""
        self.damaged = ""
        """Why an earlier file was set aside, if it was when it was last read."""

    @property
    def path(self) -> Path:
        """The key file."""
        return self._file.path

    def load(self) -> None:
        """Read the file; `refusal` and `damaged` say what is wrong with it. Keys on trial and provided secrets stay."""
        tried = {each: self._held(each) for each in self._tried}
        for each, before in self._tried.items():
            self._put(each, before)
        self._tried.clear()
        self._load()
        for each, held in tried.items():
            self._tried[each] = self._held(each)
            self._put(each, held)

    def _load(self) -> None:
        self.refusal = self.damaged = ""
        provided = {each: self._secrets.pop(each) for each, info in self._infos.items() if _is_provided(info)}
        self.wipe()
        try:
            kept = self._file.load()
        except FileRefused as error:
            self.refusal = error.reason
            _overwrite(provided)
            return
        self.damaged = kept.damaged
        self._infos = {each.identity: each for each in kept.infos}
        self._secrets = kept.secrets
        for identity, secret in provided.items():
            info = self._infos.get(identity)
            if info is not None and info.owner is KeyOwner.USER:
                self._infos[identity] = replace(info, available=True)
                self._secrets[identity] = secret
            else:
                _overwrite({identity: secret})

    def infos(self) -> tuple[KeyInfo, ...]:
        """What is known of each key, without its secret."""
        return tuple(self._infos.values())

    def secret(self, identity: Identity) -> bytes:
        """The secret of a key, for whoever protects registrations with it. UnknownThing while it is not available."""
        if identity not in self._secrets:
            raise UnknownThing("This key is not available", hint="provide it first")
        return bytes(self._secrets[identity])

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
        *,
        on_trial: bool = False,
    ) -> None:
        """Install a key, in place of one with the same identity and owner. It is on disk when this returns.

        `on_trial`: in memory only, until `keep` or `give_up`.
        """
        _check_addresses(home_address, home_agent)
        _check_spis(spi_in, spi_out)
        _check_secret(kind, algorithm, secret)
        info = KeyInfo(
            home_address=home_address,
            home_agent=home_agent,
            kind=kind,
            algorithm=algorithm,
            spi_in=spi_in,
            spi_out=spi_out,
            owner=owner,
            created_time=self._next_time(home_address, home_agent),
            available=True,
        )
        self._check_place(info)
        identity, held = info.identity, bytearray(secret)
        if on_trial:
            self.require_file()
            if identity in self._tried:
                self._drop(identity)
            else:
                self._tried[identity] = self._held(identity)
        else:
            self._save({**self._infos, identity: info}, {**self._secrets, identity: held}, decided=(identity,))
            self._drop(identity)
        self._infos[identity], self._secrets[identity] = info, held

    def keep(self, identities: Collection[Identity]) -> None:
        """Store keys that are on trial."""
        self._save(self._infos, self._secrets, decided=identities)

    def give_up(self, identities: Collection[Identity]) -> None:
        """Forget keys that are on trial; what was there before is back."""
        for identity in identities:
            before = self._tried.pop(identity)
            self._drop(identity)
            self._put(identity, before)

    def provide(self, identity: Identity, secret: bytes) -> None:
        """The secret of a person's key, for memory only. The same one may be provided again."""
        info = self._require(identity)
        if info.owner is not KeyOwner.USER:
            raise InvalidArgument("This key is kept by this computer", hint="only a key of a user is provided")
        _check_secret(info.kind, info.algorithm, secret)
        if not info.available:
            self._infos[identity], self._secrets[identity] = replace(info, available=True), bytearray(secret)
        elif not hmac.compare_digest(self._secrets[identity], secret):
            raise InvalidArgument("This key is there already, and is another one", hint="remove it first, or set it")

    def remove(self, identity: Identity) -> None:
        """Forget a key, on disk too. UnknownThing when there is none."""
        self._require(identity)
        others = {each: info for each, info in self._infos.items() if each != identity}
        self._save(others, self._secrets, decided=(identity,))
        self._drop(identity)
        del self._infos[identity]

    def wipe(self) -> None:
        """Forget everything that is in memory; what is on disk stays."""
        _overwrite(self._secrets)
        _overwrite({each: held[1] for each, held in self._tried.items() if held and held[1] is not None})
        self._infos, self._secrets, self._tried = {}, {}, {}

    def _next_time(self, *pair: IPv6Address) -> float:
        """Now, and later than all keys of these two: of theirs the newest is used, though the clock was set back."""
        others = [each.created_time for each in self._infos.values() if each.identity[:2] == pair]
        return max([self._wall_clock(), *(each + TICK for each in others)])

    def _require(self, identity: Identity) -> KeyInfo:
        if identity not in self._infos:
            home_address, home_agent, spi_out = identity
            known = ", ".join(f"{address} at {agent} with {spi}" for address, agent, spi in self._infos)
            raise UnknownThing(
                f"There is no key of {home_address} at {home_agent} with the outgoing SPI {spi_out}",
                hint=f"known are: {known}" if known else "there is none",
            )
        return self._infos[identity]

    def _check_place(self, info: KeyInfo) -> None:
        there = self._infos.get(info.identity)
        if there is not None and there.owner is not info.owner:
            whose = "this computer" if there.owner is KeyOwner.COMPUTER else "a user"
            raise InvalidArgument(
                f"The key with the outgoing SPI {info.spi_out} belongs to {whose}",
                hint="remove it first, or choose another SPI",
            )
        if there is None and len(self._infos) >= MAX_KEYS:
            raise MobileIPv6Error(f"There are {MAX_KEYS} keys, and more are not possible", hint="remove one first")
        for other in self._infos.values():
            same_place = other.home_address == info.home_address and other.kind is info.kind
            if same_place and other.spi_in == info.spi_in and other.identity != info.identity:
                raise InvalidArgument(
                    f"The incoming SPI {info.spi_in} is in use for {info.home_address}",
                    hint="choose another number from 256 on, also at the home agent",
                )

    def _held(self, identity: Identity) -> Held | None:
        info = self._infos.get(identity)
        return (info, self._secrets.get(identity)) if info else None

    def _put(self, identity: Identity, held: Held | None) -> None:
        """This is the key now, or there is none. Nothing is overwritten: it is on trial, or was, and lives on."""
        self._infos.pop(identity, None)
        self._secrets.pop(identity, None)
        if held is not None:
            self._infos[identity] = held[0]
            if held[1] is not None:
                self._secrets[identity] = held[1]

    def _save(
        self,
        infos: dict[Identity, KeyInfo],
        secrets: dict[Identity, bytearray],
        decided: Collection[Identity],
    ) -> None:
        """Write these, with what was there before in the place of those on trial. `decided` are so no longer."""
        infos, secrets = dict(infos), dict(secrets)
        for identity in self._tried.keys() - set(decided):
            before = self._tried[identity]
            infos.pop(identity)
            if before is not None:
                infos[identity] = before[0]
                if before[1] is not None:
                    secrets[identity] = before[1]
        self._write(infos, secrets)
        for identity in decided:
            before = self._tried.pop(identity, None)
            if before is not None and before[1] is not None:
                _overwrite({identity: before[1]})

    def require_file(self) -> None:
        """MobileIPv6Error while the file is not used: nobody knows then which keys there are."""
        if self.refusal:
            raise self._unchangeable(self.refusal)

    def _write(self, infos: dict[Identity, KeyInfo], secrets: dict[Identity, bytearray]) -> None:
        refusal = self.refusal
        if not refusal:
            try:
                self._file.save(list(infos.values()), secrets)
                return
            except FileRefused as error:
                refusal = error.reason
            except OSError as error:
                refusal = f"it cannot be written ({error.strerror})"
        raise self._unchangeable(refusal)

    def _unchangeable(self, refusal: str) -> MobileIPv6Error:
        return MobileIPv6Error(
            f"The keys cannot be changed, because of {self.path}: {refusal}",
            hint="let only the service read and write it and its folder (chmod 600 and 700), then: "
            "systemctl reload mnclientd",
        )

    def _drop(self, identity: Identity) -> None:
        if identity in self._secrets:
            _overwrite({identity: self._secrets.pop(identity)})


def _is_provided(info: KeyInfo) -> bool:
    return info.owner is KeyOwner.USER and info.available


def _overwrite(secrets: dict[Identity, bytearray]) -> None:
    for secret in secrets.values():
        secret[:] = bytes(len(secret))


def _check_addresses(home_address: IPv6Address, home_agent: IPv6Address) -> None:
    require_routable(home_address)
    require_routable(home_agent)
    if home_address == home_agent:
        raise InvalidArgument(f"{home_address} is the home agent itself", hint="give the home address and its agent")


def _check_spis(spi_in: int, spi_out: int) -> None:
    for name, value in (("spi_in", spi_in), ("spi_out", spi_out)):
        if not is_spi(value):
            hint = f"a number from {LOWEST_SPI} to {HIGHEST_SPI}"
            raise InvalidArgument(f"{value} is not a Security Parameters Index ({name})", hint=hint)


def _check_secret(kind: KeyKind, name: str, secret: bytes) -> None:
    algorithm = find_algorithm(kind, name)
    if algorithm is None:
        accepted = ", ".join(each.name for each in KEY_ALGORITHMS[kind])
        raise InvalidArgument(f"{name!r} is not an algorithm for {kind.value} (algorithm)", hint=accepted)
    if not algorithm.accepts(len(secret)):
        title = f"The secret has {len(secret)} octets, which is not right for {name} (secret)"
        raise InvalidArgument(title, hint=algorithm.accepted)
