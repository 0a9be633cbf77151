# SPDX-License-Identifier: GPL-2.0-or-later
"""The status window on a real screen, with a real mouse, real keys and a service on a real bus."""

import pytest

from tests.service.samples_of_messages import BU
from tests.ui import samples

INTERFACES, LOG = "ctrl+3", "ctrl+8"


@pytest.fixture
def opened(here, service):
    """The place of the window on the screen: x, y, width, height."""
    here.start_app("--bus", service.address)
    here.until(lambda: here.windows("mnclient"), "the window")
    here.until(lambda: service.core.is_watched, "the window's first question")
    place = here.place(here.window("mnclient"))
    here.settled(*place)
    return place


def handle(here, place, name):
    """The middle of an interface's row: rows are of the same height, below the words at the top of the page."""
    x, y, width, _ = place
    first, pitch = 112, 72
    row = ("eth0", "wlan0", "wwan0").index(name)
    return x + width // 2, y + first + row * pitch


def test_an_interface_is_dragged_to_the_top(here, service, opened):
    here.key(INTERFACES)
    here.until(lambda: here.window("^Interfaces — mnclient$"), "the page")
    here.settled(*opened)
    here.drag(handle(here, opened, "wwan0"), handle(here, opened, "eth0"))
    here.until(lambda: service.core.calls, "the order")
    assert service.core.calls == [("set_interface_order", ["wwan0", "eth0", "wlan0"])]


def test_a_status_change_is_seen(here, service, opened):
    x, y, _, _ = opened
    picture = (x + 225, y + 15, 60, 60)  # beside the headline; ages, which change by themselves, are elsewhere
    before = here.settled(*picture)
    service.show(samples.PROBLEM)
    here.until(lambda: here.settled(*picture) != before, "another picture")


def test_without_the_service_and_back_again(here, service, opened):
    x, y, _, _ = opened
    sidebar = (x, y, 200, 400)
    there = here.settled(*sidebar)
    service.stop()
    here.until(lambda: here.settled(*sidebar) != there, "the page that says that it is away")
    service.start()
    here.until(lambda: here.settled(*sidebar) == there, "the pages again")


def test_the_log_follows_what_is_said(here, service, opened):
    here.key(LOG)
    here.until(lambda: service.core.message_log.listener is not None, "the watcher")
    before = here.settled(*opened)
    service.soon(service.core.message_log.note, "eth0", True, BU)
    here.until(lambda: here.settled(*opened) != before, "the message")
    here.key("ctrl+1")
    assert "went wrong" not in here.log()
