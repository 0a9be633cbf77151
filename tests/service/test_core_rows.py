# SPDX-License-Identifier: GPL-2.0-or-later
import pytest

from service.contract import InvalidArgument, UnknownThing
from service.core_rows import with_interface_order


def priorities(rows):
    return {row["name"]: row["priority"] for row in rows}


@pytest.mark.parametrize(
    "rows, names, wanted",
    [
        ({}, ["wlan0", "eth0"], {"wlan0": 10, "eth0": 20}),
        ({"eth0": 5, "wlan0": 7}, ["wlan0", "eth0"], {"wlan0": 10, "eth0": 20}),
        ({"eth0": 300}, ["wlan0"], {"eth0": 300, "wlan0": 10}),
        ({"eth0": 5, "usb0": 7}, ["wlan0"], {"eth0": 11, "usb0": 12, "wlan0": 10}),
        ({"eth0": 10, "wlan0": 20}, ["eth0", "wlan0"], {"eth0": 10, "wlan0": 20}),
    ],
)
def test_an_order_becomes_priorities(rows, names, wanted):
    before = [{"name": name, "priority": priority, "enabled": True} for name, priority in rows.items()]
    after = with_interface_order(before, names, {"wlan0", "eth0", "lo"})
    assert priorities(after) == wanted
    assert all(row["enabled"] for row in after if row["name"] in rows), "what else is said of it stays"


def test_many_interfaces_keep_the_others_behind():
    names = [f"eth{number}" for number in range(30)]
    after = priorities(with_interface_order([], names, {*names, "wlan0"}))
    assert [after.get(name, 100) for name in names] == [10 * number for number in range(1, 31)]
    assert after["wlan0"] == 301


@pytest.mark.parametrize(
    "names, error", [([], InvalidArgument), (["eth0", "eth0"], InvalidArgument), (["eth0", "ppp0"], UnknownThing)]
)
def test_what_is_no_order_is_refused(names, error):
    with pytest.raises(error) as raised:
        with_interface_order([{"name": "wlan0", "priority": 1}], names, {"eth0"})
    assert raised.value.hint
