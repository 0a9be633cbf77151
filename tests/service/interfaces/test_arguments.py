# SPDX-License-Identifier: GPL-2.0-or-later
from ipaddress import IPv6Network

import pytest

from mnclient.model.binding_filter import ALL_BINDINGS, BindingFilter
from service.contract import InvalidArgument
from service.interfaces.arguments import binding_filter

HOME, VISITED = IPv6Network("2001:db8:1::/64"), IPv6Network("2001:db8:2::/64")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ALL_BINDINGS),
        ("   ", ALL_BINDINGS),
        ("::/0", ALL_BINDINGS),
        ("2001:db8:1::/64", BindingFilter(addresses=HOME)),
        ("2001:db8:1::10", BindingFilter(addresses=IPv6Network("2001:db8:1::10/128"))),
        ("2001:db8:1::10/64", BindingFilter(addresses=HOME)),
        ("home=2001:db8:1::/64", BindingFilter(home_addresses=HOME)),
        ("care-of=2001:db8:2::/64  interface=lan0", BindingFilter(care_of_addresses=VISITED, interface="lan0")),
        ("interface=a=b", BindingFilter(interface="a=b")),
        ("interface=", BindingFilter(interface="")),
        (
            "2001:db8:1::/64 home=2001:db8:1::/64 care-of=2001:db8:2::/64 interface=x",
            BindingFilter(addresses=HOME, home_addresses=HOME, care_of_addresses=VISITED, interface="x"),
        ),
    ],
)
def test_filters_of_bindings(text, expected):
    assert binding_filter(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "wlan0",
        "192.0.2.1",
        "2001:db8::/129",
        "2001:db8::1%eth0",
        "home=",
        "home=me",
        "care-of=2001:db8::g",
        "colour=red",
        "=2001:db8::1",
        "home=::1 home=::2",
        "::1 ::2",
        "2001:db8::1\tinterface=x",
        "\0",
        "9" * 10_000,
        "interface=a interface=a",
    ],
)
def test_what_is_no_filter_is_refused_with_a_hint(text):
    with pytest.raises(InvalidArgument) as refused:
        binding_filter(text)
    assert "home=PREFIX" in refused.value.hint
