# SPDX-License-Identifier: GPL-2.0-or-later
"""The problems a person is told about, the worst first, and where each can be mended."""

from dataclasses import dataclass
from typing import Final

from mnclient.model.problems import Problem, ProblemCode, Severity
from mnclient.model.service_status import ServiceStatus
from ui.texts import mark, tr
from ui.view import roles
from ui.view.moment import Moment
from ui.view.tray_view import visible_problems
from ui.view.wording import isolated, lasting

SEVERITIES: Final = {
    Severity.ERROR: (mark("Not reachable"), roles.BAD, "error"),
    Severity.WARNING: (mark("Works less well"), roles.WARNING, "warning"),
    Severity.NOTICE: (mark("Good to know"), roles.ACCENT, "info"),
}

KEYS: Final = "keys"
WIZARD: Final = "wizard"
PREFERENCES: Final = "preferences"
_PLACES: Final = {
    ProblemCode.NO_HOME_AGENT: WIZARD,
    ProblemCode.NOT_HOME_SUBNET: WIZARD,
    ProblemCode.HOME_ADDRESS_DUPLICATE: WIZARD,
    ProblemCode.PROTECTION_MISSING: KEYS,
    ProblemCode.PROTECTION_IMPOSSIBLE: KEYS,
    ProblemCode.KEY_REJECTED: KEYS,
    ProblemCode.UNPROTECTED_SIGNALLING: KEYS,
    ProblemCode.KEY_FILE_REFUSED: KEYS,
    ProblemCode.KEY_FILE_SET_ASIDE: KEYS,
    ProblemCode.SETTINGS_REJECTED: PREFERENCES,
}
"""Windows of ours in which a problem can be mended."""
_ACTIONS: Final = {KEYS: mark("Open keys"), WIZARD: mark("Add a home address"), PREFERENCES: mark("Open preferences")}


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """One problem in words. `place`: the window in which it can be mended, "" if it cannot be mended here."""

    code: ProblemCode
    subject: str
    title: str
    text: str
    remedy: str
    severity: str
    role: str
    icon: str
    since: str
    place: str
    action: str


def rows(status: ServiceStatus, moment: Moment) -> tuple[ProblemRow, ...]:
    """A row for each that is told about."""
    return tuple(_row(each, moment) for each in visible_problems(status, moment.instant))


def _row(problem: Problem, moment: Moment) -> ProblemRow:
    severity, role, icon = SEVERITIES[problem.declaration.severity]
    place = _PLACES.get(problem.code, "")
    filled = {"subject": isolated(problem.subject), "detail": isolated(tr(problem.detail))}
    return ProblemRow(
        code=problem.code,
        subject=problem.subject,
        title=tr(problem.declaration.title),
        text=tr(problem.declaration.text, **filled),
        remedy=tr(problem.declaration.remedy, **filled),
        severity=tr(severity),
        role=role,
        icon=icon,
        since=lasting(moment.since(problem.since)),
        place=place,
        action=tr(_ACTIONS[place]) if place else "",
    )
