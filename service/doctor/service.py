# SPDX-License-Identifier: GPL-2.0-or-later
"""The service itself: does it run, is it the same version, and what does it complain about?"""

from collections.abc import Iterator
from typing import Final

from mnclient.model.problems import Severity
from service.doctor.facts import Facts, ServiceFacts
from service.doctor.verdict import Check, Group

_GROUP: Final = Group("service")


def service(facts: Facts) -> Iterator[Check]:
    """All about it. Each problem that it shows is a check of its own."""
    found = facts.service
    yield _running(found)
    yield _version(found)
    yield _settings(found)
    status = found.status
    if status is None:
        yield _GROUP.no_matter("problems", "Without the service there is nobody to have any.")
        return
    visible = [each for each in status.engine.problems if each.is_visible(status.engine.now)]
    if not visible:
        yield _GROUP.ok("problems", "The service has none.")
    for problem in visible:
        make = _GROUP.failed if problem.declaration.severity is Severity.ERROR else _GROUP.warning
        yield make(f"problem {problem.code.value}", problem.text(), problem.remedy())


def _running(found: ServiceFacts) -> Check:
    if found.status is not None:
        return _GROUP.ok("running", "It runs, and answers.")
    if found.is_denied:
        reason = f"It runs, and does not tell you how it is: {found.no_bus}."
        return _GROUP.no_matter("running", reason, found.no_bus_remedy)
    return _GROUP.failed("running", f"{found.no_bus}.", found.no_bus_remedy)


def _version(found: ServiceFacts) -> Check:
    if found.status is None:
        return _GROUP.no_matter("version", "Without an answer of the service it cannot be compared.")
    running = found.status.version
    if running == found.own_version:
        return _GROUP.ok("version", f"The service and mnctl are {running}.")
    reason = f"The service is {running}, mnctl is {found.own_version}."
    return _GROUP.warning("version", reason, "Start the service again: systemctl restart mnclientd.")


def _settings(found: ServiceFacts) -> Check:
    if found.settings_refused:
        reason = f"They are not accepted: {found.settings_refused}."
        return _GROUP.failed("settings", reason, "Correct the file, then: systemctl restart mnclientd.")
    if found.status is None and found.mobile_node is None:
        return _GROUP.no_matter("settings", "The settings file cannot be read by you.")
    return _GROUP.ok("settings", "They are accepted.")
