# SPDX-License-Identifier: GPL-2.0-or-later
"""The mobile-node role seen from outside: its status, and what the kernel should look like. Reads, changes nothing."""

from collections.abc import Collection, Iterable, Mapping
from ipaddress import IPv6Address, IPv6Network
from typing import Any, Final

from mnclient.constants import DEFAULT_ROUTE_GRACE
from mnclient.engine.mobile_node.attachment import is_home_link
from mnclient.engine.mobile_node.care_of import CareOfAddresses
from mnclient.engine.mobile_node.desired_state import (
    Known,
    KnownHomeAddress,
    KnownInterface,
    KnownRouter,
    table_of,
)
from mnclient.engine.mobile_node.home_registration import HomeRegistration
from mnclient.engine.mobile_node.link import Link
from mnclient.engine.mobile_node.registration import SILENT_AFTER
from mnclient.engine.mobile_node.traffic import rules_for
from mnclient.model.config import HomeAddressConfig, MobileNodeConfig
from mnclient.model.status import HomeAddressState as State
from mnclient.model.status import HomeAddressStatus, HomeAgentSource, InterfaceStatus, Phase, RouterStatus
from mnclient.units import Instant, between

USUAL_MTU: Final = 1500  # octets, before any link is in use

_HOME_STATES: Final = (State.DETECTING, State.AT_HOME, State.RETURNING)
_PHASES: Final = {
    State.WAITING: Phase.NO_NETWORK,
    State.DETECTING: Phase.REGISTERING,
    State.AT_HOME: Phase.AT_HOME,
    State.SEARCHING: Phase.NO_NETWORK,
    State.REGISTERING: Phase.REGISTERING,
    State.REGISTERED: Phase.REGISTERED,
    State.RETURNING: Phase.REGISTERING,
    State.REFUSED: Phase.PROBLEM,
    State.DUPLICATE: Phase.PROBLEM,
    State.UNPROTECTED: Phase.PROBLEM,
}


def preferred(registrations: Iterable[HomeRegistration]) -> HomeRegistration | None:
    """The home address that new connections use: the preferred one, else the first; never one that is taken or gone."""
    usable = [each for each in registrations if not each.is_taken and not each.is_expired]
    usable = [each for each in usable if not each.is_deprecated] or usable  # RFC 6724 section 5, rule 3
    return next((each for each in usable if each.home.preferred), usable[0] if usable else None)


def phase(registrations: Collection[HomeRegistration]) -> Phase:
    """The role in one word, by the preferred home address."""
    if not registrations:
        return Phase.NO_HOME_ADDRESS
    chosen = preferred(registrations)
    if chosen is None:
        return Phase.PROBLEM
    if chosen.state is State.SEARCHING and chosen.place is not None:
        return Phase.PROBLEM  # abroad, without a home agent
    is_unanswered = chosen.unanswered >= SILENT_AFTER and not chosen.is_reached
    return Phase.PROBLEM if is_unanswered else _PHASES[chosen.state]


def home_address_status(registration: HomeRegistration) -> HomeAddressStatus:
    """One home address."""
    return HomeAddressStatus(**home_address_values(registration))


def home_address_values(registration: HomeRegistration) -> dict[str, Any]:
    """The fields of its status: enough to see whether that is another one."""
    place, home = registration.place, registration.home
    care_of = place.care_of if place is not None else None
    return {
        "address": home.address,
        "prefix": home.prefix,
        "home_agent": home.home_agent,
        "state": registration.state,
        "preferred": home.preferred,
        "care_of_address": care_of.address if care_of is not None else None,
        "interface": place.interface if place is not None else "",
        "registered": registration.state is State.REGISTERED,
        "verified": registration.verified,
        "verified_at": registration.verified_at,
        "registered_until": registration.registered_until,
        "last_status": registration.last_status,
        "protected": registration.association is not None,
        "accepted_spi": registration.accepted_spi,
        "home_agent_source": _source(registration),
        "discovered_home_agents": registration.discovered,
        "valid_until": registration.valid_until,
        "preferred_until": registration.preferred_until,
    }


