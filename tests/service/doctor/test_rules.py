# SPDX-License-Identifier: GPL-2.0-or-later
"""Firewalls, policy rules and IPsec policies of others, as they become verdicts."""

from dataclasses import replace

import pytest

from mnclient.model.keys import KeyKind
from service.doctor.facts import ONLY_ROOT
from service.doctor.rules import rules
from service.doctor.transformations import foreign_policies
from service.doctor.verdict import Verdict
from tests.service.doctor.samples import HEALTHY, WELL, found
from tests.service.doctor.test_firewall import ACCEPT, DROP, hooked, icmp, match, protocol, rule
from tests.service.fake_core import AWAY

OK, WARNING, FAILED, NOT_APPLICABLE = Verdict.OK, Verdict.WARNING, Verdict.FAILED, Verdict.NOT_APPLICABLE
SIGNALLING = "protocol 135 (registrations)"
TUNNELS = "protocol 41 (tunnels)"
NEIGHBORS = "ICMPv6 (neighbours)"

WAY_BACK = match({"fib": {"result": "oif", "flags": ["saddr", "iif"]}}, False)


def with_network(**changes):
    return replace(HEALTHY, network=replace(HEALTHY.network, **changes))


def with_rules(hook, *items):
    return with_network(ruleset=(hooked(hook), *items))


def esp(facts):
    key = replace(AWAY.keys[0], kind=KeyKind.ESP)
    return replace(facts, service=replace(facts.service, status=replace(WELL, keys=(key,))))


@pytest.mark.parametrize(
    "name, facts, verdict, words",
    [
        (SIGNALLING, with_rules("output", rule(protocol(135), DROP)), FAILED, "it that leaves"),
        # heard by a packet socket, which comes before this hook
        (SIGNALLING, with_rules("input", rule(protocol(135), DROP)), OK, ""),
        (SIGNALLING, esp(with_rules("input", rule(protocol(135), DROP))), FAILED, "it that arrives"),
        (SIGNALLING, with_rules("ingress", rule(protocol(135), DROP)), FAILED, "it that arrives"),
        (TUNNELS, with_rules("input", rule(protocol("ipv6"), DROP)), FAILED, "it that arrives"),
        (TUNNELS, with_rules("prerouting", rule(protocol("ipv6"), DROP)), FAILED, "it that arrives"),
        (TUNNELS, with_rules("forward", rule(protocol("ipv6"), DROP)), OK, ""),
        ("protocol 50 (ESP)", with_rules("input", rule(protocol("esp"), DROP)), NOT_APPLICABLE, "No key"),
        ("protocol 50 (ESP)", esp(with_rules("input", rule(protocol("esp"), DROP))), FAILED, "arrives"),
        (NEIGHBORS, with_rules("input", rule(icmp("nd-neighbor-advert"), DROP)), FAILED, "nd-neighbor-advert"),
        (NEIGHBORS, with_rules("input", rule(icmp("packet-too-big"), DROP)), FAILED, "packet-too-big"),
        (NEIGHBORS, with_rules("output", rule(icmp("nd-router-solicit"), DROP)), FAILED, "nd-router-solicit"),
        (NEIGHBORS, with_rules("input", rule(icmp("echo-request"), DROP)), OK, ""),
        (NEIGHBORS, with_rules("input", rule(icmp("packet-too-big"), match({"meta": {"key": "iif"}}, "x"), DROP)),
         WARNING, "may drop packet-too-big"),
        ("reverse path", with_rules("prerouting", rule(WAY_BACK, DROP)), WARNING, "chain input"),
        ("reverse path", HEALTHY, OK, ""),
        (SIGNALLING, with_network(ruleset_unknown=ONLY_ROOT), NOT_APPLICABLE, ONLY_ROOT),
        (NEIGHBORS, with_network(ruleset_unknown="the program nft is not installed"), NOT_APPLICABLE, "not installed"),
    ],
)  # fmt: skip
def test_firewalls(name, facts, verdict, words):
    check = found(facts, name)
    assert (check.verdict, words in check.reason) == (verdict, True), check


FORWARD = hooked("forward", "drop", name="FORWARD", family="ip6", table="filter")


def forward(*expressions):
    return rule(*expressions, name="FORWARD", family="ip6", table="filter")


def through(key, name, op="=="):
    return match({"meta": {"key": key}}, name, op)


DOCKER = [
    forward(through("oifname", "docker0"), {"xt": {"type": "match", "name": "conntrack"}}, ACCEPT),
    forward(through("iifname", "docker0"), through("oifname", "docker0", "!="), ACCEPT),
    forward(through("iifname", "docker0"), through("oifname", "docker0"), ACCEPT),
]


