# SPDX-License-Identifier: GPL-2.0-or-later
"""Transformations in the kernel: puts states and policies there, and finds out whether they are used.

A policy of somebody else for the same packets is never replaced or removed: the kernel tells policies apart by their
packets alone, so ours is then refused, and the reason says so.
"""

import errno
import socket
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import replace
from ipaddress import IPv6Address
from typing import Final

from mnclient.constants import PROTOCOL_ICMPV6
from mnclient.model.network_state import ProtectedTunnel, TunnelEnd
from mnclient.network import xfrm
from mnclient.network.datapath import Optimization, Protected, SequenceKey, Transformation
from mnclient.network.kernel.sequences import Sequences
from mnclient.network.kernel.transformations import (
    Pair,
    Transformations,
    combined,
    is_ours,
    pair_of,
    transformations,
)
from mnclient.network.rtnetlink import DONE, Answer, Message, Notice
from mnclient.network.xfrm import DESTINATION_OPTIONS, Policy, Report, State, XfrmSocket
from mnclient.network.xfrm_esp import (
    EspState,
    esp_addition,
    esp_question,
    esp_removal,
    esp_trial,
    read_esp,
    read_removed_esp,
)

_TRIAL_SPI: Final = 0xFFFF_FFFF
_GONE: Final = frozenset({errno.ESRCH, errno.ENOENT})
_READ_BEFORE: Final = (146, 147)  # ICMPv6 types of mobile prefix discovery
_NO_ALGORITHM: Final = frozenset({errno.ENOSYS, errno.ENOENT})
_TAKEN: Final = Answer(errno.EEXIST, "another program has a transformation policy for the same packets")


