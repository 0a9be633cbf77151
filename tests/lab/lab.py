# SPDX-License-Identifier: GPL-2.0-or-later
"""The lab as a whole: `with Lab() as lab: lab.start_services(); lab.move("visited-a") ...`."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self, TypeVar

from tests.kernel_lab.probe import is_emulated
from tests.lab import settings
from tests.lab.bus import OPEN, Bus
from tests.lab.cable import Cable, Move
from tests.lab.capture import Capture
from tests.lab.leftovers import new_folder, sweep_dead_runs
from tests.lab.node import Echo, Node
from tests.lab.patience import patient
from tests.lab.polkit import Polkit
from tests.lab.processes import Ended, Process
from tests.lab.routers import QUICK, Pace, Radvd
from tests.lab.service import Service
from tests.lab.topology import (
    HOME,
    LAPTOP_ETH1_MAC,
    NODES,
    VISITED_A,
    VISITED_A_PREFIX,
    VISITED_B,
    VISITED_B_PREFIX,
    add_cable,
    add_home_link_box,
    build,
)

POLL = 0.02
PAUSE = 5 * POLL if is_emulated() else POLL  # what is asked runs on the same slow processor as what is waited for

T = TypeVar("T")


class NotInTime(AssertionError):
    """What was waited for did not come. The message shows the whole lab."""


class Lab:
    """The topology of `tests.lab.topology`, with the laptop's cable at home. All that is made is undone on exit.

    `folder` holds logs, sockets, settings and captures, and goes too unless `keep`.
    """

    def __init__(self, *, pace: Pace = QUICK, keep: bool = False, echo: Echo = lambda _: None) -> None:
        self.pace = pace
        self._keep = keep
        self._undo = ExitStack()
        self._services: list[Service] = []
        self._buses: dict[str, Bus] = {}
        self.folder = new_folder(keep=keep)
        self._prefix, self._echo = f"mn{os.getpid()}-{self.folder.name[-3:]}", echo
        self.nodes = {name: Node(name, f"{self._prefix}-{name}", self.folder, echo) for name in NODES}
        self.laptop = self.nodes["laptop"]
        self.home_agent = self.nodes["ha"]
        self.correspondent = self.nodes["cn"]
        self.routers = {
            VISITED_A: Radvd(self.nodes["ar-a"], "lan0", VISITED_A_PREFIX, pace),
            VISITED_B: Radvd(self.nodes["ar-b"], "lan0", VISITED_B_PREFIX, pace),
        }
        self.cables: dict[str, Cable] = {}

    def __enter__(self) -> Self:
        sweep_dead_runs()
        try:
            self._set_up()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _set_up(self) -> None:
        if not self._keep:
            self._undo.callback(shutil.rmtree, self.folder, ignore_errors=True)
        for node in self.nodes.values():
            self._undo.callback(node.delete)
            node.create()
        build(self.nodes)
        self._open_cable("eth0", "cable0")
        for router in self.routers.values():
            self._undo.callback(router.stop)
            router.start()
        self.plug(HOME)
        self.eventually(self._settled, within=10.0, what="duplicate address detection ends everywhere")

    def close(self) -> None:
        """Undo everything, the newest first; each step runs even if another fails."""
        self._undo.close()

    def _open_cable(self, interface: str, far_end: str) -> None:
        cable = Cable(self.nodes["switch"], far_end)
        self._undo.callback(cable.close)
        self.cables[interface] = cable

    def _settled(self) -> bool:
        tentative = [node.run(["ip", "-6", "-o", "addr", "show", "tentative"]) for node in self.nodes.values()]
        links = self.laptop.run(["ip", "-6", "-o", "addr", "show", "dev", "eth0", "scope", "link"])
        return not any(tentative) and bool(links) and all(router.is_running() for router in self.routers.values())

    # --- the cable ----------------------------------------------------------------------------------------------------

    def move(self, link: str, interface: str = "eth0") -> Move:
        """Pull the laptop's cable and plug it in at `link`, at once."""
        return self.cables[interface].move(link)

    def unplug(self, interface: str = "eth0") -> None:
        """Pull the cable and leave it hanging."""
        self.cables[interface].unplug()

    def plug(self, link: str, interface: str = "eth0") -> None:
        """Plug a hanging cable in."""
        self.cables[interface].plug(link)

    def add_second_interface(self) -> None:
        """Give the laptop eth1, with its cable hanging."""
        add_cable(self.nodes, "eth1", LAPTOP_ETH1_MAC, far_end="cable1", index=5)
        self._open_cable("eth1", "cable1")

    def add_home_link_box(self, number: int) -> Node:
        """One more machine on the home link, 2001:db8:1::NUMBER, called "ha" and its number."""
        name = f"ha{number}"
        node = self.nodes[name] = Node(name, f"{self._prefix}-{name}", self.folder, self._echo)
        self._undo.callback(node.delete)
        node.create()
        add_home_link_box(self.nodes, name, number)
        return node

    # --- our programs -------------------------------------------------------------------------------------------------

    def start_bus(self, node: Node, configuration: str = OPEN) -> Bus:
        """Start the bus of a node. Without this, `start_service` starts one on which everybody may everything."""
        bus = self._buses[node.name] = Bus(node, configuration)
        self._undo.callback(bus.stop)
        bus.start()
        self.eventually(bus.is_ready, within=5.0, what=f"the bus on {node.name} listens")
        return bus

    def start_polkit(self, bus: Bus, rules: str) -> Polkit:
        """Start polkitd for a bus, with our actions and these rules; returns when it answers."""
        self.folder.chmod(0o755)  # polkitd is a user of its own, and so is whoever calls
        polkit = Polkit(bus, rules)
        self._undo.callback(polkit.stop)
        polkit.start()
        self.eventually(polkit.is_ready, within=15.0, what=f"polkitd on {bus.node.name} is on the bus")
        return polkit

    def start_service(self, node: Node, text: str) -> Service:
        """Start mnclientd on a node with these settings, on a bus of its own; returns when it is on the bus."""
        bus = self._buses.get(node.name)
        if bus is None:
            bus = self.start_bus(node)
        service = Service(node, bus, text)
        self._services.append(service)
        self._undo.callback(self._end, service)
        service.start()
        self.eventually(service.is_ready, within=15.0, what=f"mnclientd on {node.name} is on the bus")
        return service

    @staticmethod
    def _end(service: Service) -> None:
        if service.is_running():
            service.stop()

    def start_home_agent(self, text: str = "") -> Service:
        """mnclientd as home agent, advertising at the lab's pace unless told otherwise."""
        return self.start_service(self.home_agent, text or settings.home_agent(pace=self.pace))

    def start_laptop(self, text: str = "") -> Service:
        """mnclientd on the laptop, knowing nothing unless told otherwise."""
        return self.start_service(self.laptop, text or settings.laptop())

    # --- watching -----------------------------------------------------------------------------------------------------

    @contextmanager
    def capture(
        self, node: Node, interface: str, name: str = "", packet_filter: str = "ip6", snapshot: int = 0
    ) -> Iterator[Capture]:
        """Record what passes an interface; the file is complete after the block."""
        capture = Capture(node, interface, name, packet_filter, snapshot)
        self._undo.callback(capture.stop)
        capture.start()
        self.eventually(capture.is_ready, within=5.0, what="tcpdump listens")
        yield capture
        asked = time.monotonic()
        self.eventually(lambda: capture.is_drained() and time.monotonic() > asked + 4 * POLL, within=5.0)
        capture.finish()

    def adopt(self, process: Process) -> Process:
        """See to it that a process ends with the lab."""
        self._undo.callback(process.stop)
        return process

    def eventually(self, predicate: Callable[[], T], within: float, what: str = "") -> T:
        """The first true answer of `predicate`, asked again and again; NotInTime after `within` seconds.

        An `AssertionError` of the predicate counts as "not yet" and its words are kept for the message; `Ended` is
        passed on at once.
        """
        deadline = time.monotonic() + patient(within)
        words = ""
        while True:
            try:
                answer = predicate()
            except Ended:
                raise
            except AssertionError as error:
                answer, words = None, str(error)
            if answer:
                return answer
            if time.monotonic() >= deadline:
                raise NotInTime(f"not within {within:g} s: {what or predicate}\n{words}\n{self.picture()}")
            time.sleep(PAUSE)

    def picture(self) -> str:
        """Services' logs, addresses, routes, rules, neighbours of every machine: what one wants to know in trouble."""
        parts = [f"cables: { {name: cable.link or 'hanging' for name, cable in self.cables.items()} }"]
        for service in self._services:
            parts.append(f"--- mnclientd on {service.node.name}, running: {service.is_running()}\n{service.log()}")
        for node in self.nodes.values():
            if node.name != "switch":
                parts.append(f"--- {node.name}\n{_network_of(node)}")
        return "\n".join(parts)


def _network_of(node: Node) -> str:
    views = ("-brief link", "-6 -o addr", "-6 route show table all", "-6 rule", "-6 neigh", "-6 neigh show proxy")
    texts = []
    for view in views:
        command = ["ip", "-n", node.namespace, *view.split()]
        text = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        kept = [line for line in text.splitlines() if "table local" not in line and "ff00::/8" not in line]
        texts.append(f"$ ip {view}\n" + "\n".join(kept[:40]))
    return "\n".join(texts)


def write_json(file: Path, value: object) -> None:
    """Write a result where a person or a program looks for it, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
    part.replace(file)
