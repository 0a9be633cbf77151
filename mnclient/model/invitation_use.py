# SPDX-License-Identifier: GPL-2.0-or-later
"""What an invitation would be on this computer: a new home address, a new key for one, or nothing new. Pure questions.

`address` is the home address that it is for: the invitation's, or the one that was chosen.
"""

from collections.abc import Iterable, Mapping
from ipaddress import IPv6Address
from json import dumps
from typing import Any, Final

from mnclient.model.invitation import Invitation
from mnclient.model.keys import KeyInfo
from mnclient.model.service_status import ServiceStatus

IDENTIFIERS: Final = "mobile_node.access_identifiers"
"""The setting that says by what name a home agent knows a home address."""


def key_of(invitation: Invitation, status: ServiceStatus) -> KeyInfo | None:
    """The key of this very invitation, where it is here already: then it was used."""
    there = [each for each in status.keys if is_its_key(invitation, each)]
    return there[0] if any(invitation.home_address in (None, each.home_address) for each in there) else None


def is_its_key(invitation: Invitation, key: KeyInfo) -> bool:
    """Whether a key has the home agent and the number of the invitation's."""
    return (key.home_agent, key.spi_out) == (invitation.home_agent, invitation.spi_out)


def key_in_its_way(invitation: Invitation, address: IPv6Address, status: ServiceStatus) -> KeyInfo | None:
    """Another key of the home address that has the invitation's incoming SPI."""
    return next(
        (
            each
            for each in status.keys
            if (each.home_address, each.spi_in) == (address, invitation.spi_in) and not is_its_key(invitation, each)
        ),
        None,
    )


def preceding_key(invitation: Invitation, address: IPv6Address, status: ServiceStatus) -> KeyInfo | None:
    """The newest other key of the same home agent, where the home address is here: the invitation's succeeds it."""
    if not has_home_address(address, status):
        return None
    pair = address, invitation.home_agent
    others = [
        each
        for each in status.keys
        if (each.home_address, each.home_agent) == pair and not is_its_key(invitation, each)
    ]
    return max(others, key=lambda each: each.created_time, default=None)


def has_home_address(address: IPv6Address, status: ServiceStatus) -> bool:
    """Whether the home address is here for good, not on trial."""
    return any(each.address == address and not each.trial for each in status.home_addresses)


def identifiers_with(invitation: Invitation, address: IPv6Address, rows: Iterable[Mapping[str, Any]]) -> str | None:
    """The value of IDENTIFIERS, `rows` now, with the invitation's name for the home address; None: it is as it was."""
    wanted = (str(address), invitation.identity)
    named = [(str(each["home_address"]), str(each["identifier"])) for each in rows]
    if not invitation.identity or wanted in named:
        return None
    changed = [*(each for each in named if each[0] != wanted[0]), wanted]
    # For printable text a string of JSON is one of TOML, too.
    return f"[{', '.join(f'{{home_address = {dumps(home)}, identifier = {dumps(name)}}}' for home, name in changed)}]"
