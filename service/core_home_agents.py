# SPDX-License-Identifier: GPL-2.0-or-later
"""The part of the core that changes the list of known home agents."""

from abc import abstractmethod
from ipaddress import IPv6Address, IPv6Network

from mnclient.model.service_status import KnownHomeAgent, Origin
from service.contract import InvalidArgument
from service.core_addresses import require_routable
from service.core_autoconfiguration import Autoconfiguration
from service.core_rows import without_address
from service.core_settings import SettingsCore
from service.core_storage import StoredFile


class HomeAgentsCore(SettingsCore):
    """What is known of home agents, by hand. All of it is in the state file at once."""

    _autoconfiguration: Autoconfiguration
    _state_file: StoredFile

    @abstractmethod
    def _configure(self) -> None:
        """The node is to work with what is known now."""

    def add_home_agent(self, address: IPv6Address, prefix: IPv6Network, pinned: bool) -> None:
        """Know a home agent that was not heard, or pin one that was. InvalidArgument, or MobileIPv6Error when full."""
        require_routable(address)
        if address not in prefix:
            raise InvalidArgument(f"{address} is outside the home prefix {prefix}", hint=f"an address in {prefix}")
        agent = KnownHomeAgent(address=address, prefix=prefix, origin=Origin.MANUAL, pinned=pinned)
        self._autoconfiguration.add(agent)
        self._state_file.write_now()

    def accept_home_agent(self, address: IPv6Address) -> None:
        """Believe that a home agent has changed. UnknownThing, or InvalidArgument when nothing was claimed of it."""
        self._autoconfiguration.accept(address)
        self._state_file.write_now()
        self._configure()

    def remove_home_agent(self, address: IPv6Address) -> None:
        """Forget a home agent, also that its proposals were dismissed. UnknownThing when it is not listed."""
        self._autoconfiguration.require(address)
        if any(each.address == address for each in self._settings.known_home_agents):
            self._store_rows("known_home_agents", without_address(self._rows("known_home_agents"), address))
        self._autoconfiguration.remove(address)
        self._state_file.write_now()
        self._configure()
