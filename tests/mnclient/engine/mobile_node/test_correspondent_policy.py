# SPDX-License-Identifier: GPL-2.0-or-later
"""With whom route optimisation is used."""

from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.engine.events import DatapathChosen
from mnclient.engine.mobile_node.correspondent_policy import (
    NEVER,
    NOT_ALLOWED,
    NOT_NAMED,
    OTHER_WAY,
    PRIVATE,
    UNPROTECTED_TEST,
    can_be_correspondent,
    refusal,
    refusal_for_home,
)
from mnclient.model.config import CorrespondentPolicy, OptimizationUse, RouteOptimizationConfig, TrafficRule
from mnclient.model.keys import KeyKind
from mnclient.model.status import HomeAddressState as State
from tests.mnclient.engine.authenticated import MINE, Pair
from tests.mnclient.engine.mobile_node.peer import (
    PEER,
    Abroad,
    Peer,
    care_of_inits,
    home_inits,
    open_config,
    told,
)
from tests.mnclient.engine.mobile_node.script import AGENT, HOME, config, home

AROUND, EXACT = IPv6Network("2001:db8:cc::/48"), IPv6Network((int(PEER), 128))


def chosen(use: OptimizationUse, *policies: tuple[IPv6Network, bool], privacy: bool = False) -> RouteOptimizationConfig:
    return RouteOptimizationConfig(
        use=use,
        correspondents=tuple(CorrespondentPolicy(prefix=prefix, allow=allow) for prefix, allow in policies),
        location_privacy=privacy,
    )


@pytest.mark.requirement("MN-11.7.2-04")
@pytest.mark.parametrize(
    "optimization, expected",
    [
        (chosen(OptimizationUse.ALWAYS), ""),
        (chosen(OptimizationUse.ALWAYS, (AROUND, False)), NOT_ALLOWED),
        (chosen(OptimizationUse.ALWAYS, (AROUND, False), (EXACT, True)), ""),
        (chosen(OptimizationUse.ALWAYS, (EXACT, False), (AROUND, True)), NOT_ALLOWED),
        (chosen(OptimizationUse.ALWAYS, (AROUND, True), (AROUND, False)), NOT_ALLOWED),
        (chosen(OptimizationUse.ONLY_THESE), NOT_NAMED),
        (chosen(OptimizationUse.ONLY_THESE, (AROUND, True)), ""),
        (chosen(OptimizationUse.NEVER, (AROUND, True)), NEVER),
        (chosen(OptimizationUse.ALWAYS, (EXACT, True), privacy=True), PRIVATE),
    ],
)
def test_the_settings_decide(optimization, expected):
    assert refusal(PEER, config(route_optimization=optimization)) == expected


@pytest.mark.parametrize(
    "rule, expected",
    [
        (TrafficRule(destination=AROUND), OTHER_WAY),
        (TrafficRule(), OTHER_WAY),
        (TrafficRule(destination=AROUND, protocol=6, ports=(80, 80)), ""),
        (TrafficRule(destination=IPv6Network("2001:db8:dd::/48")), ""),
    ],
)
def test_what_a_traffic_rule_takes_away_altogether(rule, expected):
    assert refusal(PEER, open_config(traffic_rules=(rule,))) == expected


@pytest.mark.requirement("MN-11.3.1-05", "MN-11.7.2-02")
@pytest.mark.parametrize(
    "address, expected",
    [
        (str(PEER), True),
        (str(AGENT), False),
        ("2001:db8:1::77", False),
        (str(HOME), False),
        ("2001:db8:a::5", False),
        ("fe80::1", False),
        ("ff0e::1", False),
        ("::", False),
        ("::1", False),
    ],
)
def test_whom_it_is_never_used_with(address, expected):
    own = {IPv6Address("2001:db8:a::5"), HOME}
    assert can_be_correspondent(IPv6Address(address), [home()], own) is expected


def test_who_may_not_is_shown_with_the_reason_and_not_asked():
    script = Abroad(open_config(route_optimization=chosen(OptimizationUse.ONLY_THESE)))
    assert [type(each).__name__ for each in script.give(script.peer.heard())] == ["PublishStatus"]
    assert script.status.reason == NOT_NAMED
    script.configure(open_config())
    script.bind()


@pytest.mark.requirement("RFC4285-MN-2-01")
def test_not_with_a_key_that_protects_registrations_alone() -> None:
    mine = replace(home(), association=MINE)
    assert refusal_for_home(HOME, config(mine)) == UNPROTECTED_TEST
    assert not refusal_for_home(HOME, config(replace(mine, association=replace(MINE, kind=KeyKind.ESP))))
    assert not refusal_for_home(HOME, config())


@pytest.mark.requirement("RFC4285-MN-2-01")
def test_under_such_a_key_nobody_is_tested_or_told() -> None:
    pair = Pair()
    pair.mobile.give(DatapathChosen(route_optimization=True))
    pair.mobile.configure(open_config(replace(home(), association=MINE), allow=False))
    pair.attach()
    assert pair.mobile.where is State.REGISTERED
    actions = [*pair.mobile.give(Peer().heard()), *pair.mobile.pass_time(5.0)]
    assert [*home_inits(actions), *care_of_inits(actions), *told(actions)] == []
    (status,) = pair.mobile.node.correspondents(pair.mobile.now)
    assert status.reason == UNPROTECTED_TEST
