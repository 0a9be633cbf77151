# SPDX-License-Identifier: GPL-2.0-or-later
"""Simulated worlds: `python -m tests.simulation [--seeds N | --handovers N | --seed N]` (or `make simulate`).

A number of seeds, or as many as it takes for a number of handovers. That is a campaign: told the same first seed and
file it goes on where it was stopped, after `--seconds` or otherwise, and the file adds up. One seed alone is shown with
the diagram of what happened. Exit status 0 when every invariant held.
"""

import argparse
import itertools
import math
import os
import sys
from pathlib import Path

from tests.lab.processes import ROOT
from tests.simulation.campaign import Tally, campaign, load
from tests.simulation.diagram import LINES, Diagram
from tests.simulation.run import BLOWS, run

FILE = ROOT / "build" / "simulation.json"
SEEDS = 2000


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=str(__doc__).splitlines()[0])
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--seeds", type=_positive, default=SEEDS, metavar="N", help=f"so many seeds ({SEEDS})")
    what.add_argument("--handovers", type=_positive, metavar="N", help="as many seeds as it takes for N handovers")
    what.add_argument("--seed", type=_natural, metavar="N", help="this seed alone, with its diagram")
    parser.add_argument("--seconds", type=_positive, metavar="N", help="stop after so long, however much is left")
    parser.add_argument("--first", "--first-seed", type=_natural, default=0, metavar="N", help="the first seed (0)")
    parser.add_argument("--blows", type=_positive, default=BLOWS, metavar="N", help=f"faults in a seed ({BLOWS})")
    parser.add_argument("--processes", type=_positive, default=os.cpu_count() or 1, metavar="N",
                        help="processes at once (as many as there are processors)")  # fmt: skip
    parser.add_argument("--lines", type=_positive, default=LINES, metavar="N",
                        help=f"the last lines of the diagram ({LINES})")  # fmt: skip
    parser.add_argument("--file", type=Path, default=FILE, metavar="FILE", help="where progress and result are written")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run them."""
    options = parse_arguments(arguments)
    if options.seed is not None:
        return show(options.seed, options.blows, options.lines)
    options.file.parent.mkdir(exist_ok=True)
    limit = math.inf if options.seconds is None else float(options.seconds)
    if options.handovers is None:
        tally = Tally(first_seed=options.first, next_seed=options.first, blows=options.blows)
        seeds = range(options.first, options.first + options.seeds)
        campaign(tally, seeds, options.processes, options.file, limit=limit, say=_say)
    else:
        tally = load(options.file, options.first, options.blows)
        wanted: int = options.handovers
        campaign(
            tally,
            itertools.count(tally.next_seed),
            options.processes,
            options.file,
            is_enough=lambda so_far: so_far.handovers >= wanted,
            limit=limit,
            say=_say,
        )
    _say(tally.words())
    return 1 if tally.failed else 0


def show(seed: int, blows: int, lines: int) -> int:
    """One seed, with what happened last."""
    result = run(seed, diagram=Diagram(lines), blows=blows)
    print(result.diagram)
    print(result.failure or f"Seed {seed}: every invariant held, {result.handovers} handovers.", file=sys.stderr)
    return 1 if result.failure else 0


def _say(line: str) -> None:
    print(line, flush=True)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return number


def _natural(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text} is negative")
    return number


if __name__ == "__main__":
    sys.exit(main())
