# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/conformance.md for people and build/conformance.json for programs. The same verdicts give the same octets."""

import json
from collections.abc import Callable, Iterable

from tests.conformance.rows import LATER, LEVELS, ROLES
from tests.conformance.verdict import Verdict, share_of_should

INTRODUCTION = """# Conformance

Written by `make conformance` from the outcomes of the tests; not edited by hand. The requirements are in
[conformance/](conformance/), one a row. A row is *shown* when tests say that they show it and all of them passed;
*in the lab* when one of these is about packets or state in a kernel, not about the engine alone. *Explained* means that
a decision record says why it is left out.
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
            "in_lab": each.is_shown_in_lab,
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
    in_lab = sum(each.is_shown_in_lab for each in visible)
    files = sorted({each.row.file for each in verdicts})
    parts = [
        INTRODUCTION,
        "## In scope",
        _counts(scope, "level", LEVELS, lambda each: each.row.level),
        f"SHOULD and SHOULD NOT shown: {share_of_should(verdicts):.1%}.",
        f"Rows that say they are seen on the wire or in a kernel: {len(visible)}, in the lab: {in_lab}.",
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
    lines = [f"| {title} | rows | shown | in the lab | explained | lacking |", "|---|--:|--:|--:|--:|--:|"]
    for kind in kinds:
        found = [each for each in verdicts if kind_of(each) == kind]
        shown, lab = (sum(map(count, found)) for count in (_is_shown, _is_shown_in_lab))
        explained = sum(bool(each.record) and not each.is_shown for each in found)
        lacking = len(found) - shown - explained
        lines.append(f"| {kind} | {len(found)} | {shown} | {lab} | {explained} | {lacking} |")
    return "\n".join(lines)


def _is_shown(verdict: Verdict) -> bool:
    return verdict.is_shown


def _is_shown_in_lab(verdict: Verdict) -> bool:
    return verdict.is_shown_in_lab


def _table(verdicts: list[Verdict]) -> str:
    lines = ["| row | level | requirement | shown by |", "|---|---|---|---|"]
    for each in verdicts:
        requirement = each.row.requirement.replace("|", "\\|")
        lines.append(f"| {each.row.id} | {each.row.level} | {requirement} | {_shown_by(each)} |")
    return "\n".join(lines)


def _shown_by(verdict: Verdict) -> str:
    if verdict.is_shown:
        return "<br>".join(f"`{name.removeprefix(FILES)}`" for name in sorted(verdict.tests))
    if verdict.failing:
        return "**" + "<br>".join(sorted(set(verdict.failing.values()))) + "**"
    return f"explained in [{verdict.record}](adr/{verdict.record})" if verdict.record else "—"
