# SPDX-License-Identifier: GPL-2.0-or-later
"""A control group for a systemd that is not the machine's own: it keeps its services in groups below this one."""

import contextlib
import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from tests.install_lab.failure import Failed

_ENTER = 'echo $$ >"$0/cgroup.procs" && exec "$@"'


def hierarchy(mounts: str) -> Path:
    """Where the unified hierarchy is, from what /proc/self/mounts says. Failed when it is not mounted."""
    for line in mounts.splitlines():
        _, place, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(place)
    raise Failed("systemd needs the unified hierarchy of control groups (cgroup2), which is not mounted here")


def enter_cgroup(undo: ExitStack) -> list[str]:
    """What to put in front of a command, so that it runs in a new group; `undo` removes the group."""
    group = hierarchy(Path("/proc/self/mounts").read_text(encoding="utf-8")) / f"mnclient-install-{os.getpid()}"
    group.mkdir()
    undo.callback(_remove, group)
    return ["sh", "-c", _ENTER, str(group)]


def _remove(group: Path) -> None:
    """When its processes have gone, which takes the kernel a moment."""
    end = time.monotonic() + 10
    while group.exists() and time.monotonic() < end:
        for folder, _, _ in os.walk(group, topdown=False):
            with contextlib.suppress(OSError):  # a process is still ending there
                Path(folder).rmdir()
        time.sleep(0.02)
    if group.exists():
        print(f"{group} cannot be removed; do it by hand", file=sys.stderr)
