# SPDX-License-Identifier: GPL-2.0-or-later
"""Hears what happens in the network stack, tells the engine, and tells the keeper what of ours was taken away."""

import asyncio
import errno
import socket
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv6Address
from typing import Final

from mnclient.constants import ROUTE_PROTOCOL
from mnclient.engine.events import (
    AddressDuplicate,
    AddressSettled,
    Event,
    LinkChanged,
    LinkRemoved,
    NeighborUnreachable,
)
from mnclient.model.network_state import Address, Route, RouteKind, Rule
from mnclient.network import messages
from mnclient.network.keeper import Keeper
from mnclient.network.links import Link, link_dump, read_link
from mnclient.network.messages import (
    IFA_F_DADFAILED,
    IFA_F_OPTIMISTIC,
    IFA_F_TENTATIVE,
    NUD_FAILED,
    AddressRecord,
    address_dump,
    read_address,
    read_neighbor,
    read_route,
    read_rule,
    route_protocol,
)
from mnclient.network.plan import key
from mnclient.network.rtnetlink import Notice, RouteSocket

_GROUPS: Final = 0x1 | 0x4 | 0x100 | 0x400 | 0x40000  # links, neighbours, IPv6 addresses, routes, rules
_DATAGRAMS: Final = 64  # read in one turn of the loop


