# SPDX-License-Identifier: GPL-2.0-or-later
"""`mnctl doctor`: what must be true for Mobile IPv6 to work here, checked, with what to do where it is not."""

import argparse
from collections.abc import Iterable
from typing import Final

from service.cli_output import Output
from service.client import Client
from service.doctor.examine import examine
from service.doctor.verdict import Check, Verdict, has_failed

FOUND_SOMETHING: Final = 1
_WORDS: Final = {
    Verdict.OK: "ok",
    Verdict.WARNING: "warning",
    Verdict.FAILED: "FAILED",
    Verdict.NOT_APPLICABLE: "-",
}
_WIDTH: Final = max(len(word) for word in _WORDS.values())


async def doctor(client: Client, arguments: argparse.Namespace, output: Output) -> int:
    """All checks; the exit status is 1 when one failed."""
    if arguments.self_test:
        from service.self_test.story import self_test  # with all it needs, which nobody else does

        checks = await self_test(lambda check: None if output.as_json else _tell(check, output))
    else:
        checks = await examined(client, arguments)
        if not output.as_json:
            for line in text(checks):
                output.line(line)
    if output.as_json:
        output.json(checks=checks, **counts(checks))
    else:
        output.line()
        output.line(_summary(checks))
    return FOUND_SOMETHING if has_failed(checks) else 0


async def examined(client: Client, arguments: argparse.Namespace) -> tuple[Check, ...]:
    """The checks, from facts gathered now."""
    from service.facts.gather import Places, gather  # pulls in netlink

    return examine(await gather(client, Places.chosen(arguments.config, arguments.state_directory)))


def text(checks: Iterable[Check]) -> Iterable[str]:
    """Lines for a person, in groups."""
    group = None
    for check in checks:
        if check.group != group:
            if group is not None:
                yield ""
            group = check.group
            yield group[:1].upper() + group[1:]
        yield from _lines(check)


def counts(checks: Iterable[Check]) -> dict[str, int]:
    """How many failed, and how many warn."""
    verdicts = [check.verdict for check in checks]
    return {"failed": verdicts.count(Verdict.FAILED), "warnings": verdicts.count(Verdict.WARNING)}


def _lines(check: Check) -> Iterable[str]:
    yield f"  {_WORDS[check.verdict]:<{_WIDTH}}  {check.name}: {check.reason}"
    if check.remedy:
        yield f"  {'':<{_WIDTH}}  -> {check.remedy}"


def _tell(check: Check, output: Output) -> None:
    for line in _lines(check):
        output.line(line)


def _summary(checks: Iterable[Check]) -> str:
    found = counts(checks)
    warnings = f"{found['warnings']} warning{'s' * (found['warnings'] != 1)}"
    if found["failed"]:
        return f"{found['failed']} failed, {warnings}. Begin with the first that failed."
    return f"Nothing failed; {warnings}." if found["warnings"] else "All is well."
