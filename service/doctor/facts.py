# SPDX-License-Identifier: GPL-2.0-or-later
"""What was found out about this machine, as plain values. What could not be found out says why in a `..._unknown`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from typing import Any

from mnclient.model.keys import KeyKind
from mnclient.model.service_status import ServiceStatus

ONLY_ROOT = "only root can see this"
AS_ROOT = "Do it as root: sudo mnctl doctor."
KEYS_UNKNOWN = "Which keys there are is not known without the service."


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelFacts:
    """What the kernel can do, each as the reason why not; "" when it can.

    `is_known` is false where neither the service nor root could try: then only `ipv6`, `nft` and `tun` mean something.
    """

    release: str
    is_known: bool
    datapath: str = ""
    datapath_reason: str = ""
    esp: str = ""
    ipv6: str = ""
    tun: str = ""
    nft: str = ""
    address_protocol: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkFacts:
    """Settings under /proc/sys/net/ipv6/conf by interface, and what iproute2 says (its JSON)."""

    settings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    has_default_route: bool = False
    rules: tuple[Mapping[str, Any], ...] = ()
    rules_unknown: str = ""
    transformations: str = ""
    """The text of `ip xfrm policy`."""
    transformations_unknown: str = ""
    ruleset: tuple[Mapping[str, Any], ...] = ()
    """The list "nftables" of `nft -j list ruleset`."""
    ruleset_unknown: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagerFacts:
    """Another program that manages interfaces. `devices` are ours, with what it says of them."""

    name: str
    is_running: bool
    devices: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RightsFacts:
    """Who may what. Modes are the nine bits; None: it is not there, or cannot be seen (`..._unknown` tells which)."""

    is_root: bool
    permissions: Mapping[str, str] = field(default_factory=dict)
    """Action of polkit: "yes", "password" or "no"; empty when the service was not asked."""
    state_directory: str = ""
    state_mode: int | None = None
    keys_mode: int | None = None
    state_unknown: str = ""
    has_polkit_actions: bool = True
    """Whether our actions are where polkit looks for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockFacts:
    """`now` in seconds since 1970; `is_synchronized` None when the kernel was not to be asked."""

    now: float
    is_synchronized: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFacts:
    """The service, as it answers; without an answer the settings as they are in the file."""

    own_version: str
    status: ServiceStatus | None = None
    no_bus: str = ""
    """Why there is no answer, and what to do; "" when there is one."""
    no_bus_remedy: str = ""
    is_denied: bool = False
    mobile_node: bool | None = None
    """Whether the role is on; None when that cannot be known."""
    home_agent: bool | None = None
    verifies: bool = True
    """Whether the setting mobile_node.verify is on."""
    settings_refused: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WayFacts:
    """The way to one home agent. `neighbor` is the state of the next hop in the neighbour cache, "" for none.

    `no_route` is what the kernel says when it has none; `unseen` why it could not be asked.
    """

    no_route: str = ""
    unseen: str = ""
    interface: str = ""
    next_hop: IPv6Address | None = None
    neighbor: str = ""
    is_answered: bool | None = None
    """Whether it answered an echo request; None when none could be sent."""
    echo_unknown: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeFacts:
    """A home address that is to be kept reachable, and the way to its home agent."""

    address: IPv6Address
    home_agent: IPv6Address | None
    way: WayFacts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that `examine` judges."""

    kernel: KernelFacts
    network: NetworkFacts
    managers: tuple[ManagerFacts, ...]
    rights: RightsFacts
    clock: ClockFacts
    service: ServiceFacts
    homes: tuple[HomeFacts, ...] = ()
    homes_unknown: str = ""

    def uses(self, kind: KeyKind) -> bool | None:
        """Whether there is a key of this kind; None where that is not known, because the service does not answer."""
        status = self.service.status
        return None if status is None else any(key.kind is kind for key in status.keys)
