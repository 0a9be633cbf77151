# SPDX-License-Identifier: GPL-2.0-or-later
"""A laptop that proves itself to correspondents by more than return routability, and what becomes of it on the wire.

Its home address is generated from a key (RFC 4866). In network A it begins to talk directly to two addresses of the
correspondent. On its way to network B the care-of tests are lost; the second address hears nothing of it any more. Then
it shares a key with the first one (RFC 4449), and goes home. In network A again, its home prefix is to end sooner.
"""

import json
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key

from mnclient.model.status import CorrespondentState, CorrespondentStatus
from tests.lab import settings
from tests.lab.direct import is_direct, start_correspondent
from tests.lab.headers import Seen, packets
from tests.lab.hostile import COTI, reload
from tests.lab.household import Household
from tests.lab.lab import Lab
from tests.lab.lossy import losing_every_message_to
from tests.lab.node import Node, inside
from tests.lab.registration_tape import Acknowledgement, Update, acknowledgements, updates
from tests.lab.return_routability import NONCE_INDICES, options
from tests.lab.service import Service
from tests.lab.topology import CORRESPONDENT_ADDRESS, HOME, HOME_AGENT_ADDRESS, VISITED_A, VISITED_B

SECOND_ADDRESS: Final = IPv6Address(int(CORRESPONDENT_ADDRESS) + 7)
PORT: Final = 7033
MOBILE_PREFIX_ADVERTISEMENT: Final = 147
LASTING: Final = 200  # seconds that the home prefix is still to last
SOON: Final = "min_prefix_advertisement_interval = 1.0\nmax_prefix_advertisement_interval = 2.0\n"
GENERATED: Final = "generated_addresses = true\n"
DIRECTLY: Final = "\n[mobile_node.route_optimization]\nlocation_privacy = false\n"
NODE_KEY, HOME_NONCE, CARE_OF_NONCE = bytes(range(20, 44)), b"home....", b"care-of."
NO_ADVERTISEMENTS: Final = "ip6 and not (ip6[6] == 58 and ip6[40] == 134)"
READ_AGAIN: Final = "the settings were read again"


@dataclass
class Story:
    """What was recorded. `at` has instants of it in seconds, `states` what the laptop's kernel had then."""

    home: IPv6Address
    private_key: RSAPrivateKey
    cable: Path = Path()
    care_of: dict[str, IPv6Address] = field(default_factory=dict)
    at: dict[str, float] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    given_up: CorrespondentStatus | None = None

    def note(self, what: str, laptop: Node) -> None:
        """Something has happened."""
        self.at[what], self.states[what] = time.time(), laptop.run(["ip", "xfrm", "state"])

    def seen(self, begin: str = "", end: str = "") -> list[Seen]:
        """The packets on the laptop's cable between two instants, as they are there."""
        first, last = self.at.get(begin, 0.0), self.at.get(end, float("inf"))
        return [each for each in packets(self.cable) if first <= each.at < last]

    def messages(self, kind: str, begin: str = "", end: str = "") -> list[Seen]:
        """Of one kind, without the tunnels around them."""
        return [each.innermost for each in self.seen(begin, end) if each.innermost.message == kind]

    def updates(self, correspondent: IPv6Address, begin: str = "", end: str = "") -> list[Update]:
        """Binding Updates to an address of the correspondent."""
        return [each for each in updates(self.seen(begin, end)) if each.seen.destination == correspondent]

    def answer_to(self, update: Update) -> Acknowledgement:
        """The Binding Acknowledgement of the correspondent. `AssertionError` when there is none."""
        answers = acknowledgements(self.seen())
        mine = [each for each in answers if each.seen.source == update.seen.destination]
        found = [each for each in mine if each.sequence == update.sequence and each.seen.at >= update.seen.at]
        assert found, f"number {update.sequence} is not answered"
        return found[0]

    def news(self) -> Seen:
        """The answer to a Mobile Prefix Solicitation by which the home prefix ends sooner. `AssertionError` before."""
        answers = [each for each in self.seen("direct") if each.icmp_type == MOBILE_PREFIX_ADVERTISEMENT]
        lasting = [(each, each.body[4:6] != bytes(2), int.from_bytes(each.body[12:16])) for each in answers]
        found = [each for each, is_answer, valid in lasting if is_answer and valid == LASTING]
        assert found, f"the laptop was told {[(is_answer, valid) for _, is_answer, valid in lasting]}"
        return found[0]

    def told_of_it(self, correspondent: IPv6Address) -> Update:
        """The first Binding Update behind that. `AssertionError` before."""
        begin = self.news().at
        found = [each for each in self.updates(correspondent, "direct") if each.seen.at >= begin]
        assert found, f"{correspondent} was not told"
        return found[0]

    def had_a_direct_way(self, when: str, correspondent: IPv6Address) -> bool:
        """Whether the kernel added Home Address options to the laptop's packets then."""
        states = f"\n{self.states[when]}".split("\nsrc ")
        return any(each.startswith(f"{self.home} dst {correspondent}") and "proto hao" in each for each in states)


