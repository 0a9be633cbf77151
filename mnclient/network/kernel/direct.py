# SPDX-License-Identifier: GPL-2.0-or-later
"""Route optimisation in the kernel: puts states and policies there, and finds out whether they are used.

A policy of somebody else for the same packets is never replaced or removed: the kernel tells policies apart by their
packets alone, so ours is then refused, and the reason says so.
"""

import errno
from collections.abc import Callable, Hashable, Iterator
from dataclasses import replace
from typing import Final

from mnclient.network import xfrm
from mnclient.network.datapath import Optimization
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

_GONE: Final = frozenset({errno.ESRCH, errno.ENOENT})
_TAKEN: Final = Answer(errno.EEXIST, "another program has a transformation policy for the same packets")


class DirectRoutes:
    """All of them. OSError from the constructor where the kernel has no XFRM."""

    def __init__(self) -> None:
        self._netlink = XfrmSocket()
        self._owners: dict[Hashable, Optimization] = {}
        self._items: dict[Pair, tuple[Optimization, ...]] = {}

    @property
    def port(self) -> int:
        """The netlink port by which events tell that we were their cause."""
        return self._netlink.port

    def close(self) -> None:
        """Give the socket back; what is in the kernel stays."""
        self._netlink.close()

    def set(self, item: Optimization, previous: Optimization | None) -> Answer:
        """Put an item into the kernel, in place of `previous`. Safe to repeat."""
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

    def remove(self, item: Optimization) -> Answer:
        """Take an item out of the kernel; what another item of the same two hosts means stays."""
        here = self._items.get(pair_of(item), ())
        items = tuple(each for each in here if each != item)
        before, after = combined({*here, item}), combined(items)
        refused = self._remove_all(before, after)
        again = [self._add_policy(each) for each in after.policies if each not in before.policies]
        self._remember(items)
        if not items:
            self._items.pop(pair_of(item), None)
        return next((answer for answer in (*refused, *again) if answer.errno), DONE)

    def _remove_all(self, before: Transformations, after: Transformations) -> list[Answer]:
        """What was before and is not to be any more; a policy that changes is replaced instead."""
        kept = {_identity(each) for each in after.policies}
        gone = [each for each in before.policies if _identity(each) not in kept]
        answers = [*map(self._remove_policy, gone)]
        return answers + [self._remove_state(each) for each in before.states if each not in after.states]

    def _remember(self, items: tuple[Optimization, ...]) -> None:
        """Whom to ask when something of it is gone."""
        for item in items:
            self._items[pair_of(item)] = items
            found = transformations(item)
            self._owners |= {_identity(each): item for each in found.states}
            self._owners |= {_identity(each): item for each in found.policies}
        found = combined(items)
        self._owners |= {_identity(each): items[-1] for each in found.states if _identity(each) not in self._owners}

    def last_used(self, item: Optimization) -> float | None:
        """When a packet last left by it, in seconds since 1970; None for never. The kernel does not tell arrivals."""
        found = [each for state in transformations(item).states if (each := self._state(state)) is not None]
        return max((float(each.last_used) for each in found if each.last_used is not None), default=None)

    def all(self) -> list[Optimization]:
        """Everything that was put into the kernel."""
        return list(dict.fromkeys(self._owners.values()))

    # --- news -----------------------------------------------------------------------------------------------------

    def touched(self, notice: Notice) -> list[Optimization]:
        """What of ours may be missing after somebody else's change."""
        match notice.type:
            case xfrm.XFRM_MSG_FLUSHSA | xfrm.XFRM_MSG_FLUSHPOLICY:
                return self.all()
            case xfrm.XFRM_MSG_DELSA:
                found: State | Policy | None = xfrm.read_removed_state(notice.body)
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

    def _add_state(self, state: State) -> Answer:
        answer = self._ask(xfrm.state_addition(state))
        if answer.errno != errno.EEXIST:
            return answer
        there = self._state(state)
        if there is not None and not is_ours(there):
            return Answer(errno.EEXIST, "another program has a transformation state for the same packets")
        if there is not None and replace(there, last_used=None) == state:
            return DONE
        self._ask(xfrm.state_removal(state))
        return self._ask(xfrm.state_addition(state))

    def _add_policy(self, policy: Policy) -> Answer:
        answer = self._ask(xfrm.policy_addition(policy))
        if answer.errno != errno.EEXIST:
            return answer
        there = self._policy(policy)
        if there is not None and not is_ours(there):
            return _TAKEN
        return self._ask(xfrm.policy_addition(policy, replace=True))

    def _remove_state(self, state: State) -> Answer:
        self._owners.pop(_identity(state), None)
        there = self._state(state)
        return DONE if there is None or not is_ours(there) else _settled(self._ask(xfrm.state_removal(state)))

    def _remove_policy(self, policy: Policy) -> Answer:
        self._owners.pop(_identity(policy), None)
        there = self._policy(policy)
        return DONE if there is None or not is_ours(there) else _settled(self._ask(xfrm.policy_removal(policy)))

    def _state(self, state: State) -> State | None:
        body = self._netlink.get(xfrm.state_question(state))
        return xfrm.read_state(body) if body is not None else None

    def _policy(self, policy: Policy) -> Policy | None:
        body = self._netlink.get(xfrm.policy_question(policy))
        return xfrm.read_policy(body) if body is not None else None


def sweep() -> list[str]:
    """Remove every state and policy with our marks; a line for each. OSError where the kernel has no XFRM."""
    netlink = XfrmSocket()
    try:
        lines = []
        for each in _all_of_ours(netlink):
            message = xfrm.policy_removal(each) if isinstance(each, Policy) else xfrm.state_removal(each)
            answer = netlink.request([message])[0]
            lines.append(_line(each) if not answer.errno else f"{_line(each)}: not removed: {answer.reason}")
        return lines
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


def refused(notice: Notice, tell: Callable[[Report], None]) -> None:
    """Pass on that a packet with a Home Address option was refused."""
    report = xfrm.read_report(notice.body) if notice.type == xfrm.XFRM_MSG_REPORT else None
    if report is not None and report.protocol == DESTINATION_OPTIONS and report.care_of is not None:
        tell(report)


def _identity(found: State | Policy) -> Hashable:
    if isinstance(found, State):
        return found.protocol, found.source, found.destination
    return found.direction, found.selector


def _all_of_ours(netlink: XfrmSocket) -> Iterator[State | Policy]:
    """Policies first: one without its state would stop the packets it is for."""
    for _, body in netlink.dump(xfrm.policy_dump()):
        if (policy := xfrm.read_policy(body)) is not None and is_ours(policy):
            yield policy
    for _, body in netlink.dump(xfrm.state_dump()):
        if (state := xfrm.read_state(body)) is not None and is_ours(state):
            yield state


def _settled(answer: Answer) -> Answer:
    return DONE if answer.errno in _GONE else answer


def _line(found: State | Policy) -> str:
    if isinstance(found, State):
        return f"xfrm state del src {found.source} dst {found.destination} proto {found.protocol}"
    selector = found.selector
    return f"xfrm policy del src {selector.source} dst {selector.destination} dir {found.direction.name.lower()}"
