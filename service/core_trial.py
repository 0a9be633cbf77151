# SPDX-License-Identifier: GPL-2.0-or-later
"""Home addresses on trial: used like any other, but not stored, and only as long as whoever wants to know stays.

A trial belongs to the caller that began it (a unique name on the bus). It ends with `cancel`, when the caller leaves
the bus, and with the service. Only that caller can keep what is on trial without being asked for permission again.
"""

from collections.abc import Callable
from ipaddress import IPv6Address

from service.contract import UnknownThing
from service.core_addresses import HomeAddresses, known
from service.state_store import StoredHomeAddress


class Trials:
    """Who tries which home address. `changed` is called when one is taken into use or given up."""

    def __init__(self, home_addresses: HomeAddresses, changed: Callable[[], None]) -> None:
        self._home_addresses = home_addresses
        self._changed = changed
        self._callers: dict[IPv6Address, str] = {}

    def begin(self, home_address: StoredHomeAddress, caller: str) -> None:
        """Take it into use on trial. InvalidArgument when it cannot be one, or is one already."""
        self._home_addresses.try_out(home_address)
        tried = {each.address for each in self._home_addresses.on_trial}
        self._callers = {address: each for address, each in self._callers.items() if address in tried}
        self._callers[home_address.address] = caller
        self._changed()

    def keep(self, address: IPv6Address, caller: str) -> StoredHomeAddress:
        """Remember it from now on; not stored yet. UnknownThing when this caller does not try it."""
        self.require(address, caller)
        return self._home_addresses.keep(address)

    def cancel(self, address: IPv6Address, caller: str) -> None:
        """Give it up. UnknownThing when this caller does not try it."""
        self.require(address, caller)
        self._home_addresses.forget(address)
        self._changed()

    def caller_left(self, caller: str) -> None:
        """Give up all that it was trying."""
        tried = self._tried_by(caller)
        for address in tried:
            self._home_addresses.forget(address)
        if tried:
            self._changed()

    def require(self, address: IPv6Address, caller: str) -> None:
        """UnknownThing when this caller does not try it."""
        tried = self._tried_by(caller)
        if address not in tried:
            raise UnknownThing(f"{address} is not on trial by this program", hint=known(tried))

    def _tried_by(self, caller: str) -> tuple[IPv6Address, ...]:
        return tuple(
            each.address for each in self._home_addresses.on_trial if self._callers.get(each.address) == caller
        )
