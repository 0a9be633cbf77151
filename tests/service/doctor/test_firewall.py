# SPDX-License-Identifier: GPL-2.0-or-later
"""What nftables do with our packets: rules as nft prints them, and made-up ones as nobody prints them."""

import pytest

from service.doctor.firewall import Fate, Kind, Ruleset

PASSED, DOUBTFUL, DROPPED = Fate.PASSED, Fate.DOUBTFUL, Fate.DROPPED
MOBILITY, TUNNEL, ESP = Kind(135), Kind(41), Kind(50)
ADVERTISEMENT = Kind(58, "nd-neighbor-advert")


def chain(name="input", family="inet", table="fw", **base):
    return {"chain": {"family": family, "table": table, "name": name, "handle": 1, **base}}


def hooked(hook="input", policy="accept", **more):
    return chain(type="filter", hook=hook, prio=0, policy=policy, **more)


def rule(*expressions, name="input", family="inet", table="fw"):
    return {"rule": {"family": family, "table": table, "chain": name, "handle": 2, "expr": list(expressions)}}


def match(left, right, op="=="):
    return {"match": {"op": op, "left": left, "right": right}}


def protocol(right, op="=="):
    return match({"meta": {"key": "l4proto"}}, right, op)


def icmp(right, op="=="):
    return match({"payload": {"protocol": "icmpv6", "field": "type"}}, right, op)


DROP, ACCEPT, REJECT, RETURN = {"drop": None}, {"accept": None}, {"reject": {"type": "icmpv6"}}, {"return": None}
COUNT = {"counter": {"packets": 0, "bytes": 0}}
ESTABLISHED = match({"ct": {"key": "state"}}, ["established", "related"], "in")
FROM_SOMEBODY = match({"payload": {"protocol": "ip6", "field": "saddr"}}, "2001:db8::1")
HEADER = match({"exthdr": {"name": "mh"}}, True)


def jump(target, how="jump"):
    return {how: {"target": target}}


@pytest.mark.parametrize(
    "kind, rules, policy, fate",
    [
        (MOBILITY, [], "accept", PASSED),
        (MOBILITY, [], "drop", DROPPED),
        (MOBILITY, [rule(protocol("mobility-header"), DROP)], "accept", DROPPED),
        (MOBILITY, [rule(protocol(135), COUNT, DROP)], "accept", DROPPED),
        (MOBILITY, [rule(protocol("135"), REJECT)], "accept", DROPPED),
        (MOBILITY, [rule(protocol({"set": ["ipv6", "esp"]}), DROP)], "accept", PASSED),
        (TUNNEL, [rule(protocol({"set": ["ipv6", "esp"]}), DROP)], "accept", DROPPED),
        (ESP, [rule(protocol({"set": [{"range": [40, 60]}]}), DROP)], "accept", DROPPED),
        (ESP, [rule(protocol({"set": [{"range": [51, 60]}]}), DROP)], "accept", PASSED),
        (MOBILITY, [rule(protocol({"set": ["tcp", "udp"]}, "!="), DROP)], "accept", DROPPED),
        (MOBILITY, [rule(protocol("mobility-header", "!="), DROP)], "accept", PASSED),
        (MOBILITY, [rule(protocol(135), ACCEPT), rule(DROP)], "accept", PASSED),
        (MOBILITY, [rule(DROP), rule(protocol(135), ACCEPT)], "accept", DROPPED),
        (MOBILITY, [rule(ESTABLISHED, ACCEPT)], "drop", DOUBTFUL),
        (MOBILITY, [rule(ESTABLISHED, ACCEPT), rule(protocol(135), ACCEPT)], "drop", PASSED),
        (MOBILITY, [rule(FROM_SOMEBODY, DROP)], "accept", PASSED),
        (MOBILITY, [rule(protocol(135), FROM_SOMEBODY, DROP)], "accept", DOUBTFUL),
        (MOBILITY, [rule(HEADER, DROP)], "accept", DROPPED),
        (TUNNEL, [rule(HEADER, DROP)], "accept", PASSED),
        (MOBILITY, [rule(match({"exthdr": {"name": "mh", "field": "type"}}, 5), DROP)], "accept", PASSED),
        (MOBILITY, [rule(match({"meta": {"key": "nfproto"}}, "ipv4"), DROP)], "accept", PASSED),
        (MOBILITY, [rule(match({"meta": {"key": "nfproto"}}, "ipv6"), DROP)], "accept", DROPPED),
        (MOBILITY, [rule(match({"payload": {"protocol": "tcp", "field": "dport"}}, 22), ACCEPT)], "drop", DROPPED),
        (MOBILITY, [rule(match({"payload": {"protocol": "ip", "field": "saddr"}}, "10.0.0.1"), DROP)], "drop", DROPPED),
        (MOBILITY, [rule({"xt": {"type": "match", "name": "rpfilter"}}, DROP)], "accept", PASSED),
        (MOBILITY, [rule(protocol(135), {"xt": {"type": "target", "name": "REJECT"}})], "accept", DOUBTFUL),
        (ADVERTISEMENT, [rule(protocol("ipv6-icmp"), DROP)], "accept", DROPPED),
        (ADVERTISEMENT, [rule(icmp({"set": ["echo-request", "nd-neighbor-solicit"]}), ACCEPT)], "drop", DROPPED),
        (ADVERTISEMENT, [rule(icmp({"set": ["nd-neighbor-advert"]}), ACCEPT)], "drop", PASSED),
        (ADVERTISEMENT, [rule(icmp("nd-neighbor-advert", "!="), ACCEPT)], "drop", DROPPED),
        (MOBILITY, [rule(icmp("nd-neighbor-advert", "!="), ACCEPT)], "drop", DROPPED),
        (MOBILITY, [rule(jump("below")), rule(protocol(135), DROP, name="below")], "accept", DROPPED),
        (MOBILITY, [rule(jump("below")), rule(RETURN, name="below"), rule(DROP, name="below")], "accept", PASSED),
        (MOBILITY, [rule(jump("below", "goto")), rule(DROP)], "accept", PASSED),
        (MOBILITY, [rule(FROM_SOMEBODY, jump("below")), rule(protocol(135), DROP, name="below")], "accept", PASSED),
        (MOBILITY, [rule(jump("input"))], "accept", PASSED),  # round and round
        (MOBILITY, [rule(jump("nowhere"))], "drop", DROPPED),
    ],
)
def test_the_fate_of_a_packet(kind, rules, policy, fate):
    ruleset = Ruleset([hooked(policy=policy), chain("below"), *rules])
    finding = ruleset.fate(kind, ("input",))
    assert finding.fate is fate
    assert bool(finding.where) is (fate is not PASSED) or fate is PASSED


