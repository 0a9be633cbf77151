# SPDX-License-Identifier: GPL-2.0-or-later
"""The problems of the service itself, shown among those of the engine."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from mnclient.model.problems import Problem, ProblemCode
from mnclient.model.status import Status
from mnclient.units import Instant


class ServiceProblems:
    """What is wrong now, each kind and subject once, with the instant at which it began."""

    def __init__(self, now: Callable[[], Instant]) -> None:
        self._now = now
        self._problems: dict[tuple[ProblemCode, str], Problem] = {}

    def add(self, code: ProblemCode, subject: str, detail: str) -> None:
        """It exists; the newest detail is shown."""
        known = self._problems.get((code, subject))
        since = known.since if known else self._now()
        self._problems[(code, subject)] = Problem(code=code, subject=subject, detail=detail, since=since)

    def clear(self, code: ProblemCode, subject: str | None = None) -> bool:
        """None of this kind, or of this kind and subject, exists any more; False when there was none."""
        kept = {
            key: problem
            for key, problem in self._problems.items()
            if key[0] is not code or subject not in (None, key[1])
        }
        cleared = len(kept) < len(self._problems)
        self._problems = kept
        return cleared

    def replace(self, code: ProblemCode, found: Mapping[str, str]) -> bool:
        """Of this kind there are these now, each subject with its detail; False when nothing is new."""
        known = {subject: each.detail for (kind, subject), each in self._problems.items() if kind is code}
        for subject in known.keys() - found.keys():
            del self._problems[(code, subject)]
        for subject, detail in found.items():
            self.add(code, subject, detail)
        return known != dict(found)

    def merged_into(self, status: Status) -> Status:
        """The engine's status with these problems behind its own."""
        if not self._problems:
            return status
        return replace(status, problems=(*status.problems, *self._problems.values()))
