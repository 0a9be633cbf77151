# SPDX-License-Identifier: GPL-2.0-or-later
"""At home, coming home, and starting at home (RFC 6275 section 11.5.5)."""

from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.constants import MAX_NEIGHBOR_ADVERTISEMENT
from mnclient.engine.actions import SetNetworkState
from mnclient.engine.events import AddressDuplicate, AddressSettled, PacketReceived
from mnclient.model.network_state import Address, DuplicateDetection, Neighbor
from mnclient.model.problems import ProblemCode
from mnclient.model.status import HomeAddressState as State
from mnclient.model.status import Phase
from mnclient.wire.addresses import ALL_NODES, UNSPECIFIED, solicited_node
from mnclient.wire.neighbor_discovery import NeighborAdvertisement, NeighborSolicitation
from mnclient.wire.neighbor_options import TargetLinkLayerAddress
from tests.mnclient.engine.mobile_node.script import (
    AGENT,
    AGENT_MAC,
    HOME,
    HOME_PREFIX,
    LINK_LOCAL,
    MAC,
    MAC_A,
    MAC_B,
    NET_A,
    ROUTER_A,
    ROUTER_B,
    Script,
    ack,
    advertisement,
    binding_update,
    config,
    defence,
    home,
    link,
    only,
    prefix,
    ra_a,
    ra_home,
    sent,
    updates,
)


def on_home_interface(script: Script) -> Address | None:
    return next((each for each in script.state.addresses if each.interface == "eth0" and each.address == HOME), None)


def registered_abroad(script: Script | None = None) -> Script:
    script = script or Script()
    script.register()
    script.pass_time(5.0)
    return script


def coming_home(script: Script, event: PacketReceived | None = None):
    script.give(link(interrupted=True))
    return script.give(event or ra_home())


def at_home(script: Script | None = None) -> Script:
    script = script or Script()
    script.give(link())
    script.give(ra_home())
    script.give(AddressSettled(interface="eth0", address=HOME))
    assert script.where is State.AT_HOME
    return script


# --- returning -------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("MN-11.5.5-01", "MN-11.5.5-02", "MN-11.5.5-05", "MN-11.5.5-06", "MN-11.5.2-01", "MN-6.1.7-04")
def test_a_node_that_comes_home_takes_its_address_and_deregisters():
    script = registered_abroad()
    actions = coming_home(script)
    assert script.where is State.RETURNING
    deregistration = only(updates(actions))
    assert [type(each) for each in actions].index(SetNetworkState) < actions.index(deregistration)
    message, packet = binding_update(deregistration), deregistration.packet
    assert (packet.source, packet.destination, packet.home_address) == (HOME, AGENT, None)
    assert (message.lifetime, message.acknowledge, message.home_registration) == (0.0, True, True)
    assert message.alternate_care_of_address is None
    assert (deregistration.interface, deregistration.link_layer_destination) == ("eth0", AGENT_MAC)
    taken = on_home_interface(script)
    assert taken is not None
    assert taken.duplicate_detection is DuplicateDetection.NONE
    assert Neighbor(interface="eth0", address=AGENT, link_layer_address=AGENT_MAC) in script.state.neighbors


def test_starting_at_home_tells_the_link_once():
    """Neighbours may remember the hardware address of before the start, which may have been another one."""
    script = Script()
    script.give(link())
    assert not sent(script.give(ra_home()), NeighborAdvertisement)  # not before nobody else is known to have it
    actions = script.give(AddressSettled(interface="eth0", address=HOME))
    told = only(sent(actions, NeighborAdvertisement)).packet.message
    assert (told.target, told.override, told.options) == (HOME, True, (TargetLinkLayerAddress(address=MAC),))
    assert not [action for _, action in script.timeline(10.0) if sent([action], NeighborAdvertisement)]


