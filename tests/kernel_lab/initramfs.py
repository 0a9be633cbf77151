# SPDX-License-Identifier: GPL-2.0-or-later
"""The first file system of the virtual machine: a shell, a few modules, and the script that mounts the real one.

It is a `cpio` archive in the "newc" form (kernel documentation, driver-api/early-userspace/buffer-format), written here
because it is shorter than explaining an archiver's options.
"""

import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PROGRAMS = ("sh", "insmod", "mkdir", "mount", "sleep", "switch_root", "umount", "uname")
FOLDERS = ("bin", "dev", "lab", "lower", "modules", "new", "proc", "sys", "write")


@dataclass
class Archive:
    """Collects entries; `data()` is the whole archive."""

    _parts: list[bytes] = field(default_factory=list)
    _count: int = 0

    def folder(self, name: str) -> None:
        """Add an empty folder."""
        self._entry(name, stat.S_IFDIR | 0o755, b"")

    def file(self, name: str, content: bytes, mode: int = 0o644) -> None:
        """Add a file."""
        self._entry(name, stat.S_IFREG | mode, content)

    def data(self) -> bytes:
        """The archive so far, with its end mark."""
        return b"".join([*self._parts, *_member("TRAILER!!!", 0, 0, b"")])

    def _entry(self, name: str, mode: int, content: bytes) -> None:
        self._count += 1
        self._parts.extend(_member(name, self._count, mode, content))


def _member(name: str, inode: int, mode: int, content: bytes) -> Iterator[bytes]:
    links = 1
    # inode, mode, uid, gid, links, mtime, size, device (2), special device (2), length of the name, checksum
    numbers = (inode, mode, 0, 0, links, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
    yield _padded(b"070701" + b"".join(b"%08x" % number for number in numbers) + name.encode() + b"\0")
    yield _padded(content)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def build(script: bytes, settings: bytes, modules: list[tuple[str, bytes]], search_path: str) -> bytes:
    """The archive. `modules` are loaded in this order; `settings` are shell variables that the script reads."""
    archive = Archive()
    for name in FOLDERS:
        archive.folder(name)
    for name, content in _programs(search_path).items():
        for parent in reversed(Path(name).parents[:-1]):
            archive.folder(str(parent))
        archive.file(name, content, 0o755)
    archive.file("init", script, 0o755)
    archive.file("lab/settings", settings)
    for number, (name, content) in enumerate(modules):
        archive.file(f"modules/{number:02d}-{name}", content)
    return archive.data()


def _programs(search_path: str) -> dict[str, bytes]:
    """This machine's own programs, by the name they get, and the libraries that they ask for."""
    contents: dict[str, bytes] = {}
    for name in PROGRAMS:
        program = shutil.which(name, path=search_path)
        if program is None:
            raise FileNotFoundError(f"{name} is not installed")
        contents[f"bin/{name}"] = Path(program).read_bytes()
        asked = subprocess.run(["ldd", program], check=False, capture_output=True, text=True).stdout
        for library in re.findall(r"(?:^\s*|=> )(/\S+)", asked, re.MULTILINE):
            contents[library.lstrip("/")] = Path(library).read_bytes()
    return contents
