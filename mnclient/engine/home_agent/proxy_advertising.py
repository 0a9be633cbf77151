# SPDX-License-Identifier: GPL-2.0-or-later
"""The Neighbor Advertisements that draw a mobile node's packets on the home link to the home agent (section 10.4.1).

Solicitations are answered by the kernel (ProxyNeighbor in the desired state); these are the unsolicited ones.
"""

from ipaddress import IPv6Address

from mnclient.constants import MAX_NEIGHBOR_ADVERTISEMENT, ND_HOP_LIMIT, RETRANS_TIMER
from mnclient.engine.actions import SendPacket
from mnclient.engine.events import LinkChanged
from mnclient.engine.home_agent.binding_cache import Binding
from mnclient.engine.home_agent.links import HomeLinks
from mnclient.engine.timers import Timer, TimerTable
from mnclient.units import Instant, after
from mnclient.wire.addresses import ALL_NODES
from mnclient.wire.neighbor_discovery import NeighborAdvertisement
from mnclient.wire.neighbor_options import TargetLinkLayerAddress
from mnclient.wire.packet import Packet


class ProxyAdvertising:
    """Repetitions by home address. The owner handles Timer.REPEAT_PROXY_ADVERTISEMENT with `repeat`."""

    def __init__(self, timers: TimerTable, links: HomeLinks) -> None:
        self._timers = timers
        self._links = links
        self._left: dict[IPv6Address, int] = {}

    def begin(self, binding: Binding, now: Instant) -> list[SendPacket]:
        """Advertise the addresses of a binding now, and again until MAX_NEIGHBOR_ADVERTISEMENT is reached.

        Nothing on a virtual link, and nothing while the home link is down: the owner begins again when it comes up.
        """
        if self._links.interface_of(binding.link) is None:
            return []
        self._left[binding.home_address] = MAX_NEIGHBOR_ADVERTISEMENT
        return self.repeat(binding, now)

    def repeat(self, binding: Binding, now: Instant) -> list[SendPacket]:
        """One more round of those that `begin` promised."""
        home_address = binding.home_address
        interface = self._links.interface_of(binding.link)
        left = self._left.pop(home_address, 0)
        if interface is None or left == 0:
            return []
        if left > 1:
            self._left[home_address] = left - 1
            self._timers.set(Timer.REPEAT_PROXY_ADVERTISEMENT, home_address, after(now, RETRANS_TIMER))
        source = interface.link_local_address or binding.link.address
        return [_advertisement(interface, source, target) for target in binding.defended()]

    def stop(self, home_address: IPv6Address) -> None:
        """The home agent no longer serves this address."""
        self._left.pop(home_address, None)
        self._timers.stop(Timer.REPEAT_PROXY_ADVERTISEMENT, home_address)


def _advertisement(interface: LinkChanged, source: IPv6Address, target: IPv6Address) -> SendPacket:
    address = interface.link_layer_address
    message = NeighborAdvertisement(
        target=target,
        router=False,
        solicited=False,
        override=True,
        options=(TargetLinkLayerAddress(address=address),) if address else (),
    )
    packet = Packet(source=source, destination=ALL_NODES, message=message, hop_limit=ND_HOP_LIMIT)
    return SendPacket(packet=packet, interface=interface.interface)
