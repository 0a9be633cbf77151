# SPDX-License-Identifier: GPL-2.0-or-later
"""Files of keys that the administrator writes and the service only reads: a version, and a list of rows.

    {"version": 1, "keys": [{...}, {...}]}

Such a file is used whole or not at all: with half of the keys a mistake would look like a peer that does not answer.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from service.key_file import LARGEST_FILE, FileRefused, read_private
from service.state_format import STATE_VERSION

WRONG: Final = (KeyError, TypeError, ValueError, AttributeError, RecursionError)
_T = TypeVar("_T")


def load_rows(path: Path, what: str, most: int, convert: Callable[[Any], _T], has: str) -> tuple[_T, ...]:
    """What `convert` makes of each row, nothing when there is no file. `convert` raises one of WRONG when it cannot.

    FileRefused when the file is open to others, has more than `most` rows, or anything in it is wrong. It is said
    without quoting a secret: `what` names the keys, `has` what each has to have.
    """
    content = read_private(path)
    if content is None:
        return ()
    if len(content) > LARGEST_FILE:
        raise FileRefused("it is too large")
    return tuple(_converted(number, row, convert, has) for number, row in enumerate(_rows(content, what, most), 1))


def _rows(content: bytes, what: str, most: int) -> list[Any]:
    try:
        document = json.loads(content)
        version, rows = document["version"], document["keys"]
    except WRONG:
        raise FileRefused(f"it is not a file of {what}") from None
    if version != STATE_VERSION or not isinstance(rows, list):
        raise FileRefused(f"it is not of version {STATE_VERSION}")
    if len(rows) > most:
        raise FileRefused(f"{len(rows)} keys are more than {most}")
    return rows


def _converted(number: int, row: Any, convert: Callable[[Any], _T], has: str) -> _T:
    try:
        return convert(row)
    except WRONG:  # its words could quote the secret
        raise FileRefused(f"key number {number} has not {has}") from None
