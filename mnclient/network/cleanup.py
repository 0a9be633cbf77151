# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds by our marks what an earlier run has left in this network namespace, and removes it."""

import socket
from ipaddress import IPv6Address

from mnclient.constants import NFTABLES_TABLE, ROUTE_PROTOCOL
from mnclient.model.network_state import (
    Address,
    DuplicateDetection,
    Item,
    Neighbor,
    ProxyNeighbor,
    Route,
    RouteKind,
    Rule,
    TunnelDevice,
)
from mnclient.network import nftables
from mnclient.network.kernel import direct
from mnclient.network.links import Link, link_dump, read_link
from mnclient.network.messages import (
    IFA_F_HOMEADDRESS,
    LINK,
    NTF_PROXY,
    RTM_DELLINK,
    RTN_UNREACHABLE,
    RouteRecord,
    address_dump,
    neighbor_dump,
    read_address,
    read_neighbor,
    read_route,
    read_rule,
    removal,
    route_dump,
    rule_dump,
)
from mnclient.network.plan import Operation, Verb, describe, plan_items
from mnclient.network.rtnetlink import Message, RouteSocket
from mnclient.network.sysctls import Sysctls


def find_ours() -> list[Item]:
    """Everything with our marks that the kernel has: devices, addresses, neighbours, routes, rules, proxies.

    OSError when the kernel cannot be asked. What an item's value no longer tells (how an address was checked) has its
    default.
    """
    netlink = RouteSocket()
    try:
        links = [link for _, body in netlink.dump(link_dump()) if (link := read_link(body)) is not None]
        names = {link.index: link.name for link in links}
        return [
            *_devices(links),
            *_addresses(netlink, names),
            *_neighbors(netlink, names),
            *_routes(netlink, names),
            *_rules(netlink),
        ]
    finally:
        netlink.close()


def _devices(links: list[Link]) -> list[Item]:
    return [TunnelDevice(name=link.name, mtu=link.mtu) for link in links if link.is_ours]


def _addresses(netlink: RouteSocket, names: dict[int, str]) -> list[Item]:
    records = (read_address(body) for _, body in netlink.dump(address_dump()))
    return [
        Address(
            interface=names[record.index],
            address=IPv6Address(record.address),
            prefix_length=record.prefix_length,
            home=bool(record.flags & IFA_F_HOMEADDRESS),
            duplicate_detection=DuplicateDetection.NORMAL,
        )
        for record in records
        if record is not None and record.protocol == ROUTE_PROTOCOL and record.index in names
    ]


def _neighbors(netlink: RouteSocket, names: dict[int, str]) -> list[Item]:
    found: list[Item] = []
    for proxies in (False, True):
        for _, body in netlink.dump(neighbor_dump(proxies=proxies)):
            record = read_neighbor(body)
            if record is None or record.protocol != ROUTE_PROTOCOL or record.index not in names:
                continue
            interface, address = names[record.index], IPv6Address(record.address)
            if record.flags & NTF_PROXY:
                found.append(ProxyNeighbor(interface=interface, address=address))
            else:
                found.append(
                    Neighbor(interface=interface, address=address, link_layer_address=record.link_layer_address)
                )
    return found


def _routes(netlink: RouteSocket, names: dict[int, str]) -> list[Item]:
    records = (read_route(body) for _, body in netlink.dump(route_dump()))
    return [_as_route(record, names) for record in records if record is not None and record.protocol == ROUTE_PROTOCOL]


def _as_route(record: RouteRecord, names: dict[int, str]) -> Route:
    is_unreachable = record.kind == RTN_UNREACHABLE
    return Route(
        destination=record.network,
        interface="" if is_unreachable else names.get(record.index, ""),
        table=record.table,
        gateway=IPv6Address(record.gateway) if record.gateway else None,
        preferred_source=IPv6Address(record.preferred_source) if record.preferred_source else None,
        metric=record.metric,
        kind=RouteKind.UNREACHABLE if is_unreachable else RouteKind.UNICAST,
        encapsulation=_outer(record.encapsulation),
    )


def _outer(ends: tuple[bytes, bytes] | None) -> tuple[IPv6Address, IPv6Address] | None:
    return None if ends is None else (IPv6Address(ends[0]), IPv6Address(ends[1]))


def _rules(netlink: RouteSocket) -> list[Item]:
    rules = (read_rule(body) for _, body in netlink.dump(rule_dump()))
    return [rule for found in rules if found is not None for rule, protocol in (found,) if protocol == ROUTE_PROTOCOL]


async def sweep() -> list[str]:
    """Remove everything with our marks from this network namespace, whoever left it. A line for each thing removed.

    A thing that cannot be removed has a line as well, with the reason. OSError when the kernel cannot be asked.
    """
    lines = []
    for operation in plan_items(find_ours(), ()):
        reason = _remove(operation)
        lines.append(describe(operation) if not reason else f"{describe(operation)}: not removed: {reason}")
    lines += _direct_routes()
    found = await nftables.remembered_settings()
    settings = Sysctls(found)
    for key, value in found.items():
        try:
            settings.restore(key)
            lines.append(f"sysctl {key}={value}")
        except OSError as error:
            lines.append(f"sysctl {key}={value}: not put back: {error.strerror}")
    if await nftables.remove_table():
        lines.append(f"nft delete table ip6 {NFTABLES_TABLE}")
    return lines


def _direct_routes() -> list[str]:
    try:
        return direct.sweep()
    except OSError:
        return []  # a kernel without transformations has none


def _remove(operation: Operation) -> str:
    assert operation.verb is Verb.REMOVE
    item = operation.item
    interface = getattr(item, "interface", "") or (item.name if isinstance(item, TunnelDevice) else "")
    netlink = RouteSocket()
    try:
        index = socket.if_nametoindex(interface) if interface else 0
        if isinstance(item, TunnelDevice):
            message = Message(RTM_DELLINK, 0, LINK.pack(0, 0, index, 0, 0))
        else:
            assert isinstance(item, Address | Neighbor | Route | Rule | ProxyNeighbor), (
                "nothing else was found by a mark"
            )
            message = removal(item, index)
        answer = netlink.request([message])[0]
    except OSError as error:
        return error.strerror or str(error)
    finally:
        netlink.close()
    return answer.reason if answer.errno else ""
