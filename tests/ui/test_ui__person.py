# SPDX-License-Identifier: GPL-2.0-or-later
"""A person, with the mouse: gets a home address from the wizard, moves about, answers a question, orders interfaces,
and finds the move in the timeline. Pictures of each step are in build/person/.
"""

import threading
from collections import Counter, deque

import pytest

from tests.lab import settings
from tests.lab.topology import (
    HOME,
    HOME_AGENT_ADDRESS,
    HOME_PREFIX,
    VISITED_A,
    VISITED_A_PREFIX,
    VISITED_B,
    VISITED_B_PREFIX,
)
from tests.ui.house import house

pytestmark = [pytest.mark.lab, pytest.mark.timeout(240)]

ADDRESS = "2001:db8:1::77"
OTHER_AGENT = "2001:db8:3::1"
OFFERED = "2001:db8:3::ff:fe00:10"
SUGGESTED = "2001:db8:1::ff:fe00:10"


@pytest.fixture
def home():
    with house("person") as made:
        made.set_up(maximum=2)
        made.log_in()
        yield made


class TrayWatch:
    """What the icon looks like and says, all the time, in the order seen."""

    def __init__(self, here):
        self._here = here
        self.texts: list[str] = []
        self._pictures: dict[str, Counter[bytes]] = {}
        self._last: deque[tuple[str, bytes]] = deque(maxlen=5)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()

    def _look(self):
        item, interface = self._here.tray_item(), "org.kde.StatusNotifierItem"
        while not self._ended.is_set():
            picture = self._here.get(item, "/StatusNotifierItem", interface, "IconPixmap")
            text = self._here.tooltip()
            if self.texts[-1:] != [text]:
                self.texts.append(text)
            self._pictures.setdefault(text, Counter())[bytes(picture[0][2])] += 1
            self._last.append((text, bytes(picture[0][2])))

    def says(self, words):
        """Whether it begins so, and has for a few looks in a row, with the same icon."""
        seen = set(self._last)
        return len(seen) == 1 and next(iter(seen))[0].startswith(words)

    def icon(self, words):
        """The icon while it said this: the one seen most, because words and icon do not change in the same instant."""
        seen: Counter[bytes] = Counter()
        for text, pictures in self._pictures.items():
            if words in text:
                seen += pictures
        return seen.most_common(1)[0][0]

    def saw(self, *words):
        """It said these, in this order, and each has an icon of its own."""
        texts = iter(self.texts)
        assert all(any(each in text for text in texts) for each in words), self.texts
        assert len({self.icon(each) for each in words}) == len(words), self.texts


def install(home):
    """Through the wizard, which opens by itself at the first start: what it says is taken as it is."""
    eyes = home.eyes
    home.start_tray_app("--hidden")
    eyes.wait("radio button", "2001:db8:1::1")
    home.picture("wizard-home-agents")
    eyes.press("push button", "^Next$")
    eyes.wait("radio button", SUGGESTED)
    home.picture("wizard-addresses")
    eyes.press("radio button", "Another address")
    eyes.press("text", "address")
    home.here.type(ADDRESS)
    home.picture("wizard-typed")
    eyes.press("push button", "^Next$")
    eyes.press("radio button", "No key for now")
    home.picture("wizard-protection")
    eyes.press("push button", "^Try it$")
    home.picture("wizard-trial")
    eyes.wait("filler", "Step 5 of 5", within=60)
    home.picture("wizard-done")
    eyes.press("push button", "^(Finish|Close|Done)$")
    eyes.gone("dialog", "home address")


def see_the_icon(home):
    """From home to two foreign networks and back: each state has its own words and its own icon."""
    until, lab = home.here.until, home.lab
    with TrayWatch(home.here) as tray:
        until(lambda: tray.says("At home"), "the icon of home")
        lab.unplug()
        until(lambda: tray.says("No network"), "the icon without a network")
        home.picture("tray-no-network")
        lab.plug(VISITED_A)
        until(lambda: tray.says(f"Away, reachable at {ADDRESS}\n"), "the icon of away")
        home.picture("tray-away")
        lab.move(VISITED_B)
        home.registered_at(VISITED_B)
        until(lambda: tray.says(f"Away, reachable at {ADDRESS}\n"), "the icon of away")
        lab.move(HOME)
        until(lambda: tray.says("At home"), "the icon of home")
    tray.saw("At home", "No network", "Moving", "Away, reachable")


def visit_another_home(home):
    """Network B gets a home agent, too, and the laptop goes there."""
    home.lab.routers[VISITED_B].stop()
    text = settings.home_agent(pace=home.lab.pace, interface="lan0")
    text = text.replace(str(HOME_PREFIX), str(VISITED_B_PREFIX)).replace(str(HOME_AGENT_ADDRESS), OTHER_AGENT)
    home.lab.start_service(home.lab.nodes["ar-b"], text)
    home.lab.move(VISITED_B)


def answer_the_question(home):
    """The service would like an address at that home agent, too."""

    with TrayWatch(home.here) as tray:
        home.here.until(lambda: tray.says("1 home address waits"), "the icon of a question")
        home.eyes.wait("push button", "^Accept$")
        home.picture("question")
        home.eyes.press("push button", "^Accept$")
        home.here.until(lambda: tray.says(f"Away, reachable at {ADDRESS}\n"), "the end of the question")
    tray.saw("waits for your answer", f"Away, reachable at {ADDRESS}\n")
    home.lab.eventually(lambda: OFFERED in [str(each.address) for each in home.home_addresses()], within=10.0)
    home.picture("accepted")


def order_interfaces(home):
    """The second one becomes the first by dragging it there."""
    home.lab.add_second_interface()
    home.lab.plug(VISITED_A, "eth1")
    home.eyes.press("list item", "^Interfaces$")
    first, second = (home.eyes.wait("panel", f"^{name}") for name in ("eth0", "eth1"))
    home.picture("interfaces")
    home.here.drag(second.middle, (first.middle[0], first.place[1] + 2))

    def order():
        listed = home.laptop.mnctl("interfaces")["interfaces"]
        return [each["name"] for each in sorted(listed, key=lambda each: each["priority"])]

    home.lab.eventually(lambda: order() == ["eth1", "eth0"], within=10.0)
    home.picture("interfaces-dragged")


def find_the_move(home):
    """In the timeline: from the home network to the first foreign one, stage by stage."""
    home.eyes.press("list item", "^Moves$")
    move = home.eyes.press("list item", f"Home network to {VISITED_A_PREFIX}")
    assert "completed" in move.name
    for stage in ("Link lost", "Link back", "Router heard", "New address", "Home agent told", "Home agent agreed"):
        home.eyes.wait("label", f"^{stage}")
    home.picture("moves")


def test_a_person(home):
    install(home)
    see_the_icon(home)
    home.here.choose("Open")
    find_the_move(home)
    home.eyes.press("list item", "^Overview$")
    visit_another_home(home)
    answer_the_question(home)
    order_interfaces(home)
