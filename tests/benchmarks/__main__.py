# SPDX-License-Identifier: GPL-2.0-or-later
"""All benchmarks: `python -m tests.benchmarks [--quick] [--only NAME ...]` (or `make bench`).

Measures the portable datapath on this machine, and then the kernel datapath, in a virtual machine where this kernel
lacks it. DATAPATH=portable or DATAPATH=kernel measures that one alone. Prints tables, and writes build/bench.json.
Exit status 0 when all could be measured, whatever the numbers; 1 when something broke off or could not be run; 2 when
nothing can be run here.
"""

import argparse
import os
import signal
import sys

from tests.benchmarks import parts
from tests.benchmarks.here import BENCHMARKS, run_here
from tests.lab.rights import become_root_of_own_namespace, why_not


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=str(__doc__).splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds: tries the benchmarks, measures little")
    parser.add_argument("--only", nargs="+", choices=BENCHMARKS, default=list(BENCHMARKS), metavar="NAME",
                        help=f"only these: {', '.join(BENCHMARKS)}")  # fmt: skip
    parser.add_argument(
        "--here", metavar="FILE", help="measure in this very process, and write FILE (used by the rest)"
    )
    return parser.parse_args()


def main() -> int:
    """Run them."""
    options = parse_arguments()
    wanted = os.environ.get("DATAPATH", "")
    if wanted not in ("", "auto", *parts.PARTS):
        print(f"DATAPATH={wanted} is not known: portable, kernel, or auto.", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    if not options.here:
        return parts.run([wanted] if wanted in parts.PARTS else list(parts.PARTS), options)
    become_root_of_own_namespace("tests.benchmarks", sys.argv[1:])
    if reason := why_not():
        print(f"{reason}: run `sudo make bench`." if os.geteuid() else f"{reason}.", file=sys.stderr)
        return 2
    return run_here(options)


if __name__ == "__main__":
    sys.exit(main())
