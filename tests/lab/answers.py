# SPDX-License-Identifier: GPL-2.0-or-later
"""What `mnctl --json` prints, read into values: the one place of the lab that knows the field names."""

from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network
from typing import Any

from mnclient.model.handover import Handover
from mnclient.model.service_status import ServiceStatus
from mnclient.model.status import HomeAddressState, HomeAddressStatus
from service.codec import from_plain
from tests.lab.topology import HOME, SITES


@dataclass(frozen=True)
class HandoverRecord:
    """One move as the laptop's service tells it. Links by the lab's names; stages in milliseconds from its start."""

    number: int
    home_address: IPv6Address
    from_link: str
    to_link: str
    started: float
    outcome: str
    stages_ms: dict[str, float]


def link_name(network: str) -> str:
    """ "home" or a prefix as the lab's name of the link; "" when there was none."""
    if network in (HOME, ""):
        return network
    return next((link for link, site in SITES.items() if IPv6Network(network).subnet_of(site)), network)


def read_status(plain: Any) -> ServiceStatus:
    """`mnctl --json status`."""
    return from_plain(ServiceStatus, plain)


def read_handovers(plain: Any) -> list[HandoverRecord]:
    """`mnctl --json handovers`, the oldest first."""
    entries = plain["handovers"] if isinstance(plain, dict) else plain
    return [read_handover(from_plain(Handover, entry)) for entry in entries]


def read_handover(handover: Handover) -> HandoverRecord:
    """One of them."""
    return HandoverRecord(
        number=handover.number,
        home_address=handover.home_address,
        from_link=link_name(handover.from_network),
        to_link=link_name(handover.to_network),
        started=handover.started,
        outcome=handover.outcome.value,
        stages_ms={stage.value: round(offset * 1000, 2) for stage, offset in handover.offsets().items()},
    )


def is_registered_at(entry: HomeAddressStatus, link: str) -> bool:
    """True when a home address is where it should be with its laptop on that link, and the home agent knows it."""
    if link == HOME:
        return entry.state is HomeAddressState.AT_HOME
    return (
        entry.state is HomeAddressState.REGISTERED
        and entry.care_of_address is not None
        and entry.care_of_address in SITES[link]
    )
