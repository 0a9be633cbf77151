# SPDX-License-Identifier: GPL-2.0-or-later
"""A second laptop, away from a home of its own, that begins to talk directly to the first one.

Each is the other's correspondent: its home address is what signalling goes to, and between the two care-of addresses
packets carry a type 2 routing header and a Home Address option together. The second home is a virtual one, on the
machine that is the correspondent elsewhere.
"""

import socket
from contextlib import ExitStack
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Final

from mnclient.model.status import CorrespondentState
from tests.lab import settings
from tests.lab.asking import ask_status
from tests.lab.direct import PRIVACY
from tests.lab.guest import Guest
from tests.lab.headers import UDP, Seen, packets
from tests.lab.household import Household
from tests.lab.lab import Lab
from tests.lab.node import Node, inside
from tests.lab.roaming import Roaming
from tests.lab.service import Service
from tests.lab.topology import ARMS, HOME_AGENT_ADDRESS, VISITED_A, VISITED_B

OTHER_PREFIX: Final = "2001:db8:7::/64"
OTHER_AGENT, OTHER_HOME = IPv6Address("2001:db8:7::1"), IPv6Address("2001:db8:7::10")
AGENTS: Final = HOME_AGENT_ADDRESS, OTHER_AGENT
PORT, DATAGRAMS = 7027, 3
DIRECTLY: Final = """
[mobile_node.route_optimization]
location_privacy = false

[correspondent_node]
enabled = true
"""


def other_home_agent() -> str:
    """The settings of the home agent of the virtual home."""
    return f"""\
version = 1
{settings.datapath()}
[mobile_node]
enabled = false

[home_agent]
enabled = true
allow_unprotected_signalling = true

[[home_agent.links]]
prefix = "{OTHER_PREFIX}"
address = "{OTHER_AGENT}"
virtual = true
"""


class End:
    """One of the two: its service, its home address, and a socket that is bound to it."""

    def __init__(self, node: Node, service: Service, home: IPv6Address) -> None:
        self.service, self.home = service, home
        with inside(node.namespace):
            self.socket = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.socket.bind((str(home), PORT))
        self.socket.setblocking(False)

    def care_of(self) -> IPv6Address:
        """Where it is."""
        (entry,) = ask_status(self.service).engine.home_addresses
        assert entry.care_of_address is not None
        return entry.care_of_address

    def send(self, other: "End", data: bytes) -> None:
        """A datagram from home address to home address."""
        self.socket.sendto(data, (str(other.home), PORT))

    def received(self) -> list[tuple[bytes, str]]:
        """What has come, and who the socket says it is from."""
        found = []
        while True:
            try:
                data, sender = self.socket.recvfrom(2000)
            except BlockingIOError:
                return found
            found.append((data, sender[0]))

    def is_direct_with(self, other: "End") -> bool:
        """`AssertionError` with the reason while it is not."""
        every = {each.address: each for each in ask_status(self.service).engine.correspondents}
        assert other.home in every, f"{self.home} has not heard of {other.home}, of {list(every)} only"
        found = every[other.home]
        assert found.state is CorrespondentState.DIRECT, f"{other.home} is {found.state.value}: {found.reason}"
        return True


@dataclass(frozen=True)
class Meeting:
    """What happened: home and care-of addresses, all packets at each end, and who the sockets say sent to them."""

    homes: tuple[IPv6Address, IPv6Address]
    care_of: tuple[IPv6Address, IPv6Address]
    seen: tuple[list[Seen], list[Seen]]
    senders: tuple[set[str], set[str]]

    def signalling(self, of: int) -> list[Seen]:
        """The Mobility Headers at an end, without the tunnels around them."""
        return [each.innermost for each in self.seen[of] if each.innermost.message]

    def direct(self, of: int) -> list[Seen]:
        """The datagrams of an end that left without a tunnel."""
        ports = PORT.to_bytes(2) * 2
        found = [each for each in self.seen[of] if each.protocol == UDP and each.body[:4] == ports]
        return [each for each in found if each.from_whom == self.homes[of]]


def meet(lab: Lab, roaming: Roaming) -> Meeting:
    """The laptop in network A and a guest in network B, until some datagrams went directly; the guest is gone then."""
    way = next(arm.node_address for arm in ARMS if arm.node == "cn")
    with ExitStack() as undo:
        guest = undo.enter_context(Guest(lab))
        lab.nodes["r"].ip(f"route add {OTHER_PREFIX} via {way}")
        agent = lab.start_service(lab.correspondent, other_home_agent())
        undo.callback(agent.stop)
        lab.move(VISITED_A)
        guest.plug(VISITED_B)
        service = lab.start_service(guest.node, settings.laptop_with(OTHER_HOME, OTHER_AGENT) + DIRECTLY)
        undo.callback(service.stop)
        for name, value in ((PRIVACY, "false"), ("correspondent_node.enabled", "true")):
            roaming.laptop.mnctl("settings", "set", name, value)
        roaming.registered_at(VISITED_A)
        Household(lab, laptop=service).registered_at(VISITED_B, within=30.0)
        (entry,) = roaming.home_addresses()
        one, other = End(lab.laptop, roaming.laptop, entry.address), End(guest.node, service, OTHER_HOME)
        for each in (one, other):
            undo.callback(each.socket.close)
        with (
            lab.capture(lab.laptop, "eth0", "both-laptop") as at_laptop,
            lab.capture(guest.node, "eth0", "both-guest") as at_guest,
        ):
            become_direct(lab, one, other)
            senders = talk(lab, other, one), talk(lab, one, other)
        return Meeting(
            (one.home, other.home),
            (one.care_of(), other.care_of()),
            (packets(at_laptop.file), packets(at_guest.file)),
            senders,
        )


def become_direct(lab: Lab, one: End, other: End) -> None:
    """Keep talking until both say that they talk directly."""

    def both() -> bool:
        one.send(other, b"trial")
        other.send(one, b"trial")
        return one.is_direct_with(other) and other.is_direct_with(one)

    lab.eventually(both, within=40.0, what="both talk directly")


def talk(lab: Lab, here: End, there: End) -> set[str]:
    """Datagrams one way, every one of which arrives; who the socket says they are from."""
    there.received()
    left, said = {b"number %d" % number for number in range(DATAGRAMS)}, set()
    for each in left:
        here.send(there, each)

    def all_there() -> bool:
        for data, sender in there.received():
            left.discard(data)
            said.add(sender)
        return not left

    lab.eventually(all_there, within=5.0, what="all datagrams arrive")
    return said
