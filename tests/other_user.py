# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs of this checkout run as somebody who may nothing: possible where everybody can read it.

A folder that is closed to others, as home folders are on many machines, is in the way.
"""

import stat
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.checkout import ROOT

NOBODY: Final = 65534
AS_NOBODY: Final = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")


def why_not(root: Path = ROOT) -> str:
    """Why somebody else cannot run what is in a checkout, "" if he can. For root alone."""
    probe = [*AS_NOBODY, sys.executable, "-B", "-c", "import service.cli"]
    ended = subprocess.run(probe, cwd=root, capture_output=True, text=True, check=False)
    if ended.returncode == 0:
        return ""
    if (closed := closed_to_others(root)) is not None:
        return f"{closed} is closed to other users, and this runs programs of the checkout as one of them"
    return f"another user cannot run programs of this checkout: {ended.stderr.strip().splitlines()[-1]}"


def closed_to_others(folder: Path) -> Path | None:
    """The outermost of a folder and all above it that others may not enter."""
    return next((each for each in (*reversed(folder.parents), folder) if not each.stat().st_mode & stat.S_IXOTH), None)
