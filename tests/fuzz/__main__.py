# SPDX-License-Identifier: GPL-2.0-or-later
"""Fuzzing: `python -m tests.fuzz [--seconds N | --inputs N] [--only TARGET ...]` (or `make fuzz`).

Writes build/fuzz.json while it runs. A campaign has a file of its own, `--file`, and goes on with what is in it, until
`--inputs` were tried in all its runs together or `--seconds` are over. What is found stays in build/fuzz/findings, and
is tried again with `--only TARGET --again FILE`. Exit status 1 when something was found, 2 when this machine cannot
fuzz.
"""

import argparse
import importlib.util
import os
import signal
import sys
from pathlib import Path

from tests.fuzz.campaign import USUAL, Campaign
from tests.fuzz.targets import TARGETS


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=str(__doc__).splitlines()[0])
    parser.add_argument("--seconds", type=float, help=f"how long, all targets together ({USUAL:g}); "
                        "with --inputs as long as it takes, or this at most")  # fmt: skip
    parser.add_argument("--inputs", type=int, default=0, help="go on until so many were tried")
    parser.add_argument("--file", type=Path, help="of a campaign in several runs: what they did adds up there")
    parser.add_argument("--only", nargs="+", choices=TARGETS, default=list(TARGETS), metavar="TARGET",
                        help=f"only these: {', '.join(TARGETS)}")  # fmt: skip
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at the same time")
    parser.add_argument("--patience", type=int, default=60, help="seconds that one input may take")
    parser.add_argument("--seed", type=int, default=6275, help="of the chance; 0 for another one each time")
    parser.add_argument("--again", type=Path, metavar="FILE", help="try this one input, without a fuzzer")
    parser.add_argument("--if-possible", action="store_true", help="exit status 0 where there is no fuzzer")
    return parser.parse_args()


def main() -> int:
    """Run it."""
    options = parse_arguments()
    if options.again:
        for name in options.only:
            TARGETS[name].run(options.again.read_bytes())
            print(f"{name}: nothing wrong with {options.again}")
        return 0
    if importlib.util.find_spec("atheris") is None:
        print("Not fuzzed: atheris has no build for this machine's Python (see pyproject.toml).", file=sys.stderr)
        return 0 if options.if_possible else 2
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    campaign = Campaign(
        options.only, jobs=options.jobs, patience=options.patience, seed=options.seed, file=options.file
    )
    campaign.run(seconds=options.seconds, inputs=options.inputs)
    print(campaign.summary())
    return 1 if campaign.findings() else 0


if __name__ == "__main__":
    sys.exit(main())
