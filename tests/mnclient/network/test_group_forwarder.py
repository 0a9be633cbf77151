# SPDX-License-Identifier: GPL-2.0-or-later
"""What is left when a forwarding cannot be had; that packets are forwarded is seen in the lab."""

from ipaddress import IPv6Address

import pytest

from mnclient.model.network_state import GroupForwarding
from mnclient.network.group_forwarder import GroupForwarder

ITEM = GroupForwarding(
    interface="mn6nowhere",
    group=IPv6Address("ff0e::1"),
    home_address=IPv6Address("2001:db8:1::10"),
    local=IPv6Address("2001:db8:1::1"),
    remote=IPv6Address("2001:db8:2::10"),
)


async def test_an_interface_that_is_not_there_is_refused_and_leaves_nothing():
    forwarder = GroupForwarder()
    try:
        for _ in range(2):
            with pytest.raises(OSError):
                forwarder.add(ITEM)
        forwarder.remove(ITEM)  # what was refused may be taken back
    finally:
        forwarder.close()
    assert not forwarder.counters
