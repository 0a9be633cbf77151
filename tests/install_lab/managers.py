# SPDX-License-Identifier: GPL-2.0-or-later
"""The programs that manage a system's networks: set up for the lab, and asked whether they leave our devices alone."""

from dataclasses import dataclass
from typing import Protocol

from tests.install_lab.failure import Failed, until
from tests.install_lab.service import ask
from tests.install_lab.system import System, our_devices

INTERFACE = "eth0"
UNMANAGED = "unmanaged"


class Manager(Protocol):
    """One of them. `name` as `mnctl doctor` calls it; `packages` is what has to be installed for it."""

    name: str
    packages: tuple[str, ...]

    def prepare(self, guest: System) -> None:
        """Returns when it manages INTERFACE. Failed when it does not come to that."""

    def says(self, guest: System, device: str) -> str:
        """The state of a device in its words, "" while it does not know it; "unmanaged" when it leaves it alone."""

    def clean_up(self, guest: System) -> None:
        """Take away what `prepare` wrote."""


@dataclass(frozen=True)
class NetworkManager:
    """NetworkManager with a connection for the cable, as its users make one."""

    name: str = "NetworkManager"
    packages: tuple[str, ...] = ("network-manager",)
    connection: str = "cable"

    def prepare(self, guest: System) -> None:
        kind = ["type", "ethernet", "ifname", INTERFACE, "con-name", self.connection]
        guest.run(["nmcli", "connection", "add", *kind, "ipv4.method", "disabled", "ipv6.method", "auto"])
        guest.run(["nmcli", "--wait", "0", "connection", "up", self.connection])
        until(lambda: self.says(guest, INTERFACE).startswith("connect"), f"{self.name} manages {INTERFACE}")

    def says(self, guest: System, device: str) -> str:
        told = guest.run(["nmcli", "--terse", "--fields", "DEVICE,STATE", "device"]).stdout.splitlines()
        return next((line.partition(":")[2] for line in told if line.startswith(f"{device}:")), "")

    def clean_up(self, guest: System) -> None:
        guest.run(["nmcli", "connection", "delete", self.connection])


@dataclass(frozen=True)
class Networkd:
    """systemd-networkd, which is a part of systemd."""

    name: str = "systemd-networkd"
    packages: tuple[str, ...] = ()
    file: str = "/etc/systemd/network/80-cable.network"

    def prepare(self, guest: System) -> None:
        guest.write(self.file, f"[Match]\nName={INTERFACE}\n\n[Network]\nDHCP=no\nIPv6AcceptRA=yes\n")
        guest.run(["systemctl", "start", "systemd-networkd.service"])
        # without a router it is not done with it, and there is none yet
        until(lambda: self.says(guest, INTERFACE).startswith("configur"), f"{self.name} manages {INTERFACE}")

    def says(self, guest: System, device: str) -> str:
        told = guest.run(["networkctl", "list", "--no-legend", "--no-pager"]).stdout.splitlines()
        rows = [line.split() for line in told]
        state = next((row[4] for row in rows if len(row) == 5 and row[1] == device), "")
        return "" if state in ("pending", "initialized") else state

    def clean_up(self, guest: System) -> None:
        guest.run(["rm", self.file])


@dataclass(frozen=True)
class Ifupdown:
    """Scripts that set an interface up once, and never look at it again."""

    name: str = "ifupdown"
    packages: tuple[str, ...] = ("ifupdown",)
    file: str = "/etc/network/interfaces.d/cable"

    def prepare(self, guest: System) -> None:
        guest.write(self.file, f"iface {INTERFACE} inet6 auto\n")
        guest.run(["ifup", INTERFACE])
        if self.says(guest, INTERFACE) != "up":
            raise Failed(f"{self.name} does not know that {INTERFACE} is up")

    def says(self, guest: System, device: str) -> str:
        known = guest.run(["ifquery", "--state", device], check=False).stdout.startswith(device)
        return "up" if known else UNMANAGED

    def clean_up(self, guest: System) -> None:
        guest.run(["rm", self.file])


MANAGERS: dict[str, Manager] = {each.name: each for each in (NetworkManager(), Networkd(), Ifupdown())}
DOCTORED = (NetworkManager.name, Networkd.name)
"""Those that `mnctl doctor` asks; the other does nothing to ask about."""


def check(guest: System, manager: Manager) -> None:
    """Failed unless it says that it leaves our devices alone, and `mnctl doctor` understands what it says."""
    if not (devices := our_devices(guest)):
        raise Failed("there is no device of ours to look at")
    for device in devices:
        until(lambda device=device: manager.says(guest, device), f"{manager.name} sees {device}")
        if (state := manager.says(guest, device)) != UNMANAGED:
            raise Failed(f"{manager.name} says that {device} is {state}")
    found = {each["name"]: each for each in ask(guest, "doctor", check=False)["checks"]}
    for name in DOCTORED:
        wanted = "ok" if name == manager.name else "not-applicable"
        if found[name]["verdict"] != wanted:
            raise Failed(f"the doctor on {name}, while {manager.name} is at work: {found[name]}")
