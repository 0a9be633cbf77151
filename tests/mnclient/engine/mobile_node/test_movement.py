# SPDX-License-Identifier: GPL-2.0-or-later
"""Movement detection: with link events, and on a link that never goes down while the routers on it change."""

from ipaddress import IPv6Address
from itertools import pairwise

import pytest

from mnclient.constants import (
    MAX_INTERFACES,
    MAX_ROUTERS_PER_INTERFACE,
    MAX_UNICAST_SOLICIT,
    MINIMUM_DOUBT,
    ROUTER_PROBE_INTERVAL,
)
from mnclient.engine.events import LinkRemoved, NeighborUnreachable
from mnclient.engine.mobile_node.doubt import NEARLY_GONE
from mnclient.wire.addresses import ALL_ROUTERS, UNSPECIFIED
from mnclient.wire.neighbor_discovery import NeighborSolicitation, RouterSolicitation
from mnclient.wire.neighbor_options import RouterPreference, SourceLinkLayerAddress
from tests.mnclient.engine.mobile_node.script import (
    LINK_LOCAL,
    MAC,
    MAC_A,
    MAC_B,
    NET_A,
    NET_B,
    ROUTER_A,
    ROUTER_B,
    Script,
    advertisement,
    answer,
    config,
    link,
    only,
    policy,
    prefix,
    probes,
    ra_a,
    ra_b,
    sent,
    solicitations,
    updates,
)

SILENCE = MAX_UNICAST_SOLICIT * ROUTER_PROBE_INTERVAL + 0.01


@pytest.fixture
def attached() -> Script:
    """On eth0 with router A."""
    script = Script()
    script.register()
    script.pass_time(2.0)
    return script


def current(script: Script, interface: str = "eth0") -> IPv6Address | None:
    status = only(each for each in script.node.interfaces(script.now) if each.name == interface)
    return next((router.address for router in status.routers if router.is_current), None)


# --- solicitation ----------------------------------------------------------------------------------------------------


@pytest.mark.requirement("RFC4861-MN-6.3.7-01", "RFC4861-MN-6.3.7-03", "RFC4861-MN-4.1-01", "RFC4861-MN-4.1-03")
def test_a_link_that_comes_up_is_solicited_at_once():
    script = Script()
    solicitation = only(solicitations(script.give(link())))
    assert solicitation.interface == "eth0"
    packet = solicitation.packet
    assert (packet.source, packet.destination, packet.hop_limit) == (LINK_LOCAL, ALL_ROUTERS, 255)
    assert packet.message == RouterSolicitation(options=(SourceLinkLayerAddress(address=MAC),))


@pytest.mark.requirement("RFC4861-MN-4.1-02")
def test_without_a_link_local_address_it_is_solicited_from_nowhere():
    script = Script()
    packet = only(solicitations(script.give(link(link_local_address=None)))).packet
    assert (packet.source, packet.message) == (UNSPECIFIED, RouterSolicitation())


def test_solicitations_go_on_and_slow_down_to_one_an_hour():
    script = Script()
    script.give(link())
    times = [0.0] + [time for time, action in script.timeline(6 * 3600) if solicitations([action])]
    gaps = [round(later - earlier, 3) for earlier, later in pairwise(times)]
    assert gaps[:8] == [0.5, 1, 2, 4, 8, 16, 32, 64]
    assert gaps[-1] == 3600
    assert max(gaps) == 3600


def test_intervals_are_spread_by_a_tenth():
    script = Script()
    script.node._context.entropy.uniform = lambda low, high: high  # type: ignore[method-assign]
    script.give(link())
    times = [0.0] + [time for time, action in script.timeline(4 * 3600) if solicitations([action])]
    assert times[1] == pytest.approx(0.55)
    assert times[2] - times[1] == pytest.approx(2.1 * 0.55)
    assert times[-1] - times[-2] == pytest.approx(3960)


