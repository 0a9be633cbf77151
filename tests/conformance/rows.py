# SPDX-License-Identifier: GPL-2.0-or-later
"""The rows of docs/conformance/*.csv: every requirement of the RFCs, one a row, and which of them are in scope."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.checkout import ROOT

FOLDER: Final = ROOT / "docs" / "conformance"

LATER: Final = {
    "dual-stack": "comes later",
    "multihoming-and-control": "comes later",
}
"""Files that are not in scope yet: their rows may be shown, and are not missed."""

_SEEN: Final = re.compile(r"\b(packets?|frames?|traffic|routes?|probes?|RS|RA|NS|NA|PIO|BU|BA)\b")

LEVELS: Final = ("MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY")
ROLES: Final = ("MN", "HA", "CN", "ALL")


@dataclass(frozen=True)
class Row:
    """One requirement; `file` is the name of its table, `verify` says how it can be shown."""

    id: str
    file: str
    role: str
    section: str
    level: str
    requirement: str
    verify: str

    @property
    def is_absolute(self) -> bool:
        """MUST or MUST NOT: nothing explains its absence (RFC 2119)."""
        return self.level.startswith("MUST")

    @property
    def is_in_scope(self) -> bool:
        return self.file not in LATER

    @property
    def is_visible(self) -> bool:
        """Whether it is to be seen on a wire or in a kernel, and not only in the engine.

        `verify` says so: by these words, or by what travels or is in a kernel, unless it asks for a unit test alone.
        """
        if "wire" in self.verify or "kernel" in self.verify:
            return True
        return not self.verify.startswith("unit") and bool(_SEEN.search(self.verify))


def read_rows(folder: Path = FOLDER) -> dict[str, Row]:
    """All rows by identifier, in the order of the tables. ValueError names what is wrong with a table."""
    rows: dict[str, Row] = {}
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for fields in csv.DictReader(file):
                row = _row(path.stem, fields)
                if row.id in rows:
                    raise ValueError(f"{path.name}: {row.id} is there twice")
                rows[row.id] = row
    if not rows:
        raise ValueError(f"{folder} has no tables")
    return rows


def _row(file: str, fields: Mapping[str, str]) -> Row:
    names = ("id", "role", "section", "level", "requirement", "verify")
    if tuple(fields) != names or not all(fields[name] for name in names):
        raise ValueError(f"{file}.csv: not a row: {dict(fields)}")
    row = Row(file=file, **fields)
    if row.level not in LEVELS or row.role not in ROLES:
        raise ValueError(f"{file}.csv: {row.id} has level {row.level!r} and role {row.role!r}")
    return row
