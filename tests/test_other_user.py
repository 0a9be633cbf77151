# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether somebody else can run what is in a checkout."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.other_user import closed_to_others, why_not


def test_the_outermost_folder_that_others_may_not_enter_is_named():
    with tempfile.TemporaryDirectory() as name:  # those of pytest are in closed ones
        outer = Path(name)
        inner = outer / "open" / "closed"
        inner.mkdir(parents=True)
        inner.chmod(0o700)
        assert closed_to_others(inner) == outer
        outer.chmod(0o755)
        assert closed_to_others(inner) == inner
        inner.chmod(0o711)
        assert closed_to_others(inner) is None


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="needs root and setpriv")
def test_where_every_folder_is_open_the_error_is_told(monkeypatch):
    monkeypatch.setattr("tests.other_user.sys.executable", "/usr/bin/not-there")
    assert "/usr/bin/not-there" in why_not(Path("/usr"))
