# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of conformance as it is kept in the repository is of these tables.

That it names tests of before is no reason to fail: it is of the last run of them all.
"""

import re

import pytest

from tests.checkout import ROOT
from tests.conformance.outcomes import GENERATED
from tests.conformance.report import INTRODUCTION, beginning_of
from tests.conformance.rows import read_rows

AGAIN = "; write it again with: make conformance"


@pytest.fixture(scope="module")
def page() -> str:
    return (ROOT / GENERATED).read_text(encoding="utf-8")


def test_it_has_every_row_with_its_level_and_its_words(page):
    assert page.startswith(INTRODUCTION), GENERATED + AGAIN
    lines = set(re.findall(r"^(\| [A-Z]\S+ \| [A-Z ]+ \| .+? \|) (?:yes|\*\*no\*\*|—) \|", page, re.MULTILINE))
    wanted = {beginning_of(row) for row in read_rows().values()}
    assert len(wanted) > 700
    assert wanted == lines, f"{sorted(wanted ^ lines)[:5]}{AGAIN}"
