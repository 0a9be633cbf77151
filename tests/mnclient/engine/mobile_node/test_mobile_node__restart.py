# SPDX-License-Identifier: GPL-2.0-or-later
"""The service ends and begins again: what it told its home agents is not forgotten."""

from mnclient.constants import INITIAL_BINDACK_TIMEOUT
from mnclient.engine.events import AddressSettled, Configured, Stopping
from mnclient.engine.mobile_node.mobile_node import MobileNode
from mnclient.model.config import NodeConfig
from mnclient.model.status import HomeAddressState as State
from mnclient.model.stored_binding import Stored, StoredRegistration
from mnclient.units import Instant
from tests.mnclient.engine.mobile_node.script import (
    AGENT,
    HOME,
    KnownEntropy,
    Script,
    ack,
    binding_update,
    config,
    home,
    link,
    only,
    ra_a,
    ra_home,
    updates,
)

OTHER_AGENT = AGENT + 1


def restarted(script: Script, *, after: float = 0.0, chosen=None) -> Script:
    """Another process, with what the old one stored; `after` seconds pass in between, which storage takes off."""
    kept = tuple(
        StoredRegistration(
            home_address=each.home_address,
            home_agent=each.home_agent,
            sequence=each.sequence,
            remaining=max(each.remaining - after, 0.0),
            link_local_compatibility=each.link_local_compatibility,
        )
        for each in script.node.snapshot(script.now).registrations
    )
    script.node = MobileNode(KnownEntropy())
    script.now = Instant(script.now + after)
    script.actions.clear()
    script.node.restore(Stored(registrations=kept), script.now)
    script.give(Configured(config=NodeConfig(mobile_node=chosen or config())))
    script.give(link())
    return script


def registered() -> tuple[Script, int]:
    script = Script()
    sequence = binding_update(script.register()).sequence
    return script, sequence


def test_nothing_is_kept_of_what_was_never_sent():
    assert Script().node.snapshot(Instant(1000.0)) == Stored()


def test_a_snapshot_says_how_long_the_home_agent_may_remember():
    script, sequence = registered()
    script.pass_time(100.0)
    kept = only(script.node.snapshot(script.now).registrations)
    assert (kept.home_address, kept.home_agent, kept.sequence, kept.remaining) == (HOME, AGENT, sequence, 500.0)


def test_started_at_home_it_deregisters_first():
    script, sequence = registered()
    deregistration = only(updates(restarted(script).give(ra_home())))
    assert script.where is State.RETURNING
    message = binding_update(deregistration)
    assert message.lifetime == 0
    assert 0 < (message.sequence - sequence) % (1 << 16) < 1 << 15, "the home agent would refuse an older one"
    script.give(ack(deregistration))
    assert script.where is State.AT_HOME


def test_started_abroad_it_goes_on_counting_and_expects_a_quick_answer():
    script, sequence = registered()
    update = only(updates(restarted(script).give(ra_a())))
    assert 0 < (binding_update(update).sequence - sequence) % (1 << 16) < 1 << 15
    again = [at for at, action in script.timeline(5.0) if updates([action])]
    assert again[0] == INITIAL_BINDACK_TIMEOUT, "a binding exists: no duplicate detection is to be waited for"


def test_started_at_home_after_the_binding_has_ended():
    script, _ = registered()
    actions = restarted(script, after=700.0).give(ra_home())
    assert script.where is State.DETECTING
    assert updates(actions) == []
    script.give(AddressSettled(interface="eth0", address=HOME))
    assert script.where is State.AT_HOME


def test_a_restored_binding_that_ends_before_any_network_is_heard():
    script, _ = registered()
    restarted(script).pass_time(700.0)
    script.give(ra_home())
    assert script.where is State.DETECTING


def test_what_was_told_to_another_home_agent_is_not_believed_of_this_one():
    script, _ = registered()
    restarted(script, chosen=config(home(agent=OTHER_AGENT))).give(ra_home())
    assert script.where is State.DETECTING


def test_what_is_not_configured_yet_is_kept_for_the_next_time():
    script, _ = registered()
    before = script.node.snapshot(script.now)
    node = MobileNode(KnownEntropy())
    node.restore(before, script.now)
    node.handle(Stopping(), script.now)
    assert node.snapshot(script.now) == before
