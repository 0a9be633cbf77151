# SPDX-License-Identifier: GPL-2.0-or-later
"""The role as a whole: a laptop's day."""

from mnclient.engine.actions import SetNetworkState
from mnclient.engine.events import AddressSettled
from mnclient.model.status import HomeAddressState as State
from mnclient.model.status import Phase
from tests.mnclient.engine.mobile_node.script import HOME, Script, ack, kinds, link, only, ra_a, ra_b, ra_home, updates


def test_a_day_from_home_through_two_networks_and_back():
    script = Script()
    assert script.node.phase(script.now) is Phase.NO_NETWORK
    assert kinds(script.give(link())) == ["RouterSolicitation"]
    script.give(ra_home())
    assert script.where is State.DETECTING
    script.give(AddressSettled(interface="eth0", address=HOME))
    assert script.node.phase(script.now) is Phase.AT_HOME
    for heard in (ra_a, ra_b):
        script.pass_time(5.0)
        script.give(link(up=False))
        assert kinds(script.give(link())).count("RouterSolicitation") == 1
        actions = script.give(heard())
        assert [type(each) for each in actions].index(SetNetworkState) < actions.index(only(updates(actions)))
        script.give(ack(only(updates(actions))))
        assert script.node.phase(script.now) is Phase.REGISTERED
    script.give(link(up=False))
    script.give(link())
    actions = script.give(ra_home())
    assert script.where is State.RETURNING
    print(actions)
    script.give(ack(only(updates(actions))))
    assert script.node.phase(script.now) is Phase.AT_HOME
    for h in script.node.handovers():
        print(h)
