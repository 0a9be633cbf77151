# SPDX-License-Identifier: GPL-2.0-or-later
"""All benchmarks: `python -m tests.benchmarks [--quick] [--only NAME ...]` (or `make bench`).

Prints tables, and writes build/bench.json. Exit status 0 when all could be measured, whatever the numbers; 1 when one
broke off; 2 when they cannot be run here.
"""

import argparse
import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from types import ModuleType

from tests.benchmarks import flood, handover, home_agent, messages, service_life, throughput
from tests.benchmarks.context import Context
from tests.benchmarks.report import Figure, as_json, print_group
from tests.lab.demo import why_not_this_datapath
from tests.lab.lab import write_json
from tests.lab.processes import ROOT
from tests.lab.rights import become_root_of_own_namespace, why_not

BENCHMARKS: dict[str, ModuleType] = {
    "messages": messages,
    "handover": handover,
    "service": service_life,
    "throughput": throughput,
    "home-agent": home_agent,
    "flood": flood,  # last: it also fills the kernel's neighbour table, which all namespaces share, for a minute
}


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=str(__doc__).splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds: tries the benchmarks, measures little")
    parser.add_argument("--only", nargs="+", choices=BENCHMARKS, default=list(BENCHMARKS), metavar="NAME",
                        help=f"only these: {', '.join(BENCHMARKS)}")  # fmt: skip
    return parser.parse_args()


def run_all(options: argparse.Namespace) -> dict[str, str]:
    """Run, print, write; what broke off, by name."""
    groups: dict[str, list[Figure]] = {}
    failed: dict[str, str] = {}
    with ExitStack() as undo:
        context = Context(quick=options.quick, undo=undo)
        for name in options.only:
            module = BENCHMARKS[name]
            try:
                measure: Callable[[Context], list[Figure]] = module.measure
                groups[name] = measure(context)
                print_group(module.TITLE, groups[name])
            except Exception as error:  # the others can still be measured, and this one is told at the end
                failed[name] = (str(error).splitlines() or [repr(error)])[0]
                print(f"\n{module.TITLE}: broke off", flush=True)
                traceback.print_exc()
    file = ROOT / "build" / "bench.json"
    write_json(file, as_json(groups, quick=options.quick, datapath=context.datapath, failed=failed))
    print(f"\nWritten to {file.relative_to(ROOT)}.")
    return failed


def main() -> int:
    """Run them."""
    options = parse_arguments()
    become_root_of_own_namespace("tests.benchmarks", sys.argv[1:])
    if reason := why_not_this_datapath(os.environ.get("DATAPATH", "")) or why_not():
        print(f"{reason}: run `sudo make bench`." if os.geteuid() else f"{reason}.", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    failed = run_all(options)
    for name, words in failed.items():
        print(f"{name} broke off: {words}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
