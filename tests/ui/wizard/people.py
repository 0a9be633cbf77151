# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of the wizard share: what the service says, and a person with a mouse and a keyboard."""

from dataclasses import replace
from ipaddress import IPv6Address

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from mnclient.model.invitation import Invitation, invitation_text
from mnclient.model.keys import KeyKind
from mnclient.model.service_status import ManagedHomeAddress, Origin, Suggestion
from mnclient.model.status import HomeAddressState, HomeAddressStatus, Phase
from mnclient.units import Instant
from service.contract import Action, Permission
from tests.ui import samples

HOME, AGENT = samples.HOME, samples.HOME_AGENT
FIRST = HOME[0x0211_22FF_FE33_4455]
SECOND = HOME[0xA8BB_CCFF_FE00_0100]
TYPED = HOME[0x55]
SUGGESTIONS = (
    Suggestion(
        address=FIRST, prefix=HOME, home_agent=AGENT, interface="wlan0", reason="hardware address of wlan0 (EUI-64)"
    ),
    Suggestion(
        address=SECOND, prefix=HOME, home_agent=AGENT, interface="wlan0", reason="interface identifier in use on wlan0"
    ),
)
HEARD = replace(samples.AGENT, pinned=False)
NOBODY = replace(samples.FIRST_RUN, known_home_agents=())
"""Nothing set up, nobody heard."""
START = replace(
    samples.FIRST_RUN,
    known_home_agents=(HEARD, samples.SECOND_AGENT),
    engine=replace(samples.FIRST_RUN.engine, interfaces=(samples.WIRELESS,)),
)
"""Nothing set up, two home agents known, one interface."""
TWO_INTERFACES = replace(START, engine=samples.FIRST_RUN.engine)
SETTINGS = {"mobile_node.allow_unprotected_signalling": False, "mobile_node.interfaces": ()}
SECRET = bytes(range(16))
INVITATION = Invitation(
    name="laptop",
    home_agent=AGENT,
    prefix=HOME,
    home_address=HOME[0x77],
    kind=KeyKind.RFC4285,
    algorithm="hmac-sha1-96",
    spi_in=4096,
    spi_out=4097,
    secret=SECRET,
)
UNSET = ("set_setting", ("mobile_node.allow_unprotected_signalling", "false"))
"""After it was made permanent."""
GIVE_UP = ("cancel_trial", ())
SET = ("try_setting", ("mobile_node.allow_unprotected_signalling", "true"))


def answers(permission=Permission.YES):
    return {
        "suggestions": SUGGESTIONS,
        "settings": {key: value for key, value in SETTINGS.items() if not isinstance(value, tuple)},
        "setting": lambda key: SETTINGS.get(key, ()),
        "permissions": dict.fromkeys(Action, permission),
    }


def trying(address, state=HomeAddressState.REGISTERING, status=START, after=0.1, problems=(), **changes):
    """The status a moment after the trial of this address began."""
    home = HomeAddressStatus(
        address=address,
        prefix=HOME,
        home_agent=AGENT,
        state=state,
        care_of_address=samples.CARE_OF,
        interface="wlan0",
    )
    managed = ManagedHomeAddress(
        address=address,
        prefix=HOME,
        home_agent=AGENT,
        origin=Origin.MANUAL,
        preferred=True,
        active=False,
        trial=True,
    )
    engine = replace(
        status.engine,
        now=Instant(status.engine.now + after),
        phase=Phase.REGISTERING,
        home_addresses=(replace(home, **changes),),
        problems=problems,
    )
    return replace(status, engine=engine, home_addresses=(managed,))


def works(address, status=START):
    return trying(address, HomeAddressState.REGISTERED, status, 0.3, registered=True, verified=True)


def at_home(address, status=START):
    return trying(address, HomeAddressState.AT_HOME, status, 1.2, care_of_address=None)


def changes_of(session):
    """What was asked for that changes something, without secrets' own forms."""
    reading = {"permissions", "settings", "setting", "suggestions"}
    return [each for each in session.requests if each[0] not in reading]


def write(path, invitation=INVITATION):
    path.write_text(invitation_text(invitation), encoding="utf-8")
    return path


class Person:
    """Real mouse and keys, on what is to be seen only."""

    def __init__(self, wizard, qtbot):
        self.wizard = wizard
        self.qtbot = qtbot

    def click(self, widget):
        assert widget.isVisible() and widget.isEnabled(), widget
        self.wizard._areas[self.step].ensureWidgetVisible(widget)
        self.qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=QPoint(8, widget.height() // 2))

    def press(self, key, modifier=Qt.KeyboardModifier.NoModifier):
        QTest.keyClick(self.wizard.focusWidget() or self.wizard, key, modifier)

    def type(self, text):
        QTest.keyClicks(self.wizard.focusWidget(), text)

    def next(self):
        self.click(self.wizard.footer.next)

    def back(self):
        self.click(self.wizard.footer.back)

    def until(self, condition):
        self.qtbot.waitUntil(condition, timeout=5000)

    @property
    def step(self):
        from ui.view.wizard_flow import step_of

        return step_of(self.wizard.guide.state)


def address(text):
    return IPv6Address(text)
