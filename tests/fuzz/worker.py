# SPDX-License-Identifier: GPL-2.0-or-later
"""One target under libFuzzer: `python -m tests.fuzz.worker TARGET LIBFUZZER_ARGUMENTS...`; never returns.

Only the program itself is instrumented: what the harness does is no news to the fuzzer.
"""

import sys

import atheris

with atheris.instrument_imports(include=["mnclient"]):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    """Fuzz."""
    name, *arguments = sys.argv[1:]
    target = TARGETS[name]
    options = [f"-max_len={target.longest}", "-print_final_stats=1", *arguments]
    atheris.Setup([sys.argv[0], *options], target.run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
