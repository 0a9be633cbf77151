# SPDX-License-Identifier: GPL-2.0-or-later
"""Whom a home agent believes."""

from dataclasses import replace

import pytest

from mnclient.engine.actions import SendPacket
from mnclient.engine.events import DatapathChosen
from mnclient.engine.home_agent.desired_state import OWNER, owner_of
from mnclient.model.network_state import ProtectedSignalling, TunnelEnd
from mnclient.model.problems import ProblemCode
from mnclient.wire.binding import BindingAcknowledgement
from tests.mnclient.engine.associations import KINDS, association
from tests.mnclient.engine.home_agent.script import (
    CARE_OF,
    CARE_OF_2,
    CONFIG,
    HOME,
    MOBILE_MAC,
    VIRTUAL_AGENT,
    VIRTUAL_HOME,
    Script,
    acks,
    binding_update,
    packets,
)

MINE = association(VIRTUAL_HOME, VIRTUAL_AGENT)
OTHERS = association(HOME, spi_in=2000, spi_out=2001)
KEYED = replace(CONFIG, associations=(MINE, OTHERS), allow_unprotected_signalling=False)


def keyed(config=KEYED, kinds=KINDS):
    script = Script(config=None)
    script.give(DatapathChosen(route_optimization=False, protections=kinds))
    script.configure(config)
    return script


def under(association, event):
    return replace(event, protection=association.protection)


def codes(script):
    return [each.code for each in script.agent.problems(script.now)]


@pytest.mark.requirement("HA-5.1-01")
@pytest.mark.requirement("HA-10.3.1-01")
@pytest.mark.parametrize("allowed", [False, True])
def test_a_home_address_with_a_key_registers_under_it_alone(allowed):
    """Whatever is allowed to others: it could be anybody who leaves the protection out."""
    script = keyed(replace(KEYED, allow_unprotected_signalling=allowed))
    update = binding_update(home=VIRTUAL_HOME)
    assert not packets(script.give(update), BindingAcknowledgement)
    assert script.bound() == {} and script.agent.counters()["bu.discarded.unprotected"] == 1
    actions = script.give(under(MINE, update))
    assert [each.status for each in acks(actions)] == [0] and VIRTUAL_HOME in script.bound()


@pytest.mark.requirement("HA-5.1-03")
@pytest.mark.requirement("RFC3776-HA-4.2-01")
@pytest.mark.requirement("RFC4877-HA-4.2-01")
def test_nobody_registers_under_the_key_of_another():
    """Nor does the kernel hear of an association between the one's key and the other's home address."""
    script = keyed()
    before = script.desired[OWNER].protected_signalling
    assert not packets(script.give(under(OTHERS, binding_update(home=VIRTUAL_HOME))), BindingAcknowledgement)
    assert script.bound() == {}
    assert owner_of(VIRTUAL_HOME) not in script.desired
    assert script.desired[OWNER].protected_signalling == before
    assert {(each.association.home_address, each.association.spi_in) for each in before} == {
        (VIRTUAL_HOME, MINE.spi_in),
        (HOME, OTHERS.spi_in),
    }


@pytest.mark.parametrize("lifetime", [600.0, 0.0])
def test_an_answer_goes_under_what_the_request_came_under(lifetime):
    script = keyed()
    (answer,) = packets(script.give(under(MINE, binding_update(lifetime=lifetime, home=VIRTUAL_HOME))), object)
    assert answer.protection == MINE.protection


def test_the_answer_to_a_node_that_is_home_is_protected_as_well():
    script = keyed()
    for event in (
        binding_update(home=HOME),
        binding_update(2, 0.0, home=HOME, care_of=HOME, home_option=False, interface="eth0"),
    ):
        answers = [
            each
            for each in (*script.give(under(OTHERS, replace(event, link_layer_source=MOBILE_MAC))), *script.advance(1))
            if isinstance(each, SendPacket) and isinstance(each.packet.message, BindingAcknowledgement)
        ]
        assert [each.protection for each in answers] == [OTHERS.protection]


def test_what_is_wrong_is_said():
    assert codes(keyed()) == []
    assert codes(keyed(kinds=frozenset())) == [
        ProblemCode.PROTECTION_IMPOSSIBLE,
        ProblemCode.PROTECTION_IMPOSSIBLE,
        ProblemCode.REGISTRATIONS_IGNORED,
    ]
    waiting = replace(KEYED, associations=(replace(MINE, secret=b""), OTHERS))
    assert codes(keyed(waiting)) == [ProblemCode.KEY_NOT_AVAILABLE]


