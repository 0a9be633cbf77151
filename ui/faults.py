# SPDX-License-Identifier: GPL-2.0-or-later
"""What is done with an error that nobody expected: kept for a report, and told in one sentence."""

import asyncio
import sys
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import platformdirs

from ui.texts import tr

FILE: Final = "tray-faults.log"
LARGEST: Final = 1024 * 1024
"""Octets; a file that has grown past this begins anew."""


def install() -> None:
    """From now on no traceback is written on the person's terminal."""
    sys.excepthook = _keep


def watch(loop: asyncio.AbstractEventLoop) -> None:
    """The same for what happens in a task."""
    loop.set_exception_handler(_in_loop)


def path() -> Path:
    """Where the details are kept."""
    return platformdirs.user_state_path("mnclient") / FILE


def _in_loop(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    if isinstance(error, OSError | EOFError) and not isinstance(context.get("future"), asyncio.Task):
        return  # a message to a bus that broke off and whose answer nobody waits for; who does, is told
    if isinstance(error, BaseException):
        _keep(type(error), error, error.__traceback__)
    else:
        _write(str(context.get("message", "")) + "\n")


def _keep(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    _write("".join(traceback.format_exception(kind, error, trace)))
    sentence = tr("mnclient: something went wrong ({error}). Details for a report are in {file}.",
                  error=kind.__name__, file=path())  # fmt: skip
    print(sentence, file=sys.stderr)


def _write(text: str) -> None:
    place = path()
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh = place.exists() and place.stat().st_size > LARGEST
        with place.open("w" if fresh else "a", encoding="utf-8") as file:
            file.write(text)
    except OSError:
        print(text, file=sys.stderr)  # nowhere to keep it: better seen than lost
