# SPDX-License-Identifier: GPL-2.0-or-later
"""All facts: what the service tells, and what can be seen without it."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv6Address
from pathlib import Path

from mnclient.errors import ConfigError, MobileIPv6Error
from mnclient.model.service_status import ServiceStatus
from mnclient.model.status import HomeAddressState
from service import settings
from service.client import Client
from service.contract import NotAllowed
from service.core_version import version
from service.doctor.facts import ONLY_ROOT, Facts, HomeFacts, ServiceFacts
from service.facts.machine import read_clock, read_kernel, read_managers, read_rights
from service.facts.network import read_network, read_way
from service.state_store import default_directory, peek_home_addresses

_ROLES = ("mobile_node.enabled", "home_agent.enabled", "mobile_node.verify")


@dataclass(frozen=True, slots=True)
class Places:
    """Where the service has its settings and its state."""

    settings: Path
    state: Path

    @classmethod
    def chosen(cls, config: str | None, state_directory: str | None) -> "Places":
        """As given, or where they are when nothing is given."""
        return cls(
            Path(config) if config else settings.default_path(),
            Path(state_directory) if state_directory else default_directory(),
        )


async def gather(client: Client, places: Places) -> Facts:
    """Everything. Takes a few seconds where a home agent does not answer."""
    service, permissions = await _ask(client)
    return await asyncio.to_thread(_see, service, permissions, places)


async def _ask(client: Client) -> tuple[ServiceFacts, dict[str, str]]:
    """What the service tells. That it cannot be asked is a fact as well."""
    facts = ServiceFacts(own_version=version())
    try:
        status = await client.status()
        values = await client.settings()
        permissions = await client.permissions()
    except MobileIPv6Error as error:
        remedy = f"{error.hint[:1].upper()}{error.hint[1:]}." if error.hint else ""
        denied = isinstance(error, NotAllowed)
        return replace(facts, no_bus=error.title.rstrip("."), no_bus_remedy=remedy, is_denied=denied), {}
    told = replace(_with_roles(facts, values), status=status)
    return told, {action.value: permission.value for action, permission in permissions.items()}


def _with_roles(facts: ServiceFacts, values: Mapping[str, object]) -> ServiceFacts:
    mobile_node, home_agent, verifies = (values.get(key) is True for key in _ROLES)
    return replace(facts, mobile_node=mobile_node, home_agent=home_agent, verifies=verifies)


def _see(service: ServiceFacts, permissions: dict[str, str], places: Places) -> Facts:
    is_root = os.geteuid() == 0
    homes: tuple[HomeFacts, ...] = ()
    unknown = ""
    if service.status is not None:
        homes = _homes_of(service.status)
    else:
        service, homes, unknown = _from_files(service, places)
    return Facts(
        kernel=read_kernel(service.status, is_root=is_root),
        network=read_network(is_root=is_root),
        managers=read_managers(),
        rights=read_rights(places.state, permissions, is_root=is_root),
        clock=read_clock(),
        service=service,
        homes=homes,
        homes_unknown=unknown,
    )


def _homes_of(status: ServiceStatus) -> tuple[HomeFacts, ...]:
    return tuple(
        HomeFacts(
            address=each.address,
            home_agent=each.home_agent,
            way=read_way(each.home_agent, _source(each.state, each.care_of_address)) if each.home_agent else None,
        )
        for each in status.engine.home_addresses
    )


def _source(state: HomeAddressState, care_of_address: IPv6Address | None) -> IPv6Address | None:
    """From where the home agent is asked: away by the care-of address, since the home address takes the tunnel."""
    return None if state is HomeAddressState.AT_HOME else care_of_address


def _from_files(service: ServiceFacts, places: Places) -> tuple[ServiceFacts, tuple[HomeFacts, ...], str]:
    """The settings file and the state directory say what the service would do, if it ran."""
    try:
        found = settings.load(places.settings)
    except ConfigError as error:
        if os.path.exists(places.settings) and not os.access(places.settings, os.R_OK):  # noqa: PTH110 - never raises
            return service, (), ONLY_ROOT
        return replace(service, settings_refused=str(error)), (), "the settings are not accepted"
    told = _with_roles(service, found.describe())
    homes = {each.address: each.home_agent for each in found.home_addresses}
    try:
        homes.update({each.address: each.home_agent for each in peek_home_addresses(places.state)})
    except OSError:
        return told, _ways(homes), "" if homes else ONLY_ROOT
    return told, _ways(homes), ""


def _ways(homes: Mapping[IPv6Address, IPv6Address | None]) -> tuple[HomeFacts, ...]:
    return tuple(
        HomeFacts(address=address, home_agent=agent, way=read_way(agent, None) if agent else None)
        for address, agent in homes.items()
    )
