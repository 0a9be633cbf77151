# SPDX-License-Identifier: GPL-2.0-or-later
"""From a `ServiceStatus` to the objects on the bus, and from two such sets of objects to the signals between them.

Nothing here touches a bus. A property cannot be absent on D-Bus: text that is not there is "", a time that never was is
0, a Binding Acknowledgement status that never came is -1. (`GetStatus` leaves such fields out instead.)
"""

from dataclasses import dataclass
from ipaddress import IPv6Address

from dbus_fast import Variant

from mnclient.model.service_status import KnownHomeAgent, ManagedHomeAddress, ServiceStatus
from mnclient.model.status import BindingUpdateStatus, CorrespondentStatus, HomeAddressStatus, InterfaceStatus
from mnclient.units import Instant
from service import contract

Properties = dict[str, Variant]
Objects = dict[str, dict[str, Properties]]
"""Object path: interface: property: value."""


@dataclass(frozen=True, slots=True)
class Added:
    """An object is there now."""

    path: str
    interfaces: dict[str, Properties]


@dataclass(frozen=True, slots=True)
class Removed:
    """An object is gone."""

    path: str
    interfaces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Changed:
    """Properties of an object have new values."""

    path: str
    interface: str
    properties: Properties


def describe(status: ServiceStatus) -> Objects:
    """All objects, the manager included."""
    objects = {contract.ROOT_PATH: {contract.MANAGER: _manager(status)}}
    for agent in status.known_home_agents:
        objects[contract.home_agent_path(agent.address)] = {contract.HOME_AGENT: _home_agent(agent)}
    in_engine = {each.address: each for each in status.engine.home_addresses}
    for managed in status.home_addresses:
        path = contract.home_address_path(managed.address)
        properties = _home_address(managed, in_engine.get(managed.address), status.boot_time)
        objects[path] = {contract.HOME_ADDRESS: properties}
    for interface in status.engine.interfaces:
        objects[contract.interface_path(interface.name)] = {contract.INTERFACE: _interface(interface)}
    for binding in status.engine.binding_update_list:
        path = contract.binding_path(binding.destination, binding.home_address)
        objects[path] = {contract.BINDING: _binding(binding, status.boot_time)}
    for correspondent in status.engine.correspondents:
        path = contract.correspondent_path(correspondent.address, correspondent.home_address)
        objects[path] = {contract.CORRESPONDENT: _correspondent(correspondent, status.boot_time)}
    return objects


def differences(before: Objects, after: Objects) -> list[Added | Removed | Changed]:
    """What happened between two sets of objects: removals first, so that a path may be used again."""
    found: list[Added | Removed | Changed] = [
        Removed(path, tuple(interfaces)) for path, interfaces in before.items() if path not in after
    ]
    for path, interfaces in after.items():
        if path not in before:
            found.append(Added(path, interfaces))
            continue
        for interface, properties in interfaces.items():
            known = before[path][interface]
            if changed := {name: value for name, value in properties.items() if known[name] != value}:
                found.append(Changed(path, interface, changed))
    return found


def _typed(interface: str, values: dict[str, object]) -> Properties:
    return {name: Variant(kind, values[name]) for name, kind in contract.PROPERTIES[interface].items()}


def _text(address: IPv6Address | None) -> str:
    return "" if address is None else str(address)


def _manager(status: ServiceStatus) -> Properties:
    role, correspondent_node = status.engine.home_agent, status.engine.correspondent_node
    optimization, reason = status.optimization()
    values: dict[str, object] = {
        "Version": status.version,
        "ApiVersion": contract.API_VERSION,
        "Phase": status.engine.phase.value,
        "Datapath": status.datapath.name,
        "DatapathReason": status.datapath.reason,
        "RouteOptimization": optimization.value,
        "RouteOptimizationReason": reason,
        "Problems": [each.code.value for each in status.engine.problems],
        "Proposals": [str(each.address) for each in status.proposals],
        "HomeAgentRole": role is not None,
        "Bindings": role.bindings if role else 0,
        "CorrespondentNodeRole": correspondent_node is not None,
        "CorrespondentBindings": correspondent_node.bindings if correspondent_node else 0,
    }
    return _typed(contract.MANAGER, values)


