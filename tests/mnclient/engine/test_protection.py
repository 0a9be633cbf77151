# SPDX-License-Identifier: GPL-2.0-or-later
"""Protected or not at all: the rule of both roles."""

from dataclasses import replace
from ipaddress import IPv6Address

import pytest

from mnclient.engine.protection import by_home_address, is_protected, standing
from mnclient.model.keys import KeyKind
from mnclient.model.security import Standing
from tests.mnclient.engine.associations import KINDS, association
from tests.mnclient.engine.home_agent.script import HOME, OTHER_HOME, binding_update

MINE = association(HOME)
NOTHING = frozenset[KeyKind]()


@pytest.mark.parametrize(
    ("found", "kinds", "allowed", "expected"),
    [
        (None, KINDS, False, Standing.NO_KEY),
        (None, KINDS, True, Standing.OPEN),
        (MINE, KINDS, False, Standing.PROTECTED),
        (MINE, KINDS, True, Standing.PROTECTED),
        (MINE, NOTHING, False, Standing.IMPOSSIBLE),
        (MINE, NOTHING, True, Standing.OPEN),
        (replace(MINE, secret=b""), KINDS, False, Standing.NO_SECRET),
        (replace(MINE, secret=b""), KINDS, True, Standing.NO_SECRET),
    ],
)
def test_what_a_home_address_may_do(found, kinds, allowed, expected):
    assert standing(found, kinds, allow_unprotected=allowed) is expected
    assert expected.may_signal is (expected in (Standing.PROTECTED, Standing.OPEN))


def test_a_message_is_protected_by_its_own_association_alone():
    event = binding_update()
    assert not is_protected(MINE, event)
    assert is_protected(MINE, replace(event, protection=MINE.protection))
    for other in (association(OTHER_HOME), replace(MINE, spi_in=4711), replace(MINE, kind=KeyKind.RFC4285)):
        assert not is_protected(MINE, replace(event, protection=other.protection))


@pytest.mark.requirement("HA-5.1-03")
def test_one_home_address_has_exactly_one_association():
    old, new = association(HOME, spi_in=300), association(HOME, spi_in=400)
    assert by_home_address((new, old, association(OTHER_HOME))) == {HOME: new, OTHER_HOME: association(OTHER_HOME)}


def test_no_text_of_an_association_has_its_secret():
    secret = bytes.fromhex("5ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2")
    found = replace(association(IPv6Address("2001:db8:1::7")), secret=secret)
    assert "5ec2" not in repr(found) and repr(secret)[2:10] not in repr(found) and "secret" not in repr(found)
