# SPDX-License-Identifier: GPL-2.0-or-later
import pytest

from mnclient.model.problems import ProblemCode
from mnclient.model.status import Phase
from service.contract import NotAllowed
from tests.ui import samples
from ui.session import Reach
from ui.tray.notifications import ACCEPT, DISMISS, OPEN
from ui.tray.session_bus import SessionBus
from ui.tray.tray import Tray
from ui.view.notices import Place, Show
from ui.view.tray_view import TrayState


@pytest.fixture
def tray(desk, session, monkeypatch):
    opened = []
    monkeypatch.setattr(desk, "open_window", lambda page="": opened.append(page))
    made = Tray(desk, SessionBus())
    made.opened, made.put = opened, []
    made.views = []
    monkeypatch.setattr(made.icon, "show", made.views.append)
    monkeypatch.setattr(made.notifications, "put", made.put.append)
    yield made
    made.icon.close()
    made._timer.stop()


def question():
    return Show(place=Place.PROPOSAL, kind="proposal", title="", body="", icon="tray-question",
                address=samples.PROPOSED)  # fmt: skip


@pytest.mark.parametrize("name", samples.STATES)
def test_every_status_is_shown(tray, session, name):
    session.show(samples.STATES[name])
    assert tray.views[-1].title


def test_the_service_goes(tray, session):
    session.show(samples.AWAY)
    session.lose(Reach.ABSENT, "It is gone", "start it")
    assert (tray.views[-1].state, tray.views[-1].title) == (TrayState.PROBLEM, "It is gone")


def test_a_problem_becomes_visible_by_itself(tray, session, qtbot):
    young = samples.problem(ProblemCode.HOME_AGENT_SILENT, since=samples.NOW - 4.0)
    session.show(samples.with_engine(phase=Phase.PROBLEM, problems=(young,)))
    assert tray.views[-1].state is TrayState.WORKING
    qtbot.waitUntil(lambda: tray.views[-1].state is TrayState.PROBLEM)


def test_no_timer_runs_when_nothing_is_waited_for(tray, session):
    session.show(samples.AWAY)
    tray._notices._quiet_until = 0.0  # the start is long past
    session.show(samples.AWAY)
    assert not tray._timer.isActive()


@pytest.mark.parametrize("what, method", [(ACCEPT, "accept_proposal"), (DISMISS, "dismiss_proposal")])
def test_a_notification_is_answered(tray, session, what, method):
    tray.notifications.chosen.emit(question(), what)
    assert session.requests == [(method, (samples.PROPOSED,))]
    assert tray.opened == []


def test_a_notification_opens_the_window(tray, session):
    tray.notifications.chosen.emit(question(), OPEN)
    assert tray.opened == [""] and session.requests == []


def test_a_refusal_is_shown(tray, session):
    session.answers["accept_proposal"] = NotAllowed("You may not", hint="Ask somebody")
    tray.notifications.chosen.emit(question(), ACCEPT)
    assert [(each.title, each.body) for each in tray.put] == [("You may not", "Ask somebody")]


def test_no_tray_is_told_once(tray, user_settings):
    tray.icon.host_missing.emit()
    tray.icon.host_missing.emit()
    assert len(tray.put) == 1 and tray.opened == [""]
    assert user_settings.wishes.told_without_tray
