# SPDX-License-Identifier: GPL-2.0-or-later
"""The network as the runtime sees it: events come out of it, a wanted state and packets go into it."""

import asyncio
import errno
import logging
import socket
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from ipaddress import IPv6Address
from typing import Final

from mnclient.engine.actions import SendPacket
from mnclient.engine.events import (
    Event,
    LinkChanged,
    LinkRemoved,
    MembershipsKnown,
    NetworkStateFailed,
    PacketReceived,
    PayloadReceived,
)
from mnclient.model.keys import KeyKind
from mnclient.model.network_state import Neighbor, NetworkState, Route, RouteOptimization, Tunnel
from mnclient.network import nftables
from mnclient.network.capabilities import KERNEL, Capabilities, not_direct, portable, probe
from mnclient.network.cleanup import find_ours
from mnclient.network.datapath import Datapath, Protected, SequenceKey, Transformation
from mnclient.network.keeper import Keeper
from mnclient.network.kernel import direct
from mnclient.network.kernel.datapath import KernelDatapath
from mnclient.network.kernel.plan import for_kernel
from mnclient.network.memberships import Memberships
from mnclient.network.monitor import Monitor
from mnclient.network.netlink import Executor
from mnclient.network.plan import Operation, describe_item, key
from mnclient.network.portable.datapath import TunnelDatapath
from mnclient.network.protected_sockets import ProtectedSockets
from mnclient.network.sockets import Note, SignallingSockets, note_nothing
from mnclient.units import Seconds
from mnclient.wire.multicast_listener import TunnelledMembership

TIDYING_TIME: Final = Seconds(0.1)  # after a link has died, for its successor to come first
SETTLING_TIME: Final = Seconds(5.0)  # after the start, for the engine to ask for what an earlier run has left

_log = logging.getLogger(__name__)


