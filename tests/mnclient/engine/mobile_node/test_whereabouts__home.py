# SPDX-License-Identifier: GPL-2.0-or-later
"""Several interfaces, and the home link is on one that is not in use (docs/adr/0032-home-on-another-interface.md)."""

from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.engine.events import AddressDuplicate, AddressSettled
from mnclient.engine.mobile_node.registration import RETRY_REFUSED_FIRST
from mnclient.model.problems import ProblemCode
from mnclient.model.status import HomeAddressState as State
from mnclient.model.status import Phase
from tests.mnclient.engine.mobile_node.script import (
    HOME,
    HOME_PREFIX,
    LINK_LOCAL,
    MAC_A,
    MAC_B,
    NET_A,
    NET_B,
    ROUTER_A,
    Script,
    ack,
    advertisement,
    binding_update,
    config,
    home,
    link,
    only,
    policy,
    prefix,
    prove,
    ra_a,
    ra_b,
    ra_home,
    updates,
)

OWN = IPv6Address("2001:db8:1::ff:fe00:42")
"""What the kernel forms on the home link for an interface with the link-local address of the script."""
OTHER_LOCAL = IPv6Address("fe80::77")
ETH1_FIRST = (policy("eth1", 10), policy("eth0", 20))


def second_link(**rest: object):
    return link("eth1", mac=MAC_B, link_local_address=OTHER_LOCAL, **rest)


def before_the_first_registration(address: IPv6Address = HOME) -> Script:
    """eth1 is in use in network A, eth0 on the home link, and then the home address is added."""
    elsewhere = home(IPv6Address("2001:db8:9::9"), NET_B, IPv6Address("2001:db8:9::1"))
    script = Script(config(elsewhere, interfaces=ETH1_FIRST))
    script.give(second_link())
    script.give(ra_a(interface="eth1"))
    script.give(link("eth0"))
    script.give(ra_home())
    script.now += 5.0
    script.configure(config(home(address), interfaces=ETH1_FIRST))
    return script


def place(script: Script, address: IPv6Address = HOME) -> tuple[State, str]:
    status = script.home_address(address)
    return status.state, status.interface


@pytest.mark.requirement("MN-11.5.2-01")
@pytest.mark.parametrize("address", [HOME, OWN])
def test_without_a_binding_it_is_at_home_where_the_home_link_is(address):
    script = before_the_first_registration(address)
    assert place(script, address) == (State.DETECTING, "eth0")
    assert not [each for each in updates(script.actions) if each.packet.home_address == address]
    assert script.has_address("eth0", address)
    script.give(AddressSettled(interface="eth0", address=address))
    assert place(script, address) == (State.AT_HOME, "eth0")
    assert script.node.phase(script.now) is Phase.AT_HOME
    assert only(each.name for each in script.node.interfaces(script.now) if each.is_active) == "eth1"
    script.pass_time(100.0)
    assert place(script, address) == (State.AT_HOME, "eth0")


@pytest.mark.requirement("MN-11.5.2-01")
@pytest.mark.parametrize(
    "prefixes, is_home",
    [
        ([HOME_PREFIX], True),
        ([NET_B, HOME_PREFIX], True),
        ([prefix(HOME_PREFIX, autonomous=False)], True),
        ([prefix(HOME_PREFIX, on_link=False)], False),
        ([prefix(HOME_PREFIX, valid=0.0, preferred=0.0)], False),
        ([HOME_PREFIX.supernet(new_prefix=60)], False),
        ([IPv6Network((int(HOME_PREFIX.network_address), 72))], False),
        ([NET_B], False),
    ],
)
def test_the_home_link_is_where_the_home_prefix_with_its_length_is_on_the_link(prefixes, is_home):
    script = Script()
    script.give(link())
    script.give(advertisement(ROUTER_A, MAC_A, *prefixes))
    assert only(each.is_home for each in script.node.interfaces(script.now)) is is_home
    assert (script.where is State.DETECTING) is is_home


def test_when_that_interface_leaves_one_binding_update_is_sent_from_the_one_in_use():
    script = before_the_first_registration()
    script.give(AddressSettled(interface="eth0", address=HOME))
    update = only(updates(script.give(link("eth0", up=False))))
    assert update.packet.source in NET_A
    assert not script.has_address("eth0", HOME)
    script.give(ack(update))
    assert place(script) == (State.REGISTERED, "eth1")


def test_one_that_is_bound_is_not_fetched_home_by_an_interface_that_stands_by():
    script = before_the_first_registration()
    script.give(AddressSettled(interface="eth0", address=HOME))
    script.give(ack(only(updates(script.give(link("eth0", up=False))))))
    script.give(link("eth0"))
    script.give(ra_home())
    script.pass_time(20.0)
    assert place(script) == (State.REGISTERED, "eth1")
    update = only(updates(script.give(second_link(up=False))))
    assert binding_update(update).lifetime == 0
    assert place(script) == (State.RETURNING, "eth0")


def test_a_preferred_network_does_not_take_it_from_the_home_link():
    script = Script(config(interfaces=ETH1_FIRST))
    script.give(link("eth0"))
    script.give(ra_home())
    script.give(AddressSettled(interface="eth0", address=HOME))
    script.give(second_link())
    script.give(ra_a(interface="eth1"))
    assert not updates(prove(script, "eth1"))
    assert only(each.name for each in script.node.interfaces(script.now) if each.is_active) == "eth1"
    assert place(script) == (State.AT_HOME, "eth0")


