# SPDX-License-Identifier: GPL-2.0-or-later
"""The auto-configuration machine in its place: fed with what the node reports, its decisions carried out.

Decisions come while the node performs the actions of one event. A new home address is stored on disk before it is used,
which takes time, so it is taken a turn of the loop later.
"""

import asyncio
import logging
from collections.abc import Callable
from ipaddress import IPv6Address
from typing import Final

from mnclient.engine.actions import ReportHomeAgent
from mnclient.errors import MobileIPv6Error
from mnclient.model.service_status import KnownHomeAgent, Origin, Proposal, Suggestion
from mnclient.units import Seconds
from service.autoconfiguration import policy as machine
from service.autoconfiguration.known_home_agents import Hearing, HomeAgentHeard
from service.autoconfiguration.suggestions import HostInterface, remember, suggestions
from service.contract import UnknownThing
from service.core_addresses import HomeAddresses, known
from service.core_changes import ChangeKind
from service.core_storage import COUNTED_DELAY, LEARNED_DELAY
from service.settings import Settings
from service.state_store import State, StoredHomeAddress

_log = logging.getLogger(__name__)

HOST_READ_INTERVAL: Final = Seconds(1.0)  # at most so often is the kernel asked for interfaces during a flood


class Autoconfiguration:
    """The policy machine, the interfaces of the host, and the next deadline."""

    def __init__(
        self,
        *,
        wall_clock: Callable[[], float],
        host: Callable[[], tuple[HostInterface, ...]],
        home_addresses: HomeAddresses,
        adopt: Callable[[StoredHomeAddress], None],
        changed: Callable[[ChangeKind], None],
        store_within: Callable[[Seconds], None],
    ) -> None:
        self._wall_clock = wall_clock
        self._read_host = host
        self._home_addresses = home_addresses
        self._adopt = adopt
        self._changed = changed
        self._store_within = store_within
        self._timer: asyncio.TimerHandle | None = None
        self._host: tuple[HostInterface, ...] = ()
        self._host_read_at = float("-inf")
        self.hardware_addresses: dict[str, bytes] = {}
        self.policy = machine.AutoconfigurationPolicy(machine.PolicySettings())

    def state(self, stable_secret: bytes) -> State:
        """What is stored of home agents and home addresses; `start` takes it back."""
        return State(
            home_agents=self.policy.home_agents.records(),
            home_addresses=self._home_addresses.stored,
            preferred_home_address=self._home_addresses.chosen,
            dismissed=self.policy.dismissed(),
            hardware_addresses=dict(self.hardware_addresses),
            stable_secret=stable_secret,
        )

    def start(self, state: State) -> None:
        """Begin with what the last run knew."""
        self.policy = machine.AutoconfigurationPolicy(machine.PolicySettings(), state.home_agents, state.dismissed)
        self.hardware_addresses = dict(state.hardware_addresses)
        self._look_at_host()

    def stop(self) -> None:
        """Wake up no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def apply(self, settings: Settings) -> None:
        """Other settings: those of the policy, and the home agents that the administrator ships."""
        now = self._wall_clock()
        agents = self.policy.home_agents
        shipped = {each.address for each in settings.known_home_agents}
        for agent in agents.records():
            if agent.origin is Origin.ADMINISTRATOR and agent.address not in shipped:
                agents.release(agent.address)
        for each in settings.known_home_agents:
            entry = KnownHomeAgent(
                address=each.address,
                prefix=each.prefix,
                origin=Origin.ADMINISTRATOR,
                pinned=each.pinned,
                preference=each.preference,
            )
            if not agents.add(entry, now):
                _log.warning("the home agent %s of the settings is left out: the list is full", each.address)
        self.home_addresses_changed()
        self.handle(machine.SettingsChanged(settings=settings.policy()))
        self._changed(ChangeKind.HOME_AGENTS)

    def heard(self, report: ReportHomeAgent) -> None:
        """A home agent was heard."""
        if report.interface not in {each.name for each in self._host}:
            self._look_at_host()
        known_before = self.link_layer_address(report.address)
        self.handle(
            HomeAgentHeard(
                address=report.address,
                prefix=report.prefix,
                interface=report.interface,
                link_layer_address=report.link_layer_address,
                preference=report.preference,
                lifetime=report.lifetime,
            )
        )
        if self.link_layer_address(report.address) != known_before:
            self._changed(ChangeKind.HOME_ADDRESSES)

    def home_addresses_changed(self) -> None:
        """The list of home addresses is another one."""
        managed = self._home_addresses.managed(self.is_active)
        self.handle(machine.HomeAddressesChanged(home_addresses=managed))

    def handle(self, event: machine.Event) -> None:
        """Let the machine react, and do what it decides."""
        now = self._wall_clock()
        for decision in self.policy.handle(event, now):
            self._perform(decision)
        self._set_alarm(now)

    def listing(self) -> tuple[KnownHomeAgent, ...]:
        """The known home agents with their ranks of now, the best first."""
        return self.policy.home_agents.listing(self._wall_clock())

    def is_active(self, home_address: IPv6Address) -> bool:
        """Acknowledged by its home agent within the activation time."""
        return self.policy.is_active(home_address, self._wall_clock())

    def link_layer_address(self, home_agent: IPv6Address) -> bytes:
        """The hardware address the home agent had when it was first heard, empty when it never was."""
        agent = self.policy.home_agents.get(home_agent)
        return agent.link_layer_address if agent else b""

    def proposal(self, address: IPv6Address) -> Proposal:
        """The open proposal of this address; UnknownThing with those that are open."""
        proposals = self.policy.proposals()
        found = next((each for each in proposals if each.address == address), None)
        if found is None:
            raise UnknownThing(f"{address} is not proposed", hint=known(each.address for each in proposals))
        return found

    def suggestions(self, home_agent: IPv6Address | None, unsuitable: frozenset[bytes]) -> tuple[Suggestion, ...]:
        """What could be had, without the identifiers that are `unsuitable`; UnknownThing for an unlisted home agent."""
        if home_agent is not None:
            self.require(home_agent)
        self._look_at_host()
        agents = [each for each in self.listing() if home_agent in (None, each.address)]
        offered = suggestions(agents, self._host, self.hardware_addresses)
        return tuple(each for each in offered if each.address.packed[8:] not in unsuitable)

    def require(self, home_agent: IPv6Address) -> None:
        """UnknownThing, with those that are listed, unless it is one of them."""
        if self.policy.home_agents.get(home_agent) is None:
            listed = known(each.address for each in self.listing())
            raise UnknownThing(f"{home_agent} is not a known home agent", hint=listed)

    def add(self, agent: KnownHomeAgent) -> None:
        """Enter one by hand; MobileIPv6Error when the list is full of entries that may not be evicted."""
        if not self.policy.home_agents.add(agent, self._wall_clock()):
            raise MobileIPv6Error("The list of known home agents is full", hint="remove one that is pinned first")
        self.policy.forgive(agent.address)
        self._edited()

    def remove(self, home_agent: IPv6Address) -> None:
        """Forget one, and that its proposals were dismissed."""
        self.policy.home_agents.remove(home_agent)
        self.policy.forgive(home_agent)
        self._edited()

    def _edited(self) -> None:
        self.handle(machine.HomeAgentsEdited())
        self._changed(ChangeKind.HOME_AGENTS)

    def _perform(self, decision: machine.Decision) -> None:
        match decision:
            case machine.AdoptHomeAddress():
                _log.info(
                    "taking the home address %s of %s: %s", decision.address, decision.home_agent, decision.reason
                )
                home_address = StoredHomeAddress(
                    address=decision.address,
                    prefix=decision.prefix,
                    home_agent=decision.home_agent,
                    origin=Origin.LEARNED,
                )
                asyncio.get_running_loop().call_soon(self._adopt, home_address)
            case machine.ProposeHomeAddress():
                _log.info("proposing the home address %s: %s", decision.proposal.address, decision.proposal.reason)
                self._changed(ChangeKind.PROPOSALS)
            case machine.WithdrawProposal():
                self._changed(ChangeKind.PROPOSALS)
            case machine.HomeAgentsUpdated():
                self._agents_updated(decision)

    def _agents_updated(self, decision: machine.HomeAgentsUpdated) -> None:
        match decision.hearing:
            case Hearing.NEW | Hearing.REPLACED:
                self._store_within(LEARNED_DELAY)
            case Hearing.COUNTED:
                self._store_within(COUNTED_DELAY)
            case Hearing.CONTRADICTED:
                _log.debug("another router claims to be the home agent %s; not followed", decision.address)
                return
            case Hearing.NO_ROOM:
                return
        self._changed(ChangeKind.HOME_AGENTS)

    def _look_at_host(self) -> None:
        moment = asyncio.get_running_loop().time()
        if moment - self._host_read_at < HOST_READ_INTERVAL:
            return
        self._host_read_at = moment
        self._host = self._read_host()
        remembered = remember(self.hardware_addresses, self._host)
        if remembered != self.hardware_addresses:
            self.hardware_addresses = remembered
            self._store_within(LEARNED_DELAY)
        self.handle(machine.HostChanged(interfaces=self._host, remembered=self.hardware_addresses))

    def _set_alarm(self, now: float) -> None:
        self.stop()
        deadline = self.policy.next_deadline(now)
        if deadline is not None:
            self._timer = asyncio.get_running_loop().call_later(deadline - now, self.handle, machine.Tick())
