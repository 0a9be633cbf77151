# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's list of memberships, read; that it is looked at when it changes is seen in the lab."""

from ipaddress import IPv6Address

import pytest

from mnclient.network.memberships import joined

LIST = """\
1    lo              ff020000000000000000000000000001     1 0000000C 0
2    eth0            ff0e0000000000000000000000000001     1 00000004 0
7    mn6home         ff0e0000000000000000000000001234     2 00000004 0
7    mn6home         ff3e0000000000000000000000000002     1 00000004 0
7    mn6home         ff020000000000000000000000000001     1 0000000C 0
7    mn6home         ff050000000000000000000000001234     1 00000004 0
8    mn6tunnel       ff0e0000000000000000000000009999     1 00000004 0
"""


def test_groups_of_global_scope_on_our_device():
    assert joined(("mn6home",), LIST) == {IPv6Address("ff0e::1234"), IPv6Address("ff3e::2")}
    assert joined(("mn6home", "mn6tunnel"), LIST) >= {IPv6Address("ff0e::9999")}
    assert joined(("wlan0",), LIST) == frozenset()


@pytest.mark.parametrize("text", ["", "\n\n", "7\n", "7 mn6home\n"])
def test_a_list_that_says_nothing(text):
    assert joined(("mn6home",), text) == frozenset()
