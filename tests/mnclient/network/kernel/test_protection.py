# SPDX-License-Identifier: GPL-2.0-or-later
"""Protection as states and policies: the same on both ends, mirrored."""

from dataclasses import replace
from ipaddress import IPv6Address

import pytest

from mnclient.constants import DECRYPTED_MARK
from mnclient.model.keys import KEY_ALGORITHMS, KeyKind
from mnclient.model.network_state import ProtectedSignalling, ProtectedTunnel, TunnelEnd
from mnclient.network.kernel.protection import decrypted_mark
from mnclient.network.kernel.transformations import is_ours, transformations
from mnclient.network.plan import describe_item
from mnclient.network.xfrm import Direction, Mode, State
from mnclient.network.xfrm_esp import EspState
from tests.mnclient.engine.associations import AGENT, association

HOME, CARE_OF, CARE_OF_2 = (IPv6Address(f"2001:db8:{each}") for each in ("1::100", "2::5", "3::5"))
LAPTOP = association(HOME, spi_in=0x1002, spi_out=0x1001)
HOST = association(HOME, spi_in=0x1001, spi_out=0x1002)
AWAY = ProtectedSignalling(end=TunnelEnd.MOBILE_NODE, association=LAPTOP, care_of_address=CARE_OF)
SERVING = ProtectedSignalling(end=TunnelEnd.HOME_AGENT, association=HOST)
TUNNEL = ProtectedTunnel(
    device="mn6home", end=TunnelEnd.MOBILE_NODE, association=LAPTOP, care_of_address=CARE_OF, accept_local=(CARE_OF_2,)
)
FAR_TUNNEL = ProtectedTunnel(device="mn6agent", end=TunnelEnd.HOME_AGENT, association=HOST, care_of_address=CARE_OF)
NAMES = {HOME: "home", AGENT: "agent", CARE_OF: "care-of", CARE_OF_2: "care-of-2", IPv6Address("::"): "any"}
MODES = {Mode.TRANSPORT: "esp", Mode.TUNNEL: "tunnel", Mode.ROUTE_OPTIMIZATION: "ro"}
PROTOCOLS = {43: "routing", 60: "option"}


def name(network):
    return "any" if network.prefixlen == 0 else NAMES[network.network_address]


def written(item, device=0):
    """The policies: direction, packets, and what they need, the innermost first."""
    lines = []
    for each in transformations(item, device).policies:
        needs = [
            (f"{PROTOCOLS[t.protocol]}?" if t.optional else PROTOCOLS[t.protocol])
            if t.mode is Mode.ROUTE_OPTIMIZATION
            else f"{MODES[t.mode]}:{t.spi:x}"
            for t in each.templates
        ]
        kind = "" if each.selector.type is None else f"/{each.selector.type}"
        what = f"{each.selector.protocol}{kind}" if each.selector.protocol else "all"
        by = f" by {each.selector.interface}" if each.selector.interface else ""
        way = each.direction.name.lower()
        lines.append(f"{way} {name(each.selector.source)} > {name(each.selector.destination)} {what}{by}: {needs}")
    return lines


def states(item):
    return transformations(item).states


def esp(item):
    return [each for each in states(item) if isinstance(each, EspState)]


def unmarked(item):
    return {replace(each, mark=0) for each in esp(item)}


def test_what_comes_in_is_marked_and_nothing_else():
    for item, own in ((AWAY, HOME), (SERVING, AGENT), (TUNNEL, CARE_OF), (TUNNEL, CARE_OF_2), (FAR_TUNNEL, AGENT)):
        found = {each.destination: (each.mark, each.spi) for each in esp(item)}
        mark, spi = found[own]
        assert mark == decrypted_mark(spi) in (DECRYPTED_MARK, DECRYPTED_MARK + 1)
    for item, far in ((AWAY, AGENT), (SERVING, HOME), (TUNNEL, AGENT), (FAR_TUNNEL, CARE_OF)):
        assert {each.destination: each.mark for each in esp(item)}[far] == 0


@pytest.mark.requirement("RFC4877-MN-6.1-01", "RFC4877-MN-6.3-01", "RFC4877-ALL-4.2-01", "MN-5.1-01", "MN-5.4-01")
@pytest.mark.requirement("RFC4877-ALL-4.1-01", "RFC4877-ALL-4.1-03", "RFC4877-ALL-4.1-04", "RFC4877-MN-4.2-04")
def test_the_mobile_node_away():
    assert written(AWAY) == [
        "out home > agent 135/5: ['esp:1001', 'option']",
        "out home > agent 58/146: ['esp:1001', 'option']",
        "in agent > home 135: ['esp:1002', 'routing?']",
        "in agent > home 58/147: ['esp:1002', 'routing?']",
        "in agent > home 58/58: ['esp:1002', 'routing?']",
    ]
    (option,) = [each for each in states(AWAY) if isinstance(each, State) and each.protocol == 60]
    assert (option.source, option.destination, option.care_of) == (HOME, AGENT, CARE_OF)


