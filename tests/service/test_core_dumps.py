# SPDX-License-Identifier: GPL-2.0-or-later
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ABORT = f"import os, sys; sys.path.insert(0, {str(ROOT)!r}); {{}}os.abort()"
FORBID = "from service.core_dumps import forbid_core_dumps; forbid_core_dumps(); "


def dumps_core(folder, code):
    """Whether the kernel has made a dump of a program that aborts, although nothing limits its size."""

    def unlimited():
        _, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))

    process = subprocess.Popen([sys.executable, "-c", code], cwd=folder, preexec_fn=unlimited)
    _, status = os.waitpid(process.pid, 0)
    process.returncode = -signal.SIGABRT
    assert os.WTERMSIG(status) == signal.SIGABRT
    return os.WCOREDUMP(status)


def test_an_abort_leaves_nothing(tmp_path):
    if not dumps_core(tmp_path, ABORT.format("")):
        pytest.skip("nothing dumps core here, whatever it is")
    assert not dumps_core(tmp_path, ABORT.format(FORBID))


def test_the_service_says_so_to_the_kernel(tmp_path):
    """Before it reads a key: its very first step."""
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "import ctypes, resource\n"
        "from service import daemon\n"
        "async def none(*_): return 0\n"
        "daemon.serve = none\n"
        "assert daemon.main(['--bus', 'none', '--config', 'c', '--state-dir', 'd']) == 0\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))\n"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert told.stdout == "(0, 0) 0\n"
