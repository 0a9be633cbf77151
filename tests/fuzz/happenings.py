# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel, the datapath and the settings may tell an engine, chosen by octets."""

from collections.abc import Callable

from mnclient.engine.events import (
    AddressDuplicate,
    AddressSettled,
    Configured,
    CorrespondentHeard,
    DatapathChosen,
    DeadlineReached,
    Event,
    HomeAddressRefused,
    LinkChanged,
    LinkRemoved,
    NeighborUnreachable,
    NetworkStateFailed,
    NetworkStateRestored,
    PayloadReceived,
    Resumed,
    RouteUseKnown,
    Stopping,
)
from mnclient.model.network_state import OptimizationEnd
from mnclient.units import Instant
from tests.fuzz.octets import Octets
from tests.mnclient.engine.hostile_events import ADDRESSES, CONFIGURATIONS, HOMES, LINK_LOCAL

INTERFACES = ("wlan0", "eth0", "wlan0", "elsewhere", "mn6home")
MACS = (bytes.fromhex("020000000001"), bytes.fromhex("020000000c01"), b"", bytes(8))
OWNERS = ("mobile-node", "home-agent", "x")
ENDS = tuple(OptimizationEnd)


def happening(octets: Octets) -> Event:
    """One of them."""
    return octets.pick(_HAPPENINGS)(octets)


def _link(octets: Octets) -> Event:
    choice = octets.octet()
    return LinkChanged(
        interface=octets.pick(INTERFACES),
        is_up=bool(choice & 3),
        link_layer_address=MACS[choice >> 2 & 3],
        link_local_address=LINK_LOCAL if choice & 0x30 else None,
        mtu=(1500, 1280, 0, 65536)[choice >> 6],
        interrupted=bool(choice & 8),
    )


def _route_use(octets: Octets) -> Event:
    return RouteUseKnown(
        end=octets.pick(ENDS),
        home_address=octets.pick(ADDRESSES),
        correspondent=octets.pick(ADDRESSES),
        last_used=octets.pick((None, Instant(1000.0))),
    )


def _home_address_refused(octets: Octets) -> Event:
    return HomeAddressRefused(
        source=octets.pick(ADDRESSES), destination=octets.pick(ADDRESSES), home_address=octets.pick(ADDRESSES)
    )


def _correspondent(octets: Octets) -> Event:
    return CorrespondentHeard(home_address=octets.pick(HOMES).address, correspondent=octets.pick(ADDRESSES))


_HAPPENINGS: tuple[Callable[[Octets], Event], ...] = (
    _link,
    _route_use,
    _home_address_refused,
    _correspondent,
    _correspondent,
    lambda octets: DatapathChosen(route_optimization=octets.octet() < 0xC0),
    lambda octets: DatapathChosen(route_optimization=octets.octet() < 0xC0),
    lambda octets: Configured(config=octets.pick(CONFIGURATIONS)),
    lambda octets: LinkRemoved(interface=octets.pick(INTERFACES)),
    lambda octets: AddressDuplicate(interface=octets.pick(INTERFACES), address=octets.pick(ADDRESSES)),
    lambda octets: AddressSettled(interface=octets.pick(INTERFACES), address=octets.pick(ADDRESSES)),
    lambda octets: NeighborUnreachable(interface=octets.pick(INTERFACES), address=octets.pick(ADDRESSES)),
    lambda octets: PayloadReceived(home_address=octets.pick(ADDRESSES)),
    lambda octets: NetworkStateFailed(owner=octets.pick(OWNERS), item="an item", reason="a reason"),
    lambda octets: NetworkStateRestored(owner=octets.pick(OWNERS)),
    lambda octets: DeadlineReached(),
    lambda octets: Resumed(),
    lambda octets: Stopping(),
)
