# SPDX-License-Identifier: GPL-2.0-or-later
import pytest

from mnclient.errors import ConfigError
from service.contract import Action, NotAllowed, Permission
from tests.ui import samples
from tests.ui.preferences.service_samples import NOTHING, Service
from ui.preferences.model import SLOW_MILLISECONDS, PreferencesModel
from ui.view import preferences_view as view
from ui.view.undo import Request

ASK = view.ASK_FIRST
ADMIN = view.ROLE_HOME_AGENT


@pytest.fixture
def service(session):
    return Service(session)


@pytest.fixture
def model(session, service, user_settings):
    made = PreferencesModel(session, user_settings)
    session.show(samples.AWAY)
    made.wake()
    yield made
    made.deleteLater()


def rested(model, qtbot):
    """The shortest time between two readings has passed."""
    qtbot.waitUntil(lambda: not model._again.isActive())


def test_values_are_those_of_the_service(model):
    assert model.value(ASK) is True
    assert model.rows(view.TRAFFIC_RULES)[1] == {"protocol": "udp", "ports": "5000-5100"}


def test_a_change_is_sent_as_text_and_can_be_undone(model, service):
    model.set(ASK, False, "Ask me first: Off")
    assert model.session.asked("set_setting") == [(ASK, "false")]
    assert service.settings.get(ASK) is False and model.value(ASK) is False
    assert model.undo_stack.last.title == "Ask me first: Off"
    model.undo()
    assert service.settings.get(ASK) is True and model.value(ASK) is True
    assert model.undo_stack.last is None


def test_several_levels_are_undone_newest_first(model, service):
    for number in (3, 7, 2):
        model.set(view.MAX_ADDRESSES, number, str(number))
    model.set(ASK, False, "off")
    for expected in ((2, True), (7, True), (3, True), (1, True)):
        model.undo()
        assert (service.settings.get(view.MAX_ADDRESSES), service.settings.get(ASK)) == expected
    model.undo()
    assert model.undo_stack.last is None


def test_the_same_value_again_is_no_change(model):
    model.set(ASK, True, "on")
    assert model.session.asked("set_setting") == [] and model.undo_stack.last is None


def test_a_table_is_sent_inline_and_kept_as_the_service_keeps_it(model, service):
    rows = [{"prefix": "2001:db8:5::/48"}]
    model.set(view.EXCEPTIONS, rows, "one")
    assert model.session.asked("set_setting") == [(view.EXCEPTIONS, '[{ allow = true, prefix = "2001:db8:5::/48" }]')]
    model.session.show(samples.AWAY)
    assert model.undo_stack.last is not None  # what is read back is what was sent
    model.undo()
    assert service.settings.get(view.EXCEPTIONS) == [{"prefix": "2001:db8:bad::/48", "allow": False}]


def test_a_refused_change_snaps_back_with_the_words_of_the_service(model, qtbot):
    error = ConfigError("that is too many", key=view.MAX_ADDRESSES, accepted="at most 16")
    model.session.answers["set_setting"] = error
    with qtbot.waitSignal(model.refused) as signal:
        model.set(view.MAX_ADDRESSES, 99, "99")
    assert signal.args == [view.MAX_ADDRESSES, error]
    assert model.value(view.MAX_ADDRESSES) == 1 and model.undo_stack.last is None


def test_a_change_shows_before_it_is_answered_and_as_slow_after_a_while(model, qtbot):
    model.session.hold("set_setting")
    with qtbot.waitSignal(model.working, timeout=SLOW_MILLISECONDS * 20) as signal:
        model.set(ASK, False, "off")
        assert model.value(ASK) is False and model.undo_stack.last is None
    assert signal.args == [ASK, True]
    with qtbot.waitSignal(model.working) as signal:
        model.session.release()
    assert signal.args == [ASK, False]
    assert model.undo_stack.last is not None


def test_changes_are_sent_one_after_the_other(model, service):
    model.session.hold("set_setting")
    model.set(ADMIN, True, "on")
    model.set(ADMIN, False, "off")
    model.set(ASK, False, "off")
    assert len(model.session.asked("set_setting")) == 1
    assert model.value(ADMIN) is False
    model.session.release()
    assert model.session.asked("set_setting") == [(ADMIN, "true"), (ADMIN, "false"), (ASK, "false")]
    assert model.value(ADMIN) is False and service.settings.get(ADMIN) is False


