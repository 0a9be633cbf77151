# SPDX-License-Identifier: GPL-2.0-or-later
"""Two mobile nodes, each the other's correspondent, as whole engines on one clock (RFC 6275 sections 5.2.9 and 6.1)."""

import hmac
from collections import deque
from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.engine.actions import Action, AskRouteUse, SendPacket, SetNetworkState
from mnclient.engine.engine import Engine
from mnclient.engine.events import (
    Configured,
    CorrespondentHeard,
    DatapathChosen,
    DeadlineReached,
    Event,
    PacketReceived,
    RouteUseKnown,
)
from mnclient.model.config import CorrespondentNodeConfig, NodeConfig
from mnclient.model.network_state import OptimizationEnd, RouteOptimization
from mnclient.model.status import CorrespondentState as State
from mnclient.security.binding_keys import binding_key, is_authorized
from mnclient.units import Instant
from mnclient.wire.binding import BindingAcknowledgement, BindingUpdate
from mnclient.wire.mobility_header import encode_for_authenticator
from mnclient.wire.mobility_options import AlternateCareOfAddress, BindingAuthorizationData, NonceIndices
from mnclient.wire.packet import Packet, decode_packet, encode_packet
from mnclient.wire.return_routability import CareOfTest, CareOfTestInit, HomeTest, HomeTestInit
from tests.mnclient.engine.home_agent.script import FakeEntropy
from tests.mnclient.engine.mobile_node.peer import open_config
from tests.mnclient.engine.mobile_node.script import AGENT, HOME, ack, home, link, ra_a, ra_b

OTHER_PREFIX = IPv6Network("2001:db8:7::/64")
OTHER_HOME, OTHER_AGENT = IPv6Address("2001:db8:7::10"), IPv6Address("2001:db8:7::1")


class Side:
    """One of the two: its engine, and what its kernel was told."""

    def __init__(self, address: IPv6Address, prefix: IPv6Network, agent: IPv6Address) -> None:
        self.address, self.agent = address, agent
        self.engine = Engine(FakeEntropy())
        self.config = NodeConfig(
            mobile_node=open_config(home(address, prefix, agent)), correspondent_node=CorrespondentNodeConfig()
        )
        self.routes: dict[str, frozenset[RouteOptimization]] = {}
        self.sent: list[Packet] = []

    def care_of(self, now: Instant) -> IPv6Address | None:
        return next((each.care_of_address for each in self.engine.status(now).home_addresses), None)

    def state(self, now: Instant) -> State:
        (found,) = self.engine.status(now).correspondents
        return found.state

    def route(self, end: OptimizationEnd) -> RouteOptimization:
        (found,) = (route for routes in self.routes.values() for route in routes if route.end is end)
        return found


class Both:
    """Messages arrive at once; both home agents accept everything."""

    def __init__(self) -> None:
        self.now = Instant(1000.0)
        self.one = Side(HOME, IPv6Network("2001:db8:1::/64"), AGENT)
        self.other = Side(OTHER_HOME, OTHER_PREFIX, OTHER_AGENT)
        self.reaches = True
        for side, advertisement in ((self.one, ra_a()), (self.other, ra_b())):
            for event in (DatapathChosen(route_optimization=True), Configured(config=side.config), link()):
                self.give(side, event)
            self.give(side, advertisement)

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.one, self.other

    def give(self, side: Side, event: Event) -> None:
        waiting: deque[tuple[Side, Action]] = deque((side, each) for each in side.engine.handle(event, self.now))
        while waiting:
            source, action = waiting.popleft()
            match action:
                case SetNetworkState():
                    source.routes[action.owner] = action.state.route_optimizations
                case AskRouteUse():
                    answer = RouteUseKnown(end=action.end, home_address=action.home_address,
                                           correspondent=action.correspondent, last_used=self.now)  # fmt: skip
                    waiting.extend((source, each) for each in source.engine.handle(answer, self.now))
                case SendPacket():
                    waiting.extend(self._carry(source, action))
                case _:
                    pass

    def _carry(self, source: Side, action: SendPacket) -> list[tuple[Side, Action]]:
        packet = decode_packet(encode_packet(action.packet))
        if packet.destination == source.agent:
            event = ack(action, home_address=source.address, source=source.agent)
            return [(source, each) for each in source.engine.handle(event, self.now)]
        source.sent.append(packet)
        for side in self.sides:
            if packet.destination in (side.address, side.care_of(self.now)) and self.reaches:
                through_tunnel = packet.destination == side.address
                event = PacketReceived(interface="eth0", packet=packet, through_tunnel=through_tunnel)
                return [(side, each) for each in side.engine.handle(event, self.now)]
        return []

    def pass_time(self, seconds: float) -> None:
        end = Instant(self.now + seconds)
        for _ in range(10_000):
            due = [(at, number) for number, side in enumerate(self.sides)
                   if (at := side.engine.next_deadline()) is not None and at <= end]  # fmt: skip
            if not due:
                break
            at, number = min(due)
            self.now = max(self.now, at)
            self.give(self.sides[number], DeadlineReached())
        else:
            raise AssertionError("the nodes never rest")
        self.now = end

    def hear(self) -> None:
        """Payload of each comes to the other through its tunnel."""
        for side, peer in ((self.one, self.other), (self.other, self.one)):
            self.give(side, CorrespondentHeard(home_address=side.address, correspondent=peer.address))

    def check_direct(self) -> None:
        for side, peer in ((self.one, self.other), (self.other, self.one)):
            assert side.state(self.now) is State.DIRECT
            mine, theirs = side.route(OptimizationEnd.MOBILE_NODE), side.route(OptimizationEnd.CORRESPONDENT)
            assert (mine.home_address, mine.correspondent) == (side.address, peer.address)
            assert (mine.care_of_address, mine.outgoing, mine.incoming) == (side.care_of(self.now), True, True)
            assert (theirs.home_address, theirs.correspondent) == (peer.address, side.address)
            assert theirs.care_of_address == peer.care_of(self.now)