class DirectRoutes:
    """All of them. OSError from the constructor where the kernel has no XFRM."""

    def __init__(self) -> None:
        self._netlink = XfrmSocket()
        self._owners: dict[Hashable, Transformation] = {}
        self._items: dict[Pair, tuple[Optimization, ...]] = {}
        self._esp: dict[Hashable, EspState] = {}
        self.sequences = Sequences()

    @property
    def port(self) -> int:
        """The netlink port by which events tell that we were their cause."""
        return self._netlink.port

    def close(self) -> None:
        """Give the socket back; what is in the kernel stays."""
        self._netlink.close()

    def set(self, item: Transformation, previous: Transformation | None) -> Answer:
        """Put an item into the kernel, in place of `previous`. Safe to repeat."""
        if isinstance(item, Protected):
            before = Transformations() if previous is None else _transformations(previous)
            return self._protect(item, before, _transformations(item))
        assert not isinstance(previous, Protected)
        here = self._items.get(pair_of(item), ())
        before = combined(here) if previous is None else combined({*here, previous})
        items = (*(each for each in here if each not in (item, previous)), item)
        after = combined(items)
        self._remove_all(before, after)
        for answer in (*map(self._add_state, after.states), *map(self._add_policy, after.policies)):
            if answer.errno:
                self._items[pair_of(item)] = items
                self.remove(item)
                return answer
        self._remember(items)
        return DONE

    def _protect(self, item: Protected, before: Transformations, after: Transformations) -> Answer:
        """Policies first, each in place of the one before: what they are for waits for its states, or fails with them.

        Nothing of it is taken back when something is refused: rather no signalling than one without protection. Where
        one key succeeds another nothing waits: its states are there before the policies ask for them, and those that
        stay are left alone.
        """
        there = {_identity(each) for each in before.states}
        new = [each for each in after.states if isinstance(each, EspState) and _identity(each) not in there]
        early = new if there else []
        answers = [*map(self._add_state, early), *map(self._add_policy, after.policies)]
        self._remove_all(before, after)
        later = [each for each in after.states if each not in early and not self._stays(each, before)]
        answers += map(self._add_state, later)
        self._own(item, after)
        self._esp |= {_identity(each): each for each in after.states if isinstance(each, EspState)}
        return _first_refusal(answers)

    def remove(self, item: Transformation) -> Answer:
        """Take an item out of the kernel; what another item of the same two hosts means stays."""
        if isinstance(item, Protected):
            return _first_refusal(self._remove_all(_transformations(item), Transformations()))
        here = self._items.get(pair_of(item), ())
        items = tuple(each for each in here if each != item)
        before, after = combined({*here, item}), combined(items)
        refused = self._remove_all(before, after)
        again = [self._add_policy(each) for each in after.policies if each not in before.policies]
        self._remember(items)
        if not items:
            self._items.pop(pair_of(item), None)
        return _first_refusal((*refused, *again))

    def _remove_all(self, before: Transformations, after: Transformations) -> list[Answer]:
        """What was before and is not to be any more; a policy that changes is replaced instead."""
        kept = {_identity(each) for each in after.policies}
        gone = [each for each in before.policies if _identity(each) not in kept]
        answers = [*map(self._remove_policy, gone)]
        return answers + [self._remove_state(each) for each in before.states if each not in after.states]

    def _stays(self, state: State | EspState, before: Transformations) -> bool:
        """Whether an association is in the kernel as it is to be: nothing is lost when nothing is done."""
        if not isinstance(state, EspState) or state not in before.states:
            return False
        there = self._state(state)
        return there is not None and is_ours(there)

    def _remember(self, items: tuple[Optimization, ...]) -> None:
        """Whom to ask when something of it is gone."""
        for item in items:
            self._items[pair_of(item)] = items
            self._own(item, transformations(item))
        found = combined(items)
        self._owners |= {_identity(each): items[-1] for each in found.states if _identity(each) not in self._owners}

    def _own(self, item: Transformation, found: Transformations) -> None:
        self._owners |= {_identity(each): item for each in (*found.states, *found.policies)}

    def last_used(self, item: Transformation) -> float | None:
        """When a packet last left by it, in seconds since 1970; None for never. The kernel does not tell arrivals."""
        found = [each for state in transformations(item).states if (each := self._state(state)) is not None]
        used = [each.last_used for each in found if isinstance(each, State) and each.last_used is not None]
        return float(max(used)) if used else None

    def all(self) -> list[Transformation]:
        """Everything that was put into the kernel."""
        return list(dict.fromkeys(self._owners.values()))

    def settle(self) -> None:
        """Remove what an earlier run has left, and nobody wants."""
        for found in tuple(_all_of_ours(self._netlink)):
            if _identity(found) not in self._owners:
                self._ask(xfrm.policy_removal(found) if isinstance(found, Policy) else _state_removal(found))

    def last_sequences(self) -> dict[SequenceKey, int]:
        """How far each association got."""
        for state in self._esp.values():
            self._state(state)
        return self.sequences.all()

    def failures(self) -> Counter[IPv6Address]:
        """Packets so far that did not fit the key of a home address of this home agent; without such keys nothing."""
        found: Counter[IPv6Address] = Counter()
        for identity, state in self._esp.items():
            owner = self._owners.get(identity)
            if isinstance(owner, Protected) and owner.end is TunnelEnd.HOME_AGENT:
                there = self._state(state)
                found[owner.association.home_address] += there.failures if isinstance(there, EspState) else 0
        return found

    # --- news -----------------------------------------------------------------------------------------------------

    def touched(self, notice: Notice) -> list[Transformation]:
        """What of ours may be missing after somebody else's change."""
        match notice.type:
            case xfrm.XFRM_MSG_FLUSHSA | xfrm.XFRM_MSG_FLUSHPOLICY:
                return self.all()
            case xfrm.XFRM_MSG_DELSA:
                removed = read_removed_esp(notice.body)
                found: State | EspState | Policy | None = removed or xfrm.read_removed_state(notice.body)
            case xfrm.XFRM_MSG_DELPOLICY:
                found = xfrm.read_removed_policy(notice.body)
            case xfrm.XFRM_MSG_UPDPOLICY:
                found = xfrm.read_policy(notice.body)
            case _:
                return []
        owner = self._owners.get(_identity(found)) if found is not None else None
        return [] if owner is None else [owner]

    # --- one by one -----------------------------------------------------------------------------------------------

    def _ask(self, message: Message) -> Answer:
        return self._netlink.request([message])[0]

    def _add_state(self, state: State | EspState) -> Answer:
        answer = self._ask(self._state_addition(state))
        if isinstance(state, EspState) and answer.errno in _NO_ALGORITHM:
            return Answer(answer.errno, f"the kernel lacks the algorithm {state.algorithm}, so use another key")
        if answer.errno != errno.EEXIST:
            return answer
        there = self._state(state)
        if there is not None and not is_ours(there):
            return Answer(errno.EEXIST, "another program has a transformation state for the same packets")
        if isinstance(there, State) and replace(there, last_used=None) == state:
            return DONE
        self._ask(_state_removal(state))
        return self._ask(self._state_addition(state))

    def _state_addition(self, state: State | EspState) -> Message:
        if isinstance(state, State):
            return xfrm.state_addition(state)
        return esp_addition(replace(state, sequence=self.sequences.last(state)))

    def _add_policy(self, policy: Policy) -> Answer:
        answer = self._ask(xfrm.policy_addition(policy))
        if answer.errno != errno.EEXIST:
            return answer
        there = self._policy(policy)
        if there is not None and not is_ours(there):
            return _TAKEN
        return self._ask(xfrm.policy_addition(policy, replace=True))

    def _remove_state(self, state: State | EspState) -> Answer:
        self._owners.pop(_identity(state), None)
        self._esp.pop(_identity(state), None)
        there = self._state(state)
        return DONE if there is None or not is_ours(there) else _settled(self._ask(_state_removal(state)))

    def _remove_policy(self, policy: Policy) -> Answer:
        self._owners.pop(_identity(policy), None)
        there = self._policy(policy)
        return DONE if there is None or not is_ours(there) else _settled(self._ask(xfrm.policy_removal(policy)))

    def _state(self, state: State | EspState) -> State | EspState | None:
        if isinstance(state, State):
            body = self._netlink.get(xfrm.state_question(state))
            return xfrm.read_state(body) if body is not None else None
        body = self._netlink.get(esp_question(state))
        there = read_esp(body) if body is not None else None
        if there is not None and is_ours(there):
            self.sequences.saw(there)
        return there

    def _policy(self, policy: Policy) -> Policy | None:
        body = self._netlink.get(xfrm.policy_question(policy))
        return xfrm.read_policy(body) if body is not None else None


