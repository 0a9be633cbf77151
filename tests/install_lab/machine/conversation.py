# SPDX-License-Identifier: GPL-2.0-or-later
"""A connection from the lab's correspondent into the emulated laptop, which sends back what comes."""

import os
import socket
from ipaddress import IPv6Address
from typing import Self

from tests.install_lab.failure import Failed
from tests.lab.node import Node, inside
from tests.lab.patience import patient

BLOCK = 4096
WITHIN = 30.0  # seconds for an answer, stretched under emulation


class Conversation:
    """One TCP connection, from the beginning of the block to its end."""

    def __init__(self, correspondent: Node, address: IPv6Address | str, port: int) -> None:
        self._correspondent = correspondent
        self._end = (str(address), port)

    def __enter__(self) -> Self:
        with inside(self._correspondent.namespace):
            self._socket = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        self._socket.settimeout(patient(WITHIN))
        try:
            self._socket.connect(self._end)
        except OSError as error:
            self._socket.close()
            raise Failed(f"no connection to {self._end[0]}: {error}") from error
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def goes_on(self) -> None:
        """Send something that nobody has sent before, and have it back. Failed when it does not come, or is changed."""
        sent, received = os.urandom(BLOCK), b""
        try:
            self._socket.sendall(sent)
            while len(received) < len(sent):
                chunk = self._socket.recv(BLOCK)
                if not chunk:
                    raise Failed("the laptop has closed the connection")
                received += chunk
        except OSError as error:
            raise Failed(f"the connection to the home address broke: {error}") from error
        if received != sent:
            raise Failed("what came back over the connection is not what was sent")
