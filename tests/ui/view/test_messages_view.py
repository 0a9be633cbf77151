# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace
from ipaddress import IPv6Address

import pytest

from mnclient.model.message_log import LoggedMessage
from ui.view.messages_view import KEPT, Filter, details, merged, summary, words

UPDATE = LoggedMessage(
    number=1,
    time=1_790_000_000.0,
    interface="wlan0",
    outgoing=True,
    source=IPv6Address("2001:db8:2::5"),
    destination=IPv6Address("2001:db8:1::1"),
    name="BindingUpdate",
    summary="sequence 7, lifetime 600 s",
    fields=(("Sequence", "7"), ("Lifetime", "600 s")),
)


def numbered(*numbers, time=0.0):
    return tuple(replace(UPDATE, number=number, time=UPDATE.time + time + number) for number in numbers)


def test_each_message_is_kept_once_and_the_oldest_fall_out():
    kept = merged(numbered(1, 2), numbered(2, 3))
    assert [each.number for each in kept] == [1, 2, 3]
    many = merged(kept, numbered(*range(4, 1500)))
    assert len(many) == KEPT and many[-1].number == 1499


def test_after_a_restart_numbers_begin_again():
    kept = merged(numbered(8, 9), numbered(1, 2, time=100))
    assert [each.number for each in kept] == [1, 2]
    assert merged(numbered(8, 9), ()) == numbered(8, 9)


@pytest.mark.parametrize(
    "text, shown",
    [
        ("", True),
        ("  ", True),
        ("binding up", True),
        ("BindingUpdate", True),
        ("lifetime", True),
        ("wlan0", True),
        ("2001:db8:1::1", True),
        ("2001:0db8:0001::0001", True),
        ("2001:db8:2::/64", True),
        ("2001:db8:9::/64", False),
        ("2001:db8:1::2", False),
        ("home test", False),
        ("[", False),
    ],
)
def test_filter(text, shown):
    assert Filter(text).lets_through(UPDATE) is shown


def test_words():
    assert [words(each) for each in ("BindingUpdate", "CareOfTestInit", "", "ICMPv6")] == [
        "Binding Update",
        "Care-of Test Init",
        "",
        "ICMPv6",
    ]


def test_what_cannot_be_read_says_why():
    broken = replace(UPDATE, malformed="the checksum is wrong", fields=())
    assert summary(broken) == "the checksum is wrong"
    assert ("Cannot be read", "the checksum is wrong") in details(broken)
    assert details(UPDATE)[-1] == ("Lifetime", "600 s")
    assert ("Interface", "chosen by the system") in details(replace(UPDATE, interface=""))
