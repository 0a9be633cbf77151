# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever arrives in whatever order: nothing raises, and what must always hold does."""

from dataclasses import replace
from ipaddress import IPv6Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnclient.engine.events import DeadlineReached, LinkRemoved, PacketReceived, Stopping
from mnclient.engine.home_agent.registrations import owner_of
from mnclient.engine.sequence_numbers import is_newer
from mnclient.model.config import AccessRule
from mnclient.model.network_state import EMPTY
from mnclient.units import Seconds
from mnclient.wire.binding import BindingUpdate
from mnclient.wire.neighbor_discovery import NeighborAdvertisement, NeighborSolicitation
from tests.mnclient.engine.home_agent.script import (
    AGENT,
    CARE_OF,
    CARE_OF_2,
    CONFIG,
    ETH0_UP,
    HOME,
    HOME_LINK_LOCAL,
    MOBILE_MAC,
    OTHER_HOME,
    VIRTUAL_AGENT,
    VIRTUAL_HOME,
    Script,
    acks,
    binding_update,
    neighbor,
    states,
)
from tests.mnclient.wire.strategies import addresses, binding_updates, milliseconds

HOMES = st.sampled_from([HOME, OTHER_HOME, VIRTUAL_HOME, IPv6Address("2001:db8:9::9"), HOME_LINK_LOCAL])
PLACES = st.sampled_from([CARE_OF, CARE_OF_2, HOME, OTHER_HOME, AGENT, IPv6Address("ff02::1"), IPv6Address("::")])

updates = st.builds(
    binding_update,
    st.integers(0, 8) | st.integers(32765, 32772) | st.integers(65530, 65535),
    st.sampled_from([0.0, 4.0, 8.0, 400.0, 262140.0]),
    home=HOMES,
    care_of=PLACES,
    alternate=st.none() | PLACES,
    home_option=st.booleans(),
    home_registration=st.sampled_from([True, True, True, False]),
    link_local_compatibility=st.booleans(),
    interface=st.sampled_from(["eth0", "wan"]),
    link_layer_source=st.sampled_from([b"", MOBILE_MAC]),
)
claims = st.builds(
    lambda target, kind: neighbor(
        NeighborSolicitation(target=target)
        if kind
        else NeighborAdvertisement(target=target, router=False, solicited=False, override=True),
        "::" if kind else "fe80::bad",
    ),
    HOMES,
    st.booleans(),
)
links = st.sampled_from([ETH0_UP, replace(ETH0_UP, is_up=False), LinkRemoved(interface="eth0"), DeadlineReached()])
configurations = st.sampled_from(
    [
        CONFIG,
        None,
        replace(CONFIG, max_lifetime=Seconds(6.0), refresh_advice=Seconds(4.0)),
        replace(CONFIG, max_bindings=1, optimistic_forwarding=False),
        replace(CONFIG, links=CONFIG.links[1:]),
        replace(CONFIG, access=(AccessRule(allow=False, home_addresses=CONFIG.links[0].prefix),)),
    ]
)
events = updates | updates | updates | claims | links
steps = st.lists(st.tuples(events, st.sampled_from([0.0, 0.3, 1.0, 11.0])), max_size=25)


class Model:
    """What must hold after every step, seen from outside."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.sequences: dict[IPv6Address, int] = {}

    def check(self, actions, event=None) -> None:
        script = self.script
        bound = {entry.home_address: entry for entry in script.agent.binding_cache(script.now)}
        owners = {owner_of(home) for home in bound}
        # The kernel holds something for a binding only as long as there is one, and is told when it ends.
        assert set(script.desired) - {"home-agent"} <= owners
        last = {each.owner: each.state for each in states(actions)}
        for owner, state in last.items():
            assert owner == "home-agent" or (state == EMPTY) == (owner not in owners)
        for home, entry in bound.items():
            assert entry.detecting or owner_of(home) in script.desired
            before = self.sequences.get(home)
            assert before is None or before == entry.sequence or is_newer(entry.sequence, before)
        self.sequences = {home: entry.sequence for home, entry in bound.items()}
        for ack in acks(actions):
            assert ack.status in (0, 1, 128, 129, 130, 132, 133, 134, 135, 139, 174)
        if event is not None:
            self.check_answer(event, acks(actions))

    def check_answer(self, event, answers) -> None:
        request = event.packet.message
        for ack in answers:
            if isinstance(request, BindingUpdate) and ack.sequence == request.sequence and ack.status < 128:
                assert ack.lifetime <= request.lifetime


@settings(deadline=None, derandomize=True, database=None, max_examples=250)
@given(st.lists(st.tuples(configurations, steps), min_size=1, max_size=3))
@pytest.mark.requirement("ALL-9.5.1-02", "HA-10.3.1-11")
def test_invariants(chapters):
    script = Script(None)
    model = Model(script)
    for config, scenes in chapters:
        model.check(script.configure(config))
        model.sequences = {}  # the end of a home link may end what was known
        for event, pause in scenes:
            model.check(script.give(event), event if isinstance(event, PacketReceived) else None)
            model.check(script.advance(pause))
    script.give(Stopping())
    assert script.desired == {}


@settings(deadline=None, derandomize=True, database=None, max_examples=200)
@given(
    st.lists(
        st.builds(
            lambda message, source, destination, home: PacketReceived(
                interface="eth0",
                packet=replace(
                    binding_update().packet, message=message, source=source, destination=destination, home_address=home
                ),
            ),
            binding_updates,
            addresses | PLACES,
            st.sampled_from([AGENT, VIRTUAL_AGENT]),
            st.none() | HOMES | addresses,
        ),
        max_size=10,
    ),
    milliseconds,
)
def test_no_binding_update_raises(events, pause):
    script = Script()
    for event in events:
        script.give(event)
    script.advance(min(pause, 1000.0))
    script.agent.status(script.now)
    script.agent.snapshot(script.now)
    assert set(script.desired) <= {"home-agent", *(owner_of(home) for home in script.bound())}
