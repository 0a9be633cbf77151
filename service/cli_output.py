# SPDX-License-Identifier: GPL-2.0-or-later
"""How `mnctl` prints: JSON, or text for people: tables, times as a clock shows them, durations in words."""

import json
import math
import sys
import time
from collections.abc import Sequence
from typing import Any, TextIO

from mnclient.units import Instant, Seconds
from service.codec import Plain, to_plain


class Output:
    """Where a command prints to. `now` is wall-clock time; `boot_time` that of instant 0 of the boot-time clock."""

    def __init__(
        self, *, as_json: bool = False, stream: TextIO | None = None, now: float | None = None, boot_time: float = 0.0
    ) -> None:
        self.as_json = as_json
        self.boot_time = boot_time
        self._stream = stream or sys.stdout
        self._now = now

    @property
    def now(self) -> float:
        """Wall-clock time."""
        return time.time() if self._now is None else self._now

    def json(self, **members: object) -> None:
        """One JSON object on a line of its own."""
        self.line(json.dumps(_finite(to_plain(members)), ensure_ascii=False))

    def line(self, text: str = "") -> None:
        """One line, at once: somebody may be waiting for it behind a pipe."""
        print(text, file=self._stream, flush=True)

    def done(self, *sentences: str, **more: object) -> None:
        """What was asked is done: sentences without full stops, a single one stays so. JSON: ok, `more`."""
        if self.as_json:
            self.json(ok=True, **more)
        else:
            self.line(". ".join(sentences) + "." * (len(sentences) > 1))

    def table(self, headings: Sequence[str], rows: Sequence[Sequence[str]], empty: str) -> None:
        """A table, or the sentence `empty` when there are no rows."""
        if not rows:
            self.line(empty)
        elif self._stream.isatty():
            self._rich_table(headings, rows)
        else:
            self._plain_table(headings, rows)

    def _plain_table(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        lines = [[heading.upper() for heading in headings], *rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
        for line in lines:
            self.line("  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip())

    def _rich_table(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        from rich import box  # 85 ms, and only needed on a terminal
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
        for heading in headings:
            table.add_column(heading, overflow="fold")
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))  # as Text: what stands in brackets is no markup
        Console(file=self._stream, highlight=False).print(table)

    # --- words for values ---

    def clock(self, moment: float) -> str:
        """A wall-clock time as the clock here shows it; with the date when that is not today's."""
        local, today = time.localtime(moment), time.localtime(self.now)
        same_day = local[:3] == today[:3]
        return time.strftime("%H:%M" if same_day else "%Y-%m-%d %H:%M", local)

    def clock_of(self, instant: Instant) -> str:
        """An instant of the boot-time clock as the clock here shows it."""
        return self.clock(self.boot_time + instant) if math.isfinite(instant) else "for ever"

    def ago(self, moment: float) -> str:
        """How long ago a wall-clock time was."""
        return f"{duration(Seconds(max(0.0, self.now - moment)))} ago"


def duration(value: Seconds) -> str:
    """A duration in the unit a person would choose."""
    if math.isinf(value):
        return "for ever"
    if value < 1:
        return f"{value * 1000:.0f} ms"
    for limit, size, unit in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h"), (math.inf, 86_400, "days")):
        if value < limit:
            return f"{value / size:.0f} {unit}"
    raise AssertionError("every number is below infinity")


def yes_no(value: bool) -> str:
    """A fact in a table."""
    return "yes" if value else "no"


def _finite(value: Plain) -> Any:
    """JSON has no infinity; it is written as the text "infinity"."""
    if isinstance(value, float) and not math.isfinite(value):
        return "infinity" if value > 0 else "-infinity"
    if isinstance(value, list):
        return [_finite(each) for each in value]
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    return value
