# SPDX-License-Identifier: GPL-2.0-or-later
"""`tools/kernel-lab COMMAND ARGUMENTS...`: the command under a kernel that has what the kernel datapath needs.

Exit status: the command's own; 125 when it could not be run.
"""

import os
import signal
import subprocess
import sys

from tests.kernel_lab.machine import Broken, Machine
from tests.kernel_lab.probe import is_emulated, lacking
from tests.lab.processes import ROOT

COULD_NOT_RUN = 125


def main() -> int:
    """Run it, here or in the virtual machine."""
    command = sys.argv[1:]
    if not command:
        print("usage: tools/kernel-lab COMMAND ARGUMENTS...", file=sys.stderr)
        return COULD_NOT_RUN
    os.chdir(ROOT)
    missing = lacking()
    if not missing or is_emulated():
        return run_here(command)
    print(f"This kernel lacks {missing}: starting a virtual machine ...", file=sys.stderr, flush=True)
    try:
        return run_in_machine(command)
    except Broken as error:
        print(f"{error}.", file=sys.stderr)
        return COULD_NOT_RUN
    except KeyboardInterrupt:
        return 130
    finally:
        give_back()


def run_here(command: list[str]) -> int:
    """Become the command."""
    try:
        os.execvp(command[0], command)
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
        return COULD_NOT_RUN


def run_in_machine(command: list[str]) -> int:
    """The command's exit status, from the virtual machine."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    with Machine() as machine:
        machine.start(command)
        return machine.wait()


def give_back() -> None:
    """What root has written into somebody's checkout is theirs."""
    subprocess.run(["bash", "-c", ". tools/lib.sh; give_back"], cwd=ROOT, check=False)


if __name__ == "__main__":
    sys.exit(main())