def sweep(*, protection_too: bool = True) -> list[str]:
    """Remove every state and policy with our marks; a line for each. OSError where the kernel has no XFRM.

    Not `protection_too`: what stops, or encrypts, is left to whoever wants it, and to `settle`.
    """
    netlink = XfrmSocket()
    try:
        lines = []
        for each in tuple(_all_of_ours(netlink)):
            if not protection_too and (isinstance(each, EspState) or _protects(each)):
                continue
            message = xfrm.policy_removal(each) if isinstance(each, Policy) else _state_removal(each)
            answer = netlink.request([message])[0]
            lines.append(_line(each) if not answer.errno else f"{_line(each)}: not removed: {answer.reason}")
        return lines
    finally:
        netlink.close()


def sequences_left() -> dict[SequenceKey, int]:
    """How far the associations got that an earlier run has left. OSError where the kernel has no XFRM."""
    netlink = XfrmSocket()
    try:
        found = Sequences()
        for each in _all_of_ours(netlink):
            if isinstance(each, EspState):
                found.saw(each)
        return found.all()
    finally:
        netlink.close()


def why_not() -> str:
    """Why the kernel cannot let packets go directly, "" when it can. Nothing is changed."""
    try:
        netlink = XfrmSocket()
    except OSError:
        return "kernel lacks XFRM"
    try:
        for protocol in (xfrm.DESTINATION_OPTIONS, xfrm.ROUTING_HEADER):
            answer = netlink.request([xfrm.state_trial(protocol)])[0]
            if answer.errno == errno.EPROTONOSUPPORT:
                return "kernel lacks Mobile IPv6 (CONFIG_IPV6_MIP6)"
            if answer.errno not in (errno.EINVAL, 0):
                return f"the kernel refuses transformations: {answer.reason}"
    except OSError as error:
        return f"the kernel refuses transformations: {error.strerror}"
    finally:
        netlink.close()
    return ""


