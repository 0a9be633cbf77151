# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel datapath: see `plan` for how tunnels and direct routes are expressed.

What comes out of the tunnel device is believed only when a rule of ours has found its outer source and its inner home
address in a set (RFC 6275 sections 10.4.5 and 11.3.1); a tunnel adds elements to these sets. Two more rules log the
first packet of a home address after its tunnel has moved, and now and then one from each correspondent: the headers
alone, so no payload is copied to this process.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from ipaddress import IPv6Address
from typing import Final

from mnclient.constants import (
    HOLDING_DEVICE,
    IPV6_HEADER_LENGTH,
    LOG_GROUP,
    NFTABLES_TABLE,
    TUNNEL_DEVICE_KERNEL,
)
from mnclient.engine.events import CorrespondentHeard, Event, HomeAddressRefused, PayloadReceived
from mnclient.model.network_state import BindingUpdateReception, RouteOptimization, Tunnel, TunnelEnd
from mnclient.network.datapath import NO_DIRECT_ROUTES, Protected, SequenceKey, Transformation
from mnclient.network.kernel import device
from mnclient.network.kernel.direct import DirectRoutes, refused
from mnclient.network.kernel.failures import Failures
from mnclient.network.kernel.holding import Holding
from mnclient.network.nfnetlink import LogSocket, TableSocket, concatenation
from mnclient.network.nftables import ARRIVED, BINDINGS, FIRST, HEARD, HEARD_OCTETS, STRANGERS, TUNNELS
from mnclient.network.rtnetlink import DONE, Answer, RouteSocket
from mnclient.network.xfrm import GROUP_POLICIES, GROUP_REPORTS, GROUP_STATES, Report, XfrmSocket

_BATCH: Final = 64  # messages read in one turn of the loop
_SETS: Final = {TunnelEnd.MOBILE_NODE: TUNNELS, TunnelEnd.HOME_AGENT: BINDINGS}


