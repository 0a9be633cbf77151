# SPDX-License-Identifier: GPL-2.0-or-later
"""A person at home with a laptop: the network lab, a guarded system bus with polkitd, and a desktop with the tray app.

The person is an ordinary user ("daemon", whom every system has), and may do without a password what the rules of the
house say. The service is root's, as everywhere.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from service.contract import Action
from tests.lab import settings
from tests.lab.bus import GUARDED
from tests.lab.lab import Lab
from tests.lab.polkit import Polkit, as_if_local
from tests.lab.roaming import Roaming
from tests.lab.topology import HOME
from tests.ui.desktop import ROOT, Desktop, desktop
from tests.ui.eyes import Eyes

PERSON: Final = "daemon"
STATUS_WINDOW: Final = "^(Overview|Home agents|Interfaces|Connections|Moves|Traffic|Problems|Protocol log) — mnclient$"
"""Its title says the page."""
EVERYTHING: Final = tuple(each.value for each in Action)
ALLOWED: Final = as_if_local(PERSON, *EVERYTHING)
ASKING: Final = """
[autoconfiguration]
enabled = true
ask_first = true
max_home_addresses = {maximum}
responsiveness = 100
"""


class House(Roaming):
    """`here` is the desktop, `eyes` what is told of its windows; pictures go to `pictures`."""

    def __init__(self, lab: Lab, here: Desktop, pictures: Path) -> None:
        super().__init__(lab)
        self.here = here
        self.eyes = Eyes(here)
        self.pictures = pictures
        self._taken = 0
        self.app = None
        self.polkit: Polkit | None = None

    def set_up(self, *, rules: str = ALLOWED, maximum: int = 0, unprotected: bool = True) -> None:
        """Home agent and laptop; the laptop asks before it takes an address, and takes `maximum` at most.

        `rules`: polkit's. `unprotected`: it registers without a key already.
        """
        self.start_home_agent()
        bus = self.lab.start_bus(self.lab.laptop, GUARDED)
        self.polkit = self.lab.start_polkit(bus, rules)
        text = (
            f"version = 1\n\n[mobile_node]\nallow_unprotected_signalling = {str(unprotected).lower()}\n"
            + settings.datapath()
            + ASKING.format(maximum=maximum)
        )
        self._laptop = self.lab.start_laptop(text)

    def log_in(self, tray: str = "sni") -> None:
        """The desktop's own programs."""
        self.here.start_tray(tray)
        self.here.start_notifications()
        self.here.start_keyring()

    def start_tray_app(self, *arguments: str, **environment: str) -> None:
        """The program under test."""
        self.app = self.here.start_app("--bus", self.laptop.bus.address, *arguments, **environment)

    def picture(self, name: str) -> Path:
        """A screenshot of this step."""
        self._taken += 1
        return self.here.screenshot(self.pictures / f"{self._taken:02d}-{name}.png")


@contextmanager
def house(name: str, *, width: int = 1280, height: int = 800) -> Iterator[House]:
    """A lab and a desktop; pictures are in build/NAME/."""
    pictures = ROOT / "build" / name
    for old in pictures.glob("*.png"):
        old.unlink()
    with Lab() as lab, desktop(width, height, PERSON) as here:
        lab.plug(HOME)
        yield House(lab, here, pictures)
