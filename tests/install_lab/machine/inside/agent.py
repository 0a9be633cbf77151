# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs in the emulated computer: does what comes in over a virtual serial port, one command after the other.

A request is a line of JSON, `{"id": 7, "command": ["ip", "link"], "environment": {}}`; so is the answer,
`{"id": 7, "status": 0, "stdout": "...", "stderr": "..."}`. What is no request is passed over.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

PAUSE = 0.1  # seconds between two looks at a port that nobody has opened outside


def main() -> None:
    """Until the end of this computer."""
    port = Path(sys.argv[1])
    while not port.exists():
        time.sleep(PAUSE)
    serve(os.open(port, os.O_RDWR))


def serve(port: int, *, forever: bool = True) -> None:
    """Answer what comes in. The end of input is none while the other side may come back."""
    rest = b""
    while True:
        chunk = os.read(port, 65536)
        if not chunk and not forever:
            return
        if not chunk:
            time.sleep(PAUSE)
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if answer := answer_to(line):
                write(port, answer)


def answer_to(line: bytes) -> bytes:
    """Run what the line asks for; b"" when it asks for nothing that can be understood."""
    try:
        request = json.loads(line)
        number, command, environment = int(request["id"]), [*map(str, request["command"])], dict(request["environment"])
    except (ValueError, TypeError, KeyError):
        return b""
    return json.dumps({"id": number} | run(command, environment)).encode() + b"\n"


def run(command: list[str], environment: dict[str, str]) -> dict[str, object]:
    """Its exit status and what it said; 127 when there is no such program, as shells do."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, env=environment)
    except (OSError, ValueError, IndexError) as error:
        return {"status": 127, "stdout": "", "stderr": str(error)}
    said = {"stdout": done.stdout.decode(errors="replace"), "stderr": done.stderr.decode(errors="replace")}
    return {"status": done.returncode} | said


def write(port: int, data: bytes) -> None:
    """All of it."""
    while data:
        data = data[os.write(port, data) :]


if __name__ == "__main__":
    main()
