# SPDX-License-Identifier: GPL-2.0-or-later
"""Somebody who types the commands of a page on the machines of the lab, and compares what is printed."""

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.docs.answers import ANYTHING, Page
from tests.docs.blocks import AWAY, ROOT, Block, Command
from tests.lab.lab import Lab
from tests.lab.node import Node
from tests.lab.patience import patient
from tests.lab.service import Service
from tests.lab.topology import HOME, VISITED_A

IN_THE_LAB: Final = {"lan0": "home0", "wlan0": "eth1"}
"""What the pages call otherwise, because readers know it so."""
READING: Final = frozenset(
    "status bindings problems guests handovers interfaces keys home-agent home-addresses home-agents messages".split()
)
"""Commands of mnctl that only look, when nothing stands behind them. They are asked again until all is as printed."""
PATIENCE: Final = 30.0


class NotAsPrinted(AssertionError):
    """A program says something else than the page."""


@dataclass(frozen=True, slots=True)
class Place:
    """A machine, and the service on it if there is one."""

    node: Node
    service: Service | None


class Typist:
    """Types pages. `folder` is where it is while typing: files that one command writes the next one reads."""

    def __init__(self, lab: Lab, places: dict[str, Place], folder: Path) -> None:
        self._lab, self._places, self._folder = lab, places, folder
        self.typed = 0

    def type_page(self, blocks: Iterable[Block]) -> None:
        """All commands of a page, in order. NotAsPrinted at the first that fails or says something else."""
        page = Page()
        for block in blocks:
            if AWAY in block.words and self._lab.cables["eth0"].link == HOME:
                self._lab.move(VISITED_A)
            for command in block.commands() if block.language == "console" else [_program(block)]:
                self._type(block, command, page)
                self.typed += 1

    def _type(self, block: Block, command: Command, page: Page) -> None:
        text = page.filled_in(command.as_root)
        expected = command.answer or ("",)

        def is_as_printed() -> bool:
            printed, status = self._run(self._places[block.machine], text)
            wrong = f"{block}: {text}\n--- ended with {status} and printed\n{printed}"
            if status:
                raise NotAsPrinted(wrong)
            if not page.matches(expected, printed):
                raise NotAsPrinted(f"{wrong}\n--- the page says\n" + "\n".join(expected))
            return True

        if _only_looks(text) and expected != (ANYTHING,):
            self._lab.eventually(is_as_printed, within=PATIENCE, what=f"{block}: {text}")
        else:
            is_as_printed()

    def _run(self, place: Place, text: str) -> tuple[str, int]:
        """What it prints, errors included, and its exit status."""
        result = subprocess.run(
            place.node.command(["sh", "-c", _there(text)]),
            cwd=self._folder,
            env=_environment(place.service),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=patient(90.0),
        )
        return _as_printed(result.stdout), result.returncode


def _program(block: Block) -> Command:
    """A program in Python, which somebody saves and runs; what it prints is for the reader to see."""
    quoted = block.text.replace("'", "'\\''")
    return Command(f"{sys.executable} -c '{quoted}'", (ANYTHING,))


def _environment(service: Service | None) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
    made = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "LC_ALL": "C.UTF-8"}
    if service is not None:
        made |= {"MNCLIENT_BUS": service.bus.address, "DBUS_SYSTEM_BUS_ADDRESS": service.bus.address}
    return made


def _only_looks(text: str) -> bool:
    words = [each for each in text.split() if not each.startswith("-")]
    return words[0] == "mnctl" and len(words) > 1 and words[1] in READING and words[2:] in ([], ["show"])


def _there(text: str) -> str:
    for name, other in IN_THE_LAB.items():
        text = re.sub(rf"\b{name}\b", other, text)
    return text


def _as_printed(text: str) -> str:
    for name, other in IN_THE_LAB.items():
        text = re.sub(rf"\b{other}\b", name, text)
    return text
