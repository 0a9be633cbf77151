# SPDX-License-Identifier: GPL-2.0-or-later
"""Whose a logged packet is, by what the rules copy of it. No kernel is needed."""

from ipaddress import IPv6Address

import pytest

from mnclient.network.kernel.datapath import _sender
from mnclient.wire.ipv6_extension import Ipv6Headers, encode_ipv6

HOME, CARE_OF, CORRESPONDENT = (IPv6Address(f"2001:db8:{each}::5") for each in (1, 2, 4))


@pytest.mark.requirement("MN-11.7.2-03")
def test_the_home_address_of_the_option_if_it_was_copied_else_the_source():
    packet = encode_ipv6(
        Ipv6Headers(source=CARE_OF, destination=HOME, next_header=17, payload=bytes(8), home_address=CORRESPONDENT)
    )
    assert _sender(packet[:64]) == CORRESPONDENT
    assert _sender(packet[:40]) == CARE_OF
