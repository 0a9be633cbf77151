# SPDX-License-Identifier: GPL-2.0-or-later
"""Traffic that uses the care-of address on purpose (RFC 6275 section 11.3.1): what the person names, and questions
to the name servers of the visited network (RFC 8106).

Such a server often answers only its own network. But Router Advertisements prove nothing, so only name service goes
there by the care-of address, and never to addresses that belong to a home network.
"""

from collections.abc import Collection, Iterable
from ipaddress import IPv6Address, IPv6Network
from typing import Final

from mnclient.constants import MAX_TRAFFIC_RULES
from mnclient.model.config import HomeAddressConfig, MobileNodeConfig, TrafficRule
from mnclient.wire.addresses import is_unicast_routable

_TCP, _UDP = 6, 17
_NAME_SERVICE: Final = ((_UDP, 53), (_TCP, 53), (_TCP, 853))  # RFC 1035 section 4.2, RFC 7858 section 3.1


def rules_for(config: MobileNodeConfig, name_servers: Iterable[IPv6Address]) -> tuple[TrafficRule, ...]:
    """What applies on the interface in use while abroad, `name_servers` being those its router advertises."""
    rules = list(config.traffic_rules)
    if config.use_visited_name_servers:
        rules += [rule for each in name_servers if _may_be_asked(each, config.home_addresses) for rule in _asking(each)]
    return tuple(dict.fromkeys(rules[:MAX_TRAFFIC_RULES]))


def _may_be_asked(address: IPv6Address, homes: Collection[HomeAddressConfig]) -> bool:
    return is_unicast_routable(address) and not any(
        address == home.home_agent or address in home.prefix for home in homes
    )


def _asking(server: IPv6Address) -> Iterable[TrafficRule]:
    destination = IPv6Network((int(server), 128))
    return (
        TrafficRule(destination=destination, protocol=protocol, ports=(port, port)) for protocol, port in _NAME_SERVICE
    )
