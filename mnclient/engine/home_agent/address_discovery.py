# SPDX-License-Identifier: GPL-2.0-or-later
"""Answers to those who look for a home agent by the home prefix alone (RFC 6275 sections 8.4 and 10.5).

A request goes to the anycast address of a home prefix, and comes from anybody: nothing is kept of it, and answers are
limited in number, because they are longer than what asks for them.
"""

from ipaddress import IPv6Address
from typing import Final

from mnclient.constants import DISCOVERY_ANSWER_RATE, IPV6_HEADER_LENGTH, IPV6_MINIMUM_MTU
from mnclient.engine.actions import SendPacket
from mnclient.engine.home_agent.home_agents_list import HomeAgentsList
from mnclient.engine.home_agent.links import HomeLinks
from mnclient.engine.machine import Entropy
from mnclient.engine.retransmission import RateLimit
from mnclient.model.config import HomeLinkConfig
from mnclient.units import Instant
from mnclient.wire.addresses import is_unicast_routable
from mnclient.wire.home_agent_discovery import HomeAgentAddressDiscoveryReply, HomeAgentAddressDiscoveryRequest
from mnclient.wire.packet import Packet

_REPLY_HEADER: Final = 8  # octets of a reply before its list
MOST_ADDRESSES: Final = (IPV6_MINIMUM_MTU - IPV6_HEADER_LENGTH - _REPLY_HEADER) // 16
"""What fits into a packet of 1280 octets (section 10.5.1)."""


class AddressDiscovery:
    """The responder. It is the owner's to ask whether it is wanted."""

    def __init__(self, links: HomeLinks, agents: HomeAgentsList, entropy: Entropy) -> None:
        self._links = links
        self._agents = agents
        self._entropy = entropy
        self._rate = RateLimit(DISCOVERY_ANSWER_RATE)

    def answer(self, packet: Packet, request: HomeAgentAddressDiscoveryRequest, now: Instant) -> SendPacket | str:
        """The reply, or why there is none in a word."""
        link = self._links.with_anycast(packet.destination)
        if link is None or not self._links.is_up(link):
            return "destination"
        if not is_unicast_routable(packet.source):
            return "source"
        if not self._rate.permits(now):
            return "rate"
        self._rate.record(now)
        reply = HomeAgentAddressDiscoveryReply(identifier=request.identifier, home_agents=self._ranked(link))
        # Never from the anycast address: who answers has to be told apart (section 10.5.1).
        return SendPacket(packet=Packet(source=link.address, destination=packet.source, message=reply))

    def _ranked(self, link: HomeLinkConfig) -> tuple[IPv6Address, ...]:
        """All addresses of all home agents on a link, the most preferred first, anew by chance among equals."""
        mine = [each.address for each in self._links.on(link.interface)] if link.interface is not None else []
        own = tuple(dict.fromkeys((link.address, *mine)))  # that of the prefix asked for is the one of use
        preference = 0 if link.advertising is None else link.advertising.home_agent_preference
        agents = [(preference, own)]
        if link.interface is not None:
            agents += self._agents.on(link.interface)
        drawn = [(-preference, self._entropy.uniform(0.0, 1.0), found) for preference, found in agents]
        ranked = [address for _, _, found in sorted(drawn, key=lambda each: each[:2]) for address in found]
        return tuple(dict.fromkeys(ranked))[:MOST_ADDRESSES]
