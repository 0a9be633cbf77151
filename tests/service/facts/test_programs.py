# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs that are asked: whatever they do, it is an answer."""

import pytest

from service.facts import programs


@pytest.mark.parametrize(
    "command, words",
    [
        (["no-such-program-here"], "is not installed"),
        (["sleep", "60"], "did not end within 0.05 s"),
        (["sh", "-c", "echo bad >&2; exit 3"], "bad"),
        (["sh", "-c", "exit 3"], "sh ended with 3"),
    ],
)
def test_a_program_that_fails_is_an_answer(command, words):
    patience = 0.05 if command[0] == "sleep" else programs.PATIENCE
    assert words in programs.ask(command, patience=patience).reason


def test_json_of_programs():
    assert programs.ask_json(["echo", '[{"a": 1}, 5]']) == ([{"a": 1}, 5], "")
    assert programs.ask_json(["true"]) == (None, "")
    assert "printed no JSON" in programs.ask_json(["echo", "no"])[1]
    assert programs.objects([{"a": 1}, 5]) == ({"a": 1},)
    assert programs.objects("text") == programs.objects(None) == ()