@pytest.mark.requirement("RFC3776-MN-3.1-02", "RFC4877-MN-4.2-03")
def test_at_home_there_is_no_option_and_the_same_pair():
    at_home = replace(AWAY, care_of_address=None)
    assert written(at_home)[:2] == ["out home > agent 135/5: ['esp:1001']", "out home > agent 58/146: ['esp:1001']"]
    assert esp(at_home) == esp(AWAY) == esp(replace(AWAY, care_of_address=CARE_OF_2))


@pytest.mark.requirement("RFC4877-HA-6.1-01", "HA-5.1-03", "HA-5.1-01", "HA-5.4-01")
@pytest.mark.requirement("RFC4877-ALL-4.1-01", "RFC4877-ALL-4.1-03", "RFC4877-ALL-4.1-04")
def test_the_home_agent_mirrors_it():
    assert written(SERVING) == [
        "in home > agent 135: ['esp:1001', 'option?']",
        "in home > agent 58/146: ['esp:1001', 'option?']",
        "in home > agent 58/58: ['esp:1001', 'option?']",
        "out agent > home 135/6: ['esp:1002']",
        "out agent > home 58/147: ['esp:1002']",
    ]


@pytest.mark.requirement("MN-5.1-02", "HA-5.1-02", "ALL-5.1-01", "RFC4877-ALL-4.1-01")
@pytest.mark.parametrize("algorithm", [each.name for each in KEY_ALGORITHMS[KeyKind.ESP]])
def test_both_ends_have_the_same_associations(algorithm):
    known = next(each for each in KEY_ALGORITHMS[KeyKind.ESP] if each.name == algorithm)
    change = {"algorithm": algorithm, "secret": bytes(range(known.low))}
    laptop, host = replace(LAPTOP, **change), replace(HOST, **change)
    assert unmarked(replace(AWAY, association=laptop)) == unmarked(replace(SERVING, association=host))
    near = esp(replace(TUNNEL, association=laptop, accept_local=()))
    assert {replace(each, mark=0) for each in near} == unmarked(replace(FAR_TUNNEL, association=host))
    assert {each.mode for each in near} == {Mode.TUNNEL}
    assert {each.mode for each in esp(replace(AWAY, association=laptop))} == {Mode.TRANSPORT}


@pytest.mark.requirement("RFC4877-MN-6.2-01", "MN-11.6.3-01", "RFC4877-ALL-4.1-02", "RFC4877-ALL-4.1-03")
def test_home_tests_at_the_mobile_node():
    assert written(TUNNEL) == [
        "out home > any 135: ['tunnel:80001001']",
        "in any > home 135: ['tunnel:80001002']",
    ]
    ends = [(NAMES[each.source], NAMES[each.destination]) for each in esp(TUNNEL)]
    assert ends == [("care-of", "agent"), ("agent", "care-of"), ("agent", "care-of-2")]


@pytest.mark.requirement("HA-10.4.6-01", "HA-10.4.6-03")
def test_home_tests_at_the_home_agent():
    """What leaves, only if it would by the tunnel's device."""
    assert written(FAR_TUNNEL, 7) == [
        "forward home > any 135: ['tunnel:80001001']",
        "out any > home 135 by 7: ['tunnel:80001002']",
    ]


@pytest.mark.requirement("RFC4877-HA-4.3-02", "HA-10.4.6-02", "RFC4877-MN-4.3-02")
@pytest.mark.parametrize("item", [TUNNEL, FAR_TUNNEL])
def test_the_tunnel_follows_the_care_of_address(item):
    moved = replace(item, care_of_address=CARE_OF_2, accept_local=())
    assert {each.source for each in esp(moved)} | {each.destination for each in esp(moved)} == {CARE_OF_2, AGENT}
    assert {each.spi for each in esp(moved)} == {each.spi for each in esp(item)}


@pytest.mark.requirement("ALL-5.5-01", "RFC4877-ALL-4.1-05", "RFC4877-MN-6-01", "RFC4877-ALL-5-01")
@pytest.mark.requirement("HA-10.4.5-02", "HA-10.4.6-03")
def test_all_payload_can_go_so_behind_signalling():
    found = transformations(replace(TUNNEL, payload=True)).policies
    assert written(replace(TUNNEL, payload=True))[2:] == [
        "out home > any all: ['tunnel:80001001']",
        "in any > home all: ['tunnel:80001002']",
    ]
    assert written(replace(FAR_TUNNEL, payload=True), 7)[2:] == [
        "forward home > any all: ['tunnel:80001001']",
        "in home > any all: ['tunnel:80001001']",
        "out any > home all by 7: ['tunnel:80001002']",
        "out agent > home all: ['tunnel:80001002']",
    ]
    signalling = [each.priority for each in found if each.selector.protocol]
    payload = [each.priority for each in found if not each.selector.protocol]
    assert max(signalling) < min(payload)