class Monitor:
    """What is known of links and addresses. Call `start` when the keeper is there."""

    def __init__(self, deliver: Callable[[Event], None]) -> None:
        self._deliver = deliver
        self._events = RouteSocket(_GROUPS)
        self._requests = RouteSocket()
        self._keeper: Keeper | None = None
        self._on_overrun: Callable[[], None] = lambda: None
        self._our_port = -1
        self._links: dict[int, Link] = {}
        self._by_name: dict[str, int] = {}
        self._flags: dict[tuple[int, bytes], int] = {}
        self._delivered: dict[int, LinkChanged] = {}
        self._asked: set[tuple[str, bytes]] = set()
        self.local_addresses: dict[bytes, int] = {}
        """Addresses of this host, with the number of interfaces that have each."""
        self.overruns = 0
        self._is_reading = False

    def start(self, keeper: Keeper, our_port: int, on_overrun: Callable[[], None]) -> None:
        """Begin: all links there are are delivered now, and whatever happens from now on."""
        self._keeper, self._our_port, self._on_overrun = keeper, our_port, on_overrun
        self._synchronize()
        asyncio.get_running_loop().add_reader(self._events.fileno(), self._readable)

    def close(self) -> None:
        """Stop hearing."""
        asyncio.get_running_loop().remove_reader(self._events.fileno())
        self._events.close()
        self._requests.close()

    # --- what others ask ----------------------------------------------------------------------------------------

    def link(self, index: int) -> Link | None:
        """The interface with this index."""
        return self._links.get(index)

    def is_administratively_up(self, interface: str) -> bool:
        """See `keeper.Surroundings`."""
        link = self._links.get(self._by_name.get(interface, 0))
        return link is not None and link.is_administratively_up

    def has_address(self, interface: str, packed: bytes) -> bool:
        """See `keeper.Surroundings`."""
        return (self._by_name.get(interface, 0), packed) in self._flags

    def address_wanted(self, interface: str, packed: bytes) -> None:
        """See `keeper.Surroundings`. An address that was there before is settled already.

        What was not read yet is of a life before this one, in which it may have been settled without detection.
        """
        self.catch_up()
        self._asked.add((interface, packed))
        flags = self._flags.get((self._by_name.get(interface, 0), packed))
        if flags is not None:
            self._judge(interface, packed, flags)

    def address_unwanted(self, interface: str, packed: bytes, *, stays: bool) -> None:
        """See `keeper.Surroundings`. What is read of one that goes is from now on news of another life of it."""
        self._asked.discard((interface, packed))
        if not stays:
            self._forget_address(self._by_name.get(interface, 0), packed)

    # --- reading ------------------------------------------------------------------------------------------------

    def catch_up(self) -> None:
        """Read all there is, unless that is just being done. Who asks may know of something that is not read yet."""
        if not self._is_reading:
            self._readable()

    def _readable(self) -> None:
        self._is_reading = True
        try:
            for notice in self._events.notices(_DATAGRAMS):
                self._handle(notice)
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                raise
            self.overruns += 1
            self._synchronize()
            self._on_overrun()
        finally:
            self._is_reading = False

    def _handle(self, notice: Notice) -> None:
        match notice.type:
            case messages.RTM_NEWLINK | messages.RTM_DELLINK:
                if (link := read_link(notice.body)) is not None:
                    self._link_news(link, gone=notice.type == messages.RTM_DELLINK)
            case messages.RTM_NEWADDR | messages.RTM_DELADDR:
                if (record := read_address(notice.body)) is not None:
                    self._address_news(record, gone=notice.type == messages.RTM_DELADDR)
            case messages.RTM_NEWROUTE | messages.RTM_DELROUTE if notice.port != self._our_port:
                self._route_news(notice)
            case messages.RTM_DELRULE if notice.port != self._our_port:
                if (rule := read_rule(notice.body)) is not None and rule[1] == ROUTE_PROTOCOL:
                    self._lost(rule[0])
            case messages.RTM_NEWNEIGH:
                self._neighbor_news(notice)
            case _:
                pass

    def _synchronize(self) -> None:
        """Read everything anew, and treat the differences as news."""
        links = [link for _, body in self._requests.dump(link_dump()) if (link := read_link(body)) is not None]
        present = {link.index for link in links}
        for index in [index for index in self._links if index not in present]:
            self._link_news(self._links[index], gone=True)
        addresses = [
            record for _, body in self._requests.dump(address_dump()) if (record := read_address(body)) is not None
        ]
        for link in links:
            self._links[link.index] = self._links.get(link.index, link)
            self._by_name[link.name] = link.index
        there = {(record.index, record.address) for record in addresses}
        for index, packed in [where for where in self._flags if where not in there]:
            self._address_news(AddressRecord(index, packed, 128, 0, 0), gone=True)
        for record in addresses:
            self._address_news(record, gone=False)
        for link in links:
            self._link_news(link, gone=False)

    # --- links --------------------------------------------------------------------------------------------------

    def _link_news(self, link: Link, *, gone: bool) -> None:
        before = self._links.get(link.index)
        if gone:
            self._link_gone(link)
            return
        if before is not None and before.name != link.name:
            self._link_gone(before)
            before = None
        self._links[link.index] = link
        self._by_name[link.name] = link.index
        came_up = link.is_administratively_up and (before is None or not before.is_administratively_up)
        self._report(link, before)
        if came_up and self._keeper is not None:
            self._keeper.link_is_up(link.name)

    def _link_gone(self, link: Link) -> None:
        self._links.pop(link.index, None)
        if self._by_name.get(link.name) == link.index:
            del self._by_name[link.name]
        for index, packed in [where for where in self._flags if where[0] == link.index]:
            self._forget_address(index, packed)
        if self._delivered.pop(link.index, None) is not None:
            self._deliver(LinkRemoved(interface=link.name))
        if link.is_ours and self._keeper is not None and not _exists(link.name):
            self._keeper.device_is_gone(link.name)

    def _report(self, link: Link, before: Link | None) -> None:
        if not link.is_reported:
            if self._delivered.pop(link.index, None) is not None:
                self._deliver(LinkRemoved(interface=link.name))
            return
        news = LinkChanged(
            interface=link.name,
            is_up=link.is_up,
            link_layer_address=link.link_layer_address,
            permanent_link_layer_address=link.permanent_link_layer_address,
            link_local_address=self._link_local_address(link.index),
            mtu=link.mtu,
        )
        # The kernel may report a short loss of the carrier only once it is back.
        was_lost = before is not None and before.is_up and link.is_up and link.carrier_losses != before.carrier_losses
        if news != self._delivered.get(link.index) or was_lost:
            self._delivered[link.index] = news
            self._deliver(replace(news, interrupted=was_lost))

    def _link_local_address(self, index: int) -> IPv6Address | None:
        settled = [
            packed
            for (where, packed), flags in self._flags.items()
            if where == index and packed[0] == 0xFE and packed[1] & 0xC0 == 0x80 and _is_settled(flags)
        ]
        return IPv6Address(min(settled)) if settled else None

    # --- addresses ----------------------------------------------------------------------------------------------

    def _address_news(self, record: AddressRecord, *, gone: bool) -> None:
        link = self._links.get(record.index)
        if link is None:
            return
        where = (record.index, record.address)
        before = self._flags.get(where)
        if gone:
            if before is not None:
                self._forget_address(*where)
            self._address_lost(link, record.address)
        else:
            self._flags[where] = record.flags
            if before is None:
                self.local_addresses[record.address] = self.local_addresses.get(record.address, 0) + 1
            self._address_changed(link, record, before)
        if record.address[0] == 0xFE:
            self._report(link, link)

    def _address_changed(self, link: Link, record: AddressRecord, before: int | None) -> None:
        flags = record.flags
        if _is_usable(flags) and (before is None or not _is_usable(before)) and self._keeper is not None:
            self._keeper.address_is_usable(link.name, record.address)
        if (link.name, record.address) not in self._asked:
            return
        self._judge(link.name, record.address, flags)

    def _judge(self, interface: str, packed: bytes, flags: int) -> None:
        """Whether the detection of an address that was asked for is over."""
        if flags & IFA_F_DADFAILED:
            self._asked.discard((interface, packed))
            self._deliver(AddressDuplicate(interface=interface, address=IPv6Address(packed)))
        elif not flags & IFA_F_TENTATIVE:
            self._asked.discard((interface, packed))
            self._deliver(AddressSettled(interface=interface, address=IPv6Address(packed)))

    def _forget_address(self, index: int, packed: bytes) -> None:
        if self._flags.pop((index, packed), None) is None:
            return
        count = self.local_addresses[packed] - 1
        if count:
            self.local_addresses[packed] = count
        else:
            del self.local_addresses[packed]

    def _address_lost(self, link: Link, packed: bytes) -> None:
        self._lost(Address(interface=link.name, address=IPv6Address(packed)))

    # --- the rest -----------------------------------------------------------------------------------------------

    def _lost(self, item: Address | Route | Rule) -> None:
        if self._keeper is not None:
            self._keeper.lost(key(item))

    def _route_news(self, notice: Notice) -> None:
        is_ours = route_protocol(notice.body) == ROUTE_PROTOCOL
        if is_ours == (notice.type == messages.RTM_NEWROUTE):
            return  # one of ours came, or one of somebody else's went
        record = read_route(notice.body)
        if record is None or (not is_ours and record.kind not in (messages.RTN_UNICAST, messages.RTN_UNREACHABLE)):
            return
        if not is_ours and not notice.flags & 0x100:  # NLM_F_REPLACE: took the place of another one, perhaps ours
            return
        self._lost(
            Route(
                destination=record.network,
                interface="",
                table=record.table,
                metric=record.metric,
                kind=RouteKind.UNREACHABLE,
            )
        )

    def _neighbor_news(self, notice: Notice) -> None:
        record = read_neighbor(notice.body)
        if record is None or record.state != NUD_FAILED or len(record.address) != 16:
            return
        link = self._links.get(record.index)
        # Routers are known by their link-local addresses; the rest of a link is no business of ours.
        if link is not None and link.is_reported and record.address[0] == 0xFE and record.address[1] & 0xC0 == 0x80:
            self._deliver(NeighborUnreachable(interface=link.name, address=IPv6Address(record.address)))


def _exists(interface: str) -> bool:
    """Whether there is one of this name by now: the news of its end may be old."""
    try:
        return socket.if_nametoindex(interface) > 0
    except OSError:
        return False


def _is_settled(flags: int) -> bool:
    return not flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)


def _is_usable(flags: int) -> bool:
    return not flags & IFA_F_DADFAILED and (not flags & IFA_F_TENTATIVE or bool(flags & IFA_F_OPTIMISTIC))
