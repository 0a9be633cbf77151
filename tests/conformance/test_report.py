# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of conformance as it is kept in the repository: it is of these tables, and of tests that there are."""

import re

import pytest

from tests.checkout import ROOT
from tests.conformance.outcomes import GENERATED
from tests.conformance.report import FILES, INTRODUCTION
from tests.conformance.rows import read_rows

AGAIN = "; write it again with: make conformance"


@pytest.fixture(scope="module")
def page() -> str:
    return (ROOT / GENERATED).read_text(encoding="utf-8")


def test_it_has_every_row_with_its_level_and_its_words(page):
    assert page.startswith(INTRODUCTION), GENERATED + AGAIN
    lines = set(re.findall(r"^(\| [A-Z]\S+ \| [A-Z ]+ \| .+?) \| (?:yes|\*\*no\*\*|—) \|", page, re.MULTILINE))
    wanted = {
        f"| {row.id} | {row.level} | {row.requirement.replace('|', chr(92) + '|')}" for row in read_rows().values()
    }
    assert len(wanted) > 700
    assert wanted == lines, f"{sorted(wanted ^ lines)[:5]}{AGAIN}"


def test_it_names_tests_that_there_are(page):
    named = set(re.findall(r"`([^`:]+\.py)::(?:\w+::)*(\w+)`", page))
    assert len(named) > 500
    files = {file: (ROOT / FILES / file) for file, _ in named}
    content = {file: path.read_text(encoding="utf-8") if path.exists() else "" for file, path in files.items()}
    gone = sorted(f"{file}::{name}" for file, name in named if f"def {name}(" not in content[file])
    assert not gone, f"{gone[:5]}{AGAIN}"