@pytest.mark.parametrize("address, where", [(HOME, "eth1"), (OWN, "eth0")])
def test_with_two_on_the_home_link_it_is_where_the_kernel_has_it_by_itself(address, where):
    script = Script(config(home(address), interfaces=ETH1_FIRST))
    script.give(second_link())
    script.give(link("eth0"))
    script.give(ra_home(interface="eth1"))
    script.give(ra_home())
    assert place(script, address) == (State.DETECTING, where)
    script.give(AddressSettled(interface=where, address=address))
    script.pass_time(10.0)
    assert place(script, address) == (State.AT_HOME, where)


def test_where_it_has_come_home_it_stays_though_another_would_form_it_by_itself():
    """There the kernel's own detection has failed, because of our home agent or of us."""
    script = Script(config(home(OWN), interfaces=ETH1_FIRST))
    script.give(second_link())
    script.give(ra_home(interface="eth1"))
    script.give(AddressSettled(interface="eth1", address=OWN))
    script.give(link("eth0"))
    script.give(ra_home())
    script.pass_time(5.0)
    assert place(script, OWN) == (State.AT_HOME, "eth1")


# --- taken -----------------------------------------------------------------------------------------------------------


def refused_as_taken(*others) -> Script:
    """Registered from network A, and somebody on the home link answers."""
    script = Script(config(home(), *others, interfaces=ETH1_FIRST))
    script.give(second_link())
    script.give(ack(only(updates(script.give(ra_a(interface="eth1")))), 134))
    assert script.where is State.DUPLICATE
    return script


def test_a_refused_one_is_tried_at_home_when_an_interface_comes_there():
    """Our own interface may be the one that answered: it was on the link before its router was heard."""
    script = refused_as_taken()
    script.give(link("eth0"))
    script.give(ra_home())
    assert place(script) == (State.DETECTING, "eth0")
    assert ProblemCode.HOME_ADDRESS_DUPLICATE in script.problems()
    assert script.node.phase(script.now) is Phase.PROBLEM
    script.give(AddressSettled(interface="eth0", address=HOME))
    assert script.where is State.AT_HOME
    assert script.problems() == set()


def test_a_refused_one_comes_home_with_the_interface_in_use():
    script = refused_as_taken()
    script.give(second_link(interrupted=True))
    script.give(ra_home(interface="eth1"))
    assert place(script) == (State.DETECTING, "eth1")
    assert not updates(script.pass_time(1.0))


def test_a_refused_one_is_not_used_but_asked_for_ever_more_rarely():
    script = refused_as_taken()
    for pause in (30.0, 60.0, 120.0, 240.0, 480.0):
        assert not any(each.address == HOME for each in script.state.addresses)
        assert not updates(script.pass_time(pause - 0.5))
        update = only(updates(script.pass_time(0.6)))
        assert ProblemCode.HOME_ADDRESS_DUPLICATE in script.problems()
        assert script.node.phase(script.now) is Phase.PROBLEM
        script.give(ack(update, 134))
        assert script.where is State.DUPLICATE
    assert not updates(script.pass_time(599.0))
    script.give(ack(only(updates(script.pass_time(1.1)))))
    assert script.where is State.REGISTERED
    assert ProblemCode.HOME_ADDRESS_DUPLICATE not in script.problems()


def test_leaving_all_networks_ends_the_asking():
    script = refused_as_taken()
    script.give(second_link(up=False))
    assert script.where is State.DUPLICATE
    assert not updates(script.pass_time(1000.0))
    assert len(updates(script.give(second_link()) + script.give(ra_b(interface="eth1")))) == 1


def collided_at_home(script: Script) -> Script:
    """Somebody has it, and it is not our home agent."""
    script.give(second_link())
    script.give(ra_home(interface="eth1"))
    script.pass_time(1.0)
    assert place(script) == (State.DETECTING, "eth1")
    collision = script.give(AddressDuplicate(interface="eth1", address=HOME))
    script.give(ack(only(updates(collision))))
    script.give(AddressDuplicate(interface="eth1", address=HOME))
    return script


def test_at_home_it_is_detected_again_without_deleting_a_binding_again():
    script = collided_at_home(Script(config(interfaces=ETH1_FIRST)))
    assert script.where is State.DUPLICATE
    assert not updates(script.pass_time(RETRY_REFUSED_FIRST))
    assert script.where is State.DETECTING
    assert not updates(script.give(AddressDuplicate(interface="eth1", address=HOME)))
    assert script.where is State.DUPLICATE
    script.pass_time(2 * RETRY_REFUSED_FIRST)
    script.give(AddressSettled(interface="eth1", address=HOME))
    assert script.where is State.AT_HOME


def test_taken_on_one_interface_it_is_tried_on_the_other():
    """Which may have answered: the kernel has an address there that it did not form from the hardware address."""
    script = Script(config(interfaces=ETH1_FIRST))
    script.give(link("eth0", link_local_address=LINK_LOCAL))
    script.give(ra_home())
    script.give(AddressSettled(interface="eth0", address=HOME))
    assert place(script) == (State.AT_HOME, "eth0")
    collided_at_home(script)
    assert place(script) == (State.DETECTING, "eth0")
    script.give(AddressSettled(interface="eth0", address=HOME))
    script.pass_time(100.0)
    assert place(script) == (State.AT_HOME, "eth0")


def test_taken_on_both_it_rests():
    script = Script(config(interfaces=ETH1_FIRST))
    script.give(link("eth0"))
    script.give(ra_home())
    script.give(AddressSettled(interface="eth0", address=HOME))
    collided_at_home(script)
    for _ in range(10):
        if script.where is State.DETECTING:
            script.give(AddressDuplicate(interface=script.home_address().interface, address=HOME))
        elif script.where is State.RETURNING:
            script.give(ack(updates(script.actions)[-1]))
    assert script.where is State.DUPLICATE
    assert len(updates(script.pass_time(25.0))) == 0
