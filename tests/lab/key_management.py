# SPDX-License-Identifier: GPL-2.0-or-later
"""What a program for key management (IKE) would send from the laptop to its home agent, and how it leaves."""

import socket

from tests.lab.headers import UDP, Seen, packets
from tests.lab.lab import Lab
from tests.lab.node import inside
from tests.lab.topology import HOME_AGENT_ADDRESS

KEY_MANAGEMENT = (500, 4500)
OTHER = 4501  # no port of IKE


def exchange(lab: Lab, name: str) -> dict[int, Seen]:
    """Send a datagram to each port of the home agent, from a socket that is bound to no address, and have it answered.

    The first packet that leaves the laptop for each port, as it is in the innermost header; no tunnel is opened for a
    packet under ESP, which is found at no port. AssertionError when there is no answer.
    """
    with lab.capture(lab.laptop, "eth0", name) as capture:
        for port in (*KEY_MANAGEMENT, OTHER):
            _ask_and_answer(lab, port)
    found: dict[int, Seen] = {}
    for each in packets(capture.file):
        inner = each.innermost
        if inner.protocol == UDP and inner.destination == HOME_AGENT_ADDRESS:
            found.setdefault(int.from_bytes(inner.body[2:4]), each)
    return found


def _ask_and_answer(lab: Lab, port: int) -> None:
    with inside(lab.home_agent.namespace):
        agent = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    with inside(lab.laptop.namespace):
        laptop = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    with agent, laptop:
        agent.bind((str(HOME_AGENT_ADDRESS), port))
        for each in (agent, laptop):
            each.settimeout(5.0)
        laptop.bind(("::", port))
        laptop.sendto(b"?", (str(HOME_AGENT_ADDRESS), port))
        _, asker = agent.recvfrom(16)
        agent.sendto(b"!", asker)
        assert laptop.recv(16) == b"!"
