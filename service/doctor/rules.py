# SPDX-License-Identifier: GPL-2.0-or-later
"""What other programs put in the way: firewalls, policy rules, IPsec."""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv6Address
from typing import Any, Final

from mnclient.constants import (
    PROTOCOL_ICMPV6,
    PROTOCOL_IPV6,
    PROTOCOL_MOBILITY,
    ROUTE_PROTOCOL,
    RULE_DEFAULT,
    RULE_KEY_MANAGEMENT,
    TUNNEL_DEVICE_HOME_AGENT,
    TUNNEL_DEVICE_KERNEL,
)
from mnclient.model.keys import KeyKind
from service.doctor.facts import AS_ROOT, KEYS_UNKNOWN, ONLY_ROOT, Facts
from service.doctor.firewall import Fate, Kind, Ruleset
from service.doctor.transformations import foreign_policies
from service.doctor.verdict import Check, Group

_GROUP: Final = Group("other programs' rules")
_PROTOCOL_TCP: Final = 6
_PROTOCOL_ESP: Final = 50
_IN: Final = ("ingress", "prerouting", "input")
_OUT: Final = ("output", "postrouting", "egress")
_SIGNALLING: Final = "protocol 135 (registrations)"
_SIGNALLING_IN: Final = ("ingress",)
"""Signalling is heard by a packet socket, before prerouting and input; under ESP it is the kernel that hears it."""
_NEIGHBORS_IN: Final = ("nd-neighbor-solicit", "nd-neighbor-advert", "packet-too-big")
_NO_HOME_AGENT: Final = "Only a home agent forwards, and this machine is none."
_NEIGHBORS_OUT: Final = ("nd-router-solicit", "nd-neighbor-solicit", "nd-neighbor-advert")


def rules(facts: Facts) -> Iterator[Check]:
    """Firewall, policy rules, IPsec."""
    yield from _firewall(facts)
    yield _policy_rules(facts)
    yield _transformations(facts)


def _firewall(facts: Facts) -> Iterator[Check]:
    unknown = facts.network.ruleset_unknown
    names = (
        _SIGNALLING,
        "protocol 41 (tunnels)",
        "protocol 50 (ESP)",
        "ICMPv6 (neighbours)",
        "reverse path",
        "forwarded packets",
    )
    if unknown:
        remedy = AS_ROOT if unknown == ONLY_ROOT else ""
        for name in names:
            yield _GROUP.no_matter(name, f"The firewall: {unknown}.", remedy)
        return
    ruleset, with_esp = Ruleset(facts.network.ruleset), facts.uses(KeyKind.ESP)
    mobility = Kind(PROTOCOL_MOBILITY)
    yield _judged(ruleset, names[0], [(mobility, _IN if with_esp else _SIGNALLING_IN), (mobility, _OUT)])
    yield _both(ruleset, names[1], PROTOCOL_IPV6)
    if with_esp:
        yield _both(ruleset, names[2], _PROTOCOL_ESP)
    else:
        yield _GROUP.no_matter(names[2], KEYS_UNKNOWN if with_esp is None else "No key of this machine is for ESP.")
    ways = [(Kind(PROTOCOL_ICMPV6, each), _IN) for each in _NEIGHBORS_IN]
    ways += [(Kind(PROTOCOL_ICMPV6, each), _OUT) for each in _NEIGHBORS_OUT]
    yield _judged(ruleset, names[3], ways)
    yield _reverse_path(ruleset, names[4])
    yield _forwarded(facts, ruleset, names[5])


def _both(ruleset: Ruleset, name: str, protocol: int) -> Check:
    return _judged(ruleset, name, [(Kind(protocol), _IN), (Kind(protocol), _OUT)])


def _judged(ruleset: Ruleset, name: str, ways: Sequence[tuple[Kind, tuple[str, ...]]]) -> Check:
    """The worst of all ways."""
    findings = [(kind, hooks, ruleset.fate(kind, hooks)) for kind, hooks in ways]
    for fate in (Fate.DROPPED, Fate.DOUBTFUL):
        for kind, hooks, finding in findings:
            if finding.fate is not fate:
                continue
            what = f"{kind.icmp_type or 'it'} {'that leaves' if hooks is _OUT else 'that arrives'}"
            if fate is Fate.DROPPED:
                return _GROUP.failed(name, f"The firewall drops {what}: {finding.where}.", _allow(kind))
            reason = f"The firewall may drop {what}, which depends on more than the protocol: {finding.where}."
            return _GROUP.warning(name, reason, f"If registrations fail: {_allow(kind)}")
    return _GROUP.ok(name, "The firewall lets it pass.")


