# SPDX-License-Identifier: GPL-2.0-or-later
"""A home address with a key signals under it, or not at all."""

from dataclasses import replace
from ipaddress import IPv6Address

import pytest

from mnclient.engine.events import DatapathChosen
from mnclient.model.network_state import ProtectedSignalling, ProtectedTunnel, TunnelEnd
from mnclient.model.problems import ProblemCode
from mnclient.model.status import HomeAddressState as State
from mnclient.units import Seconds
from tests.mnclient.engine.associations import KINDS, association
from tests.mnclient.engine.mobile_node.peer import Peer, care_of_inits, home_inits, open_config, told
from tests.mnclient.engine.mobile_node.script import (
    AGENT,
    HOME,
    NET_A,
    Script,
    ack,
    binding_error,
    binding_update,
    config,
    home,
    link,
    only,
    policy,
    prove,
    ra_a,
    ra_b,
    ra_home,
    settle,
    updates,
)

MINE = association(HOME, AGENT)
OTHER = IPv6Address("2001:db8:1::200")


def keyed(found=MINE, kinds=KINDS, *, allow=False):
    script = Script(config(allow=allow))
    script.configure(None)
    script.give(DatapathChosen(route_optimization=True, protections=kinds))
    script.configure(config(replace(home(), association=found), allow=allow))
    script.give(link())
    return script


def under(found, event):
    return replace(event, protection=found.protection)


def come_home(script):
    script.pass_time(5.0)
    script.give(link(interrupted=True))
    return script.give(ra_home())


@pytest.fixture
def registered():
    script = keyed()
    update = only(updates(script.give(ra_a())))
    script.give(under(MINE, ack(update)))
    assert script.where is State.REGISTERED
    return script


@pytest.mark.requirement("MN-5.1-01")
@pytest.mark.parametrize("allow", [False, True])
def test_every_binding_update_asks_for_protection(allow):
    script = keyed(allow=allow)
    sent = updates([*script.give(ra_a()), *script.pass_time(20.0), *script.give(ra_b()), *script.pass_time(5.0)])
    assert len(sent) > 4 and all(each.protection == MINE.protection for each in sent)


@pytest.mark.requirement("MN-5.1-01", "MN-11.7.3-01", "MN-11.7.3-08")
@pytest.mark.parametrize("allow", [False, True])
def test_only_answers_under_the_same_association_are_believed(allow):
    script = keyed(allow=allow)
    update = only(updates(script.give(ra_a())))
    for event in (
        ack(update),
        under(replace(MINE, spi_in=9999), ack(update)),
        ack(update, 129),
        ack(update, 135, sequence=binding_update(update).sequence + 1000),
    ):
        assert not updates(script.give(event))
        assert script.where is State.REGISTERING
    assert script.node.counters()["ba.ignored.unprotected"] == 4
    script.give(under(MINE, ack(update)))
    assert script.where is State.REGISTERED and script.home_address().protected


@pytest.mark.requirement("MN-11.7.1-05", "RFC4877-MN-4.3-01")
def test_a_protected_registration_names_its_care_of_address(registered):
    sent = updates(registered.actions)
    assert sent
    for each in sent:
        message = binding_update(each)
        assert message.alternate_care_of_address == each.packet.source and each.packet.home_address == HOME


@pytest.mark.requirement("MN-6.1.7-02", "RFC3776-MN-4.4-01", "MN-11.7.1-08")
def test_nothing_is_said_of_key_management(registered):
    registered.give(ra_b())
    come_home(registered)
    assert [binding_update(each).key_management_mobility for each in updates(registered.actions)] == [False] * len(
        updates(registered.actions)
    )


def test_coming_home_is_told_under_protection(registered):
    farewell = only(updates(come_home(registered)))
    assert farewell.protection == MINE.protection and farewell.packet.home_address is None
    registered.give(ack(farewell))
    assert registered.where is State.RETURNING
    registered.give(under(MINE, ack(farewell)))
    assert registered.where is State.AT_HOME


def test_a_home_address_that_is_given_up_is_deregistered_under_protection(registered):
    (farewell,) = updates(registered.configure(config(home(OTHER), allow=False)))
    assert binding_update(farewell).lifetime == 0 and farewell.protection == MINE.protection


@pytest.mark.requirement("MN-15.3-01")
@pytest.mark.parametrize(
    ("found", "kinds", "code"),
    [
        (None, KINDS, ProblemCode.PROTECTION_MISSING),
        (replace(MINE, secret=b""), KINDS, ProblemCode.KEY_NOT_AVAILABLE),
        (MINE, frozenset(), ProblemCode.PROTECTION_IMPOSSIBLE),
    ],
)
def test_without_a_key_that_can_be_used_nothing_is_sent(found, kinds, code):
    script = keyed(found, kinds)
    assert not updates([*script.give(ra_a()), *script.pass_time(60.0)])
    assert script.where is State.UNPROTECTED and code in script.problems()
    assert not script.home_address().protected
    assert not script.state.protected_signalling


def test_a_secret_that_is_handed_over_later_is_used_at_once():
    script = keyed(replace(MINE, secret=b""))
    script.give(ra_a())
    (update,) = updates(script.configure(config(replace(home(), association=MINE), allow=False)))
    assert update.protection == MINE.protection


