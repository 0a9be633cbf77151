# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/conformance.md for people and build/conformance.json for programs. The same verdicts give the same octets."""

import json
from collections.abc import Callable, Iterable

from tests.conformance.rows import LATER, LEVELS, ROLES, Row
from tests.conformance.verdict import Verdict, share_of_should

INTRODUCTION = """# Conformance

Written by `make conformance` from the outcomes of the tests; not edited by hand. The requirements of the RFCs are in
[conformance/](conformance/), one a row, for the mobile node (MN), the home agent (HA), the correspondent node (CN) or
all of them (ALL). The number in the middle of a row's name is the section of the RFC, which is RFC 6275 where the name
does not begin with another.

A row is *shown* when tests say that they show it and all of them passed; *on a kernel* when one of these looks at
packets or state of a real one, not at the engine alone. In the tables below, **no** there is for rows that are to be
seen on the wire or in a kernel and were not, and — for the others. *Explained* means that a decision record says why
it is left out, and *lacking* is the rest.
"""
FILES = "tests/"  # what the names of tests begin with, and the table leaves out


def as_json(verdicts: Iterable[Verdict], complaints: list[str]) -> str:
    """For programs."""
    rows = {
        each.row.id: {
            "file": each.row.file,
            "role": each.row.role,
            "level": each.row.level,
            "in_scope": each.row.is_in_scope,
            "shown": each.is_shown,
            "visible": each.row.is_visible,
            "on_a_kernel": each.is_shown_in_lab,
            "tests": sorted(each.tests),
            "failing": dict(each.failing),
            "record": each.record,
        }
        for each in verdicts
    }
    return json.dumps({"rows": rows, "complaints": complaints}, indent=1, sort_keys=True) + "\n"


def as_markdown(verdicts: list[Verdict]) -> str:
    """For people."""
    scope = [each for each in verdicts if each.row.is_in_scope]
    visible = [each for each in scope if each.row.is_visible]
    on_kernel = sum(each.is_shown_in_lab for each in visible)
    files = sorted({each.row.file for each in verdicts})
    parts = [
        INTRODUCTION,
        "## In scope",
        _counts(scope, "level", LEVELS, lambda each: each.row.level),
        f"SHOULD and SHOULD NOT shown: {share_of_should(verdicts):.1%}.",
        f"Rows that say they are seen on the wire or in a kernel: {len(visible)}, shown on a kernel: {on_kernel}.",
        _without_kernel(scope),
        "## Lacking",
        _lacking(scope),
        "## By role",
        _counts(scope, "role", ROLES, lambda each: each.row.role),
        "## By table",
        _counts(verdicts, "table", files, lambda each: each.row.file),
        "\n".join(f"- Not in scope: {name} ({why})." for name, why in sorted(LATER.items())),
    ]
    for name in files:
        parts += [f"## {name}", _table([each for each in verdicts if each.row.file == name])]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _counts(verdicts: list[Verdict], title: str, kinds: Iterable[str], kind_of: Callable[[Verdict], str]) -> str:
    lines = [f"| {title} | rows | shown | on a kernel | explained | lacking |", "|---|--:|--:|--:|--:|--:|"]
    for kind in kinds:
        found = [each for each in verdicts if kind_of(each) == kind]
        shown, lab = (sum(map(count, found)) for count in (_is_shown, _is_shown_in_lab))
        explained = sum(bool(each.record) and not each.is_shown for each in found)
        is_awaited = not found or any(each.row.is_in_scope for each in found)
        lacking = len(found) - shown - explained if is_awaited else "—"
        lines.append(f"| {kind} | {len(found)} | {shown} | {lab} | {explained} | {lacking} |")
    return "\n".join(lines)


def _without_kernel(verdicts: list[Verdict]) -> str:
    lines = []
    for start in ("MUST", "SHOULD", "MAY"):
        names = [each.row.id for each in verdicts if each.lacks_kernel and each.row.level.startswith(start)]
        lines.append(f"- {start}{' (NOT)' * (start != 'MAY')}: {', '.join(names) or 'none'}.")
    return "Of these in the engine alone:\n\n" + "\n".join(lines)


def _lacking(verdicts: list[Verdict]) -> str:
    """What is neither shown nor explained, and what became of the tests that would show it."""
    lines = [
        f"- {each.row.id} ({each.row.level}): {_shown_by(each) if each.failing else 'no test'}"
        for each in verdicts
        if not each.is_shown and not each.record
    ]
    return "\n".join(lines) or "Nothing."


def _is_shown(verdict: Verdict) -> bool:
    return verdict.is_shown


def _is_shown_in_lab(verdict: Verdict) -> bool:
    return verdict.is_shown_in_lab


def beginning_of(row: Row) -> str:
    """What a line of the tables says of its row, whoever shows it."""
    requirement = row.requirement.replace("|", "\\|")
    return f"| {row.id} | {row.level} | {requirement} |"


def _table(verdicts: list[Verdict]) -> str:
    lines = ["| row | level | requirement | on a kernel | shown by |", "|---|---|---|---|---|"]
    for each in verdicts:
        lines.append(f"{beginning_of(each.row)} {_on_a_kernel(each)} | {_shown_by(each)} |")
    return "\n".join(lines)


def _on_a_kernel(verdict: Verdict) -> str:
    if verdict.is_shown_in_lab:
        return "yes"
    return "**no**" if verdict.row.is_visible else "—"


def _shown_by(verdict: Verdict) -> str:
    if verdict.is_shown:
        return "<br>".join(f"`{name.removeprefix(FILES)}`" for name in sorted(verdict.tests))
    if verdict.failing:
        failing = sorted(verdict.failing.items())
        return "<br>".join(f"**{result}**: `{name.removeprefix(FILES)}`" for name, result in failing)
    return f"explained in [{verdict.record}](adr/{verdict.record})" if verdict.record else "—"