def _source(registration: HomeRegistration) -> HomeAgentSource | None:
    agent = registration.home.home_agent
    if agent is None:
        return None
    configured = registration.configured_agent
    return HomeAgentSource.CONFIGURED if agent is configured or agent == configured else HomeAgentSource.DISCOVERED


def interface_status(
    link: Link,
    homes: Iterable[HomeAddressConfig],
    care_of: CareOfAddresses,
    is_active: bool,
    reaches: bool | None,
    now: Instant,
) -> InterfaceStatus:
    """One interface with its routers."""
    current = care_of.current.get(link.name)
    return InterfaceStatus(
        name=link.name,
        priority=link.priority,
        enabled=link.enabled,
        is_up=link.is_up,
        is_home=any(is_home_link(link, home, now) for home in homes),
        is_active=is_active,
        care_of_address=current.address if current is not None else None,
        is_standby=current is not None and not is_active,
        reaches_home_agent=reaches,
        routers=tuple(
            RouterStatus(
                address=router.address,
                link_layer_address=router.link_layer_address,
                lifetime_until=router.lifetime_until,
                prefixes=tuple(prefix for prefix, known in router.prefixes.items() if known.expires() > now),
                is_home_agent=router.is_home_agent,
                is_current=router is link.current,
            )
            for router in link.routers_heard(now)
        ),
    )


def interface_shape(link: Link, now: Instant) -> tuple[object, ...]:
    """What makes the status of an interface news: everything but lifetimes, which routine advertisements renew."""
    routers = tuple((*each.key, each.is_home_agent, tuple(each.prefixes)) for each in link.routers_heard(now))
    current = link.current.key if link.current is not None else None
    return (link.name, link.priority, link.enabled, link.is_up, current, routers)


def known_to_kernel(
    registrations: Collection[HomeRegistration],
    links: Mapping[str, Link],
    care_of: CareOfAddresses,
    active: str | None,
    link_mtu: int,
    config: MobileNodeConfig,
    now: Instant,
) -> Known:
    """What the desired state of the kernel follows from."""
    homes = [known_home_address(each, care_of, config, now) for each in registrations]
    agents = frozenset(each.home.home_agent for each in registrations if each.home.home_agent is not None)
    with_addresses = care_of.interfaces()
    interfaces = [
        _known_interface(link, care_of, agents, link.name == active, config, now)
        for link in links.values()
        if link.name in with_addresses or (homes and link.had_care_of and link.enabled)
    ]
    chosen = preferred(registrations)
    default = None
    if chosen is not None and (_may_be_default(chosen, now) or _is_in_between(chosen, links)):
        default = table_of(chosen.index)
    return (homes, interfaces, default, link_mtu)


def known_home_address(
    registration: HomeRegistration, care_of: CareOfAddresses, config: MobileNodeConfig, now: Instant
) -> KnownHomeAddress:
    """What the kernel must know of one home address."""
    home, link, state = registration.home, registration.link, registration.state
    at_home = link is not None and state in _HOME_STATES
    # While the home agent defends the address nobody may be asked for from it, as the kernel would (section 11.5.5).
    is_defended = state is State.RETURNING
    is_proved = state is State.AT_HOME or not registration.must_prove_home
    is_there = at_home and is_proved and not (is_defended and registration.waits_to_be_home)
    router = link.current if is_there and link is not None else None
    locals_ = _tunnel_locals(registration, care_of)
    return KnownHomeAddress(
        address=home.address,
        prefix=home.prefix,
        index=registration.index,
        home_agent=home.home_agent,
        on_device=state is not State.DUPLICATE
        and not registration.is_expired
        and (state is not State.DETECTING or registration.owned),
        home_interface=link.name if at_home and link is not None else "",
        home_detection=registration.home_detection,
        home_router=router.address if router is not None else None,
        home_router_link_layer=router.link_layer_address if router is not None and is_defended else None,
        home_has_neighbors=is_proved and not is_defended,
        home_is_usual=state is State.AT_HOME,
        home_agent_link_layer=registration.home_agent_link_layer(now) if is_defended else None,
        tunnel_local=locals_[0] if locals_ else None,
        tunnel_also=locals_[1:],
        association=registration.association if registration.is_under_esp else None,
        retiring=home.retiring if registration.is_under_esp else (),
        care_of=registration.place.care_of.address if registration.place and registration.place.care_of else None,
        protect_payload=config.protect_payload,
    )


