# SPDX-License-Identifier: GPL-2.0-or-later
import json

import pytest

from tests.simulation import __main__ as program
from tests.simulation.campaign import Tally, load
from tests.simulation.run import Result


def outcome(seed, failure=""):
    return Result(
        seed=seed,
        failure=failure,
        handovers=2,
        events=10,
        messages=5,
        simulated=60.0,
        diagram="a diagram",
        faults={"move": 3, "attack": seed},
    )


@pytest.fixture(name="seeds_run")
def _seeds_run(monkeypatch):
    """Runs that cost nothing; seed 13 fails."""
    seen = []

    def run(seed, *, diagram=None, blows=0):
        seen.append(seed)
        return outcome(seed, "it broke" if seed == 13 else "")

    monkeypatch.setattr("tests.simulation.campaign.run", run)
    monkeypatch.setattr(program, "run", run)
    return seen


def main(file, *arguments):
    return program.main([*arguments, "--processes", "1", "--file", str(file)])


def test_a_campaign_goes_on_where_it_was_stopped(tmp_path, seeds_run, capsys):
    file = tmp_path / "simulation.json"
    assert main(file, "--handovers", "6") == 0
    assert main(file, "--handovers", "10") == 0
    assert seeds_run == [0, 1, 2, 3, 4]
    written = json.loads(file.read_text())
    assert (written["next_seed"], written["handovers"], written["failed"]) == (5, 10, 0)
    assert written["faults"] == {"move": 15, "attack": 0 + 1 + 2 + 3 + 4}
    assert written["simulated_seconds"] == 300.0
    assert "10 handovers" in capsys.readouterr().out


def test_a_campaign_says_which_states_of_the_sources_it_ran(tmp_path, seeds_run, monkeypatch):
    file = tmp_path / "simulation.json"
    for handovers, checked_out in (("2", "a"), ("4", "b"), ("6", "b")):
        monkeypatch.setattr("tests.simulation.campaign.commit", lambda name=checked_out: name)
        main(file, "--handovers", handovers)
    assert json.loads(file.read_text())["commits"] == ["a", "b"]


def test_a_campaign_ends_when_its_time_is_over(tmp_path, seeds_run, monkeypatch):
    clock = iter(range(1000))
    monkeypatch.setattr("tests.simulation.campaign.time.monotonic", lambda: float(next(clock)))
    file = tmp_path / "simulation.json"
    assert main(file, "--handovers", "1000000", "--seconds", "10") == 0
    stopped_after = len(seeds_run)
    assert 1 < stopped_after < 10
    assert main(file, "--handovers", "1000000", "--seconds", "10") == 0
    assert seeds_run == list(range(2 * stopped_after)), "each seed once, in their order"


def test_a_campaign_of_another_beginning_is_another_one(tmp_path, seeds_run):
    file = tmp_path / "simulation.json"
    main(file, "--handovers", "2")
    assert main(file, "--handovers", "2", "--first", "100") == 0
    assert seeds_run == [0, 100]
    assert load(file, 100, 7) == Tally(first_seed=100, next_seed=100, blows=7)


def test_a_failing_seed_prints_what_shows_it_again(tmp_path, seeds_run, capsys):
    file = tmp_path / "simulation.json"
    assert main(file, "--seeds", "4", "--first", "11") == 1
    assert "seed 13: it broke\n    make simulate SEED=13" in capsys.readouterr().out
    assert json.loads(file.read_text())["failures"] == [{"seed": 13, "failure": "it broke"}]


def test_one_seed_is_shown_with_its_diagram(tmp_path, seeds_run, capsys):
    assert main(tmp_path / "none", "--seed", "13") == 1
    shown = capsys.readouterr()
    assert (shown.out.strip(), shown.err.strip()) == ("a diagram", "it broke")
    assert main(tmp_path / "none", "--seed", "1") == 0


@pytest.mark.parametrize(
    "wrong", [["--seeds", "0"], ["--seeds", "x"], ["--seed", "-1"], ["--seed", "1", "--seeds", "2"], ["--seconds", "0"]]
)
def test_a_wrong_command_line_is_refused(wrong, capsys):
    with pytest.raises(SystemExit) as refused:
        program.main(wrong)
    assert refused.value.code == 2
