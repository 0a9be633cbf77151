# SPDX-License-Identifier: GPL-2.0-or-later
"""Two laptops, each away from a home of its own, talk to each other directly, and both move at once.

Each is the other's correspondent: its home address is what signalling goes to, and between the two care-of addresses
packets carry a type 2 routing header and a Home Address option together. The second home is a virtual one, on the
machine that is the correspondent elsewhere.
"""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from ipaddress import IPv6Address

import pytest

from mnclient.model.status import CorrespondentState
from tests.lab import settings
from tests.lab.asking import ask_status
from tests.lab.guest import Guest
from tests.lab.headers import UDP, Seen, packets
from tests.lab.household import Household
from tests.lab.lab import Lab
from tests.lab.node import Node, inside
from tests.lab.return_routability import AUTHORIZATION, authenticator, key, options
from tests.lab.roaming import Roaming
from tests.lab.service import Service
from tests.lab.topology import VISITED_A, VISITED_B

pytestmark = [pytest.mark.lab, pytest.mark.kernel]

OTHER_PREFIX, OTHER_AGENT = "2001:db8:7::/64", "2001:db8:7::1"
OTHER_HOME = IPv6Address("2001:db8:7::10")
PORT = 7027
DATAGRAMS = 10

TALKS_DIRECTLY = """
[mobile_node.route_optimization]
location_privacy = false

[correspondent_node]
enabled = true
"""


def other_laptop() -> str:
    """A laptop that is told its home address by hand."""
    return f"""\
version = 1
{settings.datapath()}
[mobile_node]
enabled = true
allow_unprotected_signalling = true

[autoconfiguration]
enabled = false
{TALKS_DIRECTLY}"""