@pytest.mark.requirement("RFC7559-MN-2.1-01", "RFC4861-MN-6.3.7-05")
def test_a_router_ends_the_solicitation():
    script = Script()
    script.give(link())
    script.give(ra_a())
    assert not solicitations(script.pass_time(600.0))


@pytest.mark.requirement("RFC7559-MN-2.1-02")
def test_a_router_without_a_lifetime_does_not():
    script = Script()
    script.give(link())
    script.give(ra_a(lifetime=0.0))
    assert current(script) is None
    assert len(solicitations(script.pass_time(8.0))) == 4


# --- link events -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", [link(up=False), LinkRemoved(interface="eth0")])
def test_a_lost_link_is_unusable_at_once(attached, event):
    attached.give(event)
    assert attached.home_address().care_of_address is None
    assert not attached.state.routes - {each for each in attached.state.routes if each.interface == "mn6home"}
    assert attached.node.next_deadline() is None or not solicitations(attached.pass_time(5000.0))


def test_the_first_router_after_an_interruption_is_the_one(attached):
    attached.give(link(interrupted=True))
    assert current(attached) is None
    attached.give(ra_b())
    assert current(attached) == ROUTER_B


@pytest.mark.requirement("RFC6059-MN-5.5.1-01", "RFC6059-MN-5.5.2-01", "RFC6059-MN-5.5.3-01", "RFC6059-MN-5.6.1-01")
def test_known_routers_are_asked_beside_the_solicitation(attached):
    attached.give(link(up=False))
    actions = attached.give(link())
    solicitation = only(solicitations(actions))
    assert (solicitation.packet.source, solicitation.packet.destination) == (LINK_LOCAL, ALL_ROUTERS)
    probe = only(probes(actions))
    assert (probe.packet.destination, probe.link_layer_destination) == (ROUTER_A, MAC_A)
    assert probe.packet.message == NeighborSolicitation(target=ROUTER_A, options=(SourceLinkLayerAddress(address=MAC),))


@pytest.mark.requirement("RFC6059-MN-5.7.1-01")
def test_a_known_router_that_answers_is_current_again_with_its_prefixes(attached):
    before = attached.care_of
    attached.give(link(interrupted=True))
    attached.give(answer(ROUTER_A, MAC_B))
    assert current(attached) is None
    attached.give(answer(ROUTER_A, MAC_A, solicited=False))
    assert current(attached) is None
    attached.give(answer(ROUTER_A, MAC_A))
    assert current(attached) == ROUTER_A
    assert attached.care_of == before


@pytest.mark.requirement("RFC6059-MN-5.5.2-02")
def test_a_router_whose_prefixes_have_ended_is_not_asked(attached):
    attached.give(link(up=False))
    attached.pass_time(90_000.0)
    assert not probes(attached.give(link()))


def test_interfaces_of_ours_and_too_many_are_ignored():
    script = Script()
    script.give(link("mn6home"))
    script.give(link("lo"))
    assert script.node.interfaces(script.now) == ()
    for number in range(MAX_INTERFACES + 5):
        script.give(link(f"eth{number}"))
    assert len(script.node.interfaces(script.now)) == MAX_INTERFACES


def test_advertisements_of_unknown_or_downed_links_are_ignored():
    script = Script()
    assert script.give(ra_a()) == []
    script.give(link(up=False))
    script.give(ra_a())
    assert script.node.counters()["ra.ignored.interface"] == 2


def test_a_disabled_interface_is_neither_asked_nor_believed():
    script = Script(config(interfaces=(policy("eth0", enabled=False),)))
    assert not solicitations(script.give(link()))
    script.give(ra_a())
    assert script.home_address().care_of_address is None
    assert solicitations(script.configure(config()))
    script.give(ra_a())
    assert script.care_of in NET_A


# --- the link stays --------------------------------------------------------------------------------------------------


