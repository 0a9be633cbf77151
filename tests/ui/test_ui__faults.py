# SPDX-License-Identifier: GPL-2.0-or-later
"""What goes wrong under the windows of a person, with the real service and the real polkitd.

Pictures are in build/faults/.
"""

import signal

import pytest

from service.contract import Action
from tests.lab.polkit import as_if_local
from tests.lab.topology import VISITED_A, VISITED_B
from tests.ui.house import ALLOWED, PERSON, STATUS_WINDOW, house
from tests.ui.wizard.people import INVITATION, write

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]

UNPROTECTED = "mobile_node.allow_unprotected_signalling"
AT_HOME = "^At home"
REFUSED = """
polkit.addRule(function(action, subject) {
  if (action.id.indexOf("org.mnclient.") == 0) { return polkit.Result.NO; }
});
"""
NOT_RUNNING = "service is not running"


@pytest.fixture
def home():
    with house("faults") as made:
        yield made


# --- the service ---


def install(home):
    """At once, with what the wizard says."""
    home.start_tray_app("--hidden")
    home.eyes.wait("radio button", "2001:db8:1::1")
    home.eyes.press("push button", "^Next$")
    home.eyes.wait("radio button", "2001:db8:1::ff:fe00:10")
    home.eyes.press("push button", "^Next$")
    home.eyes.press("radio button", "No key for now")
    home.eyes.press("push button", "^Try it$")
    home.eyes.wait("filler", "Step 5 of 5", within=60)
    home.eyes.press("push button", "^Close$")
    home.eyes.gone("dialog", "home address")


def start_laptop_again(home):
    home.laptop.start()
    home.lab.eventually(home.laptop.is_ready, within=15.0, what="the service is back")


def test_the_service_goes_and_comes_under_an_open_window(home):
    home.set_up(maximum=2)
    home.log_in()
    install(home)
    home.here.choose("Open")
    for number, end in enumerate((home.laptop.stop, home.laptop.kill), start=1):
        home.eyes.wait("label", AT_HOME)
        end()
        home.eyes.wait("label", NOT_RUNNING)
        home.picture(f"service-gone-{number}")
        assert home.here.tooltip(), "the icon stays and says so"
        start_laptop_again(home)
    home.eyes.wait("label", AT_HOME)
    home.picture("service-back")
    assert "Traceback" not in home.here.log()


def test_the_bus_goes_and_comes(home):
    home.set_up(maximum=2)
    home.log_in()
    install(home)
    home.here.choose("Open")
    home.eyes.wait("label", AT_HOME)
    home.laptop.bus.stop()
    home.eyes.wait("label", "no message bus")
    home.picture("bus-gone")
    home.polkit.stop()  # it ends with its bus
    home.laptop.bus.start()
    home.polkit.start()
    home.eyes.wait("label", AT_HOME)
    home.picture("bus-back")
    assert "Traceback" not in home.here.log()


def test_two_that_are_started_at_once(home):
    home.set_up(maximum=2)
    home.log_in()
    install(home)
    home.here.stop(home.app)
    both = [home.here.start_app("--bus", home.laptop.bus.address, "--window", page) for page in ("moves", "moves")]
    home.here.until(lambda: [each.poll() for each in both].count(0) == 1, "the end of one of them")
    home.eyes.wait("label", "^Moves$")
    assert [each.poll() for each in both].count(None) == 1
    assert len(home.here.windows(STATUS_WINDOW)) == 1


# --- in the middle of a trial ---


def settings_of(home):
    """All that a trial changes, and the files where it would be stored."""
    laptop = home.laptop
    keys = laptop.state / "keys" / "keys.json"
    return (
        laptop.mnctl("settings", "get", UNPROTECTED),
        [(each["name"], each["priority"]) for each in laptop.mnctl("interfaces")["interfaces"]],
        home.status().keys,
        laptop.settings.read_bytes(),
        keys.read_bytes() if keys.exists() else b"",
    )


def on_trial(home):
    """What the service tries; nothing else is set up."""
    managed = home.status().home_addresses
    assert all(each.trial for each in managed)
    return [each.address for each in managed]


