# SPDX-License-Identifier: GPL-2.0-or-later
"""What a virtual machine's end is reported as. A script stands in for qemu; the real one is in test_kernel_lab.py."""

import io
import platform
from pathlib import Path

import pytest

from tests.kernel_lab import kernel_image, machine
from tests.kernel_lab.machine import Broken, Machine

# The folder of the run, from qemu's arguments.
PREAMBLE = """#!/bin/sh
for word; do case $word in file:*) console=${word#file:}; run=${console%/console};; esac; done
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Runs a command in a "machine" that does what the script says; exit status, output and errors."""
    if platform.machine() not in machine.EMULATORS:
        pytest.skip(machine.why_not())
    cache = tmp_path / "build" / "kernel"
    monkeypatch.setattr(machine, "ROOT", tmp_path)
    monkeypatch.setattr(machine, "CACHE", cache)
    monkeypatch.setattr(machine, "CONSOLE", cache / "console.log")
    monkeypatch.setattr(machine, "MODULES", ())
    modules = cache / "6.1" / "lib" / "modules" / "6.1"
    modules.mkdir(parents=True)
    (cache / "6.1" / "boot").mkdir()
    for file in (modules / "modules.dep", modules / "modules.builtin", cache / "6.1" / "boot" / "vmlinuz-6.1"):
        file.touch()
    qemu = tmp_path / machine.EMULATORS[platform.machine()].program
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    def run_with(script: str) -> tuple[int, str, str]:
        qemu.write_text(PREAMBLE + script, encoding="utf-8")
        qemu.chmod(0o755)
        (tmp_path / "depmod").touch(mode=0o755)
        output, errors = io.BytesIO(), io.BytesIO()
        try:
            with Machine(output, errors) as started:
                started.start(["true"])
                return started.wait(), output.getvalue().decode(), errors.getvalue().decode()
        finally:
            assert not list(cache.glob("run-*")), "it leaves nothing behind"

    return run_with


def test_the_commands_output_and_exit_status_are_passed_on(run):
    script = "touch $console $run/started; echo said >$run/stdout; echo complained >$run/stderr; echo 7 >$run/status"
    assert run(script) == (7, "said\n", "complained\n")


@pytest.mark.parametrize(
    "script, words",
    [
        ("echo no such machine >&2; exit 1", "qemu did not start: no such machine"),
        ("echo panic >$console", "broke down before it was up: see build/kernel/console.log"),
        ("echo panic >$console; touch $run/started", "broke down while the command ran: see build/kernel/console.log"),
    ],
)
def test_a_machine_that_ends_too_early(run, script, words):
    with pytest.raises(Broken, match=words):
        run(script)


def test_a_machine_that_never_comes_up_is_ended(run, monkeypatch):
    monkeypatch.setattr(machine, "BOOT_LIMIT", 0.2)
    with pytest.raises(Broken, match="did not come up within 0 s"):
        run("touch $console; exec sleep 60")


@pytest.mark.parametrize("last", ["now", "1 hour ago"])
def test_a_machine_that_gives_no_sign_of_life_is_ended(run, monkeypatch, last):
    monkeypatch.setattr(machine, "SILENCE_LIMIT", 0.2)
    with pytest.raises(Broken, match="has hung"):
        run(f"touch -d '{last}' $console $run/alive; touch $run/started; exec sleep 60")


def test_a_kernel_without_a_needed_module(run, monkeypatch):
    monkeypatch.setattr(machine, "MODULES", ("no_such_thing",))
    with pytest.raises(Broken, match="has no module no_such_thing"):
        run("")


def test_modules_are_loaded_after_what_they_need(tmp_path: Path):
    modules = tmp_path / "6.1" / "lib" / "modules" / "6.1"
    modules.mkdir(parents=True)
    for name in ("a", "b", "c-d"):
        (modules / f"{name}.ko").write_bytes(name.encode())
    (modules / "modules.dep").write_text("a.ko: b.ko c-d.ko\nb.ko: c-d.ko\nc-d.ko:\n")
    (modules / "modules.builtin").write_text("kernel/e.ko\n")
    kernel = kernel_image.Kernel(tmp_path / "6.1")
    assert kernel.modules_for("b", "e", "a") == [("c_d.ko", b"c-d"), ("b.ko", b"b"), ("a.ko", b"a")]