class KernelDatapath:
    """OSError from the constructor when the kernel lacks something; our nftables table has to be there.

    `protected` is told what is under protection from now on, and what was instead; `deliver` what the engine wants to
    know, `touched` what of ours somebody else may have taken away, and `device_made` the index of the tunnel device
    whenever there is a new one.
    """

    def __init__(
        self,
        deliver: Callable[[Event], None],
        touched: Callable[[Transformation], None],
        device_made: Callable[[int], None],
        protected: Callable[[Protected | None, Protected | None], None],
        *,
        direct: bool,
    ) -> None:
        self._deliver = deliver
        self._touched = touched
        self._device_made = device_made
        self._protected = protected
        self._counts: Counter[str] = Counter()
        self._odometer = device.Odometer()
        self._tunnels: dict[tuple[TunnelEnd, bytes], Tunnel] = {}
        self._groups: set[bytes] = set()
        self._is_closed = False
        self._holding = Holding(self._counts)
        with ExitStack() as opened:  # what is open when the next one is refused is closed
            self._netlink = opened.enter_context(closing(RouteSocket()))
            self._sets = opened.enter_context(closing(TableSocket(NFTABLES_TABLE)))
            self._log = opened.enter_context(closing(LogSocket(LOG_GROUP, HEARD_OCTETS)))
            self._direct = opened.enter_context(closing(DirectRoutes())) if direct else None
            groups = GROUP_STATES | GROUP_POLICIES | GROUP_REPORTS
            self._news = opened.enter_context(closing(XfrmSocket(groups))) if direct else None
            opened.pop_all()
        loop = asyncio.get_running_loop()
        self._failures = None if self._direct is None else Failures(self._direct.failures, deliver)
        loop.add_reader(self._log.fileno(), self._logged)
        if self._news is not None:
            loop.add_reader(self._news.fileno(), self._transformations_changed, self._news)

    def close(self) -> None:
        """See `network.datapath`."""
        self._is_closed = True
        loop = asyncio.get_running_loop()
        self._holding.close(destroy=False)
        if self._failures is not None:
            self._failures.close()
        for listening in (self._log, self._news):
            if listening is not None:
                loop.remove_reader(listening.fileno())
                listening.close()
        for asking in (self._netlink, self._sets, self._direct):
            if asking is not None:
                asking.close()

    @property
    def counters(self) -> Mapping[str, int]:
        """See `network.datapath`."""
        try:
            carried = self._carried()
            strangers = self._sets.count(STRANGERS)
        except OSError:
            carried, strangers = {}, 0
        return {**carried, **self._odometer.totals(), "tunnel.in.stranger": strangers, **self._counts}

    def _carried(self) -> dict[str, int]:
        carried = device.statistics(self._netlink, TUNNEL_DEVICE_KERNEL)
        self._odometer.read(carried)
        return carried

    # --- devices ----------------------------------------------------------------------------------------------------

    def open_device(self, name: str) -> None:
        """See `network.datapath`."""
        if name == HOLDING_DEVICE:
            self._holding.open()
        else:
            device.make(self._netlink, name)
            if (there := device.find(self._netlink, name)) is not None:
                self._device_made(there.index)

    def remove_device(self, name: str) -> None:
        """See `network.datapath`."""
        if name == HOLDING_DEVICE:
            self._holding.open()
            self._holding.close(destroy=True)
        elif (there := device.find(self._netlink, name)) is not None and there.is_ours:
            self._carried()  # its octets count on when there is another one
            device.remove(self._netlink, there.index)

    def forget_device(self, name: str) -> None:
        """See `network.datapath`."""
        if name == HOLDING_DEVICE:
            self._holding.close(destroy=False)

    # --- tunnels ----------------------------------------------------------------------------------------------------

    def set_tunnel(self, tunnel: Tunnel) -> Answer:
        """See `network.datapath`. The ends themselves are in the routes, which follow."""
        name, where = _SETS[tunnel.end], (tunnel.end, tunnel.home_address.packed)
        before = self._tunnels.get(where)
        old, new = _elements(before), _elements(tunnel)
        if (answer := self._sets.add(name, new - old)).errno:
            return answer
        self._tunnels[where] = tunnel
        loop = asyncio.get_running_loop()
        if old - new or tunnel.end is TunnelEnd.MOBILE_NODE:
            # Not now: a Binding Update, or its answer, is about to leave.
            moved = before is None or (before.local, before.remote) != (tunnel.local, tunnel.remote)
            loop.call_soon(self._follow_up, where, old, moved)
        return DONE

    def _follow_up(self, where: tuple[TunnelEnd, bytes], old: set[bytes], moved: bool) -> None:
        """A tunnel is another one: what waited for it goes, and what came by the one before stays outside."""
        if self._is_closed:
            return
        end, home_address = where
        if end is TunnelEnd.MOBILE_NODE:
            if moved:
                self._sets.remove(ARRIVED, (home_address,))  # its next packet is the first
            self._holding.release(home_address)
        self._sets.remove(_SETS[end], old - _elements(self._tunnels.get(where)))

    def remove_tunnel(self, tunnel: Tunnel) -> Answer:
        """See `network.datapath`."""
        before = self._tunnels.pop((tunnel.end, tunnel.home_address.packed), tunnel)
        self._sets.remove(_SETS[tunnel.end], _elements(before))
        self._sets.remove(ARRIVED, (tunnel.home_address.packed,))
        return DONE

    def set_groups(self, home_agents: frozenset[IPv6Address], groups: frozenset[IPv6Address]) -> None:
        """See `network.datapath`."""
        wanted = {concatenation(agent.packed, group.packed) for agent in home_agents for group in groups}
        before, self._groups = self._groups, wanted
        self._sets.remove(TUNNELS, before - wanted)
        self._sets.add(TUNNELS, wanted - before)

    def settle(self) -> None:
        """See `network.datapath`: what an earlier run let in, and nobody wants, stays outside from now on."""
        for end, name in _SETS.items():
            mine = [tunnel for (side, _), tunnel in self._tunnels.items() if side is end]
            groups = self._groups if end is TunnelEnd.MOBILE_NODE else set()
            self._sets.replace(name, groups.union(*map(_elements, mine)))
        if self._direct is not None:
            self._direct.settle()

    # --- direct routes ----------------------------------------------------------------------------------------------

    def transform(self, item: Transformation, previous: Transformation | None) -> Answer:
        """See `network.datapath`."""
        if self._direct is None:
            return DONE if isinstance(item, BindingUpdateReception) else NO_DIRECT_ROUTES
        if not isinstance(item, Protected):
            return self._direct.set(item, previous)
        assert previous is None or isinstance(previous, Protected)
        answer = self._direct.set(item, previous)
        self._protected(None if answer.errno else item, previous)
        if item.end is TunnelEnd.HOME_AGENT and self._failures is not None:
            self._failures.watch()
        return answer

    def stop_transforming(self, item: Transformation) -> Answer:
        """See `network.datapath`."""
        if isinstance(item, Protected):
            self._protected(None, item)
        return DONE if self._direct is None else self._direct.remove(item)

    def sequences(self) -> dict[SequenceKey, int]:
        """See `network.datapath`."""
        return {} if self._direct is None else self._direct.last_sequences()

    def continue_sequences(self, sequences: Mapping[SequenceKey, int]) -> None:
        """See `network.datapath`."""
        if self._direct is not None:
            self._direct.sequences.go_on(sequences)

    def last_used(self, item: RouteOptimization) -> float | None:
        """See `network.datapath`."""
        return None if self._direct is None else self._direct.last_used(item)

    # --- news -------------------------------------------------------------------------------------------------------

    def _logged(self) -> None:
        try:
            for logged in self._log.logged(_BATCH):
                if len(logged.packet) >= IPV6_HEADER_LENGTH:
                    self._first_of(logged.prefix, logged.packet)
        except OSError:
            self._counts["tunnel.log.lost"] += 1  # these come again: correspondents keep talking

    def _first_of(self, prefix: str, packet: bytes) -> None:
        home_address = packet[24:40]
        if (TunnelEnd.MOBILE_NODE, home_address) not in self._tunnels:
            return
        if prefix == FIRST:
            self._deliver(PayloadReceived(home_address=IPv6Address(home_address)))
        elif prefix == HEARD:
            self._deliver(CorrespondentHeard(home_address=IPv6Address(home_address), correspondent=_sender(packet)))

    def _transformations_changed(self, news: XfrmSocket) -> None:
        assert self._direct is not None
        try:
            for notice in news.notices(_BATCH):
                refused(notice, self._home_address_refused)
                if notice.port != self._direct.port:
                    for item in self._direct.touched(notice):
                        self._touched(item)
        except OSError:
            self._counts["direct.news.lost"] += 1
            for item in self._direct.all():
                self._touched(item)

    def _home_address_refused(self, report: Report) -> None:
        assert report.care_of is not None
        self._deliver(
            HomeAddressRefused(source=report.care_of, destination=report.destination, home_address=report.source)
        )


def _sender(packet: bytes) -> IPv6Address:
    """Whose packet it is: a correspondent that is mobile itself sends its home address in an option (section 11.7.2).

    The rule copies as much as the option only when it is there.
    """
    return IPv6Address(packet[48:64] if len(packet) >= HEARD_OCTETS else packet[8:24])


def _elements(tunnel: Tunnel | None) -> set[bytes]:
    """The outer sources that are believed, each with the home address."""
    if tunnel is None:
        return set()
    remotes = (tunnel.remote, *tunnel.accept_remote)
    return {concatenation(remote.packed, tunnel.home_address.packed) for remote in remotes}
