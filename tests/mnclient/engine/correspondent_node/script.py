# SPDX-License-Identifier: GPL-2.0-or-later
"""A correspondent on a fake clock, and a mobile node that talks to it in whole packets, octets and all.

the correspondent is 2001:db8:3::30 (and ::31), the mobile node's home address 2001:db8:1::10, it visits 2001:db8:2::/64
"""

from dataclasses import dataclass
from ipaddress import IPv6Address
from random import Random

from mnclient.engine.actions import Action, SendPacket, SetNetworkState
from mnclient.engine.correspondent_node.correspondent_node import CorrespondentNode
from mnclient.engine.events import Configured, DatapathChosen, DeadlineReached, Event, PacketReceived
from mnclient.engine.machine import Machine
from mnclient.engine.malformed import MalformedAnswers
from mnclient.model.config import CorrespondentNodeConfig, NodeConfig
from mnclient.model.network_state import NetworkState
from mnclient.security.binding_keys import authorize, binding_key, deletion_key
from mnclient.units import Instant, Seconds
from mnclient.wire.binding import BindingAcknowledgement, BindingStatus, BindingUpdate
from mnclient.wire.mobility_header import MobilityMessage
from mnclient.wire.mobility_options import AlternateCareOfAddress, MobilityOption, NonceIndices
from mnclient.wire.packet import Packet, decode_packet, encode_packet
from mnclient.wire.return_routability import CareOfTest, CareOfTestInit, HomeTest, HomeTestInit

OURS = IPv6Address("2001:db8:3::30")
OURS_2 = IPv6Address("2001:db8:3::31")
HOME = IPv6Address("2001:db8:1::10")
HOME_2 = IPv6Address("2001:db8:1::11")
CARE_OF = IPv6Address("2001:db8:2::20")
CARE_OF_2 = IPv6Address("2001:db8:2::21")
HOME_COOKIE = bytes(range(1, 9))
CARE_OF_COOKIE = bytes(range(17, 25))
ON = CorrespondentNodeConfig()


class SeededEntropy:
    """The same unlikely octets every time, for each `seed`."""

    def __init__(self, seed: int = 6275) -> None:
        self._random = Random(seed)

    def octets(self, count: int) -> bytes:
        return self._random.randbytes(count)

    def uniform(self, low: float, high: float) -> float:
        return (low + high) / 2


class Script:
    """Feeds a correspondent and keeps what the kernel is to look like. `now` starts at 100 s."""

    def __init__(
        self,
        config: CorrespondentNodeConfig | None = ON,
        *,
        datapath: bool | None = True,
        refusals: dict[IPv6Address, BindingStatus] | None = None,
        node: Machine | None = None,
    ) -> None:
        self.refusals = refusals or {}
        self.role = CorrespondentNode(SeededEntropy(), MalformedAnswers(), self.refusals.get)
        self.node: Machine = node or self.role
        self.now = Instant(100.0)
        self.actions: list[Action] = []
        self.desired: dict[str, NetworkState] = {}
        if datapath is not None:
            self.give(DatapathChosen(route_optimization=datapath))
        self.configure(config)

    def give(self, event: Event) -> list[Action]:
        """The actions of one event, now."""
        actions = self.node.handle(event, self.now)
        for action in actions:
            if isinstance(action, SetNetworkState):
                self.desired[action.owner] = action.state
        self.desired = {owner: state for owner, state in self.desired.items() if not state.is_empty()}
        self.actions += actions
        return actions

    def configure(self, config: CorrespondentNodeConfig | None) -> list[Action]:
        return self.give(Configured(config=NodeConfig(correspondent_node=config)))

    def receive(self, packet: Packet, **changes: object) -> list[Action]:
        """A packet arrives, as the octets it is sent in."""
        return self.give(PacketReceived(interface="wan", packet=decode_packet(encode_packet(packet)), **changes))  # type: ignore[arg-type]

    def advance(self, seconds: float) -> list[Action]:
        """Turn the clock, stopping at every deadline on the way."""
        end, actions = Instant(self.now + seconds), []
        while (deadline := self.node.next_deadline()) is not None and deadline <= end:
            self.now = max(self.now, deadline)
            actions += self.give(DeadlineReached())
        self.now = end
        return actions

    def bound(self) -> dict[IPv6Address, IPv6Address]:
        """Care-of addresses by home address."""
        return {entry.home_address: entry.care_of_address for entry in self.role.binding_cache()}


