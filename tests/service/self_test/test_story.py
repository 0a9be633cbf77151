# SPDX-License-Identifier: GPL-2.0-or-later
"""The self-test where it cannot go on: the step that failed is named, those behind it are not reached."""

import os
from dataclasses import replace
from ipaddress import IPv6Address

import pytest

from mnclient.errors import MobileIPv6Error
from mnclient.model.status import HomeAddressState
from service.contract import NotAllowed
from service.doctor.verdict import Verdict
from service.self_test import story
from service.self_test.story import STEPS, self_test
from tests.service.doctor.samples import ENTRY


@pytest.fixture
def root(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(story, "find", lambda name: f"/bin/{name}")


async def refuse(note, error, steps=0):
    for name in STEPS[:steps]:
        note(story._GROUP.ok(name, "Yes."))
    raise error


@pytest.mark.parametrize("steps", range(len(STEPS)))
@pytest.mark.parametrize("error", [story._Failed("No"), MobileIPv6Error("No")])
async def test_the_step_that_failed(root, monkeypatch, steps, error):
    monkeypatch.setattr(story, "_story", lambda note: refuse(note, error, steps))
    told = []
    checks = await self_test(told.append)
    verdicts = [check.verdict for check in checks]
    assert [check.name for check in checks] == list(STEPS)
    assert verdicts == [Verdict.OK] * steps + [Verdict.FAILED] + [Verdict.NOT_APPLICABLE] * (len(STEPS) - steps - 1)
    assert told == list(checks)
    assert checks[steps].reason == "No."


async def test_where_namespaces_cannot_be_made(root, monkeypatch):
    def forbidden():
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(story, "Network", forbidden)
    checks = await self_test(lambda check: None)
    assert checks[0].reason == "Namespaces cannot be set up here: Operation not permitted."


async def test_programs_that_are_missing(root, monkeypatch):
    monkeypatch.setattr(story, "find", lambda name: None)
    with pytest.raises(MobileIPv6Error, match="ip, dbus-daemon"):
        await self_test(lambda check: None)


async def test_who_is_not_root_is_told_the_line(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(NotAllowed) as refused:
        await self_test(lambda check: None)
    assert refused.value.hint == "do it as root: sudo mnctl doctor --self-test"


def test_away_is_there_registered_and_verified():
    there = replace(ENTRY, care_of_address=IPv6Address("2001:db8:2::5"))
    assert story._is_away(there) and not story._is_at_home(there)
    for changes in (
        {"care_of_address": None},
        {"care_of_address": IPv6Address("2001:db8:1::5")},
        {"verified": None},
        {"verified": False},
        {"state": HomeAddressState.REGISTERING},
    ):
        assert not story._is_away(replace(there, **changes)), changes