def test_another_key_is_another_registration(registered):
    other = association(HOME, AGENT, spi_in=5000, spi_out=5001)
    registered.pass_time(5.0)
    update = updates(registered.configure(config(replace(home(), association=other), allow=False)))[0]
    assert update.protection == other.protection and registered.where is State.REGISTERING
    (item,) = registered.state.protected_signalling
    assert item.association == other


def test_what_is_said_of_it(registered):
    assert registered.problems() == set()


# --- what the kernel is asked for ------------------------------------------------------------------------------------


@pytest.mark.requirement("RFC4877-MN-4.2-03")
def test_protection_of_signalling_is_there_wherever_the_node_is(registered):
    """It begins before anything is sent, follows the care-of address, and is not taken back at home."""
    assert registered.state.protected_signalling == {
        ProtectedSignalling(end=TunnelEnd.MOBILE_NODE, association=MINE, care_of_address=registered.care_of)
    }
    come_home(registered)
    at_home = {ProtectedSignalling(end=TunnelEnd.MOBILE_NODE, association=MINE)}
    assert registered.state.protected_signalling == at_home
    registered.give(under(MINE, ack(updates(registered.actions)[-1])))
    assert registered.where is State.AT_HOME and registered.state.protected_signalling == at_home


@pytest.mark.requirement("RFC4877-MN-4.2-01", "RFC4877-MN-4.3-02")
def test_protection_of_the_tunnel_is_there_while_packets_take_it(registered):
    (item,) = registered.state.protected_tunnels
    assert isinstance(item, ProtectedTunnel) and item.care_of_address == registered.care_of
    come_home(registered)
    assert not registered.state.protected_tunnels


@pytest.mark.requirement("MN-11.6.3-02")
def test_after_a_move_it_begins_at_the_new_address_with_the_binding_update(registered):
    registered.pass_time(5.0)
    registered.give(link(interrupted=True))
    update = only(updates(registered.give(ra_b())))
    assert registered.where is State.REGISTERING
    (item,) = registered.state.protected_tunnels
    assert isinstance(item, ProtectedTunnel) and item.care_of_address == update.packet.source == registered.care_of


@pytest.mark.requirement("MN-11.6.3-02")
@pytest.mark.parametrize("is_protected", [True, False])
def test_what_goes_under_ipsec_leaves_from_the_new_address_behind_the_binding_update(is_protected):
    interfaces = policy("eth0", 10), policy("wlan0", 20)
    key = {"registration_lifetime": Seconds(3600.0), "protect_payload": is_protected, "interfaces": interfaces}
    script = Script(config(**key))
    script.configure(None)
    script.give(DatapathChosen(route_optimization=True, protections=KINDS))
    script.configure(config(replace(home(), association=MINE), **key))
    script.give(link("wlan0"))
    script.give(under(MINE, ack(only(updates(script.give(ra_b(interface="wlan0", lifetime=60_000.0)))))))
    settle(script, "wlan0")
    script.pass_time(200.0)
    old = script.care_of
    script.give(link("eth0"))
    script.give(ra_a(lifetime=60_000.0))
    assert only(updates(prove(script, "eth0"))).packet.source == script.care_of in NET_A
    (tunnel,) = script.state.protected_tunnels
    first, second = (script.care_of, old) if is_protected else (old, script.care_of)
    assert (tunnel.care_of_address, tunnel.accept_local) == (first, (second,))
    assert only(script.state.tunnels).local == first


@pytest.mark.requirement("RFC4877-MN-4.2-02")
def test_nothing_that_is_not_protected_ends_the_tunnel(registered):
    """Answers to a refresh that say that the binding is gone, and errors of the home agent and of others."""
    tunnels, protected = registered.state.tunnels, registered.state.protected_tunnels
    assert tunnels and protected
    update = next(each for _ in range(60) for each in updates(registered.pass_time(10.0)))
    gone = (ack(update, lifetime=0.0), ack(update, 129), ack(update, 133), ack(update, 135, sequence=9))
    errors = [binding_error(source=each, status=status) for each in (AGENT, OTHER) for status in (1, 2)]
    for event in (*gone, *(under(replace(MINE, spi_in=9999), each) for each in gone), *errors):
        registered.give(event)
        assert registered.where is State.REGISTERED
        assert (registered.state.tunnels, registered.state.protected_tunnels) == (tunnels, protected)


@pytest.mark.requirement("RFC4877-MN-4.2-02")
def test_only_a_protected_answer_ends_the_return(registered):
    come_home(registered)
    farewell = updates(registered.actions)[-1]
    for event in (ack(farewell), under(replace(MINE, spi_in=1), ack(farewell))):
        registered.give(event)
    assert registered.where is State.RETURNING


# --- home tests ------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("RFC4877-ALL-4.1-02", "MN-11.6.3-01")
def test_a_home_test_must_come_under_protection_as_well():
    """Whoever sees the visited network could make one up otherwise, or read the real one."""
    script, peer = Script(open_config(allow=False)), Peer()
    script.configure(None)
    script.give(DatapathChosen(route_optimization=True, protections=KINDS))
    script.configure(open_config(replace(home(), association=MINE), allow=False))
    script.give(link())
    update = only(updates(script.give(ra_a())))
    script.give(under(MINE, ack(update)))
    begun = script.give(peer.heard())
    test = peer.home_test(only(home_inits(begun)))
    script.give(peer.care_of_test(only(care_of_inits(begun))))
    assert not told([*script.give(test), *script.give(under(association(OTHER, AGENT), test))])
    assert script.node.counters()["hot.ignored.unprotected"] == 2
    assert told(script.give(under(MINE, test)))