def why_not_protected() -> str:
    """Why the kernel cannot encrypt, "" when it can. Nothing is changed; of algorithms it may still lack some."""
    nobody = IPv6Address(1)
    trial = EspState(
        source=nobody,
        destination=nobody,
        spi=_TRIAL_SPI,
        mode=xfrm.Mode.TRANSPORT,
        selector=xfrm.Selector(source=xfrm.ANY, destination=xfrm.ANY),
        reqid=0,
        algorithm="aes-cbc-128+hmac-sha-256",
        key=bytes(48),
    )
    try:
        netlink = XfrmSocket()
    except OSError:
        return "kernel lacks XFRM"
    try:
        answer = netlink.request([esp_trial(trial)])[0]
    except OSError as error:
        return f"the kernel refuses IPsec: {error.strerror}"
    finally:
        netlink.close()
    if answer.errno == errno.EPROTONOSUPPORT:
        return "kernel lacks IPsec for IPv6 (CONFIG_INET6_ESP)"
    return "" if answer.errno in (errno.ESRCH, errno.ENOENT, errno.ENOSYS) else f"the kernel refuses: {answer.reason}"


def refused(notice: Notice, tell: Callable[[Report], None]) -> None:
    """Pass on that a packet with a Home Address option was refused."""
    report = xfrm.read_report(notice.body) if notice.type == xfrm.XFRM_MSG_REPORT else None
    if report is None or report.protocol != DESTINATION_OPTIONS or report.care_of is None:
        return
    if report.upper_layer == PROTOCOL_ICMPV6 and report.kind in _READ_BEFORE:
        return  # a Mobile Prefix Solicitation may come without a binding, and the engine has it already
    tell(report)


def _identity(found: State | EspState | Policy) -> Hashable:
    match found:
        case State():
            return found.protocol, found.source, found.destination
        case EspState():
            return found.spi, found.destination
        case _:
            return found.direction, found.selector


def _transformations(item: Transformation) -> Transformations:
    """With the index of the tunnel's device, if that is there."""
    index = 0
    if isinstance(item, ProtectedTunnel):
        try:
            index = socket.if_nametoindex(item.device)
        except OSError:
            pass  # without it the policy is for every way out: rather too much protection
    return transformations(item, index)


def _protects(found: State | EspState | Policy) -> bool:
    return isinstance(found, Policy) and any(each.protocol == xfrm.ESP for each in found.templates)


def _state_removal(state: State | EspState) -> Message:
    return xfrm.state_removal(state) if isinstance(state, State) else esp_removal(state)


def _all_of_ours(netlink: XfrmSocket) -> Iterator[State | EspState | Policy]:
    """Policies first: one without its state would stop the packets it is for."""
    for _, body in netlink.dump(xfrm.policy_dump()):
        if (policy := xfrm.read_policy(body)) is not None and is_ours(policy):
            yield policy
    for _, body in netlink.dump(xfrm.state_dump()):
        state: State | EspState | None = read_esp(body) or xfrm.read_state(body)
        if state is not None and is_ours(state):
            yield state


def _first_refusal(answers: Iterable[Answer]) -> Answer:
    return next((answer for answer in answers if answer.errno), DONE)


def _settled(answer: Answer) -> Answer:
    return DONE if answer.errno in _GONE else answer


def _line(found: State | EspState | Policy) -> str:
    if isinstance(found, EspState):
        return f"xfrm state del dst {found.destination} proto esp spi {found.spi:#x}"
    if isinstance(found, State):
        return f"xfrm state del src {found.source} dst {found.destination} proto {found.protocol}"
    selector = found.selector
    return f"xfrm policy del src {selector.source} dst {selector.destination} dir {found.direction.name.lower()}"
