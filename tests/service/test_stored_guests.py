# SPDX-License-Identifier: GPL-2.0-or-later
import json
from dataclasses import replace
from ipaddress import IPv6Network

import pytest

from mnclient.model.config import AccessRule
from mnclient.model.guest import GuestState
from service.stored_guests import decode_guests, encode_guests
from tests.service.fake_guests import GUEST

RULE = AccessRule(allow=True, home_addresses=IPv6Network(GUEST.home_address))
GUESTS = (
    replace(GUEST, access=(RULE,)),
    replace(GUEST, name="gone", state=GuestState.REVOKED, ended_time=3.0, expires_time=None),
    replace(GUEST, name="here", state=GuestState.USED, used_time=2.0),
)


def rows():
    return json.loads(encode_guests(GUESTS))["guests"]


def test_what_is_written_is_read():
    assert decode_guests(rows()) == (GUESTS, 0)


@pytest.mark.parametrize(
    "name, value",
    [
        ("name", ""),
        ("name", "a\nb"),
        ("name", 5),
        ("home_address", "x"),
        ("home_address", 5),
        ("home_address", "2001:db8:9::1"),
        ("kind", "md5"),
        ("algorithm", "md5"),
        ("algorithm", []),
        ("spi_in", 5),
        ("spi_out", True),
        ("spi_out", 1e3),
        ("state", "here"),
        ("created_time", float("inf")),
        ("expires_time", "tomorrow"),
        ("access", [{}]),
        ("access", [{"allow": 1, "home_addresses": "::/0", "care_of_addresses": "::/0"}]),
        ("access", 5),
    ],
)
def test_a_wrong_row_does_not_take_the_others_with_it(name, value):
    damaged = rows()
    damaged[0][name] = value
    assert decode_guests(damaged) == (GUESTS[1:], 1)
    del damaged[0][name]
    assert decode_guests(damaged) == (GUESTS[1:], 1)


def test_rows_that_are_none():
    assert decode_guests([None, 5, [], *rows()]) == (GUESTS, 3)
    with pytest.raises(TypeError):
        decode_guests({"a": 1})


def test_one_name_twice():
    assert decode_guests([*rows(), rows()[0]]) == (GUESTS, 1)
