# SPDX-License-Identifier: GPL-2.0-or-later
"""A new IPsec key for a guest on a real kernel: both are let in, and no packet is lost from one to the other."""

import pytest

from mnclient.model.invitation import Invitation
from mnclient.model.keys import KeyKind
from tests.lab.cable import boot_time
from tests.lab.esp import Key, associations, policies, refusals, seen
from tests.lab.household import Household
from tests.lab.pairing import join, pair, rotate, start_unpaired
from tests.lab.person import reads
from tests.lab.topology import HOME, VISITED_A, VISITED_B
from tests.lab.traffic import Probe, call_from_outside

pytestmark = [pytest.mark.lab, pytest.mark.kernel]

TUNNEL_BIT = 0x8000_0000
UPDATE, ACKNOWLEDGEMENT = 5, 6
LOST = ("XfrmInNoStates", "XfrmInTmplMismatch", "XfrmInNoPols", "XfrmOutNoStates", "XfrmOutPolBlock")


@pytest.fixture(scope="module")
def house(lab) -> Household:
    made = Household(lab)
    start_unpaired(made)
    for name, service in (("mobile_node", made.laptop), ("home_agent", made.home_agent)):
        service.mnctl("settings", "set", f"{name}.protect_payload", "true")
    return made


def key_of(invitation: Invitation) -> Key:
    """As it is told tshark; the SPIs of an invitation are the laptop's."""
    return Key(
        home_address=invitation.home_address,
        algorithm=invitation.algorithm,
        secret=invitation.secret,
        up=invitation.spi_out,
        down=invitation.spi_in,
    )


def spis(*keys: Key) -> set[int]:
    """Of all their associations, while the laptop is away."""
    signalling = {spi for key in keys for spi in (key.up, key.down)}
    return signalling | {spi ^ TUNNEL_BIT for spi in signalling}


def in_use(node) -> set[int]:
    return {spi for spi, _ in associations(node)}


def sent_under(node) -> set[int]:
    """The SPIs that policies ask for in what leaves."""
    return {each.spi for each in policies(node) if each.way == "out" and each.spi}


def accepted_under(house) -> int | None:
    (entry,) = house.home_addresses()
    return entry.accepted_spi


@pytest.mark.requirement("HA-5.1-03")
def test_from_one_key_to_the_next_nothing_is_lost(lab, house):
    paired = pair(house, KeyKind.ESP)
    old, agent, laptop = key_of(paired.invitation), house.home_agent, house.laptop
    lab.move(VISITED_A)
    house.registered_at(VISITED_A)
    lab.eventually(lambda: "first came" in reads(agent, "guests"), within=5.0, what="the guest has come")
    file = lab.folder / "second.mnclient-invitation"
    with lab.capture(lab.home_agent, "core0", "rotation") as capture, Probe(lab, paired.home_address) as probe:
        before = {node.name: refusals(node) for node in (lab.home_agent, lab.laptop)}
        begun = boot_time()
        new = key_of(rotate(agent, file))
        lab.eventually(lambda: in_use(lab.home_agent) == spis(old, new), within=5.0, what="both are let in")
        assert sent_under(lab.home_agent) == {old.down, old.down ^ TUNNEL_BIT}
        assert "accepts the new key" in join(laptop, file)
        assert accepted_under(house) == new.up
        for node in (lab.home_agent, lab.laptop):
            lab.eventually(lambda node=node: in_use(node) == spis(new), within=5.0, what="the old states are gone")
        probe.recovered_after(boot_time(), within=10.0)
        until = boot_time()
        lab.eventually(
            lambda: probe.interruption(begun, until).probes_lost == 0,
            within=5.0,
            what="payload went on, under one key or the other",
        )
        for node in (lab.home_agent, lab.laptop):
            refused = refusals(node) - before[node.name]
            assert {name: refused[name] for name in LOST if refused[name]} == {}
    file.unlink()
    for node, spi in ((lab.home_agent, new.down), (lab.laptop, new.up)):
        assert sent_under(node) == {spi, spi ^ TUNNEL_BIT}
        assert all(each.spi in spis(new) for each in policies(node) if each.way == "in" and each.ends != ("", ""))
    found = seen(capture.file, new)
    kinds = [each.kind for each in found if each.kind in (UPDATE, ACKNOWLEDGEMENT)]
    assert list(dict.fromkeys(kinds)) == [UPDATE, ACKNOWLEDGEMENT]  # repeated where the answer took a second
    for each in found:
        assert each.spi in spis(old, new), "nothing went in clear"
    under_new = [n for n, each in enumerate(found) if each.spi in spis(new)]
    from_laptop = [each.spi for each in found if each.spi in (old.up ^ TUNNEL_BIT, new.up ^ TUNNEL_BIT)]
    assert under_new and from_laptop == sorted(from_laptop, key=lambda spi: spi == new.up ^ TUNNEL_BIT), "it went once"


def test_and_the_way_home_and_out_again(lab, house):
    """With the new key alone; a further one waits meanwhile, and is used at the next departure."""
    (entry,) = house.home_addresses()
    first = entry.accepted_spi
    lab.move(HOME)
    house.registered_at(HOME)
    file = lab.folder / "third.mnclient-invitation"
    new = key_of(rotate(house.home_agent, file))
    assert "used from another network on" in join(house.laptop, file)
    file.unlink()
    lab.move(VISITED_B)
    house.registered_at(VISITED_B)
    assert accepted_under(house) == new.up != first
    for node in (lab.home_agent, lab.laptop):
        lab.eventually(lambda node=node: in_use(node) == spis(new), within=5.0, what="one key is left")
    call_from_outside(lab, entry.address)