def _home_agent(agent: KnownHomeAgent) -> Properties:
    values: dict[str, object] = {
        "Address": str(agent.address),
        "Prefix": str(agent.prefix),
        "Origin": agent.origin.value,
        "Interface": agent.interface,
        "LinkLayerAddress": agent.link_layer_address.hex(":"),
        "Advertisements": agent.advertisements,
        "LastHeard": agent.last_heard_time or 0.0,
        "Rank": agent.rank,
        "Preference": agent.preference,
        "Pinned": agent.pinned,
        "Trust": agent.trust.value,
    }
    return _typed(contract.HOME_AGENT, values)


def _home_address(managed: ManagedHomeAddress, state: HomeAddressStatus | None, boot_time: float) -> Properties:
    last_status, source = (state.last_status, state.home_agent_source) if state else (None, None)
    values: dict[str, object] = {
        "Address": str(managed.address),
        "Prefix": str(managed.prefix),
        "HomeAgent": _text(managed.home_agent or (state.home_agent if state else None)),
        "Origin": managed.origin.value,
        "Preferred": managed.preferred,
        "Active": managed.active,
        "Trial": managed.trial,
        "State": state.state.value if state else "",
        "CareOfAddress": _text(state.care_of_address if state else None),
        "Interface": state.interface if state else "",
        "Registered": state is not None and state.registered,
        "RegisteredUntil": _time(state.registered_until if state else None, boot_time),
        "Verified": _answer(state.verified if state else None),
        "VerifiedAt": _time(state.verified_at if state else None, boot_time),
        "Protected": state is not None and state.protected,
        "LastStatus": -1 if last_status is None else last_status,
        "HomeAgentSource": source.value if source else "",
        "DiscoveredHomeAgents": [str(each) for each in state.discovered_home_agents] if state else [],
        "PrefixValidUntil": _time(state.valid_until if state else None, boot_time),
        "PrefixPreferredUntil": _time(state.preferred_until if state else None, boot_time),
    }
    return _typed(contract.HOME_ADDRESS, values)


def _answer(known: bool | None) -> str:
    return "unknown" if known is None else "yes" if known else "no"


def _time(instant: Instant | None, boot_time: float) -> float:
    return 0.0 if instant is None else boot_time + instant


def _interface(interface: InterfaceStatus) -> Properties:
    values: dict[str, object] = {
        "Name": interface.name,
        "Priority": interface.priority,
        "Enabled": interface.enabled,
        "Up": interface.is_up,
        "Home": interface.is_home,
        "Active": interface.is_active,
        "Standby": interface.is_standby,
        "ReachesHomeAgent": _answer(interface.reaches_home_agent),
        "CareOfAddress": _text(interface.care_of_address),
        "Routers": [str(router.address) for router in interface.routers],
    }
    return _typed(contract.INTERFACE, values)


def _binding(binding: BindingUpdateStatus, boot_time: float) -> Properties:
    values: dict[str, object] = {
        "Destination": str(binding.destination),
        "HomeAddress": str(binding.home_address),
        "CareOfAddress": str(binding.care_of_address),
        "Sequence": binding.sequence,
        "Lifetime": float(binding.lifetime),
        "Expires": boot_time + binding.expires,
        "Acknowledged": binding.acknowledged,
        "HomeRegistration": binding.home_registration,
    }
    return _typed(contract.BINDING, values)


def _correspondent(correspondent: CorrespondentStatus, boot_time: float) -> Properties:
    values: dict[str, object] = {
        "Address": str(correspondent.address),
        "HomeAddress": str(correspondent.home_address),
        "State": correspondent.state.value,
        "CareOfAddress": _text(correspondent.care_of_address),
        "Expires": _time(correspondent.expires, boot_time),
        "Retry": _time(correspondent.retry, boot_time),
        "Reason": correspondent.reason,
    }
    return _typed(contract.CORRESPONDENT, values)
