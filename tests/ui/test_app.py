# SPDX-License-Identifier: GPL-2.0-or-later
"""The tray app as a process of its own: what starts it, what ends it, what goes wrong around it."""

import json
import os
import signal
import socket
from dataclasses import replace
from enum import Enum

import pytest

from tests.service.private_bus import private_bus
from tests.ui import samples
from tests.ui.bare_app import __name__ as BARE  # noqa: N812
from tests.ui.served import Served
from ui.app import Front, parser, wish_of
from ui.tray.single_instance import SOCKET, Wish

RUNNING = "org.mnclient.Tray"


def wish(*arguments):
    return wish_of(parser().parse_args(arguments))


@pytest.mark.parametrize(
    "arguments, expected",
    [
        ((), Wish("window")),
        (("--hidden",), Wish("hidden")),
        (("--window",), Wish("window")),
        (("--window", "agents"), Wish("window", "agents")),
        (("--preferences",), Wish("preferences")),
        (("--preferences", "keys"), Wish("preferences", "keys")),
        (("--wizard",), Wish("wizard")),
        (("/tmp/an invitation",), Wish("invitation", "/tmp/an invitation")),
    ],
)
def test_what_a_start_asks_for(arguments, expected, monkeypatch):
    monkeypatch.delenv("XDG_ACTIVATION_TOKEN", raising=False)
    assert wish(*arguments) == expected


def test_the_permission_to_come_to_the_front_is_passed_on(monkeypatch):
    monkeypatch.setenv("XDG_ACTIVATION_TOKEN", "abc")
    assert wish("--wizard") == Wish("wizard", "", "abc")
    assert "XDG_ACTIVATION_TOKEN" not in os.environ


class NotingDesk:
    def __init__(self, user_settings):
        self.user_settings = user_settings
        self.opened = []

    def open_wizard(self, invitation=None):
        self.opened.append(("wizard", invitation))


def test_the_wizard_is_offered_once(user_settings):
    desk = NotingDesk(user_settings)
    front = Front(desk)
    for status in (samples.AWAY, samples.OFF, replace(samples.FIRST_RUN, home_addresses=samples.AWAY.home_addresses)):
        front.offer_wizard(status)
    assert desk.opened == []
    front.offer_wizard(samples.FIRST_RUN)
    front.offer_wizard(samples.FIRST_RUN)
    assert desk.opened == [("wizard", None)]
    Front(desk).offer_wizard(samples.FIRST_RUN)
    assert len(desk.opened) == 1


# --- the command line ---


def test_help_and_version_need_no_display(here):
    for option, text in (("--help", "home address"), ("--version", "mnclient ")):
        done = here.run_app(option, DISPLAY="")
        assert (done.returncode, done.stderr) == (0, "") and text in done.stdout


@pytest.mark.parametrize(
    "display, why", [("", "There is no display here"), (":4711", "The display :4711 does not answer")]
)
def test_without_a_display_one_sentence(here, display, why):
    done = here.run_app(DISPLAY=display, QT_QPA_PLATFORM="")
    assert done.returncode == 2
    assert done.stderr.startswith(f"mnclient: {why}") and done.stderr.count("\n") == 1


def test_a_wrong_option_is_said(here):
    done = here.run_app("--windw")
    assert done.returncode == 2 and "unrecognized arguments: --windw" in done.stderr


# --- one program ---


@pytest.mark.parametrize("with_bus", [True, False])
def test_a_second_start_gives_its_wish_to_the_first(here, service, with_bus):
    bus = {} if with_bus else {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={here.folder}/none"}
    first = here.start_app("--hidden", "--bus", service.address, module=BARE, **bus)
    socket_file = here.folder / "xdg_runtime_dir" / SOCKET
    here.until(lambda: here.has_owner(RUNNING) if with_bus else socket_file.exists(), "the first")
    for arguments, title in (
        ((), "status"),
        (("--window", "agents"), "status agents"),
        (("--preferences", "general"), "preferences general"),
        (("--wizard",), "wizard"),
        ((str(here.folder / "an invitation.toml"),), "wizard .*an invitation.toml"),
    ):
        done = here.run_app(*arguments, "--bus", service.address, **bus)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        here.until(lambda title=title: here.window(f"^{title}$"), f"the window {title}")
    done = here.run_app("--hidden", "--bus", service.address, **bus)
    assert done.returncode == 0
    assert first.poll() is None
    assert here.stop(first) == 0
    assert not socket_file.exists()


def test_a_window_that_is_hidden_comes_to_the_front(here, service):
    here.start_app("--bus", service.address, module=BARE)
    window = here.until(lambda: here.window("status"), "the window")
    here.run("xdotool", "windowminimize", "--sync", window)
    here.until(lambda: not here.window("status"), "no window")
    here.run_app("--bus", service.address)
    here.until(lambda: here.window("status") == window, "the window again")
    here.until(lambda: here.run("xdotool", "getactivewindow").strip() == window, "it to be the active one")


def test_what_a_killed_program_left_is_no_hindrance(here, service):
    nowhere = f"unix:path={here.folder}/none"
    place = here.folder / "xdg_runtime_dir" / SOCKET
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(place))
    app = here.start_app("--bus", service.address, module=BARE, DBUS_SESSION_BUS_ADDRESS=nowhere)
    here.until(lambda: here.window("status"), "the window")
    assert here.stop(app) == 0


