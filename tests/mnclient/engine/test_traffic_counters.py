# SPDX-License-Identifier: GPL-2.0-or-later
"""Messages by kind and direction."""

from mnclient.engine.engine import Engine
from mnclient.engine.events import Configured, DeadlineReached, LinkRemoved
from mnclient.model.config import NodeConfig
from mnclient.units import Instant
from tests.mnclient.engine.home_agent.script import CONFIG, ETH0_UP, VIRTUAL_HOME, FakeEntropy, binding_update

NOW = Instant(100.0)


def messages(engine: Engine) -> dict[str, int]:
    return {name: count for name, count in engine.counters().items() if name.startswith("messages.")}


def test_what_is_heard_and_what_is_answered():
    engine = Engine(FakeEntropy())
    assert messages(engine) == {}
    for event in (ETH0_UP, Configured(config=NodeConfig(home_agent=CONFIG))):
        engine.handle(event, NOW)
    for sequence in (1, 2, 2):
        engine.handle(binding_update(home=VIRTUAL_HOME, sequence=sequence), NOW)
    assert messages(engine) == {
        "messages.received.BindingUpdate": 3,
        "messages.sent.BindingAcknowledgement": 3,
    }
    assert engine.status(NOW).counters["messages.received.BindingUpdate"] == 3


def test_what_is_no_message_is_not_counted():
    engine = Engine(FakeEntropy())
    for event in (ETH0_UP, LinkRemoved(interface="eth0"), DeadlineReached()):
        engine.handle(event, NOW)
    assert messages(engine) == {}