def test_without_the_password_the_rest_of_the_group_is_not_tried(model):
    refused = []
    model.refused.connect(lambda subject, error: refused.append(subject))
    model.session.hold("set_setting")
    model.session.answers["set_setting"] = lambda key, text: (
        (_ for _ in ()).throw(NotAllowed("no")) if key != ASK else None
    )
    model.set(ADMIN, True, "on")
    model.set(view.ROLE_CORRESPONDENT, True, "on")
    model.set(ASK, False, "off")
    model.session.release()
    assert refused == [ADMIN, view.ROLE_CORRESPONDENT]
    assert [key for key, _ in model.session.asked("set_setting")] == [ADMIN, ASK]


def test_what_another_program_changes_is_shown(model, service, qtbot):
    service.set_elsewhere(ASK, "false")
    qtbot.waitUntil(lambda: model.value(ASK) is False)


def test_a_change_that_another_program_overwrote_is_not_undone(model, service, qtbot):
    model.set(view.MAX_ADDRESSES, 3, "3")
    service.set_elsewhere(view.MAX_ADDRESSES, "5")
    qtbot.waitUntil(lambda: model.undo_stack.last is None)
    model.undo()
    assert service.settings.get(view.MAX_ADDRESSES) == 5


def test_a_reading_that_began_before_a_change_does_not_bring_the_old_value_back(model, service, qtbot):
    old = dict(service.settings.describe())
    rested(model, qtbot)
    model.session.hold("settings")
    model.session.show(samples.AWAY)
    qtbot.waitUntil(lambda: model.session.is_waiting)
    model.set(ASK, False, "off")
    model.session.answers["settings"] = old
    model.session.release()
    assert model.value(ASK) is False


def test_nothing_is_read_while_nobody_looks(model, qtbot):
    model.rest()
    rested(model, qtbot)
    model.session.requests.clear()
    model.session.show(samples.AT_HOME)
    assert model.session.requests == []


def test_permissions_by_request(model):
    assert model.permission(Request("set_setting", (ADMIN,))) is Permission.PASSWORD
    assert model.permission(Request("set_setting", (ASK,))) is Permission.YES
    model._take_permissions(NOTHING)
    for method in ("add_home_address", "remove_home_address", "prefer_home_address", "set_interface_order"):
        assert model.permission(Request(method)) is Permission.NO
    assert model.action(Request("add_home_address")) is Action.MANAGE_ADDRESSES
    assert model.permission(Request("unheard_of")) is Permission.YES  # the service decides


def test_a_service_that_goes_and_returns(model, service):
    model.session.lose()
    assert not model.is_reachable
    service.set_setting(ASK, "false")
    model.session.show(samples.AWAY)
    assert model.is_reachable
    assert model._values[ASK] is False or model._again.isActive()


def test_a_service_of_another_version(session, user_settings):
    session.answers.update(permissions=None, settings_schema=None, settings=None, setting=None)
    model = PreferencesModel(session, user_settings)
    session.show(samples.AWAY)
    model.wake()
    assert model.value(ASK) is None and model.rows(view.TRAFFIC_RULES) == []


def test_wishes_are_undone_like_settings(model, user_settings):
    model.wish("theme", "dark", "Colours: Dark")
    model.session.lose()
    assert user_settings.wishes.theme == "dark" and model.can_undo()
    model.undo()
    assert user_settings.wishes.theme == "desktop"


def test_starting_with_the_session_is_undone_too(model, monkeypatch, tmp_path):
    from ui import autostart

    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    model.start_with_session(True, "on")
    assert autostart.is_enabled()
    model.undo()
    assert not autostart.is_enabled()


def test_a_folder_that_cannot_be_written_is_told(model, monkeypatch, tmp_path, qtbot):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "file"))
    with qtbot.waitSignal(model.refused):
        model.start_with_session(True, "on")
    assert model.undo_stack.last is None
