# SPDX-License-Identifier: GPL-2.0-or-later
"""From checked values to the typed configuration, with the rules that concern more than one value."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network
from typing import Any, NoReturn

from mnclient.constants import LOWEST_MIN_RTR_ADV_INTERVAL, MIN_DELAY_BETWEEN_RAS, SHORTEST_ROUTER_LIFETIME
from mnclient.errors import ConfigError
from mnclient.model.config import (
    AccessIdentifier,
    AccessRule,
    AdvertisingConfig,
    CorrespondentPolicy,
    HomeAddressConfig,
    HomeLinkConfig,
    InterfacePolicy,
    TrafficRule,
)
from mnclient.model.invitation import LONGEST_IDENTITY, is_identity
from mnclient.model.invitation_use import IDENTIFIERS
from mnclient.units import Seconds
from mnclient.wire.addresses import is_unicast_routable
from service.settings_schema import DEFAULT_PREFIX_LENGTH, TRANSPORTS

Row = Mapping[str, Any]  # a table of an array, checked against the schema: its members have the types written there


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownHomeAgentDefault:
    """A home agent that the administrator ships."""

    address: IPv6Address
    prefix: IPv6Network
    pinned: bool
    preference: int


def home_addresses(rows: tuple[Row, ...]) -> tuple[HomeAddressConfig, ...]:
    """mobile_node.home_addresses; ConfigError when they contradict each other or themselves."""
    result: list[HomeAddressConfig] = []
    for number, row in enumerate(rows, start=1):
        key = f"mobile_node.home_addresses[{number}]"
        address = _routable(row["address"], f"{key}.address")
        _once(address, [each.address for each in result], f"{key}.address", "each home address once")
        preferred = row["preferred"]
        if preferred and any(each.preferred for each in result):
            _refuse(f"{key}.preferred", "two home addresses are preferred", "true for at most one home address")
        home_agent = _routable(row["home_agent"], f"{key}.home_agent") if "home_agent" in row else None
        if home_agent == address:
            _refuse(f"{key}.home_agent", "this is the home address itself", "the address of the home agent")
        prefix = _prefix_around(address, row.get("prefix"), key)
        if home_agent is not None and home_agent not in prefix:  # RFC 6275 section 6.1.7: a router on the home link
            _refuse(f"{key}.home_agent", f"{home_agent} is outside the home prefix {prefix}", f"an address in {prefix}")
        result.append(HomeAddressConfig(address=address, prefix=prefix, home_agent=home_agent, preferred=preferred))
    return tuple(result)


def access_identifiers(rows: tuple[Row, ...]) -> tuple[AccessIdentifier, ...]:
    """mobile_node.access_identifiers."""
    result: list[AccessIdentifier] = []
    for number, row in enumerate(rows, start=1):
        key = f"{IDENTIFIERS}[{number}]"
        address = _routable(row["home_address"], f"{key}.home_address")
        _once(address, [each.home_address for each in result], f"{key}.home_address", "each home address once")
        if not is_identity(row["identifier"]):
            accepted = f"1 to {LONGEST_IDENTITY} octets without spaces, like laptop@example.org"
            _refuse(f"{key}.identifier", "this cannot be a network access identifier", accepted)
        result.append(AccessIdentifier(home_address=address, identifier=row["identifier"]))
    return tuple(result)


def interfaces(rows: tuple[Row, ...]) -> tuple[InterfacePolicy, ...]:
    """mobile_node.interfaces."""
    result: list[InterfacePolicy] = []
    for number, row in enumerate(rows, start=1):
        key = f"mobile_node.interfaces[{number}].name"
        _once(row["name"], [each.name for each in result], key, "each interface once")
        result.append(InterfacePolicy(name=row["name"], priority=row["priority"], enabled=row["enabled"]))
    return tuple(result)


def known_home_agents(rows: tuple[Row, ...]) -> tuple[KnownHomeAgentDefault, ...]:
    """known_home_agents."""
    result: list[KnownHomeAgentDefault] = []
    for number, row in enumerate(rows, start=1):
        key = f"known_home_agents[{number}]"
        address = _routable(row["address"], f"{key}.address")
        _once(address, [each.address for each in result], f"{key}.address", "each home agent once")
        result.append(
            KnownHomeAgentDefault(
                address=address,
                prefix=_prefix_around(address, row.get("prefix"), key),
                pinned=row["pinned"],
                preference=row["preference"],
            )
        )
    return tuple(result)


def networks(rows: tuple[Row, ...]) -> tuple[IPv6Network, ...]:
    """autoconfiguration.desperation_allowed."""
    return tuple(IPv6Network(row["prefix"]) for row in rows)


def home_links(rows: tuple[Row, ...]) -> tuple[HomeLinkConfig, ...]:
    """home_agent.links."""
    result: list[HomeLinkConfig] = []
    for number, row in enumerate(rows, start=1):
        key = f"home_agent.links[{number}]"
        address = _routable(row["address"], f"{key}.address")
        prefix = _prefix_around(address, row["prefix"], key)
        if any(each.prefix.overlaps(prefix) for each in result):
            _refuse(f"{key}.prefix", f"{prefix} overlaps the prefix of another home link", "prefixes that differ")
        interface = _interface_of(row, key)
        advertise = row.get("advertise")
        if advertise is not None and interface is None:
            _refuse(f"{key}.advertise", "nobody is on a virtual home link to hear it", "no advertise for virtual links")
        advertising = None if advertise is None else _advertising(advertise, f"{key}.advertise")
        result.append(HomeLinkConfig(prefix=prefix, address=address, interface=interface, advertising=advertising))
    return tuple(result)


def access_rules(rows: tuple[Row, ...]) -> tuple[AccessRule, ...]:
    """home_agent.access and correspondent_node.access."""
    return tuple(
        AccessRule(
            allow=row["allow"],
            home_addresses=IPv6Network(row["home_addresses"]),
            care_of_addresses=IPv6Network(row["care_of_addresses"]),
        )
        for row in rows
    )


def check_prefix_advertisements(shortest: float, longest: float) -> None:
    """home_agent.min_ and max_prefix_advertisement_interval: ConfigError unless they are in this order."""
    if shortest > longest:
        key, accepted = "home_agent.min_prefix_advertisement_interval", f"from 1 to {longest:g}, which is the longest"
        _refuse(key, f"{shortest:g} is longer than the longest", accepted)


def correspondents(rows: tuple[Row, ...]) -> tuple[CorrespondentPolicy, ...]:
    """mobile_node.route_optimization.correspondents."""
    result: list[CorrespondentPolicy] = []
    for number, row in enumerate(rows, start=1):
        prefix = IPv6Network(row["prefix"])
        key = f"mobile_node.route_optimization.correspondents[{number}].prefix"
        _once(prefix, [each.prefix for each in result], key, "each prefix once")
        result.append(CorrespondentPolicy(prefix=prefix, allow=row["allow"]))
    return tuple(result)


def traffic_rules(rows: tuple[Row, ...]) -> tuple[TrafficRule, ...]:
    """mobile_node.traffic_rules."""
    result: list[TrafficRule] = []
    for number, row in enumerate(rows, start=1):
        key = f"mobile_node.traffic_rules[{number}]"
        if not row:
            _refuse(key, "it says nothing, and would be about all traffic", "destination, protocol or ports")
        if "ports" in row and "protocol" not in row:
            _refuse(f"{key}.protocol", "ports are of a protocol, which is missing", ", ".join(TRANSPORTS))
        result.append(
            TrafficRule(
                destination=IPv6Network(row["destination"]) if "destination" in row else None,
                protocol=TRANSPORTS[row["protocol"]] if "protocol" in row else None,
                ports=_port_range(row["ports"]) if "ports" in row else None,
            )
        )
    return tuple(result)


def _port_range(ports: int | str) -> tuple[int, int]:
    first, _, last = str(ports).partition("-")
    return int(first), int(last or first)


def default_prefix(address: IPv6Address, length: int = DEFAULT_PREFIX_LENGTH) -> IPv6Network:
    """The prefix of this length around an address."""
    return IPv6Network((int(address) >> 128 - length << 128 - length, length))


def _prefix_around(address: IPv6Address, text: str | None, key: str) -> IPv6Network:
    """ConfigError when the address is outside, or is the one that names the prefix (RFC 4291 section 2.6.1)."""
    prefix = default_prefix(address) if text is None else IPv6Network(text)
    if address not in prefix:
        _refuse(f"{key}.address", f"{address} is outside its prefix {prefix}", f"an address inside {prefix}")
    if prefix.prefixlen < 127 and address == prefix.network_address:
        _refuse(f"{key}.address", f"{address} is the anycast address of all routers", f"another address in {prefix}")
    return prefix


def _routable(text: str, key: str) -> IPv6Address:
    address = IPv6Address(text)
    if not is_unicast_routable(address):
        _refuse(key, f"{address} is not a unicast routable address", "an address that others can reach")
    return address


def _interface_of(row: Row, key: str) -> str | None:
    if row["virtual"] and "interface" in row:
        _refuse(f"{key}.virtual", "a virtual home link has no interface", "interface, or virtual = true")
    if not row["virtual"] and "interface" not in row:
        _refuse(f"{key}.interface", "interface is missing", "the interface on the home link, or virtual = true")
    interface: str | None = row.get("interface")
    return interface


def _advertising(row: Row, key: str) -> AdvertisingConfig:
    longest = row["max_interval"]
    shortest = row.get("min_interval")
    if shortest is None:  # RFC 4861 section 6.2.1, with its erratum for short intervals
        shortest = max(longest / 3 if longest >= 9 else longest * 0.75, LOWEST_MIN_RTR_ADV_INTERVAL)
    if shortest > 0.75 * longest:
        accepted = f"from {LOWEST_MIN_RTR_ADV_INTERVAL} to {0.75 * longest:g}, that is 0.75 of max_interval"
        _refuse(f"{key}.min_interval", f"{shortest:g} is too long for a max_interval of {longest:g}", accepted)
    least, why = (longest, "max_interval") if longest >= SHORTEST_ROUTER_LIFETIME else (1.0, "RFC 6275 section 7.5")
    if 0 < row["router_lifetime"] < least:
        accepted = f"0, or from {least:g} ({why}) to 9000"
        _refuse(f"{key}.router_lifetime", f"{row['router_lifetime']:g} is too short", accepted)
    if row["preferred_lifetime"] > row["valid_lifetime"]:
        accepted = f"from 0 to {row['valid_lifetime']:g} (valid_lifetime)"
        _refuse(f"{key}.preferred_lifetime", "an address cannot be preferred for longer than it is valid", accepted)
    return AdvertisingConfig(
        min_interval=Seconds(shortest),
        max_interval=Seconds(longest),
        # RFC 6275 section 13: MinDelayBetweenRAs follows MinRtrAdvInterval below 3 s
        min_delay_between=Seconds(row.get("min_delay_between", min(shortest, MIN_DELAY_BETWEEN_RAS))),
        answer_delay=Seconds(row["answer_delay"]),
        router_lifetime=Seconds(row["router_lifetime"]),
        valid_lifetime=Seconds(row["valid_lifetime"]),
        preferred_lifetime=Seconds(row["preferred_lifetime"]),
        home_agent_preference=row["preference"],
        home_agent_lifetime=Seconds(row["lifetime"]),
        send_interval_option=row["interval_option"],
    )


def _once(value: object, others: list[Any], key: str, accepted: str) -> None:
    if value in others:
        _refuse(key, f"{value} is listed twice", accepted)


def _refuse(key: str, title: str, accepted: str) -> NoReturn:
    raise ConfigError(title, key=key, accepted=accepted)