@pytest.mark.parametrize(
    "items, verdict, words",
    [
        ([], OK, ""),
        ([FORWARD], FAILED, "to absent laptops: the policy of chain FORWARD"),
        ([FORWARD, *DOCKER], WARNING, "may drop what is forwarded to absent laptops"),
        ([FORWARD, forward(through("oifname", "mn6*"), ACCEPT), *DOCKER], WARNING, "from absent laptops"),
        ([FORWARD, forward(through("iifname", "mn6*"), DROP)], FAILED, "to absent laptops"),
        ([FORWARD, forward(through("oifname", "mn6*"), ACCEPT), forward(through("iif", "mn6tunnel"), ACCEPT)], OK, ""),
        ([FORWARD, forward(through("iifname", "eth0", "!="), ACCEPT), forward(through("oifname", "mn6*"), ACCEPT)],
         OK, ""),
        ([hooked("input", "drop")], OK, ""),
    ],
)  # fmt: skip
def test_what_a_home_agent_forwards(items, verdict, words):
    facts = with_network(ruleset=items)
    check = found(replace(facts, service=replace(facts.service, home_agent=True)), "forwarded packets")
    assert (check.verdict, words in check.reason) == (verdict, True), check
    assert "mn6tunnel" in check.remedy or verdict is OK
    assert found(facts, "forwarded packets").verdict is NOT_APPLICABLE


@pytest.mark.parametrize(
    "given, verdict",
    [
        ({"priority": 0, "src": "all", "table": "local"}, OK),
        ({"priority": 32766, "src": "all", "table": "main"}, OK),
        ({"priority": 6270, "src": "all", "table": "627500", "protocol": "135"}, OK),
        ({"priority": 100, "src": "all", "table": "51820"}, WARNING),
        ({"priority": 100, "src": "all", "action": "unreachable"}, WARNING),
        ({"priority": 100, "src": "all", "table": "51820", "fwmark": "0xca6c", "not": None}, OK),
        ({"priority": 100, "src": "all", "iif": "tun0", "table": "7"}, OK),
        ({"priority": 100, "src": "2001:db8:9::1", "table": "7"}, OK),
        ({"priority": 100, "src": "all", "table": "main", "suppress_prefixlen": 0}, OK),
        ({"priority": "first", "src": "all"}, OK),
        ({}, OK),
    ],
)
def test_policy_rules(given, verdict):
    assert found(with_network(rules=(given,)), "policy rules").verdict is verdict
    assert found(with_network(rules_unknown="no"), "policy rules").verdict is NOT_APPLICABLE


OURS = """src 2001:db8:1::10/128 dst 2001:db8:1::1/128 proto 135
	dir out priority 6272 ptype main
	tmpl src :: dst ::
		proto esp reqid 6275 mode transport
"""
SOCKET = """src ::/0 dst ::/0
	socket in priority 0 ptype main
"""
EVERYTHING = """src ::/0 dst ::/0
	dir out priority 399999 ptype main
	tmpl src 2001:db8:5::1 dst 2001:db8:5::2
		proto esp spi 0xc1 reqid 1 mode tunnel
"""
BLOCK = """src ::/0 dst 2001:db8:1::/64 proto mobility-header
	dir out action block priority 100 ptype main
"""
ELSEWHERE = """src 2001:db8:7::/64 dst 2001:db8:8::/64
	dir out action block priority 100 ptype main
"""
ONLY_TCP = """src ::/0 dst ::/0 proto tcp
	dir out action block priority 100 ptype main
"""
IPV4 = """src 0.0.0.0/0 dst 0.0.0.0/0
	dir out action block priority 100 ptype main
"""


@pytest.mark.parametrize(
    "text, verdict",
    [
        ("", OK),
        (OURS + SOCKET + ELSEWHERE + ONLY_TCP + IPV4, OK),
        (OURS + EVERYTHING, WARNING),
        (EVERYTHING + BLOCK, FAILED),
        ("src nonsense dst ::/0\n\tdir out action block priority 1", OK),
        ("src ::/0 dst ::/0", OK),
        ("\n\n\tdir out", OK),
    ],
)
def test_policies_of_ipsec(text, verdict):
    check = found(with_network(transformations=text), "IPsec policies")
    assert check.verdict is verdict, check
    assert found(with_network(transformations_unknown=ONLY_ROOT), "IPsec policies").verdict is NOT_APPLICABLE


def test_policies_are_told_as_they_are():
    (policy,) = foreign_policies(OURS + BLOCK)
    assert policy.words() == "::/0 to 2001:db8:1::/64 protocol mobility-header, out"
    assert len(list(rules(HEALTHY))) == 8
