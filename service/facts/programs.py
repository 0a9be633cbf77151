# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs of the system, asked for what they know."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from mnclient.units import Seconds

PATH: Final = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
PATIENCE: Final = Seconds(10.0)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a program printed; `reason` says why it is worth nothing, "" when it ended well."""

    output: str
    reason: str = ""


def find(program: str) -> str | None:
    """Where a program is; also those for administrators, which an ordinary user's path lacks."""
    return shutil.which(program, path=PATH)


def ask(command: Sequence[str], patience: Seconds = PATIENCE) -> Answer:
    """Run a program to its end. Never raises: whatever goes wrong is the reason."""
    program = find(command[0])
    if program is None:
        return Answer("", f"the program {command[0]} is not installed")
    try:
        ended = subprocess.run(
            [program, *command[1:]],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=patience,
            check=False,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )
    except subprocess.TimeoutExpired:
        return Answer("", f"{command[0]} did not end within {patience:g} s")
    except OSError as error:
        return Answer("", f"{command[0]}: {error.strerror or error}")
    output = ended.stdout.decode(errors="replace")
    if ended.returncode == 0:
        return Answer(output)
    lines = ended.stderr.decode(errors="replace").strip().splitlines()
    return Answer(output, lines[0] if lines else f"{command[0]} ended with {ended.returncode}")


def ask_json(command: Sequence[str]) -> tuple[Any, str]:
    """The value that a program prints as JSON, None when it prints nothing; and why there is none."""
    answer = ask(command)
    if answer.reason:
        return None, answer.reason
    try:
        return (json.loads(answer.output) if answer.output.strip() else None), ""
    except ValueError as error:
        return None, f"{command[0]} printed no JSON: {error}"


def objects(value: object) -> tuple[dict[str, Any], ...]:
    """The objects of a list that a program printed; whatever else it is, none."""
    return tuple(each for each in value if isinstance(each, dict)) if isinstance(value, list) else ()
