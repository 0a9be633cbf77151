# SPDX-License-Identifier: GPL-2.0-or-later
"""From what the engine wants to what the kernel datapath puts into the kernel. Pure.

One device without fixed ends (ip6tnl *external*) serves all tunnels of this host, because the kernel has only one such
device in a namespace; the ends are in the routes that lead into it (lightweight encapsulation). So moving a tunnel is
one message that replaces a route, whether a home agent has one binding or 20,000. A route whose tunnel has no ends at
the moment leads to the holding device instead, where packets wait.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from ipaddress import IPv6Address
from typing import Final, TypeVar

from mnclient.constants import (
    HOLDING_DEVICE,
    TUNNEL_DEVICE_HOME_AGENT,
    TUNNEL_DEVICE_KERNEL,
    TUNNEL_DEVICE_MOBILE_NODE,
)
from mnclient.model.network_state import (
    Address,
    AnycastAddress,
    NetworkState,
    ProtectedTunnel,
    Route,
    Tunnel,
    TunnelDevice,
)

_Item = TypeVar("_Item", Address, AnycastAddress, Tunnel, ProtectedTunnel, Route)
_TUNNEL_DEVICES: Final = frozenset({TUNNEL_DEVICE_MOBILE_NODE, TUNNEL_DEVICE_HOME_AGENT})


def for_kernel(state: NetworkState) -> NetworkState:
    """The state of one owner as the kernel datapath wants it."""
    tunnels = {tunnel.home_address: tunnel for tunnel in state.tunnels}
    return replace(
        state,
        devices=frozenset(_devices(state.devices)),
        addresses=_changed(state.addresses, _address),
        tunnels=_changed(state.tunnels, _tunnel),
        protected_tunnels=_changed(state.protected_tunnels, _protected_tunnel),
        routes=_changed(state.routes, lambda each: _route(each, tunnels)),
        anycast_addresses=_changed(state.anycast_addresses, _anycast),
    )


def _changed(items: frozenset[_Item], change: Callable[[_Item], _Item]) -> frozenset[_Item]:
    """Each item as it has to be. Where all are so already it is the very same set: to hash them again costs most."""
    changed = [change(each) for each in items]
    return items if all(new is old for new, old in zip(changed, items, strict=True)) else frozenset(changed)


def _tunnel(tunnel: Tunnel) -> Tunnel:
    return replace(tunnel, device=TUNNEL_DEVICE_KERNEL)


def _protected_tunnel(tunnel: ProtectedTunnel) -> ProtectedTunnel:
    return replace(tunnel, device=TUNNEL_DEVICE_KERNEL)


def _anycast(address: AnycastAddress) -> AnycastAddress:
    device = _device(address.interface)
    return address if device == address.interface else replace(address, interface=device)


def _device(name: str) -> str:
    return TUNNEL_DEVICE_KERNEL if name in _TUNNEL_DEVICES else name


def _devices(devices: Iterable[TunnelDevice]) -> Iterable[TunnelDevice]:
    for device in devices:
        yield replace(device, name=_device(device.name))
        if device.name == TUNNEL_DEVICE_MOBILE_NODE:
            yield replace(device, name=HOLDING_DEVICE)


def _address(address: Address) -> Address:
    name = _device(address.interface)
    return address if name == address.interface else replace(address, interface=name)


def _route(route: Route, tunnels: dict[IPv6Address, Tunnel]) -> Route:
    if route.tunnel is None:
        name = _device(route.interface)
        return route if name == route.interface else replace(route, interface=name)
    tunnel = tunnels.get(route.tunnel)
    if tunnel is None:
        return replace(route, interface=HOLDING_DEVICE)
    return replace(route, interface=_device(route.interface), encapsulation=(tunnel.local, tunnel.remote))