@pytest.fixture
def trying(home):
    """A trial that goes on, of an address, a key and an order: no home agent answers. And how it was before."""
    home.set_up(maximum=2, unprotected=False)
    home.log_in()
    home.lab.add_second_interface()
    home.lab.plug(VISITED_A, "eth1")
    home.lab.eventually(lambda: len(home.status().engine.interfaces) == 2, within=10.0, what="both are there")
    before = settings_of(home)
    invitation = write(home.here.folder / "invitation")
    invitation.chmod(0o644)
    home.start_tray_app(str(invitation))
    home.eyes.wait("label", str(INVITATION.home_address))
    home.eyes.press("push button", "^Next$")
    home.eyes.wait("radio button", "invitation")
    home.eyes.press("push button", "^Next$")
    home.eyes.wait("push button", "^Try it$", enabled=True)
    home.here.key("ctrl+Down")  # the first interface becomes the second
    home.picture("order")
    home.home_agent.kill()
    home.lab.move(VISITED_B)
    home.eyes.press("push button", "^Try it$")
    home.lab.eventually(lambda: on_trial(home) == [INVITATION.home_address], within=15.0, what="the trial")
    home.picture("trying")
    yield before
    assert "Traceback" not in home.here.log()


def all_is_as_before(home, before):
    home.lab.eventually(lambda: on_trial(home) == [], within=10.0, what="the end of the trial")
    assert settings_of(home) == before


def test_the_app_is_killed_in_the_middle_of_a_trial(home, trying):
    now = settings_of(home)
    # The key protects the registration: nothing is tried without protection, so that setting is as it was.
    assert [one == other for one, other in zip(now, trying, strict=True)] == [True, False, False, True, True]
    home.here.stop(home.app, signal.SIGKILL)
    all_is_as_before(home, trying)
    home.laptop.restart()
    home.lab.eventually(home.laptop.is_ready, within=15.0, what="the service is back")
    all_is_as_before(home, trying)


def test_the_service_is_killed_in_the_middle_of_a_trial(home, trying):
    home.laptop.kill()
    home.eyes.wait("label", NOT_RUNNING)
    home.picture("killed-in-trial")
    start_laptop_again(home)
    all_is_as_before(home, trying)
    home.eyes.press("push button", "^Try again$")
    home.lab.eventually(lambda: on_trial(home) == [INVITATION.home_address], within=15.0, what="the trial")
    home.picture("tried-again")
    home.here.key("Escape")
    home.eyes.press("push button", "^Close$")
    all_is_as_before(home, trying)


# --- permissions ---


def come_forward(home, *what):
    """As a person does who comes back to a window."""
    assert home.here.run_app("--bus", home.laptop.bus.address, *what).returncode == 0


def refused(home, role, name):
    """It is there, cannot be used, and says why."""
    thing = home.eyes.wait(role, name)
    return not thing.is_enabled and "administrator" in thing.description


def test_a_person_who_may_only_read(home):
    home.set_up(rules=as_if_local(PERSON, Action.READ_STATUS.value) + REFUSED, maximum=2, unprotected=False)
    home.log_in()
    eyes = home.eyes
    home.start_tray_app("--hidden")
    eyes.wait("radio button", "2001:db8:1::1")
    eyes.press("push button", "^Next$")
    eyes.press("push button", "^Next$")
    eyes.press("radio button", "No key for now")
    eyes.wait("label", "You may not add home addresses")
    assert not eyes.wait("push button", "^Try it$").is_enabled
    home.picture("wizard-refused")
    come_forward(home, "--window")
    home.here.until(lambda: refused(home, "push button", "^Add a home address$"), "the reason in the window")
    home.picture("window-read-only")
    come_forward(home, "--preferences")
    home.here.until(lambda: refused(home, "check box", "Ask me first"), "the reason in the preferences")
    home.picture("preferences-read-only")
    home.polkit.set_rules(ALLOWED)

    def allows():
        come_forward(home, "--window")
        if not eyes.wait("push button", "^Add a home address$").is_enabled:
            return False
        come_forward(home, "--preferences")
        return eyes.wait("check box", "Ask me first").is_enabled

    home.here.until(allows, "the permission to be noticed")
    home.picture("preferences-allowed")
    come_forward(home, "--wizard")
    eyes.press("push button", "^Back$")
    eyes.press("push button", "^Next$")
    eyes.press("push button", "^Try it$")
    eyes.wait("filler", "Step 5 of 5", within=60)
    home.picture("wizard-allowed")
    assert "Traceback" not in home.here.log()
