# SPDX-License-Identifier: GPL-2.0-or-later
"""The known home agents as rows, the best first."""

from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Final

from mnclient.model.service_status import KnownHomeAgent, Origin, ServiceStatus, Trust
from ui.texts import mark, tr, trn
from ui.view.moment import Moment
from ui.view.wording import ago, isolated

ORIGINS: Final = {
    Origin.LEARNED: mark("heard on a network"),
    Origin.ADMINISTRATOR: mark("given by the administrator"),
    Origin.MANUAL: mark("added by hand"),
}

TRUST: Final = {
    Trust.UNTRUSTED: mark("not trusted"),
    Trust.PINNED: mark("pinned"),
    Trust.PAIRED: mark("paired"),
}


@dataclass(frozen=True, slots=True)
class AgentRow:
    """One home agent in words. `rank` is between 0 and 1."""

    address: IPv6Address
    prefix: str
    rank: float
    advertisements: str
    heard: str
    origin: str
    trust: str
    pinned: bool
    serves: tuple[str, ...]
    """Home addresses that use it."""

    def describe(self) -> str:
        """The row in a sentence."""
        facts = [rank_text(self.rank), self.advertisements, self.heard, self.origin, self.trust]
        facts += [tr("in use")] if self.serves else []
        return f"{self.address}: {', '.join(facts)}"


def rank_text(rank: float) -> str:
    """The rank in a word or two."""
    return tr("rank {number} of 100", number=round(_bounded(rank) * 100))


def rows(status: ServiceStatus, moment: Moment) -> tuple[AgentRow, ...]:
    """A row for each; those with the same rank in the order of their addresses."""
    known = sorted(status.known_home_agents, key=lambda each: (-_bounded(each.rank), each.address))
    return tuple(_row(each, status, moment) for each in known)


def forgetting(row: AgentRow) -> str:
    """What is asked before it is forgotten."""
    text = tr("{address} is taken off the list. It comes back when it is heard again.", address=row.address)
    if row.serves:
        text += " " + trn(
            "{count} home address still uses it.", "{count} home addresses still use it.", len(row.serves)
        )
    return text


def _bounded(rank: float) -> float:
    return min(max(rank, 0.0), 1.0) if rank == rank else 0.0


def _row(agent: KnownHomeAgent, status: ServiceStatus, moment: Moment) -> AgentRow:
    heard = tr("never heard") if agent.last_heard_time is None else ago(moment.since_time(agent.last_heard_time))
    if agent.interface and agent.last_heard_time is not None:
        heard = tr("{when} on {interface}", when=heard, interface=isolated(agent.interface))
    return AgentRow(
        address=agent.address,
        prefix=str(agent.prefix),
        rank=_bounded(agent.rank),
        advertisements=trn("{count} advertisement", "{count} advertisements", agent.advertisements),
        heard=heard,
        origin=tr(ORIGINS[agent.origin]),
        trust=tr(TRUST[agent.trust]),
        pinned=agent.pinned,
        serves=tuple(str(each.address) for each in status.home_addresses if each.home_agent == agent.address),
    )
