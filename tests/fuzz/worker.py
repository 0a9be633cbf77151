# SPDX-License-Identifier: GPL-2.0-or-later
"""One target under libFuzzer: `python -m tests.fuzz.worker TARGET HOW LIBFUZZER_ARGUMENTS...`; never returns.

Only the program itself is instrumented: what the harness does is no news to the fuzzer. HOW is "comparisons" where
those are to be followed as well, "branches" where not.
"""

import gc
import sys

import atheris
from atheris.import_hook import HookManager

NAME, HOW, *ARGUMENTS = sys.argv[1:]

with HookManager({"mnclient"}, set(), enable_loader_override=True, trace_dataflow=HOW == "comparisons"):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    """Fuzz."""
    target = TARGETS[NAME]
    options = [f"-max_len={target.longest}", "-print_final_stats=1", *ARGUMENTS]
    gc.collect()
    gc.freeze()  # the program itself is no garbage, and need not be looked at again and again
    atheris.Setup([sys.argv[0], *options], target.run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