def generating_house(lab: Lab) -> tuple[Household, Service]:
    """A laptop at home with a generated home address, and a correspondent that believes in such."""
    agent = lab.start_home_agent()
    laptop = lab.start_laptop(settings.laptop(mobile_node=GENERATED, extra=DIRECTLY))
    correspondent = start_correspondent(lab, GENERATED)
    house = Household(lab, home_agent=agent, laptop=laptop)
    house.home_address()
    return house, correspondent


def tell(lab: Lab, house: Household, correspondent: Service) -> Story:
    """All of it, from home to home."""
    (entry,) = house.home_addresses()
    document = json.loads((house.laptop.state / "keys" / "generated.json").read_text(encoding="utf-8"))
    private_key = load_der_private_key(bytes.fromhex(document["private_key"]), None)
    assert isinstance(private_key, RSAPrivateKey)
    story = Story(entry.address, private_key)
    # Deprecated, so that nothing is sent from it unless it is meant.
    lab.correspondent.ip(f"addr add {SECOND_ADDRESS}/80 dev core0 nodad preferred_lft 0")
    with second_route(lab, story.home) as second, lab.capture(lab.laptop, "eth0", "proven", NO_ADVERTISEMENTS) as cable:
        story.cable = cable.file
        _in_network_a(lab, house, story, second)
        with ExitStack() as silence:
            silence.enter_context(losing_every_message_to(lab, SECOND_ADDRESS))
            _to_network_b(lab, house, story)
            _share_a_key(lab, house, correspondent, story)
            story.given_up = lab.eventually(lambda: _given_up(house), within=40.0, what="the silent one is given up")
            second.to_correspondent()
            story.note("given up", lab.laptop)
        lab.move(HOME)
        house.registered_at(HOME)
        lab.eventually(lambda: _is_deleted(story), within=10.0, what="the binding is deleted")
    return story


class SecondRoute:
    """Datagrams between the laptop's home address and the second address of the correspondent."""

    def __init__(self, lab: Lab, home: IPv6Address, laptop: socket.socket, correspondent: socket.socket) -> None:
        self._lab = lab
        self._ends = (laptop, home), (correspondent, SECOND_ADDRESS)

    def to_correspondent(self) -> None:
        """A datagram, which arrives."""
        (laptop, home), (correspondent, address) = self._ends
        _received(correspondent)
        laptop.sendto(b"to the second address", (str(address), PORT))
        self._lab.eventually(lambda: str(home) in _received(correspondent), within=5.0, what="a datagram arrives")

    def to_laptop(self) -> None:
        """A datagram, whether it arrives or not."""
        (laptop, home), (correspondent, _) = self._ends
        _received(laptop)
        correspondent.sendto(b"from the second address", (str(home), PORT))


@contextmanager
def second_route(lab: Lab, home: IPv6Address) -> Iterator[SecondRoute]:
    """For the block."""
    with ExitStack() as undo:
        sockets = []
        for node, address in ((lab.laptop, home), (lab.correspondent, SECOND_ADDRESS)):
            with inside(node.namespace):
                made = undo.enter_context(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM))
            made.bind((str(address), PORT))
            made.setblocking(False)
            sockets.append(made)
        yield SecondRoute(lab, home, *sockets)


def _received(here: socket.socket) -> list[str]:
    """From whom datagrams have come."""
    senders = []
    while True:
        try:
            senders.append(here.recvfrom(2000)[1][0])
        except BlockingIOError:
            return senders


def second(house: Household) -> CorrespondentStatus:
    """What the laptop says of the second address. `AssertionError` while it has not heard of it."""
    found = [each for each in house.status().engine.correspondents if each.address == SECOND_ADDRESS]
    assert found, "it has not heard of the second address"
    return found[0]


