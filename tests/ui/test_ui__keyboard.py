# SPDX-License-Identifier: GPL-2.0-or-later
"""A person with keys alone: what `test_ui__person.py` does with the mouse, and preferences and keys besides.

Pictures of each step are in build/keyboard/.
"""

import pytest

from tests.lab.topology import HOME, VISITED_A, VISITED_A_PREFIX, VISITED_B
from tests.ui.house import STATUS_WINDOW, house
from tests.ui.test_ui__person import ADDRESS, OFFERED, SUGGESTED, visit_another_home

pytestmark = [pytest.mark.lab, pytest.mark.timeout(240)]

FARTHEST = 60
"""Keys until something must have been reached."""
PAGES = ("Overview", "Home agents", "Interfaces", "Connections", "Moves", "Traffic", "Problems", "Protocol log")


@pytest.fixture
def home():
    with house("keyboard") as made:
        made.set_up(maximum=2)
        made.log_in()
        yield made


def go_to(home, role, name, key="Tab"):
    """Press Tab until the keys go there; a person who looks at the screen does no more."""
    home.eyes.wait(role, name)
    seen = []
    for _ in range(FARTHEST):
        there = home.eyes.focused()
        seen.append((there.role, there.name) if there else None)
        if there and there.role == role and home.eyes.matches(there, name):
            return there
        home.here.key(key)
    raise AssertionError(f"{role} {name!r} is not reached: {seen}")


def press(home, role, name, key="space"):
    """Go there and press it."""
    go_to(home, role, name)
    home.here.key(key)


def start_again(home):
    """The way to the window without a tray: start the program, which runs already."""
    assert home.here.run_app("--bus", home.laptop.bus.address).returncode == 0
    home.here.until(lambda: home.here.window(STATUS_WINDOW), "the window")


def install(home):
    """The wizard opens by itself at the first start."""
    home.start_tray_app("--hidden")
    home.eyes.wait("radio button", "2001:db8:1::1")
    home.picture("wizard-home-agents")
    home.here.key("Return")
    home.eyes.wait("radio button", SUGGESTED)
    go_to(home, "radio button", "Another address", "Down")
    go_to(home, "text", "address")
    home.here.type(ADDRESS)
    home.picture("wizard-typed")
    home.here.key("Return")
    go_to(home, "radio button", "No key for now", "Down")
    home.here.key("space")  # nothing is chosen before: without a key is never what a person gets unasked
    home.picture("wizard-protection")
    home.here.key("Return")
    home.eyes.wait("filler", "Step 5 of 5", within=60)
    home.picture("wizard-done")
    home.here.key("Return")
    home.eyes.gone("dialog", "home address")


def visit_every_page(home):
    """With the arrow keys in the list at the side."""
    go_to(home, "list item", "^Overview")
    for name in PAGES[1:]:
        home.here.key("Down")
        reach(home, name)
        home.picture(f"page-{name.lower().replace(' ', '-')}")
    home.here.key("Home")
    reach(home, PAGES[0])


def reach(home, name):
    """The keys go to this page in the list, and it is shown."""
    seen = []

    def there():
        seen[:] = [each for each in home.eyes.things() if each.is_focused]
        return any(each.role == "list item" and each.name.startswith(name) for each in seen)

    try:
        home.here.until(there, f"the page {name}")
    except AssertionError:
        home.picture("not-reached")
        raise AssertionError(f"{name} is not reached, but {seen}") from None


def answer_the_question(home):
    home.eyes.wait("push button", "^Accept$")
    go_to(home, "push button", "^Accept$")
    home.picture("question")
    home.here.key("space")
    home.lab.eventually(lambda: OFFERED in [str(each.address) for each in home.home_addresses()], within=10.0)
    home.picture("accepted")


def order_interfaces(home):
    home.lab.add_second_interface()
    home.lab.plug(VISITED_A, "eth1")
    home.here.key(f"ctrl+{PAGES.index('Interfaces') + 1}")
    home.eyes.wait("panel", "^eth1")
    go_to(home, "panel", "^eth1")
    home.picture("interfaces")
    home.here.key("alt+Up")

    def order():
        listed = home.laptop.mnctl("interfaces")["interfaces"]
        return [each["name"] for each in sorted(listed, key=lambda each: each["priority"])]

    home.lab.eventually(lambda: order() == ["eth1", "eth0"], within=10.0)
    assert home.eyes.focused().name.startswith("eth1"), "the keys go with the row"
    home.picture("interfaces-moved")
    home.here.key("alt+Down")
    home.lab.eventually(lambda: order() == ["eth0", "eth1"], within=10.0)


def find_the_move(home):
    home.here.key(f"ctrl+{PAGES.index('Moves') + 1}")
    home.eyes.wait("list item", f"Home network to {VISITED_A_PREFIX}")
    home.here.key("ctrl+f")
    move = go_to(home, "list item", f"Home network to {VISITED_A_PREFIX}", "Down")
    assert "completed" in move.name
    for stage in ("Link lost", "New address", "Home agent agreed"):
        home.eyes.wait("label", f"^{stage}")
    home.picture("moves")


def change_a_preference(home):
    """Change it, see that it is so, take it back."""
    key = "autoconfiguration.ask_first"
    home.here.key("ctrl+comma")
    home.eyes.wait("dialog", "Preferences")
    home.picture("preferences")
    home.here.key("ctrl+f")
    home.here.type("ask me first")
    home.picture("preferences-found")
    home.here.key("Return")
    before = home.laptop.mnctl("settings", "get", key)
    home.here.key("space")
    home.lab.eventually(lambda: home.laptop.mnctl("settings", "get", key) != before, within=10.0)
    home.picture("preferences-changed")
    home.here.key("ctrl+z")
    home.lab.eventually(lambda: home.laptop.mnctl("settings", "get", key) == before, within=10.0)
    home.picture("preferences-undone")
    home.here.key("Escape")
    home.eyes.gone("dialog", "Preferences")


def open_keys(home):
    home.here.key("ctrl+1")
    press(home, "push button", "^Keys$")
    home.eyes.wait("dialog", "^Keys")
    home.picture("keys")
    home.here.key("Escape")
    home.eyes.gone("dialog", "^Keys")
    home.here.key("Escape")
    home.here.until(lambda: not home.here.window(STATUS_WINDOW), "the window to close")
    assert home.app.poll() is None, "the program goes on"


def test_a_person_without_a_mouse(home):
    install(home)
    home.lab.move(VISITED_A)
    home.registered_at(VISITED_A)
    start_again(home)
    visit_every_page(home)
    home.lab.move(VISITED_B)
    home.registered_at(VISITED_B)
    home.lab.move(HOME)
    home.registered_at(HOME)
    visit_another_home(home)
    answer_the_question(home)
    order_interfaces(home)
    find_the_move(home)
    change_a_preference(home)
    open_keys(home)
    assert "Traceback" not in home.here.log()
