# SPDX-License-Identifier: GPL-2.0-or-later
"""What the story asks of a system, be it a few namespaces or an emulated laptop; and what is in it beforehand."""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from mnclient.constants import INTERFACE_PREFIX
from tests.install_lab.guest import Guest
from tests.install_lab.packages import field

PERSON, GROUP = "person", "netdev"
SETTINGS = "/etc/mnclient/mnclient.toml"
RULE = "/etc/polkit-1/rules.d/50-mnclient-group.rules"
# Not install: it gives the rights only after closing the file, and polkit may have tried to read it in between.
COPY_RULE = ("cp", "/usr/share/doc/mnclient/examples/50-mnclient-group.rules", RULE)


class System(Protocol):
    """A throw-away Debian at work. All places are absolute, as seen inside."""

    def run(self, command: Sequence[str], *, check: bool = True, user: str = "") -> subprocess.CompletedProcess[str]:
        """Run it to its end, as root or another user; Failed when its status is not 0, unless `check` is off."""

    def write(self, place: str, text: str) -> None:
        """Write a file."""

    def look(self, *folders: str) -> dict[str, str]:
        """What is there, below these folders or everywhere; see `contents.look`."""

    def users(self) -> dict[str, tuple[str, ...]]:
        """The lines of its lists of users."""

    def present(self, places: Sequence[str]) -> list[str]:
        """At which of these places there is something, links that lead nowhere included."""


def put(system: System, place: str, text: str) -> None:
    """Write a file, also below what is mounted inside."""
    lines = "import sys; open(sys.argv[1], 'w', encoding='utf-8').write(sys.argv[2])"
    system.run(["python3", "-I", "-c", lines, place, text])


def our_devices(system: System) -> list[str]:
    """The network devices that the service has made."""
    lines = system.run(["ip", "-brief", "link"]).stdout.splitlines()
    # "mn6tunnel@NONE" is a tunnel that is tied to no other device
    return [line.split()[0].partition("@")[0] for line in lines if line.startswith(INTERFACE_PREFIX)]


def install(guest: Guest, packages: Sequence[Path]) -> None:
    """Install packages of ours, which are in /srv inside; for a story that begins after that."""
    names = [f"/srv/{each.name}" for each in packages]
    guest.run(["apt-get", "--yes", "--no-install-recommends", "install", *names])


def furnish(guest: Guest, packages: Sequence[Path], others: Sequence[str]) -> None:
    """Install what these packages of ours depend on, and these others, from the network; and let a person move in."""
    depends = ", ".join(field(each, "Depends") for each in packages)
    wanted = re.sub(r"(^|, )mnclient \(= [^)]*\)", "", depends).lstrip(", ")
    guest.run(["apt-get", "update"], outside_network=True)
    command = ["apt-get", "satisfy", "--yes", "--no-install-recommends", ", ".join([wanted, *others])]
    guest.run(command, outside_network=True)
    guest.run(["groupadd", "--system", "--force", GROUP])
    guest.run(["useradd", "--user-group", "--groups", GROUP, PERSON])
