# SPDX-License-Identifier: GPL-2.0-or-later
"""Which entries of a binding cache somebody means: to see them, or to end them."""

from dataclasses import dataclass
from ipaddress import IPv6Network
from typing import Final

from mnclient.model.status import BindingCacheStatus

EVERYWHERE: Final = IPv6Network("::/0")


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingFilter:
    """All that is said must be true of an entry. `addresses`: the home or the care-of address is in it.

    `interface` is that of `BindingCacheStatus`, "" for entries of virtual home links; None when it does not matter.
    """

    addresses: IPv6Network = EVERYWHERE
    home_addresses: IPv6Network = EVERYWHERE
    care_of_addresses: IPv6Network = EVERYWHERE
    interface: str | None = None

    def matches(self, entry: BindingCacheStatus) -> bool:
        """Whether an entry is meant."""
        home_address, care_of_address = entry.home_address, entry.care_of_address
        return (
            (home_address in self.addresses or care_of_address in self.addresses)
            and home_address in self.home_addresses
            and care_of_address in self.care_of_addresses
            and (self.interface is None or entry.interface == self.interface)
        )


ALL_BINDINGS: Final = BindingFilter()
