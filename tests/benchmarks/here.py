# SPDX-License-Identifier: GPL-2.0-or-later
"""The benchmarks of one datapath, in this process."""

import argparse
import os
import sys
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType

from tests.benchmarks import (
    flood,
    handover,
    home_agent,
    messages,
    package,
    service_life,
    simulation,
    throughput,
    tray,
    two_interfaces,
)
from tests.benchmarks.context import Context
from tests.benchmarks.report import Failure, Figure, Group, as_json, print_group
from tests.lab.lab import write_json

BENCHMARKS: dict[str, ModuleType] = {
    "messages": messages,
    "package": package,
    "simulation": simulation,
    "tray": tray,  # before there is a lab, which takes processor time
    "two-interfaces": two_interfaces,  # first: an interface that was pulled and plugged many times is trusted slowly
    "handover": handover,
    "service": service_life,
    "throughput": throughput,
    "home-agent": home_agent,
    "flood": flood,  # last: it also fills the kernel's neighbour table, which all namespaces share, for a minute
}


def run_here(options: argparse.Namespace) -> int:
    """Run, print, write to the file `options.here`; 1 when something broke off."""
    groups: list[Group] = []
    failures: list[Failure] = []
    wanted = os.environ.get("DATAPATH", "")
    with ExitStack() as undo:
        context = Context(quick=options.quick, undo=undo)
        for name in options.only:
            module = BENCHMARKS[name]
            try:
                measure: Callable[[Context], list[Figure]] = module.measure
                figures = measure(context)
                groups.append(Group(name, module.TITLE, context.datapath, figures))
                print_group(groups[-1])
            except Exception as error:  # the others can still be measured, and this one is told at the end
                words = (str(error).splitlines() or [repr(error)])[0]
                failures.append(Failure(name, context.datapath or wanted, words))
                print(f"\n{module.TITLE}: broke off", flush=True)
                traceback.print_exc()
    if wanted and context.datapath not in ("", wanted):
        failures.append(Failure("datapath", wanted, f"the service took the {context.datapath} datapath"))
    write_json(Path(options.here), as_json(groups, failures, quick=options.quick))
    sys.stdout.flush()
    return 1 if failures else 0
