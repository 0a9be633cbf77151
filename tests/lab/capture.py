# SPDX-License-Identifier: GPL-2.0-or-later
"""tcpdump on an interface of the lab."""

import re
import signal
from pathlib import Path

from tests.lab.node import Node
from tests.lab.pcap import frames
from tests.lab.processes import Process

COUNTS = re.compile(r"(\d+) packets? captured.*?(\d+) packets? received by filter", re.DOTALL)

SIGNALLING = " or ".join(
    (
        "ip6[6] == 135",
        "(ip6[6] == 41 and ip6[46] == 135)",
        "((ip6[6] == 60 or ip6[6] == 43) and ip6[40] == 135)",
    )
)
"""A filter that lets Mobility Headers through alone: plain, in a tunnel, or behind the headers of Mobile IPv6."""

STANDSTILL = 10  # the same difference so often, asked 20 ms apart


class Capture:
    """One capture; `file` is a pcap of the first `snapshot` octets of each packet, of whole packets when that is 0."""

    def __init__(
        self, node: Node, interface: str, name: str = "", packet_filter: str = "ip6", snapshot: int = 0
    ) -> None:
        self.node = node
        self.interface = interface
        self.file: Path = node.folder / f"{name or f'{node.name}-{interface}'}.pcap"
        self._filter = packet_filter
        self._snapshot = snapshot
        self._process: Process | None = None

    def start(self) -> None:
        """Begin; it records once `is_ready`."""
        octets = str(self._snapshot)
        options = ["-i", self.interface, "-w", str(self.file), "-U", "-s", octets, "--immediate-mode", "-Z", "root"]
        self._process = self.node.popen(["tcpdump", *options, self._filter], log=f"tcpdump-{self.file.stem}")

    def is_ready(self) -> bool:
        """True once tcpdump says that it listens."""
        assert self._process is not None
        return "listening on" in self._process.own_words()

    def is_drained(self) -> bool:
        """True once everything that has passed the interface is in the file: tcpdump tells its counts on SIGUSR1.

        What came before the filter was in place counts as received for ever: then the difference stands still.
        """
        assert self._process is not None
        self._process.popen.send_signal(signal.SIGUSR1)
        missing = [int(received) - int(there) for there, received in COUNTS.findall(self._process.own_words())]
        return bool(missing) and (missing[-1] <= 0 or missing[-STANDSTILL:] == [missing[-1]] * STANDSTILL)

    def packets(self) -> list[bytes]:
        """What is in the file, from the IPv6 header on (of Ethernet)."""
        return [frame[14:] for _, frame in frames(self.file)]

    def finish(self) -> None:
        """End it in order; whole packets are in the file."""
        assert self._process is not None
        status = self._process.stop()
        assert status == 0, f"tcpdump ended with {status}:\n{self._process.last_words()}"

    def stop(self) -> None:
        """End it, however it stands."""
        if self._process is not None:
            self._process.stop()
