# SPDX-License-Identifier: GPL-2.0-or-later
"""What the outcomes of the tests say of the rows: shown, explained or lacking, and why a run must fail."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from tests.conformance.absences import OPTIONAL_PARTS
from tests.conformance.outcomes import Outcome
from tests.conformance.rows import Row

LEAST_SHOULD: Final = 0.9
"""Of the SHOULD and SHOULD NOT in scope, what must be shown."""


@dataclass(frozen=True)
class Verdict:
    """Of one row. `tests`: those that show it, without their parameters, and whether a kernel took part in each.

    `failing`: tests of it that did not pass, with what became of them. `record`: the decision that explains why not.
    """

    row: Row
    tests: Mapping[str, bool] = field(default_factory=dict)
    failing: Mapping[str, str] = field(default_factory=dict)
    record: str = ""

    @property
    def is_shown(self) -> bool:
        return bool(self.tests) and not self.failing

    @property
    def is_shown_in_lab(self) -> bool:
        return self.is_shown and any(self.tests.values())

    @property
    def is_left_out(self) -> bool:
        """Whether it is of a part of the protocol that there is none of."""
        return bool(self.record) and self.row.is_absolute and self.row.file in OPTIONAL_PARTS

    @property
    def lacks_kernel(self) -> bool:
        """Whether it is to be seen on a wire or in a kernel, and is shown in the engine alone."""
        return self.row.is_in_scope and self.row.is_visible and self.is_shown and not self.is_shown_in_lab

    def words(self) -> str:
        """Why it is not shown."""
        if self.failing:
            return ", ".join(f"{result}: {name}" for name, result in sorted(self.failing.items()))
        return f"explained by {self.record}" if self.record else "no test"


def judge(rows: Mapping[str, Row], outcomes: Mapping[str, Outcome], explained: Mapping[str, str]) -> list[Verdict]:
    """A verdict for every row, in their order. A test that did not pass shows nothing, and takes its rows with it."""
    tests: dict[str, dict[str, bool]] = defaultdict(dict)
    failing: dict[str, dict[str, str]] = defaultdict(dict)
    for node, outcome in sorted(outcomes.items()):
        name = node.split("[")[0]
        for each in outcome.rows:
            if outcome.result == "passed":
                tests[each][name] = tests[each].get(name, False) or outcome.in_lab
            else:
                failing[each][name] = outcome.result
    return [Verdict(row, tests[row.id], failing[row.id], explained.get(row.id, "")) for row in rows.values()]


def share_of_should(verdicts: Iterable[Verdict]) -> float:
    """How many of the SHOULD and SHOULD NOT in scope are shown, from 0 to 1."""
    wanted = [each for each in verdicts if each.row.is_in_scope and each.row.level.startswith("SHOULD")]
    return sum(each.is_shown for each in wanted) / len(wanted) if wanted else 1.0


def complaints(verdicts: list[Verdict], outcomes: Mapping[str, Outcome], wrong_records: list[str]) -> list[str]:
    """Everything that makes `make conformance` fail, in words."""
    found = list(wrong_records)
    found += [f"{node} shows rows and was {each.result}" for node, each in sorted(outcomes.items())
              if each.result != "passed"]  # fmt: skip
    scope = [each for each in verdicts if each.row.is_in_scope]
    found += [f"{each.row.id} ({each.row.level}): {each.words()}" for each in scope
              if each.row.is_absolute and not each.is_shown and not each.is_left_out]  # fmt: skip
    share = share_of_should(verdicts)
    if share < LEAST_SHOULD:
        found.append(f"of the SHOULD and SHOULD NOT {share:.1%} are shown, {LEAST_SHOULD:.0%} are asked for:")
        found += [f"{each.row.id} ({each.row.level}): {each.words()}" for each in scope
                  if each.row.level.startswith("SHOULD") and not each.is_shown]  # fmt: skip
    found += [f"{each.row.id} is shown, and {each.record} still explains its absence"
              for each in verdicts if each.is_shown and each.record]  # fmt: skip
    return found