@pytest.mark.requirement("MN-11.5.1-03", "MN-11.5.1-04", "MN-11.5.1-06")
def test_a_new_router_makes_the_current_one_be_asked_and_an_answer_keeps_it(attached):
    before = attached.care_of
    actions = attached.give(ra_b())
    probe = only(probes(actions))
    assert (probe.packet.source, probe.packet.destination) == (LINK_LOCAL, ROUTER_A)
    assert (probe.interface, probe.link_layer_destination) == ("eth0", MAC_A)
    assert probe.packet.hop_limit == 255
    assert len(solicitations(actions)) == 1
    attached.give(answer(ROUTER_A, MAC_A))
    for _ in range(5):
        actions = attached.pass_time(2.0) + attached.give(ra_b()) + attached.give(ra_a())
        assert not updates(actions)
    assert (current(attached), attached.care_of) == (ROUTER_A, before)


@pytest.mark.requirement("MN-11.5.1-01", "RFC4861-MN-7.3.3-02", "MN-7.5-01", "MN-11.5.4-01")
def test_silence_moves_to_the_new_router(attached):
    attached.give(ra_b())
    done = attached.timeline(SILENCE)
    asked = [time for time, action in done for each in probes([action]) if each.packet.destination == ROUTER_A]
    assert asked == [pytest.approx(ROUTER_PROBE_INTERVAL), pytest.approx(2 * ROUTER_PROBE_INTERVAL)]
    update = only(updates(action for _, action in done))
    assert update.packet.source in NET_B
    assert current(attached) == ROUTER_B


@pytest.mark.requirement("RFC4861-MN-7.3.1-01")
def test_neither_advertisements_nor_unsolicited_answers_prove_that_the_router_hears_us(attached):
    attached.give(NeighborUnreachable(interface="eth0", address=ROUTER_A))
    attached.give(ra_a())
    attached.give(answer(ROUTER_A, MAC_A, solicited=False))
    attached.pass_time(SILENCE)
    assert current(attached) is None


@pytest.mark.requirement("RFC4861-MN-7.3.3-02")
def test_the_kernel_may_be_the_first_to_doubt(attached):
    assert not probes(attached.give(NeighborUnreachable(interface="eth0", address=ROUTER_B)))
    actions = attached.give(NeighborUnreachable(interface="eth0", address=ROUTER_A))
    assert len(probes(actions)) == len(solicitations(actions)) == 1


def test_an_answer_from_other_hardware_is_not_the_routers(attached):
    attached.give(ra_b())
    attached.give(answer(ROUTER_A, MAC_B))
    attached.pass_time(SILENCE)
    assert current(attached) == ROUTER_B


def test_everybody_may_be_called_the_same(attached):
    attached.give(advertisement(ROUTER_A, MAC_B, NET_B))
    assert attached.care_of in NET_A
    attached.give(answer(ROUTER_A, MAC_B))
    attached.pass_time(SILENCE)
    assert attached.care_of in NET_B


@pytest.mark.requirement("MN-11.5.1-04")
def test_equal_names_with_other_global_addresses_are_somebody_else():
    script = Script()
    script.give(link())
    script.give(advertisement(ROUTER_A, MAC_A, prefix(NET_A, router=IPv6Address("2001:db8:a::1"))))
    assert script.care_of in NET_A
    script.give(advertisement(ROUTER_A, MAC_A, prefix(NET_B, router=IPv6Address("2001:db8:b::1"))))
    assert script.care_of in NET_B


def test_a_router_that_changes_its_prefixes_stays_and_the_old_ones_live_on(attached):
    before = attached.care_of
    assert not updates(attached.give(advertisement(ROUTER_A, MAC_A, NET_B)))
    assert attached.care_of == before


@pytest.mark.requirement("MN-11.5.1-05", "MN-7.3-01")
def test_missed_advertisements_raise_doubt():
    script = Script()
    script.give(link())
    script.give(ra_a(interval=1.0))
    asked = [time for time, action in script.timeline(3.1) if probes([action])]
    assert asked == [pytest.approx(3.0)]


