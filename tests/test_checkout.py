# SPDX-License-Identifier: GPL-2.0-or-later
"""The state of the sources changes with their content, and with nothing else."""

import subprocess
from pathlib import Path

import pytest

from tests.checkout import commit, state


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "a.py").write_text("one")
    (tmp_path / "report.md").write_text("made")
    for arguments in (["init", "-q"], ["add", "."], ["-c", "user.name=x", "-c", "user.email=x", "commit", "-qm", "x"]):
        git(tmp_path, *arguments)
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True)


def test_what_changes_it(repository):
    first = state(repository)
    assert state(repository) == first
    (repository / "a.py").write_text("two")
    second = state(repository)
    (repository / "b.py").write_text("three")
    third = state(repository)
    (repository / "a.py").unlink()
    assert len({first, second, third, state(repository)}) == 4


def test_staging_changes_nothing(repository):
    (repository / "a.py").write_text("two")
    (repository / "b.py").write_text("three")
    before = state(repository)
    git(repository, "add", ".")
    assert state(repository) == before
    git(repository, "-c", "user.name=x", "-c", "user.email=x", "commit", "-qm", "y")
    assert state(repository) == before


def test_a_file_may_be_left_out(repository):
    before = state(repository, leave_out="report.md")
    (repository / "report.md").write_text("made anew")
    assert state(repository, leave_out="report.md") == before
    assert state(repository) != before


def test_without_git_nothing_is_the_same(tmp_path):
    assert commit(tmp_path) == "unknown"
    assert state(tmp_path) != state(tmp_path)
