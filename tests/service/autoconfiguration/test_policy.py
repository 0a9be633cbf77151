# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnclient.constants import MAX_HOME_ADDRESSES, MAX_KNOWN_HOME_AGENTS
from mnclient.model.service_status import ManagedHomeAddress, Origin
from mnclient.model.status import HomeAddressState
from mnclient.units import Seconds
from service.autoconfiguration.known_home_agents import Hearing, HomeAgentHeard
from service.autoconfiguration.policy import (
    MAX_DISMISSED,
    AdoptHomeAddress,
    AutoconfigurationPolicy,
    HomeAddressesChanged,
    HomeAddressReported,
    HomeAgentsEdited,
    HomeAgentsUpdated,
    HostChanged,
    PolicySettings,
    ProposeHomeAddress,
    SettingsChanged,
    Tick,
    WithdrawProposal,
)
from service.autoconfiguration.suggestions import HostInterface

START = 1_800_000_000.0
ETHERNET = HostInterface(name="eth0", link_layer_address=bytes.fromhex("001122334455"))
TAKING = PolicySettings(ask_first=False)
ASKING = PolicySettings(ask_first=True)
DESPERATE = PolicySettings(desperation=True, desperation_joins_any=True, ask_first=True)
OFF = PolicySettings(enabled=False, desperation=True)


def network(number):
    return IPv6Network((0x20010DB8 << 96 | number << 64, 64))


def home_agent(number):
    return network(number)[1]


def home_address(number):
    return IPv6Address(int(network(number)[0]) | 0x021122FFFE334455)


class Machine:
    """The policy on a clock of its own, with the core's part played: what is adopted becomes a home address."""

    def __init__(self, policy_settings):
        self.policy = AutoconfigurationPolicy(policy_settings)
        self.now = START
        self.home_addresses = ()
        self.give(HostChanged(interfaces=(ETHERNET,), remembered={"eth0": ETHERNET.link_layer_address}))

    def give(self, event):
        """Decisions other than the bookkeeping."""
        decisions = [each for each in self.policy.handle(event, self.now) if not isinstance(each, HomeAgentsUpdated)]
        for each in tuple(decisions):
            if isinstance(each, AdoptHomeAddress):
                decisions += self.have(each.address, each.prefix, each.home_agent)
        return decisions

    def have(self, address, prefix, agent, origin=Origin.LEARNED):
        entry = ManagedHomeAddress(
            address=address, prefix=prefix, home_agent=agent, origin=origin, preferred=False, active=False
        )
        self.home_addresses += (entry,)
        return self.give(HomeAddressesChanged(home_addresses=self.home_addresses))

    def hear(self, number=1, **changes):
        event = HomeAgentHeard(
            address=home_agent(number),
            prefix=network(number),
            interface="eth0",
            link_layer_address=b"\x02\x00\x00\x00\x00\x01",
            preference=0,
            lifetime=Seconds(1800.0),
        )
        return self.give(replace(event, **changes))

    def hear_steadily(self, number=1, hours=10.0, interval=600.0):
        decisions = []
        for _ in range(int(hours * 3600 / interval)):
            decisions += self.hear(number)
            self.now += interval
        return decisions

    def report(self, number, state):
        return self.give(HomeAddressReported(address=home_address(number), state=state))


def adoption(number, reason):
    return AdoptHomeAddress(
        address=home_address(number),
        prefix=network(number),
        home_agent=home_agent(number),
        interface="eth0",
        reason=reason,
    )


def test_a_home_agent_that_proved_itself_is_taken():
    machine = Machine(TAKING)
    assert machine.hear() == []
    decisions = machine.hear_steadily(hours=3)
    assert [each.address for each in decisions] == [home_address(1)]
    assert decisions[0].reason.startswith("heard 1")


def test_or_proposed_once_when_asking_comes_first():
    machine = Machine(ASKING)
    (decision,) = machine.hear_steadily()
    assert isinstance(decision, ProposeHomeAddress)
    assert machine.policy.proposals() == (decision.proposal,)
    assert (decision.proposal.address, decision.proposal.home_agent) == (home_address(1), home_agent(1))


def test_without_autoconfiguration_only_the_list_is_kept():
    machine = Machine(OFF)
    assert machine.hear_steadily() == []
    assert len(machine.policy.home_agents.listing(machine.now)) == 1


def time_until_taken(responsiveness):
    machine = Machine(replace(TAKING, responsiveness=responsiveness))
    while machine.now < START + 48 * 3600:
        if machine.hear():
            return machine.now - START
        machine.now += 60
    raise AssertionError("never taken")


def test_responsiveness_is_a_threshold_on_the_rank():
    times = [time_until_taken(responsiveness) for responsiveness in (100, 75, 50, 25, 0)]
    assert times == sorted(times)
    assert times[0] < 15 * 60
    assert 1 * 3600 < times[2] < 3 * 3600
    assert times[4] > 6 * 3600


def test_desperation_takes_the_first_one_at_once_and_unasked():
    assert Machine(DESPERATE).hear() == [adoption(1, "desperation mode")]


