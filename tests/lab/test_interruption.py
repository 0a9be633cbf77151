# SPDX-License-Identifier: GPL-2.0-or-later
"""The arithmetic of the probe: known instants in, known numbers out."""

import pytest

from tests.lab.interruption import NotRecovered, Records, flows_since, longest_silence, measure, measure_one_way

NOMINAL = 0.01


def records(*, lost: range = range(0), late: float = 0.0) -> Records:
    """Probes at 10.00, 10.01 ... 12.99 s; those in `lost` never arrive; each takes 1 ms there and 1 ms back."""
    sent = {number: 10 + number * NOMINAL for number in range(300)}
    kept = {number: at for number, at in sent.items() if number not in lost}
    return Records(
        sent=sent,
        arrived={number: at + 0.001 for number, at in kept.items()},
        returned={number: at + 0.002 + late for number, at in kept.items()},
    )


def test_nothing_missing_is_no_interruption():
    result = measure(records(), 11.0, 12.9, NOMINAL)
    assert (result.interruption_ms, result.to_laptop_ms, result.probes_lost) == (0.0, 0.0, 0)


def test_five_lost_probes_are_fifty_milliseconds():
    result = measure(records(lost=range(100, 105)), 10.995, 12.9, NOMINAL)
    assert result.interruption_ms == pytest.approx(50.0)
    assert result.to_laptop_ms == pytest.approx(50.0)
    assert result.probes_lost == 5
    assert result.recovered == pytest.approx(11.052)


def test_probes_held_back_are_silence_but_not_loss():
    held = records()
    for number in range(100, 120):
        held.returned[number] = 11.3 + number / 1e6
    result = measure(held, 10.995, 12.9, NOMINAL)
    assert result.probes_lost == 0
    assert result.interruption_ms == pytest.approx(
        200.1 + 98.0, abs=120
    )  # until the held ones or their successors came
    assert result.interruption_ms > 190
    assert result.to_laptop_ms == 0.0


def test_a_silence_before_the_move_is_not_its_fault():
    assert measure(records(lost=range(20, 60)), 11.5, 12.9, NOMINAL).interruption_ms == 0.0


def test_a_relapse_while_watching_counts():
    result = measure(records(lost=range(150, 170)), 11.0, 12.9, NOMINAL)
    assert result.interruption_ms == pytest.approx(200.0)


def test_the_youngest_probes_are_not_judged():
    assert measure(records(lost=range(299, 300)), 11.0, 13.0, NOMINAL).probes_lost == 0


def test_no_probe_after_the_move_is_an_error_not_a_number():
    with pytest.raises(NotRecovered):
        measure(records(lost=range(100, 300)), 11.1, 13.0, NOMINAL)


def test_longest_silence_needs_an_arrival_on_each_side():
    assert longest_silence([1.0, 2.0], 1.5, 3.0) == (1.0, 2.0)
    with pytest.raises(NotRecovered):
        longest_silence([2.0], 1.5, 3.0)


def test_flowing_again_takes_more_than_one_probe():
    assert not flows_since([1.0, 2.0], 1.5, 2)
    assert flows_since([1.0, 2.0, 2.1], 1.5, 2)


def test_one_direction_by_itself():
    result = measure_one_way(records(lost=range(100, 105)), 10.995, 12.9, NOMINAL)
    assert result.silence_ms == pytest.approx(50.0)
    assert (result.lost, result.sent) == (5, 171)
    assert (result.begun, result.recovered) == (pytest.approx(10.991), pytest.approx(11.051))
    assert result.unsteadiness_ms == pytest.approx(0.0, abs=0.01)


def test_a_sender_that_pauses_is_told_from_a_path_that_is_cut():
    unsteady = records()
    for number in range(100, 104):
        del unsteady.sent[number], unsteady.arrived[number]
    result = measure_one_way(unsteady, 10.995, 12.9, NOMINAL)
    assert (result.lost, result.silence_ms, result.unsteadiness_ms) == (0, pytest.approx(40.0), pytest.approx(40.0))


def test_held_back_in_one_direction_is_silence_but_not_loss():
    held = records()
    for number in range(100, 120):
        held.arrived[number] = 11.2 + number / 1e6
    result = measure_one_way(held, 10.995, 12.9, NOMINAL)
    assert result.lost == 0
    assert result.silence_ms > 190
