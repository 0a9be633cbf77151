# SPDX-License-Identifier: GPL-2.0-or-later
"""What the guests need of the core (`core_guests.GuestHost`), and nothing more."""

from collections.abc import Callable
from ipaddress import IPv6Address
from typing import TYPE_CHECKING

from mnclient.model.binding_filter import BindingFilter
from mnclient.model.config import AccessRule, HomeAgentConfig
from service.core_guests import GuestHost

if TYPE_CHECKING:
    from service.core import ServiceCore


class HomeAgentHost(GuestHost):
    """The core, seen by its guests."""

    def __init__(self, core: "ServiceCore", changed: Callable[[], None]) -> None:
        self._core = core
        self._tell = changed

    def home_agent_config(self) -> HomeAgentConfig | None:
        """As the core has it."""
        return self._core.home_agent_config()

    def protections(self) -> tuple[str, ...]:
        """Those of the node."""
        return self._core.protections()

    def registered_addresses(self) -> frozenset[IPv6Address]:
        """Of the binding cache, without bindings of correspondents."""
        return frozenset(each.home_address for each in self._core.binding_cache() if each.home_registration)

    def access_rules(self) -> tuple[AccessRule, ...]:
        """Those of the settings."""
        return self._core.home_agent_access()

    def store_access_rules(self, rules: tuple[AccessRule, ...]) -> None:
        """In the settings."""
        self._core.store_home_agent_access(rules)

    def clear_bindings(self, which: BindingFilter) -> int:
        """At the node."""
        return self._core.clear_bindings(which)

    def guests_changed(self) -> None:
        """To all subscribers."""
        self._tell()
