# SPDX-License-Identifier: GPL-2.0-or-later
"""Rows that are left out on purpose: a decision record names them, in a line `Rows: ID, ID` of its own."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.checkout import ROOT
from tests.conformance.rows import Row

RECORDS: Final = ROOT / "docs" / "adr"
_LINE = re.compile(r"^Rows:(.*(?:\n(?!\n).*)*)", re.MULTILINE)  # up to the end of its paragraph


def read_absences(rows: Mapping[str, Row], folder: Path = RECORDS) -> tuple[dict[str, str], list[str]]:
    """The record's file name by row; and what is wrong with the records: unknown rows, and rows that are a MUST."""
    explained: dict[str, str] = {}
    wrong: list[str] = []
    for path in sorted(folder.glob("*.md")):
        for paragraph in _LINE.findall(path.read_text(encoding="utf-8")):
            for name in re.split(r"[,\s]+", paragraph.strip().rstrip(".")):
                row = rows.get(name)
                if row is None:
                    wrong.append(f"{path.name}: {name!r} is no row of docs/conformance")
                elif row.is_absolute:
                    wrong.append(f"{path.name}: {name} is a {row.level}, which no decision explains away")
                else:
                    explained.setdefault(name, path.name)
    return explained, wrong
