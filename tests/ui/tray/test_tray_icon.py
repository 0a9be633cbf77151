# SPDX-License-Identifier: GPL-2.0-or-later
import sys

import pytest

from tests.ui import samples
from tests.ui.desktop import WATCHER
from ui.user_settings import UserSettings
from ui.view.tray_view import Snapshot, tray_view

BARE = "tests.ui.bare_app"
PLACES = {"xembed": (0, 776, 24, 24), "sni": (0, 776, 24, 24)}


def has_picture(here, kind):
    """Whether something with several colours is where the first icon of the tray is."""
    return len(here.screen.colours(*PLACES[kind])) > 8


@pytest.mark.parametrize("kind", PLACES)
@pytest.mark.parametrize("first", ["tray", "app"])
def test_an_icon_appears_whoever_starts_first(here, service, kind, first):
    if first == "tray":
        here.start_tray(kind)
    app = here.start_app("--hidden", "--bus", service.address)
    here.until(lambda: here.has_owner("org.mnclient.Tray"), "the app")
    if first == "app":
        here.start_tray(kind)
    here.until(lambda: has_picture(here, kind), "the icon")
    assert here.stop(app) == 0
    here.until(lambda: not has_picture(here, kind), "an empty tray")


@pytest.mark.parametrize("kind", PLACES)
def test_the_icon_comes_back_with_its_host(here, service, kind):
    here.start_tray(kind)
    here.start_app("--hidden", "--bus", service.address)
    here.until(lambda: has_picture(here, kind), "the icon")
    here.stop_tray()
    here.until(lambda: not has_picture(here, kind), "no tray")
    here.start_tray(kind)
    here.until(lambda: has_picture(here, kind), "the icon in the new tray")


def test_the_icon_moves_to_a_host_of_the_other_kind(here, service):
    here.start_tray("xembed")
    here.start_app("--hidden", "--bus", service.address)
    here.until(lambda: has_picture(here, "xembed"), "the icon")
    here.stop_tray()
    here.start_tray("sni")
    here.until(here.tray_item, "the icon in the new tray")
    here.until(lambda: here.tooltip().startswith("Away, reachable"), "the tooltip")


def test_every_state_has_another_picture_on_the_screen(here, service):
    here.start_tray("sni")
    here.start_app("--hidden", "--bus", service.address)
    here.until(lambda: here.tray_item() and here.tooltip().startswith("Away, reachable"), "the tooltip")
    here.until(lambda: has_picture(here, "sni"), "the icon")
    last = here.settled(*PLACES["sni"])
    pictures = {}
    for name, status in samples.STATES.items():
        service.show(status)
        title = tray_view(Snapshot("ready", status)).title
        here.until(lambda title=title: here.tooltip().startswith(title), f"the tooltip of {name}")
        # the tray draws it a little later
        here.until(lambda last=last: here.settled(*PLACES["sni"]) != last, f"another picture for {name}")
        last = pictures[name] = here.settled(*PLACES["sni"])
    assert len(set(pictures.values())) == len(samples.STATES)


@pytest.mark.parametrize("kind", PLACES)
def test_a_click_opens_the_window_and_no_menu(here, service, kind):
    here.start_tray(kind)
    here.start_app("--hidden", "--bus", service.address, module=BARE)
    here.until(lambda: has_picture(here, kind), "the icon")
    x, y, width, height = PLACES[kind]

    def clicked():
        here.click(x + width // 2, y + height // 2)
        return here.window("status")

    here.until(clicked, "the window")
    assert not here.run("xdotool", "search", "--onlyvisible", "--class", "popup").split()


def test_a_desktop_without_tray_is_told_of_once(here, service):
    here.start_notifications()
    app = here.start_app("--hidden", "--bus", service.address, module=BARE)
    here.until(lambda: here.window("status"), "the window")
    assert UserSettings(here.folder / "xdg_config_home" / "mnclient").wishes.told_without_tray
    here.until(lambda: "This desktop shows no tray icons" in here.notification_texts(), "the notice")
    assert here.stop(app) == 0


def test_a_panel_that_crashes_again_and_again(here, service):
    app = here.start_app("--hidden", "--bus", service.address)
    for _ in range(5):
        here.start_tray("sni")
        here.until(here.tray_item, "the icon")
        here.until(lambda: "Disconnect" in here.tray_menu(), "the menu")
        here.stop_tray()
    assert here.stop(app) == 0
    assert here.log() == ""


@pytest.mark.parametrize("first", ["watcher", "app"])
def test_a_watcher_that_has_its_name_before_it_answers(here, service, first):
    command = [sys.executable, "-m", "tests.ui.late_watcher", "1.5"]
    if first == "watcher":
        here.start(command)
        here.until(lambda: here.has_owner(WATCHER), "the name")
    app = here.start_app("--hidden", "--bus", service.address)
    here.until(lambda: here.has_owner("org.mnclient.Tray"), "the app")
    if first == "app":
        here.start(command)
    here.until(lambda: here.has_owner(WATCHER) and here.tray_item(), "the icon")
    assert here.stop(app) == 0
    assert here.log() == ""
