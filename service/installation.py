# SPDX-License-Identifier: GPL-2.0-or-later
"""Making the service a part of this system where no package does it: units, D-Bus, polkit, modules, network managers.

What was written is recorded with its digest, so that removing takes away exactly that: not what a package or a person
put there, and not what was edited since.
"""

import contextlib
import hashlib
import json
import os
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from mnclient.errors import MobileIPv6Error
from service.atomic_file import write_atomically

RECORD: Final = "usr/local/lib/mnclient/installed-files.json"
"""Where only root writes: whoever can change it says what root removes."""
SYSUSERS: Final = "etc/sysusers.d/mnclient.conf"
UNITS: Final = ("mnclientd.service", "mnclient-sweep.service")

PARTS: Final = {
    "systemd/mnclientd.service": "etc/systemd/system/mnclientd.service",
    "systemd/mnclient-sweep.service": "etc/systemd/system/mnclient-sweep.service",
    "dbus/org.mnclient.MobileNode1.conf": "etc/dbus-1/system.d/org.mnclient.MobileNode1.conf",
    "dbus/org.mnclient.MobileNode1.service": "usr/local/share/dbus-1/system-services/org.mnclient.MobileNode1.service",
    "polkit/org.mnclient.policy": "usr/share/polkit-1/actions/org.mnclient.policy",  # the only place all polkits read
    "sysusers/mnclient.conf": SYSUSERS,
    "modules/mnclient.conf": "etc/modules-load.d/mnclient.conf",
    "network-managers/mnclient-networkmanager.conf": "etc/NetworkManager/conf.d/90-mnclient.conf",
    "network-managers/05-mnclient.network": "etc/systemd/network/05-mnclient.network",
}
"""What is installed: the file in the folder `installer`, and its place below the root of the file system."""

_PROGRAMS: Final = {"/usr/sbin/mnclientd": "mnclientd", "/usr/bin/mnctl": "mnctl"}  # as the units name them
_HIDDEN_FROM_SERVICES: Final = ("/home", "/root", "/run/user", "/tmp", "/var/tmp")  # ProtectHome=, PrivateTmp=
_MODE: Final = 0o644


@dataclass(frozen=True, slots=True)
class Removal:
    """What removing did: files taken away, and files left because they were edited since; absolute paths."""

    removed: tuple[Path, ...]
    kept: tuple[Path, ...]


@dataclass(slots=True)
class _Record:
    """What an installation has made: the digest of each file by its place, and folders in the order they were made."""

    files: dict[str, str] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)

    @classmethod
    def load(cls, root: Path) -> "_Record":
        try:
            told: Any = json.loads((root / RECORD).read_bytes())
            made = cls(dict(told["files"]), list(told["folders"]))
            if not all(_is_below(name) for name in [*made.files, *made.folders]):
                raise ValueError("a place outside the system")
        except FileNotFoundError:
            return cls()
        except (ValueError, TypeError, KeyError) as error:
            hint = f"see {root / RECORD}, and remove what it names by hand"
            raise MobileIPv6Error("The record of what was installed is damaged", hint=hint) from error
        return made

    def save(self, root: Path) -> None:
        self.make_folder(root, str(Path(RECORD).parent))
        content = json.dumps({"files": self.files, "folders": self.folders}, indent=1) + "\n"
        write_atomically(root / RECORD, content.encode(), _MODE)

    def make_folder(self, root: Path, name: str) -> None:
        missing = [each for each in (Path(name), *Path(name).parents) if not (root / each).is_dir()]
        for each in reversed(missing):
            (root / each).mkdir(mode=0o755)
            self.folders.append(str(each))


def source_folder() -> Path:
    """The folder `installer` of a checkout, or what a wheel has of it. MobileIPv6Error where there is neither."""
    checkout = Path(__file__).resolve().parent.parent / "installer"
    installed = Path(sysconfig.get_path("data")) / "share/mnclient"
    for folder in (checkout, installed):
        if all((folder / name).is_file() for name in PARTS):
            return folder
    hint = "it came as a package of this system, which has set the service up already"
    raise MobileIPv6Error("The files to install are not here", hint=hint)


def check_programs(folder: Path) -> None:
    """MobileIPv6Error when systemd could not start the programs in this folder for another user."""
    text = str(folder)
    for program in _PROGRAMS.values():
        if not os.access(folder / program, os.X_OK):
            raise MobileIPv6Error(f"There is no program {program} in {text}", hint="install the wheel first")
    if any(text == each or text.startswith(each + "/") for each in _HIDDEN_FROM_SERVICES):
        hint = "install it where the service may read it: python3 -m venv /opt/mnclient, for example"
        raise MobileIPv6Error(f"The programs are in {text}, which the service cannot see", hint=hint)
    if not text.isprintable() or set(text) & set(" \"'\\%$;"):
        raise MobileIPv6Error(
            f"A unit cannot name the folder {text!r}", hint="install it in a folder with a plain name"
        )


def install(root: Path, programs: Path) -> tuple[Path, ...]:
    """Write everything below `root`, with units that start the programs in `programs`; gives what was written.

    Again after an update it writes what is new. MobileIPv6Error, with nothing written, when something else is in the
    place of a file. OSError leaves what was written recorded, so that `uninstall` finds it.
    """
    source = source_folder()
    record = _Record.load(root)
    contents = {place: _content(source / name, programs) for name, place in PARTS.items()}
    for place in contents:
        if not _is_ours(root / place, record.files.get(place)):
            hint = "it is from a package or was edited; remove it, or leave the installation as it is"
            raise MobileIPv6Error(f"{root / place} is there already and not from here", hint=hint)
    written = []
    try:
        for place, content in contents.items():
            record.make_folder(root, str(Path(place).parent))
            record.files[place] = hashlib.sha256(content).hexdigest()
            write_atomically(root / place, content, _MODE)
            written.append(root / place)
    finally:
        record.save(root)
    return tuple(written)


def uninstall(root: Path) -> Removal:
    """Remove what `install` wrote below `root`, and folders that it made and that are empty now.

    MobileIPv6Error when nothing is recorded; OSError when the system refuses.
    """
    record = _Record.load(root)
    if not record.files:
        raise MobileIPv6Error("Nothing was installed from here", hint="a package is removed by its package manager")
    removed, kept = [], []
    for place, digest in record.files.items():
        if not _is_ours(root / place, digest):
            kept.append(root / place)
        elif (root / place).is_file():
            (root / place).unlink()
            removed.append(root / place)
    (root / RECORD).unlink()
    for folder in reversed(record.folders):
        with contextlib.suppress(OSError):  # somebody has put something there meanwhile, or taken it away
            (root / folder).rmdir()
    return Removal(tuple(removed), tuple(kept))


def _content(file: Path, programs: Path) -> bytes:
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".service":
        for packaged, name in _PROGRAMS.items():
            text = text.replace(packaged, str(programs / name))
    return text.encode()


def _is_ours(path: Path, digest: str | None) -> bool:
    """Whether nothing is lost when this file is overwritten or removed."""
    if not path.exists() and not path.is_symlink():
        return True
    return path.is_file() and not path.is_symlink() and hashlib.sha256(path.read_bytes()).hexdigest() == digest


def _is_below(name: str) -> bool:
    return bool(name) and not Path(name).is_absolute() and ".." not in Path(name).parts