def _allow(kind: Kind) -> str:
    what = f"icmpv6 type {kind.icmp_type}" if kind.icmp_type else f"meta l4proto {kind.protocol}"
    return f"Add a rule before it: {what} accept."


def _reverse_path(ruleset: Ruleset, name: str) -> Check:
    where = ruleset.checks_reverse_path()
    if not where:
        return _GROUP.ok(name, "No rule drops packets because of the way back.")
    reason = f"A rule drops what comes in where its source would not be answered to: {where}. Tunnels are such."
    return _GROUP.warning(name, reason, "With firewalld: IPv6_rpfilter=loose (or no) in /etc/firewalld/firewalld.conf.")


def _forwarded(facts: Facts, ruleset: Ruleset, name: str) -> Check:
    """What a home agent passes on between its network and the tunnels. Docker forbids forwarding to everybody else."""
    service = facts.service
    if not service.home_agent:
        known = service.home_agent is not None
        return _GROUP.no_matter(name, _NO_HOME_AGENT if known else "Whether this machine is a home agent is not known.")
    in_kernel = facts.kernel.datapath == "kernel"
    device = TUNNEL_DEVICE_KERNEL if in_kernel else TUNNEL_DEVICE_HOME_AGENT
    ways = {
        "to absent laptops": Kind(_PROTOCOL_TCP, outgoing=device),
        "from absent laptops": Kind(_PROTOCOL_TCP, incoming=device),
    }
    remedy = (
        f'Add two rules before it: iifname "{device}" accept, and oifname "{device}" accept. With Docker: ip6tables'
    )
    remedy += f" -I DOCKER-USER -i {device} -j ACCEPT, and the same with -o."
    findings = {way: ruleset.fate(kind, ("forward",)) for way, kind in ways.items()}
    for way, finding in findings.items():
        if finding.fate is Fate.DROPPED:
            return _GROUP.failed(name, f"The firewall drops what is forwarded {way}: {finding.where}.", remedy)
    for way, finding in findings.items():
        if finding.fate is Fate.DOUBTFUL:
            return _GROUP.warning(name, f"The firewall may drop what is forwarded {way}: {finding.where}.", remedy)
    return _GROUP.ok(name, "The firewall lets a home agent forward.")


def _policy_rules(facts: Facts) -> Check:
    name, network = "policy rules", facts.network
    if network.rules_unknown:
        return _GROUP.no_matter(name, f"Policy rules: {network.rules_unknown}.")
    before = [rule for rule in network.rules if _goes_before(rule)]
    if not before:
        return _GROUP.ok(name, "No rule of others takes packets of the home address before ours.")
    listed = "; ".join(_rule_words(rule) for rule in before[:5])
    remedy = f"Give it a priority above {RULE_DEFAULT}, or let its program (often a VPN) spare the home address."
    return _GROUP.warning(name, f"These rules of other programs come before ours, for every packet: {listed}.", remedy)


def _goes_before(rule: Mapping[str, Any]) -> bool:
    """Whether it may take any packet: a mark, an interface or one address would make it somebody's own."""
    priority = rule.get("priority")
    if not isinstance(priority, int) or priority >= RULE_KEY_MANAGEMENT or rule.get("table") == "local":
        return False
    if str(rule.get("protocol", "")) == str(ROUTE_PROTOCOL) or "suppress_prefixlen" in rule:
        return False
    if {"fwmark", "iif", "oif"} & set(rule):
        return False
    return bool(rule.get("src", "all") == "all" and rule.get("dst", "all") == "all")


def _rule_words(rule: Mapping[str, Any]) -> str:
    return f"{rule.get('priority')}: table {rule.get('table', rule.get('action', '?'))}"


def _transformations(facts: Facts) -> Check:
    name, unknown = "IPsec policies", facts.network.transformations_unknown
    if unknown:
        return _GROUP.no_matter(name, f"IPsec policies: {unknown}.", AS_ROOT if unknown == ONLY_ROOT else "")
    concerned = _addresses(facts)
    found = [
        policy
        for policy in foreign_policies(facts.network.transformations)
        if any(policy.concerns(address) for address in concerned)
    ]
    blocking = [policy for policy in found if policy.blocks]
    if blocking:
        remedy = "Remove it, or let the program that made it spare the home agent."
        return _GROUP.failed(name, f"A policy of another program blocks ours: {blocking[0].words()}.", remedy)
    if found:
        remedy = "If registrations fail, let the program that made it spare the home agent."
        return _GROUP.warning(name, f"A policy of another program takes packets of ours: {found[0].words()}.", remedy)
    return _GROUP.ok(name, "No policy of others concerns a home address or a home agent.")


def _addresses(facts: Facts) -> list[IPv6Address]:
    homes = [(home.address, home.home_agent) for home in facts.homes]
    return [address for pair in homes for address in pair if address is not None]
