# SPDX-License-Identifier: GPL-2.0-or-later
"""What the service needs of a node, so that it can be tested with one that touches no network."""

from collections.abc import Callable
from typing import Protocol

from mnclient.engine.actions import Action
from mnclient.model.binding_filter import BindingFilter
from mnclient.model.config import NodeConfig
from mnclient.model.handover import Handover
from mnclient.model.service_status import Datapath
from mnclient.model.status import BindingCacheStatus, Status
from mnclient.model.stored_binding import Stored
from mnclient.runtime.message_log import MessageLog
from mnclient.units import Instant

Observer = Callable[[Action], None]
"""Receives every action that is not for the network (PublishStatus, Report..., Note), synchronously; must be quick."""


class Node(Protocol):
    """The engine with its network and its clock; `mnclient.runtime.node.Node` is the real one."""

    async def start(self, config: NodeConfig, stored: Stored) -> None:
        """Begin; `stored` is the snapshot of the last run. NetworkError when the system refuses us."""
        ...

    def configure(self, config: NodeConfig) -> None:
        """Put another configuration into force."""
        ...

    def status(self) -> Status:
        """What is true now."""
        ...

    def binding_cache(self) -> tuple[BindingCacheStatus, ...]:
        """The binding cache."""
        ...

    def dismiss_bindings(self, which: BindingFilter) -> None:
        """End these entries of the binding cache, soon."""
        ...

    def handovers(self) -> tuple[Handover, ...]:
        """The last moves, the newest last."""
        ...

    def counters(self) -> dict[str, int]:
        """What was sent, received, carried and refused so far."""
        ...

    @property
    def message_log(self) -> MessageLog:
        """The signalling sent and heard."""
        ...

    def snapshot(self) -> Stored:
        """Bindings and registrations, to be given to the next `start`."""
        ...

    @property
    def datapath(self) -> Datapath:
        """How payload is carried."""
        ...

    @property
    def route_optimization(self) -> Datapath:
        """How packets can go directly; the name is "none" where they cannot."""
        ...

    @property
    def protections(self) -> tuple[str, ...]:
        """The kinds of key with which it can protect registrations."""
        ...

    def resumed(self) -> None:
        """The machine was asleep until now."""
        ...

    def now(self) -> Instant:
        """The boot-time clock."""
        ...

    def boot_time(self) -> float:
        """The wall-clock time of instant 0."""
        ...

    async def failed(self) -> BaseException:
        """Waits until the node ends by a defect, and returns that defect. An orderly stop is not one."""
        ...

    async def stop(self) -> None:
        """Withdraw everything of ours from the kernel."""
        ...


class NodeFactory(Protocol):
    """Makes a node that does nothing before its `start`."""

    def __call__(self, observer: Observer, *, datapath: str) -> Node:
        """`datapath` is the wish how payload is carried: "auto", "kernel" or "portable"."""
        ...
