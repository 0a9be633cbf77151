# SPDX-License-Identifier: GPL-2.0-or-later
"""What came of a trial."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.checkout import BUILD

RESULT = BUILD / "test-install.json"
MACHINE_RESULT = BUILD / "test-install-machine.json"


def digest(package: Path) -> str:
    """SHA-256 of a package, to know again what was tried."""
    return hashlib.sha256(package.read_bytes()).hexdigest()


@dataclass
class Result:
    """What becomes RESULT or MACHINE_RESULT. `kind`: "none" or "systemd" (the first program), or "machine"."""

    kind: str
    manager: str = ""
    packages: dict[str, str] = field(default_factory=dict)
    """Digest by the name of the file."""
    steps: list[dict[str, Any]] = field(default_factory=list)
    exposure: dict[str, float] = field(default_factory=dict)
    moves: list[dict[str, Any]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    """What was measured beside it."""
    orphans: list[str] = field(default_factory=list)
    new_users: list[str] = field(default_factory=list)
    failure: str = ""