def _in_network_a(lab: Lab, house: Household, story: Story, route: SecondRoute) -> None:
    """Direct with both, and something has been sent to the second one."""
    lab.move(VISITED_A)
    house.registered_at(VISITED_A)
    story.care_of[VISITED_A] = _care_of(house)
    is_direct(house)

    def is_second_direct() -> bool:
        route.to_laptop()
        found = second(house)
        assert found.state is CorrespondentState.DIRECT, f"it is {found.state.value}: {found.reason}"
        return True

    lab.eventually(is_second_direct, within=20.0, what="the second address is direct")
    route.to_correspondent()
    story.note("direct", lab.laptop)


def tell_of_the_prefix(lab: Lab, house: Household, before: Story) -> Story:
    """What follows `before`, from home to network A."""
    story = Story(before.home, before.private_key)
    with second_route(lab, story.home) as route, lab.capture(lab.laptop, "eth0", "prefix", NO_ADVERTISEMENTS) as cable:
        story.cable = cable.file
        _in_network_a(lab, house, story, route)
        lab.eventually(lambda: _is_settled(story), within=10.0, what="the home agent owes no answer")
        shorten_the_home_prefix(lab, house, lambda: _both_were_told(story))
    return story


def shorten_the_home_prefix(lab: Lab, house: Household, is_done: Callable[[], bool]) -> None:
    """The home agent says that the prefix lasts LASTING seconds, and to the laptop very soon."""
    shorter = settings.home_agent(pace=lab.pace, extra=SOON)
    text = f"{shorter}valid_lifetime = {LASTING}\npreferred_lifetime = {LASTING}\n"
    house.home_agent.settings.write_text(text, encoding="utf-8")
    reload(lab, house.home_agent, READ_AGAIN)
    lab.eventually(is_done, within=20.0, what="both addresses of the correspondent are told")


def _is_settled(story: Story) -> bool:
    """A repeated registration is answered: one that is answered later would tell of the shorter prefix by itself."""
    seen = story.seen()
    sent = [each.sequence for each in updates(seen) if each.seen.destination == HOME_AGENT_ADDRESS]
    answered = [each.sequence for each in acknowledgements(seen) if each.seen.source == HOME_AGENT_ADDRESS]
    return sent[-1] in answered


def _both_were_told(story: Story) -> bool:
    told = [story.told_of_it(each) for each in (CORRESPONDENT_ADDRESS, SECOND_ADDRESS)]
    return all(story.answer_to(each) is not None for each in told)


def _to_network_b(lab: Lab, house: Household, story: Story) -> None:
    """The care-of tests are lost, so the laptop has to do without, and with what the answer brings instead."""
    story.note("leaving", lab.laptop)
    with losing_every_message_to(lab, CORRESPONDENT_ADDRESS, COTI):
        lab.move(VISITED_B)
        house.registered_at(VISITED_B)
        is_direct(house)
    story.care_of[VISITED_B] = _care_of(house)


def _share_a_key(lab: Lab, house: Household, correspondent: Service, story: Story) -> None:
    """It is used at once, and both talk directly."""
    story.note("keyed", lab.laptop)
    share_a_key(lab, (correspondent, house.laptop), story.home, NODE_KEY)

    def was_used() -> bool:
        sent = story.updates(CORRESPONDENT_ADDRESS, "keyed")
        return any(NONCE_INDICES not in options(each.seen) for each in sent)

    lab.eventually(was_used, within=10.0, what="a Binding Update by the key")
    is_direct(house)


def share_a_key(lab: Lab, services: Iterable[Service], home: IPv6Address, node_key: bytes) -> None:
    """The administrator puts it there, in the place of any other."""
    row = {
        "home_address": str(home),
        "correspondent": str(CORRESPONDENT_ADDRESS),
        "node_key": node_key.hex(),
        "home_nonce": HOME_NONCE.hex(),
        "care_of_nonce": CARE_OF_NONCE.hex(),
    }
    for service in services:
        file = service.state / "keys" / "precomputed.json"
        file.parent.mkdir(mode=0o700, exist_ok=True)
        file.write_text(json.dumps({"version": 1, "keys": [row]}), encoding="utf-8")
        file.chmod(0o600)
        reload(lab, service, READ_AGAIN)


def _is_deleted(story: Story) -> bool:
    gone = [each for each in story.updates(CORRESPONDENT_ADDRESS, "keyed") if not each.lifetime]
    return bool(gone) and story.answer_to(gone[-1]).status == 0


def _given_up(house: Household) -> CorrespondentStatus | None:
    found = second(house)
    return found if found.state is CorrespondentState.UNRESPONSIVE else None


def _care_of(house: Household) -> IPv6Address:
    (entry,) = house.home_addresses()
    assert entry.care_of_address is not None
    return entry.care_of_address
