# SPDX-License-Identifier: GPL-2.0-or-later
"""The record of one move: what happened when. Benchmarks, `mnctl handovers` and the tray's timeline all read it."""

from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv6Address

from mnclient.units import Instant, Seconds, between


class Stage(Enum):
    """The stages of a move in their usual order. The value is the name in JSON and on D-Bus."""

    LINK_DOWN = "link_down"
    LINK_UP = "link_up"
    ROUTER_SOLICITED = "router_solicited"
    ROUTER_HEARD = "router_heard"
    CARE_OF_ADDRESS = "care_of_address"
    BINDING_UPDATE = "binding_update"
    BINDING_ACKNOWLEDGED = "binding_acknowledged"
    FIRST_PAYLOAD = "first_payload"
    VERIFIED = "verified"
    CORRESPONDENTS = "correspondents"


class Outcome(Enum):
    """How the move ended."""

    UNDER_WAY = "under-way"
    COMPLETED = "completed"
    SUPERSEDED = "superseded"  # the node moved again before this move was done
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """One move of one home address.

    `from_network` and `to_network` are "home", the care-of prefix as text, or "" when there was none.
    `stages` holds the first instant at which each stage was seen, in the order seen.
    """

    number: int
    home_address: IPv6Address
    from_network: str
    to_network: str
    interface: str
    started: Instant
    stages: tuple[tuple[Stage, Instant], ...]
    outcome: Outcome

    def offsets(self) -> dict[Stage, Seconds]:
        """Time from the start of the move to each stage."""
        return {stage: between(self.started, instant) for stage, instant in self.stages}

    def duration(self) -> Seconds | None:
        """From the start until the home address worked again; None while it does not.

        That is the first payload or the home agent's acknowledgement, whichever came first: with duplicate detection on
        the home link the acknowledgement takes a second, and payload does not wait for it.
        """
        offsets = self.offsets()
        works = [offsets[each] for each in (Stage.FIRST_PAYLOAD, Stage.BINDING_ACKNOWLEDGED) if each in offsets]
        return min(works, default=None)
