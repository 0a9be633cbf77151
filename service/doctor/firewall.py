# SPDX-License-Identifier: GPL-2.0-or-later
"""What nftables do with a packet of some kind, read from their own JSON (libnftables-json(5)).

Not a simulation of a packet: what a rule asks beyond the protocol (an address, an interface, a state) is not known
here, so three answers are possible. `DROPPED` is said only where nothing else can happen. Rules that do not name the
protocol and depend on something else are passed over: they are not about us.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from mnclient.constants import NFTABLES_TABLE

Json = Mapping[str, Any]

FAMILIES: Final = ("ip6", "inet", "netdev")
_NUMBERS: Final = {"ipv6": 41, "esp": 50, "ipv6-icmp": 58, "icmpv6": 58, "mobility-header": 135, "mh": 135}
_MOBILITY: Final = 135
_ICMPV6: Final = 58
_DEEPEST: Final = 16  # jumps; the kernel allows as many (NFT_JUMP_STACK_SIZE)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of packet: the protocol's number, and the name of the ICMPv6 type in the language of nft.

    `incoming` and `outgoing` are the interfaces that it passes, "" for one that is not known.
    """

    protocol: int
    icmp_type: str = ""
    incoming: str = ""
    outgoing: str = ""


class Fate(Enum):
    """What becomes of a packet."""

    PASSED = "passed"
    DOUBTFUL = "doubtful"  # depends on what a rule asks beyond the protocol
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Finding:
    """The fate, and the rule or chain that decides, in words."""

    fate: Fate
    where: str = ""


class Ruleset:
    """The rules of this machine, without those of our own table."""

    def __init__(self, items: Iterable[Json]) -> None:
        self._chains: dict[tuple[str, str, str], Json] = {}
        self._rules: dict[tuple[str, str, str], list[Json]] = {}
        for item in items:
            for kind, value in item.items():
                if not isinstance(value, Mapping) or value.get("family") not in FAMILIES or _is_ours(value):
                    continue
                if kind == "chain":
                    self._chains[_place(value, "name")] = value
                elif kind == "rule":
                    self._rules.setdefault(_place(value, "chain"), []).append(value)

    def fate(self, kind: Kind, hooks: Iterable[str]) -> Finding:
        """Of a packet that passes these hooks ("input", "output", ...): the worst that a base chain does with it."""
        wanted = tuple(hooks)
        chains = [place for place, chain in self._chains.items() if chain.get("hook") in wanted]
        findings = [self._of_base_chain(place, kind) for place in chains]
        for fate in (Fate.DROPPED, Fate.DOUBTFUL):
            for finding in findings:
                if finding.fate is fate:
                    return finding
        return Finding(Fate.PASSED)

    def checks_reverse_path(self) -> str:
        """The rule that drops what comes in where its source is not routed to, in words; "" when there is none."""
        for place, rules in self._rules.items():
            for rule in rules:
                expressions = _expressions(rule)
                if any(_asks_for_way_back(each) for each in expressions) and _verdict(expressions)[0] == "drop":
                    return _words(place)
        return ""

    def _of_base_chain(self, place: tuple[str, str, str], kind: Kind) -> Finding:
        decided, doubt = self._walk(place, kind, _DEEPEST)
        if decided is None:
            dropped = self._chains[place].get("policy") == "drop"
            decided = Finding(Fate.DROPPED if dropped else Fate.PASSED, f"the policy of {_words(place)}")
        if doubt is None or doubt.fate is decided.fate:
            return decided
        return Finding(Fate.DOUBTFUL, doubt.where if doubt.fate is Fate.DROPPED else decided.where)

    def _walk(self, place: tuple[str, str, str], kind: Kind, depth: int) -> tuple[Finding | None, Finding | None]:
        """What is decided for certain (None: the end of the chain is reached), and what may be decided before that."""
        doubt: Finding | None = None
        for rule in self._rules.get(place, []):
            expressions = _expressions(rule)
            match = _matches(expressions, kind)
            if match is _Match.NO:
                continue
            verdict, target = _verdict(expressions)
            found: Finding | None = None
            if verdict in ("accept", "drop"):
                found = Finding(Fate.PASSED if verdict == "accept" else Fate.DROPPED, _words(place))
            elif verdict in ("jump", "goto") and depth:
                found, below = self._walk((*place[:2], target), kind, depth - 1)
                doubt = doubt or below
            elif verdict == "return" and match is _Match.YES:
                return None, doubt
            if found is None:
                if verdict == "goto" and match is _Match.YES:
                    return None, doubt
                continue
            if match is _Match.YES:
                return found, doubt
            if match is _Match.NAMED or found.fate is Fate.PASSED:
                doubt = doubt or found
        return None, doubt