@pytest.mark.requirement("MN-11.3.2-03")
def test_policies_go_by_the_home_address_alone():
    for item in (AWAY, TUNNEL, SERVING, FAR_TUNNEL):
        for each in transformations(item).policies:
            ends = {name(each.selector.source), name(each.selector.destination)}
            assert "home" in ends and "care-of" not in ends


def test_all_of_it_is_known_as_ours_and_told_without_the_secret():
    for item in (AWAY, TUNNEL, SERVING, FAR_TUNNEL, replace(TUNNEL, payload=True)):
        found = transformations(item)
        assert all(is_ours(each) for each in (*found.states, *found.policies))
        told = describe_item(item) + repr(item) + repr(found)
        assert LAPTOP.secret.hex() not in told and repr(LAPTOP.secret)[2:-1] not in told


def test_a_reflected_message_matches_nothing():
    """What the laptop sent does not pass for an answer, although a secret may serve both directions."""
    (up, down) = esp(AWAY)
    assert up.selector != down.selector and up.spi != down.spi
    assert [each.direction for each in transformations(AWAY).policies].count(Direction.IN) == 3


# --- which policy is found -------------------------------------------------------------------------------------------

ELSEWHERE = IPv6Address("2001:db8:5::1")
BU, BA, HOTI, HOT = 5, 6, 1, 3


def found(items, direction, source, destination, message, *, device=0, knows_types=True):
    """The SPI of the first policy for a Mobility Header, as the kernel finds it; None for none."""
    every = [(each, device) for item in items for each in transformations(item, DEVICE).policies]
    for policy, by in sorted(every, key=lambda each: each[0].priority):
        selector = policy.selector
        if (
            policy.direction is direction
            and source in selector.source
            and destination in selector.destination
            and selector.protocol in (0, 135)
            and (selector.type is None or not knows_types or selector.type == message)
            and selector.interface in (0, by)
        ):
            return policy.templates[0].spi
    return None


DEVICE = 7
SIGNALLING_UP, SIGNALLING_DOWN, TUNNEL_UP, TUNNEL_DOWN = 0x1001, 0x1002, 0x80001001, 0x80001002


@pytest.mark.requirement("RFC3776-MN-4.2-01")
@pytest.mark.parametrize("knows_types", [True, False])
@pytest.mark.parametrize("payload", [False, True])
def test_signalling_to_the_home_agent_and_through_the_tunnel_have_entries_of_their_own(knows_types, payload):
    """Also where the kernel knows no message types: the far end tells them apart, and at the home agent the device."""
    near = (AWAY, replace(TUNNEL, payload=payload))
    far = (SERVING, replace(FAR_TUNNEL, payload=payload))
    types = {"knows_types": knows_types}
    assert found(near, Direction.OUT, HOME, AGENT, BU, **types) == SIGNALLING_UP
    assert found(near, Direction.OUT, HOME, ELSEWHERE, HOTI, **types) == TUNNEL_UP
    assert found(near, Direction.IN, AGENT, HOME, BA, **types) == SIGNALLING_DOWN
    assert found(near, Direction.IN, ELSEWHERE, HOME, HOT, **types) == TUNNEL_DOWN
    assert found(far, Direction.IN, HOME, AGENT, BU, **types) == SIGNALLING_UP
    assert found(far, Direction.FORWARD, HOME, ELSEWHERE, HOTI, **types) == TUNNEL_UP
    assert found(far, Direction.OUT, AGENT, HOME, BA, **types) == SIGNALLING_DOWN
    assert found(far, Direction.OUT, ELSEWHERE, HOME, HOT, device=DEVICE, **types) == TUNNEL_DOWN
    if not payload:
        assert found(far, Direction.OUT, ELSEWHERE, HOME, HOT, device=DEVICE + 1, **types) is None


@pytest.mark.requirement("RFC4877-ALL-4.3-01")
def test_a_policy_of_one_message_type_is_not_found_for_another():
    assert found((AWAY,), Direction.OUT, HOME, AGENT, BU) == SIGNALLING_UP
    assert found((AWAY,), Direction.OUT, HOME, AGENT, HOTI) is None
    assert found((SERVING,), Direction.OUT, AGENT, HOME, BA) == SIGNALLING_DOWN
    assert found((SERVING,), Direction.OUT, AGENT, HOME, HOT) is None
