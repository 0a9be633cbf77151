# SPDX-License-Identifier: GPL-2.0-or-later
"""A person, with the mouse: gets a home address from the wizard, moves about, answers a question, orders interfaces,
and finds the move in the timeline. Pictures of each step are in build/person/.
"""

import threading

import pytest

from tests.lab import settings
from tests.lab.topology import HOME, HOME_AGENT_ADDRESS, HOME_PREFIX, VISITED_A, VISITED_B, VISITED_B_PREFIX
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
        self.seen: list[tuple[str, int]] = []
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
            now = (self._here.tooltip(), hash(bytes(picture[0][2])))
            if not self.seen or self.seen[-1] != now:
                self.seen.append(now)

    def icon(self, words):
        """The last icon seen while it said this: words and icon do not change in the same instant."""
        return next(picture for text, picture in reversed(self.seen) if words in text)

    def saw(self, *words):
        """It said these, in this order, and each has an icon of its own."""
        texts = iter(text for text, _ in self.seen)
        assert all(any(each in text for text in texts) for each in words), self.seen
        assert len({self.icon(each) for each in words}) == len(words), self.seen


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
    print(eyes.picture())
    eyes.press("push button", "^(Finish|Close|Done)$")
    eyes.gone("dialog", "home address")


def see_the_icon(home):
    """From home to two foreign networks and back: each state has its own words and its own icon."""
    with TrayWatch(home.here) as tray:
        home.here.until(lambda: tray.seen and "At home" in tray.seen[-1][0], "the icon of home")
        home.lab.unplug()
        home.here.until(lambda: "No network" in tray.seen[-1][0], "the icon without a network")
        home.picture("tray-no-network")
        home.lab.plug(VISITED_A)
        home.here.until(lambda: tray.seen[-1][0].startswith("Away, reachable"), "the icon of away")
        home.picture("tray-away")
        home.lab.move(VISITED_B)
        home.registered_at(VISITED_B)
        home.here.until(lambda: tray.seen[-1][0].startswith("Away, reachable"), "the icon of away")
        home.lab.move(HOME)
        home.here.until(lambda: "At home" in tray.seen[-1][0], "the icon of home")
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
        home.here.until(lambda: tray.seen and "waits for your answer" in tray.seen[-1][0], "the icon of a question")
        home.picture("question")
        home.eyes.press("push button", "^Accept$")
        home.here.until(lambda: "Away, reachable" in tray.seen[-1][0], "the end of the question")
        tray.saw("waits for your answer", "Away, reachable")
    home.lab.eventually(lambda: OFFERED in [str(each.address) for each in home.home_addresses()], within=10.0)
    home.picture("accepted")


def order_interfaces(home):
    """The second one becomes the first by dragging it there."""
    home.lab.add_second_interface()
    home.lab.plug(VISITED_A, "eth1")
    home.eyes.press("list item", "^Interfaces$")
    first, second = (home.eyes.wait("panel", f"^{name}") for name in ("eth0", "eth1"))
    home.picture("interfaces")
    print(home.eyes.picture())
    home.here.drag(second.middle, (first.middle[0], first.place[1] + 2))

    def order():
        listed = home.laptop.mnctl("interfaces")["interfaces"]
        return [each["name"] for each in sorted(listed, key=lambda each: each["priority"])]

    home.lab.eventually(lambda: order() == ["eth1", "eth0"], within=10.0)
    home.picture("interfaces-dragged")


def find_the_move(home):
    """In the timeline: from the home network to the first foreign one, stage by stage."""
    home.eyes.press("list item", "^Moves$")
    home.picture("moves")
    print(home.eyes.picture())


def test_a_person(home):
    install(home)
    see_the_icon(home)
    home.here.choose("Open")
    find_the_move(home)
    order_interfaces(home)
    home.eyes.press("list item", "^Overview$")
    visit_another_home(home)
    answer_the_question(home)
