# SPDX-License-Identifier: GPL-2.0-or-later
"""All checks, in the order in which a person would go through them."""

from typing import Final

from service.doctor.around import clock, managers, rights
from service.doctor.facts import Facts
from service.doctor.home_agent import home_agents
from service.doctor.kernel import kernel, settings
from service.doctor.rules import rules
from service.doctor.service import service
from service.doctor.verdict import Check

_PARTS: Final = (service, kernel, settings, rules, managers, rights, clock, home_agents)


def examine(facts: Facts) -> tuple[Check, ...]:
    """Every check with its verdict. The same facts give the same checks."""
    return tuple(check for part in _PARTS for check in part(facts))