NO_HOME_TEST = HomeTest(nonce_index=0, cookie=bytes(8), keygen_token=bytes(8))
NO_CARE_OF_TEST = CareOfTest(nonce_index=0, cookie=bytes(8), keygen_token=bytes(8))


@dataclass
class Mobile:
    """A mobile node: it collects tokens, and signs with what it has."""

    script: Script
    home: IPv6Address = HOME
    care_of: IPv6Address = CARE_OF
    ours: IPv6Address = OURS
    sequence: int = 0
    home_test: HomeTest = NO_HOME_TEST
    care_of_test: CareOfTest = NO_CARE_OF_TEST

    def test(self) -> "Mobile":
        """Return routability, both halves."""
        self.test_home()
        sent = self.script.receive(Packet(source=self.care_of, destination=self.ours, message=care_of_test_init()))
        (care_of,) = messages(sent, CareOfTest)
        self.care_of_test = care_of
        return self

    def test_home(self) -> "Mobile":
        sent = self.script.receive(Packet(source=self.home, destination=self.ours, message=home_test_init()))
        (home,) = messages(sent, HomeTest)
        self.home_test = home
        return self

    def key(self, lifetime: float = 420.0) -> bytes:
        token = self.home_test.keygen_token
        return binding_key(token, self.care_of_test.keygen_token) if lifetime else deletion_key(token)

    def packet(
        self,
        lifetime: float = 420.0,
        *,
        sequence: int | None = None,
        acknowledge: bool = True,
        source: IPv6Address | None = None,
        home_option: bool = True,
        alternate: IPv6Address | None = None,
        signed: IPv6Address | None = None,
        key: bytes | None = None,
        indices: NonceIndices | None = None,
        more: tuple[MobilityOption, ...] = (),
        **flags: bool,
    ) -> Packet:
        """A signed Binding Update with the next sequence number, or with what is said otherwise."""
        if sequence is None:
            self.sequence = sequence = (self.sequence + 1) % 65536
        care_of_index = self.care_of_test.nonce_index if lifetime else 0
        update = BindingUpdate(
            sequence=sequence,
            lifetime=Seconds(lifetime),
            acknowledge=acknowledge,
            home_registration=False,
            options=(
                indices or NonceIndices(home=self.home_test.nonce_index, care_of=care_of_index),
                *more,
                *(() if alternate is None else (AlternateCareOfAddress(address=alternate),)),
            ),
            **flags,
        )
        about = signed or ((alternate or self.care_of) if lifetime else self.home)
        message = authorize(update, self.key(lifetime) if key is None else key, about, self.ours)
        return Packet(
            source=source or self.care_of,
            destination=self.ours,
            message=message,
            home_address=self.home if home_option else None,
        )

    def update(self, lifetime: float = 420.0, **changes: object) -> list[Action]:
        """A Binding Update arrives; see `packet`."""
        return self.script.receive(self.packet(lifetime, **changes))  # type: ignore[arg-type]

    def register(self, lifetime: float = 420.0) -> list[Action]:
        """Return routability and an accepted Binding Update."""
        actions = self.test().update(lifetime)
        assert [ack.status for ack in acks(actions)] == [0]
        return actions


def home_test_init() -> HomeTestInit:
    return HomeTestInit(cookie=HOME_COOKIE)


def care_of_test_init() -> CareOfTestInit:
    return CareOfTestInit(cookie=CARE_OF_COOKIE)


def sent_packets(actions: list[Action]) -> list[Packet]:
    """The packets sent, as they arrive."""
    return [decode_packet(encode_packet(each.packet)) for each in actions if isinstance(each, SendPacket)]


def messages(actions: list[Action], kind: type) -> list[MobilityMessage]:
    """The messages of one kind sent, as they arrive."""
    return [each.message for each in sent_packets(actions) if isinstance(each.message, kind)]  # type: ignore[misc]


def acks(actions: list[Action]) -> list[BindingAcknowledgement]:
    """The Binding Acknowledgements sent, as they arrive."""
    return messages(actions, BindingAcknowledgement)  # type: ignore[return-value]


def statuses(actions: list[Action]) -> list[int]:
    return [ack.status for ack in acks(actions)]
