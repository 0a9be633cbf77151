# SPDX-License-Identifier: GPL-2.0-or-later
"""Home agents heard on any link (RFC 6275 sections 7.1, 7.2 and 7.4): reported, and decided upon elsewhere."""

from collections import OrderedDict
from ipaddress import IPv6Address
from typing import Final

from mnclient.engine.actions import ReportHomeAgent
from mnclient.engine.events import PacketReceived
from mnclient.engine.mobile_node.context import Context
from mnclient.engine.mobile_node.link import link_layer_address_of
from mnclient.engine.retransmission import RateLimit
from mnclient.units import Instant
from mnclient.wire.addresses import is_unicast_routable
from mnclient.wire.neighbor_discovery import RouterAdvertisement

MAX_REPORTS: Final = 20  # per second and router: a home agent may advertise every 30 ms, which tells nothing new
MAX_ROUTERS: Final = 64  # remembered; and reports per second of all together, which bounds a flood of invented routers

_RouterKey = tuple[str, IPv6Address, bytes]


class Discovery:
    """Reports each Router Advertisement with the H flag, once per global address in it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._rates: OrderedDict[_RouterKey, RateLimit] = OrderedDict()
        self._everybody = RateLimit(MAX_ROUTERS)
        self._nameless: set[_RouterKey] = set()

    def advertisement_received(self, event: PacketReceived, message: RouterAdvertisement, now: Instant) -> None:
        """A valid Router Advertisement on an enabled interface."""
        if not message.home_agent:
            return
        hardware = link_layer_address_of(message, event.link_layer_source)
        key = (event.interface, event.packet.source, hardware)
        rate = self._rate(key)
        if not rate.permits(now) or not self._everybody.permits(now):
            self._context.count("ra.home-agent.not-reported")
            return
        rate.record(now)
        self._everybody.record(now)
        self._report(event, message, key)

    def _rate(self, key: _RouterKey) -> RateLimit:
        rate = self._rates.pop(key, None) or RateLimit(MAX_REPORTS)
        self._rates[key] = rate
        if len(self._rates) > MAX_ROUTERS:
            self._nameless.discard(self._rates.popitem(last=False)[0])
        return rate

    def _report(self, event: PacketReceived, message: RouterAdvertisement, key: _RouterKey) -> None:
        information = message.home_agent_information
        addresses = [each for each in message.prefixes if each.router and is_unicast_routable(each.router)]
        for option in addresses:
            self._context.report(
                ReportHomeAgent(
                    interface=event.interface,
                    link_local_address=event.packet.source,
                    link_layer_address=key[2],
                    address=option.prefix,
                    prefix=option.network,
                    preference=information.preference if information else 0,
                    lifetime=information.lifetime if information else message.router_lifetime,
                )
            )
        if not addresses and key not in self._nameless:
            self._nameless.add(key)
            self._context.note("home-agent-without-address", f"{event.packet.source} on {event.interface}: no R flag")