def other_home_agent() -> str:
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
"""


class End:
    """One of the two: its service, its home address, and a socket that is bound to it."""

    def __init__(self, service: Service, home: IPv6Address, node: Node) -> None:
        self.service, self.home = service, home
        with inside(node.namespace):
            self.socket = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.socket.bind((str(home), PORT))
        self.socket.setblocking(False)

    def care_of(self) -> IPv6Address:
        (entry,) = ask_status(self.service).engine.home_addresses
        assert entry.care_of_address is not None
        return entry.care_of_address

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
        every = {each.address: each for each in ask_status(self.service).engine.correspondents}
        assert other.home in every, f"{self.home} has not heard of {other.home}, of {list(every)} only"
        found = every[other.home]
        assert found.state is CorrespondentState.DIRECT, f"{other.home} is {found.state.value}: {found.reason}"
        assert found.care_of_address == self.care_of(), "from where it was before"
        return True


@dataclass
class Story:
    """What happened: all packets at each end, and what each socket said of who sent to it."""

    ends: tuple[End, End]
    care_of: list[tuple[IPv6Address, IPv6Address]]
    seen: tuple[list[Seen], list[Seen]]
    senders: tuple[set[str], set[str]]

    def signalling(self, of: int) -> list[Seen]:
        """The Mobility Headers at an end, without the tunnels around them."""
        return [each.innermost for each in self.seen[of] if each.innermost.message]

    def payload(self, of: int) -> list[Seen]:
        """Our datagrams at an end, tunnels and all."""
        ports = PORT.to_bytes(2) * 2
        return [each for each in self.seen[of] if each.innermost.protocol == UDP and each.innermost.body[:4] == ports]


def direct(lab: Lab, one: End, other: End) -> None:
    """Keep talking until both say that they talk directly."""

    def both() -> bool:
        one.socket.sendto(b"trial", (str(other.home), PORT))
        other.socket.sendto(b"trial", (str(one.home), PORT))
        return one.is_direct_with(other) and other.is_direct_with(one)

    lab.eventually(both, within=40.0, what="both talk directly")


def talk(lab: Lab, one: End, other: End) -> tuple[set[str], set[str]]:
    """Datagrams both ways, every one of which arrives; who the sockets say they are from."""
    senders: tuple[set[str], set[str]] = (set(), set())
    for here, there, said in ((one, other, senders[1]), (other, one, senders[0])):
        there.received()
        for number in range(DATAGRAMS):
            here.socket.sendto(b"number %d" % number, (str(there.home), PORT))
        left = {b"number %d" % number for number in range(DATAGRAMS)}

        def all_there(there=there, left=left, said=said) -> bool:
            for data, sender in there.received():
                left.discard(data)
                said.add(sender)
            return not left

        lab.eventually(all_there, within=5.0, what="all datagrams arrive")
    return senders


def move_both(lab: Lab, guest: Guest, roaming: Roaming, other: Household) -> None:
    lab.move(VISITED_B)
    guest.move(VISITED_A)
    roaming.registered_at(VISITED_B)
    other.registered_at(VISITED_A)


@pytest.fixture(scope="module")
def story(lab: Lab) -> Iterator[Story]:
    with ExitStack() as undo:
        guest = undo.enter_context(Guest(lab))
        lab.nodes["r"].ip(f"route add {OTHER_PREFIX} via 2001:db8:ffff:0:2::2")
        lab.start_service(lab.correspondent, other_home_agent())
        roaming = Roaming(lab)
        roaming.start_home_agent()
        roaming.start_laptop(extra=TALKS_DIRECTLY)
        home = roaming.home_address()
        guest.plug(VISITED_B)
        service = lab.start_service(guest.node, other_laptop())
        service.mnctl("home-addresses", "add", str(OTHER_HOME), "--home-agent", OTHER_AGENT)
        other = Household(lab, laptop=service)
        lab.move(VISITED_A)
        roaming.registered_at(VISITED_A)
        other.registered_at(VISITED_B)
        ends = End(roaming.laptop, home, lab.laptop), End(service, OTHER_HOME, guest.node)
        for end in ends:
            undo.callback(end.socket.close)
        with (
            lab.capture(lab.laptop, "eth0", "both-laptop") as at_laptop,
            lab.capture(guest.node, "eth0", "both-guest") as at_guest,
        ):
            direct(lab, *ends)
            senders = talk(lab, *ends)
            care_of = [(ends[0].care_of(), ends[1].care_of())]
            move_both(lab, guest, roaming, other)
            direct(lab, *ends)
            care_of.append((ends[0].care_of(), ends[1].care_of()))
            again = talk(lab, *ends)
        seen = packets(at_laptop.file), packets(at_guest.file)
        yield Story(ends, care_of, seen, (senders[0] | again[0], senders[1] | again[1]))
        service.stop()


@pytest.mark.requirement("ALL-9.3.1-02")
def test_the_sockets_see_the_home_addresses_alone(story):
    assert story.senders == ({str(OTHER_HOME)}, {str(story.ends[0].home)})


@pytest.mark.requirement("MN-11.3.1-07", "MN-11.3.2-01", "ALL-6.4.1-02", "ALL-6.3-03")
@pytest.mark.parametrize("of", [0, 1])
def test_packets_go_from_care_of_address_to_care_of_address(story, of):
    """Routing header, then option, then payload, with a checksum by the home addresses; one of each at most."""
    ends, homes = story.care_of, (story.ends[0].home, story.ends[1].home)
    sent = [each for each in story.payload(of) if each.innermost.from_whom == homes[of]]
    for pair in ends:
        mine = [each for each in sent if (each.source, each.destination) == (pair[of], pair[1 - of])]
        assert len(mine) >= DATAGRAMS
        for each in mine:
            assert each.order == ("routing 2", "home address")
            assert (each.home_addresses, each.routing, each.segments_left) == ((homes[of],), homes[1 - of], 1)
            assert each.has_right_checksum
            assert len(each.octets) == 40 + 24 + 24 + len(each.body)
    for each in story.seen[of]:
        for header in each.every_header():
            assert len(header.home_addresses) <= 1
            assert sum(name.startswith("routing") for name in header.order) <= 1


@pytest.mark.requirement("MN-5.2.9-01", "ALL-6.1-02")
@pytest.mark.parametrize("of", [0, 1])
def test_signalling_to_the_other_goes_to_its_home_address(story, of):
    """Never to a care-of address, although both know it: by the tunnel of the other's home agent."""
    mine, theirs = story.ends[of].home, story.ends[1 - of].home
    addresses = {mine, *(pair[of] for pair in story.care_of)}
    other_care_of = {pair[1 - of] for pair in story.care_of}
    sent = [each for each in story.signalling(of) if each.source in addresses]
    begun = [each for each in sent if each.message in ("HoTI", "CoTI", "BU") and each.destination != agent_of(of)]
    assert {each.message for each in begun} == {"HoTI", "CoTI", "BU"}
    assert {each.destination for each in begun} == {theirs}
    assert not [each for each in begun if each.destination in other_care_of]