def test_only_the_hooks_that_are_passed_count():
    ruleset = Ruleset([hooked("forward", "drop", name="forward"), hooked("output", "drop", name="out")])
    assert ruleset.fate(MOBILITY, ("input",)).fate is PASSED
    assert ruleset.fate(MOBILITY, ("output",)).where == "the policy of chain out of table inet fw"


def test_the_worst_of_several_chains_counts():
    tables = [hooked(), hooked(table="other"), rule(ESTABLISHED, DROP), rule(protocol(135), DROP, table="other")]
    assert Ruleset(tables).fate(MOBILITY, ("input",)).where == "chain input of table inet other"


def test_our_own_table_and_those_for_ipv4_do_not_count():
    ours = [hooked(family="ip6", table="mnclient", policy="drop"), hooked(family="ip", table="filter", policy="drop")]
    assert Ruleset(ours).fate(MOBILITY, ("input",)).fate is PASSED
    assert Ruleset([hooked(family="inet", table="mnclient", policy="drop")]).fate(MOBILITY, ("input",)).fate is DROPPED


def test_a_filter_of_the_reverse_path_is_found():
    missing = match({"fib": {"result": "oif", "flags": ["saddr", "iif"]}}, False)
    assert Ruleset([hooked(), rule(missing, DROP)]).checks_reverse_path() == "chain input of table inet fw"
    assert Ruleset([hooked(), rule(missing, ACCEPT)]).checks_reverse_path() == ""
    to_us = match({"fib": {"result": "type", "flags": ["daddr"]}}, "local")
    assert Ruleset([hooked(), rule(to_us, DROP)]).checks_reverse_path() == ""


@pytest.mark.parametrize(
    "items",
    [
        [{}],
        [{"rule": None}],
        [{"rule": {}}],
        [{"chain": []}],
        [{"metainfo": {"version": "1"}}],
        [hooked(), rule("drop", 5, None)],
        [hooked(), {"rule": {"family": "inet", "table": "fw", "chain": "input", "expr": "drop"}}],
        [hooked(), rule({"match": None}), rule({"match": {"op": "==", "left": 5, "right": {}}})],
        [hooked(), rule(protocol({"set": [{"range": [1]}, {"prefix": {}}, None]}), DROP)],
        [hooked(), rule(protocol({"set": 5}), DROP)],
        [hooked(), rule({"jump": None})],
    ],
)
def test_what_makes_no_sense_drops_nothing(items):
    ruleset = Ruleset(items)
    assert ruleset.fate(MOBILITY, ("input",)).fate is PASSED
    assert ruleset.checks_reverse_path() == ""
