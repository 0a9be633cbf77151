# SPDX-License-Identifier: GPL-2.0-or-later
"""What the executor does around the messages it sends."""

from collections.abc import Sequence
from ipaddress import IPv6Address
from pathlib import Path

import pytest

from mnclient.model.network_state import Address, DuplicateDetection
from mnclient.network.messages import RTM_NEWADDR
from mnclient.network.netlink import Executor
from mnclient.network.plan import Operation, Verb
from mnclient.network.portable.datapath import TunnelDatapath
from mnclient.network.rtnetlink import Answer, Message
from tests.mnclient.network.lab import Lab, eventually

pytestmark = pytest.mark.lab

ADDRESS = IPv6Address("2001:db8:2::12:3456")
ALL_NODES, GROUP = "ff020000000000000000000000000001", "ff0200000000000000000001ff123456"


@pytest.mark.requirement("RFC4862-MN-5.4.2-01")
@pytest.mark.parametrize("detection", [DuplicateDetection.OPTIMISTIC, DuplicateDetection.NONE])
def test_the_groups_of_an_address_used_at_once_are_joined_before_the_kernel_is_told_of_it(
    lab: Lab, detection: DuplicateDetection
):
    """The kernel's own worker joins them as well, but at a time of its own."""
    host, other = lab.host(), lab.host()
    lab.cable(host, other)
    memberships: list[str] = []

    def add() -> str:
        executor = Executor(TunnelDatapath(lambda tunnel: None))
        send = executor._netlink.request

        def watched(messages: Sequence[Message]) -> list[Answer]:
            if any(each.type == RTM_NEWADDR for each in messages):
                memberships.append(Path("/proc/thread-self/net/igmp6").read_text())
            return send(messages)

        executor._netlink.request = watched  # type: ignore[method-assign]
        item = Address(interface="eth0", address=ADDRESS, prefix_length=64, duplicate_detection=detection)
        assert executor.apply([Operation(Verb.ADD, item)]) == []
        probed = Path("/proc/thread-self/net/igmp6").read_text()
        executor.apply([Operation(Verb.REMOVE, item)])
        executor.close()
        return probed

    assert GROUP not in host.run("cat /proc/net/igmp6")
    during = host.inside(add)
    (before,) = memberships
    for text in (before, during):
        joined = [line.split()[2] for line in text.splitlines() if line.split()[1] == "eth0"]
        assert {ALL_NODES, GROUP} <= set(joined)
    eventually(lambda: GROUP not in host.run("cat /proc/net/igmp6"))
