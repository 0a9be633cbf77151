# SPDX-License-Identifier: GPL-2.0-or-later
"""What must be true after every event, whatever is lost, forged, repeated, or crashes.

**No stray packets.** Whoever sends packets for a home address directly to a care-of address (a home agent through its
tunnel, a correspondent by a type 2 routing header) may do so while the owner has that address, and afterwards for no
longer than the Binding Update allows that it acts upon: its lifetime (RFC 6275 sections 9.5.2 and 10.3.1, at most 420 s
with a correspondent, section 5.2.7), from when it was sent, and as much longer as the Binding Update itself may have
been late. That is what the network may keep it, an adversary's repetition included; for a home agent also the second of
duplicate detection (section 10.3.1), for a correspondent at most the 240 s that its nonces live (section 5.2.7). A
de-registration and a newer Binding Update end it sooner (sections 9.5.3, 10.3.2), which is the next invariant.

**No binding without authority.** A binding is what some Binding Update of the very owner of the home address asked for:
sent by it, to this receiver, with this care-of address and sequence number, and for no longer than it asked. And never
one that is older than one accepted before (sections 5.2.8 and 9.5.1), also after a deletion (sections 9.5.3, 10.3.2).
A home agent that crashes may forget what it accepted in the last moment, no more than the service leaves unwritten. And
a laptop that crashes may begin with another number at its correspondents. What it sent before, and was lost, may then
pass for newer than what was accepted since, by its number (modulo 2**16), as long as its nonces live: for 240 s, and no
longer than the correspondent itself runs (section 5.2.7).

**The kernel does what the cache says**: one tunnel, or one direct route, for every binding, by its care-of address, and
none without; no binding past its end (section 9.6).

**No belief without a binding**: what a laptop holds for acknowledged is at the other end for at least as long (section
11.7.3), unless that one crashed, or was overtaken so, since what it acknowledged was sent.

**No storms** (section 11.8): MAX_UPDATE_RATE of Binding Updates and test inits to anybody in any second; of everything
together no more than a small number and an answer or three for what came in, and for each cable or sleep. **Tables have
bounds**, see `bounds`.

What holds once the network is calm is in `calm`.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import TYPE_CHECKING, Final

from mnclient.constants import (
    MAX_NONCE_LIFETIME,
    MAX_RR_BINDING_LIFETIME,
    MAX_UPDATE_RATE,
    RETRANS_TIMER,
)
from mnclient.engine.actions import ReportHomeAddress, SendPacket
from mnclient.engine.events import (
    Event,
    HomeAddressRefused,
    LinkChanged,
    MalformedReceived,
    PacketReceived,
    Resumed,
)
from mnclient.engine.sequence_numbers import is_newer
from mnclient.model.network_state import RouteOptimization, Tunnel
from mnclient.model.status import BindingCacheStatus, HomeAddressState
from mnclient.model.stored_binding import Stored
from mnclient.units import Instant
from mnclient.wire.binding import BindingAcknowledgement, BindingUpdate
from mnclient.wire.packet import Packet
from mnclient.wire.return_routability import CareOfTestInit, HomeTestInit
from tests.simulation.bounds import exceeded
from tests.simulation.host import LATEST
from tests.simulation.links import LONGEST_DELAY

if TYPE_CHECKING:
    from tests.simulation.host import Host
    from tests.simulation.mobile import Laptop
    from tests.simulation.servers import Correspondent, HomeAgentHost

REPEATED_WITHIN: Final = 8.0  # seconds: an adversary repeats a home registration so soon, or the network does
UNPROVOKED: Final = 40  # messages of one host in a second that nothing asked for
ANSWERS: Final = 3  # for each message that came in, each change of a link and each sleep: six known routers are asked
_EPSILON: Final = 1e-6
_PROVOKING: Final = (PacketReceived, MalformedReceived, HomeAddressRefused, LinkChanged, Resumed)
_LIMITED: Final = (BindingUpdate, HomeTestInit, CareOfTestInit)
_REACHED: Final = (HomeAddressState.REGISTERED, HomeAddressState.AT_HOME)

Ends = tuple[IPv6Address, IPv6Address]
"""Who has the binding, and the home address."""


class Broken(AssertionError):
    """An invariant does not hold."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A Binding Update as its owner sent it."""

    sequence: int
    care_of_address: IPv6Address
    lifetime: float
    at: Instant


