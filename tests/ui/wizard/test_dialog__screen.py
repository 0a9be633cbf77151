# SPDX-License-Identifier: GPL-2.0-or-later
"""The wizard on a real screen, with a real mouse and keyboard, and a service on the bus."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.ui.desktop import desktop
from tests.ui.served import served
from tests.ui.view.test_invitation_view import PAIRED
from tests.ui.wizard.people import AGENT, INVITATION, TWO_INTERFACES, works, write
from tests.ui.wizard.test_dialog__new_key import stands
from ui.view.wizard_plan import UNPROTECTED

TITLE = "Get a home address"
TITLES = {"en": TITLE, "de": "Heimadresse einrichten"}
PICTURES = Path(os.environ.get("MNCLIENT_PICTURES", "build/wizard"))
SECOND = (460, 155)
"""The second network in the window, at its usual size."""
UP = 68
"""Pixels to the upper half of the first."""


def names(core):
    return [call[0] for call in core.calls]


def call(core, name):
    return next((each[1:] for each in core.calls if each[0] == name), ())


def opened(here, service):
    """Where the window is, with all in it that the service has told."""
    window = here.until(lambda: here.window(TITLE), "the wizard")
    here.until(lambda: service.core.is_watched, "the service to be seen")
    place = here.place(window)
    here.settled(*place, still=1.0)
    return place


def drag(here, place, begin, end):
    """As a hand does it: not faster than the picture follows."""
    x, y, *_ = place
    moves = ["mousemove", str(x + begin[0]), str(y + begin[1]), "mousedown", "1", "sleep", "0.2"]
    for step in range(1, 21):
        height = y + begin[1] + (end[1] - begin[1]) * step // 20
        moves += ["mousemove", str(x + end[0]), str(height), "sleep", "0.03"]
    here.run("xdotool", *moves)
    here.settled(*place)
    here.run("xdotool", "mouseup", "1")
    here.settled(*place)


def turn(here, place):
    """To the next page, which is there at the end."""
    before = here.settled(*place)
    here.key("Return")
    here.until(lambda: here.settled(*place) != before, "the next page")


def test_keys_a_drag_and_a_home_address():
    with served(TWO_INTERFACES) as service, desktop() as here:
        service.core.values[UNPROTECTED] = False
        here.start_tray("xembed")
        here.start_app("--bus", service.address, "--wizard")
        place = opened(here, service)
        here.screenshot(PICTURES / "1-agent.png")
        for step in ("2-address", "3-protection", "4-networks"):
            turn(here, place)
            here.screenshot(PICTURES / f"{step}.png")
        drag(here, place, SECOND, (SECOND[0], SECOND[1] - UP))
        here.screenshot(PICTURES / "5-dragged.png")
        here.key("Return")
        here.until(lambda: "try_home_address" in names(service.core), "the trial")
        assert list(call(service.core, "try_interface_order")[0]) == ["wlan0", "eth0", "wwan0"]
        address, agent, _ = call(service.core, "try_home_address")
        assert agent == AGENT
        here.screenshot(PICTURES / "6-trying.png")
        service.show(replace(works(address, TWO_INTERFACES)))
        here.until(lambda: "keep_home_address" in names(service.core), "the address to be kept")
        here.settled(*place)
        here.screenshot(PICTURES / "7-done.png")
        here.key("Return")
        here.until(lambda: not here.window(TITLE), "the wizard to close")
        assert "Traceback" not in here.log()


@pytest.mark.parametrize("language", ["en", "de"])
def test_an_invitation_with_a_new_key_is_opened(language):
    """As a file manager opens it; in a few words, and in one step."""
    status = replace(PAIRED, engine=replace(PAIRED.engine, interfaces=TWO_INTERFACES.engine.interfaces))
    with served(status) as service, desktop() as here:
        speaks(here, language)
        here.start_tray("xembed")
        file = write(here.folder / "second.mnclient-invitation")
        file.chmod(0o644)
        here.start_app("--bus", service.address, str(file))
        window = here.until(lambda: here.window(TITLES[language]), "the wizard")
        here.until(lambda: service.core.is_watched, "the service to be seen")
        place = here.place(window)
        here.settled(*place, still=1.0)
        here.screenshot(PICTURES / f"new-key-1-invitation-{language}.png")
        here.key("Return")
        here.until(lambda: "try_key" in names(service.core), "the trial")
        service.show(stands())
        here.settled(*place)
        here.screenshot(PICTURES / f"new-key-2-trial-{language}.png")
        assert "try_home_address" not in names(service.core) and "keep_home_address" not in names(service.core)
        service.show(stands(accepted_spi=INVITATION.spi_out))
        here.until(lambda: "keep_home_address" in names(service.core), "the key to be kept")
        here.settled(*place)
        here.screenshot(PICTURES / f"new-key-3-done-{language}.png")
        assert "Traceback" not in here.log()


def speaks(here, language):
    """The language of the person."""
    folder = here.folder / "xdg_config_home" / "mnclient"
    folder.mkdir()
    (folder / "tray.json").write_text(json.dumps({"language": language, "wizard_offered": True}), encoding="utf-8")


def test_escape_in_the_middle_of_a_trial():
    with served(TWO_INTERFACES) as service, desktop() as here:
        service.core.values[UNPROTECTED] = False
        here.start_tray("xembed")
        here.start_app("--bus", service.address, "--wizard")
        place = opened(here, service)
        for _ in range(3):
            turn(here, place)
        here.key("Return")
        here.until(lambda: "try_home_address" in names(service.core), "the trial")
        here.key("Escape")
        here.until(lambda: len(here.windows(TITLE)) > 1, "the question")
        here.screenshot(PICTURES / "8-question.png")
        here.key("alt+c")
        here.until(lambda: not here.window(TITLE), "the wizard to close")
        here.until(lambda: ("cancel_trial", None) in service.core.calls, "the trial to end")