@pytest.mark.requirement("MN-11.5.5-09", "MN-11.5.5-10", "RFC4861-MN-7.2.6-01")
def test_the_answer_makes_it_tell_the_link_three_times():
    script = registered_abroad()
    actions = script.give(ack(only(updates(coming_home(script)))))
    assert script.where is State.AT_HOME
    first = only(sent(actions, NeighborAdvertisement))
    assert (first.interface, first.packet.source, first.packet.destination) == ("eth0", LINK_LOCAL, ALL_NODES)
    assert first.packet.hop_limit == 255
    assert first.packet.message == NeighborAdvertisement(
        target=HOME,
        router=False,
        solicited=False,
        override=True,
        options=(TargetLinkLayerAddress(address=MAC),),
    )
    later = [time for time, action in script.timeline(10.0) if sent([action], NeighborAdvertisement)]
    assert later == [float(number) for number in range(1, MAX_NEIGHBOR_ADVERTISEMENT)]
    assert script.node.binding_update_list(script.now) == ()


@pytest.mark.requirement("MN-11.5.5-09")
def test_the_link_local_address_is_announced_too_if_L_was_set():
    own = IPv6Address("2001:db8:1::ff:fe00:42")
    script = Script(config(home(own)))
    script.give(link())
    script.give(ack(only(updates(script.give(ra_a()))), home_address=own))
    script.pass_time(2.0)
    deregistration = only(updates(coming_home(script)))
    assert binding_update(deregistration).link_local_compatibility
    actions = script.give(ack(deregistration, home_address=own))
    targets = [each.packet.message.target for each in sent(actions, NeighborAdvertisement)]
    assert targets == [own, IPv6Address("fe80::ff:fe00:42")]


def test_the_deregistration_is_repeated_and_the_problem_shown():
    script = registered_abroad()
    coming_home(script)
    times = [time for time, action in script.timeline(20.0) if updates([action])]
    assert times == [1.0, 3.0, 7.0, 15.0]
    assert script.where is State.RETURNING
    assert ProblemCode.HOME_AGENT_SILENT in script.problems()
    assert on_home_interface(script) is not None


@pytest.mark.requirement("MN-11.5.5-07")
def test_when_all_bindings_have_expired_the_address_is_checked_like_any_other():
    script = registered_abroad()
    coming_home(script)
    script.pass_time(600.0)
    assert script.where is State.DETECTING
    assert on_home_interface(script).duplicate_detection is DuplicateDetection.NORMAL
    script.give(AddressSettled(interface="eth0", address=HOME))
    assert script.where is State.AT_HOME


@pytest.mark.parametrize("status", [0, 1, 133])
def test_a_home_agent_that_knows_no_binding_is_an_answer_too(status):
    script = registered_abroad()
    script.give(ack(only(updates(coming_home(script))), status))
    assert script.where is State.AT_HOME


def test_a_refused_deregistration_is_tried_again():
    script = registered_abroad()
    script.give(ack(only(updates(coming_home(script))), 128))
    assert script.where is State.RETURNING
    assert ProblemCode.REGISTRATION_REFUSED in script.problems()
    assert len(updates(script.pass_time(30.5))) == 1


def test_coming_home_while_still_registering_deregisters_too():
    script = Script()
    script.give(link())
    script.give(ra_a())
    actions = coming_home(script)
    assert script.where is State.RETURNING
    assert binding_update(only(updates(actions))).lifetime == 0


def test_after_a_refusal_there_is_no_binding_to_delete():
    script = Script()
    script.give(link())
    script.give(ack(only(updates(script.give(ra_a()))), 129))
    assert not updates(coming_home(script))
    assert script.where is State.DETECTING


def test_a_refused_refresh_leaves_the_binding_of_before():
    script = registered_abroad()
    script.give(ack(updates(script.pass_time(450.0))[-1], 129))
    assert script.where is State.REFUSED
    assert len(updates(coming_home(script))) == 1


