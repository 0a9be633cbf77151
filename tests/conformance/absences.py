# SPDX-License-Identifier: GPL-2.0-or-later
"""Rows that are left out on purpose: a decision record names them, in a line of its own.

`Rows: ID, ID` explains why a SHOULD or MAY is not shown. `Rows of what is left out: ID, ID` is about a part of the
protocol that is optional as a whole, and that there is none of: its rows say how it is done by those who do it, so
among them may be a MUST. It is for the tables in `OPTIONAL_PARTS` alone.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.checkout import ROOT
from tests.conformance.rows import Row

RECORDS: Final = ROOT / "docs" / "adr"
OPTIONAL_PARTS: Final = ("authentication",)
"""Tables with parts of which there may be none at all, like automatic key management."""

_LINE = re.compile(r"^Rows( of what is left out)?:(.*(?:\n(?!\n).*)*)", re.MULTILINE)  # up to the end of its paragraph


def read_absences(rows: Mapping[str, Row], folder: Path = RECORDS) -> tuple[dict[str, str], list[str]]:
    """The record's file name by row; and what is wrong with the records: unknown rows, and rows that are a MUST.

    A MUST among the explained rows is one of a part that is left out.
    """
    explained: dict[str, str] = {}
    wrong: list[str] = []
    for path in sorted(folder.glob("*.md")):
        for left_out, paragraph in _LINE.findall(path.read_text(encoding="utf-8")):
            for name in re.split(r"[,\s]+", paragraph.strip().rstrip(".")):
                row = rows.get(name)
                if row is None:
                    wrong.append(f"{path.name}: {name!r} is no row of docs/conformance")
                elif left_out and row.file not in OPTIONAL_PARTS:
                    wrong.append(f"{path.name}: {name} is of {row.file}, of which no part is left out")
                elif row.is_absolute and not left_out:
                    wrong.append(f"{path.name}: {name} is a {row.level}, which no decision explains away")
                else:
                    explained.setdefault(name, path.name)
    return explained, wrong