class Network:
    """One per node. Everything happens in the thread of the running loop; `deliver` is called there.

    What the host refuses is an event or a counter, never an exception.
    """

    def __init__(self, deliver: Callable[[Event], None], datapath: str = "auto", note: Note = note_nothing) -> None:
        """`datapath` is one of `capabilities.WISHES`; `note` keeps signalling for people to look at."""
        self._note = note
        self._deliver = deliver
        self._capabilities = probe(datapath)
        self._counters: Counter[str] = Counter()
        self._datapath: Datapath = TunnelDatapath(self._first_payload)
        self._monitor: Monitor | None = None
        self._executor: Executor | None = None
        self._keeper: Keeper | None = None
        self._sockets: SignallingSockets | None = None
        self._protected: ProtectedSockets | None = None
        self._memberships = Memberships(self._memberships_changed)
        self._settling: asyncio.TimerHandle | None = None
        self._tidying: asyncio.TimerHandle | None = None
        self._dead: set[str] = set()  # interfaces that lost their link since the wanted state was last set
        self._proxied: Counter[str] = Counter()  # owners with a proxied address, by interface
        self._background: set[asyncio.Task[None]] = set()
        self._order = asyncio.Lock()

    @property
    def capabilities(self) -> Capabilities:
        """What this host can do; complete after `start`."""
        return self._capabilities

    async def start(self) -> None:
        """Open everything, find what an earlier run has left, and deliver LinkChanged for every link there is."""
        if not self._capabilities.ipv6:
            return
        remembered = await nftables.remembered_settings()
        await self._choose_datapath()
        try:
            self._monitor = Monitor(self._heard)
            self._executor = Executor(self._datapath, marks_addresses=self._capabilities.address_protocol)
            leftovers = find_ours()
        except OSError as error:
            self._miss("netlink", error)
            await self.stop(withdraw=False)
            return
        self._executor.sysctls.found.update(remembered)
        if self._capabilities.nftables:
            self._executor.sysctls.remember = self._remember_setting
        self._keeper = Keeper(self._executor, self._monitor, self._deliver_soon, leftovers)
        self._open_sockets()
        self._monitor.start(self._keeper, self._executor.port, self._news_lost)
        if self._sockets is not None:
            self._sockets.start()
        self._settling = asyncio.get_running_loop().call_later(SETTLING_TIME, self._settle)

    def _open_sockets(self) -> None:
        assert self._monitor is not None
        try:
            self._sockets = SignallingSockets(self._heard_in_clear, self._monitor, self._counters, self._note)
        except OSError as error:
            self._miss("signalling", error)
            return
        if self._has_kernel_datapath:
            self._sockets.tunnel_is(0)  # there is none yet, but payload with extension headers is the kernel's already
        if self._capabilities.esp == KERNEL:
            self._open_protected_sockets()

    def _open_protected_sockets(self) -> None:
        try:
            self._protected = ProtectedSockets(self._deliver, self._counters, self._note)
        except OSError as error:
            self._miss("esp", error)
            self._capabilities = replace(self._capabilities, esp=not_direct(error.strerror or str(error)))
            return
        self._protected.start()

    async def _choose_datapath(self) -> None:
        """The kernel's, when it has all it needs; what it lacks shows at the latest when the rules are made."""
        if self._has_kernel_datapath and (reason := await self._open_kernel_datapath()):
            lost = not_direct("packets go directly only on the kernel datapath")
            self._capabilities = replace(
                self._capabilities, datapath=portable(reason), route_optimization=lost, esp=lost
            )
            _log.warning("the portable datapath is used: %s", reason)
        if not self._has_kernel_datapath:
            reason = await nftables.install_table()
            reasons = self._capabilities.reasons | ({"nftables": reason} if reason else {})
            self._capabilities = replace(self._capabilities, nftables=not reason, reasons=reasons)

    @property
    def _has_kernel_datapath(self) -> bool:
        return self._capabilities.datapath == KERNEL

    async def _open_kernel_datapath(self) -> str:
        """ "" when it is open, otherwise why not."""
        if reason := await nftables.install_kernel_table():
            return f"nftables: {reason}"
        is_direct = self._capabilities.route_optimization == KERNEL
        try:
            if is_direct:
                direct.sweep(protection_too=False)  # correspondents are not kept over a restart, and would be misled
            self._datapath = KernelDatapath(
                self._deliver_soon, self._touched, self._tunnel_device_made, self._protection_changed, direct=is_direct
            )
            if is_direct:
                self._datapath.continue_sequences(direct.sequences_left())
        except OSError as error:
            return f"the kernel refuses: {error.strerror}"
        self._capabilities = replace(self._capabilities, nftables=True)
        return ""

    def _miss(self, what: str, error: OSError) -> None:
        reasons = self._capabilities.reasons | {what: error.strerror or str(error)}
        self._capabilities = replace(self._capabilities, reasons=reasons)
        _log.error("%s: %s", what, error.strerror or error)

    async def set_state(
        self, owner: str, state: NetworkState, put_off: Callable[[Operation], bool] | None = None
    ) -> None:
        """From now on `owner` wants exactly `state`. What fails is delivered after this returns.

        Operations of which `put_off` is true wait for `complete` or `complete_soon`, one of which has to follow.
        """
        if self._keeper is None:
            reason = self._capabilities.reasons.get("ipv6") or self._capabilities.reasons.get("netlink", "not started")
            for item in state.items():
                self._deliver_soon(NetworkStateFailed(owner=owner, item=describe_item(item), reason=reason))
            return
        if self._has_kernel_datapath:
            state = for_kernel(state)
        before = self._keeper.registry.state(owner)
        self._keeper.set(owner, state, put_off)
        self._proxies_changed(before, state)
        if put_off is None:
            self._abandon_dead_links()

    def complete(self) -> None:
        """Do what was put off."""
        if self._tidying is not None:
            self._tidying.cancel()
            self._tidying = None
        if self._keeper is not None:
            self._keeper.complete()
            self._abandon_dead_links()

    def complete_soon(self) -> None:
        """Do what was put off unless something more urgent comes at once, and then after that."""
        if self._keeper is not None:
            self._keeper.note_done()
            if self._tidying is None:
                self._tidying = asyncio.get_running_loop().call_later(TIDYING_TIME, self.complete)

    async def settled(self) -> None:
        """Everybody has said what is wanted: what an earlier run has left, and nobody wants, is removed now."""
        self._settle()

    def _settle(self) -> None:
        if self._settling is not None:
            self._settling.cancel()
            self._settling = None
        if self._keeper is not None:
            self._keeper.settle()
            self._datapath.settle()

    def sequences(self) -> dict[SequenceKey, int]:
        """How far the sequence numbers of what is sent under ESP have got."""
        return self._datapath.sequences()

    def continue_sequences(self, sequences: Mapping[SequenceKey, int]) -> None:
        """Those of an earlier run; after `start`, before anything is sent."""
        self._datapath.continue_sequences(sequences)

    def last_used(self, item: RouteOptimization) -> float | None:
        """When a packet last left by a direct route, in seconds since 1970; None for never, or not known."""
        return self._datapath.last_used(item)

    def send(self, action: SendPacket) -> None:
        """Send a packet; if that fails it is counted."""
        is_esp = action.protection is not None and action.protection.kind is KeyKind.ESP
        if self._protected is not None and (is_esp or self._protected.covers(action.packet)):
            self._protected.send(action)
        elif is_esp:
            self._counters["send.refused.unprotected"] += 1
        elif self._sockets is None:
            self._counters["send.refused.no-socket"] += 1
        else:
            self._sockets.send(action, self._router_of)

    def send_membership(self, membership: TunnelledMembership) -> None:
        """Send a message about multicast groups through a tunnel; if that fails it is counted."""
        if self._sockets is not None:
            self._sockets.send_membership(membership)

    def watch_memberships(self, home_agents: frozenset[IPv6Address]) -> None:
        """Say what programs join on the tunnel's device, and let packets to these groups in from these home agents."""
        self._memberships.watch(home_agents)

    def catch_up(self) -> None:
        """Deliver what has come and was not read yet, as far as one turn of the loop goes."""
        if self._monitor is not None:
            self._monitor.catch_up()
        self._read_packets()

    def _read_packets(self) -> None:
        for sockets in (self._sockets, self._protected):
            if sockets is not None:
                sockets.catch_up()

    def counters(self) -> dict[str, int]:
        """What was received, sent, dropped, refused and put back so far."""
        if self._sockets is not None:
            self._counters["receive.kernel-drops"] += self._sockets.kernel_drops()
        if self._monitor is not None:
            self._counters["monitor.overruns"] = self._monitor.overruns
        if self._keeper is not None:
            self._counters["state.put-back"] = self._keeper.put_back_count
        forwarded = self._executor.counters if self._executor is not None else {}
        return {**self._counters, **self._memberships.counters, **forwarded, **self._datapath.counters}

    async def stop(self, *, withdraw: bool = True) -> None:
        """Stop; with `withdraw` everything of ours is removed, otherwise it stays for whoever comes next."""
        for timer in (self._settling, self._tidying):
            if timer is not None:
                timer.cancel()
        if self._monitor is not None:
            self._monitor.close()
        self._memberships.close()
        for sockets in (self._sockets, self._protected):
            if sockets is not None:
                sockets.close()
        await asyncio.gather(*self._background)
        if withdraw and self._keeper is not None and self._executor is not None:
            self._executor.sysctls.remember = lambda name, value: None  # the table goes as a whole
            self._keeper.withdraw()
            await nftables.remove_table()
        if self._keeper is not None:
            self._keeper.close()
        self._datapath.close()
        if self._executor is not None:
            self._executor.close()
        self._keeper = self._monitor = self._executor = self._sockets = self._protected = None

    # --- details ------------------------------------------------------------------------------------------------

    def _deliver_soon(self, event: Event) -> None:
        """Later, because the engine may be in the middle of its actions."""
        asyncio.get_running_loop().call_soon(self._deliver, event)

    def _memberships_changed(self, home_agents: frozenset[IPv6Address], groups: frozenset[IPv6Address]) -> None:
        try:
            self._datapath.set_groups(home_agents, groups)
        except OSError as error:
            self._counters[f"memberships.refused.{errno.errorcode.get(error.errno or 0, 'other')}"] += 1
        self._deliver_soon(MembershipsKnown(groups=groups))

    def _first_payload(self, tunnel: Tunnel) -> None:
        self._deliver(PayloadReceived(home_address=tunnel.home_address))

    def _touched(self, item: Transformation) -> None:
        """Somebody else changed transformations, and this one may be missing now."""
        if self._keeper is not None:
            self._keeper.lost(key(item))

    def _protection_changed(self, item: Protected | None, previous: Protected | None) -> None:
        if self._protected is not None:
            self._protected.change(item, previous)

    def _tunnel_device_made(self, index: int) -> None:
        if self._sockets is not None:
            self._sockets.tunnel_is(index)

    def _news_lost(self) -> None:
        assert self._keeper is not None
        self._keeper.verify(find_ours())

    def _remember_setting(self, name: str, value: str | None) -> None:
        task = asyncio.get_running_loop().create_task(self._remember(name, value))
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _remember(self, name: str, value: str | None) -> None:
        async with self._order:
            reason = await nftables.remember_setting(name, value)
        if reason:
            _log.warning("%s=%s will not be put back after a crash: %s", name, value, reason)

    def _router_of(self, interface: str) -> bytes | None:
        """The hardware address of the router that we have routes to on an interface."""
        if self._keeper is None:
            return None
        items = list(self._keeper.registry.on_interface(interface))
        gateways = {item.gateway for item in items if isinstance(item, Route) and item.gateway is not None}
        neighbors = (item for item in items if isinstance(item, Neighbor) and item.address in gateways)
        found = next(neighbors, None)
        return None if found is None else found.link_layer_address

    def _proxies_changed(self, before: NetworkState, after: NetworkState) -> None:
        gone, come = ({item.interface for item in state.proxy_neighbors} for state in (before, after))
        for interface in gone - come:
            self._proxied[interface] -= 1
        for interface in come - gone:
            self._proxied[interface] += 1
        if gone != come:
            self._hear_proxied()

    def _hear_proxied(self) -> None:
        """Where we are proxy for somebody, probes for that address are heard (RFC 6275 section 10.4.1)."""
        if self._sockets is None:
            return
        interfaces = [name for name, owners in self._proxied.items() if owners > 0]
        self._sockets.hear_all_groups({index for name in interfaces if (index := _index(name))})

    def _abandon_dead_links(self) -> None:
        """Packets go another way by now, so none comes after those that were on the way to the link that died."""
        dead, self._dead = self._dead, set()
        for interface in dead:
            if self._executor is not None:
                self._executor.abandon(interface)

    def _heard_in_clear(self, event: Event) -> None:
        """A packet as it came, unless it came, or should have come, under protection."""
        if isinstance(event, PacketReceived) and self._protected is not None and self._protected.is_copy(event):
            self._counters["receive.in-clear"] += 1
        else:
            self._deliver(event)

    def _heard(self, event: Event) -> None:
        """News of the monitor."""
        if isinstance(event, LinkChanged):
            has_died = event.interrupted or not event.is_up
            (self._dead.add if has_died else self._dead.discard)(event.interface)
            if has_died:
                self._read_packets()  # what came from the link before it died must not pass for the next one's
        if isinstance(event, LinkChanged | LinkRemoved) and self._sockets is not None:
            if isinstance(event, LinkRemoved):
                self._sockets.forget_interface(event.interface)
            if self._proxied.get(event.interface):
                self._hear_proxied()
        self._deliver(event)


def _index(interface: str) -> int:
    try:
        return socket.if_nametoindex(interface)
    except OSError:
        return 0
