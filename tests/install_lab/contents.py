# SPDX-License-Identifier: GPL-2.0-or-later
"""What is below the root of a file system, and what is left when a package has gone."""

import hashlib
import json
import os
import stat
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

Contents = Mapping[str, str]
"""Path below the root, and what is there: kind, mode, owner, and a digest of the content or the aim of a link."""

OTHERS = {
    "var/lib/dpkg/": "the package manager's records",
    "var/lib/apt/": "the package manager's records",
    "var/cache/": "what can be made again",
    "var/log/": "what happened",
    "var/lib/NetworkManager/": "NetworkManager's own",
    "etc/resolv.conf": "NetworkManager's own",
    "var/backups/": "the package manager's records",
    "tmp/systemd-private-": "systemd's own: folders of services that run just now",
    "var/tmp/systemd-private-": "systemd's own: folders of services that run just now",
    "var/lib/systemd/random-seed": "systemd's own",
    "var/lib/systemd/rfkill/": "systemd's own",
    "var/lib/systemd/timers/": "systemd's own",
    "var/lib/systemd/catalog/": "systemd's own",
}
"""Places that other programs write to whenever anything is installed, and why they say nothing about ours."""

USERS = ("passwd", "group", "shadow", "gshadow")
"""In /etc, with a copy of the last state beside each (a "-" behind the name)."""


@dataclass(frozen=True)
class Differences:
    """Paths below the root, sorted."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


def look(root: Path, *folders: str) -> dict[str, str]:
    """Everything below `root`, or only below these folders of it, empty folders included.

    What is mounted there in other namespaces is not seen.
    """
    return {str(path.relative_to(root)): _entry(path) for each in folders or ("",) for path in _walk(root / each)}


def _walk(folder: Path) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        for entry in entries:
            yield Path(entry.path)
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(Path(entry.path))


def _entry(path: Path) -> str:
    status = path.lstat()
    told = f"{stat.filemode(status.st_mode)} {status.st_uid}:{status.st_gid}"
    if stat.S_ISREG(status.st_mode):
        with path.open("rb") as file:
            return f"{told} {hashlib.file_digest(file, 'sha256').hexdigest()}"
    if stat.S_ISLNK(status.st_mode):
        return f"{told} -> {path.readlink()}"
    return told


def compare(before: Contents, after: Contents) -> Differences:
    """What came, went and changed, but for the places of OTHERS and the lists of users (`new_users` looks at those)."""
    names = {name for name in before.keys() | after.keys() if not _is_of_others(name)}
    return Differences(
        added=tuple(sorted(name for name in names if name not in before)),
        removed=tuple(sorted(name for name in names if name not in after)),
        changed=tuple(
            sorted(name for name in names if name in before and name in after and before[name] != after[name])
        ),
    )


def _is_of_others(name: str) -> bool:
    if name.startswith("etc/") and name.removeprefix("etc/").removesuffix("-") in USERS:
        return True
    return any(name == place.rstrip("/") or name.startswith(place) for place in OTHERS)


def main() -> None:
    """For a system that is seen from inside only: `contents.py ROOT FOLDER...` prints what `look` finds, as JSON."""
    root, *folders = sys.argv[1:]
    json.dump(look(Path(root), *folders), sys.stdout)


def users(root: Path) -> dict[str, tuple[str, ...]]:
    """The lines of each list of users; without the line of a list that a system does not have."""
    files = {name: root / "etc" / name for name in USERS}
    return {name: tuple(file.read_text().splitlines()) for name, file in files.items() if file.exists()}


def new_users(before: Mapping[str, tuple[str, ...]], after: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Whose lines differ, in any of the lists."""
    names: set[str] = set()
    for file in before.keys() | after.keys():
        names |= {line.split(":")[0] for line in set(before.get(file, ())) ^ set(after.get(file, ()))}
    return names


if __name__ == "__main__":
    main()
