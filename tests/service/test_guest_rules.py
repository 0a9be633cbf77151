# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.errors import MobileIPv6Error
from mnclient.model.config import AccessRule, HomeAgentConfig, HomeLinkConfig
from mnclient.model.guest import GuestState, GuestWish
from mnclient.model.keys import HIGHEST_SPI, KeyKind
from service import guest_rules
from service.contract import InvalidArgument, UnknownThing
from service.core_guests import Guests
from tests.service.fake_core import HOME, HOME_AGENT, PROPOSED
from tests.service.fake_guests import GUEST

LINK = HomeLinkConfig(prefix=HOME, address=HOME_AGENT, interface=None)
OTHER = HomeLinkConfig(prefix=IPv6Network("2001:db8:7::/64"), address=IPv6Address("2001:db8:7::1"), interface="lan0")
ONE, TWO = HomeAgentConfig(links=(LINK,)), HomeAgentConfig(links=(LINK, OTHER))
WISH = GuestWish(name="laptop", kind=KeyKind.RFC4285, algorithm="hmac-sha1-96", secret=bytes(16))
OWN = IPv6Network(PROPOSED)
NOBODY = AccessRule(allow=False)


def drawing(*numbers):
    left = list(numbers)
    return lambda below: left.pop(0) % below


def test_the_secret_of_a_wish_is_not_shown():
    assert "secret" not in repr(replace(WISH, secret=b"c0ffee"))


@pytest.mark.parametrize("there, kind", [(("esp", "rfc4285"), KeyKind.ESP), (("rfc4285",), KeyKind.RFC4285)])
def test_the_kind_is_the_best_that_can_be_had(there, kind):
    assert guest_rules.kind_for(there) is kind


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"name": ""}, "name"),
        ({"name": " x"}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"kind": KeyKind.ESP}, "cannot protect registrations with keys of the kind esp"),
        ({"expires_time": 100.0}, "expired already"),
        ({"expires_time": 99.0}, "expired already"),
        ({"expires_time": 1e15}, "expired already"),
    ],
)
def test_what_cannot_be_wished_for(wrong, words):
    guest_rules.check_wish(WISH, ("rfc4285",), 100.0)
    with pytest.raises(InvalidArgument, match=words) as caught:
        guest_rules.check_wish(replace(WISH, **wrong), ("rfc4285",), 100.0)
    assert caught.value.hint


def test_the_link_is_the_only_one_or_the_one_meant():
    assert guest_rules.link_for(WISH, ONE) is LINK
    assert guest_rules.link_for(replace(WISH, home_address=OTHER.prefix[9]), TWO) is OTHER
    assert guest_rules.link_for(replace(WISH, home_agent=OTHER.address), TWO) is OTHER
    with pytest.raises(InvalidArgument, match="more than one home network"):
        guest_rules.link_for(WISH, TWO)
    with pytest.raises(UnknownThing, match="is not this home agent"):
        guest_rules.link_for(replace(WISH, home_agent=OTHER.address), ONE)
    with pytest.raises(InvalidArgument, match="in no home network"):
        guest_rules.link_for(replace(WISH, home_address=OTHER.prefix[9]), ONE)
    for nothing in (None, HomeAgentConfig()):
        with pytest.raises(MobileIPv6Error, match="is no home agent"):
            guest_rules.link_for(WISH, nothing)


@pytest.mark.parametrize(
    "address, words",
    [
        (HOME_AGENT, "home agent itself"),
        (HOME[0], "all routers"),
        (HOME[0xFDFF_FFFF_FFFF_FFFE], "all routers"),
        (OTHER.address, "outside the home prefix"),
        (IPv6Address("fe80::1"), "not a unicast routable"),
        (IPv6Address("ff02::1"), "not a unicast routable"),
    ],
)
def test_addresses_that_nobody_can_be_invited_to(address, words):
    guest_rules.check_address(PROPOSED, LINK)
    with pytest.raises(InvalidArgument, match=words):
        guest_rules.check_address(address, LINK)


def test_a_chosen_address_is_free():
    taken = {HOME[7]}
    address = guest_rules.free_address(LINK, taken, drawing(0, 1, 7, 0xFDFF_FFFF_FFFF_FFFE, 0xFDFF_FFFF_FFFF_FF80, 8))
    assert address == HOME[8]
    with pytest.raises(MobileIPv6Error, match="No free home address"):
        guest_rules.free_address(LINK, taken, lambda _below: 7)


def test_numbers_that_are_taken_are_drawn_again():
    low = guest_rules.LOWEST_CHOSEN_SPI
    guests = (replace(GUEST, spi_in=low, spi_out=low + 1),)
    assert guest_rules.two_spis((), guests, drawing(0, 1, 5, 5, 6)) == (low + 5, low + 6)
    assert (
        max(guest_rules.two_spis((), (), lambda below, given=[0]: given.append(1) or below - len(given))) <= HIGHEST_SPI
    )


def test_access_rules_are_made_where_they_are_needed():
    assert guest_rules.access_for(PROPOSED, (), ()) == ()
    elsewhere = AccessRule(allow=False, home_addresses=OTHER.prefix)
    assert guest_rules.access_for(PROPOSED, (), (elsewhere,)) == ()
    mine = AccessRule(allow=True, home_addresses=OWN)
    assert guest_rules.access_for(PROPOSED, (), (NOBODY,)) == (mine,)
    made = guest_rules.access_for(PROPOSED, (OTHER.prefix,), ())
    assert made == (replace(mine, care_of_addresses=OTHER.prefix), AccessRule(allow=False, home_addresses=OWN))
    assert guest_rules.without((NOBODY, *made, mine, NOBODY), made) == (NOBODY, mine, NOBODY)


def test_those_that_ended_first_make_room():
    welcome = tuple(replace(GUEST, name=f"{n}") for n in range(guest_rules.MAX_GUESTS - 2))
    late = replace(GUEST, name="late", state=GuestState.REVOKED, ended_time=2.0)
    early = replace(GUEST, name="early", state=GuestState.EXPIRED, ended_time=1.0)
    assert guest_rules.with_room((*welcome, late, early)) == (*welcome, late)
    assert guest_rules.with_room(welcome) == welcome
    with pytest.raises(MobileIPv6Error, match="guests, and more are not possible"):
        guest_rules.with_room((*welcome, *welcome[:2]))


def test_only_what_was_not_used_expires():
    old = replace(GUEST, expires_time=10.0)
    assert guest_rules.due((old,), 10.0) == (old,)
    never = replace(GUEST, expires_time=None)
    used = replace(old, state=GuestState.USED)
    assert guest_rules.due((old, never, used), 9.9) == ()
    assert guest_rules.due((never, used), 1e12) == ()


def test_the_invitation_has_the_numbers_exchanged():
    invitation = guest_rules.invitation_for(GUEST, bytes(16))
    assert (invitation.spi_in, invitation.spi_out) == (GUEST.spi_out, GUEST.spi_in)
    assert (invitation.home_address, invitation.expires_time) == (GUEST.home_address, GUEST.expires_time)


def test_chance_is_the_systems():
    import secrets

    assert Guests.__init__.__defaults__ == (secrets.randbelow,)
