# SPDX-License-Identifier: GPL-2.0-or-later
"""The auto-configuration: which home addresses to have. The second pure machine; policy (taste), not protocol (law).

Whenever a home agent is heard, the list of known home agents is brought up to date. Then, if fewer home addresses than
the maximum hold a place (`activity`), each home agent that is here now is considered, the best ranked first:

- not if a home address of this home agent or of its prefix exists already: one home is entered once;
- not if its proposal was dismissed, which holds until that home agent is forgotten;
- if its rank reaches the threshold of the *responsiveness*: adopt its address, or propose it when *ask first* is on;
- in *desperation mode*, and only while no home address holds a place at all: adopt the first one that the person has
  allowed, at once, without regard to rank and without asking. Allowed are home agents that are trusted anyway, and
  those of the prefixes given; or any, if the person says so. This is what that risks: a Router Advertisement is signed
  by nobody. Whoever is on the same link can claim to be home, and then sees, delays or drops whatever is sent to that
  home address. Once a home address is there, the mode has no effect.

Proposals wait for the person. They are withdrawn when there is no more room for them, when their home agent gets a home
address otherwise or is no longer known, and when the auto-configuration is switched off. A home address is never taken
away again by this machine: connections hang on it, and so do other people.

Times are wall-clock seconds, because the list is older than the last start of the machine.
"""

from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network

from mnclient.constants import MAX_HOME_ADDRESSES
from mnclient.model.generated_address import GeneratingKey
from mnclient.model.service_status import KnownHomeAgent, ManagedHomeAddress, Origin, Proposal
from mnclient.model.status import HomeAddressState
from mnclient.units import Seconds
from service.autoconfiguration.activity import ActivityTable
from service.autoconfiguration.known_home_agents import Hearing, HomeAgentHeard, KnownHomeAgents
from service.autoconfiguration.ranking import threshold
from service.autoconfiguration.suggestions import HostInterface, home_address_for

