# SPDX-License-Identifier: GPL-2.0-or-later
"""What the reader of the demo sees: the drawing, the account of each move, the tables. Nothing is decided here."""

import os
import sys
import time
from collections.abc import Sequence

from tests.lab.roaming import Step

WIDTH = 100

TITLE = "mnclient: one address that works everywhere, and connections that survive a move"

DRAWING = """\
        home link  2001:db8:1::/64               visited-a  2001:db8:2::/64     visited-b  2001:db8:3::/64
       ----+--------------+----                        ----+----                      ----+----
           |              |  the laptop's one cable        |                              |
     +-----+------+   +---+----+   is pulled and      +----+-----+                   +----+-----+
     | home agent |   | laptop | ~~ plugged in ~~~~>  | router a |  ~~~~~~~~~~~~~~>  | router b |
     |  mnclient  |   |mnclient|   elsewhere          |  radvd   |                   |  radvd   |
     +-----+------+   +--------+                      +----+-----+                   +----+-----+
           |                                               |                              |
       ----+-----------------------+------ the core -------+------------------------------+----
                                   |
                          +--------+--------+
                          |  correspondent  |  plain Linux: it has never heard of Mobile IPv6,
                          +-----------------+  and talks to the laptop's home address all the time
"""

PLAIN_CORRESPONDENT = (
    "plain Linux: it has never heard of Mobile IPv6,",
    "and talks to the laptop's home address all the time",
)
OUR_CORRESPONDENT = (
    "runs mnclient too: once the laptop has proven where",
    "it is, packets go there and come from there directly",
)

INTRODUCTION = """\
A laptop's address changes with every network it joins, so its connections break and nobody can reach it.
Here it has one home address for good, and takes it along. Seven machines (network namespaces of this computer)
play it through. You will see a download and 100 packets a second go to that one address the whole time, while
the cable is pulled and plugged in elsewhere.
"""

STAGE_WORDS = {
    "link_down": "the cable is out",
    "link_up": "the cable is in somewhere",
    "router_solicited": 'asked "is there a router?"',
    "router_heard": "a router says which network this is",
    "care_of_address": "made itself an address for this network",
    "binding_update": 'told the home agent "I am here now"',
    "binding_acknowledged": 'the home agent said "yes"',
    "first_payload": "the first packet came through",
    "correspondents": "correspondents know too",
    "service_killed": "the service is dead",
    "service_back": "the service is back",
    "registered": "it says that it is registered",
}

PLACES = {"home": "home", "visited-a": "network A", "visited-b": "network B", "": "(unplugged)"}


class Story:
    """Writes lines as things happen. Colours only on a terminal that wants them."""

    def __init__(self) -> None:
        self._begin = time.monotonic()
        self._colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"

    def _paint(self, text: str, code: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self._colours else text

    def opening(self, *, direct: bool = False) -> None:
        """What this is. `direct`: the correspondent is ours."""
        drawing = DRAWING
        if direct:
            for plain, own in zip(PLAIN_CORRESPONDENT, OUR_CORRESPONDENT, strict=True):
                drawing = drawing.replace(plain, own)
        print(f"\n{self._paint(TITLE, '1')}\n\n{INTRODUCTION}\n{drawing}", flush=True)

    def chapter(self, text: str) -> None:
        """A new thing begins."""
        print(f"\n{self._time()} {self._paint(text, '1')}", flush=True)

    def say(self, text: str) -> None:
        """One line of the account."""
        print(f"{self._time()}   {text}", flush=True)

    def good(self, text: str) -> None:
        """Something that had to hold, and does."""
        print(f"{self._time()}   {self._paint('ok', '32')}  {text}", flush=True)

    def bad(self, text: str) -> None:
        """Something that had to hold, and does not."""
        print(f"{self._time()}   {self._paint('NOT', '31;1')} {text}", flush=True)

    def echo(self, text: str) -> None:
        """A command, for --verbose."""
        print(self._paint(f"            {text}", "2"), flush=True)

    def _time(self) -> str:
        return self._paint(f"[{time.monotonic() - self._begin:5.1f} s]", "2")

    def stages(self, stages_ms: dict[str, float]) -> None:
        """One line for each stage of a move, with a bar to scale."""
        longest = max([*stages_ms.values(), 1.0])
        for name, offset in stages_ms.items():
            bar = "#" * max(1, round(30 * offset / longest)) if offset > 0 else "|"
            print(
                f"            {offset:8.1f} ms  {STAGE_WORDS.get(name, name):<40} {self._paint(bar, '36')}", flush=True
            )

    def table(self, title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table: drawn by rich on a terminal, plain columns otherwise."""
        if self._colours:
            _rich_table(title, head, rows)
            return
        widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
        rule = "  ".join("-" * width for width in widths)
        print(f"\n{title}\n")
        for row in [head, rule.split("  "), *rows]:
            cells = [
                row[0].ljust(widths[0]),
                *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
            ]
            print("  " + "  ".join(cells).rstrip())
        sys.stdout.flush()


def _rich_table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold")
    for number, name in enumerate(head):
        table.add_column(name, justify="right" if number else "left")
    for row in rows:
        table.add_row(*row)
    print()
    Console().print(table)


def handover_table(story: Story, steps: Sequence[Step]) -> None:
    """The moves side by side."""
    names = [name for name in STAGE_WORDS if any(step.record and name in step.record.stages_ms for step in steps)]
    head = ["milliseconds after the move began", *(f"{step.move.from_link} > {step.move.to_link}" for step in steps)]
    rows = [[STAGE_WORDS[name], *(_stage(step, name) for step in steps)] for name in names]
    story.table("Each move, stage by stage", head, rows)
    measured = [
        ["silence for the correspondent, ms", *(f"{step.interruption.interruption_ms:.1f}" for step in steps)],
        ["of it towards the laptop, ms", *(f"{step.interruption.to_laptop_ms:.1f}" for step in steps)],
        ["probes lost (100 a second)", *(str(step.interruption.probes_lost) for step in steps)],
    ]
    story.table("Each move, measured from outside", ["", *head[1:]], measured)


def _stage(step: Step, name: str) -> str:
    offset = step.record.stages_ms.get(name) if step.record else None
    return "" if offset is None else f"{offset:.1f}"
