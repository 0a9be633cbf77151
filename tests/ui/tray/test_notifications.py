# SPDX-License-Identifier: GPL-2.0-or-later
import pytest

from mnclient.model.problems import ProblemCode
from tests.ui import samples
from ui.tray.notifications import notification
from ui.view.notices import Place, Show
from ui.view.tray_view import TrayState

ALL = frozenset({"actions", "body", "body-markup"})
PATIENCE = 40.0
"""The tray says nothing in its first 15 seconds."""

QUESTION = Show(
    place=Place.PROPOSAL,
    kind="proposal",
    title="A home address is offered",
    body="Use <b>it</b> & be happy?",
    icon=TrayState.QUESTION.value,
    address=samples.PROPOSED,
)


def test_what_a_server_can_do_is_used(qapp):
    _, replaces, _, title, body, actions, hints, timeout = notification(QUESTION, 7, ALL)
    assert (replaces, title, timeout) == (7, "A home address is offered", 0)
    assert body == "Use &lt;b&gt;it&lt;/b&gt; &amp; be happy?"
    assert actions == ["default", "Open", "accept", "Accept", "dismiss", "Not now"]
    width, height, row, alpha, bits, channels, octets = hints["image-data"].value
    assert (bits, channels, alpha, len(octets)) == (8, 4, True, row * height) and width == height


def test_a_server_without_buttons_is_told_where_to_answer(qapp):
    *_, body, actions, _, _ = notification(QUESTION, 0, frozenset({"body"}))
    assert actions == []
    assert body.endswith("Answer in the menu of the tray icon.") and "<b>it</b> &" in body


def waiting(here):
    """How many notifications are on the screen."""
    server = "org.freedesktop.Notifications"
    return here.get(server, "/org/freedesktop/Notifications", "org.dunstproject.cmd0", "displayedLength")


@pytest.fixture
def settled(here, service):
    """The tray app, past the silence of its start."""
    here.start_notifications()
    here.start_tray("sni")
    app = here.start_app("--hidden", "--bus", service.address)
    here.until(here.tray_item, "the icon")
    service.show(samples.QUESTION)
    here.until(lambda: waiting(here) == 1, "the first notification", PATIENCE)
    yield app
    assert here.stop(app) == 0
    assert here.log() == ""


def test_notifications_on_a_real_desktop(here, service, settled):
    assert f"Use {samples.PROPOSED} as a home address?" in here.notification_texts()
    service.show(samples.PROBLEM)  # the question is moot, and there is a problem
    here.until(lambda: "The home agent refused the registration" in here.notification_texts(), "the problem")
    here.until(lambda: waiting(here) == 1, "only the problem")
    service.show(samples.AWAY)
    here.until(lambda: "All is well again" in here.notification_texts(), "the recovery")
    assert waiting(here) == 1  # in place of the problem


@pytest.mark.parametrize("button, call", [("Accept", "accept_proposal"), ("Not now", "dismiss_proposal")])
def test_a_question_is_answered_on_the_notification(here, service, settled, button, call):
    here.press_on_notification(button)
    here.until(lambda: service.core.calls, "the answer")
    assert service.core.calls == [(call, samples.PROPOSED)]
    service.show(samples.AWAY)
    here.until(lambda: waiting(here) == 0, "an empty screen")


def test_the_notifications_end_with_the_app(here, service):
    here.start_notifications()
    app = here.start_app("--hidden", "--bus", service.address)
    here.until(lambda: here.has_owner("org.mnclient.Tray"), "the app")
    broken = samples.with_engine(samples.PROBLEM, problems=(samples.problem(ProblemCode.NO_IPV6),))
    service.show(broken)
    here.until(lambda: waiting(here) >= 1, "a notification", PATIENCE)
    assert here.stop(app) == 0
    here.until(lambda: waiting(here) == 0, "an empty screen")


def test_without_a_server_the_icon_itself_says_it(here, service):
    here.start_tray("xembed")
    app = here.start_app("--hidden", "--bus", service.address)
    here.until(lambda: len(here.screen.colours(0, 776, 24, 24)) > 8, "the icon")
    service.show(samples.QUESTION)
    here.until(lambda: len(here.screen.colours(0, 600, 500, 170)) > 40, "the message", PATIENCE)
    assert here.stop(app) == 0
    assert here.log() == ""


def test_nonsense_from_another_program_is_not_heard(here, service, settled):
    for member, signature, body in (("ActionInvoked", "s", ("accept",)), ("NotificationClosed", "", ())):
        here.shout("org.freedesktop.Notifications", member, signature, *body)
    service.show(samples.PROBLEM)
    here.until(lambda: "The home agent refused the registration" in here.notification_texts(), "the problem")


def test_a_server_that_is_restarted_and_one_that_is_not_there(here, service):
    here.start_tray("sni")
    app = here.start_app("--hidden", "--bus", service.address)
    here.until(here.tray_item, "the icon")
    service.show(samples.QUESTION)  # nobody shows it
    dunst = here.start_notifications()
    here.until(lambda: waiting(here) == 1, "the notification", PATIENCE)
    here.stop(dunst)
    here.start_notifications()
    service.show(samples.PROBLEM)
    here.until(lambda: waiting(here) == 1, "the problem, shown by the new server")
    assert here.stop(app) == 0
    assert here.log() == ""
