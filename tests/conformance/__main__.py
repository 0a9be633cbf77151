# SPDX-License-Identifier: GPL-2.0-or-later
"""Which requirements are shown by tests that pass: `python -m tests.conformance` (or `make conformance`).

Runs all tests that carry a requirement and have not passed yet with these very sources (an earlier `make test` counts),
and writes docs/conformance.md and build/conformance.json. Exit status 1 when a MUST is not shown, or too few SHOULD.
"""

import argparse
import subprocess
import sys

from tests.checkout import BUILD, ROOT
from tests.conformance import outcomes
from tests.conformance.absences import read_absences
from tests.conformance.report import as_json, as_markdown
from tests.conformance.rows import read_rows
from tests.conformance.verdict import Verdict, complaints, judge

NOTHING_LEFT = 5  # pytest's exit status when all tests were left out


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.conformance", description="Which requirements are shown by tests that pass."
    )
    parser.add_argument("--recorded", action="store_true", help="run nothing: what is known already is all there is")
    return parser.parse_args()


def main() -> int:
    """Run, judge and write."""
    options = parse_arguments()
    known = sum(each.result == "passed" for each in outcomes.read().values())
    print(f"{known} tests have passed before with these sources, and are not run again.", flush=True)
    if not options.recorded:
        command = [sys.executable, "-m", "pytest", "-m", "requirement", "--missing-only"]
        status = subprocess.run(command, cwd=ROOT, check=False).returncode
        if status not in (0, 1, NOTHING_LEFT):
            print(f"pytest ended with exit status {status}.", file=sys.stderr)
            return 1
    return report()


def report() -> int:
    """Write both files; the exit status."""
    rows, found = read_rows(), outcomes.read()
    explained, wrong_records = read_absences(rows)
    verdicts = judge(rows, found, explained)
    wrong = complaints(verdicts, found, wrong_records)
    (ROOT / outcomes.GENERATED).write_text(as_markdown(verdicts), encoding="utf-8")
    BUILD.mkdir(exist_ok=True)
    (BUILD / "conformance.json").write_text(as_json(verdicts, wrong), encoding="utf-8")
    for each in wrong:
        print(each)
    print(_summary(verdicts))
    print(f"{len(wrong)} complaints." if wrong else "Nothing is missed.", "See docs/conformance.md.")
    return 1 if wrong else 0


def _summary(verdicts: list[Verdict]) -> str:
    scope = [each for each in verdicts if each.row.is_in_scope]
    lines = []
    for start in ("MUST", "SHOULD", "MAY"):
        of_level = [each for each in scope if each.row.level.startswith(start)]
        shown = sum(each.is_shown for each in of_level)
        lines.append(f"{start}{' (NOT)' if start != 'MAY' else ''}: {shown} of {len(of_level)} shown")
    alone = sum(each.lacks_kernel for each in scope)
    visible = sum(each.row.is_visible for each in scope)
    kernel = f"Of {visible} rows to be seen on the wire or in a kernel {alone} are shown in the engine alone."
    return ", ".join(lines) + ".\n" + kernel


if __name__ == "__main__":
    sys.exit(main())
