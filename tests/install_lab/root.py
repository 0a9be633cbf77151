# SPDX-License-Identifier: GPL-2.0-or-later
"""A small system of this machine's own distribution, unpacked for one run.

It is made by mmdebstrap from the machine's own package sources, and kept as an archive: unpacking takes seconds.
"""

import hashlib
import platform
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.checkout import BUILD

CACHE = BUILD / "install"
PROGRAMS = ("mmdebstrap", "tar", "unshare", "nsenter", "dpkg-deb", "ip")

INCLUDED = ("systemd-sysv", "dbus", "polkitd", "iproute2")
"""What every installed Debian has, and the smallest one that mmdebstrap makes lacks."""

_TARGETS = "$(ORIGIN)|deb $(REPO_URI) $(RELEASE) $(COMPONENT)|$(RELEASE)"


class NoRoot(Exception):
    """There is no system to install anything in; the message is one sentence."""


def sources(targets: str, distribution: str) -> tuple[list[str], str]:
    """From what `apt-get indextargets` lists, the lines of this distribution's own sources, and its suite.

    The suite is the one with the shortest name: updates and security have it in front. NoRoot when there is none.
    """
    rows = [line.split("|") for line in targets.splitlines() if line.count("|") == 2]
    own = [(line, release) for origin, line, release in rows if origin.lower() == distribution.lower()]
    if not own:
        raise NoRoot(f"apt has no package source of {distribution} (is there a list? apt-get update)")
    return list(dict.fromkeys(line for line, _ in own)), min((release for _, release in own), key=len)


@contextmanager
def throw_away_root(*others: str) -> Iterator[Path]:
    """The root of a system that nobody has used yet, with these packages more; removed with everything in it."""
    archive = _base((*INCLUDED, *others))
    with tempfile.TemporaryDirectory(prefix="mninstall-") as folder:
        root = Path(folder) / "root"
        root.mkdir()
        _run("tar", "-x", "--numeric-owner", "--xattrs", "--xattrs-include=*", "-f", str(archive), "-C", str(root))
        resolver = root / "etc/resolv.conf"
        resolver.unlink(missing_ok=True)
        shutil.copy("/etc/resolv.conf", resolver)
        (root / "etc/machine-id").write_text(f"{uuid.uuid4().hex}\n", encoding="ascii")  # else the first start asks
        yield root


def _base(included: Sequence[str]) -> Path:
    """The archive, made when there is none from these sources."""
    _run("apt-get", "update")
    told = _run("apt-get", "indextargets", "--format", _TARGETS, "Created-By: Packages")
    lines, suite = sources(told, platform.freedesktop_os_release()["ID"])
    digest = hashlib.sha256(repr((lines, suite, tuple(included))).encode()).hexdigest()[:16]
    archive = CACHE / f"base-{digest}.tar"
    if not archive.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        part = CACHE / f"part-{digest}.tar"
        wishes = ("--mode=root", "--variant=minbase", "--skip=cleanup/apt/lists", f"--include={','.join(included)}")
        _run("mmdebstrap", *wishes, suite, str(part), *lines)
        part.replace(archive)
    return archive


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoRoot(f"{' '.join(command[:2])} failed: {done.stderr.strip()[-2000:]}")
    return done.stdout