MAX_DISMISSED = 128  # bounds memory; the oldest dismissals are forgotten first


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySettings:
    """The section [autoconfiguration] of the settings."""

    enabled: bool = True
    desperation: bool = False
    desperation_joins_any: bool = False
    """Also home agents that nobody ever allowed."""
    desperation_allowed: tuple[IPv6Network, ...] = ()
    """Home agents with an address in one of these are allowed, beside those that are trusted."""
    ask_first: bool = True
    max_home_addresses: int = 1
    responsiveness: int = 50
    activation_time: Seconds = Seconds(30.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeAddressReported:
    """The engine says how a home address stands."""

    address: IPv6Address
    state: HomeAddressState


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeAddressesChanged:
    """These are the home addresses now, whoever gave them."""

    home_addresses: tuple[ManagedHomeAddress, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostChanged:
    """The interfaces of this host, the hardware addresses remembered for them, and the key to generate addresses."""

    interfaces: tuple[HostInterface, ...]
    remembered: dict[str, bytes]
    generating: GeneratingKey | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsChanged:
    """Other settings are in force."""

    settings: PolicySettings


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysChanged:
    """There are keys for these home agents."""

    home_agents: frozenset[IPv6Address]


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeAgentsEdited:
    """The person or the administrator changed the list of known home agents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """`next_deadline` has come, or any later time."""


Event = (
    HomeAgentHeard
    | HomeAddressReported
    | HomeAddressesChanged
    | HostChanged
    | SettingsChanged
    | KeysChanged
    | HomeAgentsEdited
    | Tick
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptHomeAddress:
    """Take this home address into use now, and store it before anything else happens."""

    address: IPv6Address
    prefix: IPv6Network
    home_agent: IPv6Address
    interface: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeHomeAddress:
    """Ask the person."""

    proposal: Proposal


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawProposal:
    """Do not ask any more."""

    address: IPv6Address


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeAgentsUpdated:
    """The list changed. `hearing` says how; store soon when an entry is new, in good time when it was only counted."""

    address: IPv6Address
    hearing: Hearing


Decision = AdoptHomeAddress | ProposeHomeAddress | WithdrawProposal | HomeAgentsUpdated


class AutoconfigurationPolicy:
    """The machine. `handle(event, now)` gives decisions; `next_deadline` says when to send a Tick."""

    def __init__(
        self,
        settings: PolicySettings,
        home_agents: tuple[KnownHomeAgent, ...] = (),
        dismissed: tuple[IPv6Address, ...] = (),
    ) -> None:
        self.settings = settings
        self.home_agents = KnownHomeAgents(home_agents, in_use=self._serves_a_home_address)
        self._dismissed = dict.fromkeys(dismissed)
        self._proposals: dict[IPv6Address, Proposal] = {}  # by home agent
        self._home_addresses: tuple[ManagedHomeAddress, ...] = ()
        self._activity = ActivityTable(self._home_agent_is_present)
        self._present_until: dict[IPv6Address, float] = {}  # home agents heard in this run, until their lifetime ends
        self._host = HostChanged(interfaces=(), remembered={})

    def handle(self, event: Event, now: float) -> list[Decision]:
        """React to one event."""
        decisions: list[Decision] = []
        match event:
            case HomeAgentHeard():
                decisions += self._hear(event, now)
            case HomeAddressReported():
                self._activity.report(event.address, event.state, now)
            case HomeAddressesChanged():
                self._home_addresses = event.home_addresses
                self._activity.keep_only(tuple(each.address for each in event.home_addresses))
            case HostChanged():
                self._host = event
            case SettingsChanged():
                self.settings = event.settings
            case KeysChanged():
                self.home_agents.paired = event.home_agents
            case HomeAgentsEdited() | Tick():
                pass  # nothing to note: what follows is always done
        self._forget_the_absent(now)
        decisions += self._withdraw(now)
        return decisions + self._consider(now, heard=event.address if isinstance(event, HomeAgentHeard) else None)

    def next_deadline(self, now: float) -> float | None:
        """When a place may become free for a home agent that is here now; None while nothing happens by time alone."""
        if not self.settings.enabled or not any(self._is_candidate(address) for address in self._present_until):
            return None
        return self._activity.next_change(now, self.settings.activation_time)

    def proposals(self) -> tuple[Proposal, ...]:
        """What waits for the person's answer, the oldest first."""
        return tuple(self._proposals.values())

    def dismissed(self) -> tuple[IPv6Address, ...]:
        """Home agents whose proposals the person does not want, the oldest first."""
        return tuple(self._dismissed)

    def dismiss(self, home_agent: IPv6Address) -> None:
        """Propose and adopt nothing of this home agent until it is forgotten."""
        self._proposals.pop(home_agent, None)
        self._dismissed[home_agent] = None
        while len(self._dismissed) > MAX_DISMISSED:
            del self._dismissed[next(iter(self._dismissed))]

    def forgive(self, home_agent: IPv6Address) -> None:
        """The person wants it after all, or forgot the home agent: its proposals may come again."""
        self._dismissed.pop(home_agent, None)

    def is_active(self, home_address: IPv6Address, now: float) -> bool:
        """Acknowledged by its home agent within the activation time."""
        return self._activity.is_active(home_address, now, self.settings.activation_time)

    def _hear(self, heard: HomeAgentHeard, now: float) -> list[Decision]:
        hearing = self.home_agents.hear(heard, now)
        if hearing in (Hearing.NEW, Hearing.COUNTED, Hearing.REPLACED):
            self._present_until[heard.address] = now + heard.lifetime
            self._activity.home_agent_heard(now)
        return [HomeAgentsUpdated(address=heard.address, hearing=hearing)]

    def _forget_the_absent(self, now: float) -> None:
        self._present_until = {
            address: until
            for address, until in self._present_until.items()
            if now < until and self.home_agents.get(address) is not None
        }

    def _withdraw(self, now: float) -> list[Decision]:
        free = self.settings.enabled and self._free_places(now) > 0
        stale = [
            agent
            for agent, proposal in self._proposals.items()
            if not free or not self._is_candidate(agent) or self.home_agents.get(agent) is None
        ]
        return [WithdrawProposal(address=self._proposals.pop(agent).address) for agent in stale]

    def _consider(self, now: float, heard: IPv6Address | None) -> list[Decision]:
        """After an advertisement only its sender can have gained anything; a flood must not cost more than that."""
        if not self.settings.enabled or self._free_places(now) <= 0:
            return []
        if heard is None:
            agents = self.home_agents.listing(now)
        else:
            agent = self.home_agents.get(heard)
            agents = (agent,) if agent else ()
        return [decision for agent in agents for decision in self._decide(agent, now)]

    def _decide(self, agent: KnownHomeAgent, now: float) -> list[Decision]:
        if agent.address not in self._present_until or not self._is_candidate(agent.address):
            return []
        if self._free_places(now) <= 0:
            return []  # the one before in the list took the last place
        is_desperate = self.settings.desperation and self._occupied(now) == 0 and self._may_join(agent)
        if not is_desperate and agent.rank < threshold(self.settings.responsiveness):
            return []
        host = self._host
        address = home_address_for(agent, host.interfaces, host.remembered, host.generating)
        if address is None:
            return []
        if self.settings.ask_first and not is_desperate:
            return self._propose(agent, address, now)
        return self._adopt(agent, address, "desperation mode" if is_desperate else _merit(agent))

    def _may_join(self, agent: KnownHomeAgent) -> bool:
        """Whether the person has allowed to take a home address of it unasked."""
        if self.settings.desperation_joins_any or self.home_agents.is_held(agent):
            return True
        return any(agent.address in prefix for prefix in self.settings.desperation_allowed)

    def _adopt(self, agent: KnownHomeAgent, address: IPv6Address, reason: str) -> list[Decision]:
        """It counts from now on: the next advertisement may come before `HomeAddressesChanged` confirms it."""
        adopted = ManagedHomeAddress(
            address=address,
            prefix=agent.prefix,
            home_agent=agent.address,
            origin=Origin.LEARNED,
            preferred=False,
            active=False,
        )
        self._home_addresses += (adopted,)
        self._activity.keep_only(tuple(each.address for each in self._home_addresses))
        withdrawn = [each for each in self._proposals.values() if each.prefix == agent.prefix]
        for proposal in withdrawn:
            del self._proposals[proposal.home_agent]
        return [
            AdoptHomeAddress(
                address=address,
                prefix=agent.prefix,
                home_agent=agent.address,
                interface=agent.interface,
                reason=reason,
            ),
            *(WithdrawProposal(address=proposal.address) for proposal in withdrawn),
        ]

    def _propose(self, agent: KnownHomeAgent, address: IPv6Address, now: float) -> list[Decision]:
        if any(each.prefix == agent.prefix for each in self._proposals.values()):
            return []
        proposal = Proposal(
            address=address,
            prefix=agent.prefix,
            home_agent=agent.address,
            interface=agent.interface,
            reason=_merit(agent),
            proposed_time=now,
        )
        self._proposals[agent.address] = proposal
        return [ProposeHomeAddress(proposal=proposal)]

    def _is_candidate(self, home_agent: IPv6Address) -> bool:
        """Whether a home address at this home agent would be a new one, and is not known to be unwanted."""
        agent = self.home_agents.get(home_agent)
        if agent is None or home_agent in self._dismissed:
            return False
        return not any(each.home_agent == home_agent or each.address in agent.prefix for each in self._home_addresses)

    def _occupied(self, now: float) -> int:
        return self._activity.occupied(now, self.settings.activation_time)

    def _free_places(self, now: float) -> int:
        room = MAX_HOME_ADDRESSES - len(self._home_addresses)
        return min(self.settings.max_home_addresses - self._occupied(now), room)

    def _serves_a_home_address(self, home_agent: IPv6Address) -> bool:
        return any(each.home_agent == home_agent for each in self._home_addresses)

    def _home_agent_is_present(self, home_address: IPv6Address, now: float) -> bool:
        mine = next((each for each in self._home_addresses if each.address == home_address), None)
        if mine is None:
            return False
        return any(
            now < until and (address == mine.home_agent or (mine.home_agent is None and address in mine.prefix))
            for address, until in self._present_until.items()
        )


def _merit(agent: KnownHomeAgent) -> str:
    if agent.advertisements == 1:
        return "heard once on this network"
    return f"heard {agent.advertisements} times on this network"
