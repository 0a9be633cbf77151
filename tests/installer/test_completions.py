# SPDX-License-Identifier: GPL-2.0-or-later
"""What the shells complete, asked of the shells."""

import shutil
import subprocess

import pytest

from service import cli
from service.cli_parser import SHELLS


@pytest.fixture
def script(tmp_path, capsys):
    """Writes the completion for a shell, and skips where there is no such shell."""

    def write(shell, name="mnctl"):
        if not shutil.which(shell):
            pytest.skip(f"{shell} is not installed")
        assert cli.main(["--print-completion", shell]) == 0
        (tmp_path / name).write_text(capsys.readouterr().out, encoding="utf-8")
        return tmp_path / name

    return write


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("shell", sorted(set(SHELLS) - {"tcsh"}))  # tcsh only parses what it also does
def test_scripts_are_well_formed(shell, script):
    done = run(shell, "-n", str(script(shell)))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize(
    "line, words",
    [
        ("mnctl home-a", {"home-agent", "home-agents", "home-addresses"}),
        ("mnctl home-addresses ac", {"accept"}),
        ("mnctl interfaces set-", {"set-priority"}),
        ("mnctl --js", {"--json"}),
        ("mnctl install-service --ro", {"--root"}),
        ("mnctl --print-completion fi", {"fish"}),
        ("mnctl nothing-like-this", set()),
    ],
)
def test_fish_completes(line, words, script):
    file = script("fish", "mnctl.fish")
    done = run("fish", "--no-config", "-c", f"source {file}; complete --do-complete='{line}'")
    assert {each.split("\t")[0] for each in done.stdout.splitlines()} == words, done.stderr


def test_fish_says_what_a_word_does(script):
    file = script("fish", "mnctl.fish")
    done = run("fish", "--no-config", "-c", f"source {file}; complete --do-complete='mnctl reset-n'")
    assert done.stdout.startswith("reset-network\tremove everything a crashed service")


def test_zsh_finds_a_function(script):
    file = script("zsh", "_mnctl")
    assert file.read_text(encoding="utf-8").startswith("#compdef mnctl\n")
    done = run("zsh", "-f", "-c", f"fpath=({file.parent} $fpath); autoload -Uz _mnctl compinit; whence -v _mnctl")
    assert "autoload shell function" in done.stdout
