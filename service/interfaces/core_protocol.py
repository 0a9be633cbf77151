# SPDX-License-Identifier: GPL-2.0-or-later
"""What the bus side needs of the service's core, which knows nothing of D-Bus."""

from collections.abc import Callable, Sequence
from ipaddress import IPv6Address, IPv6Network
from typing import Any, Protocol

from mnclient.model.binding_filter import BindingFilter
from mnclient.model.guest import Guest, GuestWish, RotationWish
from mnclient.model.handover import Handover
from mnclient.model.keys import KeyKind, KeyOwner
from mnclient.model.service_status import ServiceStatus, Suggestion
from mnclient.model.status import BindingCacheStatus
from mnclient.runtime.message_log import MessageLog


class Keys(Protocol):
    """The keys for home agents. Secrets go in and never come out."""

    def set(
        self,
        home_address: IPv6Address,
        home_agent: IPv6Address,
        kind: KeyKind,
        algorithm: str,
        spi_in: int,
        spi_out: int,
        secret: bytes,
        owner: KeyOwner,
    ) -> None:
        """Install or replace a key."""
        ...

    def try_out(
        self,
        home_address: IPv6Address,
        home_agent: IPv6Address,
        kind: KeyKind,
        algorithm: str,
        spi_in: int,
        spi_out: int,
        secret: bytes,
        owner: KeyOwner,
        caller: str,
    ) -> None:
        """Install or replace a key on trial, until `caller` leaves."""
        ...

    def provide(self, home_address: IPv6Address, home_agent: IPv6Address, spi_out: int, secret: bytes) -> None:
        """The secret of a user's key, for memory only."""
        ...

    def remove(self, home_address: IPv6Address, home_agent: IPv6Address, spi_out: int) -> None:
        """Forget a key."""
        ...


class Guests(Protocol):
    """Whom this home agent invited."""

    def listing(self) -> tuple[Guest, ...]:
        """All guests, those that ended included."""
        ...

    def invite(self, wish: GuestWish) -> Guest:
        """Let somebody in."""
        ...

    def rotate(self, wish: RotationWish) -> Guest:
        """Give a guest a new key."""
        ...

    def revoke(self, name: str) -> Guest:
        """End a guest."""
        ...


class Core(Protocol):
    """The service. Every method may raise a MobileIPv6Error, whose words reach the caller unchanged."""

    def status(self) -> ServiceStatus:
        """Everything that is true now, except the binding cache."""
        ...

    def binding_cache(self) -> tuple[BindingCacheStatus, ...]:
        """The home agent's bindings; there may be 20,000."""
        ...

    def clear_bindings(self, which: BindingFilter) -> int:
        """End these entries of the binding cache; how many there were."""
        ...

    def handovers(self) -> tuple[Handover, ...]:
        """The last moves, the newest last."""
        ...

    @property
    def message_log(self) -> MessageLog:
        """The signalling sent and heard."""
        ...

    def counters(self) -> dict[str, int]:
        """What was sent, received, carried and refused so far."""
        ...

    def suggestions(self, home_agent: IPv6Address | None) -> tuple[Suggestion, ...]:
        """Home addresses that could be had: at this home agent, or at any known one."""
        ...

    def add_home_address(self, address: IPv6Address, home_agent: IPv6Address | None, prefix_length: int = 64) -> None:
        """Keep a home address."""
        ...

    def try_home_address(
        self, address: IPv6Address, home_agent: IPv6Address | None, prefix_length: int, caller: str
    ) -> None:
        """Use a home address on trial, until `caller` (a unique name on the bus) leaves."""
        ...

    def try_setting(self, key: str, value_text: str, caller: str) -> None:
        """Change one setting on trial, until `caller` leaves."""
        ...

    def try_interface_order(self, names: Sequence[str], caller: str) -> None:
        """Prefer these interfaces on trial, until `caller` leaves."""
        ...

    def keep_home_address(self, address: IPv6Address, caller: str) -> None:
        """Make permanent what `caller` has on trial, with this address."""
        ...

    def cancel_trial(self, address: IPv6Address | None, caller: str) -> None:
        """Give up an address that `caller` has on trial, or all that it has."""
        ...

    def caller_left(self, caller: str) -> None:
        """A caller that had begun a trial is not on the bus any more."""
        ...

    def remove_home_address(self, address: IPv6Address) -> None:
        """Give a home address up."""
        ...

    def prefer_home_address(self, address: IPv6Address) -> None:
        """Use this one for new connections."""
        ...

    def accept_proposal(self, address: IPv6Address) -> None:
        """Take a proposed home address into use."""
        ...

    def dismiss_proposal(self, address: IPv6Address) -> None:
        """Do not propose this address again."""
        ...

    def add_home_agent(self, address: IPv6Address, prefix: IPv6Network, pinned: bool) -> None:
        """Know a home agent that was not heard."""
        ...

    def accept_home_agent(self, address: IPv6Address) -> None:
        """Believe that a home agent has changed."""
        ...

    def remove_home_agent(self, address: IPv6Address) -> None:
        """Forget a home agent."""
        ...

    def set_interface_priority(self, name: str, priority: int) -> None:
        """1 to 999; the smaller is preferred."""
        ...

    def set_interface_order(self, names: Sequence[str]) -> None:
        """Prefer these interfaces in this order, and others behind them."""
        ...

    @property
    def keys(self) -> Keys:
        """The keys for home agents."""
        ...

    @property
    def guests(self) -> Guests:
        """Whom this home agent invited."""
        ...

    def settings(self) -> dict[str, object]:
        """Every setting in force, by key."""
        ...

    def setting(self, key: str) -> object:
        """One setting in force."""
        ...

    def set_setting(self, key: str, value_text: str) -> None:
        """Change one setting; `value_text` is written as in the settings file."""
        ...

    def set_home_agent_link(
        self, prefix: IPv6Network, address: IPv6Address, interface: str | None, advertise: bool
    ) -> None:
        """Serve a home link, and switch the home-agent role on. `interface` None: a virtual link."""
        ...

    def remove_home_agent_link(self, prefix: IPv6Network) -> None:
        """Serve this home link no more."""
        ...

    def reload(self) -> None:
        """Read the settings file again."""
        ...

    def subscribe(self, callback: Callable[[Any], None]) -> Callable[[], None]:
        """Call `callback` with every change, until what is returned is called."""
        ...
