# SPDX-License-Identifier: GPL-2.0-or-later
"""An invitation pairs two machines, and later a new key takes the place of the first, without losing the binding."""

from dataclasses import replace

import pytest

from mnclient.model.invitation import invitation_text
from mnclient.model.keys import KeyKind
from tests.lab.cable import boot_time
from tests.lab.household import Household
from tests.lab.pairing import join, pair, rotate, start_unpaired
from tests.lab.person import reads
from tests.lab.service import MnctlError
from tests.lab.topology import HOME, VISITED_A, VISITED_B
from tests.lab.traffic import Probe, call_from_outside
from tests.lab.trial import counters

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def house(lab):
    return Household(lab)


@pytest.fixture(scope="module")
def paired(house):
    start_unpaired(house)
    return pair(house, KeyKind.RFC4285)


@pytest.fixture
def away(lab, house, paired):
    if lab.cables["eth0"].link != VISITED_A:
        lab.move(VISITED_A)
    house.registered_at(VISITED_A)
    return house


def keys(service):
    return [each["spi_out"] for each in service.mnctl("keys")["keys"]]


def accepted_under(house):
    (entry,) = house.home_addresses()
    return entry.accepted_spi


def test_the_guest_has_come(lab, away, paired):
    (entry,) = away.home_addresses()
    assert entry.protected and entry.address == paired.home_address and entry.accepted_spi == paired.invitation.spi_out
    lab.eventually(lambda: "first came" in reads(away.home_agent, "guests"), within=5.0, what="that is told")
    call_from_outside(lab, paired.home_address)


def test_a_new_key_without_losing_the_binding(lab, away, paired):
    """The old one is used on until the laptop has the new one; then nobody has it any more."""
    old, file = paired.invitation, lab.folder / "second.mnclient-invitation"
    agent, laptop = away.home_agent, away.laptop
    lab.eventually(lambda: "first came" in reads(agent, "guests"), within=5.0, what="the guest has come")
    with Probe(lab, paired.home_address) as probe:
        new = rotate(agent, file)
        assert (new.home_address, new.expires_time) == (old.home_address, None) and new.secret != old.secret
        assert "has a new key, and has not come with it yet" in reads(agent, "guests")
        assert sorted(keys(agent)) == sorted((old.spi_in, new.spi_in))
        step = away.step(VISITED_B, probe)
        away.registered_at(VISITED_B)
        assert step.record is not None and accepted_under(away) == old.spi_out, "the move went under the old key"
        bound = away.bound()
        begun = boot_time()
        said = join(laptop, file)
        assert "accepts the new key" in said
        assert accepted_under(away) == new.spi_out and away.bound() == bound
        for service, spi in ((agent, new.spi_in), (laptop, new.spi_out)):
            lab.eventually(
                lambda service=service, spi=spi: keys(service) == [spi], within=5.0, what="the old key is forgotten"
            )
        assert probe.interruption(begun, boot_time()).probes_lost == 0, "payload went on"
    assert away.bound() == bound
    file.unlink()
    for link in (HOME, VISITED_A):
        lab.move(link)
        away.registered_at(link)
        call_from_outside(lab, paired.home_address)
    assert accepted_under(away) == new.spi_out


def test_a_key_that_the_home_agent_does_not_have_changes_nothing(lab, away, paired):
    file, before = lab.folder / "false.mnclient-invitation", keys(away.laptop)
    bound = away.bound()
    text = invitation_text(
        replace(paired.invitation, spi_in=77_001, spi_out=77_002, secret=bytes(16), expires_time=None)
    )
    file.write_text(text, encoding="utf-8")
    refused = counters(away.home_agent).get("bu.discarded.spi", 0)
    with pytest.raises(MnctlError, match="did not accept the new key"):
        join(away.laptop, file, "--timeout", "2")
    assert counters(away.home_agent).get("bu.discarded.spi", 0) > refused
    away.registered_at(VISITED_A)
    assert keys(away.laptop) == before and away.bound() == bound
    call_from_outside(lab, paired.home_address)


def test_who_is_at_home_proves_the_new_key_when_it_leaves(lab, away, paired):
    lab.move(HOME)
    away.registered_at(HOME)
    file = lab.folder / "third.mnclient-invitation"
    new = rotate(away.home_agent, file)
    assert "used from another network on" in join(away.laptop, file)
    assert len(keys(away.laptop)) == 2
    away.laptop.restart()
    away.home_agent.restart()
    lab.eventually(lambda: away.laptop.is_ready() and away.home_agent.is_ready(), within=15.0, what="both are back")
    away.registered_at(HOME)
    lab.move(VISITED_A)
    away.registered_at(VISITED_A)
    for service, spi in ((away.home_agent, new.spi_in), (away.laptop, new.spi_out)):
        lab.eventually(lambda service=service, spi=spi: keys(service) == [spi], within=5.0, what="one key is left")
    call_from_outside(lab, paired.home_address)
