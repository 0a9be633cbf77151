# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel of a home agent should look like: once for the role, and once for each binding (section 10.4)."""

from collections.abc import Iterable, Iterator
from ipaddress import IPv6Address, IPv6Network
from typing import Final

from mnclient.constants import (
    INTERFACE_PREFIX,
    IPV6_HEADER_LENGTH,
    IPV6_MINIMUM_MTU,
    TUNNEL_DEVICE_HOME_AGENT,
)
from mnclient.engine.home_agent.binding_cache import Binding
from mnclient.engine.home_agent.links import HomeLinks, anycast_of
from mnclient.model.config import HomeLinkConfig
from mnclient.model.network_state import (
    Address,
    AnycastAddress,
    BindingUpdateReception,
    DuplicateDetection,
    NetworkState,
    ProtectedSignalling,
    ProtectedTunnel,
    ProxyNeighbor,
    Route,
    RouteKind,
    Sysctl,
    Tunnel,
    TunnelDevice,
    TunnelEnd,
)
from mnclient.model.security import SecurityAssociation
from mnclient.wire.addresses import text_of

OWNER: Final = "home-agent"

FORWARDING: Final = Sysctl(key="net/ipv6/conf/all/forwarding", value="1")

Associations = tuple[SecurityAssociation, ...]
"""Those of one home address: the one to send under, then the others that are believed."""

_ORDINARY_MTU: Final = 1500
_LAST_RESORT: Final = 4096  # metric: behind every route that leads somewhere


def owner_of(home_address: IPv6Address) -> str:
    """The owner name of a binding's part of the kernel."""
    return f"{OWNER}:{text_of(home_address)}"


def home_address_of(owner: str) -> IPv6Address | None:
    """The home address of such an owner name; None for another."""
    role, _, address = owner.partition(":")
    return IPv6Address(address) if role == OWNER and address else None


def binding_state(binding: Binding, associations: Associations = (), *, protect_payload: bool = False) -> NetworkState:
    """Intercept, tunnel and, on a real link once duplicate detection is over, defend (sections 10.4.1 and 10.4.2).

    The link-local address is defended but never tunnelled. With `associations` home tests go under ESP (10.4.6), and
    everything else if `protect_payload`.
    """
    home_address, link, previous = binding.home_address, binding.link, binding.previous_care_of_address
    proxies: frozenset[ProxyNeighbor] = frozenset()
    if link.interface is not None and not binding.detecting:
        proxies = frozenset(ProxyNeighbor(interface=link.interface, address=each) for each in binding.defended())
    return NetworkState(
        routes=frozenset((_route_into_tunnel(home_address),)),
        tunnels=frozenset(
            (
                Tunnel(
                    device=TUNNEL_DEVICE_HOME_AGENT,
                    home_address=home_address,
                    local=link.address,
                    remote=binding.care_of_address,
                    end=TunnelEnd.HOME_AGENT,
                    accept_remote=() if previous is None else (previous,),
                ),
            )
        ),
        proxy_neighbors=proxies,
        protected_tunnels=_protected(binding, associations, protect_payload),
    )


def _protected(binding: Binding, associations: Associations, payload: bool) -> frozenset[ProtectedTunnel]:
    if not associations:
        return frozenset()
    tunnel = ProtectedTunnel(
        device=TUNNEL_DEVICE_HOME_AGENT,
        end=TunnelEnd.HOME_AGENT,
        association=associations[0],
        also=associations[1:],
        care_of_address=binding.care_of_address,
        payload=payload,
    )
    return frozenset((tunnel,))


