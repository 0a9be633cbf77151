# SPDX-License-Identifier: GPL-2.0-or-later
"""The bounds of all tables of an engine. It looks inside, because a table that grows unseen is what is looked for."""

from collections.abc import Iterator, Sized
from typing import Any, Final

from mnclient.constants import (
    MAX_CORRESPONDENTS,
    MAX_HANDOVERS,
    MAX_HOME_ADDRESSES,
    MAX_HOME_AGENTS_LISTED,
    MAX_INTERFACES,
    MAX_NAME_SERVERS,
    MAX_NONCE_LIFETIME,
    MAX_PREFIXES_PER_ROUTER,
    MAX_REMEMBERED_CORRESPONDENTS,
    MAX_ROUTERS_PER_INTERFACE,
    SHORTEST_NONCE_INTERVAL,
)
from mnclient.engine.engine import Engine
from mnclient.engine.mobile_node.care_of import MAX_PREVIOUS, MAX_REMEMBERED_PREFIXES
from mnclient.engine.mobile_node.return_routability import Rates

MOST_TIMERS: Final = 4096  # of one role, old ones in its heap included
MOST_COUNTERS: Final = 512  # names of counters: nothing of the network's may be in one
MOST_RATES: Final = 3 * MAX_CORRESPONDENTS * MAX_HOME_ADDRESSES

Row = tuple[str, Sized, int]


def exceeded(engine: Engine) -> str:
    """The first table with more entries than it may have, "" when there is none."""
    for name, table, most in (*_mobile_node(engine), *_home_agent(engine), *_correspondent_node(engine)):
        if len(table) > most:
            return f"{name} has {len(table)} entries, at most {most} are allowed"
    return ""


def _mobile_node(engine: Engine) -> Iterator[Row]:
    node: Any = engine._mobile_node
    links = node._movement.links
    yield "interfaces", links, MAX_INTERFACES
    for link in links.values():
        yield "routers of an interface", link.routers, MAX_ROUTERS_PER_INTERFACE
        yield "guests of an interface", link.guests, MAX_ROUTERS_PER_INTERFACE
        for router in link.routers.values():
            yield "prefixes of a router", router.prefixes, MAX_PREFIXES_PER_ROUTER
            yield "addresses of a router", router.global_addresses, MAX_PREFIXES_PER_ROUTER
            yield "name servers of a router", router.name_servers, MAX_NAME_SERVERS
    yield "previous care-of addresses", node._care_of.previous, MAX_PREVIOUS
    yield "duplicates", node._care_of._duplicates, MAX_REMEMBERED_PREFIXES
    yield "silent prefixes", node._care_of._silent, MAX_REMEMBERED_PREFIXES
    yield "home addresses", node._registrations, MAX_HOME_ADDRESSES
    yield "handovers", node.handovers(), MAX_HANDOVERS
    yield "questions", node._whereabouts._echoes._open, MAX_INTERFACES + MAX_HOME_ADDRESSES + 1
    shared = node._routes._shared
    for table in node._routes._tables.values():
        yield "correspondents", table, MAX_CORRESPONDENTS
    yield "remembered correspondents", shared.remembered._known, MAX_REMEMBERED_CORRESPONDENTS
    rates: Rates = shared.rates
    yield "rates", rates._limits, MOST_RATES
    yield "timers of the mobile node", node._context.timers._heap, MOST_TIMERS
    yield "counters of the mobile node", node._context.counters, MOST_COUNTERS


def _home_agent(engine: Engine) -> Iterator[Row]:
    agent: Any = engine._home_agent
    most = agent._registrations.config.max_bindings
    yield "bindings", agent._registrations.cache, most
    yield "deleted bindings", agent._registrations.cache._deleted, most
    yield "detections", agent._registrations._detection._detections, most
    for entries in agent._list._entries.values():
        yield "home agents", entries, MAX_HOME_AGENTS_LISTED
    yield "timers of the home agent", agent._timers._heap, MOST_TIMERS + 8 * len(agent._registrations.cache)
    yield "counters of the home agent", agent._counters, MOST_COUNTERS


def _correspondent_node(engine: Engine) -> Iterator[Row]:
    node: Any = engine._correspondent_node
    most = node._registrations.config.max_bindings
    yield "bindings of a correspondent", node._registrations.cache, most
    yield "ended bindings of a correspondent", node._registrations.cache._ended, 2 * most
    yield "nonces", node._nonces, int(MAX_NONCE_LIFETIME / SHORTEST_NONCE_INTERVAL) + 1
    yield "timers of the correspondent", node._timers._heap, MOST_TIMERS + 8 * most
    yield "counters of the correspondent", node._counters, MOST_COUNTERS
