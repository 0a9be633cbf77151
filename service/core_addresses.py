# SPDX-License-Identifier: GPL-2.0-or-later
"""The home addresses of this machine from their two sources: the settings, and what is remembered.

Those of the settings come first and have the origin ADMINISTRATOR; those that were auto-configured (LEARNED) or added
by the person (MANUAL) are remembered in the state. The first one is preferred unless somebody chose: the person at run
time, or `preferred = true` in the settings.
"""

import logging
from collections.abc import Callable, Iterable
from ipaddress import IPv6Address, IPv6Network

from mnclient.constants import MAX_HOME_ADDRESSES
from mnclient.errors import MobileIPv6Error
from mnclient.model.config import HomeAddressConfig
from mnclient.model.service_status import KnownHomeAgent, ManagedHomeAddress, Origin
from mnclient.wire.addresses import is_unicast_routable
from service.contract import InvalidArgument, UnknownThing
from service.settings_build import default_prefix
from service.state_store import StoredHomeAddress

_log = logging.getLogger(__name__)


class HomeAddresses:
    """The list. Methods that change it raise before anything is changed."""

    def __init__(self) -> None:
        self._configured: tuple[StoredHomeAddress, ...] = ()
        self._flagged: IPv6Address | None = None  # preferred by the settings
        self.stored: tuple[StoredHomeAddress, ...] = ()
        self.chosen: IPv6Address | None = None
        """The person's choice of the preferred one; it may name an address that is gone."""
        self.on_trial: tuple[StoredHomeAddress, ...] = ()
        """Used like the others, and not remembered."""

    def configure(self, configured: tuple[HomeAddressConfig, ...]) -> None:
        """These are in the settings now; they replace remembered ones of the same address."""
        self._configured = tuple(
            StoredHomeAddress(
                address=each.address, prefix=each.prefix, home_agent=each.home_agent, origin=Origin.ADMINISTRATOR
            )
            for each in configured
        )
        self._flagged = next((each.address for each in configured if each.preferred), None)
        mine = {each.address for each in configured}
        self.stored = tuple(each for each in self.stored if each.address not in mine)
        self.on_trial = tuple(each for each in self.on_trial if each.address not in mine)
        room = MAX_HOME_ADDRESSES - len(configured)
        for left_out in self.stored[room:]:
            _log.warning("%s is left out: %d home addresses are the most", left_out.address, MAX_HOME_ADDRESSES)

    def managed(self, is_active: Callable[[IPv6Address], bool]) -> tuple[ManagedHomeAddress, ...]:
        """As shown to people."""
        preferred = self.preferred()
        tried = {each.address for each in self.on_trial}
        return tuple(
            ManagedHomeAddress(
                address=each.address,
                prefix=each.prefix,
                home_agent=each.home_agent,
                origin=each.origin,
                preferred=each.address == preferred,
                active=is_active(each.address),
                trial=each.address in tried,
            )
            for each in self._all()
        )

    def configs(self, link_layer_address_of: Callable[[IPv6Address], bytes]) -> tuple[HomeAddressConfig, ...]:
        """As told to the node, each with the hardware address its home agent had when it was first heard."""
        preferred = self.preferred()
        return tuple(
            HomeAddressConfig(
                address=each.address,
                prefix=each.prefix,
                home_agent=each.home_agent,
                preferred=each.address == preferred,
                home_agent_link_layer=(link_layer_address_of(each.home_agent) or None) if each.home_agent else None,
            )
            for each in self._all()
        )

    def addresses(self) -> tuple[IPv6Address, ...]:
        """The bare addresses in their order."""
        return tuple(each.address for each in self._all())

    def preferred(self) -> IPv6Address | None:
        """The one that new connections start from."""
        addresses = self.addresses()
        if self.chosen in addresses:
            return self.chosen
        return self._flagged or (addresses[0] if addresses else None)

    def find_stored(self, address: IPv6Address) -> StoredHomeAddress | None:
        """A remembered one, or one on trial; None for those of the settings, too."""
        mine = (*self._remembered(), *self.on_trial)
        return next((each for each in mine if each.address == address), None)

    def require(self, address: IPv6Address) -> None:
        """UnknownThing, with those that exist, unless it is one of them."""
        if address not in self.addresses():
            raise UnknownThing(f"{address} is not a home address of this machine", hint=known(self.addresses()))

    def add(self, home_address: StoredHomeAddress) -> None:
        """Remember one more; InvalidArgument when it cannot be one, MobileIPv6Error when there is no more room.

        One that is on trial becomes permanent, as it is given here.
        """
        check_new(home_address)
        others = tuple(each for each in self.on_trial if each.address != home_address.address)
        if len(others) == len(self.on_trial):
            self._require_new(home_address.address)
        self.on_trial = others
        self.stored = (*self._remembered(), home_address)

    def try_out(self, home_address: StoredHomeAddress) -> None:
        """Use one more without remembering it. Raises what `add` does, also for one that is on trial already."""
        check_new(home_address)
        self._require_new(home_address.address)
        self.on_trial = (*self.on_trial, home_address)

    def keep(self, address: IPv6Address) -> StoredHomeAddress:
        """Remember one that is on trial."""
        kept = next(each for each in self.on_trial if each.address == address)
        self.add(kept)
        return kept

    def is_kept(self, address: IPv6Address) -> bool:
        """Whether it is a home address, and not only on trial."""
        return address in self.addresses() and all(each.address != address for each in self.on_trial)

    def require_kept(self, address: IPv6Address) -> None:
        """As `require`; InvalidArgument for one that is only on trial."""
        self.require(address)
        if any(each.address == address for each in self.on_trial):
            raise InvalidArgument(f"{address} is only on trial", hint="keep it first")

    def _require_new(self, address: IPv6Address) -> None:
        addresses = self.addresses()
        if address in addresses:
            raise InvalidArgument(f"{address} is a home address already", hint="nothing has to be done")
        if len(addresses) >= MAX_HOME_ADDRESSES:
            raise MobileIPv6Error(
                f"There are {MAX_HOME_ADDRESSES} home addresses, and more are not possible",
                hint=f"remove one of them first: {_listed(addresses)}",
            )

    def forget(self, address: IPv6Address) -> None:
        """Remember it no longer, or end its trial."""
        self.stored = tuple(each for each in self.stored if each.address != address)
        self.on_trial = tuple(each for each in self.on_trial if each.address != address)
        if self.chosen == address:
            self.chosen = None

    def _all(self) -> tuple[StoredHomeAddress, ...]:
        return (*self._configured, *self._remembered(), *self.on_trial)[:MAX_HOME_ADDRESSES]

    def _remembered(self) -> tuple[StoredHomeAddress, ...]:
        return self.stored[: MAX_HOME_ADDRESSES - len(self._configured)]