def test_doubt_is_never_sooner_than_a_busy_router_needs():
    script = Script()
    script.give(link())
    script.give(ra_a(interval=0.07))
    asked = [time for time, action in script.timeline(0.35) if probes([action])]
    assert asked == [pytest.approx(MINIMUM_DOUBT)]


def test_a_router_that_answers_but_stopped_advertising_is_asked_ever_less_often():
    script = Script()
    script.give(link())
    script.give(ra_a(interval=0.07, lifetime=9000.0))
    asked = 0
    for _ in range(600):
        if probes(script.pass_time(0.1)):
            asked += 1
            script.give(answer(ROUTER_A, MAC_A))
    assert 4 <= asked <= 9
    assert current(script) == ROUTER_A


@pytest.mark.requirement("RFC4861-MN-6.3.4-02")
def test_a_lifetime_of_zero_drops_the_router_at_once(attached):
    attached.give(ra_b())
    attached.give(answer(ROUTER_A, MAC_A))
    actions = attached.give(ra_a(lifetime=0.0))
    assert current(attached) == ROUTER_B
    assert only(updates(actions)).packet.source in NET_B


def test_a_lifetime_near_its_end_is_asked_about_and_its_end_drops_the_router():
    script = Script()
    script.give(link())
    script.give(ra_a(lifetime=100.0))
    done = script.timeline(99.0)
    assert next(time for time, action in done if probes([action])) == pytest.approx(100.0 - NEARLY_GONE)
    script = Script()
    script.give(link())
    script.give(ra_a(lifetime=100.0))
    script.pass_time(95.0)
    script.give(answer(ROUTER_A, MAC_A))
    script.pass_time(4.9)
    assert current(script) == ROUTER_A
    assert solicitations(script.pass_time(0.2))
    assert current(script) is None


@pytest.mark.requirement("RFC4861-MN-7.2.5-01")
def test_a_router_that_says_it_is_none_any_more_is_dropped(attached):
    attached.give(answer(ROUTER_A, MAC_A, is_router=False))
    assert current(attached) is None


@pytest.mark.requirement("RFC4861-MN-6.3.4-03", "RFC4191-MN-3.2-01")
def test_the_next_router_is_the_most_preferred_one(attached):
    other = IPv6Address("fe80::c")
    attached.give(ra_b(preference=RouterPreference.HIGH))
    attached.give(advertisement(other, bytes(5) + b"\x0c", NET_B))
    attached.pass_time(SILENCE)
    assert current(attached) == ROUTER_B


def test_without_a_link_local_address_silence_proves_nothing():
    script = Script()
    script.give(link(link_local_address=None))
    script.give(ra_a())
    script.pass_time(2.0)
    script.give(ra_b())
    assert not sent(script.pass_time(5.0), NeighborSolicitation)
    assert current(script) == ROUTER_A
    script.give(link())
    script.pass_time(SILENCE + ROUTER_PROBE_INTERVAL)
    assert current(script) == ROUTER_B


def test_a_flood_of_routers_is_bounded_and_evicts_the_current_one_never(attached):
    asked = 0
    for number in range(400):
        source = IPv6Address(int(IPv6Address("fe80::1:0")) + number)
        actions = attached.give(advertisement(source, number.to_bytes(6), NET_B)) + attached.pass_time(0.01)
        if probes(actions):
            asked += 1
            attached.give(answer(ROUTER_A, MAC_A))
    status = only(attached.node.interfaces(attached.now))
    assert len(status.routers) == MAX_ROUTERS_PER_INTERFACE
    assert current(attached) == ROUTER_A
    assert asked <= 5


def test_a_failed_router_that_comes_back_takes_its_turn(attached):
    attached.give(ra_b())
    attached.pass_time(SILENCE)
    attached.pass_time(2.0)
    assert only(probes(attached.give(ra_a()))).packet.destination == ROUTER_B
