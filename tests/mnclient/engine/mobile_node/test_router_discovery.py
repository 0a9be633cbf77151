# SPDX-License-Identifier: GPL-2.0-or-later
"""Questions to the link: after a cold start by the letter of the RFCs, after a hint of movement sooner."""

import random
from itertools import pairwise
from statistics import mean

import pytest

from mnclient.constants import MAX_RTR_SOLICITATION_DELAY, SOLICIT_IRT, SOLICIT_MRT
from mnclient.engine.events import Configured
from mnclient.engine.mobile_node.mobile_node import MobileNode
from mnclient.model.config import NodeConfig
from mnclient.wire.addresses import UNSPECIFIED
from tests.mnclient.engine.mobile_node.script import (
    KnownEntropy,
    Script,
    config,
    link,
    only,
    policy,
    probes,
    ra_a,
    ra_b,
    solicitations,
    updates,
)


class Dice(KnownEntropy):
    """Numbers that are spread over what is asked for, the same in every run."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._random = random.Random(seed)

    def uniform(self, low: float, high: float) -> float:
        return self._random.uniform(low, high)


def started(seed: int | None = None, **rest: object) -> Script:
    """The service starts on a machine that has been plugged in for who knows how long."""
    script = Script()
    script.node = MobileNode(KnownEntropy() if seed is None else Dice(seed))
    script.give(link())
    assert not solicitations(script.actions[-1:])
    assert not solicitations(script.give(Configured(config=NodeConfig(mobile_node=config(**rest))))), "at once"
    return script


def solicited(script: Script, seconds: float) -> list[float]:
    return [time for time, action in script.timeline(seconds) if solicitations([action])]


@pytest.mark.requirement("RFC4861-MN-6.3.7-02")
def test_the_first_solicitation_after_a_cold_start_waits_for_a_random_time():
    delays = [solicited(started(seed), 1.0)[0] for seed in range(300)]
    assert all(0.0 <= each <= MAX_RTR_SOLICITATION_DELAY for each in delays)
    counts = [sum(low <= each < low + 0.25 for each in delays) for low in (0.0, 0.25, 0.5, 0.75)]
    assert min(counts) > 50, f"not spread over the second: {counts}"
    assert mean(delays) == pytest.approx(0.5, abs=0.05)


@pytest.mark.requirement("RFC7559-MN-2-01", "RFC4861-MN-6.3.7-04")
def test_after_a_cold_start_the_intervals_are_those_of_the_text_and_never_end():
    times = solicited(started(), 30 * 3600.0)
    gaps = [round(later - earlier, 3) for earlier, later in pairwise(times)]
    assert gaps[:10] == [SOLICIT_IRT * 2**number for number in range(10)]
    assert gaps[10:] == [SOLICIT_MRT] * len(gaps[10:])
    assert len(gaps) > 30, "there is no last one"


@pytest.mark.requirement("RFC7559-MN-2-01")
@pytest.mark.parametrize("seed", range(20))
def test_after_a_cold_start_no_interval_is_off_by_more_than_a_tenth(seed):
    gaps = [later - earlier for earlier, later in pairwise(solicited(started(seed), 12 * 3600.0))]
    assert gaps[0] == pytest.approx(SOLICIT_IRT, rel=0.1)
    for before, gap in pairwise(gaps):
        wanted = min(2 * before, SOLICIT_MRT)
        assert gap == pytest.approx(wanted, abs=0.1 * wanted + 1e-3)


@pytest.mark.requirement("RFC7559-MN-3-01")
def test_unlimited_solicitation_is_the_default_and_there_is_no_switch_that_could_be_off():
    assert not [name for name in dir(config()) if "solicit" in name.lower()]
    script = Script()
    script.give(link())
    assert len(solicited(script, 24 * 3600.0)) > 20


def test_an_advertisement_that_comes_before_the_first_solicitation_makes_it_needless():
    script = started()
    assert updates(script.give(ra_a()))
    assert not solicited(script, 60.0)


def test_a_hint_of_movement_while_the_first_solicitation_waits_is_not_kept_waiting():
    script = started()
    assert len(solicitations(script.give(link(interrupted=True)))) == 1
    gaps = [later - earlier for earlier, later in pairwise([0.0, *solicited(script, 4.0)])]
    assert gaps == pytest.approx([0.5, 1.0, 2.0])


def test_a_cable_pulled_while_the_first_solicitation_waits_ends_it():
    script = started()
    script.give(link(up=False))
    assert not solicited(script, 60.0)


def test_a_disabled_interface_is_not_solicited_after_a_cold_start_either():
    script = started(interfaces=(policy("eth0", enabled=False),))
    assert not solicited(script, 60.0)


# --- what a solicitation says ----------------------------------------------------------------------------------------


@pytest.mark.requirement("RFC6059-MN-5.6.2-01")
def test_a_solicitation_beside_probes_of_known_routers_does_not_say_the_hardware_address():
    script = Script()
    first = only(solicitations(script.give(link())))
    assert first.packet.message.source_link_layer_address, "nothing is known yet: this is no detection of attachment"
    script.give(ra_a())
    script.give(link(up=False))
    actions = script.give(link())
    message = only(solicitations(actions)).packet.message
    assert message.options == ()
    assert all(not each.packet.message.options for each in solicitations(script.pass_time(10.0)))


def test_in_doubt_about_the_present_router_it_says_it():
    script = Script()
    script.register()
    script.pass_time(2.0)
    solicitation = only(solicitations(script.give(ra_b())))
    assert solicitation.packet.message.source_link_layer_address


@pytest.mark.requirement("RFC4429-MN-3.2-01", "RFC4429-MN-3.2-02")
def test_while_the_link_local_address_is_not_settled_questions_come_from_nowhere_and_no_probe_leaves():
    """The monitor tells of a link-local address only once it is neither tentative nor optimistic."""
    script = Script()
    script.give(link())
    script.give(ra_a())
    script.give(link(up=False))
    actions = script.give(link(link_local_address=None)) + script.pass_time(3.0)
    assert solicitations(actions)
    for each in solicitations(actions):
        assert each.packet.source == UNSPECIFIED
        assert each.packet.message.options == ()
    assert not probes(actions + script.give(ra_b()))
