# SPDX-License-Identifier: GPL-2.0-or-later
"""What an administrator of a home agent does to bindings and to those who register, and what comes of it."""

from ipaddress import IPv6Address

import pytest

from tests.lab.hostile import complete_log
from tests.lab.topology import HOME_PREFIX, VISITED_A, VISITED_A_PREFIX, VISITED_B
from tests.lab.traffic import TcpTransfer, call_from_outside, reachable_from_outside

pytestmark = pytest.mark.lab


@pytest.fixture
def away(lab, at_home):
    """The laptop in network A, registered, with the home agent as it was at first."""
    lab.move(VISITED_A)
    at_home.registered_at(VISITED_A)
    return at_home


def bound(roaming, *words: str) -> list[str]:
    return [each["care_of_address"] for each in roaming.home_agent.mnctl("bindings", *words)["binding_cache"]]


def tunnels(lab) -> str:
    """Routes of home addresses on the home agent."""
    return lab.home_agent.run(["ip", "-6", "route", "show", "proto", "135", "table", "main"])


def test_bindings_are_found_by_what_one_knows_of_them(away):
    (care_of,) = bound(away)
    for words, expected in (
        (("--matching", care_of), [care_of]),
        (("--care-of-addresses", str(VISITED_A_PREFIX)), [care_of]),
        (("--home-addresses", str(HOME_PREFIX), "--interface", "home0"), [care_of]),
        (("--interface", "core0"), []),
        (("--home-addresses", str(VISITED_A_PREFIX)), []),
    ):
        assert bound(away, *words) == expected, words


def test_a_cleared_binding_is_gone_and_made_again_by_the_laptop(lab, away):
    """Cleared by its whole prefix: no route, no proxy; the laptop's next registration is as good as its first."""
    (entry,) = away.home_addresses()
    assert str(entry.address) in tunnels(lab)
    answer = away.home_agent.mnctl("bindings", "clear", "--care-of-addresses", str(VISITED_A_PREFIX))
    assert answer == {"ok": True, "cleared": 1}
    lab.eventually(lambda: bound(away) == [] and str(entry.address) not in tunnels(lab), within=5.0)
    assert str(entry.address) not in lab.home_agent.run(["ip", "-6", "neigh", "show", "proxy"])
    assert away.home_agent.counters()["binding.dismissed"] >= 1
    lab.move(VISITED_B)
    away.registered_at(VISITED_B)
    call_from_outside(lab, entry.address)


def test_who_may_not_register_is_told_so_and_loses_the_binding(lab, away):
    """The rule is about a visited network: in another one the same laptop is welcome."""
    (entry,) = away.home_addresses()
    rule = ("deny", "--care-of-addresses", str(VISITED_A_PREFIX))
    away.home_agent.mnctl("access", "add", "home-agent", *rule)
    try:
        lab.eventually(lambda: bound(away) == [], within=5.0, what="the binding ends with its permission")
        lab.move(VISITED_B)
        away.registered_at(VISITED_B)
        call_from_outside(lab, entry.address)
        lab.move(VISITED_A)
        lab.eventually(lambda: away.home_addresses()[0].last_status == 129, within=15.0, what="it is prohibited")
        counters = away.home_agent.counters()
        assert counters["bu.refused.129"] >= 1
        # While it is refused, its binding of before is not touched: it is the mobile node's to renew or to give up.
        assert all(each not in VISITED_A_PREFIX for each in map(IPv6Address, bound(away)))
    finally:
        away.home_agent.mnctl("access", "remove", "home-agent", "1")
    away.go_home()


def test_messages_are_counted_by_kind_and_direction(lab, away):
    counters = away.home_agent.counters()
    laptop = away.laptop.counters()
    assert counters["messages.received.BindingUpdate"] == counters["bu.received"]
    assert laptop["messages.sent.BindingUpdate"] >= counters["messages.received.BindingUpdate"]
    assert counters["messages.sent.BindingAcknowledgement"] >= laptop["messages.received.BindingAcknowledgement"] > 0
    assert counters["messages.sent.RouterAdvertisement"] == counters["ra.sent"]


@pytest.mark.requirement("HA-7.5-01")
def test_intervals_down_to_the_lowest_take_effect_at_once(lab, at_home):
    """30 to 70 ms, as configured while it runs: some dozen advertisements in a second and more."""
    words = ("--min-interval", "0.03", "--max-interval", "0.07", "--preference", "9", "--lifetime", "600")
    at_home.home_agent.mnctl("home-agent", "advertise", str(HOME_PREFIX), *words)
    with lab.capture(lab.laptop, "eth0", "advertised", packet_filter="icmp6 and ip6[40] == 134") as capture:

        def sent() -> list[str]:
            lines = at_home.laptop.mnctl_process("decode", str(capture.file)).stdout
            return lines.splitlines()

        lab.eventually(lambda: len(sent()) > 30, within=10.0)
    known = [each.preference for each in at_home.status().known_home_agents]
    assert known == [9]


def test_what_is_logged_in_detail_is_switched_while_it_runs(lab, away):
    def lines(word: str) -> int:
        return complete_log(away.home_agent).count(word)

    assert lines("heard on core0: BindingUpdate") == 0
    away.home_agent.mnctl("debug", "on", "signalling", "network")
    with TcpTransfer(lab, away.home_addresses()[0].address) as transfer:
        lab.move(VISITED_B)
        away.registered_at(VISITED_B)
        transfer.flows()
    lab.eventually(lambda: lines("heard on core0: BindingUpdate") >= 1, within=5.0)
    assert lines("tunnel replace") + lines("route replace") >= 1
    away.home_agent.mnctl("debug", "off", "signalling", "network")
    before = lines("BindingUpdate")
    lab.move(VISITED_A)
    away.registered_at(VISITED_A)
    assert lines("BindingUpdate") == before
    lab.eventually(reachable_from_outside(lab, away.home_addresses()[0].address), within=5.0)
