# SPDX-License-Identifier: GPL-2.0-or-later
"""Which state of the sources this is: for results that are kept, and hold only for what they were made from."""

import hashlib
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"


def state(root: Path = ROOT) -> str:
    """The commit, with a digest of what is not committed; a digest of nothing known where there is no git."""
    try:
        commit = _git(root, "rev-parse", "HEAD").decode().strip()
        changes = _git(root, "diff", "HEAD", "--binary") + _untracked(root)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{commit}+{hashlib.sha256(changes).hexdigest()[:12]}" if changes else commit


def _untracked(root: Path) -> bytes:
    names = _git(root, "ls-files", "-z", "--others", "--exclude-standard").split(b"\0")
    contents = [name + b"\0" + (root / name.decode()).read_bytes() for name in sorted(names) if name]
    return b"\0".join(contents)


def _git(root: Path, *arguments: str) -> bytes:
    # safe.directory: the tests may run as root in a checkout of its user
    command = ["git", "-c", f"safe.directory={root}", *arguments]
    return subprocess.run(command, cwd=root, check=True, capture_output=True).stdout
