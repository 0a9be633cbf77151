# SPDX-License-Identifier: GPL-2.0-or-later
"""What a lab that was killed could not take away."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.lab.node import NAMESPACES

OURS = re.compile(r"mn(\d+)-\w+-[a-z-]+")
OUR_FOLDERS = re.compile(r"mnlab-(\d+)-\w+")


def new_folder(*, keep: bool) -> Path:
    """A folder for one run; one that is to be kept has a name that is never swept."""
    return Path(tempfile.mkdtemp(prefix=f"mnlab-{'kept' if keep else os.getpid()}-"))


def namespaces_of_runs() -> dict[str, int]:
    """The lab's namespaces on this machine, with the process identifiers of the labs that made them."""
    names = [path.name for path in NAMESPACES.iterdir()] if NAMESPACES.is_dir() else []
    return {name: int(match[1]) for name in names if (match := OURS.fullmatch(name))}


def sweep_dead_runs() -> list[str]:
    """Delete the namespaces and folders of labs whose process is gone (its children died with it); the names."""
    dead = [name for name, pid in namespaces_of_runs().items() if not _exists(pid)]
    for name in dead:
        subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
    for path in Path(tempfile.gettempdir()).iterdir():
        match = OUR_FOLDERS.fullmatch(path.name)
        if match and not _exists(int(match[1])):
            shutil.rmtree(path, ignore_errors=True)
    return dead


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
