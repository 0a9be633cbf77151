# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything under IPsec on a real kernel: what goes so, what never does, and what is no longer let in without."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.lab.esp import TUNNEL_DOWN, TUNNEL_UP, Key, refusals, seen, start_keyed
from tests.lab.headers import packets
from tests.lab.hostile import BU, IPV6, NO_NEXT_HEADER, Stranger, ipv6
from tests.lab.key_management import KEY_MANAGEMENT, exchange
from tests.lab.lab import Lab
from tests.lab.roaming import Roaming
from tests.lab.topology import CORRESPONDENT_ADDRESS, HOME_AGENT_ADDRESS, VISITED_A, VISITED_B
from tests.lab.traffic import call_from_outside

pytestmark = [pytest.mark.lab, pytest.mark.kernel]

EVERYTHING = ("mobile_node.protect_payload", "home_agent.protect_payload")


@pytest.fixture(scope="module")
def roaming(lab: Lab) -> Roaming:
    return Roaming(lab)


@pytest.fixture(scope="module")
def key(roaming: Roaming) -> Key:
    return start_keyed(roaming)


@contextmanager
def switched_on(roaming: Roaming, *names: str) -> Iterator[None]:
    """Settings of the laptop or the home agent."""
    services = {"mobile_node": roaming.laptop, "home_agent": roaming.home_agent}

    def switch(value: str) -> None:
        for name in names:
            services[name.partition(".")[0]].mnctl("settings", "set", name, value)

    switch("true")
    try:
        yield
    finally:
        switch("false")


def arrive(lab: Lab, roaming: Roaming, link: str) -> str:
    """Move there; the care-of address."""
    lab.move(link)
    roaming.registered_at(link)
    (entry,) = roaming.home_addresses()
    return str(entry.care_of_address)


@pytest.mark.requirement(
    "ALL-5.5-01",
    "RFC4877-ALL-4.1-05",
    "RFC4877-ALL-4.1-06",
    "RFC4877-ALL-5-01",
    "RFC4877-MN-4.3-03",
    "HA-10.4.2-01",
    "MN-11.6.3-02",
)
def test_everything_can_be_encrypted(lab, roaming, key):
    """And from the Binding Update of a move on, nothing leaves from the care-of address of before.

    Also nothing of groups goes in clear, about which each laptop is asked otherwise as soon as it is bound.
    """
    visited: list[str] = []
    with switched_on(roaming, *EVERYTHING, "home_agent.multicast"):
        with lab.capture(lab.home_agent, "core0", "payload") as capture:
            for link in (VISITED_A, VISITED_B):
                visited.append(arrive(lab, roaming, link))
                call_from_outside(lab, key.home_address)
        found = seen(capture.file, key)
        inside = [each for each in found if each.spi in (TUNNEL_UP, TUNNEL_DOWN)]
        assert {each.spi for each in inside} == {TUNNEL_UP, TUNNEL_DOWN}
        assert all(each.headers[:2] == ["esp", "ipv6"] for each in inside), "the key of the tunnel reads all of it"
        assert not [each for each in packets(capture.file) if each.inner is not None], "a tunnel in clear"
        moved = next(n for n, each in enumerate(found) if each.kind == BU and each.source == visited[1])
        assert not [each for each in found[moved:] if each.spi == TUNNEL_UP and each.source == visited[0]]
    roaming.registered_at(VISITED_B)
    call_from_outside(lab, key.home_address)


@pytest.mark.requirement("MN-11.3.2-04")
@pytest.mark.parametrize("settings", [(), EVERYTHING], ids=["signalling", "everything"])
def test_key_management_is_neither_encrypted_nor_tunnelled(lab, roaming, key, settings):
    with switched_on(roaming, *settings):
        here = arrive(lab, roaming, VISITED_A)
        call_from_outside(lab, key.home_address)
        sent = exchange(lab, f"keys-{len(settings)}")
        for port in KEY_MANAGEMENT:
            assert (str(sent[port].source), sent[port].inner, sent[port].order) == (here, None, ())


@pytest.mark.requirement("HA-10.4.5-02")
def test_a_tunnel_in_clear_is_let_in_only_where_not_everything_is_encrypted(lab, roaming, key):
    """What it claims is right: the care-of address of the laptop outside, and its home address inside."""

    def comes_through(here: str, said: bytes) -> bool:
        """Whether it is forwarded; behind it goes what is let in, so it has been judged."""
        inner = ipv6(key.home_address, CORRESPONDENT_ADDRESS, NO_NEXT_HEADER, said)
        with Stranger(lab.correspondent, "core0") as stranger:
            stranger.send(ipv6(here, HOME_AGENT_ADDRESS, IPV6, inner))
            call_from_outside(lab, key.home_address)
            return any(each[6] == NO_NEXT_HEADER and each[40:] == said for each in stranger.received())

    assert comes_through(arrive(lab, roaming, VISITED_B), b"by the address alone")
    with switched_on(roaming, *EVERYTHING):
        here = arrive(lab, roaming, VISITED_A)
        before = refusals(lab.home_agent)
        assert not comes_through(here, b"without a key")
        assert (refusals(lab.home_agent) - before)["XfrmInTmplMismatch"] >= 1, "refused by the policy"
    roaming.registered_at(VISITED_A)
    call_from_outside(lab, key.home_address)
