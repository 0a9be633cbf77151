# SPDX-License-Identifier: GPL-2.0-or-later
"""`mnctl doctor` as a person runs it."""

import json
import os
import re
from dataclasses import fields, replace
from pathlib import Path

import pytest

from service import cli, cli_doctor
from service.doctor.examine import examine
from service.doctor.facts import Facts
from service.doctor.verdict import Check, Verdict
from service.self_test import story
from tests.service.doctor.samples import DEAD, HEALTHY

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def facts(monkeypatch):
    """What is found; a test puts in what it wants."""
    found = [HEALTHY]

    async def gather(_client, _places) -> Facts:
        return found[0]

    monkeypatch.setattr("service.facts.gather.gather", gather)
    return found


async def test_all_is_well(mnctl, facts):
    text = await mnctl("doctor")
    assert text.endswith("\nAll is well.\n") and "FAILED" not in text and "warning" not in text
    assert re.search(r"^  ok +running: It runs, and answers\.$", text, re.MULTILINE)
    assert "\nHome address 2001:db8:1::10\n  ok " in text


async def test_what_failed_comes_with_what_to_do(mnctl, facts):
    facts[0] = DEAD
    text = await mnctl("doctor", status=1)
    assert "  FAILED   running: The mnclient service is not running.\n           -> Start it.\n" in text
    assert "  -        verified: not reached\n" in text
    assert re.search(r"\n\d+ failed, \d+ warnings?\. Begin with the first that failed\.\n$", text)


async def test_a_warning_is_no_failure(mnctl, facts):
    facts[0] = replace(HEALTHY, kernel=replace(HEALTHY.kernel, nft="the program nft is not installed"))
    assert (await mnctl("doctor")).endswith("\nNothing failed; 1 warning.\n")


async def test_json(mnctl, facts):
    told = await mnctl.json("doctor")
    assert (told["failed"], told["warnings"]) == (0, 0)
    assert {each["verdict"] for each in told["checks"]} == {"ok", "not-applicable"}
    assert len(told["checks"]) == len(examine(HEALTHY))
    facts[0] = DEAD
    told = json.loads(await mnctl("doctor", "--json", status=1))
    assert told["failed"] >= 2 and not mnctl.errors


def test_the_names_are_documented():
    documented = (ROOT / "docs/json.md").read_text(encoding="utf-8")
    assert all(f"`{each.name}`" in documented for each in fields(Check))
    assert all(f'"{each.value}"' in documented for each in Verdict)
    assert all(f"`{name}`" in documented for name in cli_doctor.counts(()))


def test_without_bus_and_service(capsys, tmp_path):
    """The real facts of this machine."""
    places = ["--config", str(tmp_path / "no.toml"), "--state-dir", str(tmp_path)]
    assert cli.main(["--bus", "unix:path=/nowhere", "doctor", *places]) == 1
    assert "There is no message bus at" in capsys.readouterr().out


async def test_the_self_test_in_words(mnctl, monkeypatch):
    failed = Check(group="self-test", name="away", verdict=Verdict.FAILED, reason="No.", remedy="Do.")

    async def short(tell):
        tell(failed)
        return (failed,)

    monkeypatch.setattr(story, "self_test", short)
    assert (await mnctl("doctor", "--self-test", status=1)).startswith("  FAILED   away: No.\n           -> Do.\n")
    assert json.loads(await mnctl("doctor", "--self-test", "--json", status=1))["failed"] == 1


async def test_only_root_may_test(mnctl, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    await mnctl("doctor", "--self-test", status=4)
    assert "sudo mnctl doctor --self-test" in mnctl.errors
