# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs in the pages that need no service of the story."""

import subprocess
import sys

import pytest

from tests.docs.blocks import ROOT, blocks


def printed(page):
    (block,) = blocks("python", page)
    result = subprocess.run(
        [sys.executable, "-c", block.text], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


def test_the_engine_answers_to_a_link_that_comes_up():
    actions, phase = printed("developer/engine.md")
    assert "SendPacket" in actions or "SetNetworkState" in actions
    assert phase == "no-home-address"


@pytest.mark.lab
def test_the_lab_moves_a_laptop():
    assert printed("developer/lab.md") == ["registered"]