def test_it_starts_without_bus_and_without_runtime_folder(here, service):
    nowhere = f"unix:path={here.folder}/none"
    app = here.start_app("--bus", service.address, module=BARE, DBUS_SESSION_BUS_ADDRESS=nowhere, XDG_RUNTIME_DIR="")
    here.until(lambda: here.window("status"), "the window")
    assert here.stop(app) == 0


def test_nonsense_on_the_bus_is_refused(here, service):
    here.start_app("--hidden", "--bus", service.address, module=BARE)
    here.until(lambda: here.has_owner(RUNNING), "the app")
    application = "org.freedesktop.Application"
    for member, signature, body in (("ActivateAction", "sava{sv}", ("quit", [], {})), ("Activate", "s", ("x",))):
        with pytest.raises(Exception, match="UnknownMethod|UnknownObject|does not exist"):
            here.call(RUNNING, "/org/mnclient/Tray", application, member, signature, *body)
    here.call(RUNNING, "/org/mnclient/Tray", application, "Activate", "a{sv}", {})
    here.until(lambda: here.window("status"), "the window")


# --- its end ---


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_told_to(here, service, how):
    here.start_tray("sni")
    app = here.start_app("--hidden", "--bus", service.address)
    here.until(here.tray_item, "the icon")
    assert here.stop(app, how) == 0
    assert here.log() == ""


def test_quit_in_the_menu(here, service):
    here.start_tray("sni")
    app = here.start_app("--hidden", "--bus", service.address)
    here.until(here.tray_item, "the icon")
    here.choose("Quit")
    status = app.wait(10)
    assert (status, here.log()) == (0, "")


# --- the service and its bus ---


def test_the_service_restarts_under_it(here, service):
    here.start_tray("sni")
    app = here.start_app("--hidden", "--bus", service.address)
    here.until(lambda: here.tray_item() and here.tooltip().startswith("Away, reachable"), "the icon")
    service.stop()
    here.until(lambda: here.tooltip() == "The mnclient service is not running", "the absence")
    assert [each for each in here.tray_menu() if "onnect" in each] == []
    service.start()
    here.until(lambda: here.tooltip().startswith("Away, reachable"), "the service again")
    service.stop()
    service.bus.stop()
    here.until(lambda: not here.tooltip().startswith("Away"), "the absence again")
    service.bus.start()
    service.start()
    here.until(lambda: here.tooltip().startswith("Away, reachable"), "the service on the new bus")
    assert here.stop(app) == 0
    assert here.log() == ""


class Later(Enum):
    """A state that a later version may have."""

    TELEPORTING = "teleporting"


def test_a_service_of_another_version(here, service):
    here.start_tray("sni")
    app = here.start_app("--hidden", "--bus", service.address)
    here.until(lambda: here.tray_item() and here.tooltip().startswith("Away, reachable"), "the icon")
    service.show(samples.with_engine(phase=Later.TELEPORTING))
    here.until(lambda: here.tooltip().startswith("The service is of another version"), "the other version")
    service.show(samples.AWAY)
    here.until(lambda: here.tooltip().startswith("Away, reachable"), "the right version")
    assert here.stop(app) == 0
    assert here.log() == ""


def test_the_most_that_a_service_can_say(here, service):
    here.start_tray("sni")
    app = here.start_app("--hidden", "--bus", service.address)
    here.until(here.tray_item, "the icon")
    service.show(samples.CROWDED)
    here.until(lambda: "Accept" in here.tray_menu(), "the question")
    assert len(here.tray_menu()) < 15
    assert here.stop(app) == 0
    assert here.log() == ""


def test_a_person_who_may_not_read(here):
    denied = '<policy context="default"><deny send_destination="org.mnclient.MobileNode1"/></policy>'
    with private_bus(more=denied) as bus:
        service = Served(bus, samples.AWAY)
        service.start()
        here.start_tray("sni")
        app = here.start_app("--hidden", "--bus", bus.address)
        here.until(lambda: here.tray_item() and here.tooltip().startswith("You may not see"), "the refusal")
        assert here.stop(app) == 0
        service.close()
    assert here.log() == ""


def test_the_session_bus_goes(here, service):
    here.start_tray("xembed")
    app = here.start_app("--hidden", "--bus", service.address)
    here.until(lambda: here.has_owner(RUNNING), "the app")
    here.bus.stop()
    service.show(samples.PROBLEM)
    here.until(lambda: len(here.screen.colours(0, 776, 24, 24)) > 8, "the icon")
    assert here.stop(app) == 0
    assert here.log() == ""


# --- what belongs to a person ---


def test_worst_settings_of_a_person_are_set_aside(here, service):
    folder = here.folder / "xdg_config_home" / "mnclient"
    folder.mkdir()
    (folder / "tray.json").write_text(json.dumps({"muted": 7, "window": []}), encoding="utf-8")
    app = here.start_app("--bus", service.address, module=BARE)
    here.until(lambda: here.window("status"), "the window")
    assert (folder / "tray.damaged").exists()
    assert here.stop(app) == 0


def test_the_first_run_begins_with_the_wizard(here, service):
    service.show(samples.FIRST_RUN)
    app = here.start_app("--hidden", "--bus", service.address, module=BARE)
    here.until(lambda: here.window("wizard"), "the wizard")
    assert here.stop(app) == 0
    app = here.start_app("--bus", service.address, module=BARE)
    here.until(lambda: here.window("status"), "the window")
    assert not here.window("wizard")
    assert here.stop(app) == 0
