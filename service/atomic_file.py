# SPDX-License-Identifier: GPL-2.0-or-later
"""Replacing a file in one step: after a crash at any moment there is the old content or the new one, never a part."""

import logging
import os
from pathlib import Path
from typing import Final

_log = logging.getLogger(__name__)

MOST_DAMAGED_KEPT: Final = 9


def write_atomically(path: Path, content: bytes, mode: int) -> None:
    """Write beside `path`, flush to the disk, rename. OSError leaves `path` as it was.

    The name of the temporary file is fixed, so that one left behind by a crash is overwritten by the next attempt.
    """
    target = path.resolve()  # a symbolic link stays one
    temporary = target.with_name(target.name + ".new")
    try:
        _write(temporary, content, mode)
        temporary.replace(target)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    _flush_directory(target.parent)


def move_aside(path: Path) -> None:
    """Rename a file that is not understood to NAME.damaged-1 and so on; the last number is used again."""
    numbered = [path.with_name(f"{path.name}.damaged-{number}") for number in range(1, MOST_DAMAGED_KEPT + 1)]
    aside = next((each for each in numbered if not each.exists()), numbered[-1])
    try:
        path.replace(aside)
    except OSError as error:
        _log.warning("%s cannot be renamed: %s", path, error)


def _write(path: Path, content: bytes, mode: int) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, mode)  # whatever the umask says
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _flush_directory(directory: Path) -> None:
    """So that the rename itself survives a power failure."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
