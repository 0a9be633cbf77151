# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything the service does, without D-Bus.

`ServiceCore` owns the settings, the state on disk, the auto-configuration and one node, and is what the D-Bus
interfaces and the tests talk to. Whatever is asked of it is validated first, then stored, then applied: an error means
that nothing happened. It wakes up for events and deadlines only.
"""

import logging
import os
import time
from collections.abc import Callable
from ipaddress import IPv6Address
from pathlib import Path
from typing import Final

from mnclient import debugging
from mnclient.engine.actions import Action, PublishStatus, ReportHandover, ReportHomeAddress
from mnclient.errors import ConfigError, MobileIPv6Error
from mnclient.model.config import NodeConfig
from mnclient.model.problems import ProblemCode
from mnclient.model.service_status import Origin, ServiceStatus, Suggestion
from mnclient.units import Seconds
from service.autoconfiguration.policy import HomeAddressReported
from service.autoconfiguration.suggestions import HostInterface
from service.core_addresses import HomeAddresses, wanted_home_address
from service.core_autoconfiguration import Autoconfiguration
from service.core_changes import Change, ChangeKind, Subscriber, Subscribers
from service.core_guest_host import HomeAgentHost
from service.core_guests import Guests
from service.core_home_agents import HomeAgentsCore
from service.core_host import read_host
from service.core_keys import Keys
from service.core_node import NodeCore
from service.core_problems import ServiceProblems
from service.core_protection import keyed
from service.core_rows import without_address
from service.core_status import addresses_taken, route_optimization_off, unsuitable_identifiers
from service.core_storage import REGISTRATIONS_DELAY, StoredFile, bindings_delay, keeps_bindings
from service.core_trial import Trials
from service.core_tried_settings import TriedSettings
from service.core_version import version
from service.key_store import KeyStore
from service.node_protocol import Node, NodeFactory
from service.settings import Settings
from service.settings_file import SettingsFile
from service.state_store import BINDINGS_FILE, STATE_FILE, StateStore, StoredHomeAddress, encode_state
from service.stored_bindings import encode_bindings

__all__ = ["Change", "ChangeKind", "Node", "NodeFactory", "ServiceCore"]

_log = logging.getLogger(__name__)

HANDOVERS_IN_STATUS: Final = 20  # each is 700 octets in every answer; GetHandovers has them all
STABLE_SECRET_LENGTH: Final = 32  # octets; RFC 7217 section 5 asks for 16 at least


class ServiceCore(HomeAgentsCore, NodeCore):
    """The service. All methods must be called in the loop in which `start` ran."""

    def __init__(
        self,
        settings_path: Path,
        state_directory: Path,
        node_factory: NodeFactory,
        *,
        host: Callable[[], tuple[HostInterface, ...]] = read_host,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._wall_clock = wall_clock
        self._store = StateStore(state_directory)
        self._settings_file = SettingsFile(settings_path, state_directory, self._store.set_aside)
        self._settings = self._stored_settings = Settings()
        self._tried_settings = TriedSettings()
        self._state_file = StoredFile(self._store, STATE_FILE, self._capture_state)
        self._bindings_file = StoredFile(self._store, BINDINGS_FILE, self._capture_bindings)
        self._bindings_stored = 0
        self._subscribers = Subscribers()
        self._node_factory = node_factory
        self._node: Node  # made by `start`, when the settings are known
        self._problems = ServiceProblems(lambda: self._node.now())
        self._home_addresses = HomeAddresses()
        self._trials = Trials(self._home_addresses, self._use_home_addresses)
        self.keys = Keys(KeyStore(state_directory, wall_clock), self._problems, self._keys_changed)
        self.guests = Guests(self._store, self.keys, HomeAgentHost(self, self._guests_changed), wall_clock)
        self._is_running = False
        self._secret = b""
        self._config = NodeConfig()
        self._autoconfiguration = Autoconfiguration(
            wall_clock=wall_clock,
            host=host,
            home_addresses=self._home_addresses,
            adopt=self._adopt,
            changed=self._agents_changed,
            store_within=self._state_file.write_within,
            problems=self._problems,
            state_directory=state_directory,
        )

    # --- life -----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Read what is stored and start the node. NetworkError when the system refuses us; nothing else stops it."""
        self._read_settings()
        state = self._store.load()
        self._secret = state.stable_secret
        self._home_addresses.stored = state.home_addresses
        self._home_addresses.chosen = state.preferred_home_address
        self._autoconfiguration.start(state)
        self._home_addresses.configure(self._settings.home_addresses)
        self._autoconfiguration.apply(self._settings)
        if len(self._secret) < STABLE_SECRET_LENGTH:
            self._secret = os.urandom(STABLE_SECRET_LENGTH)
            self._state_file.write_now()
        self.keys.load()
        self.guests.load()
        self._config = self._node_config()
        stored = self._store.load_bindings(self._wall_clock())
        self._report_damaged_files()
        await self._node.start(self._config, stored)
        self._is_running = True
        self.guests.end_expired()

    def _read_settings(self) -> None:
        """What a start is to begin with, and the node that it needs."""
        refused: ConfigError | None = None
        try:
            self._settings = self._settings_file.load()
        except ConfigError as error:
            refused = error
            self._settings = self._settings_file.load_last_good()
        self._stored_settings = self._settings
        debugging.switch(self._settings.debug)
        self._node = self._node_factory(self._observe, datapath=self._settings.datapath)
        if refused is not None:
            _log.error("starting with the last good settings: %s", refused)
            self._problems.add(ProblemCode.SETTINGS_REJECTED, refused.file, str(refused))

    def resumed(self) -> None:
        """The machine was asleep until now."""
        self._node.resumed()
        self.guests.end_expired()

    async def stop(self) -> None:
        """Withdraw from the network; everything is on disk afterwards."""
        self._autoconfiguration.stop()
        self._bindings_changed(Seconds(0.0))
        await self._bindings_file.close()  # before the node, which forgets them
        self.guests.stop()  # after the last look at the bindings
        await self._node.stop()
        self.keys.stop()
        await self._state_file.close()

    async def failed(self) -> BaseException:
        """Waits until the node ends by a defect."""
        return await self._node.failed()

    # --- reading --------------------------------------------------------------------------------------------------

    def status(self) -> ServiceStatus:
        """Everything a client may show."""
        return ServiceStatus(
            version=version(),
            boot_time=self._node.boot_time(),
            datapath=self._node.datapath,
            route_optimization=self._node.route_optimization,
            route_optimization_off=route_optimization_off(self._config),
            engine=self._problems.merged_into(self._node.status()),
            home_addresses=self._home_addresses.managed(self._autoconfiguration.is_active),
            known_home_agents=self._autoconfiguration.listing(),
            proposals=self._autoconfiguration.policy.proposals(),
            handovers=self._node.handovers()[-HANDOVERS_IN_STATUS:],
            keys=self.keys.infos(),
            protections=self._node.protections,
        )

    def suggestions(self, home_agent: IPv6Address | None) -> tuple[Suggestion, ...]:
        """Home addresses that could be had at a known home agent, or at all of them; UnknownThing for another."""
        status = self._node.status()
        unsuitable = unsuitable_identifiers(self._config, status)
        return self._autoconfiguration.suggestions(home_agent, unsuitable, addresses_taken(status))

    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        """Hear of changes until the function returned is called."""
        return self._subscribers.subscribe(callback)

    # --- home addresses -------------------------------------------------------------------------------------------

    def add_home_address(self, address: IPv6Address, home_agent: IPv6Address | None, prefix_length: int = 64) -> None:
        """Keep a home address; without `home_agent`, at the best known one of its network.

        InvalidArgument when it cannot be one or is one already, MobileIPv6Error when there are 16.
        """
        wanted = wanted_home_address(address, home_agent, prefix_length, self._autoconfiguration.listing())
        self._home_addresses.add(wanted)
        self._forgive(wanted)
        self._home_addresses_changed()

    def try_home_address(
        self, address: IPv6Address, home_agent: IPv6Address | None, prefix_length: int, caller: str
    ) -> None:
        """As `add_home_address`, but not stored, and given up as soon as `caller` leaves the bus."""
        wanted = wanted_home_address(address, home_agent, prefix_length, self._autoconfiguration.listing())
        self._trials.begin(wanted, caller)

    def keep_home_address(self, address: IPv6Address, caller: str) -> None:
        """Keep what `caller` has on trial: this home address, or a new key of it, and all else it has.

        UnknownThing when it has neither.
        """
        has_new_key = self._home_addresses.is_kept(address) and self.keys.is_tried(address, caller)
        if not has_new_key:
            self._trials.require(address, caller)
        self._require_storable(caller)
        self.keys.keep(caller)
        self._keep_settings(caller)
        if not has_new_key:
            self._forgive(self._trials.keep(address, caller))
        self._home_addresses_changed()

    def cancel_trial(self, address: IPv6Address | None, caller: str) -> None:
        """Give up a home address that `caller` has on trial (UnknownThing when it has not), or all that it has."""
        if address is None:
            self.caller_left(caller)
        else:
            self._trials.cancel(address, caller)

    def caller_left(self, caller: str) -> None:
        """Give up what it had on trial: the address first, which needs the rest."""
        self._trials.caller_left(caller)
        self.keys.give_up(caller)
        self._give_up_settings(caller)

    def remove_home_address(self, address: IPv6Address) -> None:
        """Give a home address up. One that was auto-configured does not come back until its home agent is forgotten."""
        self._home_addresses.require(address)
        stored = self._home_addresses.find_stored(address)
        if stored is None:
            rows = without_address(self._rows("mobile_node.home_addresses"), address)
            self._store_rows("mobile_node.home_addresses", rows)
        elif stored.origin is Origin.LEARNED and stored.home_agent is not None:
            self._autoconfiguration.policy.dismiss(stored.home_agent)
        self._home_addresses.forget(address)
        self._home_addresses_changed()

    def prefer_home_address(self, address: IPv6Address) -> None:
        """Let new connections start from this one."""
        self._home_addresses.require_kept(address)
        self._home_addresses.chosen = address
        self._home_addresses_changed()

    def accept_proposal(self, address: IPv6Address) -> None:
        """Take a proposed home address into use."""
        proposal = self._autoconfiguration.proposal(address)
        self._home_addresses.add(
            StoredHomeAddress(
                address=address, prefix=proposal.prefix, home_agent=proposal.home_agent, origin=Origin.LEARNED
            )
        )
        self._home_addresses_changed()

    def dismiss_proposal(self, address: IPv6Address) -> None:
        """Propose nothing of its home agent any more, until that is forgotten."""
        self._autoconfiguration.policy.dismiss(self._autoconfiguration.proposal(address).home_agent)
        self._state_file.write_now()
        self._subscribers.publish(ChangeKind.PROPOSALS)

    # --- settings -------------------------------------------------------------------------------------------------

    def reload(self) -> None:
        """Read the settings file and the key file again. ConfigError when the settings are not accepted."""
        self.keys.load()
        self.guests.end_expired()  # those whose key could not be removed before
        super().reload()

    def _report_damaged_files(self) -> None:
        for damaged in self._store.damaged:
            self._problems.add(ProblemCode.STATE_FILE_SET_ASIDE, str(damaged.path), damaged.reason)

    def _apply_settings(self, settings: Settings, key: str) -> None:
        self._settings = settings
        debugging.switch(settings.debug)
        self._report_damaged_files()
        if self._problems.clear(ProblemCode.SETTINGS_REJECTED):
            self._subscribers.publish(ChangeKind.PROBLEM)
        self._home_addresses.configure(settings.home_addresses)
        self._autoconfiguration.apply(settings)
        self._configure()
        self._subscribers.publish(ChangeKind.SETTINGS, subject=key)
        self._subscribers.publish(ChangeKind.HOME_ADDRESSES)

    # --- the node -------------------------------------------------------------------------------------------------

    def _observe(self, action: Action) -> None:
        match action:
            case PublishStatus():
                self._subscribers.publish(ChangeKind.STATUS)
                self._bindings_changed(bindings_delay(self._config))
            case ReportHomeAddress():
                self._autoconfiguration.handle(HomeAddressReported(address=action.home_address, state=action.state))
                self._subscribers.publish(ChangeKind.HOME_ADDRESSES)
                self._bindings_changed(REGISTRATIONS_DELAY)
            case ReportHandover():
                self._subscribers.publish(ChangeKind.HANDOVER, handover=action.handover)
            case _:
                self._autoconfiguration.reported(action)

    def _bindings_changed(self, delay: Seconds) -> None:
        """A binding or a registration is another one: on disk within `delay`, later when there are many."""
        if keeps_bindings(self._config):
            self._bindings_file.write_within(Seconds(delay + self._bindings_stored / 1000))

    def _agents_changed(self, kind: ChangeKind) -> None:
        self._subscribers.publish(kind)
        if kind is ChangeKind.HOME_ADDRESSES:
            self._configure()  # the hardware address of a home agent in use became known

    def _adopt(self, home_address: StoredHomeAddress) -> None:
        """The auto-configuration decided. A home address that appeared meanwhile is no reason to fail."""
        try:
            self._home_addresses.add(home_address)
        except MobileIPv6Error as error:
            _log.warning("%s was not taken: %s", home_address.address, error)
        self._home_addresses_changed()

    def _forgive(self, home_address: StoredHomeAddress) -> None:
        if home_address.home_agent is not None:
            self._autoconfiguration.policy.forgive(home_address.home_agent)

    def _home_addresses_changed(self) -> None:
        self._state_file.write_now()
        self._use_home_addresses()

    def _use_home_addresses(self) -> None:
        self._autoconfiguration.home_addresses_changed()
        self._configure()
        self._subscribers.publish(ChangeKind.HOME_ADDRESSES)

    def _keys_changed(self) -> None:
        self._autoconfiguration.keys_changed(frozenset(each.home_agent for each in self.keys.infos()))
        if self._is_running:
            self._configure()
            self._bindings_changed(REGISTRATIONS_DELAY)  # a key that is kept now may have been accepted before
        self._subscribers.publish(ChangeKind.KEYS)

    def _guests_changed(self) -> None:
        self._subscribers.publish(ChangeKind.GUESTS)

    def _configure(self) -> None:
        config = self._node_config()
        if config != self._config:
            self._config = config
            self._node.configure(config)

    def _node_config(self) -> NodeConfig:
        addresses = self._home_addresses.configs(self._autoconfiguration.link_layer_address)
        config = self._settings.to_node_config(addresses, self._secret)
        associations, retiring = self.keys.associations(), self.guests.retiring()
        return self._autoconfiguration.generated.used_in(keyed(config, associations, self.keys.precomputed, retiring))

    # --- what is stored -------------------------------------------------------------------------------------------

    def _capture_state(self) -> Callable[[], bytes]:
        state = self._autoconfiguration.state(self._secret)
        return lambda: encode_state(state)

    def _capture_bindings(self) -> Callable[[], bytes]:
        stored, now = self._node.snapshot(), self._wall_clock()
        self._bindings_stored = len(stored.bindings)
        self.guests.registered(stored.bindings)
        for each in stored.registrations:
            self.keys.proven(each.home_address, each.home_agent, each.spi)
        return lambda: encode_bindings(stored, now)
