# SPDX-License-Identifier: GPL-2.0-or-later
"""Sequence numbers of ESP go on."""

from dataclasses import replace

from mnclient.network.kernel.sequences import MARGIN, Sequences, sequence_key
from tests.mnclient.network.test_xfrm_esp import AGENT, STATE


def test_a_new_state_goes_on_where_the_old_one_was():
    sequences = Sequences()
    assert sequences.last(STATE) == 0
    sequences.saw(STATE)
    moved = replace(STATE, source=AGENT, sequence=0)
    assert sequences.last(moved) == STATE.sequence
    sequences.saw(replace(STATE, sequence=5))  # it never goes back
    assert sequences.last(moved) == STATE.sequence
    assert sequences.last(replace(STATE, spi=9)) == 0


def test_after_a_restart_those_are_left_out_that_may_have_been_used():
    before, sequences = Sequences(), Sequences()
    before.saw(STATE)
    sequences.go_on(before.all())
    assert sequences.last(STATE) == STATE.sequence + MARGIN
    sequences.go_on({sequence_key(STATE): 3})
    assert sequences.last(STATE) == STATE.sequence + MARGIN
    sequences.go_on({sequence_key(STATE): 0xFFFF_FFFE})
    assert sequences.last(STATE) == 0xFFFF_FFFF


def test_what_never_sent_anything_is_not_kept():
    sequences = Sequences()
    sequences.saw(replace(STATE, sequence=0))
    assert sequences.all() == {}
