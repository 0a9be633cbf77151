# SPDX-License-Identifier: GPL-2.0-or-later
"""What one check found: a verdict, the reason, and what to do."""

from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    """How a check came out. The value is what `mnctl --json doctor` says."""

    OK = "ok"
    WARNING = "warning"  # works, or may not always work
    FAILED = "failed"  # does not work as long as this is so
    NOT_APPLICABLE = "not-applicable"  # does not matter here, was not reached, or cannot be seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check. `group` and `name` are stable; `reason` and `remedy` are sentences; an `ok` has no remedy."""

    group: str
    name: str
    verdict: Verdict
    reason: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Makes the checks of one group."""

    name: str

    def ok(self, name: str, reason: str) -> Check:
        """It is as it should be."""
        return Check(group=self.name, name=name, verdict=Verdict.OK, reason=reason)

    def warning(self, name: str, reason: str, remedy: str) -> Check:
        """It may do harm."""
        return Check(group=self.name, name=name, verdict=Verdict.WARNING, reason=reason, remedy=remedy)

    def failed(self, name: str, reason: str, remedy: str) -> Check:
        """It does harm."""
        return Check(group=self.name, name=name, verdict=Verdict.FAILED, reason=reason, remedy=remedy)

    def no_matter(self, name: str, reason: str, remedy: str = "") -> Check:
        """It does not matter here, or cannot be judged."""
        return Check(group=self.name, name=name, verdict=Verdict.NOT_APPLICABLE, reason=reason, remedy=remedy)


def has_failed(checks: tuple[Check, ...]) -> bool:
    """Whether one of them failed: then the exit status is 1."""
    return any(check.verdict is Verdict.FAILED for check in checks)
