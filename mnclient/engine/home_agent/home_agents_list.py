# SPDX-License-Identifier: GPL-2.0-or-later
"""The home agents list: who else is home agent on our home links (RFC 6275 sections 10.1 and 10.5.1).

Learned from Router Advertisements, which nobody vouches for: it is bounded, and new names do not push out known ones.
"""

from dataclasses import dataclass, field
from ipaddress import IPv6Address

from mnclient.constants import MAX_HOME_AGENTS_LISTED, MAX_PREFIXES_PER_ROUTER
from mnclient.engine.timers import Timer, TimerTable
from mnclient.model.status import ListedHomeAgent
from mnclient.units import Instant, after
from mnclient.wire.addresses import is_unicast_routable
from mnclient.wire.neighbor_discovery import RouterAdvertisement
from mnclient.wire.neighbor_options import PrefixInformation

Key = tuple[str, IPv6Address]
"""Interface and link-local address."""


@dataclass(slots=True)
class Entry:
    """One home agent: its preference, the end of its lifetime, and its global addresses with the end of each."""

    preference: int
    expires: Instant
    addresses: dict[IPv6Address, Instant] = field(default_factory=dict)


class HomeAgentsList:
    """Entries by interface. The owner handles Timer.LISTED_HOME_AGENT_EXPIRES with `expire`."""

    def __init__(self, timers: TimerTable) -> None:
        self._timers = timers
        self._entries: dict[str, dict[IPv6Address, Entry]] = {}

    def hear(self, interface: str, source: IPv6Address, message: RouterAdvertisement, now: Instant) -> bool:
        """A Router Advertisement came from a home link; true when the list says something new."""
        information = message.home_agent_information
        lifetime = message.router_lifetime if information is None else information.lifetime
        if not message.home_agent or lifetime <= 0:
            return self._remove((interface, source))
        on_link = self._entries.setdefault(interface, {})
        entry = on_link.get(source)
        if entry is None and len(on_link) >= MAX_HOME_AGENTS_LISTED:
            return False
        preference = 0 if information is None else information.preference
        if entry is None:
            entry = on_link[source] = Entry(preference, now)
            before = None
        else:
            before = entry.preference, entry.addresses.keys()
        addresses = _heard_addresses(entry.addresses, message.prefixes, now)
        changed = before is None or before != (preference, addresses.keys())
        entry.preference, entry.expires, entry.addresses = preference, after(now, lifetime), addresses
        self._arm((interface, source), entry)
        return changed

    def expire(self, key: Key, now: Instant) -> bool:
        """A lifetime ended: that of a global address, or of the entry itself (section 10.1)."""
        interface, source = key
        entry = self._entries.get(interface, {}).get(source)
        if entry is None:
            return False
        if entry.expires <= now:
            return self._remove(key)
        entry.addresses = {address: until for address, until in entry.addresses.items() if until > now}
        self._arm(key, entry)
        return True

    def keep_only(self, interfaces: frozenset[str]) -> None:
        """Forget what was heard on other interfaces."""
        for interface in self._entries.keys() - interfaces:
            for source in tuple(self._entries[interface]):
                self._remove((interface, source))
            del self._entries[interface]

    def on(self, interface: str) -> list[tuple[int, tuple[IPv6Address, ...]]]:
        """The preference and the global addresses of each home agent on a link."""
        return [(each.preference, tuple(each.addresses)) for each in self._entries.get(interface, {}).values()]

    def status(self, own: tuple[ListedHomeAgent, ...]) -> tuple[ListedHomeAgent, ...]:
        """Everybody, ourselves included, the most preferred first."""
        heard = (
            ListedHomeAgent(
                link_local_address=source,
                addresses=tuple(entry.addresses),
                preference=entry.preference,
                expires=entry.expires,
                interface=interface,
            )
            for interface, on_link in self._entries.items()
            for source, entry in on_link.items()
        )
        return tuple(sorted((*own, *heard), key=lambda each: -each.preference))

    def _remove(self, key: Key) -> bool:
        interface, source = key
        self._timers.stop(Timer.LISTED_HOME_AGENT_EXPIRES, key)
        return self._entries.get(interface, {}).pop(source, None) is not None

    def _arm(self, key: Key, entry: Entry) -> None:
        first_end = min((entry.expires, *entry.addresses.values()))
        self._timers.set(Timer.LISTED_HOME_AGENT_EXPIRES, key, first_end)


def _heard_addresses(
    known: dict[IPv6Address, Instant], prefixes: tuple[PrefixInformation, ...], now: Instant
) -> dict[IPv6Address, Instant]:
    """The global addresses (R flag) with the end of their prefix's valid lifetime, after one more advertisement."""
    addresses = dict(known)
    for prefix in prefixes:
        address = prefix.router
        if address is None or not is_unicast_routable(address):
            continue
        if prefix.valid_lifetime <= 0:
            addresses.pop(address, None)
        elif address in addresses or len(addresses) < MAX_PREFIXES_PER_ROUTER:
            addresses[address] = after(now, prefix.valid_lifetime)
    return addresses