def role_state(
    links: HomeLinks,
    associations: Iterable[Associations] = (),
    *,
    selective: bool = False,
    discovery: bool = True,
) -> NetworkState:
    """What all bindings share: forwarding, the tunnel device, and the home links themselves.

    Of a real link nothing is asked for before its interface exists. `selective`: the datapath refuses home addresses it
    was not told of, and must let in those of the first Binding Updates. `discovery`: requests to the anycast address of
    the home agents are answered (section 8.4). `associations` are those of each mobile node whose signalling goes under
    ESP, bound or not.
    """
    real = [link for link in links.served if link.interface in links.interfaces]
    virtual = [link for link in links.served if link.interface is None]
    return NetworkState(
        devices=frozenset((TunnelDevice(name=TUNNEL_DEVICE_HOME_AGENT, mtu=_tunnel_mtu(links)),)),
        sysctls=frozenset((*_forwarding(links), *(each for link in real for each in _proxying(link)))),
        addresses=frozenset(_address(link) for link in (*real, *virtual)),
        routes=frozenset(_route(link) for link in (*real, *virtual)),
        receptions=frozenset((BindingUpdateReception(),)) if selective else frozenset(),
        anycast_addresses=frozenset(_anycast((*real, *virtual))) if discovery else frozenset(),
        protected_signalling=frozenset(
            ProtectedSignalling(end=TunnelEnd.HOME_AGENT, association=first, also=tuple(also))
            for first, *also in associations
        ),
    )


def before_forwarding(state: NetworkState) -> NetworkState:
    """What must be in force before forwarding begins: from then on the kernel may drop its learned default routes."""
    return NetworkState(sysctls=state.sysctls - {FORWARDING})


def _route_into_tunnel(home_address: IPv6Address) -> Route:
    return Route(destination=IPv6Network(home_address), interface=TUNNEL_DEVICE_HOME_AGENT, tunnel=home_address)


def _forwarding(links: HomeLinks) -> list[Sysctl]:
    """Forwarding, without which there is no home agent, and what keeps this host's own default routes alive with it.

    A host that forwards ignores Router Advertisements unless accept_ra is 2. That is wanted on the interfaces where we
    advertise ourselves, and would cut off this host on all others. It is set before they come up, and only where the
    kernel listened before: where accept_ra is 0, a network manager does.
    """
    advertised = {link.interface for link in links.served if link.advertising is not None}
    listening = [name for name in links.interfaces if name not in advertised and _is_of_this_host(name)]
    accept = [Sysctl(key=f"net/ipv6/conf/{name}/accept_ra", value="2", instead_of="1") for name in listening]
    return [FORWARDING, *accept]


def _proxying(link: HomeLinkConfig) -> list[Sysctl]:
    """Answer solicitations for mobile nodes, at once: nobody competes with the home agent for the answer.

    When it forwards, the kernel looks at the setting of all interfaces alone: with it solicitations sent to the mobile
    node's own address do not get into the tunnel, and who writes to its link-local address is told that nobody is
    there (sections 10.4.1 and 10.4.2). Which addresses are meant is still said by interface.
    """
    return [
        Sysctl(key="net/ipv6/conf/all/proxy_ndp", value="1"),
        Sysctl(key=f"net/ipv6/conf/{link.interface}/proxy_ndp", value="1"),
        Sysctl(key=f"net/ipv6/neigh/{link.interface}/proxy_delay", value="0"),
    ]


def _address(link: HomeLinkConfig) -> Address:
    if link.interface is None:
        return Address(interface=TUNNEL_DEVICE_HOME_AGENT, address=link.address)
    return Address(
        interface=link.interface,
        address=link.address,
        prefix_length=link.prefix.prefixlen,
        duplicate_detection=DuplicateDetection.NORMAL,
    )


def _anycast(links: Iterable[HomeLinkConfig]) -> Iterator[AnycastAddress]:
    for link in links:
        address = anycast_of(link)
        if address is not None:
            yield AnycastAddress(interface=link.interface or TUNNEL_DEVICE_HOME_AGENT, address=address)


def _route(link: HomeLinkConfig) -> Route:
    """The home prefix: on its link, or unreachable, so that packets to unregistered addresses do not go in circles."""
    if link.interface is None:
        return Route(destination=link.prefix, interface="", metric=_LAST_RESORT, kind=RouteKind.UNREACHABLE)
    return Route(destination=link.prefix, interface=link.interface)


def _tunnel_mtu(links: HomeLinks) -> int:
    """What fits into every interface a care-of address may be reached through, after encapsulation (RFC 2473)."""
    mtus = [each.mtu for name, each in links.interfaces.items() if each.is_up and _is_of_this_host(name)]
    return max(IPV6_MINIMUM_MTU, min([_ORDINARY_MTU, *mtus]) - IPV6_HEADER_LENGTH)


def _is_of_this_host(name: str) -> bool:
    return name != "lo" and not name.startswith(INTERFACE_PREFIX)