@pytest.fixture
def both() -> Both:
    made = Both()
    made.hear()
    made.check_direct()
    return made


@pytest.mark.requirement("MN-5.2.9-01", "ALL-6.1-02", "MN-11.7.2-03")
def test_all_that_begins_something_goes_to_the_home_address_of_the_other(both):
    for side, peer in ((both.one, both.other), (both.other, both.one)):
        begun = [each for each in side.sent if isinstance(each.message, HomeTestInit | CareOfTestInit | BindingUpdate)]
        assert {type(each.message) for each in begun} == {HomeTestInit, CareOfTestInit, BindingUpdate}
        assert {each.destination for each in begun} == {peer.address}
        answers = [each for each in side.sent if isinstance(each.message, HomeTest | CareOfTest)]
        assert {each.destination for each in answers} == {peer.address, peer.care_of(both.now)}
        assert {each.source for each in answers} == {side.address}


@pytest.mark.requirement("ALL-6.1-01", "MN-5.2.6-01", "ALL-6.2.5-01", "ALL-6.2.6-01")
def test_headers_and_options_of_each_message(both):
    """No other care-of address is named than the source that was tested."""
    for side in both.sides:
        for packet in side.sent:
            is_update = isinstance(packet.message, BindingUpdate)
            assert (packet.home_address is not None) is is_update
            assert (packet.routing_home_address is not None) is isinstance(packet.message, BindingAcknowledgement)
            kinds = [type(each) for each in packet.message.options]
            assert AlternateCareOfAddress not in kinds
            assert (NonceIndices in kinds) is is_update
            if is_update:
                assert packet.source == side.care_of(both.now)
                assert kinds[-1] is BindingAuthorizationData


@pytest.mark.requirement("ALL-6.2.7-04")
def test_updates_and_acknowledgements_are_signed_for_the_home_address_of_the_correspondent(both):
    """The tokens are those that were given out; the address is the correspondent's home address in both directions."""
    for side, peer in ((both.one, both.other), (both.other, both.one)):
        (update,) = (each for each in side.sent if isinstance(each.message, BindingUpdate))
        given = {
            type(each.message): each.message for each in peer.sent if isinstance(each.message, HomeTest | CareOfTest)
        }
        key = binding_key(given[HomeTest].keygen_token, given[CareOfTest].keygen_token)
        (answer,) = (each for each in peer.sent if isinstance(each.message, BindingAcknowledgement))
        for message in (update.message, answer.message):
            assert is_authorized(message, key, update.source, peer.address)
            assert not is_authorized(message, key, update.source, peer.care_of(both.now))
            data = update.source.packed + peer.address.packed + encode_for_authenticator(message)
            assert message.authorization_data.authenticator == hmac.digest(key, data, "sha1")[:12]


def test_both_move_at_once_and_find_each_other(both):
    """While neither knows where the other is: what they say goes to the home addresses."""
    both.pass_time(30.0)
    before = [side.care_of(both.now) for side in both.sides]
    both.reaches = False
    for side in both.sides:
        both.give(side, link(interrupted=True))
    both.reaches = True
    both.give(both.one, ra_b())
    both.give(both.other, ra_a())
    both.pass_time(5.0)
    assert all(side.care_of(both.now) != old for side, old in zip(both.sides, before, strict=True))
    both.check_direct()


def test_the_bindings_are_kept_as_long_as_they_are_used(both):
    for _ in range(20):  # less than the lifetime of the routers
        both.pass_time(60.0)
        both.hear()
        both.check_direct()


def test_one_of_them_cannot_be_talked_to_directly_and_the_other_way_stays():
    made = Both()
    made.give(made.other, Configured(config=NodeConfig(mobile_node=made.other.config.mobile_node)))
    made.hear()
    made.pass_time(60.0)
    assert made.one.state(made.now) is State.UNRESPONSIVE
    assert made.other.state(made.now) is State.DIRECT
    assert made.one.route(OptimizationEnd.CORRESPONDENT).care_of_address == made.other.care_of(made.now)
