# SPDX-License-Identifier: GPL-2.0-or-later
"""Which state of the sources this is: for results that are kept, and hold only for what they were made from."""

import hashlib
import secrets
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"


def commit(root: Path = ROOT) -> str:
    """The commit that is checked out, "unknown" without git."""
    try:
        return _git(root, "rev-parse", "HEAD").decode().strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def state(root: Path = ROOT, *, leave_out: str = "") -> str:
    """A digest of all files, committed or not, but for `leave_out`; another one each time where there is no git."""
    others = ["--", ".", *([f":(exclude){leave_out}"] if leave_out else [])]
    try:
        _git(root, "update-index", "-q", "--refresh", check=False)
        staged = _git(root, "ls-files", "-z", "--format=%(objectname) %(path)", *others)
        changed = _git(root, "ls-files", "-z", "--modified", "--others", "--exclude-standard", *others)
        blobs = dict(_pair(entry) for entry in staged.split(b"\0") if entry)
        blobs |= {name: _blob(root / name.decode()) for name in changed.split(b"\0") if name}
    except (OSError, subprocess.CalledProcessError):
        return f"unknown {secrets.token_hex(8)}"
    lines = (blob + b" " + name for name, blob in sorted(blobs.items()) if blob)
    return hashlib.sha256(b"\0".join(lines)).hexdigest()


def _pair(entry: bytes) -> tuple[bytes, bytes]:
    blob, name = entry.split(b" ", 1)
    return name, blob


def _blob(path: Path) -> bytes:
    """What git would call the content of a file; nothing for one that is gone."""
    if not path.is_file():
        return b""
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest().encode()


def _git(root: Path, *arguments: str, check: bool = True) -> bytes:
    # safe.directory: the tests may run as root in a checkout of its user
    command = ["git", "-c", f"safe.directory={root}", *arguments]
    return subprocess.run(command, cwd=root, check=check, capture_output=True).stdout
