# SPDX-License-Identifier: GPL-2.0-or-later
import pytest

from service.contract import ServiceUnavailable
from ui.view.traffic_view import RECEIVED, SENT


@pytest.fixture
def counted(session):
    """A service that carries 1000 octets more each time it is asked."""
    state = {"asked": 0}

    def counters():
        state["asked"] += 1
        return {RECEIVED: 1000 * state["asked"], SENT: 0}

    session.answers["counters"] = counters
    return state


@pytest.fixture
def clock(monkeypatch):
    state = {"now": 100.0}
    monkeypatch.setattr("ui.window.traffic_page.time.monotonic", lambda: state["now"])
    return state


def test_the_service_is_asked_only_while_one_looks(window, counted):
    assert counted["asked"] == 0
    page = window.open_page("traffic")
    assert counted["asked"] == 1 and page.is_polling
    window.open_page("overview")
    assert not page.is_polling
    page = window.open_page("traffic")
    assert page.is_polling
    window.close()
    assert not page.is_polling


def test_rates(window, counted, clock):
    page = window.open_page("traffic")
    clock["now"] += 2
    page._ask()
    assert page.graph.points[-1].received == 500
    assert page.received.value.text() == "500 B/s" and page.received.total.text() == "2.0 kB in all"
    assert "Received 500 B/s" in page.graph.accessibleDescription()
    assert not page.graph.grab().isNull()


def test_two_minutes_are_kept(window, counted, clock):
    page = window.open_page("traffic")
    for _ in range(300):
        clock["now"] += 1
        page._ask()
    assert len(page.graph.points) <= 122 and page.graph.points[0].age <= 122


def test_a_slow_answer_is_waited_for(window, session, counted):
    page = window.open_page("traffic")
    session.hold("counters")
    for _ in range(5):
        page._ask()
    assert len(session.asked("counters")) == 2  # the one before, and one that waits
    session.release()
    page._ask()
    assert len(session.asked("counters")) == 3


def test_a_service_that_goes_and_counts_anew(window, session, counted, clock):
    page = window.open_page("traffic")
    session.answers["counters"] = ServiceUnavailable("gone")
    clock["now"] += 1
    page._ask()
    session.answers["counters"] = {RECEIVED: 5, SENT: 5}
    clock["now"] += 1
    page._ask()
    assert page.graph.points[-1].received is None and page.received.value.text() == "–"
    assert not window.banner.isVisible()


def test_a_service_that_does_not_count(window, session):
    session.answers["counters"] = {}
    page = window.open_page("traffic")
    assert page.empty.isVisible() and not page.card.isVisible()