def _tunnel_locals(registration: HomeRegistration, care_of: CareOfAddresses) -> tuple[IPv6Address, ...]:
    """The ends of the tunnel here, the one to send from first.

    Abroad it begins with the Binding Update (RFC 6275 section 11.6.3); where the care-of address of before still works,
    that is left only when the home agent has confirmed the new one (docs/adr/0023-make-before-break.md). Back home
    nothing is sent through it, but what the home agent has already sent still arrives, where the old link is still up.
    """
    mine = [address for interface in care_of.interfaces() for address in care_of.all_of(interface)]
    if registration.state in (State.REGISTERING, State.REGISTERED):
        entry = registration.updates.entry(registration.key)
        if entry is None or entry.care_of_address not in mine:
            return ()
        first = registration.old_way if registration.old_way in mine else entry.care_of_address
        return (first, *sorted({address for address in mine if address != first})) if len(mine) > 1 else (first,)
    if registration.state in (State.RETURNING, State.AT_HOME):
        mine = [each.care_of.address for each in reversed(care_of.previous)]
        if registration.state is State.RETURNING and registration.acknowledged_care_of in care_of.addresses():
            mine.insert(0, registration.acknowledged_care_of)
        return tuple(dict.fromkeys(mine))
    return ()


def _known_interface(
    link: Link,
    care_of: CareOfAddresses,
    agents: Collection[IPv6Address],
    is_active: bool,
    config: MobileNodeConfig,
    now: Instant,
) -> KnownInterface:
    """A home agent is never a neighbour of a care-of address, and only the current router, which is asked again and
    again whether it serves, leads to it: who could say otherwise could cut the tunnel off.
    """
    router, chosen = link.current, care_of.current.get(link.name) if is_active else None
    servers = router.name_servers_known(now) if router is not None and chosen is not None else ()
    known, present = None, care_of.current.get(link.name)
    if router is not None:
        known = KnownRouter(
            address=router.address,
            link_layer_address=router.link_layer_address,
            # An optimistic address may not ask for neighbours: till then its packets go to the router (RFC 4429, 3.2).
            on_link=_without(agents, router.on_link(now)) if care_of.is_settled(link.name) else (),
            ways=link.ways(present.prefix, agents, now) if present is not None else (),
        )
    return KnownInterface(
        name=link.name,
        index=link.index,
        router=known,
        care_of=care_of.all_of(link.name),
        detection=care_of.detection(link.name),
        chosen=chosen.address if chosen is not None else None,
        traffic=rules_for(config, servers) if chosen is not None else (),
    )


def _without(addresses: Collection[IPv6Address], networks: Iterable[IPv6Network]) -> tuple[IPv6Network, ...]:
    return tuple(network for network in networks if not any(address in network for address in addresses))


def _may_be_default(registration: HomeRegistration, now: Instant) -> bool:
    if registration.is_reached:
        return True
    reached = registration.reached_at
    return reached is not None and between(reached, now) < DEFAULT_ROUTE_GRACE


def _is_in_between(registration: HomeRegistration, links: Mapping[str, Link]) -> bool:
    """No link is up at all: nothing else could carry a new connection, so it waits instead of failing."""
    return registration.reached_at is not None and not any(link.works for link in links.values())
