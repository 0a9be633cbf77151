# SPDX-License-Identifier: GPL-2.0-or-later
import pytest

from mnclient.units import Seconds
from service import cli_output
from service.cli_output import Output


@pytest.mark.parametrize(
    "value, words",
    [(0.0421, "42 ms"), (12.3, "12 s"), (119.0, "119 s"), (600.0, "10 min"), (7200.0, "2 h"), (200_000.0, "2 days")],
)
def test_durations(value, words):
    assert cli_output.duration(Seconds(value)) == words
    assert cli_output.duration(Seconds(float("inf"))) == "for ever"


def test_tables_on_a_terminal(capsys):
    class Terminal:
        def __init__(self):
            self.text = ""

        def write(self, text):
            self.text += text

        def flush(self):
            pass

        def isatty(self):
            return True

    terminal = Terminal()
    Output(stream=terminal).table(["address", "why"], [["2001:db8::1", "[bold]"]], "nothing")
    assert "2001:db8::1" in terminal.text
    assert "[bold]" in terminal.text
