# SPDX-License-Identifier: GPL-2.0-or-later
"""The auto-configuration machine in its place: fed with what the node reports, its decisions carried out.

Decisions come while the node performs the actions of one event. A new home address is stored on disk before it is used,
which takes time, so it is taken a turn of the loop later.
"""

import asyncio
import logging
from collections.abc import Callable
from ipaddress import IPv6Address, IPv6Network
from pathlib import Path
from typing import Final

from mnclient.engine.actions import Action, ReportHomeAgent, ReportHomePrefix
from mnclient.errors import MobileIPv6Error
from mnclient.model.problems import ProblemCode
from mnclient.model.service_status import KnownHomeAgent, Origin, Proposal, Suggestion
from mnclient.units import Seconds
from service.autoconfiguration import policy as machine
from service.autoconfiguration.known_home_agents import Claim, Hearing, HomeAgentHeard
from service.autoconfiguration.renumbering import home_address_beside
from service.autoconfiguration.suggestions import HostInterface, remember, suggestions
from service.contract import InvalidArgument, UnknownThing
from service.core_addresses import HomeAddresses, known
from service.core_changes import ChangeKind
from service.core_generated import GeneratedAddresses
from service.core_problems import ServiceProblems
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
        problems: ServiceProblems,
        state_directory: Path,
    ) -> None:
        self._wall_clock = wall_clock
        self._read_host = host
        self._home_addresses = home_addresses
        self._adopt = adopt
        self._changed = changed
        self._store_within = store_within
        self._problems = problems
        self._timer: asyncio.TimerHandle | None = None
        self._host: tuple[HostInterface, ...] = ()
        self._host_read_at = float("-inf")
        self.hardware_addresses: dict[str, bytes] = {}
        self.generated = GeneratedAddresses(state_directory, problems)
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
        """Wake up no more, and let go of the key."""
        self._stop_alarm()
        self.generated.stop()

    def _stop_alarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def apply(self, settings: Settings) -> None:
        """Other settings: of the policy, the home agents that the administrator ships, and generated addresses."""
        now, key = self._wall_clock(), self.generated.key
        self.generated.apply(settings.generated_addresses)
        if self.generated.key != key:
            self._tell_host()
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

    def reported(self, action: Action) -> None:
        """What the node heard of home agents and home prefixes; everything else is not for us."""
        match action:
            case ReportHomeAgent():
                self.heard(action)
            case ReportHomePrefix():
                self.home_prefix(action)
            case _:
                pass  # a Note: the node logs it itself

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

    def home_prefix(self, report: ReportHomePrefix) -> None:
        """A home agent of ours advertised another prefix: the home address gets one beside it there.

        Not a matter of taste: who asks before anything is taken did so when the home address was (RFC 6275 11.4.3).
        """
        address = home_address_beside(report, self._home_addresses.addresses())
        if address is not None:
            _log.info("taking the home address %s beside %s", address, report.home_address)
            self._take(address, report.prefix, report.home_agent)

    def home_addresses_changed(self) -> None:
        """The list of home addresses is another one."""
        managed = self._home_addresses.managed(self.is_active)
        self.handle(machine.HomeAddressesChanged(home_addresses=managed))

    def keys_changed(self, home_agents: frozenset[IPv6Address]) -> None:
        """There are keys for these home agents."""
        if home_agents != self.policy.home_agents.paired:
            self.handle(machine.KeysChanged(home_agents=home_agents))
            self._changed(ChangeKind.HOME_AGENTS)

    def handle(self, event: machine.Event) -> None:
        """Let the machine react, and do what it decides."""
        now = self._wall_clock()
        for decision in self.policy.handle(event, now):
            self._perform(decision)
        self._show_claims()
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

    def suggestions(
        self, home_agent: IPv6Address | None, unsuitable: frozenset[bytes], taken: frozenset[IPv6Address]
    ) -> tuple[Suggestion, ...]:
        """What could be had, without the identifiers that are `unsuitable`; UnknownThing for an unlisted home agent.

        `taken` are addresses that other machines were found to have.
        """
        if home_agent is not None:
            self.require(home_agent)
        self._look_at_host()
        agents = [each for each in self.listing() if home_agent in (None, each.address)]
        offered = suggestions(agents, self._host, self.hardware_addresses, self.generated.key, taken)
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

    def accept(self, home_agent: IPv6Address) -> None:
        """Believe what was claimed of one. UnknownThing when it is not listed, InvalidArgument when nothing was."""
        self.require(home_agent)
        if not self.policy.home_agents.accept(home_agent):
            raise InvalidArgument(
                f"Nothing has changed about the home agent {home_agent} that could be accepted",
                hint="mnctl problems says what has; for another address: add the home address again with that",
            )
        self._edited()

    def remove(self, home_agent: IPv6Address) -> None:
        """Forget one, and that its proposals were dismissed."""
        self.policy.home_agents.remove(home_agent)
        self.policy.forgive(home_agent)
        self._edited()

    def _show_claims(self) -> None:
        agents = self.policy.home_agents
        found = {str(each.home_agent): _difference(agents.get(each.home_agent), each) for each in agents.claims()}
        if self._problems.replace(ProblemCode.HOME_AGENT_DIFFERS, found):
            for address, difference in found.items():
                _log.warning("the home agent %s is not what it was: %s", address, difference)
            self._changed(ChangeKind.PROBLEM)

    def _edited(self) -> None:
        self.handle(machine.HomeAgentsEdited())
        self._changed(ChangeKind.HOME_AGENTS)

    def _perform(self, decision: machine.Decision) -> None:
        match decision:
            case machine.AdoptHomeAddress():
                _log.info(
                    "taking the home address %s of %s: %s", decision.address, decision.home_agent, decision.reason
                )
                self._take(decision.address, decision.prefix, decision.home_agent)
            case machine.ProposeHomeAddress():
                _log.info("proposing the home address %s: %s", decision.proposal.address, decision.proposal.reason)
                self._changed(ChangeKind.PROPOSALS)
            case machine.WithdrawProposal():
                self._changed(ChangeKind.PROPOSALS)
            case machine.HomeAgentsUpdated():
                self._agents_updated(decision)

    def _take(self, address: IPv6Address, prefix: IPv6Network, home_agent: IPv6Address | None) -> None:
        taken = StoredHomeAddress(address=address, prefix=prefix, home_agent=home_agent, origin=Origin.LEARNED)
        asyncio.get_running_loop().call_soon(self._adopt, taken)

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
        self._tell_host()

    def _tell_host(self) -> None:
        remembered, generating = self.hardware_addresses, self.generated.key
        self.handle(machine.HostChanged(interfaces=self._host, remembered=remembered, generating=generating))

    def _set_alarm(self, now: float) -> None:
        self._stop_alarm()
        deadline = self.policy.next_deadline(now)
        if deadline is not None:
            self._timer = asyncio.get_running_loop().call_later(deadline - now, self.handle, machine.Tick())


def _difference(agent: KnownHomeAgent | None, claim: Claim) -> str:
    """What is different, in values alone: interface, then before and now."""
    assert agent is not None, "a claim is about a home agent that is listed"
    pairs = [
        (str(agent.address), str(claim.address)),
        (str(agent.prefix), str(claim.prefix)),
        (agent.link_layer_address.hex(":"), claim.link_layer_address.hex(":")),
    ]
    changed = ", ".join(f"{before} → {now}" for before, now in pairs if before not in ("", now))
    return f"{claim.interface}: {changed}"
