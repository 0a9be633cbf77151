# SPDX-License-Identifier: GPL-2.0-or-later
"""Two keys of one home address as states and policies: both are let in, and one is sent under."""

from dataclasses import replace

import pytest

from mnclient.network.plan import describe_item
from mnclient.network.xfrm import Direction
from mnclient.security.esp_keys import Purpose, purpose_spi
from tests.mnclient.network.kernel.test_protection import (
    AWAY,
    FAR_TUNNEL,
    HOST,
    LAPTOP,
    SERVING,
    TUNNEL,
    esp,
    states,
    transformations,
    written,
)

NEW_AT_LAPTOP = replace(LAPTOP, spi_in=0x2003, spi_out=0x2000, secret=bytes(range(20)))
NEW_AT_HOST = replace(NEW_AT_LAPTOP, spi_in=NEW_AT_LAPTOP.spi_out, spi_out=NEW_AT_LAPTOP.spi_in)
ITEMS = [
    (SERVING, HOST, NEW_AT_HOST, Purpose.SIGNALLING),
    (FAR_TUNNEL, HOST, NEW_AT_HOST, Purpose.TUNNEL),
    (TUNNEL, LAPTOP, NEW_AT_LAPTOP, Purpose.TUNNEL),
    (replace(TUNNEL, payload=True), LAPTOP, NEW_AT_LAPTOP, Purpose.TUNNEL),
    (replace(FAR_TUNNEL, payload=True), HOST, NEW_AT_HOST, Purpose.TUNNEL),
]


@pytest.mark.parametrize("item, old, new, purpose", ITEMS)
def test_the_states_of_both_are_there_whichever_is_sent_under(item, old, new, purpose):
    """So that a switch is a change of policies alone, and loses nothing."""
    both, switched = replace(item, also=(new,)), replace(item, association=new, also=(old,))
    assert set(states(both)) == set(states(switched)) == {*states(item), *states(replace(item, association=new))}
    incoming = {each.mark for each in esp(both) if each.mark}
    assert len(incoming) == 2, "what they decrypt is told apart"


@pytest.mark.parametrize("item, old, new, purpose", ITEMS)
def test_either_may_come_and_one_is_sent_under(item, old, new, purpose):
    for association, also in ((old, new), (new, old)):
        policies = transformations(replace(item, association=association, also=(also,))).policies
        wanted = {
            (each.direction is Direction.OUT, template.spi)
            for each in policies
            for template in each.templates
            if template.protocol == 50
        }
        assert wanted == {(False, 0), (True, purpose_spi(association.spi_out, purpose))}
    assert all("esp:0" not in line and "tunnel:0" not in line for line in written(item)), "one key is named"


def test_a_state_is_for_one_home_address_alone():
    """That is what still binds a home address to its associations where a policy names none (RFC 6275 section 5.1)."""
    home = LAPTOP.home_address
    for item, _, new, _ in ITEMS:
        for each in esp(replace(item, also=(new,))):
            ends = each.selector.source, each.selector.destination
            assert home in {end.network_address for end in ends if end.prefixlen == 128}


def test_it_is_said_in_the_log_without_secrets():
    words = describe_item(replace(SERVING, also=(NEW_AT_HOST,)))
    assert words.endswith(f"{HOST.algorithm} also {NEW_AT_HOST.spi_in} {NEW_AT_HOST.spi_out}")
    assert NEW_AT_HOST.secret.hex() not in words and AWAY.association.secret.hex() not in words
