# SPDX-License-Identifier: GPL-2.0-or-later
"""The keys of the service, and the only place that holds their secrets.

Secrets come in and are never told: nothing here, no error and no `repr` contains one. Those of this computer are in the
key file; those of a person are in memory only, from `provide` until `wipe`. Memory is overwritten when a secret is not
needed any more, as far as Python lets us: copies in messages and in the JSON of the file are left to its allocator.
"""

import hmac
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv6Address
from pathlib import Path

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

Identity = tuple[IPv6Address, IPv6Address, int]
"""Home address, home agent, outgoing SPI."""


class KeyStore:
    """All keys. Methods that change something raise before anything is changed."""

    def __init__(self, state_directory: Path, wall_clock: Callable[[], float]) -> None:
        self._file = KeyFile(state_directory)
        self._wall_clock = wall_clock
        self._infos: dict[Identity, KeyInfo] = {}
        self._secrets: dict[Identity, bytearray] = {}
        self.refusal = ""
        """Why the file is not used; "" when it is."""
        self.damaged = ""
        """Why an earlier file was set aside, if it was when it was last read."""

    @property
    def path(self) -> Path:
        """The key file."""
        return self._file.path

    def load(self) -> None:
        """Read the file; `refusal` and `damaged` say what is wrong with it. Secrets that were provided stay."""
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
    ) -> None:
        """Install a key, in place of one with the same identity and owner. It is on disk when this returns."""
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
            created_time=self._wall_clock(),
            available=True,
        )
        self._check_place(info)
        held = bytearray(secret)
        self._save({**self._infos, info.identity: info}, {**self._secrets, info.identity: held})
        self._drop(info.identity)
        self._infos[info.identity], self._secrets[info.identity] = info, held

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
        self._save({each: info for each, info in self._infos.items() if each != identity}, self._secrets)
        self._drop(identity)
        del self._infos[identity]

    def wipe(self) -> None:
        """Forget everything that is in memory; what is on disk stays."""
        _overwrite(self._secrets)
        self._infos, self._secrets = {}, {}

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

    def _save(self, infos: dict[Identity, KeyInfo], secrets: dict[Identity, bytearray]) -> None:
        refusal = self.refusal
        if not refusal:
            try:
                self._file.save(list(infos.values()), secrets)
                return
            except FileRefused as error:
                refusal = error.reason
            except OSError as error:
                refusal = f"it cannot be written ({error.strerror})"
        raise MobileIPv6Error(
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
