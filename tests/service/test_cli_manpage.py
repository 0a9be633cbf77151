# SPDX-License-Identifier: GPL-2.0-or-later
import os
import subprocess
import sys
from pathlib import Path

import pytest

from service import cli_manpage

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="argparse words its help a little differently")
def test_the_manual_page_is_current(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "47")
    written = (ROOT / "docs/man/mnctl.1").read_text(encoding="utf-8")
    assert cli_manpage.manual_page() == written, "run: python -m service.cli_manpage"
    assert cli_manpage.main([str(tmp_path / "page.1")]) == 0
    assert (tmp_path / "page.1").read_text(encoding="utf-8") == written


def test_the_manual_page_is_well_formed():
    page = ROOT / "docs/man/mnctl.1"
    result = subprocess.run(
        ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", str(page)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "MANROFFSEQ": ""},
    )
    assert result.stderr == ""
