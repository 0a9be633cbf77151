# SPDX-License-Identifier: GPL-2.0-or-later
"""The home links served, and what is known of the interfaces they are on."""

from ipaddress import IPv6Address
from typing import Final

from mnclient.engine.events import LinkChanged
from mnclient.model.config import HomeLinkConfig
from mnclient.units import Instant
from mnclient.wire.addresses import home_agents_anycast

ANYCAST_ROOM: Final = 120  # bits of the longest prefix that leaves its anycast addresses apart from its hosts


def anycast_of(link: HomeLinkConfig) -> IPv6Address | None:
    """The home agents' anycast address of a home link, None where its prefix has no room for one (RFC 2526)."""
    return home_agents_anycast(link.prefix) if link.prefix.prefixlen <= ANYCAST_ROOM else None


class HomeLinks:
    """Configuration and present state of the home links. Several prefixes may share one interface."""

    def __init__(self) -> None:
        self.served: tuple[HomeLinkConfig, ...] = ()
        self.interfaces: dict[str, LinkChanged] = {}
        """The last report on every interface of this host, by name."""
        self._by_prefix: tuple[tuple[int, int, HomeLinkConfig], ...] = ()
        self._missing_since: dict[HomeLinkConfig, Instant] = {}

    def configure(self, links: tuple[HomeLinkConfig, ...], now: Instant) -> None:
        """Serve exactly these from now on."""
        self.served = links
        longest_first = sorted(links, key=lambda link: -link.prefix.prefixlen)
        self._by_prefix = tuple(
            (128 - link.prefix.prefixlen, int(link.prefix.network_address) >> 128 - link.prefix.prefixlen, link)
            for link in longest_first
        )
        self._note_missing(now)

    def changed(self, event: LinkChanged, now: Instant) -> None:
        """An interface appeared or changed."""
        self.interfaces[event.interface] = event
        self._note_missing(now)

    def removed(self, interface: str, now: Instant) -> None:
        """An interface is gone."""
        self.interfaces.pop(interface, None)
        self._note_missing(now)

    def serving(self, home_address: IPv6Address) -> HomeLinkConfig | None:
        """The home link a home address belongs to; the longest prefix if several fit (section 10.3.1)."""
        number = int(home_address)
        for shift, prefix, link in self._by_prefix:
            if number >> shift == prefix:
                return link
        return None

    def has_address(self, address: IPv6Address) -> bool:
        """True for the home agent's own address on any home link."""
        return any(link.address == address for link in self.served)

    def with_anycast(self, address: IPv6Address) -> HomeLinkConfig | None:
        """The home link whose home agents have this anycast address (section 8.4)."""
        link = self.serving(address)
        return link if link is not None and address == anycast_of(link) else None

    def interface_of(self, link: HomeLinkConfig) -> LinkChanged | None:
        """The interface of a real home link if it exists and is up; None for a virtual link."""
        known = self.interfaces.get(link.interface) if link.interface is not None else None
        return known if known is not None and known.is_up else None

    def is_up(self, link: HomeLinkConfig) -> bool:
        """A virtual link is always up."""
        return link.interface is None or self.interface_of(link) is not None

    def on(self, interface: str) -> tuple[HomeLinkConfig, ...]:
        """The home links on an interface."""
        return tuple(link for link in self.served if link.interface == interface)

    def missing(self) -> dict[HomeLinkConfig, Instant]:
        """The real links whose interface does not exist or is down, and since when."""
        return self._missing_since

    def is_own(self, interface: str, link_layer_address: bytes) -> bool:
        """True when a frame with this source was sent by this host: the network gave it back."""
        known = self.interfaces.get(interface)
        return known is not None and known.link_layer_address == link_layer_address != b""

    def _note_missing(self, now: Instant) -> None:
        self._missing_since = {link: self._missing_since.get(link, now) for link in self.served if not self.is_up(link)}
