# SPDX-License-Identifier: GPL-2.0-or-later
from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.errors import ConfigError
from service.contract import InvalidArgument, UnknownThing
from tests.service.fake_node import AGENT, PREFIX, Machine, heard_changes

DESPERATE = '[autoconfiguration]\ndesperation = true\ndesperation_joins = "any"\n'
HOME = IPv6Address("2001:db8:1::100")
OTHER = IPv6Address("2001:db8:2::100")


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


WRONG_CALLS = [
    ("add_home_address", (HOME, AGENT), InvalidArgument, ["is a home address already"]),
    ("add_home_address", (IPv6Address("fe80::5"), AGENT), InvalidArgument, ["not a unicast routable address"]),
    ("add_home_address", (IPv6Address("ff02::5"), None), InvalidArgument, ["not a unicast routable address"]),
    ("add_home_address", (OTHER, IPv6Address("::")), InvalidArgument, [":: is not a unicast routable"]),
    ("add_home_address", (OTHER, OTHER), InvalidArgument, ["is the home agent itself", "2001:db8:2::/64"]),
    ("add_home_address", (OTHER, AGENT), InvalidArgument, ["outside the home prefix", "an address in 2001:db8:1::/64"]),
    ("add_home_address", (OTHER, None, 0), InvalidArgument, ["0 is not the length of a prefix", "1 to 128"]),
    ("add_home_address", (OTHER, None, 129), InvalidArgument, ["129 is not the length"]),
    ("add_home_address", (IPv6Address("2001:db8:2::"), None), InvalidArgument, ["anycast address of all routers"]),
    ("remove_home_address", (OTHER,), UnknownThing, ["is not a home address", f"known are: {HOME}"]),
    ("prefer_home_address", (OTHER,), UnknownThing, [f"known are: {HOME}"]),
    ("accept_proposal", (OTHER,), UnknownThing, ["is not proposed", "there is none"]),
    ("dismiss_proposal", (OTHER,), UnknownThing, ["is not proposed"]),
    ("remove_home_agent", (OTHER,), UnknownThing, ["is not a known home agent", f"known are: {AGENT}"]),
    ("suggestions", (OTHER,), UnknownThing, [f"known are: {AGENT}"]),
    ("add_home_agent", (OTHER, PREFIX, True), InvalidArgument, ["outside the home prefix 2001:db8:1::/64"]),
    ("add_home_agent", (IPv6Address("fe80::1"), IPv6Network("fe80::/64"), True), InvalidArgument, ["not a unicast"]),
    ("set_interface_priority", ("wlan7", 5), UnknownThing, ["There is no interface wlan7", "known are: eth0"]),
    ("set_interface_priority", ("eth0", 1000), ConfigError, ["1000 is out of range", "from 1 to 999"]),
    ("set_setting", ("no.such.key", "1"), ConfigError, ["no such key"]),
    ("set_setting", ("autoconfiguration.responsiveness", "lots"), ConfigError, ["from 0 to 100"]),
    ("setting", ("autoconfiguration.desparation",), ConfigError, ["did you mean autoconfiguration.desperation?"]),
    ("set_home_agent_link", (PREFIX, OTHER, "eth0", True), ConfigError, ["outside its prefix"]),
    ("set_home_agent_link", (PREFIX, AGENT, None, True), ConfigError, ["nobody is on a virtual home link"]),
    ("remove_home_agent_link", (PREFIX,), UnknownThing, ["is not served", "there is none"]),
]


@pytest.mark.parametrize("method, arguments, error, pieces", WRONG_CALLS)
async def test_what_is_wrong_is_told_and_changes_nothing(machine, method, arguments, error, pieces):
    async with machine.running("# nothing\n") as core:
        machine.node.hear()
        core.add_home_address(HOME, AGENT)
        before = (
            core.status(),
            core.settings(),
            len(machine.node.configs),
            machine.stored(),
            machine.settings.read_text(),
        )
        changes = heard_changes(core)
        with pytest.raises(error) as caught:
            getattr(core, method)(*arguments)
        for piece in pieces:
            assert piece in str(caught.value)
        assert caught.value.hint
        after = (
            core.status(),
            core.settings(),
            len(machine.node.configs),
            machine.stored(),
            machine.settings.read_text(),
        )
        assert after == before
        assert changes == []