@dataclass(frozen=True, slots=True)
class Held:
    """A binding as it was seen last. `index` is the number of the Binding Update that made it, counted by its owner."""

    binding: BindingCacheStatus
    index: int


class Invariants:
    """They are told of everything, and raise `Broken`."""

    def __init__(self) -> None:
        self.owners: dict[IPv6Address, Laptop] = {}
        self.servers: dict[IPv6Address, HomeAgentHost | Correspondent] = {}
        self.handovers = 0
        self.counters: Counter[str] = Counter()
        self.heard_by_laptop: dict[Ends, Instant] = {}
        self.heard_by_correspondent: dict[Ends, Instant] = {}
        self._sent: dict[Ends, list[Sent]] = defaultdict(list)
        self._held: dict[IPv6Address, dict[IPv6Address, Held]] = defaultdict(dict)
        self._judged: dict[IPv6Address, tuple[tuple[BindingCacheStatus, ...], dict[IPv6Address, IPv6Address]]] = {}
        self._newest: dict[Ends, int] = {}
        self._numbers: dict[Ends, int] = {}
        self._lost_at: dict[IPv6Address, Instant] = {}
        self._crashed_at: dict[IPv6Address, Instant] = {}
        self._overtaken_at: dict[Ends, Instant] = {}
        self._forgot_at: dict[IPv6Address, Instant] = {}
        self._acknowledged: dict[Ends, Instant] = {}
        self._limits: dict[tuple[str, type, IPv6Address], deque[Instant]] = {}
        self._lately: dict[str, deque[Instant]] = defaultdict(deque)
        self._came: dict[str, deque[Instant]] = defaultdict(deque)
        self._places: dict[IPv6Address, str] = {}

    # --- what is sent ------------------------------------------------------------------------------------------------

    def sent(self, host: Host, action: SendPacket) -> None:
        """A host's engine sends a packet."""
        packet, now = action.packet, host.clock.now
        message = packet.message
        self.counters["sent"] += 1
        if isinstance(message, _LIMITED):
            self._keep_to_the_rate(host, type(message), packet.destination, now)
        if isinstance(message, BindingUpdate):
            care_of = message.alternate_care_of_address or packet.source
            sent = Sent(message.sequence, care_of, message.lifetime, now)
            self._sent[packet.destination, packet.home_address or packet.source].append(sent)
        self._be_no_storm(host, now)

    def _keep_to_the_rate(self, host: Host, kind: type, destination: IPv6Address, now: Instant) -> None:
        times = self._limits.setdefault((host.name, kind, destination), deque(maxlen=MAX_UPDATE_RATE))
        if len(times) == MAX_UPDATE_RATE and now - times[0] < 1.0 - _EPSILON:
            raise Broken(f"{host.name} sends {kind.__name__} to {destination} more than three times in a second")
        times.append(now)

    def _be_no_storm(self, host: Host, now: Instant) -> None:
        lately, came = self._lately[host.name], self._came[host.name]
        lately.append(now)
        for times in (lately, came):
            while times and times[0] < now - 1.0:
                times.popleft()
        if len(lately) > UNPROVOKED + ANSWERS * len(came):
            raise Broken(f"{host.name} sends {len(lately)} messages in a second, and {len(came)} came in")

    # --- after every event -------------------------------------------------------------------------------------------

    def after(self, host: Host, event: Event) -> None:
        """A host's engine has acted upon an event."""
        self.counters["events"] += 1
        if isinstance(event, _PROVOKING):
            self._came[host.name].append(host.clock.now)
        if self.counters["events"] % 32 == 0 and (words := exceeded(host.engine)):
            raise Broken(f"{host.name}: {words}")
        address = getattr(host, "address", None)
        server = self.servers.get(address) if address is not None else None
        if server is not None:
            self._check_server(server, late=LATEST if isinstance(event, MalformedReceived) else 0.0)
        elif isinstance(event, PacketReceived) and isinstance(event.packet.message, BindingAcknowledgement):
            self._note_answer(event.packet, event.packet.message)
            self._check_belief(host)

    def _check_server(self, server: HomeAgentHost | Correspondent, late: float) -> None:
        """`late`: what is malformed reaches no role, so what came due waits for the alarm of its deadline."""
        now = server.clock.now
        bindings, ways = server.engine.binding_cache(now), server.ways
        for binding in bindings:
            if binding.expires < now - late - _EPSILON:
                raise Broken(f"{server.name} keeps the binding of {binding.home_address} past its end")
        if self._judged.get(server.address) == (bindings, ways):
            return  # all else follows from these alone, and was found right
        self._judge(server, bindings, now)
        self._check_kernel(server, bindings, ways)
        self._judged[server.address] = bindings, ways

    def _judge(
        self, server: HomeAgentHost | Correspondent, bindings: tuple[BindingCacheStatus, ...], now: Instant
    ) -> None:
        """Whether each binding that was not there before has authority."""
        held = self._held[server.address]
        for binding in bindings:
            known = held.get(binding.home_address)
            if known is None or known.binding != binding:
                held[binding.home_address] = self._authorized(server, binding, known, now)
        if len(bindings) < len(held):
            present = {binding.home_address for binding in bindings}
            for home_address in [each for each in held if each not in present]:
                del held[home_address]
                self._note_deletion(server, home_address, now)

    def _note_deletion(self, server: HomeAgentHost | Correspondent, home: IPv6Address, now: Instant) -> None:
        """A binding is gone: a de-registration from before a crash may have ended it behind its owner's back."""
        deletions = (each for each in self._sent[server.address, home] if each.lifetime <= 0)
        if any(self._passes_for_newer(server, home, each, now) for each in deletions):
            self._overtaken_at[server.address, home] = now

    @staticmethod
    def _check_kernel(
        server: HomeAgentHost | Correspondent,
        bindings: tuple[BindingCacheStatus, ...],
        ways: dict[IPv6Address, IPv6Address],
    ) -> None:
        wanted = {each.home_address: each.care_of_address for each in bindings if not each.detecting}
        either = {each.home_address: each.care_of_address for each in bindings if each.detecting}
        if any(ways.get(home) != care_of for home, care_of in wanted.items()):
            raise Broken(f"{server.name} has bindings {_words(wanted)}, and sends by {_words(ways)}")
        if any(care_of != wanted.get(home, either.get(home)) for home, care_of in ways.items()):
            raise Broken(f"{server.name} sends by {_words(ways)}, and has bindings {_words(wanted | either)}")

    def _authorized(
        self, server: HomeAgentHost | Correspondent, binding: BindingCacheStatus, known: Held | None, now: Instant
    ) -> Held:
        """The binding is new or another one: the Binding Update behind it."""
        home = binding.home_address
        sent = self._sent[server.address, home]
        before = known.binding if known is not None else None
        if before is not None and known is not None and (before.care_of_address, before.expires) == (
            binding.care_of_address, binding.expires):  # fmt: skip
            if before.sequence == binding.sequence or any(each.sequence == binding.sequence for each in sent):
                self._numbers[server.address, home] = binding.sequence
                return Held(binding, known.index)  # refused, but its number counts
            raise Broken(f"{server.name} took number {binding.sequence} for {home}, which its owner never sent")
        return Held(binding, self._index(server, binding, sent, now))

    def _index(
        self, server: HomeAgentHost | Correspondent, binding: BindingCacheStatus, sent: list[Sent], now: Instant
    ) -> int:
        """Which Binding Update it is. Numbers come again when an answer of before is repeated (status 135)."""
        ends, home = (server.address, binding.home_address), binding.home_address
        alike = [
            number
            for number, each in enumerate(sent)
            if (each.sequence, each.care_of_address) == (binding.sequence, binding.care_of_address)
            and each.lifetime > 0
        ]
        if not alike:
            raise Broken(
                f"{server.name} has a binding of {home} to {binding.care_of_address}, number {binding.sequence}, "
                "that its owner never asked for"
            )
        newest = self._newest.get(ends, -1)
        new = [number for number in alike if number >= newest]
        if not new:
            new = [number for number in alike if self._passes_for_newer(server, home, sent[number], now)]
            if not new:
                raise Broken(f"{server.name} took an old Binding Update of {home} (number {binding.sequence}) for new")
            self._overtaken_at[ends] = now
        left = binding.expires - now - _EPSILON
        fits = [number for number in new if left <= min(sent[number].lifetime, server.longest_lifetime)]
        if not fits:
            asked = max(sent[number].lifetime for number in new)
            raise Broken(f"{server.name} keeps {home} for {left:.1f} s, and {asked:g} s were asked")
        self._newest[ends] = max(newest, fits[0])
        self._numbers[ends] = binding.sequence
        return fits[0]

    def _passes_for_newer(
        self, server: HomeAgentHost | Correspondent, home: IPv6Address, update: Sent, now: Instant
    ) -> bool:
        """Whether a server cannot know that what it gets, or gets again, is from before a crash of the owner.

        Or from before it was overtaken so: modulo 2**16 what has come since the crash may then be newer once more. At a
        home agent only where the owner crashed before its first number was on its disk: it began at random again.
        """
        ends = (server.address, home)
        last = self._numbers.get(ends)
        if server.config.home_agent is not None:
            return (
                update.at <= self._forgot_at.get(home, -1.0)
                and now <= update.at + LONGEST_DELAY + REPEATED_WITHIN
                # the last one too: its lifetime begins again when duplicate detection has ended
                and (last in (None, update.sequence) or is_newer(update.sequence, last))
            )
        ended_at = max(self._crashed_at.get(home, -1.0), self._overtaken_at.get(ends, -1.0))
        return (
            server.config.correspondent_node is not None
            and self._lost_at.get(server.address, -1.0) < update.at <= ended_at
            and now <= update.at + MAX_NONCE_LIFETIME
            and (last is None or is_newer(update.sequence, last))
        )

    def _note_answer(self, packet: Packet, message: BindingAcknowledgement) -> None:
        """When the newest Binding Update was sent that was ever acknowledged; later ones may be on their way."""
        ends = (packet.source, packet.routing_home_address or packet.destination)
        if message.accepted and ends in self._sent:
            times = (each.at for each in self._sent[ends] if each.sequence == message.sequence)
            self._acknowledged[ends] = max((self._acknowledged.get(ends, Instant(0.0)), *times))

    def _check_belief(self, host: Host) -> None:
        """What a laptop holds for acknowledged."""
        for entry in host.engine.status(host.clock.now).binding_update_list:
            server = self.servers.get(entry.destination)
            if not entry.acknowledged or entry.lifetime <= 0 or server is None:
                continue
            ends = (entry.destination, entry.home_address)
            undone_at = max(self._lost_at.get(entry.destination, -1.0), self._overtaken_at.get(ends, -1.0))
            if undone_at >= self._acknowledged[ends]:
                continue
            held = self._held[entry.destination].get(entry.home_address)
            end = held.binding.expires if held is not None else Instant(0.0)
            if end < entry.expires - _EPSILON and entry.expires > host.clock.now:
                raise Broken(
                    f"{host.name} believes in a binding with {server.name} until {entry.expires:.3f}, there it ends "
                    f"at {end:.3f}"
                )

    # --- packets on their way ----------------------------------------------------------------------------------------

    def tunnelled(self, agent: HomeAgentHost, tunnel: Tunnel) -> None:
        """A home agent sends through a tunnel."""
        late = LONGEST_DELAY + REPEATED_WITHIN + RETRANS_TIMER
        self._no_stray(agent, tunnel.home_address, tunnel.remote, late)

    def optimized(self, correspondent: Correspondent, route: RouteOptimization) -> None:
        """A correspondent sends directly."""
        self._no_stray(correspondent, route.home_address, route.care_of_address, MAX_NONCE_LIFETIME)

    def _no_stray(
        self, server: HomeAgentHost | Correspondent, home: IPv6Address, care_of: IPv6Address, late: float
    ) -> None:
        owner = self.owners[home]
        if owner.has(care_of) or not server.is_running:
            return  # of a crashed one the kernel goes on, for the moment that its restart takes
        held = self._held[server.address].get(home)
        sent = self._sent[server.address, home]
        if held is None or held.binding.care_of_address != care_of:
            raise Broken(f"{server.name} sends packets for {home} to {care_of} without a binding")
        update, now = sent[held.index], server.clock.now
        lifetime = min(update.lifetime, MAX_RR_BINDING_LIFETIME) if late >= MAX_NONCE_LIFETIME else update.lifetime
        if now > update.at + lifetime + late:
            left = owner.left_at.get(care_of, now)
            raise Broken(
                f"{server.name} sends packets for {home} to {care_of}, which its owner left {now - left:.1f} s ago; "
                f"it was asked to {now - update.at:.1f} s ago, for {update.lifetime:g} s"
            )

    def received(self, laptop: Laptop, correspondent: IPv6Address) -> None:
        """Payload has come to a home address."""
        self.heard_by_laptop[correspondent, laptop.home.address] = laptop.clock.now

    def answered(self, correspondent: Correspondent, home_address: IPv6Address) -> None:
        """Payload of a home address has come to a correspondent."""
        self.heard_by_correspondent[correspondent.address, home_address] = correspondent.clock.now

    # --- what else happens -------------------------------------------------------------------------------------------

    def reported(self, host: Host, report: ReportHomeAddress) -> None:
        """A home address is in another state: a handover is over when it is reached in another place."""
        laptop = self.owners.get(report.home_address)
        if laptop is None or laptop is not host or report.state not in _REACHED:
            return
        place = laptop.place()
        if self._places.get(report.home_address) != place:
            self.handovers += report.home_address in self._places
            self._places[report.home_address] = place

    def crashed(self, host: Host) -> None:
        """Its rate limits begin anew. A laptop may forget the last numbers it used with correspondents."""
        for key in [key for key in self._limits if key[0] == host.name]:
            del self._limits[key]
        for home in [home for home, owner in self.owners.items() if owner is host]:
            self._crashed_at[home] = host.clock.now

    def restarted(self, host: Host, restored: Stored) -> None:
        """A server has only what was on its disk; before that nothing it accepted is certain."""
        known = {each.home_address for each in restored.registrations}
        for home in [home for home, owner in self.owners.items() if owner is host and home not in known]:
            self._forgot_at[home] = host.clock.now
        address = getattr(host, "address", None)
        if address not in self.servers:
            return
        self._lost_at[address] = host.clock.now
        self._held.pop(address, None)
        self._judged.pop(address, None)
        for ends in [each for each in self._numbers if each[0] == address]:
            del self._numbers[ends]
        if host.config.home_agent is None:
            return  # a correspondent keeps no nonces either: nothing from before is ever accepted again
        for ends in [each for each in self._newest if each[0] == address]:
            del self._newest[ends]


def _words(ways: dict[IPv6Address, IPv6Address]) -> str:
    return ", ".join(f"{home} to {care_of}" for home, care_of in sorted(ways.items())) or "none"