def agent_of(of: int) -> IPv6Address:
    return (IPv6Address("2001:db8:1::1"), IPv6Address(OTHER_AGENT))[of]


@pytest.mark.requirement("ALL-6.1-01")
@pytest.mark.parametrize("of", [0, 1])
def test_headers_of_mobile_ipv6_are_on_those_messages_alone_that_have_them(story, of):
    signalling = story.signalling(of)
    assert {each.message for each in signalling} >= {"HoTI", "CoTI", "HoT", "CoT", "BU", "BA"}
    for each in signalling:
        assert ("home address" in each.order) is (each.message == "BU"), each
        assert ("routing 2" in each.order) is (each.message == "BA"), each
        assert each.has_right_checksum


@pytest.mark.requirement("ALL-6.2.7-02", "ALL-6.2.7-04", "MN-5.2.6-01")
@pytest.mark.parametrize("of", [0, 1])
def test_binding_updates_are_signed_for_the_home_address_of_the_other(story, of):
    """The tokens are on the wire: with them the authenticators are made again by the formulas.

    The care-of address in them is the one that the CoT went to, and the packet's source: no Alternate Care-of Address
    is sent to a correspondent.
    """
    mine, theirs = story.ends[of].home, story.ends[1 - of].home
    signalling = story.signalling(of)
    updates = [each for each in signalling if each.message == "BU" and each.destination == theirs]
    assert {each.source for each in updates} >= {pair[of] for pair in story.care_of}
    for update in updates:
        assert 3 not in options(update), "an Alternate Care-of Address"
        before = [each for each in signalling if each.at <= update.at]
        kbm = key(update, before)
        signed = options(update)[AUTHORIZATION]
        assert signed == authenticator(update, kbm, update.source, theirs)
        assert signed != authenticator(update, kbm, update.source, story.care_of[0][1 - of])
        answers = [
            each for each in signalling
            if each.message == "BA" and each.source == theirs and each.routing == mine
            and each.body[8:10] == update.body[6:8]
        ]  # fmt: skip
        for answer in answers:
            assert options(answer)[AUTHORIZATION] == authenticator(answer, kbm, update.source, theirs)


@pytest.mark.requirement("ALL-6.4.1-03")
def test_no_routing_header_is_turned_round(story):
    """What comes with a routing header is answered by the binding, not by the header: the two agree here, but a Home
    Test or an acknowledgement of the tunnel's home agent has none to turn round."""
    for of in (0, 1):
        agent = agent_of(of)
        to_agent = [each for each in story.seen[of] if each.destination == agent]
        assert any(each.source == agent and each.routing for each in story.seen[of]), "its acknowledgements have one"
        assert to_agent
        assert not [each for each in to_agent if each.routing is not None]


def test_it_says_so_to_people(story):
    for end in story.ends:
        told = end.service.mnctl_process("correspondents").stdout
        assert "direct" in told
