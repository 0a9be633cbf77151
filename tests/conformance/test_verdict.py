# SPDX-License-Identifier: GPL-2.0-or-later
"""What is said of rows by the outcomes of their tests."""

import json
from dataclasses import replace

import pytest

from tests.conformance.absences import read_absences
from tests.conformance.outcomes import Outcome
from tests.conformance.report import as_json, as_markdown
from tests.conformance.rows import FOLDER, LATER, Row, read_rows
from tests.conformance.verdict import complaints, judge, share_of_should

MUST = Row("MN-1-01", "rfc6275", "MN", "1", "MUST", "Do it.", "packet on the wire")
NEVER = replace(MUST, id="MN-1-02", level="MUST NOT")
SHOULD = replace(MUST, id="MN-1-03", level="SHOULD", verify="unit")
LATE = replace(MUST, id="MN-9-01", file="dual-stack")
ROWS = {row.id: row for row in (MUST, NEVER, SHOULD, LATE)}


def passed(*rows: str, in_lab: bool = False) -> Outcome:
    return Outcome(list(rows), in_lab, "passed")


ALL = {"t.py::a": passed("MN-1-01", "MN-1-02"), "t.py::b": passed("MN-1-03")}


def wrong(outcomes, explained=None, records=()):
    return complaints(judge(ROWS, outcomes, explained or {}), outcomes, list(records))


def test_all_shown():
    assert wrong(ALL) == []


def test_a_must_without_a_test():
    assert wrong({"t.py::b": passed("MN-1-01", "MN-1-03")}) == ["MN-1-02 (MUST NOT): no test"]


@pytest.mark.parametrize("result", ["failed", "skipped", "xfailed", "not run"])
def test_a_test_that_did_not_pass_shows_nothing(result):
    outcomes = {**ALL, "t.py::c[1]": Outcome(["MN-1-01"], False, result)}
    assert wrong(outcomes) == [
        f"t.py::c[1] shows rows and was {result}",
        f"MN-1-01 (MUST): {result}: t.py::c",
    ]


def test_a_decision_does_not_stand_for_a_test_of_a_must():
    del (outcomes := dict(ALL))["t.py::a"]
    assert len(wrong(outcomes, {"MN-1-01": "0001-x.md"})) == 2


def test_too_few_should():
    del (outcomes := dict(ALL))["t.py::b"]
    assert wrong(outcomes, {"MN-1-03": "0001-x.md"}) == [
        "of the SHOULD and SHOULD NOT 0.0% are shown, 90% are asked for:",
        "MN-1-03 (SHOULD): explained by 0001-x.md",
    ]
    assert share_of_should(judge(ROWS, ALL, {})) == 1.0


def test_an_explanation_that_is_no_longer_true():
    assert wrong(ALL, {"MN-1-03": "0001-x.md"}) == ["MN-1-03 is shown, and 0001-x.md still explains its absence"]


def test_what_is_wrong_with_records_is_said():
    assert wrong(ALL, records=["x"]) == ["x"]


def test_records(tmp_path):
    (tmp_path / "0001-x.md").write_text("# 1\n\nStatus: accepted\n\nRows: MN-1-03,\nMN-1-01\n\nRows of trees: none.\n")
    (tmp_path / "0002-y.md").write_text("Rows: MN-1-99.\n")
    explained, said = read_absences(ROWS, tmp_path)
    assert explained == {"MN-1-03": "0001-x.md"}
    assert said == [
        "0001-x.md: MN-1-01 is a MUST, which no decision explains away",
        "0002-y.md: 'MN-1-99' is no row of docs/conformance",
    ]


def test_a_part_that_is_left_out(tmp_path):
    """Its MUST is no complaint; of the tables of RFC 6275 and of movement no part can be left out."""
    optional = replace(MUST, id="MN-8-01", file="authentication")
    rows = {**ROWS, optional.id: optional}
    (tmp_path / "0001-x.md").write_text("Rows of what is left out: MN-8-01, MN-1-01\n")
    explained, said = read_absences(rows, tmp_path)
    assert explained == {"MN-8-01": "0001-x.md"}
    assert said == ["0001-x.md: MN-1-01 is of rfc6275, of which no part is left out"]
    assert complaints(judge(rows, ALL, explained), ALL, []) == []
    assert complaints(judge(rows, ALL, {}), ALL, []) == ["MN-8-01 (MUST): no test"]


