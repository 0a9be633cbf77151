# SPDX-License-Identifier: GPL-2.0-or-later
"""Whom a home agent believes."""

from dataclasses import replace

import pytest

from mnclient.engine.actions import SendPacket
from mnclient.engine.events import DatapathChosen
from mnclient.model.problems import ProblemCode
from mnclient.wire.binding import BindingAcknowledgement
from tests.mnclient.engine.associations import KINDS, association
from tests.mnclient.engine.home_agent.script import (
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
def test_nobody_registers_under_the_key_of_another():
    script = keyed()
    assert not packets(script.give(under(OTHERS, binding_update(home=VIRTUAL_HOME))), BindingAcknowledgement)
    assert script.bound() == {}


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
