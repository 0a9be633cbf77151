# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace

from mnclient.model.invitation_use import has_home_address, identifiers_with, key_in_its_way, key_of, preceding_key
from mnclient.model.service_status import ManagedHomeAddress, Origin
from service.guest_rules import invitation_for
from tests.service.fake_core import ADDRESS, AWAY, HOME, HOME_AGENT
from tests.service.fake_guests import GUEST

INVITATION = invitation_for(replace(GUEST, home_address=ADDRESS), bytes(16))
HERE = ManagedHomeAddress(
    address=ADDRESS, prefix=HOME, home_agent=HOME_AGENT, origin=Origin.MANUAL, preferred=True, active=True
)
OWN = replace(AWAY.keys[0], home_address=ADDRESS, home_agent=HOME_AGENT, spi_in=80_000, spi_out=70_000)
OLD = replace(OWN, spi_in=9000, spi_out=9001, created_time=1.0)


def status(*keys, home=HERE):
    return replace(AWAY, home_addresses=(home,) if home else (), keys=keys)


def test_its_own_key_says_that_it_was_used():
    assert key_of(INVITATION, status(OLD, OWN)) == OWN
    assert key_of(INVITATION, status(OLD)) is None
    assert key_of(INVITATION, status(replace(OWN, home_agent=HOME_AGENT + 1))) is None
    assert key_of(INVITATION, status(replace(OWN, home_address=ADDRESS + 1))) is None
    anybodys = replace(INVITATION, home_address=None)
    assert key_of(anybodys, status(replace(OWN, home_address=ADDRESS + 1))) is not None


def test_another_key_with_its_number_is_in_its_way():
    other = replace(OLD, spi_in=80_000)
    assert key_in_its_way(INVITATION, ADDRESS, status(other)) == other
    assert key_in_its_way(INVITATION, ADDRESS, status(OLD, OWN)) is None
    assert key_in_its_way(INVITATION, ADDRESS + 1, status(other)) is None


def test_it_succeeds_the_newest_other_key_of_an_address_that_is_here():
    newer = replace(OLD, spi_in=9002, spi_out=9003, created_time=2.0)
    assert preceding_key(INVITATION, ADDRESS, status(OLD)) == OLD
    assert preceding_key(INVITATION, ADDRESS, status(newer, OLD, OWN)) == newer
    assert preceding_key(INVITATION, ADDRESS, status(OWN)) is None
    assert preceding_key(INVITATION, ADDRESS, status(replace(OLD, home_agent=HOME_AGENT + 1))) is None
    for home in (None, replace(HERE, trial=True), replace(HERE, address=ADDRESS + 1)):
        assert preceding_key(INVITATION, ADDRESS, status(OLD, home=home)) is None
        assert not has_home_address(ADDRESS, status(home=home))
    assert has_home_address(ADDRESS, status())


def test_its_name_takes_the_place_of_the_one_before():
    named = replace(INVITATION, identity="laptop@example.org")
    rows = [{"home_address": str(ADDRESS), "identifier": "old"}, {"home_address": str(HOME[9]), "identifier": "x@y"}]
    assert identifiers_with(named, ADDRESS, rows) == (
        f'[{{home_address = "{HOME[9]}", identifier = "x@y"}}, '
        f'{{home_address = "{ADDRESS}", identifier = "laptop@example.org"}}]'
    )
    assert identifiers_with(named, ADDRESS, [{"home_address": str(ADDRESS), "identifier": named.identity}]) is None
    assert identifiers_with(INVITATION, ADDRESS, rows) is None
