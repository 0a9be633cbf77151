# SPDX-License-Identifier: GPL-2.0-or-later
"""One IPsec key that succeeds another: both are let in, and what is sent goes under the one that was used last."""

from dataclasses import replace

import pytest

from mnclient.engine.actions import SendPacket
from mnclient.engine.events import DatapathChosen, PacketReceived
from mnclient.engine.home_agent.desired_state import OWNER, owner_of
from mnclient.model.network_state import ProtectedSignalling, TunnelEnd
from mnclient.model.stored_binding import Stored
from mnclient.wire.binding import BindingAcknowledgement
from mnclient.wire.home_agent_discovery import MobilePrefixAdvertisement, MobilePrefixSolicitation
from mnclient.wire.packet import Packet
from tests.mnclient.engine.associations import KINDS, association
from tests.mnclient.engine.home_agent.script import (
    CARE_OF,
    CARE_OF_2,
    CONFIG,
    VIRTUAL_AGENT,
    VIRTUAL_HOME,
    Script,
    acks,
    binding_update,
    order,
    packets,
)

OLD = association(VIRTUAL_HOME, VIRTUAL_AGENT, spi_in=1000, spi_out=1001)
NEW = replace(OLD, spi_in=6001, spi_out=6000, secret=bytes(range(20)))
LIKE_OLD = replace(NEW, spi_in=6002)
BEFORE = replace(CONFIG, associations=(OLD,), allow_unprotected_signalling=False)
BOTH = replace(BEFORE, associations=(NEW, OLD))
AFTER = replace(BEFORE, associations=(NEW,))


def agent(config=BOTH):
    script = Script(config=None)
    script.give(DatapathChosen(route_optimization=False, protections=KINDS))
    script.configure(config)
    return script


def under(key, sequence, **rest):
    return replace(binding_update(sequence, home=VIRTUAL_HOME, **rest), protection=key.protection)


def answered(actions):
    """Under what each answer goes, and its status."""
    return [(each.protection, each.packet.message.status) for each in packets(actions, BindingAcknowledgement)]


def signalling(script):
    (item,) = script.desired[OWNER].protected_signalling
    return item.association, item.also


def tunnel(script):
    (item,) = script.desired[owner_of(VIRTUAL_HOME)].protected_tunnels
    return item.association, item.also


def stored(script):
    return [each for each in script.agent.snapshot(script.now) if each.remaining > 0]


@pytest.mark.requirement("HA-5.1-03")
def test_both_are_let_in_from_the_beginning_and_the_old_one_is_sent_under():
    script = agent(BEFORE)
    script.give(under(OLD, 1))
    script.configure(BOTH)
    assert signalling(script) == tunnel(script) == (OLD, (NEW,))
    assert answered(script.give(under(OLD, 2))) == [(OLD.protection, 0)]
    assert signalling(script) == tunnel(script) == (OLD, (NEW,))


@pytest.mark.parametrize("care_of", [CARE_OF, CARE_OF_2])
def test_what_is_sent_switches_before_the_answer_leaves(care_of):
    """Where the mobile node stays, or moves with it."""
    script = agent()
    script.give(under(OLD, 1))
    actions = script.give(under(NEW, 2, care_of=care_of))
    assert answered(actions) == [(NEW.protection, 0)]
    assert signalling(script) == tunnel(script) == (NEW, (OLD,))
    kinds = order(actions)
    assert kinds.index("BindingAcknowledgement") == len(kinds) - 1 and kinds.count("state") == 2
    assert [each.spi for each in stored(script)] == [NEW.spi_in]


def test_then_only_the_new_one_is_known():
    script = agent()
    script.give(under(NEW, 1))
    script.configure(AFTER)
    assert signalling(script) == tunnel(script) == (NEW, ())
    assert answered(script.give(under(OLD, 2))) == []
    assert script.agent.counters()["bu.discarded.unprotected"] == 1
    assert answered(script.give(under(NEW, 2))) == [(NEW.protection, 0)]


def test_a_new_one_that_is_taken_back_was_never_sent_under():
    script = agent()
    script.give(under(OLD, 1))
    script.configure(BEFORE)
    assert signalling(script) == tunnel(script) == (OLD, ())
    assert script.bound() == {VIRTUAL_HOME: CARE_OF}


def test_a_repeated_message_of_the_old_key_does_not_turn_the_tunnel_back():
    """Recorded before, and played again while both count: it is answered, as the RFC wants, and moves nothing."""
    script = agent()
    recorded = under(OLD, 1)
    script.give(recorded)
    script.give(under(NEW, 2))
    assert answered(script.give(recorded)) == [(OLD.protection, 135)]
    assert tunnel(script) == (NEW, (OLD,))
    assert answered(script.give(under(NEW, 3))) == [(NEW.protection, 0)]
    assert signalling(script) == (NEW, (OLD,))


@pytest.mark.requirement("HA-5.1-01")
@pytest.mark.parametrize(
    "wrong",
    [
        replace(OLD, secret=b""),
        replace(OLD, home_address=VIRTUAL_HOME + 1),
        replace(OLD, spi_in=NEW.spi_in + 2),  # the system could not tell it from the new one
    ],
)
def test_what_does_not_count_beside_the_new_one(wrong):
    script = agent(replace(BOTH, associations=(NEW, wrong)))
    mine = [each for each in script.desired[OWNER].protected_signalling if each.association == NEW]
    assert mine == [ProtectedSignalling(end=TunnelEnd.HOME_AGENT, association=NEW)]
    assert acks(script.give(under(wrong, 1))) == [] and script.bound() == {}


def test_over_a_restart():
    """The binding knows under which it came."""
    first = agent()
    first.give(under(NEW, 1))
    later = Script(config=None)
    later.give(DatapathChosen(route_optimization=False, protections=KINDS))
    later.agent.restore(Stored(bindings=tuple(stored(first))), later.now)
    later.configure(BOTH)
    assert tunnel(later) == (NEW, (OLD,))
    assert answered(later.give(under(NEW, 2))) == [(NEW.protection, 0)]
    assert signalling(later) == (NEW, (OLD,))


@pytest.mark.parametrize("asking", [OLD, NEW])
def test_prefixes_are_told_under_the_key_that_was_used_last(asking):
    script = agent()
    script.give(under(OLD, 1))
    question = Packet(
        source=CARE_OF,
        destination=VIRTUAL_AGENT,
        message=MobilePrefixSolicitation(identifier=7),
        home_address=VIRTUAL_HOME,
    )
    event = PacketReceived(interface="wan", packet=question, protection=asking.protection)
    (answer,) = [
        each for each in packets(script.give(event), MobilePrefixAdvertisement) if isinstance(each, SendPacket)
    ]
    assert answer.protection == OLD.protection
    stranger = replace(event, protection=LIKE_OLD.protection)
    assert packets(script.give(stranger), MobilePrefixAdvertisement) == []