class _Match(Enum):
    YES = "yes"
    NO = "no"
    NAMED = "named"  # it names the protocol, and asks more
    UNKNOWN = "unknown"  # it asks only what is not known here


def _matches(expressions: list[Json], kind: Kind) -> _Match:
    named = unknown = False
    for expression in expressions:
        if "xt" in expression:
            unknown = True
        if (match := expression.get("match")) is None:
            continue
        answer = _answer(match, kind)
        if answer is False:
            return _Match.NO
        named, unknown = named or answer is True, unknown or answer is None
    if not unknown:
        return _Match.YES
    return _Match.NAMED if named else _Match.UNKNOWN


def _answer(match: Json, kind: Kind) -> bool | None:
    """Whether one condition is met; None when it asks for something else than the protocol."""
    left, right, negated = match.get("left"), match.get("right"), match.get("op") == "!="
    if not isinstance(left, Mapping):
        return None
    meta, payload, header = left.get("meta"), left.get("payload"), left.get("exthdr")
    if _is(meta, key="l4proto") or _is(payload, protocol="ip6", field="nexthdr"):
        return (kind.protocol in _numbers(right)) is not negated
    if _is(meta, key="nfproto"):
        return (right == "ipv6") is not negated
    if _is(meta, key="protocol") or _is(payload, protocol="ether", field="type"):
        return (right == "ip6") is not negated
    for key, name in (("iif", kind.incoming), ("oif", kind.outgoing)):
        if name and (_is(meta, key=key) or _is(meta, key=f"{key}name")):
            return any(_is_called(name, each) for each in _members(right)) is not negated
    if _is(payload, protocol="icmpv6", field="type"):
        return kind.protocol == _ICMPV6 and (kind.icmp_type in _members(right)) is not negated
    if isinstance(payload, Mapping) and payload.get("protocol") in ("ip", "tcp", "udp", "icmp", "th", "arp"):
        return False  # other protocols than ours
    if isinstance(header, Mapping) and header.get("name") == "mh":
        is_mobility = kind.protocol == _MOBILITY
        if "field" in header:  # asks for more than whether there is one
            return None if is_mobility else False
        return (right is is_mobility) is not negated
    return None


def _is(value: object, **members: str) -> bool:
    return isinstance(value, Mapping) and all(value.get(name) == wanted for name, wanted in members.items())


def _is_called(name: str, pattern: object) -> bool:
    words = str(pattern)
    return name.startswith(words[:-1]) if words.endswith("*") else name == words


def _members(right: object) -> list[object]:
    if isinstance(right, Mapping):
        right = right.get("set", [])
    return list(right) if isinstance(right, list) else [right]


def _numbers(right: object) -> set[int]:
    numbers: set[int] = set()
    for each in _members(right):
        if isinstance(each, Mapping) and isinstance(each.get("range"), list) and len(each["range"]) == 2:
            low, high = (_number(end) for end in each["range"])
            numbers.update(range(low, min(high, 255) + 1))
        else:
            numbers.add(_number(each))
    return numbers


def _number(value: object) -> int:
    if isinstance(value, int):
        return value
    return _NUMBERS.get(str(value), int(str(value)) if str(value).isdecimal() else -1)


def _verdict(expressions: list[Json]) -> tuple[str, str]:
    """What a rule does in the end, and the chain it goes to; "" when it only counts or changes something."""
    for expression in expressions:
        for name, value in expression.items():
            if name in ("drop", "accept", "return"):
                return name, ""
            if name == "reject" or (name == "xt" and _is(value, name="REJECT")):
                return "drop", ""
            if name in ("jump", "goto") and isinstance(value, Mapping):
                return name, str(value.get("target", ""))
    return "", ""


def _asks_for_way_back(expression: Json) -> bool:
    """fib saddr . iif oif missing (or ... oif 0), as of firewalld's IPv6_rpfilter."""
    match = expression.get("match")
    left = match.get("left") if isinstance(match, Mapping) else None
    fib = left.get("fib") if isinstance(left, Mapping) else None
    return isinstance(fib, Mapping) and "saddr" in fib.get("flags", ()) and fib.get("result") == "oif"


def _expressions(rule: Json) -> list[Json]:
    found = rule.get("expr", [])
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def _is_ours(value: Json) -> bool:
    return value.get("family") == "ip6" and value.get("table") == NFTABLES_TABLE


def _place(value: Json, chain: str) -> tuple[str, str, str]:
    return str(value.get("family")), str(value.get("table")), str(value.get(chain))


def _words(place: tuple[str, str, str]) -> str:
    family, table, chain = place
    return f"chain {chain} of table {family} {table}"
