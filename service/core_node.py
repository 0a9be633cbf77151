# SPDX-License-Identifier: GPL-2.0-or-later
"""The part of the core that asks the node, and adds nothing: bindings, moves, counters, messages."""

from mnclient.model.binding_filter import BindingFilter
from mnclient.model.handover import Handover
from mnclient.model.status import BindingCacheStatus
from mnclient.runtime.message_log import MessageLog
from service.node_protocol import Node


class NodeCore:
    """What is asked of the node as it is."""

    _node: Node

    def binding_cache(self) -> tuple[BindingCacheStatus, ...]:
        """What mobile nodes told this machine, in both roles: home agent and correspondent."""
        return self._node.binding_cache()

    def clear_bindings(self, which: BindingFilter) -> int:
        """End these entries; how many there were. A mobile node may register again: that is for the access rules."""
        found = sum(map(which.matches, self._node.binding_cache()))
        self._node.dismiss_bindings(which)
        return found

    def handovers(self) -> tuple[Handover, ...]:
        """The last moves, the newest last."""
        return self._node.handovers()

    def counters(self) -> dict[str, int]:
        """What was sent, received, carried and refused so far."""
        return self._node.counters()

    def protections(self) -> tuple[str, ...]:
        """The kinds of key with which it can protect registrations."""
        return self._node.protections

    @property
    def message_log(self) -> MessageLog:
        """The signalling sent and heard."""
        return self._node.message_log