def test_the_records_of_this_project():
    assert read_absences(read_rows())[1] == []


def test_the_tables_of_this_project():
    rows = read_rows()
    assert len(rows) == 787
    assert {row.file for row in rows.values() if row.file in LATER} == set(LATER), "a table that is out of scope"
    assert {row.file for row in rows.values()} == {path.stem for path in FOLDER.glob("*.csv")}


@pytest.mark.parametrize(
    "verify, is_visible",
    [
        ("packet on the wire", True),
        ("unit; kernel routes", True),
        ("negative packet test", True),
        ("RS from :: carries no option type 1", True),
        ("on-link route appears, expires and is never fe80::/10", True),
        ("unit: RA decoder", False),
        ("timer with fake clock", False),
        ("BASE of the clock", False),
    ],
)
def test_what_is_to_be_seen_on_a_kernel(verify, is_visible):
    assert replace(MUST, verify=verify).is_visible is is_visible


def test_what_is_lacking_is_said_with_the_reason():
    failing = {**ALL, "tests/t.py::c[1]": Outcome(["MN-1-01"], False, "skipped")}
    del failing["t.py::b"]
    text = as_markdown(judge(ROWS, failing, {}))
    assert "## Lacking\n\n- MN-1-01 (MUST): **skipped**: `t.py::c`\n- MN-1-03 (SHOULD): no test\n" in text


@pytest.mark.parametrize(
    "lines",
    [
        "",
        "id,role\nMN-1-01,MN\n",
        "id,role,section,level,requirement,verify\nMN-1-01,MN,1,OUGHT,Do it.,unit\n",
        "id,role,section,level,requirement,verify\nMN-1-01,ME,1,MUST,Do it.,unit\n",
        "id,role,section,level,requirement,verify\nMN-1-01,MN,1,MUST,,unit\n",
        "id,role,section,level,requirement,verify\n" + "MN-1-01,MN,1,MUST,Do it.,unit\n" * 2,
    ],
)
def test_a_table_that_is_no_table(tmp_path, lines):
    (tmp_path / "x.csv").write_text(lines)
    with pytest.raises(ValueError):
        read_rows(tmp_path)


def test_reports():
    outcomes = {**ALL, "tests/lab/t.py::c": passed("MN-1-01", in_lab=True), "t.py::d": Outcome(["MN-9-01"], True)}
    verdicts = judge(ROWS, outcomes, {})
    text = as_markdown(verdicts)
    assert "| MUST | 1 | 1 | 1 | 0 | 0 |" in text
    assert "seen on the wire or in a kernel: 2, shown on a kernel: 1." in text
    assert "Of these in the engine alone:\n\n- MUST (NOT): MN-1-02.\n- SHOULD (NOT): none.\n- MAY: none.\n" in text
    assert "## Lacking\n\nNothing.\n" in text
    assert "| MN-1-01 | MUST | Do it. | yes | `t.py::a`<br>`lab/t.py::c` |" in text
    assert "| MN-1-02 | MUST NOT | Do it. | **no** | `t.py::a` |" in text
    assert "| MN-1-03 | SHOULD | Do it. | — | `t.py::b` |" in text
    assert "| MN-9-01 | MUST | Do it. | **no** | **not run**: `t.py::d` |" in text
    assert as_markdown(judge(ROWS, dict(reversed(outcomes.items())), {})) == text
    rows = json.loads(as_json(verdicts, ["x"]))["rows"]
    assert rows["MN-1-01"]["tests"] == ["t.py::a", "tests/lab/t.py::c"]
    assert [rows[each]["on_a_kernel"] for each in ("MN-1-01", "MN-1-02")] == [True, False]