def test_desperation_ends_with_the_first_home_address():
    machine = Machine(replace(DESPERATE, max_home_addresses=3))
    machine.hear(1)
    assert machine.hear(2) == []
    machine.report(1, HomeAddressState.AT_HOME)
    assert machine.hear(3) == []


def test_desperation_returns_when_the_home_agent_does_not_answer():
    machine = Machine(DESPERATE)
    machine.hear(1)
    machine.report(1, HomeAddressState.REGISTERING)
    machine.now += 29
    assert machine.hear(2) == []
    machine.now += 2
    assert machine.hear(2) == [adoption(2, "desperation mode")]


def test_two_advertisements_in_one_turn_give_one_home_address():
    machine = Machine(DESPERATE)
    event = HomeAgentHeard(
        address=home_agent(1),
        prefix=network(1),
        interface="eth0",
        link_layer_address=b"\x02\x00\x00\x00\x00\x01",
        preference=0,
        lifetime=Seconds(1800.0),
    )
    first, second = (machine.policy.handle(event, START) for _ in range(2))
    assert [type(each) for each in first] == [HomeAgentsUpdated, AdoptHomeAddress]
    assert [type(each) for each in second] == [HomeAgentsUpdated], "before the core could confirm"


def test_none_is_taken_while_the_maximum_is_active():
    machine = Machine(TAKING)
    machine.hear_steadily(1)
    machine.report(1, HomeAddressState.REGISTERED)
    assert machine.hear_steadily(2) == []
    assert len(machine.policy.home_agents) == 2, "the list is kept all the same"


def test_a_manual_home_address_that_is_active_counts():
    machine = Machine(DESPERATE)
    machine.have(home_address(7), network(7), home_agent(7), Origin.MANUAL)
    machine.report(7, HomeAddressState.REGISTERED)
    assert machine.hear(1) == []


def test_a_second_one_is_taken_when_the_maximum_allows():
    machine = Machine(replace(TAKING, max_home_addresses=2))
    machine.hear_steadily(1)
    machine.report(1, HomeAddressState.REGISTERED)
    assert [each.address for each in machine.hear_steadily(2)] == [home_address(2)]
    machine.report(2, HomeAddressState.REGISTERED)
    assert machine.hear_steadily(3) == []


def test_a_maximum_of_none_takes_none():
    assert Machine(replace(DESPERATE, max_home_addresses=0)).hear() == []


def test_one_that_is_no_longer_active_makes_room_by_time_alone():
    machine = Machine(replace(TAKING, activation_time=Seconds(60.0), responsiveness=100))
    machine.hear_steadily(1)
    machine.report(1, HomeAddressState.REGISTERED)
    machine.hear_steadily(2)
    machine.report(1, HomeAddressState.REGISTERING)
    deadline = machine.policy.next_deadline(machine.now)
    assert deadline == machine.now + 60
    assert machine.give(Tick()) == []
    machine.now = deadline
    assert [each.address for each in machine.give(Tick())] == [home_address(2)]


def test_nothing_wakes_it_up_without_reason():
    machine = Machine(TAKING)
    assert machine.policy.next_deadline(machine.now) is None
    machine.hear_steadily(1)
    machine.report(1, HomeAddressState.REGISTERED)
    machine.hear(2)
    assert machine.policy.next_deadline(machine.now) is None


def test_home_addresses_never_exceed_what_the_node_can_have():
    machine = Machine(replace(DESPERATE, max_home_addresses=16))
    for number in range(100, 100 + MAX_HOME_ADDRESSES):
        machine.have(home_address(number), network(number), None, Origin.MANUAL)
        machine.report(number, HomeAddressState.REFUSED)
    machine.now += 1000
    assert machine.hear(1) == []


def test_one_home_is_entered_once():
    machine = Machine(replace(TAKING, max_home_addresses=3))
    machine.hear_steadily(1)
    machine.report(1, HomeAddressState.REGISTERED)
    second_agent_of_the_same_link = {"address": network(1)[2], "link_layer_address": b"\x02\x00\x00\x00\x00\x02"}
    for _ in range(100):
        assert machine.hear(1, **second_agent_of_the_same_link) == []
        machine.now += 600


def test_one_home_is_proposed_once():
    machine = Machine(replace(ASKING, responsiveness=100))
    machine.hear_steadily(1)
    for _ in range(20):
        assert machine.hear(1, address=network(1)[2]) == []
        machine.now += 60


def test_the_better_one_is_taken_when_there_is_a_choice():
    machine = Machine(OFF)
    machine.hear_steadily(1, hours=5)
    machine.hear_steadily(2, hours=10)
    machine.hear(1)
    decisions = machine.give(SettingsChanged(settings=TAKING))
    assert [each.address for each in decisions] == [home_address(2)]


def test_equal_ones_are_decided_by_the_advertised_preference():
    machine = Machine(OFF)
    for _ in range(60):
        machine.hear(1, preference=1)
        machine.hear(2, preference=2)
        machine.now += 600
    decisions = machine.give(SettingsChanged(settings=TAKING))
    assert [each.address for each in decisions] == [home_address(2)]