def test_leaving_before_the_answer_registers_again():
    script = registered_abroad()
    deregistration = only(updates(coming_home(script)))
    script.give(link(interrupted=True))
    update = only(updates(script.give(ra_a())))
    assert binding_update(update).lifetime > 0
    script.give(ack(deregistration))
    assert script.where is State.REGISTERING
    script.give(ack(update))
    assert script.where is State.REGISTERED


@pytest.mark.requirement("MN-11.5.5-04")
def test_an_unknown_hardware_address_is_asked_for_from_nowhere():
    script = registered_abroad()
    script.give(link(interrupted=True))
    actions = script.give(advertisement(ROUTER_A, MAC_B, prefix(HOME_PREFIX)))
    assert not updates(actions)
    question = only(each for each in sent(actions, NeighborSolicitation) if each.packet.source == UNSPECIFIED)
    assert question.packet.destination == solicited_node(HOME)
    assert question.packet.message == NeighborSolicitation(target=HOME)
    deregistration = only(updates(script.give(defence())))
    assert deregistration.link_layer_destination == AGENT_MAC
    script.give(ack(deregistration))
    assert script.where is State.AT_HOME


def test_when_nobody_defends_the_address_the_kernel_may_ask():
    script = registered_abroad()
    script.give(link(interrupted=True))
    script.give(advertisement(ROUTER_A, MAC_B, prefix(HOME_PREFIX)))
    deregistration = only(updates(script.pass_time(1.5)))
    assert deregistration.link_layer_destination is None


# --- starting and staying at home ------------------------------------------------------------------------------------


def test_a_node_that_starts_at_home_checks_its_address_first():
    script = Script()
    script.give(link())
    actions = script.give(ra_home())
    assert not updates(actions)
    assert script.where is State.DETECTING
    assert on_home_interface(script).duplicate_detection is DuplicateDetection.NORMAL
    assert not script.has_address("mn6home", HOME)
    script.give(AddressSettled(interface="eth0", address=IPv6Address("2001:db8:1::7")))
    script.give(AddressSettled(interface="eth1", address=HOME))
    assert script.where is State.DETECTING
    script.give(AddressSettled(interface="eth0", address=HOME))
    assert script.node.phase(script.now) is Phase.AT_HOME
    assert script.has_address("mn6home", HOME)
    assert script.problems() == set()


def test_the_address_is_taken_away_before_it_is_checked_again():
    script = Script()
    script.give(link())
    script.give(ra_home())
    collision = script.give(AddressDuplicate(interface="eth0", address=HOME))
    second_check = script.give(ack(only(updates(collision))))
    for actions in (collision, second_check):
        between, after = (each.state for each in actions if isinstance(each, SetNetworkState))
        assert ("eth0", HOME) not in {(each.interface, each.address) for each in between.addresses}
        assert HOME not in {each.preferred_source for each in between.routes if each.interface == "eth0"}
        assert ("eth0", HOME) in {(each.interface, each.address) for each in after.addresses}


def test_a_binding_forgotten_in_a_crash_is_deleted_before_the_address_is_given_up():
    script = Script()
    script.give(link())
    script.give(ra_home())
    deregistration = only(updates(script.give(AddressDuplicate(interface="eth0", address=HOME))))
    assert script.where is State.RETURNING
    assert binding_update(deregistration).lifetime == 0
    actions = script.give(ack(deregistration))
    assert script.where is State.DETECTING
    assert not sent(actions, NeighborAdvertisement)
    assert on_home_interface(script).duplicate_detection is DuplicateDetection.NORMAL
    script.give(AddressSettled(interface="eth0", address=HOME))
    assert script.where is State.AT_HOME


@pytest.mark.parametrize("status", [0, 133])
def test_a_second_collision_is_a_real_one(status):
    script = Script()
    script.give(link())
    script.give(ra_home())
    deregistration = only(updates(script.give(AddressDuplicate(interface="eth0", address=HOME))))
    script.give(ack(deregistration, status))
    script.give(AddressDuplicate(interface="eth0", address=HOME))
    assert script.where is State.DUPLICATE
    assert script.problems() == {ProblemCode.HOME_ADDRESS_DUPLICATE}
    assert not script.state.addresses


