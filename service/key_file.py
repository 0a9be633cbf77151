# SPDX-License-Identifier: GPL-2.0-or-later
"""The file of keys: `keys/keys.json` in the state folder, for the service alone (0600, its folder 0700).

It holds what is known of every key, and the secrets of those that are this computer's; a person's secrets never come
here. A file that others could read or write is refused as long as it is so, and nothing is written over it. One that is
not understood is set aside, and what can still be read of it is kept.
"""

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any, Final

from mnclient.model.keys import MAX_KEYS, KeyInfo, KeyKind, KeyOwner, find_algorithm, is_spi
from service.atomic_file import move_aside, write_atomically
from service.state_format import STATE_VERSION, encoded, finite

FOLDER: Final = "keys"
FILE: Final = "keys.json"
LARGEST_FILE: Final = 1 << 18  # octets; 64 keys are 30 kB
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_WRONG: Final = (KeyError, TypeError, ValueError, AttributeError, OverflowError)


class FileRefused(Exception):
    """The file must not be used as it is. `reason` is a part of a sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True, kw_only=True)
class KeptKeys:
    """What a file holds. `damaged` says what was wrong with it, if it was set aside."""

    infos: list[KeyInfo] = field(default_factory=list)
    secrets: dict[tuple[IPv6Address, IPv6Address, int], bytearray] = field(default_factory=dict, repr=False)
    damaged: str = ""


class KeyFile:
    """Reads and replaces the file."""

    def __init__(self, state_directory: Path) -> None:
        self.folder = state_directory / FOLDER
        self.path = self.folder / FILE

    def load(self) -> KeptKeys:
        """What was stored; nothing when there is no file. FileRefused when others could have touched it."""
        content = self._read()
        if content is None:
            return KeptKeys()
        kept = _decoded(content)
        if kept.damaged:
            move_aside(self.path)
            if kept.infos:
                self._save_again(kept)
        return kept

    def _save_again(self, kept: KeptKeys) -> None:
        """A disk that refuses takes no key away that was read; the next change tries again."""
        try:
            self.save(kept.infos, kept.secrets)
        except OSError as error:
            kept.damaged += f", and what was understood cannot be written again ({error.strerror})"

    def save(self, infos: list[KeyInfo], secrets: Mapping[tuple[IPv6Address, IPv6Address, int], bytearray]) -> None:
        """Replace the file; OSError, or FileRefused, leaves the old one."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_folder(self.folder)
        write_atomically(self.path, encoded({"keys": [_row(each, secrets) for each in infos]}), 0o600)

    def _read(self) -> bytes | None:
        return read_private(self.path, forget=FILE + ".new")  # secrets that a crash left behind


def read_private(path: Path, forget: str = "") -> bytes | None:
    """What a file of secrets holds, one octet over LARGEST_FILE at most; None when there is none.

    A file beside it named `forget` is removed. FileRefused when anybody else could have read or written it.
    """
    try:
        check_folder(path.parent)
        if forget:
            path.with_name(forget).unlink(missing_ok=True)
        # A link could lead to a file that others can write; a pipe would be waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FileRefused(f"it cannot be read ({error.strerror})") from None
    try:
        _check(os.fstat(descriptor), stat.S_ISREG, "it")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise FileRefused(f"it cannot be read ({error.strerror})") from None
    finally:
        os.close(descriptor)


def check_folder(folder: Path) -> None:
    """FileRefused unless the folder of secrets is the service's alone; FileNotFoundError when there is none."""
    _check(folder.lstat(), stat.S_ISDIR, "its folder")


def _check(found: os.stat_result, is_right_kind: Any, what: str) -> None:
    if not is_right_kind(found.st_mode):
        raise FileRefused(f"{what} is of a wrong kind (a link, for example)")
    if found.st_uid not in (0, os.geteuid()):
        raise FileRefused(f"{what} belongs to another user ({found.st_uid})")
    if found.st_mode & _OTHERS:
        raise FileRefused(f"{what} is open to other users (mode {stat.S_IMODE(found.st_mode):04o})")


def _row(info: KeyInfo, secrets: Mapping[tuple[IPv6Address, IPv6Address, int], bytearray]) -> dict[str, object]:
    row: dict[str, object] = {
        "home_address": str(info.home_address),
        "home_agent": str(info.home_agent),
        "kind": info.kind.value,
        "algorithm": info.algorithm,
        "spi_in": info.spi_in,
        "spi_out": info.spi_out,
        "owner": info.owner.value,
        "created_time": info.created_time,
    }
    return row | {"secret": secrets[info.identity].hex()} if info.owner is KeyOwner.COMPUTER else row


def _decoded(content: bytes) -> KeptKeys:
    if len(content) > LARGEST_FILE:
        return KeptKeys(damaged="it is too large")
    try:
        document = json.loads(content)
        rows = document["keys"]
        version = document["version"]
    except (*_WRONG, RecursionError):
        return KeptKeys(damaged="it is not a file of keys")
    if version != STATE_VERSION or not isinstance(rows, list):
        return KeptKeys(damaged="it was written by another version")
    kept = KeptKeys()
    wrong = 0
    for row in rows[:MAX_KEYS]:
        try:
            _take(kept, row)
        except _WRONG:  # its words could quote the secret
            wrong += 1
    if wrong or len(rows) > MAX_KEYS:
        kept.damaged = f"{wrong} of {len(rows)} keys were not understood" if wrong else f"{len(rows)} keys are too many"
    return kept


def _take(kept: KeptKeys, row: dict[str, Any]) -> None:
    owner = KeyOwner(row["owner"])
    secret = bytearray.fromhex(row["secret"]) if owner is KeyOwner.COMPUTER else None
    info = KeyInfo(
        home_address=IPv6Address(str(row["home_address"])),
        home_agent=IPv6Address(str(row["home_agent"])),
        kind=KeyKind(row["kind"]),
        algorithm=row["algorithm"],
        spi_in=row["spi_in"],
        spi_out=row["spi_out"],
        owner=owner,
        created_time=finite(row["created_time"]),
        available=secret is not None,
    )
    algorithm = find_algorithm(info.kind, info.algorithm)
    if algorithm is None or (secret is not None and not algorithm.accepts(len(secret))):
        raise ValueError("no secret for an algorithm that is known")
    if not all(type(each) is int and is_spi(each) for each in (info.spi_in, info.spi_out)):
        raise ValueError("no SPI")
    if info.identity in {each.identity for each in kept.infos}:
        raise ValueError("twice")
    kept.infos.append(info)
    if secret is not None:
        kept.secrets[info.identity] = secret
