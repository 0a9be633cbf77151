# SPDX-License-Identifier: GPL-2.0-or-later
import os

import pytest

from service import atomic_file
from service.atomic_file import write_atomically


def test_replaces_with_the_mode_asked_for(tmp_path):
    path = tmp_path / "file"
    previous = os.umask(0o077)
    try:
        write_atomically(path, b"one", 0o644)
        write_atomically(path, b"two", 0o640)
    finally:
        os.umask(previous)
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_symbolic_link_stays_one(tmp_path):
    real, link = tmp_path / "real", tmp_path / "link"
    link.symlink_to(real)
    write_atomically(link, b"x", 0o600)
    assert link.is_symlink()
    assert real.read_bytes() == b"x"


@pytest.mark.parametrize("step", ["fsync", "fchmod"])
def test_a_disk_that_refuses_leaves_the_old_content(tmp_path, monkeypatch, step):
    path = tmp_path / "file"
    write_atomically(path, b"old", 0o600)

    def refuse(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic_file.os, step, refuse)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, b"new", 0o600)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_killed_between_write_and_rename_the_old_content_is_there_and_the_next_write_works(tmp_path):
    path = tmp_path / "file"
    write_atomically(path, b"old", 0o600)
    child = os.fork()
    if child == 0:
        type(path).replace = lambda *_: os._exit(9)  # as a SIGKILL at this moment would
        write_atomically(path, b"new", 0o600)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert path.read_bytes() == b"old"
    assert (tmp_path / "file.new").read_bytes() == b"new", "the child was past its write"
    write_atomically(path, b"newer", 0o600)
    assert path.read_bytes() == b"newer"
    assert list(tmp_path.iterdir()) == [path]
