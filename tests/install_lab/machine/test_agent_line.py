# SPDX-License-Identifier: GPL-2.0-or-later
"""Both ends of the lines into the emulated computer, over sockets of this one."""

import importlib.util
import json
import os
import socket
import threading
from pathlib import Path

import pytest

from tests.install_lab.failure import Failed
from tests.install_lab.machine.agent_line import Agent, Emulator, Line

_spec = importlib.util.spec_from_file_location("agent", Path(__file__).parent / "inside/agent.py")
agent_inside = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(agent_inside)


@pytest.fixture
def far_end(tmp_path):
    """The line's other end, and the line."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "line"))
        server.listen()
        line = Line(tmp_path / "line")
        far, _ = server.accept()
        with far:
            yield far, line
        line.close()


@pytest.fixture
def agent(far_end):
    """An agent at work at the other end, asked from here."""
    far, line = far_end
    served = threading.Thread(target=agent_inside.serve, args=(os.dup(far.fileno()),), kwargs={"forever": False})
    served.start()
    yield Agent(line), line
    far.shutdown(socket.SHUT_RD)
    served.join()


def test_a_command_runs_and_its_words_come_back(agent):
    answer = agent[0].ask(["sh", "-c", "echo $WORD; echo no >&2; exit 3"], {"WORD": "yes", "PATH": os.defpath}, 20.0)
    assert (answer["status"], answer["stdout"], answer["stderr"]) == (3, "yes\n", "no\n")


def test_much_is_said_whole(agent):
    command = ["head", "-c", "3000000", "/dev/zero"]
    assert agent[0].ask(command, {"PATH": os.defpath}, 20.0)["stdout"] == "\0" * 3_000_000


@pytest.mark.parametrize("command", [["/nowhere/program"], [], ["with\0zero"]])
def test_what_cannot_be_started_is_an_answer(agent, command):
    answer = agent[0].ask(command, {}, 20.0)
    assert answer["status"] == 127 and answer["stderr"]


@pytest.mark.parametrize(
    "line", [b"", b"{", b"[]", b"7", b'{"id": 1}', b'{"id": "x", "command": [], "environment": {}}']
)
def test_nonsense_is_passed_over(line):
    assert agent_inside.answer_to(line) == b""


def test_nonsense_before_a_question_does_no_harm(agent):
    asking, line = agent
    line._socket.sendall(b"\xff\n{]\n")
    assert asking.ask(["true"], {"PATH": os.defpath}, 20.0)["status"] == 0


def test_an_answer_that_comes_too_late_is_not_taken_for_the_next(far_end):
    far, line = far_end
    asking = Agent(line)
    assert asking.ask(["slow"], {}, 0.0) is None
    far.sendall(b'{"id": 1, "status": 1}\nhalf a line{"id": 2}\n{"id": 2, "status": 0}\n')
    assert asking.ask(["next"], {}, 20.0) == {"id": 2, "status": 0}


def test_a_line_that_is_cut_says_so(far_end):
    far, line = far_end
    far.close()
    with pytest.raises(Failed, match="gone"):
        line.next(20.0)


def test_the_emulator_is_asked_and_its_events_are_kept(far_end):
    far, line = far_end
    far.sendall(b'{"QMP": {}}\n{"return": {}}\n')
    emulator = Emulator(line)
    far.sendall(b'{"event": "RESET"}\n{"error": {"desc": "not asleep"}}\n')
    with pytest.raises(Failed, match="not asleep"):
        emulator.execute("system_wakeup")
    emulator.wait_for("RESET", within=0.0)
    with pytest.raises(Failed, match="no RESET"):
        emulator.wait_for("RESET", within=0.0)
    asked = [json.loads(each) for each in far.recv(4096).splitlines()]
    assert asked == [{"execute": "qmp_capabilities"}, {"execute": "system_wakeup"}]
