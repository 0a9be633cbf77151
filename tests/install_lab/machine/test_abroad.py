# SPDX-License-Identifier: GPL-2.0-or-later
"""What is made of the words of the laptop and its home agent; both are made up."""

import json
import subprocess
from types import SimpleNamespace

import pytest

from mnclient.model.problems import ProblemCode
from tests.install_lab.failure import Failed
from tests.install_lab.machine import abroad as module
from tests.install_lab.machine.abroad import HOME_ADDRESS, POINTS, Abroad
from tests.lab.topology import VISITED_A_PREFIX, VISITED_B_PREFIX

NOBODY_ELSE = SimpleNamespace(home_agent=None)


class Laptop:
    """A machine whose mnctl says these."""

    def __init__(self, problems=(), checks=()):
        self.links = {point.name: link for point, link in POINTS}
        self.commands = []
        self._answers = {
            "problems": {"problems": [{"code": code} for code in problems]},
            "doctor": {"checks": [{"name": name, "verdict": verdict} for name, verdict in checks]},
        }

    def run(self, command, *, check=True, user=""):
        self.commands.append(command)
        return subprocess.CompletedProcess(command, 0, json.dumps(self._answers.get(command[-1], "")), "")


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(module, "WITHIN", 0.05)
    monkeypatch.setattr(module, "LOOK", 0.01)


def bound(monkeypatch, address):
    """The home agent has one binding, to this care-of address."""
    entry = SimpleNamespace(home_address=HOME_ADDRESS, care_of_address=address)
    monkeypatch.setattr(module, "ask", lambda service: (None, (entry,)))


def test_it_is_registered_where_the_access_point_leads(monkeypatch):
    laptop = Laptop()
    abroad = Abroad(laptop, NOBODY_ELSE)
    bound(monkeypatch, VISITED_A_PREFIX[7])
    abroad.registered(within=0.05)
    laptop.links = dict.fromkeys(laptop.links, POINTS[1][1])
    with pytest.raises(Failed, match="binding at visited-b"):
        abroad.registered(within=0.05)


def test_it_goes_to_and_fro(monkeypatch):
    laptop = Laptop()
    abroad = Abroad(laptop, NOBODY_ELSE)
    bound(monkeypatch, VISITED_B_PREFIX[7])
    assert abroad.go_on() == "library"
    bound(monkeypatch, VISITED_A_PREFIX[7])
    assert abroad.go_on() == "cafe"
    assert [each[-1] for each in laptop.commands] == ["library", "cafe"]


def test_a_problem_is_told_or_not():
    abroad = Abroad(Laptop(problems=["no-ipv6"]), NOBODY_ELSE)
    abroad.explains(ProblemCode.NO_IPV6)
    abroad.explains_no_more(ProblemCode.NO_CARE_OF_ADDRESS)
    with pytest.raises(Failed, match="tells of no-care-of-address"):
        abroad.explains(ProblemCode.NO_CARE_OF_ADDRESS)
    with pytest.raises(Failed, match="no-ipv6 no more"):
        abroad.explains_no_more(ProblemCode.NO_IPV6)


def test_the_doctor_has_the_last_word():
    abroad = Abroad(Laptop(checks=[("policy rules", "ok"), ("IPv6", "failed")]), NOBODY_ELSE)
    abroad.is_healthy("policy rules")
    with pytest.raises(Failed, match="IPv6"):
        abroad.is_healthy("policy rules", "IPv6")