def check_new(home_address: StoredHomeAddress) -> None:
    """InvalidArgument unless address, prefix and home agent can belong together."""
    address, prefix, home_agent = home_address.address, home_address.prefix, home_address.home_agent
    require_routable(address)
    if address not in prefix:
        raise InvalidArgument(f"{address} is outside the home prefix {prefix}", hint=f"choose an address in {prefix}")
    if prefix.prefixlen < 127 and address == prefix.network_address:
        raise InvalidArgument(f"{address} is the anycast address of all routers", hint=f"choose another in {prefix}")
    if home_agent is not None:
        require_routable(home_agent)
        if home_agent == address:
            raise InvalidArgument(f"{address} is the home agent itself", hint=f"choose another address in {prefix}")
        if home_agent not in prefix:  # RFC 6275 section 6.1.7: it is a router on the home link
            hint = f"give its address in {prefix}, or the length of a prefix that both are in"
            raise InvalidArgument(f"The home agent {home_agent} is outside the home prefix {prefix}", hint=hint)


def require_routable(address: IPv6Address) -> None:
    """InvalidArgument for addresses that nobody else can reach."""
    if not is_unicast_routable(address) or address.scope_id is not None:
        hint = "link-local, multicast, loopback and unspecified addresses cannot be one"
        raise InvalidArgument(f"{address} is not a unicast routable address", hint=hint)


def wanted_home_address(
    address: IPv6Address, home_agent: IPv6Address | None, prefix_length: int, listed: Iterable[KnownHomeAgent]
) -> StoredHomeAddress:
    """What somebody asked for; without `home_agent`, at the best one of its network. `listed` are the best first.

    InvalidArgument when it cannot be one at that home agent.
    """
    require_routable(address)
    prefix, listed = prefix_of(address, prefix_length), tuple(listed)
    agent = next((each for each in listed if each.address == home_agent), None)
    if agent is not None and address not in agent.prefix:
        hint = f"choose an address in {agent.prefix}, or another home agent"
        raise InvalidArgument(f"{address} is outside the home prefix of {home_agent}", hint=hint)
    chosen = home_agent or home_agent_for(address, listed)
    return StoredHomeAddress(address=address, prefix=prefix, home_agent=chosen, origin=Origin.MANUAL)


def prefix_of(address: IPv6Address, length: int) -> IPv6Network:
    """The prefix of this length around the address; InvalidArgument for an impossible length."""
    if not 1 <= length <= 128:
        raise InvalidArgument(f"{length} is not the length of a prefix", hint="a number from 1 to 128, usually 64")
    return default_prefix(address, length)


def home_agent_for(address: IPv6Address, home_agents: Iterable[KnownHomeAgent]) -> IPv6Address | None:
    """The best ranked known home agent of the network this address is in; `home_agents` are the best first."""
    return next((each.address for each in home_agents if address in each.prefix), None)


def known(addresses: Iterable[IPv6Address]) -> str:
    """What exists, for a hint."""
    listed = _listed(addresses)
    return f"known are: {listed}" if listed else "there is none"


def _listed(addresses: Iterable[IPv6Address]) -> str:
    return ", ".join(str(each) for each in addresses)