@pytest.mark.parametrize("chosen", [config(home(agent=None)), config(allow=False)])
def test_a_collision_with_nobody_to_ask_is_a_real_one(chosen):
    script = Script(chosen)
    script.give(link())
    script.give(ra_home())
    script.give(AddressDuplicate(interface="eth0", address=HOME))
    assert script.where is State.DUPLICATE


def test_a_pulled_cable_at_home_is_not_abroad():
    script = at_home()
    script.give(link(up=False))
    assert script.where is State.WAITING
    assert script.has_address("mn6home", HOME)
    assert on_home_interface(script) is None
    script.give(link())
    assert not updates(script.give(ra_home()))
    assert script.where is State.DETECTING
    assert script.has_address("mn6home", HOME)


def test_leaving_home_registers_at_once():
    script = at_home()
    script.give(link(interrupted=True))
    assert only(updates(script.give(ra_a()))).packet.source in NET_A


def test_the_node_may_go_home_without_any_link_event():
    script = registered_abroad()
    script.give(ra_home())
    actions = script.pass_time(0.7)
    assert script.where is State.RETURNING
    assert binding_update(only(updates(actions))).lifetime == 0


# --- who says that this is home --------------------------------------------------------------------------------------


def test_a_pinned_home_agent_is_believed():
    script = Script(config(home(pinned=AGENT_MAC)))
    script.give(link())
    script.give(ra_home())
    assert script.where is State.DETECTING


def test_somebody_else_with_the_flag_is_an_impostor_and_shown():
    script = Script(config(home(pinned=AGENT_MAC)))
    script.give(link())
    actions = script.give(advertisement(ROUTER_B, MAC_B, prefix(HOME_PREFIX, router=AGENT), home_agent=True))
    assert script.where is State.WAITING, "it is not home, and no care-of address is formed of the home prefix"
    assert updates(actions) == []
    problem = only(each for each in script.node.problems(script.now) if each.code is ProblemCode.HOME_AGENT_CHANGED)
    assert (problem.subject, problem.detail) == (str(HOME), "eth0")
    script.give(link(interrupted=True))
    script.give(ra_a())
    assert ProblemCode.HOME_AGENT_CHANGED not in script.problems()


def test_an_ordinary_router_of_the_home_link_is_fine_beside_the_pinned_home_agent():
    script = Script(config(home(pinned=AGENT_MAC)))
    script.give(link())
    script.give(advertisement(ROUTER_A, MAC_A, HOME_PREFIX))
    assert script.where is State.WAITING
    script.give(ra_home())
    assert script.where is State.DETECTING
    assert ProblemCode.HOME_AGENT_CHANGED not in script.problems()


def test_one_home_address_at_home_and_another_abroad():
    away = home(IPv6Address("2001:db8:9::9"), IPv6Network("2001:db8:9::/64"), IPv6Address("2001:db8:9::1"))
    script = Script(config(home(), away))
    script.give(link())
    update = only(updates(script.give(ra_home())))
    assert update.packet.home_address == away.address
    assert update.packet.source in HOME_PREFIX
    assert update.packet.source != HOME
    assert script.home_address().state is State.DETECTING
    assert script.home_address(away.address).state is State.REGISTERING


def test_a_care_of_address_is_never_a_home_address():
    script = Script()
    script.register()
    taken = script.care_of
    # the same secret and prefix would give the same address again; here it is somebody's home address
    away = home(IPv6Address("2001:db8:9::9"), IPv6Network("2001:db8:9::/64"), IPv6Address("2001:db8:9::1"))
    script = Script(config(home(taken, NET_A, IPv6Address("2001:db8:a::1")), away))
    script.give(link())
    script.give(ra_a())
    assert script.home_address(taken).state is State.DETECTING
    assert script.home_address(away.address).care_of_address in NET_A
    assert script.home_address(away.address).care_of_address != taken
