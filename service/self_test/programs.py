# SPDX-License-Identifier: GPL-2.0-or-later
"""The programs of the self-test: mnclientd three times, as everybody starts it, and a bus for the laptop's."""

import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from ipaddress import IPv6Address, IPv6Network
from pathlib import Path
from typing import Final

import service
from service.facts.programs import find
from service.self_test import network
from service.self_test.namespaces import Program
from service.self_test.network import Network

_FOLDERS: Final = re.compile(r"mnclient-self-test-(\d+)-\w+")

_BUS: Final = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>custom</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_sender="*"/>
  </policy>
</busconfig>
"""

# Without a key: nobody else is in these namespaces.
_LAPTOP: Final = f"""version = 1

[mobile_node]
enabled = true
allow_unprotected_signalling = true

[[mobile_node.home_addresses]]
address = "{network.HOME_ADDRESS}"
home_agent = "{network.HOME_AGENT}"

[autoconfiguration]
enabled = false
"""

# A plain router is one, too: what it advertises beside its prefix means nothing to a laptop that has its home agent.
_ADVERTISING: Final = """version = 1

[mobile_node]
enabled = false

[home_agent]
enabled = true
allow_unprotected_signalling = true

[[home_agent.links]]
prefix = "{prefix}"
address = "{address}"
interface = "{interface}"

[home_agent.links.advertise]
min_interval = 0.03
max_interval = 0.07
min_delay_between = 0.03
answer_delay = 0.0
router_lifetime = 1800.0
"""


class Programs:
    """Those that run, with their files in a private folder. `stop` ends and removes everything."""

    def __init__(self, built: Network) -> None:
        sweep()
        self.folder = Path(tempfile.mkdtemp(prefix=f"mnclient-self-test-{os.getpid()}-"))
        self._network = built
        self._running: dict[str, Program] = {}
        self._socket = self.folder / "bus"

    @property
    def bus(self) -> str:
        """Where the laptop's service answers."""
        return f"unix:path={self._socket}"

    @property
    def has_bus(self) -> bool:
        """Whether the bus takes calls."""
        return self._socket.exists()

    def start_bus(self) -> None:
        """A bus of one's own. Its socket is a file, which is the same in all namespaces."""
        file = self.folder / "bus.conf"
        file.write_text(_BUS.format(socket=self._socket), encoding="ascii")
        program = find("dbus-daemon") or "dbus-daemon"
        self._start(
            "laptop", "dbus-daemon", [program, f"--config-file={file}", "--nofork", "--nopidfile", "--nosyslog"]
        )

    def start_services(self) -> None:
        """The home agent, the visited router, and the laptop."""
        self._daemon("agent", _advertising(network.HOME_PREFIX, network.HOME_AGENT, "home0"), "none")
        self._daemon("router", _advertising(network.VISITED_PREFIX, network.ROUTER, "lan0"), "none")
        self._daemon("laptop", _LAPTOP, self.bus)

    def ended(self) -> str:
        """Which one has ended although nobody stopped it, with its last words; "" when all run."""
        for name, program in self._running.items():
            if program.has_ended:
                return f"{name} has ended: {program.last_words()}"
        return ""

    def last_words(self) -> str:
        """Of the laptop's service."""
        program = self._running.get("mnclientd of laptop")
        return program.last_words() if program is not None else ""

    def stop(self) -> list[str]:
        """End all, the newest first, and remove the folder. Which did not end in order, with their exit status."""
        statuses = {name: program.stop() for name, program in reversed(self._running.items())}
        self._running.clear()
        shutil.rmtree(self.folder, ignore_errors=True)
        in_order = (0, -signal.SIGTERM)
        left = [f"{name} ended with {status}" for name, status in statuses.items() if status not in in_order]
        return [*left, f"{self.folder} is still there"] if self.folder.exists() else left

    def _daemon(self, node: str, settings: str, bus: str) -> None:
        file, state = self.folder / f"{node}.toml", self.folder / f"{node}-state"
        file.write_text(settings, encoding="utf-8")
        state.mkdir()
        arguments = ["--bus", bus, "--config", str(file), "--state-dir", str(state), "--foreground"]
        self._start(node, f"mnclientd of {node}", [*daemon(), *arguments])

    def _start(self, node: str, name: str, command: list[str]) -> None:
        log = self.folder / f"{name.replace(' ', '-')}.log"
        self._running[name] = self._network.nodes[node].start(command, log, Path(service.__file__).parent.parent)


def daemon() -> list[str]:
    """mnclientd as it is installed beside this program; its module where it is not."""
    beside = (Path(each).parent / "mnclientd" for each in (sys.argv[0], sys.executable))
    found = next((each for each in beside if os.access(each, os.X_OK)), None)
    if found is not None:
        return [str(found.absolute())]
    return [sys.executable, "-m", "service.daemon"]


def _advertising(prefix: IPv6Network, address: IPv6Address, interface: str) -> str:
    return _ADVERTISING.format(prefix=prefix, address=address, interface=interface)


def sweep(is_alive: Callable[[int], bool] | None = None) -> list[str]:
    """Remove the folders of self-tests that were killed; nothing else of them can be left. The names."""
    alive = is_alive or _is_alive
    removed = []
    for path in Path(tempfile.gettempdir()).iterdir():
        match = _FOLDERS.fullmatch(path.name)
        if match and not alive(int(match[1])):
            shutil.rmtree(path, ignore_errors=True)
            removed.append(path.name)
    return removed


def _is_alive(process: int) -> bool:
    with suppress(PermissionError):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
    return True
