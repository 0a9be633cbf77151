# SPDX-License-Identifier: GPL-2.0-or-later
from mnclient.network.patience import MAX_PUT_BACK, PUT_BACK_WINDOW, Patience


def test_at_once_then_later_and_later_then_no_more():
    patience = Patience()
    assert [patience.delay("a", 0.0) for _ in range(MAX_PUT_BACK + 1)] == [0.0, 0.01, 0.02, 0.04, 0.08, None]
    assert patience.delay("b", 0.0) == 0.0


def test_it_returns_with_time_or_when_told_to_forget():
    patience = Patience()
    for _ in range(MAX_PUT_BACK):
        patience.delay("a", 0.0)
    assert patience.delay("a", PUT_BACK_WINDOW - 1) is None
    assert patience.delay("a", PUT_BACK_WINDOW + 1) == 0.0
    for _ in range(MAX_PUT_BACK):
        patience.delay("a", PUT_BACK_WINDOW + 1)
    patience.forget("a")
    assert patience.delay("a", PUT_BACK_WINDOW + 1) == 0.0