def test_a_key_that_cannot_be_used_lets_nobody_in():
    script = keyed(kinds=frozenset())
    assert not packets(script.give(under(MINE, binding_update(home=VIRTUAL_HOME))), BindingAcknowledgement)


def test_without_a_key_only_who_is_allowed_to_go_without():
    script = keyed(replace(KEYED, associations=(OTHERS,), allow_unprotected_signalling=True))
    assert acks(script.give(binding_update(home=VIRTUAL_HOME)))
    assert ProblemCode.UNPROTECTED_SIGNALLING in codes(script)


# --- what the kernel is asked for ------------------------------------------------------------------------------------


@pytest.mark.requirement("HA-5.1-03")
def test_every_guest_is_bound_to_its_association_before_it_comes():
    script = keyed()
    items = script.desired[OWNER].protected_signalling
    assert items == {ProtectedSignalling(end=TunnelEnd.HOME_AGENT, association=each) for each in (MINE, OTHERS)}
    script.configure(replace(KEYED, associations=(OTHERS,)))
    assert {each.association for each in script.desired[OWNER].protected_signalling} == {OTHERS}
    assert not keyed(kinds=frozenset()).desired[OWNER].protected_signalling


@pytest.mark.requirement("HA-10.4.6-02", "RFC4877-HA-4.3-02", "RFC4877-ALL-4.3-03")
def test_the_protected_tunnel_follows_a_protected_registration_and_nothing_else():
    script = keyed()
    script.give(under(MINE, binding_update(1, home=VIRTUAL_HOME)))
    assert tunnel(script).care_of_address == CARE_OF
    for event in (
        binding_update(2, home=VIRTUAL_HOME, care_of=CARE_OF_2),  # without protection
        under(OTHERS, binding_update(2, home=VIRTUAL_HOME, care_of=CARE_OF_2)),
        under(MINE, binding_update(2, home=VIRTUAL_HOME, care_of=CARE_OF_2, home_registration=False)),
        under(MINE, binding_update(1, home=VIRTUAL_HOME, care_of=CARE_OF_2)),  # a replayed one
    ):
        script.give(event)
        assert tunnel(script).care_of_address == CARE_OF
    script.give(under(MINE, binding_update(2, home=VIRTUAL_HOME, care_of=CARE_OF_2)))
    assert tunnel(script).care_of_address == CARE_OF_2
    script.give(under(MINE, binding_update(3, 0.0, home=VIRTUAL_HOME, care_of=CARE_OF_2)))
    assert owner_of(VIRTUAL_HOME) not in script.desired


@pytest.mark.requirement("RFC3776-ALL-4.3-01")
def test_a_replayed_message_is_told_by_its_sequence_number():
    script = keyed()
    first = under(MINE, binding_update(7, home=VIRTUAL_HOME))
    script.give(first)
    script.give(under(MINE, binding_update(8, home=VIRTUAL_HOME, care_of=CARE_OF_2)))
    assert [each.status for each in acks(script.give(first))] == [135]
    assert script.bound()[VIRTUAL_HOME] == CARE_OF_2


@pytest.mark.requirement("ALL-5.5-01")
def test_all_payload_is_protected_where_that_is_wanted():
    script = keyed(replace(KEYED, protect_payload=True))
    script.give(under(MINE, binding_update(home=VIRTUAL_HOME)))
    assert tunnel(script).payload
    script.configure(KEYED)
    assert not tunnel(script).payload


def test_another_key_is_in_force_at_once():
    script = keyed()
    script.give(under(MINE, binding_update(home=VIRTUAL_HOME)))
    other = association(VIRTUAL_HOME, VIRTUAL_AGENT, spi_in=3000, spi_out=3001)
    script.configure(replace(KEYED, associations=(other, OTHERS)))
    assert tunnel(script).association == other
    assert not acks(script.give(under(MINE, binding_update(2, home=VIRTUAL_HOME))))
    assert acks(script.give(under(other, binding_update(2, home=VIRTUAL_HOME))))


def tunnel(script):
    (item,) = script.desired[owner_of(VIRTUAL_HOME)].protected_tunnels
    return item