def test_one_that_is_not_here_is_not_taken():
    machine = Machine(OFF)
    machine.hear_steadily(1)
    machine.now += 1800
    assert machine.give(SettingsChanged(settings=DESPERATE)) == []


def test_what_was_dismissed_stays_dismissed_until_it_is_forgotten():
    machine = Machine(ASKING)
    machine.hear_steadily()
    machine.policy.dismiss(home_agent(1))
    assert machine.policy.proposals() == ()
    assert machine.hear_steadily() == []
    assert machine.give(SettingsChanged(settings=DESPERATE)) == []
    machine.policy.home_agents.remove(home_agent(1))
    machine.policy.forgive(home_agent(1))
    assert machine.hear() == [adoption(1, "desperation mode")]


def test_dismissals_are_bounded():
    machine = Machine(ASKING)
    for number in range(MAX_DISMISSED + 10):
        machine.policy.dismiss(home_agent(number))
    assert len(machine.policy.dismissed()) == MAX_DISMISSED
    assert home_agent(MAX_DISMISSED + 9) in machine.policy.dismissed()


@pytest.fixture
def proposing():
    machine = Machine(ASKING)
    machine.hear_steadily()
    assert len(machine.policy.proposals()) == 1
    return machine


WITHDRAWN = [WithdrawProposal(address=home_address(1))]


def test_a_proposal_is_withdrawn_when_the_place_is_taken(proposing):
    entry = ManagedHomeAddress(
        address=home_address(9), prefix=network(9), home_agent=None, origin=Origin.MANUAL, preferred=True, active=True
    )
    assert proposing.give(HomeAddressesChanged(home_addresses=(entry,))) == WITHDRAWN


def test_a_proposal_is_withdrawn_when_it_is_switched_off(proposing):
    assert proposing.give(SettingsChanged(settings=OFF)) == WITHDRAWN


def test_a_proposal_is_withdrawn_when_its_home_agent_is_forgotten(proposing):
    proposing.policy.home_agents.remove(home_agent(1))
    assert proposing.give(HomeAgentsEdited()) == WITHDRAWN


def test_a_proposal_is_withdrawn_when_desperation_takes_it(proposing):
    proposing.policy.settings = DESPERATE
    assert proposing.hear() == [adoption(1, "desperation mode"), *WITHDRAWN]


def test_a_host_without_hardware_addresses_gets_nothing():
    machine = Machine(DESPERATE)
    machine.give(HostChanged(interfaces=(), remembered={}))
    assert machine.hear() == []


def test_a_claim_on_a_home_agent_in_use_is_not_followed():
    machine = Machine(replace(DESPERATE, max_home_addresses=2))
    machine.hear(1)
    rogue = {"link_layer_address": b"\x02\x00\x00\x00\x00\x66", "interface": "eth0"}
    event = HomeAgentHeard(
        address=home_agent(1), prefix=network(1), preference=65535, lifetime=Seconds(9000.0), **rogue
    )
    (update,) = machine.policy.handle(event, START)
    assert update == HomeAgentsUpdated(address=home_agent(1), hearing=Hearing.CONTRADICTED)
    assert machine.policy.home_agents.get(home_agent(1)).link_layer_address == b"\x02\x00\x00\x00\x00\x01"


EVENTS = st.one_of(
    st.tuples(st.just("hear"), st.integers(1, 40)),
    st.tuples(st.just("report"), st.integers(1, 40), st.sampled_from(HomeAddressState)),
    st.tuples(st.just("wait"), st.floats(0.1, 4000.0)),
    st.tuples(
        st.just("settings"), st.sampled_from([TAKING, ASKING, DESPERATE, OFF, replace(DESPERATE, max_home_addresses=4)])
    ),
    st.tuples(st.just("dismiss"), st.integers(1, 40)),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(EVENTS, max_size=60))
def test_whatever_happens_the_rules_hold(script):
    machine = Machine(DESPERATE)
    for kind, *arguments in script:
        before = machine.policy.settings
        decisions = []
        match kind:
            case "hear":
                decisions = machine.hear(arguments[0])
            case "report":
                decisions = machine.report(*arguments)
            case "wait":
                machine.now += arguments[0]
                decisions = machine.give(Tick())
            case "settings":
                before = arguments[0]
                decisions = machine.give(SettingsChanged(settings=before))
            case "dismiss":
                machine.policy.dismiss(home_agent(arguments[0]))
        adopted = [each for each in decisions if isinstance(each, AdoptHomeAddress)]
        assert not adopted or before.enabled
        assert len(adopted) <= before.max_home_addresses
        assert not {each.home_agent for each in adopted} & set(machine.policy.dismissed())
        assert len({each.prefix for each in machine.home_addresses}) == len(machine.home_addresses)
        assert len(machine.home_addresses) <= MAX_HOME_ADDRESSES
        assert len(machine.policy.home_agents) <= MAX_KNOWN_HOME_AGENTS
        deadline = machine.policy.next_deadline(machine.now)
        assert deadline is None or deadline > machine.now
